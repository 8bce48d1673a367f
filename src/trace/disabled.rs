//! The side without the feature: nothing is recorded, nothing is evaluated.

/// As with the feature; nothing happens.
macro_rules! span {
    ($name:literal $(, $key:ident = $value:expr)* $(,)?) => {{
        // What is named counts as used.
        $(let _ = || { let _ = &$value; };)*
        $crate::trace::Entered
    }};
}

/// As with the feature; nothing happens.
#[cfg(feature = "ffmpeg")]
macro_rules! scope {
    ($name:literal $(, $key:ident = $value:expr)* $(,)?) => {{
        $(let _ = || { let _ = &$value; };)*
        $crate::trace::TraceScope
    }};
}

/// As with the feature; nothing happens.
macro_rules! event {
    ($level:ident, $message:literal $(, $key:ident = $value:expr)* $(,)?) => {{
        $(let _ = || { let _ = &$value; };)*
    }};
}

#[cfg(feature = "ffmpeg")]
pub(crate) use scope;
pub(crate) use {event, span};

/// A value that would be recorded as it is printed.
pub(crate) fn shown<T: std::fmt::Display>(value: T) -> T {
    value
}

/// Nothing.
#[derive(Debug, Clone)]
pub(crate) struct TraceScope;

impl TraceScope {
    /// Nothing.
    pub(crate) fn here() -> TraceScope {
        TraceScope
    }

    /// Enters nothing.
    pub(crate) fn enter(&self) -> Entered {
        Entered
    }
}

/// Nothing.
#[cfg(feature = "ffmpeg")]
#[derive(Debug)]
pub(crate) struct LastScope;

#[cfg(feature = "ffmpeg")]
impl LastScope {
    pub(crate) fn new() -> LastScope {
        LastScope
    }

    /// Changes nothing.
    pub(crate) fn follow(&self) {}
}

/// Nothing.
pub(crate) struct Entered;

/// Lines go nowhere.
#[cfg(feature = "ffmpeg")]
pub(crate) fn takes_lines(_: i32) -> bool {
    false
}

/// Records nothing.
#[cfg(feature = "ffmpeg")]
pub(crate) fn line(_: i32, _: &str, _: &str, _: Option<&LastScope>) {}
