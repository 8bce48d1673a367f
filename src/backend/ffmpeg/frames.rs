//! Pictures in memory: any frame of any shot, without a file.

use std::sync::LazyLock;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::chroma_site::ChromaSite;
use super::convert::{Converter, RGBA16, SourcePicture, TargetFormat};
use super::render::{CanvasFrame, CanvasReader};
use super::session::{FfmpegBackend, FfmpegSession};
use super::singles::{self, Alpha};
use crate::codec::png;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{self, Rect};
use crate::plan::{Canvas, ColorTags, Plan, Shot};

/// How pictures in memory are made.
///
/// ```
/// use otio_conflate::backend::ffmpeg::{FrameOptions, SampleDepth};
///
/// let small = FrameOptions::default().size(320, 180).depth(SampleDepth::U16);
/// assert_eq!(small.size, Some((320, 180)));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FrameOptions {
    /// What shots would be written as: pictures are what a lossless preset would write. `png` by default: RGB in the canvas's
    /// own transfer characteristic. `exr` gives light.
    pub preset: Preset,
    /// The kind of samples.
    pub depth: SampleDepth,
    /// Whether colour is multiplied by alpha; straight by default.
    pub premultiplied: bool,
    /// Width and height in pixels; `None`: the canvas's.
    pub size: Option<(u32, u32)>,
}

/// The kind of samples that a picture in memory has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SampleDepth {
    /// 8 bits, full range.
    #[default]
    U8,
    /// 16 bits, full range.
    U16,
    /// 32-bit floats: 1 is white, or of light its unit.
    F32,
}

impl Default for FrameOptions {
    fn default() -> FrameOptions {
        let preset = Preset::by_name("png").expect("a preset of this crate");
        FrameOptions { preset, depth: SampleDepth::U8, premultiplied: false, size: None }
    }
}

impl FrameOptions {
    /// With samples of this kind.
    #[must_use]
    pub fn depth(mut self, depth: SampleDepth) -> FrameOptions {
        self.depth = depth;
        self
    }

    /// With colour multiplied by alpha, or straight.
    #[must_use]
    pub fn premultiplied(mut self, premultiplied: bool) -> FrameOptions {
        self.premultiplied = premultiplied;
        self
    }

    /// With pictures of this width and height in pixels.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> FrameOptions {
        self.size = Some((width, height));
        self
    }

    /// With pictures as `preset` would write them.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> FrameOptions {
        self.preset = preset;
        self
    }
}

/// A picture in memory: interleaved RGBA, line by line from the top, without padding.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FramePicture {
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// `width × height × 4` samples: red, green, blue, alpha.
    pub samples: FrameSamples,
    /// Whether colour is multiplied by alpha.
    pub premultiplied: bool,
    /// What the values mean; the matrix says nothing of RGB.
    pub color: ColorTags,
}

/// The samples of a picture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FrameSamples {
    /// 8 bits.
    U8(Vec<u8>),
    /// 16 bits, in the machine's order.
    U16(Vec<u16>),
    /// 32-bit floats.
    F32(Vec<f32>),
}

impl FramePicture {
    /// Its samples of 8 bits, if it has such.
    pub fn as_u8(&self) -> Option<&[u8]> {
        if let FrameSamples::U8(samples) = &self.samples { Some(samples) } else { None }
    }

    /// Its samples of 16 bits, if it has such.
    pub fn as_u16(&self) -> Option<&[u16]> {
        if let FrameSamples::U16(samples) = &self.samples { Some(samples) } else { None }
    }

    /// Its floats, if it has such.
    pub fn as_f32(&self) -> Option<&[f32]> {
        if let FrameSamples::F32(samples) = &self.samples { Some(samples) } else { None }
    }
}

impl FramePicture {
    /// A PNG file of it, with its colour tags and straight alpha.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for floats and for colour that is multiplied by alpha.
    pub fn png(&self) -> Result<Vec<u8>> {
        let samples: std::borrow::Cow<'_, [u8]> = match &self.samples {
            FrameSamples::U8(samples) if !self.premultiplied => samples.into(),
            FrameSamples::U16(samples) if !self.premultiplied => {
                samples.iter().flat_map(|sample| sample.to_be_bytes()).collect::<Vec<u8>>().into()
            }
            _ => {
                let what = "PNG files hold integers with straight alpha; expected a picture of 8 or 16 bits that is not \
                            premultiplied";
                return Err(Error::new(ErrorKind::Option, what));
            }
        };
        let deep = matches!(self.samples, FrameSamples::U16(_));
        let setup = png::PngSetup { width: self.width, height: self.height, alpha: true, deep, level: None };
        let description = png::PngDescription::default().color((self.color.primaries, self.color.transfer));
        let line = usize::try_from(self.width).map_or(usize::MAX, |width| width * if deep { 8 } else { 4 });
        png::PngEncoder::new(setup, description)?.encode(&samples, line)
    }
}

