//! `--log`: what is chosen, on the standard error, and nothing of it without the flag.

use crate::support::{World, document, said};

#[test]
fn shots_and_what_was_chosen_are_told_where_that_is_asked_for() {
    let world = World::new();
    let run = |log: &[&str], out: &str| {
        let output = world.run(&[log, &["--json", "conflate", "cut.otio", "--out", out][..]].concat());
        assert!(output.status.success(), "{log:?}: {}", said(&output));
        assert_eq!(document(&output)["exit"], 0, "the standard output holds the document alone");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let told = run(&["--log", "debug"], "debug");
    for part in ["shot{name=\"b\"", "an encoder is open", "a decoder is open", "close time.busy=", "packets are"] {
        // The preset encodes: no packets are copied.
        assert_eq!(told.contains(part), part != "packets are", "{part:?} in {told}");
    }
    let told = run(&["--log", "otio_conflate=info"], "info");
    assert!(told.contains("the shot is delivered") && !told.contains("a decoder is open"), "{told}");
    for (number, silent) in [&[][..], &["--log", "off"], &["--quiet", "--log", "error"]].into_iter().enumerate() {
        let told = run(silent, &format!("silent{number}"));
        assert!(!told.contains("shot{") && !told.contains("the shot is"), "{silent:?}: {told}");
    }
}

#[test]
fn what_is_no_level_is_refused() {
    let world = World::new();
    for (wrong, why) in [("loud", "expected one of off, error, warn"), ("otio_conflate=loud", "invalid")] {
        let output = world.run(&["inspect", "cut.otio", "--log", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
        assert!(said(&output).contains(why), "{wrong}: {}", said(&output));
    }
}
