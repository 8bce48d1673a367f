//! Representations: what is made of a shot's pictures and its sound beside the intermediate, frame by frame.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

mod burn;
mod copied;
mod facts;
mod file;
mod labels;
mod selection;
mod shape;
mod sheet;

use super::convert::{Converter, SourcePicture, TargetFormat};
use super::encode::{AudioStream, OutputSettings};
use super::exr;
use super::light_curve;
use super::pixels;
use super::presets::FormatRequest;
use super::render::Variant;
use super::sequence_writer::write_still;
use super::singles;
use super::sink::{FinishedSink, Sink};
use super::sound::FileSounds;
use super::sys::frames;
use super::sys::pixel_info::PixelInfo;
use super::verify::{self, ExpectedOutput};
use super::viewed::Viewed;
use super::writer::FrameWriter;
use crate::audio::Samples;
use crate::backend::{Earlier, RepresentationTask, Target};
use crate::codec::exr::ExrLabel;
use crate::color::{Baked, ColorTransform};
use crate::deliver::{Content, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{self, Rect, RgbaF32};
use crate::plan::{Canvas, ColorTags, Hdr, Plan, SampleGrid, Shot};
use crate::time::{Rate, Time, Timecode};
use crate::trace;
use burn::Painter;
use copied::CopiedPictures;
use facts::FileFacts;
pub(super) use facts::{Facts, Reel, ShotFacts};
pub(crate) use file::{SourceFrames, check_before_render, represent_file, represent_rendered};
pub(super) use labels::SourceLabels;
use selection::FrameSelection;
use shape::Shape;
use sheet::Sheet;

/// Width and height of the pictures that `representation` makes of `canvas`; of a contact sheet, those of each picture on it.
pub(crate) fn picture_size(representation: &Representation, canvas: &Canvas) -> (u32, u32) {
    let shape = Shape::of(representation, canvas, &representation.preset);
    (shape.width, shape.height)
}

/// What the pictures that come in have in common.
#[derive(Clone, Copy)]
pub(super) struct SourceFormat<'a> {
    pub(super) canvas: Canvas,
    pub(super) format: Pixel,
    /// As [`OutputSettings::primaries_known`] has it.
    pub(super) primaries_known: bool,
    /// Whether there is alpha that matters.
    pub(super) alpha: bool,
    /// Where they are interlaced, the order of their fields.
    pub(super) top_field_first: Option<bool>,
    pub(super) rate: Rate,
    /// Samples per second of the sound, and its channels, where there is any.
    pub(super) sound: Option<(u32, u16)>,
    /// The streams of a file that it comes from, where those are kept.
    pub(super) streams: Option<&'a FileSounds>,
    /// Where colours are managed: what is baked into each representation, by its name.
    pub(super) colors: Option<&'a HashMap<String, Baked>>,
}

/// The range of pictures that comes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrameRange {
    /// How many pictures.
    pub(super) frames: i64,
    /// How many of them are head and tail handles.
    pub(super) handles: (i64, i64),
    /// The number of the first.
    pub(super) first: i64,
    /// The samples beside them, and the record frame of the first.
    pub(super) sound: Option<(SampleGrid, i64)>,
    pub(super) timecode: Option<Timecode>,
}

impl FrameRange {
    /// The pictures of `shot`.
    pub(super) fn of(plan: &Plan, shot: &Shot) -> FrameRange {
        FrameRange {
            frames: shot.frame_count,
            handles: (shot.head, shot.tail),
            first: shot.first_frame,
            sound: plan.sound.as_ref().map(|sound| (sound.grid(), shot.start)),
            timecode: Some(plan.timecode(shot.start)),
        }
    }
}

impl FrameRange {
    /// How many samples lie beside the first `count` pictures, of which there are `pictures` a second, where the sound has
    /// `rate` samples a second.
    pub(super) fn samples_of(&self, count: i64, pictures: Rate, rate: u32) -> i64 {
        let (grid, first) = self.sound.unwrap_or((SampleGrid::new(rate, Time::ZERO), 0));
        let at = |count: i64| grid.sample(Time::from_frames(first.saturating_add(count), pictures));
        at(count) - at(0)
    }

