//! From one file to its representations.

use std::path::{Path, PathBuf};

use super::transcode_color::FileColors;
use crate::backend::ffmpeg::{DecodeOptions, SourceFrames, represent_file};
use crate::backend::{Control, MadeOfFile, RepresentationTask};
use crate::deliver::{
    Existing, Folder, Guard, Hold, OutputPlace, PlacedRepresentation, Protected, Representation, SaidOfMix,
    TranscodeOptions, Transcoded, beside, clear, commit_all, settle, unlisted,
};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{MediaSource, Shot};
use crate::report::Represented;
use crate::time::Rate;
use crate::timeline::MissingFramePolicy;
use crate::trace;

/// Makes representations of a movie, of a still, or of numbered frames such as `sh010.%04d.exr`, in `folder`: each is
/// called as the file is, with an underscore and its own name behind. The file is decoded once for all of them. What is made
/// is listed in the folder's `manifest.json`; where something else has that name, it stays, with a warning.
///
/// ```no_run
/// use otio_conflate::backend::Control;
/// use otio_conflate::deliver::{Representation, TranscodeOptions, transcode};
/// use otio_conflate::{CancelToken, NoObserver};
///
/// # fn main() -> otio_conflate::Result<()> {
/// let wanted = [Representation::by_name("h264")?, Representation::load("dailies.toml")?];
/// let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
/// let made = transcode("sh010.mov", &wanted, "review", &TranscodeOptions::default(), &control)?;
/// println!("{} frames: {:?}", made.frame_count, made.representations);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ErrorKind::MediaMissing`] and [`ErrorKind::Decode`] for a file that cannot be read, [`ErrorKind::Option`] and
/// [`ErrorKind::Unsupported`] for a representation that cannot be made of it, [`ErrorKind::Exists`] for a target in the
/// way, [`ErrorKind::Locked`] for one that another process is writing, [`ErrorKind::Verify`] where what was written is not what was asked for, and what else goes wrong while writing.
/// Files appear whole and all together, or not at all.
pub fn transcode(
    source: impl AsRef<Path>,
    representations: &[Representation],
    folder: impl AsRef<Path>,
    options: &TranscodeOptions,
    control: &Control<'_>,
) -> Result<Transcoded> {
    let source = source.as_ref();
    let _span = trace::span!("transcode", file = trace::shown(source.display()));
    Representation::check_all(representations)?;
    let mut source_frames = open(source, options)?;
    if representations.iter().any(Representation::has_sound) && source_frames.has_audio() {
        source_frames = source_frames.with_own_sounds()?;
    }
    let shot = shot(source, &source_frames, options);
    let mut colors = None;
    if let Some(plan) = &options.color {
        let (settled, colored) =
            FileColors::settle(plan, &source.display().to_string(), source_frames, representations, &shot)?;
        (colors, source_frames) = (Some(settled), colored);
    }
    source_frames.check(representations)?;
    let folder = Folder::planned(folder.as_ref());
    let parts = parts(&shot, source_frames.rate(), representations, &folder);
    let mut protected = protected(source, representations);
    for input in colors.iter().flat_map(|colors| &colors.inputs) {
        protected.add("the colour configuration's file", input);
    }
    let existing = match (options.overwrite, options.overwrite_foreign) {
        (_, true) => Existing::OverwriteForeign,
        (true, false) => Existing::Overwrite,
        (false, false) => Existing::Error,
    };
    refuse_own(source, parts.iter().map(|part| &part.place))?;
    let (guard, _) = Guard::new(folder.path(), &protected, existing)?;
    guard.refuse(parts.iter().map(|part| &part.place))?;
    clear(parts.iter().map(|part| part.place.path.as_path()))?;
    let mut make = || {
        let _holds: Vec<Hold> = parts.iter().map(|part| part.place.prepare()).collect::<Result<_>>()?;
        let task = |(representation, part): (_, &PlacedRepresentation)| RepresentationTask {
            representation,
            target: part.place.target.clone(),
        };
        let tasks: Vec<_> = representations.iter().zip(&parts).map(task).collect();
        let made = represent_file(&mut source_frames, &tasks, &shot, control).and_then(|made| {
            commit_all(
                parts.iter().map(|part| part.numbered(shot.first_frame)),
                &SaidOfMix::default(),
                folder.path(),
                &guard,
            )?;
            Ok(made)
        });
        made.map_err(|error| {
            let left = parts.iter().filter_map(|part| part.place.discard().err());
            left.fold(error, |error, left| error.context(left))
        })
    };
    let MadeOfFile { encoders, formats, notes: mut warnings } = make()?;
    match guard.records() {
        true => settle(folder.path(), None, false)?,
        false => warnings.push(unlisted(folder.path())),
    }
    let mut delivered: Vec<Represented> =
        parts.iter().map(|part| part.delivered(shot.first_frame)).collect::<Result<_>>()?;
    for (made, wanted) in delivered.iter_mut().zip(representations) {
        made.output.codec = Some(wanted.preset.codec.clone());
    }
    for ((made, encoder), format) in delivered.iter_mut().zip(encoders).zip(formats) {
        made.output.encoder = encoder;
        (made.output.pixel_format, made.output.size) = format.unzip();
        made.color = colors.as_ref().and_then(|colors| colors.of(&made.name));
    }
    warnings.extend(colors.iter().flat_map(|colors| colors.warnings.clone()));
    let color = colors.map(|colors| colors.medium);
    Ok(Transcoded { frame_count: shot.frame_count, representations: delivered, color, warnings })
}

