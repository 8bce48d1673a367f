//! What a run hands around: where it writes, and how it is stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::time::FrameName;

/// Where the frames of a shot are written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// One file: a movie, or a representation's still. Its name says nothing about its format: the preset does.
    Movie(PathBuf),
    /// A folder, which exists and is empty, for files called `prefix` + number + `suffix`.
    Sequence {
        /// The folder.
        folder: PathBuf,
        /// What stands before the number.
        prefix: String,
        /// How many digits a number has at least.
        padding: usize,
        /// What stands after it, the extension included.
        suffix: String,
    },
}

impl Target {
    /// The file or folder itself.
    pub fn path(&self) -> &Path {
        match self {
            Target::Movie(path) => path,
            Target::Sequence { folder, .. } => folder,
        }
    }

    /// The file of frame number `number` in a sequence; the movie itself otherwise.
    pub fn file(&self, number: i64) -> PathBuf {
        match self {
            Target::Movie(path) => path.clone(),
            Target::Sequence { folder, .. } => {
                folder.join(self.frame_name().map(|name| name.of(number)).unwrap_or_default())
            }
        }
    }

    /// Names of the files of a sequence.
    pub(crate) fn frame_name(&self) -> Option<FrameName<'_>> {
        let Target::Sequence { prefix, suffix, padding, .. } = self else { return None };
        Some(FrameName { prefix, suffix, padding: *padding })
    }
}

/// Stops a run between frames. Clones share the same switch.
///
/// ```
/// use otio_conflate::CancelToken;
///
/// let cancel = CancelToken::new();
/// let other = cancel.clone();
/// // In another thread, while a run that has `cancel` renders:
/// other.cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Not cancelled yet.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Asks the run to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