    /// The samples that belong to what `representation` shows, as far as they are counted from the first: the first, and
    /// the first behind.
    fn samples(&self, representation: &Representation, pictures: Rate, rate: u32) -> (i64, i64) {
        let shown = representation.shown(self.frames, self.handles);
        let at = |count: i64| self.samples_of(count, pictures, rate);
        (at(shown.start), at(shown.end))
    }
}

impl SourceFormat<'_> {
    /// The shape and the settings of what `representation` makes of these pictures.
    fn settings(&self, representation: &Representation) -> Result<(Shape, OutputSettings)> {
        let preset = &representation.preset;
        let shape = Shape::of(representation, &self.canvas, preset);
        let size = (shape.width, shape.height);
        preset.check_size(size.0, size.1)?;
        if let Content::ContactSheet(layout) = representation.content {
            Sheet::check(layout, size)?;
        }
        let format = preset.pixel_format(FormatRequest { source: self.format, alpha: self.alpha }, size.0, size.1)?;
        let rate = representation.rate.unwrap_or(self.rate);
        let mut settings = OutputSettings::new(preset.clone(), format, size, rate);
        settings.pixel_aspect = shape.pixel_aspect;
        let baked = self.baked(representation);
        settings.hdr = baked.map_or_else(Hdr::default, |baked| baked.hdr);
        settings.primaries_known = match self.colors {
            Some(_) => baked.is_some_and(|baked| baked.tags.is_some()),
            None => self.primaries_known,
        };
        match self.colors {
            Some(_) => {
                let values = baked.and_then(|baked| baked.tags).unwrap_or(self.canvas.color);
                // What has no matrix of its own keeps the canvas's.
                let is_known = values.matrix != ColorTags::UNSPECIFIED;
                let matrix = if is_known { values.matrix } else { self.canvas.color.matrix };
                settings.color = preset.managed_tags(format, ColorTags { matrix, ..values });
                if let Some(interop) = baked.and_then(|baked| baked.interop.clone()).filter(|_| preset.is_sequence()) {
                    settings.metadata.insert(exr::INTEROP.to_owned(), interop);
                }
            }
            None => {
                settings.color = preset.color_tags(format, self.canvas.color);
                light_curve::curve_between(self.canvas.color.transfer, settings.color.transfer)?;
            }
        }
        settings.audio = self.sound.filter(|_| representation.has_sound());
        settings.audio_streams = self.streams(representation).0.into_iter().map(|(_, stream)| stream).collect();
        if self.streams.is_some() && settings.audio_streams.is_empty() {
            settings.audio = None;
        }
        let whole = size == (self.canvas.width, self.canvas.height) && shape.pixel_aspect == self.canvas.pixel_aspect;
        let same = whole && rate == self.rate && preset.fields && representation.content == Content::All;
        let same = same && baked.is_none_or(|baked| baked.transform.is_none());
        settings.top_field_first = self.top_field_first.filter(|_| same);
        Ok((shape, settings))
    }

    /// What is shared where several of these representations, or they and `own`, are put through one transform.
    ///
    /// # Errors
    /// As [`SourceFormat::check`].
    pub(super) fn viewed(
        &self,
        tasks: &[RepresentationTask<'_>],
        own: Option<&Baked>,
        threads: usize,
    ) -> Result<Viewed> {
        let mut transforms: Vec<Arc<dyn ColorTransform>> =
            own.and_then(|own| own.transform.clone()).into_iter().collect();
        for RepresentationTask { representation, .. } in tasks {
            let (_, settings) = self.settings(representation).map_err(|error| at(representation, error))?;
            transforms.extend(self.transform(representation, settings.format, threads));
        }
        Ok(Viewed::new(&transforms))
    }

    /// What `representation` is put through, whose pictures are in `format`: the cube that stands for it, where there is one
    /// and 8 bits are enough. Where that has to be made, `threads` do it.
    fn transform(
        &self,
        representation: &Representation,
        format: Pixel,
        threads: usize,
    ) -> Option<Arc<dyn ColorTransform>> {
        let baked = self.baked(representation)?;
        let fast = baked.fast.as_ref().filter(|_| PixelInfo::of(format).is_some_and(|info| info.depth() <= 8));
        fast.map(|fast| fast.cube(threads)).or_else(|| baked.transform.clone())
    }

    /// What is baked into `representation`.
    fn baked(&self, representation: &Representation) -> Option<&Baked> {
        self.colors?.get(&representation.name)
    }

    /// Streams of the file's sound that `representation` has, by their numbers; and what is said of them.
    fn streams(&self, representation: &Representation) -> (Vec<(usize, AudioStream)>, Vec<String>) {
        let codec = representation.preset.audio.as_deref().filter(|_| representation.has_sound());
        codec.zip(self.streams).map_or_else(Default::default, |(codec, streams)| streams.of_codec(codec))
    }

    /// Looks at what was written for `task`, and counts its frames.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when it is not what was asked for.
    pub(super) fn verify(&self, task: &RepresentationTask<'_>, frame_range: &FrameRange) -> Result<()> {
        self.verified(task, frame_range).map_err(|error| at(task.representation, error))
    }

    fn verified(&self, task: &RepresentationTask<'_>, frame_range: &FrameRange) -> Result<()> {
        let RepresentationTask { representation, target } = task;
        let (shape, settings) = self.settings(representation)?;
        let frames =
            FrameSelection::of(representation, self.rate, frame_range, &mut Vec::new()).total(frame_range.frames);
        let size = match representation.content {
            Content::ContactSheet(layout) => {
                let page = Sheet::page(layout, frames, (shape.width, shape.height));
                settings.preset.nearest_size(page.0, page.1)
            }
            _ => (shape.width, shape.height),
        };
        let samples = |rate| {
            let (first, end) = frame_range.samples(representation, self.rate, rate);
            end - first
        };
        let expected = ExpectedOutput {
            preset: &settings.preset,
            size,
            rate: settings.rate,
            frames,
            first: frame_range.first + representation.shown(frame_range.frames, frame_range.handles).start,
            top_field_first: settings.top_field_first,
            sound: settings.audio.map(|(rate, _)| (samples(rate), rate)),
        };
        verify::verify(target, &expected)?;
        match (target, settings.audio_streams.len()) {
            (Target::Movie(path), planned) if planned > 0 && matches!(representation.content, Content::All) => {
                verify::count_of_sounds(path, planned)
            }
            _ => Ok(()),
        }
    }

    /// Whether `representation` can be made; what does not come out of it as it went in is a sentence for the report.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for what cannot be and [`ErrorKind::Unsupported`] for what this FFmpeg cannot make, with the
    /// representation's name.
    pub(super) fn check(&self, representation: &Representation) -> Result<Option<String>> {
        representation.check()?;
        let (shape, settings) = self.settings(representation).map_err(|error| at(representation, error))?;
        let name = &representation.name;
        let deep = PixelInfo::of(settings.format).is_some_and(|info| info.depth() > 8);
        if matches!(settings.color.transfer, 16 | 18) && !deep {
            let curve = if settings.color.transfer == 16 { "PQ" } else { "HLG" };
            if self.baked(representation).is_some_and(|baked| baked.view.is_some()) {
                let what = format!("{} has 8 bits, which are too few for a view in {curve}", settings.preset.name);
                return Err(at(representation, Error::new(ErrorKind::Option, what)));
            }
            return Ok(Some(format!("{name} has 8 bits, and the {curve} values of the canvas as they are")));
        }
        let asked = (representation.size.width, representation.size.height);
        let odd = |asked: Option<u32>, made: u32| asked.is_some_and(|asked| asked != made);
        let rounded = odd(asked.0, shape.width) || odd(asked.1, shape.height);
        Ok(rounded.then(|| {
            let preset = &settings.preset.name;
            format!("{name} is {} × {}: {preset} does not take the size asked for", shape.width, shape.height)
        }))
    }
}

