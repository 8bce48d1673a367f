//! The sound of a file by itself, from its first picture on.

use std::path::Path;

use super::reader::SoundReader;
use super::source::Voice;
use crate::audio::Samples;
use crate::error::Result;
use crate::plan::SoundLayout;

/// What a file plays by itself, read from its start to its end.
pub(crate) struct FileSound {
    voice: Voice,
    rate: u32,
    layout: SoundLayout,
    done: i64,
    /// What had to be assumed about its channels, and what is left out.
    notes: Vec<String>,
}

impl FileSound {
    /// Opens the sound of `path`, at `rate` samples a second and in `layout` where those are not its own; `None` if it
    /// holds none.
    pub(crate) fn open(path: &Path, rate: Option<u32>, layout: Option<SoundLayout>) -> Result<Option<FileSound>> {
        if SoundReader::count(path)? == 0 {
            return Ok(None);
        }
        let first = SoundReader::open(path, None)?;
        let rate = rate.unwrap_or(first.rate());
        let layout = layout.unwrap_or_else(|| own_layout(&first));
        let voice = Voice::of_file(path, &layout.speakers(), rate)?;
        let (all, used) = (first.siblings(), voice.streams());
        let mut notes = voice.notes.clone();
        if used < all {
            notes.push(format!("{} of the {all} sounds of {} are left out", all - used, path.display()));
        }
        Ok(Some(FileSound { voice, rate, layout, done: 0, notes }))
    }

    /// Samples per second, and how many channels there are.
    pub(crate) fn format(&self) -> (u32, u16) {
        (self.rate, self.layout.channels())
    }

    /// What had to be assumed about its channels, and what of the file is left out: sentences for the report.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The samples from where the last ones ended up to place `end`.
    pub(crate) fn read_to(&mut self, end: i64) -> Result<Samples> {
        let count = usize::try_from(end - self.done).unwrap_or(0);
        let samples = self.voice.read(self.done, count)?;
        self.done = end.max(self.done);
        Ok(samples)
    }
}

/// The layout that has as many channels as the file, or stereo.
fn own_layout(reader: &SoundReader) -> SoundLayout {
    let channels = match (reader.speakers().len(), reader.siblings()) {
        (1, siblings) => siblings,
        (channels, _) => channels,
    };
    match channels {
        1 => SoundLayout::Mono,
        6 => SoundLayout::Surround51,
        8 => SoundLayout::Surround71,
        _ => SoundLayout::Stereo,
    }
}
