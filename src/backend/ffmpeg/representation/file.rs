//! Representations of pictures that are files already: decoded once for all of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::super::convert::{Converter, SourcePicture};
use super::super::decode::MovieReader;
use super::super::fields::{FieldOrder, was_deinterlaced};
use super::super::frame::{Frame, undecodable};
use super::super::info::MediaInfo;
use super::super::lookup::exact_count;
use super::super::movie::Outside;
use super::super::options::DecodeOptions;
use super::super::presets::FormatRequest;
use super::super::probe::{probe, probe_within};
use super::super::render::{Variant, deinterlaced};
use super::super::sequence::SequenceReader;
use super::super::sink::Sink as _;
use super::super::sound::FileSounds;
use super::super::still;
use super::{Facts, FileFacts, FrameRange, Reel, RepresentationSink, ShotFacts, SourceFormat};
use crate::backend::{Control, MadeOfFile, RenderedColors, RepresentationTask, Target, Task};
use crate::color::{Baked, FileColor};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rotation;
use crate::plan::{Canvas, ColorTags, MediaId, MediaSource, Plan, SampleRange, Shot, SoundLayout};
use crate::time::{FRAME_TOLERANCE, Rate, Ratio, Timecode};

/// A movie or numbered frames, opened.
pub(crate) struct SourceFrames {
    path: PathBuf,
    pictures: SourcePictures,
    info: MediaInfo,
    rotation: Rotation,
    rate: Rate,
    frames: i64,
    /// The number of the first frame of a sequence.
    first: Option<i64>,
    sound: Option<FileSounds>,
    /// Whether all of its streams are kept.
    keeps_streams: bool,
    /// Where colours are managed: what is baked into each representation.
    colors: Option<HashMap<String, Baked>>,
    /// The range of its samples, where it is another than the file says.
    range: Option<SampleRange>,
}

enum SourcePictures {
    Movie(Box<MovieReader>),
    Sequence(SequenceReader),
}

impl SourceFrames {
    /// Opens a movie or a still; `rate` is that of a file that has none, or none that is constant.
    pub(crate) fn movie(path: &Path, rate: Option<Rate>, options: &DecodeOptions) -> Result<SourceFrames> {
        let mut reader = MovieReader::open(path, options)?;
        let info = reader.info().clone();
        let frames = if info.is_still { Some(1) } else { exact_count(path, &info) };
        let frames = frames.filter(|&frames| frames > 0).ok_or_else(|| undecodable(path, "it has no frames"))?;
        let own = info.rate.unwrap_or(Rate::FPS_24);
        let rate = rate.filter(|_| info.vfr || info.rate.is_none()).unwrap_or(own);
        let timed = if info.vfr { timed_frames(&mut reader, rate, frames) } else { None };
        Ok(SourceFrames {
            path: path.to_owned(),
            pictures: SourcePictures::Movie(Box::new(reader)),
            rotation: Rotation::from_degrees(f64::from(info.rotation)),
            rate,
            frames: timed.unwrap_or(frames),
            first: None,
            sound: None,
            keeps_streams: false,
            colors: None,
            range: None,
            info,
        })
    }

    /// Opens frames `start` to `start + count − 1` of a sequence, or with `None` all that are in its folder.
    pub(crate) fn sequence(
        source: MediaSource,
        range: Option<(i64, i64)>,
        rate: Rate,
        options: &DecodeOptions,
    ) -> Result<SourceFrames> {
        let path = PathBuf::from(source.display());
        let missing = |what: String| Error::new(ErrorKind::MediaMissing, what).at_file(&path);
        let numbers = SequenceReader::new(&source, &DecodeOptions::default())?.list()?;
        let ends = numbers.first().copied().zip(numbers.last().copied());
        let (first, count) = match (range, ends) {
            (Some(range), _) => range,
            (None, Some((first, last))) => (first, last - first + 1),
            (None, None) => return Err(missing(format!("no frames match {}", path.display()))),
        };
        if let Some(hole) = (first..first + count).find(|number| numbers.binary_search(number).is_err()) {
            return Err(missing(format!("{}: frame {hole} is missing", path.display())));
        }
        let MediaSource::Sequence { folder, prefix, suffix, padding, holes, .. } = source else {
            return Err(missing(format!("{} is not a frame sequence", path.display())));
        };
        let source = MediaSource::Sequence { folder, prefix, suffix, padding, start: first, step: 1, holes };
        let mut info = probe_within(&source.file(0).unwrap_or_default(), options.max_pixels)?;
        if let Some(color) = options.exr_color.filter(|_| info.color.transfer == ColorTags::LINEAR) {
            info.color = ColorTags { full_range: true, matrix: 0, ..color };
        }
        let pictures = SourcePictures::Sequence(SequenceReader::new(&source, options)?);
        let rotation = Rotation::from_degrees(f64::from(info.rotation));
        Ok(SourceFrames {
            path,
            pictures,
            rotation,
            rate,
            frames: count,
            first: Some(first),
            sound: None,
            keeps_streams: false,
            colors: None,
            range: None,
            info,
        })
    }