fn at(representation: &Representation, error: Error) -> Error {
    error.context(format!("representation {:?}", representation.name))
}

/// One representation on its way.
pub(super) struct RepresentationSink<'r> {
    representation: &'r Representation,
    facts: &'r dyn Facts,
    selection: FrameSelection,
    /// Its streams of sound.
    sounds: Vec<SoundWindow>,
    /// What pictures are converted to before they are drawn upon.
    coding: TargetFormat,
    shape: Shape,
    painter: Painter<'r>,
    converter: Converter,
    output: PictureOutput<'r>,
    notes: Vec<String>,
    /// Where each frame's file tells of its source.
    labels: Option<SourceLabels<'r>>,
    /// The pictures in front of the first one that is shown.
    skipped: i64,
    /// Of a still, the encoder that wrote it.
    encoder: Option<String>,
    /// Pixel format, width and height of its pictures.
    format: PictureFormat,
    today: String,
    keeps_fields: bool,
    /// What is baked into it, where colours are managed.
    baked: Option<Baked>,
    viewed: Viewed,
    threads: usize,
    /// Which pictures it takes.
    variant: Variant,
    /// The span of all that is made of it.
    scope: trace::TraceScope,
}

/// A stream of sound of a representation.
struct SoundWindow {
    /// Its number where it comes from.
    number: usize,
    /// The samples it has: the first, and the first behind.
    range: (i64, i64),
    /// How many samples came so far.
    done: i64,
}