/// Opens a movie, a still, or the frames of a pattern.
fn open(source: &Path, options: &TranscodeOptions) -> Result<SourceFrames> {
    let threads = crate::threads::available();
    let decode = DecodeOptions::default().threads(threads).max_pixels(options.max_pixels);
    match pattern(source) {
        Some(frames) => SourceFrames::sequence(frames, None, options.rate.unwrap_or(Rate::FPS_24), &decode),
        None => SourceFrames::movie(source, options.rate, &decode),
    }
}

/// The numbered frames that a path with `%d` or `%04d` in its last part stands for.
fn pattern(path: &Path) -> Option<MediaSource> {
    let name = path.file_name()?.to_str()?;
    let (prefix, rest) = name.split_once('%')?;
    let (digits, suffix) = rest.split_once('d')?;
    let padding = match digits {
        "" => 0,
        digits => digits.strip_prefix('0')?.parse().ok().filter(|digits| (1..=20).contains(digits))?,
    };
    Some(MediaSource::Sequence {
        folder: path.parent()?.to_owned(),
        prefix: prefix.to_owned(),
        suffix: suffix.to_owned(),
        padding,
        start: 0,
        step: 1,
        holes: MissingFramePolicy::Error,
    })
}

/// The file as a shot.
fn shot(source: &Path, source_frames: &SourceFrames, options: &TranscodeOptions) -> Shot {
    let stem = || source.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    // `sh010.%04d` is called `sh010`.
    let plain = |stem: String| match pattern(source) {
        Some(_) => stem.split('%').next().unwrap_or_default().trim_end_matches(['.', '_', '-']).to_owned(),
        None => stem,
    };
    let name = options.name.clone().unwrap_or_else(|| plain(stem()));
    Shot {
        clip: name.clone(),
        name,
        track: String::new(),
        object: String::new(),
        first_frame: options.first_frame.or(source_frames.first()).unwrap_or(1001),
        frame_count: source_frames.frames(),
        head: 0,
        tail: 0,
        start: 0,
        spans: Vec::new(),
        sound: Vec::new(),
        file: None,
        fields: Default::default(),
        notes: Vec::new(),
    }
}

/// Where representations of `shot` go.
fn parts(shot: &Shot, rate: Rate, representations: &[Representation], folder: &Folder) -> Vec<PlacedRepresentation> {
    let names: Vec<&str> = representations.iter().map(|representation| representation.name.as_str()).collect();
    let names = beside(&shot.name, &names);
    let part = |(representation, name): (&Representation, PathBuf)| {
        PlacedRepresentation::new(folder, &name, representation, shot, rate)
    };
    representations.iter().zip(names).map(part).collect()
}

/// What is read, and so never written to.
fn protected(source: &Path, representations: &[Representation]) -> Protected {
    let mut protected = Protected::default();
    match pattern(source) {
        Some(frames) => protected.add_media(&frames),
        None => protected.add("the medium", source),
    }
    for file in representations.iter().filter_map(Representation::file) {
        protected.add("the representation's file", file);
    }
    protected
}

/// Targets that are the file itself, or the folder that it lies in.
fn refuse_own<'p>(source: &Path, places: impl Iterator<Item = &'p OutputPlace>) -> Result<()> {
    let own = [Some(source), source.parent()].map(|path| path.and_then(|path| path.canonicalize().ok()));
    for place in places {
        let there = place.path.canonicalize().ok();
        if there.is_some() && own.contains(&there) {
            let message = format!("{} is the input", place.path.display());
            return Err(Error::new(ErrorKind::Exists, message).at_file(&place.path));
        }
    }
    Ok(())
}