    /// With colours that are managed: what is baked into each representation, and the range of its samples, where it is
    /// another than the file says.
    pub(crate) fn with_colors(mut self, colors: HashMap<String, Baked>, range: Option<SampleRange>) -> SourceFrames {
        (self.colors, self.range) = (Some(colors), range);
        self
    }

    /// What the file says about its colours.
    pub(crate) fn file_color(&self) -> FileColor {
        still::file_color(&self.info)
    }

    /// With the sound of `file`, if it holds any, at `rate` samples a second in `layout`.
    pub(crate) fn with_sound(mut self, file: &Path, rate: u32, layout: SoundLayout) -> Result<SourceFrames> {
        self.sound = FileSounds::open_as(file, rate, layout)?;
        Ok(self)
    }

    /// With every stream of sound that its file holds.
    pub(crate) fn with_own_sounds(mut self) -> Result<SourceFrames> {
        (self.sound, self.keeps_streams) = (FileSounds::open(&self.path)?, true);
        Ok(self)
    }

    /// Whether its file holds sound of its own.
    pub(crate) fn has_audio(&self) -> bool {
        self.info.has_audio
    }

    pub(crate) fn frames(&self) -> i64 {
        self.frames
    }

    /// Frames per second.
    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// The number of its first frame, if that has one.
    pub(crate) fn first(&self) -> Option<i64> {
        self.first
    }

    /// The timecode of its first frame: its own, else for numbered frames their number, else zero.
    pub(crate) fn timecode(&self) -> Timecode {
        self.info.start_timecode.unwrap_or_else(|| Timecode::inferred(self.first.unwrap_or(0), self.rate))
    }

    /// What is worth knowing about it: sentences for a report.
    pub(crate) fn notes(&self) -> Vec<String> {
        let varies = self.info.vfr.then(|| {
            let file = self.path.display();
            format!("{file} has a variable frame rate: its frames are picked by time, {} per second", self.rate)
        });
        let sound = self.sound.iter().flat_map(|sound| sound.notes().iter().cloned());
        varies.into_iter().chain(sound).collect()
    }