/// What pictures become.
enum PictureOutput<'r> {
    Frames(FrameWriter),
    Poster {
        path: &'r Path,
        settings: OutputSettings,
        written: i64,
    },
    Sheet {
        path: &'r Path,
        settings: OutputSettings,
        sheet: Box<Sheet>,
    },
    /// They were delivered before. Those of stills may have the timecode of the settings.
    Copied {
        pictures: Box<CopiedPictures<'r>>,
        first: Option<Timecode>,
    },
}

impl<'r> RepresentationSink<'r> {
    /// Opens the target of `task` for what its representation makes of a range of pictures; `threads` encode. Where `earlier` was
    /// made of the same pictures, its own are copied: see [`RepresentationSink::copy`].
    ///
    /// # Errors
    /// These, and all that come later, name the representation.
    pub(super) fn open(
        task: &'r RepresentationTask<'_>,
        (source_format, variant): (SourceFormat<'_>, Variant),
        frame_range: FrameRange,
        facts: &'r dyn Facts,
        (viewed, threads): (&Viewed, usize),
        earlier: Option<&'r Earlier>,
    ) -> Result<RepresentationSink<'r>> {
        let RepresentationTask { representation, target } = task;
        let scope = trace::scope!("representation", name = representation.name.as_str());
        let _entered = scope.enter();
        let named = |error| at(representation, error);
        let (shape, mut settings) = source_format.settings(representation).map_err(named)?;
        settings.threads = u32::try_from(threads).unwrap_or(1);
        settings.idle_cores = true;
        let skipped = representation.shown(frame_range.frames, frame_range.handles).start;
        settings.timecode = frame_range.timecode.map(|start| start.later(skipped).at_rate(settings.rate));
        let labels = settings.labels_each_frame().then(|| SourceLabels::new(facts));
        let (streams, mut notes) = source_format.streams(representation);
        notes.extend(settings.label_by_source(facts, skipped));
        let mut streams: Vec<(usize, u32)> =
            streams.into_iter().map(|(number, stream)| (number, stream.rate)).collect();
        if source_format.streams.is_none() {
            streams.extend(settings.audio.map(|(rate, _)| (0, rate)));
        }
        let sound = |(number, rate): (usize, u32)| SoundWindow {
            number,
            range: frame_range.samples(representation, source_format.rate, rate),
            done: 0,
        };
        let sounds = streams.into_iter().map(sound).collect();
        let selection = FrameSelection::of(representation, source_format.rate, &frame_range, &mut notes);
        let (mut coding, path) = (settings.target(), target.path());
        let format = pictures_of(&settings);
        let keeps_fields = settings.top_field_first.is_some();
        let output = match (earlier, representation.content) {
            (Some(earlier), content) => {
                let (is_sheet, first) = (matches!(content, Content::ContactSheet(_)), frame_range.first + skipped);
                let pictures = CopiedPictures::begin(earlier, (target, first), &settings, is_sheet).map_err(named)?;
                PictureOutput::Copied { pictures: Box::new(pictures), first: settings.timecode.filter(|_| !is_sheet) }
            }
            (None, Content::All) => PictureOutput::Frames(
                FrameWriter::create(target, frame_range.first + skipped, &settings).map_err(named)?,
            ),
            (None, Content::Poster(_)) => PictureOutput::Poster { path, settings, written: 0 },
            (None, Content::ContactSheet(layout)) => {
                let count = selection.total(frame_range.frames);
                let cell = (shape.width, shape.height);
                let sheet = Box::new(Sheet::new(layout, count, cell, &facts.field("shot", 0)));
                coding = sheet.cell();
                PictureOutput::Sheet { path, settings, sheet }
            }
        };
        let grid = Converter::alignment(coding.format);
        let window = representation.letterbox.and_then(|aspect| shape.window(aspect, grid));
        let painter = Painter::new(&representation.burn_ins, coding, shape.pixel_aspect, window).map_err(named)?;
        let baked = source_format.colors.filter(|_| earlier.is_none()).map(|_| {
            let baked = source_format.baked(representation).cloned().unwrap_or_default();
            Baked { transform: source_format.transform(representation, coding.format, threads), ..baked }
        });
        let today = jiff::Zoned::now().date().to_string();
        let converter = Converter::new();
        Ok(RepresentationSink {
            representation,
            facts,
            selection,
            sounds,
            coding,
            shape,
            painter,
            converter,
            output,
            notes,
            labels,
            skipped,
            encoder: None,
            format,
            today,
            keeps_fields,
            baked,
            viewed: viewed.clone(),
            threads,
            variant,
            scope: scope.clone(),
        })
    }

