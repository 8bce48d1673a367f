//! The side with the feature.

use std::fmt::Display;
#[cfg(feature = "ffmpeg")]
use std::panic::{AssertUnwindSafe, catch_unwind};
#[cfg(feature = "ffmpeg")]
use std::sync::{Mutex, PoisonError};

use tracing::Span;
#[cfg(feature = "ffmpeg")]
use tracing::{Id, Level};

/// Where lines of FFmpeg's log go.
#[cfg(feature = "ffmpeg")]
const FFMPEG: &str = "ffmpeg";

/// Enters a span of the level INFO until the value is dropped.
macro_rules! span {
    ($name:literal $(, $key:ident = $value:expr)* $(,)?) => {
        ::tracing::info_span!(target: "otio_conflate", $name $(, $key = $value)*).entered()
    };
}

/// A span that is entered where and when its work is done: see [`TraceScope::enter`].
#[cfg(feature = "ffmpeg")]
macro_rules! scope {
    ($name:literal $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::trace::TraceScope::of(::tracing::info_span!(target: "otio_conflate", $name $(, $key = $value)*))
    };
}

/// Records an event of a level: `event!(DEBUG, "what happened", key = value)`.
macro_rules! event {
    ($level:ident, $message:literal $(, $key:ident = $value:expr)* $(,)?) => {
        ::tracing::event!(target: "otio_conflate", ::tracing::Level::$level, $($key = $value,)* $message)
    };
}

#[cfg(feature = "ffmpeg")]
pub(crate) use scope;
pub(crate) use {event, span};

/// A value that is recorded as it is printed.
pub(crate) fn shown<T: Display>(value: T) -> impl tracing::Value {
    tracing::field::display(value)
}

/// A span, to be entered more than once or in other threads.
#[derive(Debug, Clone)]
pub(crate) struct TraceScope(Span);

impl TraceScope {
    /// The span itself.
    #[cfg(feature = "ffmpeg")]
    pub(crate) fn of(span: Span) -> TraceScope {
        TraceScope(span)
    }

    /// The span that this thread is in.
    pub(crate) fn here() -> TraceScope {
        TraceScope(Span::current())
    }

    /// Enters it until the value is dropped.
    pub(crate) fn enter(&self) -> Entered<'_> {
        Entered { _entered: self.0.enter() }
    }
}

/// The span that work was done in last, for lines that threads without a span write. It does not keep the span open.
#[cfg(feature = "ffmpeg")]
#[derive(Debug, Default)]
pub(crate) struct LastScope(Mutex<Option<Id>>);

#[cfg(feature = "ffmpeg")]
impl LastScope {
    pub(crate) fn new() -> LastScope {
        LastScope::default()
    }

    /// Becomes the span that this thread is in, where it is in one.
    pub(crate) fn follow(&self) {
        if let Some(current) = Span::current().id() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(current);
        }
    }

    fn id(&self) -> Option<Id> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A span is entered as long as this lives.
pub(crate) struct Entered<'s> {
    _entered: tracing::span::Entered<'s>,
}

/// Whether lines of FFmpeg's log of this severity (FFmpeg's number: 16 an error, 24 a warning, 32 information) go anywhere.
#[cfg(feature = "ffmpeg")]
pub(crate) fn takes_lines(severity: i32) -> bool {
    // Whoever subscribes may panic, and this is called by C.
    catch_unwind(|| match level(severity) {
        Level::ERROR => tracing::enabled!(target: FFMPEG, Level::ERROR),
        Level::WARN => tracing::enabled!(target: FFMPEG, Level::WARN),
        Level::INFO => tracing::enabled!(target: FFMPEG, Level::INFO),
        Level::DEBUG => tracing::enabled!(target: FFMPEG, Level::DEBUG),
        Level::TRACE => tracing::enabled!(target: FFMPEG, Level::TRACE),
    })
    .unwrap_or(false)
}

/// Records a line of FFmpeg's log that `object`, such as `h264`, wrote: in the span of this thread, else in that of `scope`.
#[cfg(feature = "ffmpeg")]
pub(crate) fn line(severity: i32, object: &str, text: &str, scope: Option<&LastScope>) {
    let record = || {
        let other = if Span::current().is_none() { scope.and_then(LastScope::id) } else { None };
        macro_rules! record {
            ($level:expr) => {
                match other {
                    Some(scope) => tracing::event!(target: FFMPEG, parent: scope, $level, object, "{text}"),
                    None => tracing::event!(target: FFMPEG, $level, object, "{text}"),
                }
            };
        }
        match level(severity) {
            Level::ERROR => record!(Level::ERROR),
            Level::WARN => record!(Level::WARN),
            Level::INFO => record!(Level::INFO),
            Level::DEBUG => record!(Level::DEBUG),
            Level::TRACE => record!(Level::TRACE),
        }
    };
    // There is nobody to tell that the line was not taken.
    let _ = catch_unwind(AssertUnwindSafe(record));
}

/// The level of a severity of FFmpeg's log.
#[cfg(feature = "ffmpeg")]
fn level(severity: i32) -> Level {
    match severity {
        ..=16 => Level::ERROR,
        17..=24 => Level::WARN,
        25..=32 => Level::INFO,
        33..=40 => Level::DEBUG,
        41.. => Level::TRACE,
    }
}