    /// What its pictures have in common, once they stand upright.
    fn source_format(&self) -> Result<SourceFormat<'_>> {
        let info = &self.info;
        let format = Pixel::from_str(&info.pixel_format)
            .map_err(|_| undecodable(&self.path, format!("its pixels are {:?}", info.pixel_format)))?;
        let (width, height, pixel_aspect) = match self.rotation.swaps_sides() {
            true => (info.height, info.width, Ratio::ONE / info.pixel_aspect),
            false => (info.width, info.height, info.pixel_aspect),
        };
        Ok(SourceFormat {
            canvas: Canvas { width, height, pixel_aspect, color: info.color },
            format,
            primaries_known: info.codec != "exr",
            alpha: info.has_alpha,
            top_field_first: self.fields(),
            rate: self.rate,
            sound: self.sound.as_ref().map(FileSounds::format),
            streams: self.sound.as_ref().filter(|_| self.keeps_streams),
            colors: self.colors.as_ref(),
        })
    }

    /// Whether these can be made of it.
    pub(crate) fn check(&self, representations: &[Representation]) -> Result<()> {
        let source_format = self.source_format()?;
        representations.iter().try_for_each(|representation| source_format.check(representation).map(drop))
    }

    /// Where its pictures are interlaced and stand upright as they are stored, the order of their fields.
    fn fields(&self) -> Option<bool> {
        self.info.top_field_first.filter(|_| self.rotation == Rotation::None && !self.info.vfr)
    }

    /// Picture `index`, upright; with the fields of what is interlaced, or without.
    fn picture(&mut self, index: i64, fields: bool, converter: &mut Converter) -> Result<(Frame, Option<Video>)> {
        let frame = match &mut self.pictures {
            SourcePictures::Movie(reader) => {
                let picked = match self.info.top_field_first.filter(|_| !fields) {
                    Some(top) => {
                        let order = if top { FieldOrder::Top } else { FieldOrder::Bottom };
                        deinterlaced(reader, Ratio::whole(index), self.rate, order)?
                    }
                    None => reader.frame(index, self.rate)?,
                };
                // The last frame of a variable rate lasts beyond the others' grid.
                if picked.outside == Some(Outside::After) && !self.info.vfr {
                    let what = format!("{} ends before frame {index} of {}", self.path.display(), self.frames);
                    return Err(Error::new(ErrorKind::Decode, what).at_file(&self.path).at_frame(index));
                }
                picked.frame
            }
            SourcePictures::Sequence(reader) => reader.read(index)?.ok_or_else(|| {
                Error::new(ErrorKind::MediaMissing, "a frame no longer exists").at_file(&self.path).at_frame(index)
            })?,
        };
        let source =
            SourcePicture { frame: frame.as_av(), color: frame.color(), premultiplied: frame.is_premultiplied() };
        let rotated = match self.rotation {
            Rotation::None => None,
            rotation => Some(converter.rotate(&source, rotation)?),
        };
        Ok((frame, rotated))
    }

    /// Decodes what `tasks` need, once, and makes them.
    ///
    /// # Errors
    /// Whatever went wrong; what was written by then is the caller's to remove.
    fn represent(
        &mut self,
        tasks: &[RepresentationTask<'_>],
        shot: &Shot,
        frame_range: FrameRange,
        facts: &dyn Facts,
        control: &Control<'_>,
    ) -> Result<MadeOfFile> {
        let source_format = self.source_format()?;
        let threads = crate::threads::available();
        let viewed = source_format.viewed(tasks, None, threads)?;
        let open = |task| {
            let shown = (source_format, Variant::default());
            RepresentationSink::open(task, shown, frame_range, facts, (&viewed, threads), None).map(Box::new)
        };
        let mut sinks: Vec<Box<RepresentationSink<'_>>> = tasks.iter().map(open).collect::<Result<_>>()?;
        let mut notes: Vec<String> = tasks
            .iter()
            .map(|task| source_format.check(task.representation))
            .filter_map(Result::transpose)
            .collect::<Result<_>>()?;
        if self.info.top_field_first.is_some() && sinks.iter().any(|sink| !sink.keeps_fields()) {
            notes.push(was_deinterlaced(&self.path.display().to_string()));
        }
        let mut converter = Converter::new();
        for index in 0..frame_range.frames {
            for fields in [true, false] {
                if !sinks.iter().any(|sink| sink.keeps_fields() == fields && sink.wants(index)) {
                    continue;
                }
                let (frame, rotated) = self.picture(index, fields, &mut converter)?;
                let (color, premultiplied) = (ranged(frame.color(), self.range), frame.is_premultiplied());
                let source = SourcePicture { frame: rotated.as_ref().unwrap_or(frame.as_av()), color, premultiplied };
                let suitable = sinks.iter_mut().filter(|sink| sink.keeps_fields() == fields);
                suitable.into_iter().try_for_each(|sink| sink.write(Some(&source), index))?;
            }
            for (number, sound) in self.sound.iter_mut().flat_map(FileSounds::iter_mut).enumerate() {
                if sinks.iter().any(|sink| sink.has_sound_of(number)) {
                    let end = frame_range.samples_of(index + 1, self.rate, sound.rate());
                    let samples = sound.read_to(end)?;
                    sinks.iter_mut().try_for_each(|sink| sink.write_sound_of(number, &samples))?;
                }
            }
            control.frame(shot, index + 1)?;
        }
        let (mut encoders, mut formats) = (Vec::new(), Vec::new());
        for sink in sinks {
            let finished = sink.finish(frame_range.frames)?;
            encoders.push(finished.encoder);
            formats.push(finished.format);
            notes.extend(finished.notes);
        }
        let source_format = self.source_format()?;
        tasks.iter().try_for_each(|task| source_format.verify(task, &frame_range))?;
        Ok(MadeOfFile { encoders, formats, notes })
    }
}

/// What samples mean, of another range than their file says.
fn ranged(color: ColorTags, range: Option<SampleRange>) -> ColorTags {
    match range {
        Some(range) => ColorTags { full_range: range == SampleRange::Full, ..color },
        None => color,
    }
}

/// How many frames at `rate` there are up to the moment the last of `count` pictures is shown, whose times are no grid.
fn timed_frames(reader: &mut MovieReader, rate: Rate, count: i64) -> Option<i64> {
    let mut time = |index: i64| reader.frame(index, rate).ok()?.frame.pts();
    // Far behind the end, but within reach of sums.
    let (first, last) = (time(0)?, time(count.saturating_mul(1000).min(1 << 32))?);
    let at = Ratio::whole(last - first) * reader.time_base()? * rate.nominal();
    Some((at + FRAME_TOLERANCE).floor() + 1)
}