    /// Works in the representation's span.
    fn entered<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let scope = self.scope.clone();
        let _entered = scope.enter();
        work(self)
    }

    /// Copies what was made of picture `index`, where it was opened for that.
    pub(super) fn copy(&mut self, index: i64) -> Result<()> {
        let times = self.selection.times(index);
        let label = self.labels.as_mut().filter(|_| times > 0).map(|labels| labels.label(index));
        let PictureOutput::Copied { pictures, first } = &mut self.output else { return Ok(()) };
        let is_still = self.representation.is_still();
        let mut copy = || {
            for _ in 0..times {
                let later = if is_still { index - self.skipped } else { pictures.copied() };
                let own = first.map(|first| first.later(later));
                pictures.copy(label.as_ref().map_or(own, |label| label.timecode))?;
            }
            Ok(())
        };
        copy().map_err(|error| at(self.representation, error))
    }

    /// Shows picture `index` so many times.
    fn shown(&mut self, picture: &SourcePicture<'_>, index: i64, times: i64) -> Result<()> {
        let (rendered, facts) = (self.rendered(picture, index)?, self.facts);
        let label = self.labels.as_mut().map(|labels| labels.label(index));
        match &mut self.output {
            PictureOutput::Frames(writer) => (0..times).try_for_each(|_| match &label {
                Some(label) => writer.write_labelled(&rendered, label.clone()),
                None => writer.write(&rendered),
            }),
            PictureOutput::Poster { path, settings, written } => {
                *written += 1;
                let own = || settings.timecode.map(|first| first.later(index - self.skipped));
                let label = label.unwrap_or_else(|| ExrLabel::new(own(), None));
                self.encoder = Some(write_still(path, settings, &rendered, label)?);
                Ok(())
            }
            PictureOutput::Sheet { sheet, .. } => {
                sheet.place(&rendered, &facts.field("frame", index), &facts.field("timecode", index));
                Ok(())
            }
            PictureOutput::Copied { .. } => Ok(()),
        }
    }

    /// Whether it has the sound of this number.
    pub(super) fn has_sound_of(&self, number: usize) -> bool {
        self.sounds.iter().any(|sound| sound.number == number)
    }

    /// The same of the sound of this number.
    pub(super) fn write_sound_of(&mut self, number: usize, samples: &Samples) -> Result<()> {
        let mut own = self.sounds.iter_mut().enumerate();
        let Some((stream, sound)) = own.find(|(_, sound)| sound.number == number) else { return Ok(()) };
        let place = |sample: i64| usize::try_from(sample - sound.done).unwrap_or(0).min(samples.len());
        let part = place(sound.range.0)..place(sound.range.1);
        sound.done += i64::try_from(samples.len()).unwrap_or(0);
        match &mut self.output {
            PictureOutput::Frames(writer) if part == (0..samples.len()) => writer.write_sound_of(stream, samples),
            PictureOutput::Frames(writer) if part.is_empty() => Ok(()),
            PictureOutput::Frames(writer) => writer.write_sound_of(stream, &samples.part(part)),
            PictureOutput::Copied { pictures, .. } if part == (0..samples.len()) => {
                pictures.write_sound_of(stream, samples)
            }
            PictureOutput::Copied { .. } if part.is_empty() => Ok(()),
            PictureOutput::Copied { pictures, .. } => pictures.write_sound_of(stream, &samples.part(part)),
            PictureOutput::Poster { .. } | PictureOutput::Sheet { .. } => Ok(()),
        }
        .map_err(|error| at(self.representation, error))
    }

    /// The picture as it is written: converted, scaled, and drawn upon.
    fn rendered(&mut self, picture: &SourcePicture<'_>, index: i64) -> Result<Video> {
        let converted = self.converted(picture, index)?;
        if self.painter.is_idle() {
            return Ok(converted);
        }
        let mut own = converted;
        if !frames::is_own(&mut own) {
            let mut copy = self.converter.blank(&self.coding)?;
            pixels::paste(&own, &mut copy, &PixelInfo::need(self.coding.format)?, (0, 0))?;
            own = copy;
        }
        let value = |field: &str| burnt_in(field, index, self.representation, &self.today, self.facts);
        self.painter.paint(&mut own, value, &mut self.converter)?;
        Ok(own)
    }
}

