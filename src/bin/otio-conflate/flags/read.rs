//! The flags about reading: which timeline, and who reads it.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::otio::{ReadOptions, Reader, read_file};
use otio_conflate::{Result, Timeline};

/// What decides about reading a timeline and finding its media.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// The timeline: an .otio file, or a bundle, .otioz or .otiod
    pub(crate) file: PathBuf,
    /// Which timeline, where the file holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) timeline: Option<String>,
    /// Who reads the file: native, or opentimelineio where this was built with that feature
    #[arg(long, default_value = "native", value_name = "WHO")]
    pub(crate) reader: Reader,
    /// Media that moved: FROM is looked for at TO; may be repeated
    #[arg(long = "map", value_name = "FROM=TO", value_parser = map)]
    pub(crate) maps: Vec<(String, PathBuf)>,
}

impl ReadArgs {
    /// Reads the timeline.
    pub(crate) fn read(&self) -> Result<Timeline> {
        let mut options = ReadOptions::default().with_reader(self.reader);
        options.timeline = self.timeline.clone();
        read_file(&self.file, &options)
    }
}

fn map(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), PathBuf::from(to))),
        _ => Err(format!("{text:?} is not FROM=TO")),
    }
}
