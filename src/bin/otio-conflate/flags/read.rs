//! The flags about reading: which timeline, and who reads it.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::otio::{ReadOptions, Reader, read_file};
use otio_conflate::relink::{self, Found, Index, Match, Partial, RelinkOptions, cut_from_movie, relink};
use otio_conflate::time::{Rate, Timecode};
use otio_conflate::{Error, ErrorKind, Plan, Result, Timeline};
use serde_json::Value;

/// What decides about reading a timeline and finding its media.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// The timeline: an .otio file, or a bundle, .otioz or .otiod
    pub(crate) file: PathBuf,
    /// Which timeline, where the file holds several
    #[arg(long, value_name = "NAME")]
    pub(crate) timeline: Option<String>,
    /// Reader of the file: native, or opentimelineio (only in builds with that feature)
    #[arg(long, default_value = "native", value_name = "WHO")]
    pub(crate) reader: Reader,
    /// Media that moved: FROM is looked for at TO; may be repeated
    #[arg(long = "map", value_name = "FROM=TO", value_parser = map)]
    pub(crate) maps: Vec<(String, PathBuf)>,
    /// A folder, searched with its subfolders for media that are missing at their location, by path, name, or reel and
    /// timecode; may be repeated
    #[arg(long, value_name = "DIR")]
    media: Vec<PathBuf>,
    /// A cache file for the properties of the media in these folders
    #[arg(long, value_name = "FILE", requires = "media")]
    media_index: Option<PathBuf>,
    /// What to do about files in these folders that hold only some of the frames: refuse, or warn (use them, with a warning)
    #[arg(long, default_value = "refuse", value_name = "DO")]
    short_media: Partial,
    /// Whether nothing may be written.
    #[arg(skip)]
    pub(crate) is_dry: bool,
    /// A movie of the whole cut, such as an editorial reference: clips whose media are not there are cut out of it
    #[arg(long, value_name = "FILE")]
    movie: Option<PathBuf>,
    /// The timecode of that movie's first frame, where the file has none or another
    #[arg(long, value_name = "TC", requires = "movie")]
    movie_start: Option<String>,
    /// What comes first: of clips with several media references, the keys to show (the first that is there; the active one comes
    /// next); of several files that were found, words in their paths, such as a folder or an ending
    #[arg(long, value_name = "KEY,...", value_delimiter = ',')]
    pub(crate) prefer: Vec<String>,
}

impl ReadArgs {
    /// The plan in the file, where that is JSON that `plan` printed.
    pub(crate) fn stored_plan(&self) -> Result<Option<Plan>> {
        if !self.file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            return Ok(None);
        }
        let bytes = std::fs::read(&self.file).map_err(|error| Error::io("read", &self.file, error))?;
        let is_timeline = |value: &Value| value.get("OTIO_SCHEMA").is_some();
        let wrong = |cause: serde_json::Error| {
            let what = format!("{} is neither a timeline nor a plan", self.file.display());
            let error = Error::new(ErrorKind::Json, what).at_file(&self.file);
            // What is JSON and not a plan has no place in the text.
            let error = if cause.line() > 0 { error.at_line(cause.line(), cause.column()) } else { error };
            error.because(cause)
        };
        let mut value: Value = serde_json::from_slice(&bytes).map_err(wrong)?;
        if is_timeline(&value) {
            return Ok(None);
        }
        // The document of `plan --json` has it inside.
        if let Some(inner) = value.pointer_mut("/result/plan") {
            value = inner.take();
        }
        serde_json::from_value(value).map(Some).map_err(wrong)
    }

    /// Reads the timeline, with the media that were found. That none is ambiguous is checked.
    pub(crate) fn read(&self) -> Result<Timeline> {
        let (timeline, matches) = self.read_matched()?;
        relink::check(&matches)?;
        Ok(timeline)
    }

    /// Reads the timeline, and what became of its media where folders are named.
    pub(crate) fn read_matched(&self) -> Result<(Timeline, Vec<Match>)> {
        let mut options = ReadOptions::default().with_reader(self.reader);
        options.timeline = self.timeline.clone();
        let mut timeline = read_file(&self.file, &options)?;
        let mut matches = match self.media.is_empty() {
            true => Vec::new(),
            false => self.relink(&mut timeline)?,
        };
        if let Some(movie) = &self.movie {
            // The movie is for what the folders do not hold, not for what is ambiguous there.
            relink::check(&matches)?;
            let movie = Found::open(movie)?;
            let rate = movie.rate.unwrap_or(Rate::FPS_24);
            let start = self.movie_start.as_deref().map(|text| Timecode::parse(text, rate)).transpose()?;
            let cut = cut_from_movie(&mut timeline, &movie, start, &self.maps)?;
            matches.retain(|found| !cut.iter().any(|other| found.object.starts_with(&other.object)));
            matches.extend(cut);
        }
        Ok((timeline, matches))
    }

    /// Files that are read beside the timeline.
    pub(crate) fn into_inputs(self) -> impl Iterator<Item = PathBuf> {
        self.media_index.into_iter().chain(self.movie)
    }

    /// Looks for media in folders.
    fn relink(&self, timeline: &mut Timeline) -> Result<Vec<Match>> {
        let cache = self.media_index.as_deref();
        let index = match self.is_dry {
            true => Index::scan_only(&self.media, cache)?,
            false => Index::scan(&self.media, cache)?,
        };
        for (path, why) in &index.unreadable {
            tell!("warning: {} is left out: {why}", path.display());
        }
        let mut options = RelinkOptions::default().prefer(&self.prefer).partial(self.short_media);
        options.path_map = self.maps.clone();
        Ok(relink(timeline, &index, &options))
    }
}

fn map(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), PathBuf::from(to))),
        _ => Err(format!("{text:?} is not FROM=TO")),
    }
}
