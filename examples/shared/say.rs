//! Printing that does not end the program: a closed pipe or a full disk below the log is no reason to lose a run.

/// As `println!`, whether or not anybody reads it.
#[allow(unused_macros, reason = "not every program prints results")]
macro_rules! say {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($part)*);
    }};
}

/// As `eprintln!`, whether or not anybody reads it.
#[allow(unused_macros, reason = "not every program prints notes")]
macro_rules! tell {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($part)*);
    }};
}