impl RepresentationSink<'_> {
    /// The picture in the representation's own format and size.
    fn converted(&mut self, picture: &SourcePicture<'_>, index: i64) -> Result<Video> {
        let rect = self.shape.rect(Converter::alignment(self.coding.format));
        let (fields, coding) = (self.keeps_fields, self.coding);
        let transform = match &self.baked {
            Some(Baked { transform: Some(transform), .. }) => transform,
            // The transfer characteristic is carried, not converted.
            Some(_) => {
                let color = ColorTags { transfer: coding.color.transfer, ..picture.color };
                return self.converted_plainly(&SourcePicture { color, ..*picture });
            }
            None => return self.converted_plainly(picture),
        };
        let size = (rect.width, rect.height);
        let mut image = self.viewed.picture((picture, index, fields), size, transform, self.threads)?;
        if rect != Rect::whole(coding.width, coding.height) {
            let mut canvas = RgbaF32::black(coding.width, coding.height);
            picture::paste(&mut canvas, &image, rect.x, rect.y);
            image = canvas;
        }
        self.converter.interlaced(fields, |converter| singles::write(image, &coding, converter))
    }

    fn converted_plainly(&mut self, picture: &SourcePicture<'_>) -> Result<Video> {
        let rect = self.shape.rect(Converter::alignment(self.coding.format));
        let (fields, coding) = (self.keeps_fields, self.coding);
        let converted = self.converter.interlaced(fields, |converter| converter.convert(picture, &coding, rect))?;
        converted.map_or_else(|| frames::share(picture.frame), Ok)
    }
}