/// Whether `representations` can be made of what a backend renders that makes none itself.
pub(crate) fn check_before_render(
    plan: &Plan,
    preset: &Preset,
    canvas: Canvas,
    representations: &[Representation],
    colors: Option<&RenderedColors>,
) -> Result<()> {
    let request = FormatRequest { source: Pixel::YUV444P16LE, alpha: false };
    let sound = plan.sound.as_ref().map(|sound| (sound.rate, sound.layout.channels()));
    let format = match representations {
        [] => return Ok(()),
        _ => preset.pixel_format(request, canvas.width, canvas.height)?,
    };
    let source_format = SourceFormat {
        canvas,
        format,
        primaries_known: true,
        alpha: false,
        top_field_first: None,
        rate: plan.rate,
        sound,
        streams: None,
        colors: colors.and_then(|colors| colors.baked(plan.shots.first()?)),
    };
    representations.iter().try_for_each(|representation| source_format.check(representation).map(drop))
}

/// Makes the representations of `task` from the file that was rendered for it, and looks at them: for backends that
/// render and no more. `color` is what that has.
pub(crate) fn represent_rendered(
    plan: &Plan,
    task: &Task<'_>,
    color: ColorTags,
    colors: Option<&RenderedColors>,
    control: &Control<'_>,
) -> Result<MadeOfFile> {
    let shot = task.shot;
    let threads = crate::threads::available();
    // What was rendered is as large as was asked for.
    let options = DecodeOptions::default().threads(threads).max_pixels(Some(1 << 40));
    let source_frames = match &task.target {
        Target::Movie(path) => SourceFrames::movie(path, Some(plan.rate), &options)?,
        Target::Sequence { folder, prefix, padding, suffix } => {
            let source = MediaSource::Sequence {
                folder: folder.clone(),
                prefix: prefix.clone(),
                suffix: suffix.clone(),
                padding: u32::try_from(*padding).unwrap_or(0),
                start: shot.first_frame,
                step: 1,
                holes: crate::timeline::MissingFramePolicy::Error,
            };
            // EXR files whose values are display-referred.
            let options = options.exr_color(Some(color).filter(|color| color.transfer != ColorTags::LINEAR));
            SourceFrames::sequence(source, Some((shot.first_frame, shot.frame_count)), plan.rate, &options)?
        }
    };
    let sound = match &task.wav {
        Some(wav) => Some(wav.as_path()),
        None => Some(task.target.path()).filter(|_| source_frames.has_audio()),
    };
    let mut source_frames = match (sound, &plan.sound) {
        (Some(file), Some(sound)) => source_frames.with_sound(file, sound.rate, sound.layout)?,
        _ => source_frames,
    };
    if let Some(colors) = colors.and_then(|colors| colors.baked(shot)) {
        source_frames = source_frames.with_colors(colors.clone(), None);
    }
    let reels = Reels::default();
    let facts = ShotFacts { plan, shot, reel: |media| reels.of(plan, media) };
    source_frames.represent(&task.representations, shot, FrameRange::of(plan, shot), &facts, control)
}

/// Where the frames of media come from, each looked up once.
#[derive(Default)]
struct Reels(std::cell::RefCell<std::collections::HashMap<MediaId, Reel>>);

impl Reels {
    fn of(&self, plan: &Plan, media: MediaId) -> Reel {
        let look = || Some(Reel::of(&probe(plan.media[media].source.file(0)?).ok()?));
        self.0.borrow_mut().entry(media).or_insert_with(|| look().unwrap_or_default()).clone()
    }
}

/// Makes representations of a file by itself, called `name`; its first frame has the number `first`.
pub(crate) fn represent_file(
    source_frames: &mut SourceFrames,
    tasks: &[RepresentationTask<'_>],
    shot: &Shot,
    control: &Control<'_>,
) -> Result<MadeOfFile> {
    let media = source_frames.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let timecode = source_frames.timecode();
    let facts = FileFacts {
        name: shot.name.clone(),
        media,
        first: shot.first_frame,
        timecode,
        reel: source_frames.info.reel_name.clone(),
    };
    let frame_range = FrameRange {
        frames: source_frames.frames,
        handles: (0, 0),
        first: shot.first_frame,
        sound: None,
        timecode: Some(timecode),
    };
    let mut made = source_frames.represent(tasks, shot, frame_range, &facts, control)?;
    made.notes.splice(0..0, source_frames.notes());
    Ok(made)
}