impl FfmpegBackend {
    /// Opens what the shots of `plan` need, to make pictures of them in memory: 8-bit RGBA with straight alpha, of the canvas's
    /// size.
    ///
    /// ```no_run
    /// use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
    /// use otio_conflate::{Plan, PlanOptions, Timeline};
    ///
    /// let plan = Plan::with_media(&Timeline::open("cut.otio")?, &PlanOptions::default(), &FfmpegLookup::new())?;
    /// let frames = FfmpegBackend::new().frames(&plan)?;
    /// let mut reader = frames.reader();
    /// let picture = reader.frame(100)?;
    /// println!("{} × {}: {:?}", picture.width, picture.height, &picture.as_u8().expect("8 bits")[..4]);
    /// for shot in &plan.shots {
    ///     let thumbnail = reader.thumbnail(shot, 160)?;
    ///     println!("{}: {} × {}", shot.name, thumbnail.width, thumbnail.height);
    /// }
    /// # Ok::<(), otio_conflate::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Backend::open`](crate::backend::Backend::open).
    pub fn frames<'a>(&self, plan: &'a Plan) -> Result<Frames<'a>> {
        static USUAL: LazyLock<FrameOptions> = LazyLock::new(FrameOptions::default);
        self.frames_as(plan, &USUAL)
    }

    /// The same, with pictures as `options` say.
    ///
    /// # Errors
    /// As [`FfmpegBackend::frames`]; [`ErrorKind::Option`] for a size of nothing.
    pub fn frames_as<'a>(&self, plan: &'a Plan, options: &'a FrameOptions) -> Result<Frames<'a>> {
        if options.size.is_some_and(|(width, height)| width == 0 || height == 0 || width.max(height) > LARGEST) {
            return Err(Error::new(
                ErrorKind::Option,
                format!("invalid size of pictures; expected sides of 1 to {LARGEST} pixels"),
            ));
        }
        Ok(Frames { session: self.session(plan, &options.preset)?, options })
    }
}

/// A plan whose media have been opened, to make pictures of its shots in memory. [`Frames::reader`] gives one reader per
/// thread.
#[derive(Debug)]
pub struct Frames<'a> {
    session: FfmpegSession<'a>,
    options: &'a FrameOptions,
}

impl<'a> Frames<'a> {
    /// The canvas that frames have before they are scaled.
    pub fn canvas(&self) -> Canvas {
        self.session.scene().canvas
    }

    /// The plan.
    pub fn plan(&self) -> &'a Plan {
        self.session.scene().plan
    }

    /// A reader for one thread: it costs what a worker of a run costs. Decoders stay open, so that frames in order are quick.
    pub fn reader(&self) -> FrameReader<'_> {
        let threads = crate::threads::available();
        let reader = CanvasReader::new(self.session.scene(), threads);
        FrameReader { reader, converter: Converter::new(), plan: self.plan(), options: self.options }
    }
}

/// Makes pictures of one frame after another, in any order.
pub struct FrameReader<'f> {
    reader: CanvasReader<'f>,
    converter: Converter,
    plan: &'f Plan,
    options: &'f FrameOptions,
}

/// Longest side of a picture in pixels.
const LARGEST: u32 = 32_768;