/// A picture is asked for where the representation shows it; what comes unasked is left.
impl Sink for RepresentationSink<'_> {
    fn wants(&self, index: i64) -> bool {
        self.selection.times(index) > 0
    }

    fn keeps_fields(&self) -> bool {
        self.keeps_fields
    }

    fn variant(&self) -> Variant {
        self.variant
    }

    fn write(&mut self, picture: Option<&SourcePicture<'_>>, index: i64) -> Result<()> {
        let representation = self.representation;
        match (self.selection.times(index), picture) {
            (0, _) | (_, None) => Ok(()),
            (times, Some(picture)) => {
                self.entered(|sink| sink.shown(picture, index, times)).map_err(|error| at(representation, error))
            }
        }
    }

    fn write_sound(&mut self, samples: &Samples) -> Result<()> {
        self.write_sound_of(0, samples)
    }

    /// # Errors
    /// [`ErrorKind::Verify`] when not all the pictures came that it was opened for.
    fn finish(self: Box<Self>, frames: i64) -> Result<FinishedSink> {
        let RepresentationSink {
            representation,
            output,
            selection,
            mut converter,
            mut notes,
            mut encoder,
            mut format,
            labels,
            scope,
            ..
        } = *self;
        let _entered = scope.enter();
        notes.extend(labels.and_then(|labels| labels.note()));
        let planned = selection.total(frames);
        let written = match output {
            PictureOutput::Frames(writer) => {
                encoder = writer.encoder().map(str::to_owned);
                writer.finish()
            }
            PictureOutput::Poster { written, .. } => Ok(written),
            PictureOutput::Copied { pictures, .. } => {
                (encoder, format) = (pictures.encoder(), pictures.format());
                pictures.finish()
            }
            PictureOutput::Sheet { path, settings, sheet } => {
                write_page(&sheet, path, settings, &mut converter).map(|(name, made)| {
                    encoder = Some(name);
                    format = made;
                    sheet.placed()
                })
            }
        };
        let short =
            |written| Error::new(ErrorKind::Verify, format!("{written} frames were written, {planned} planned"));
        match written {
            Ok(written) if written == planned => Ok(FinishedSink { encoder, format, notes }),
            Ok(written) => Err(at(representation, short(written))),
            Err(error) => Err(at(representation, error)),
        }
    }
}

/// What stands for `field` in picture `index` of `representation`.
fn burnt_in(field: &str, index: i64, representation: &Representation, today: &str, facts: &dyn Facts) -> String {
    match field {
        "representation" => representation.name.clone(),
        "date" => today.to_owned(),
        field => facts.field(field, index),
    }
}

/// Pixel format, as FFmpeg names it, width and height, where they are known.
type PictureFormat = Option<(String, (u32, u32))>;

/// Those of what is made with `settings`.
fn pictures_of(settings: &OutputSettings) -> PictureFormat {
    Some((settings.format_in_files()?, (settings.width, settings.height)))
}

/// Writes the page of a contact sheet; of the settings, the preset counts. Returns the encoder's name, and what it made.
fn write_page(
    sheet: &Sheet,
    path: &Path,
    mut settings: OutputSettings,
    converter: &mut Converter,
) -> Result<(String, PictureFormat)> {
    let page = sheet.picture()?;
    let preset = &settings.preset;
    let (width, height) = preset.nearest_size(page.width(), page.height());
    settings.format = preset.pixel_format(FormatRequest { source: page.format(), alpha: false }, width, height)?;
    settings.color = preset.color_tags(settings.format, ColorTags::SRGB);
    (settings.width, settings.height) = (width, height);
    let source = SourcePicture { frame: &page, color: ColorTags::SRGB, premultiplied: false };
    let converted = converter.convert(&source, &settings.target(), Rect::whole(width, height))?;
    let encoder = write_still(path, &settings, converted.as_ref().unwrap_or(&page), ExrLabel::default())?;
    Ok((encoder, pictures_of(&settings)))
}
