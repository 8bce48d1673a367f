//! Timecode and reel of the sources that frames are made of, for files that carry them.

use super::facts::Facts;
use crate::codec::exr::ExrLabel;

/// Gives each frame of a shot the label of its source.
pub(crate) struct SourceLabels<'f> {
    facts: &'f dyn Facts,
    /// Frames whose source has no timecode.
    unknown: i64,
}

impl<'f> SourceLabels<'f> {
    pub(crate) fn new(facts: &'f dyn Facts) -> SourceLabels<'f> {
        SourceLabels { facts, unknown: 0 }
    }

    /// What is known of the source of picture `index`.
    pub(crate) fn label(&mut self, index: i64) -> ExrLabel {
        let label = self.facts.source_label(index);
        self.unknown += i64::from(label.timecode.is_none());
        label
    }

    /// What is missing: a sentence for the report.
    pub(crate) fn note(&self) -> Option<String> {
        (self.unknown > 0).then(|| format!("no source timecode for {} frames; they have none", self.unknown))
    }
}