impl FrameReader<'_> {
    /// The picture of the cut at record frame `record`, counted from the cut's first, as the first shot has it that shows it
    /// between its handles, else in them.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] where no shot shows that frame; what a run would fail with.
    pub fn frame(&mut self, record: i64) -> Result<FramePicture> {
        let shots = &self.plan.shots;
        let whole = |shot: &Shot| (shot.start..shot.start + shot.frame_count).contains(&record);
        let cut = |shot: &Shot| (shot.start + shot.head..shot.start + shot.frame_count - shot.tail).contains(&record);
        let index = shots.iter().position(cut).or_else(|| shots.iter().position(whole));
        let unseen = || Error::new(ErrorKind::Option, format!("no shot shows record frame {record}"));
        self.picture(index.ok_or_else(unseen)?, record, self.options.size)
    }

    /// The picture of `shot`, one of the plan's, whose file gives the frame the number `number`.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] where the plan has no such shot, or the shot no such frame; what a run would fail with.
    pub fn frame_of(&mut self, shot: &Shot, number: i64) -> Result<FramePicture> {
        let record = shot.start.saturating_add(number.saturating_sub(shot.first_frame));
        self.picture(self.index(shot)?, record, self.options.size)
    }

    /// The frame in the middle of `shot`, without handles, in a picture of this width; its height follows.
    ///
    /// # Errors
    /// As [`FrameReader::frame_of`].
    pub fn thumbnail(&mut self, shot: &Shot, width: u32) -> Result<FramePicture> {
        let record = shot.start + shot.head + (shot.frame_count - shot.head - shot.tail) / 2;
        let canvas = self.reader.canvas();
        // As it is shown: with square pixels.
        let aspect = f64::from(canvas.width) * canvas.pixel_aspect.to_f64() / f64::from(canvas.height);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
        let height = (f64::from(width) / aspect).round().max(1.0) as u32;
        if width.max(height) > LARGEST {
            let what = format!("invalid width {width} of a thumbnail; expected sides of 1 to {LARGEST} pixels");
            return Err(Error::new(ErrorKind::Option, what));
        }
        self.picture(self.index(shot)?, record, Some((width.max(1), height)))
    }

    fn index(&self, shot: &Shot) -> Result<usize> {
        let same = |own: &Shot| std::ptr::eq(own, shot) || own == shot;
        let unknown = || Error::new(ErrorKind::Option, format!("the plan has no shot {:?}", shot.name));
        self.plan.shots.iter().position(same).ok_or_else(unknown)
    }

    fn picture(&mut self, index: usize, record: i64, size: Option<(u32, u32)>) -> Result<FramePicture> {
        let shot = &self.plan.shots[index];
        let made = self
            .reader
            .frame(index, record)
            .and_then(|frame| self.converted(&frame, size.unwrap_or((frame.frame.width(), frame.frame.height()))));
        made.map_err(|error| error.context(format!("shot {:?}", shot.name)).at_object(&shot.object))
    }

    /// A frame as the options want it.
    fn converted(&mut self, canvas: &CanvasFrame, (width, height): (u32, u32)) -> Result<FramePicture> {
        let premultiplied = self.options.premultiplied;
        let color = ColorTags { full_range: true, matrix: 0, ..canvas.color };
        let source = SourcePicture { frame: &canvas.frame, color: canvas.color, premultiplied: canvas.premultiplied };
        let format = match self.options.depth {
            SampleDepth::U8 => Pixel::RGBA,
            SampleDepth::U16 => RGBA16,
            SampleDepth::F32 => {
                let samples = FrameSamples::F32(floats(&source, (width, height), premultiplied)?);
                return Ok(FramePicture { width, height, samples, premultiplied, color });
            }
        };
        let target = TargetFormat { format, width, height, color, premultiplied, chroma: ChromaSite::default() };
        let converted = self.converter.convert(&source, &target, Rect::whole(width, height))?;
        let frame = converted.as_ref().unwrap_or(&canvas.frame);
        let samples = match self.options.depth {
            SampleDepth::U16 => {
                let pairs = lines(frame, width as usize * 8);
                FrameSamples::U16(pairs.as_chunks::<2>().0.iter().map(|pair| u16::from_ne_bytes(*pair)).collect())
            }
            _ => FrameSamples::U8(lines(frame, width as usize * 4)),
        };
        Ok(FramePicture { width, height, samples, premultiplied, color })
    }
}

/// The lines of an interleaved frame, `bytes` each, without padding.
fn lines(frame: &Video, bytes: usize) -> Vec<u8> {
    let (data, stride) = (frame.data(0), frame.stride(0));
    data.chunks(stride).take(frame.height() as usize).flat_map(|line| &line[..bytes]).copied().collect()
}

/// A frame as interleaved floats.
fn floats(source: &SourcePicture<'_>, (width, height): (u32, u32), premultiplied: bool) -> Result<Vec<f32>> {
    let (mut image, alpha) = singles::read(source)?;
    let is_scaled = (image.width, image.height) != (width, height);
    // Scaled are colours as they are seen.
    let multiply = alpha == Alpha::Straight && (is_scaled || premultiplied);
    if multiply {
        singles::transformed(&mut image, alpha, None, 1);
    }
    if is_scaled {
        image = picture::resample(&image, width, height);
    }
    let has_straight = alpha == Alpha::Straight && !multiply;
    if alpha != Alpha::None && !premultiplied && !has_straight {
        for pixel in image.data.as_chunks_mut::<4>().0 {
            let alpha = pixel[3];
            if alpha != 0.0 {
                pixel[..3].iter_mut().for_each(|value| *value /= alpha);
            }
        }
    }
    Ok(image.data)
}
