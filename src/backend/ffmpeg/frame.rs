//! A decoded picture: shared pixels plus what has to be known to show them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::sys::expand::expanded;
use super::sys::pixel_info::PixelInfo;
use super::sys::read as sys;
use super::{light_curve, rgb_samples};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::ColorTags;
use crate::time::Ratio;

/// A decoded picture. Clones share the pixels, which nobody changes any more.
#[derive(Clone)]
pub struct Frame(Arc<FrameData>);

struct FrameData {
    av: Video,
    color: ColorTags,
    pixel_aspect: Ratio,
    has_alpha: bool,
    premultiplied: bool,
    pts: Option<i64>,
}

/// What a frame's file knows about it better than the frame does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameContext {
    /// The stream's colour numbers: range, matrix, primaries, transfer; 2 (or 0 for the range) where it has none.
    pub(crate) stream_color: [i32; 4],
    /// The pixel aspect of the file.
    pub(crate) pixel_aspect: Ratio,
    /// What kind of file it is.
    pub(crate) origin: Origin,
}

/// What kind of file a frame comes from, as far as that decides what untagged samples mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A movie.
    Movie,
    /// A still of computer graphics or photography: full range, sRGB.
    Still,
    /// Scene-linear with premultiplied alpha; or with this transfer characteristic applied once it is decoded.
    Exr(Option<u8>),
    /// EXR with values that are what these tags say.
    ExrTagged(ColorTags),
}

impl Frame {
    /// Takes a decoded picture over.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when the picture is of a format that cannot be read in memory.
    pub(crate) fn new(av: Video, context: &FrameContext) -> Result<Frame> {
        let Some(info) = PixelInfo::of(av.format()) else {
            let what = "the decoder gave a picture of a pixel format that is newer than what this was built with";
            return Err(Error::new(ErrorKind::Decode, what));
        };
        let refuse = |error: Error| Error::new(ErrorKind::Decode, format!("{error:#}"));
        if !matches!(av.format(), Pixel::PAL8 | Pixel::MonoBlack | Pixel::MonoWhite) {
            info.check().map_err(refuse)?;
        }
        let av = sys::top_down(av)
            .map_err(|cause| Error::new(ErrorKind::Decode, "a picture could not be copied").because(cause))?;
        let av = expanded(av, matches!(context.origin, Origin::Still))
            .map_err(|cause| Error::new(ErrorKind::Decode, "a palette could not be read").because(cause))?;
        let info = PixelInfo::need(av.format())?;
        // Whichever floats a version of FFmpeg gives: they are one kind from here on.
        let curve = match context.origin {
            Origin::Exr(Some(transfer)) => light_curve::curve_between(ColorTags::LINEAR, transfer)?,
            _ => None,
        };
        let av = match rgb_samples::in_singles(&av, &info, curve)? {
            Some(singles) => singles,
            None => av,
        };
        let Some(info) = PixelInfo::of(av.format()).filter(PixelInfo::is_in_memory) else {
            return Err(Error::new(ErrorKind::Decode, "the decoder gave a picture that is not in memory"));
        };
        let color = resolve_color(&av, &info, context);
        let pts = av.pts();
        Ok(Frame(Arc::new(FrameData {
            color,
            pixel_aspect: context.pixel_aspect,
            has_alpha: info.alpha,
            premultiplied: info.alpha && matches!(context.origin, Origin::Exr(_) | Origin::ExrTagged(_)),
            pts,
            av,
        })))
    }

    /// Other pixels in the place of these.
    pub(crate) fn with_pixels(&self, av: Video, color: ColorTags, premultiplied: bool) -> Frame {
        let has_alpha = PixelInfo::of(av.format()).is_some_and(|info| info.alpha);
        Frame(Arc::new(FrameData {
            av,
            color,
            pixel_aspect: self.0.pixel_aspect,
            has_alpha,
            premultiplied,
            pts: self.0.pts,
        }))
    }

    /// The same picture without fields.
    pub(crate) fn progressive(&self, av: Video) -> Frame {
        self.with_pixels(av, self.0.color, self.0.premultiplied)
    }

    /// The same picture turned: `av` instead of these pixels, and with `swapped` sides.
    pub(crate) fn rotated(&self, av: Video, swapped: bool) -> Frame {
        let aspect = self.0.pixel_aspect;
        let has_alpha = PixelInfo::of(av.format()).is_some_and(|info| info.alpha);
        Frame(Arc::new(FrameData {
            color: self.0.color,
            pixel_aspect: if swapped && aspect != Ratio::ZERO { Ratio::ONE / aspect } else { aspect },
            has_alpha,
            premultiplied: self.0.premultiplied,
            pts: self.0.pts,
            av,
        }))
    }

    /// Pixels in a line.
    pub fn width(&self) -> u32 {
        self.0.av.width()
    }

    /// Lines.
    pub fn height(&self) -> u32 {
        self.0.av.height()
    }

    /// FFmpeg's name for how samples lie in memory.
    pub fn format(&self) -> Pixel {
        self.0.av.format()
    }

    /// What the sample values mean. Nothing in it is unspecified.
    pub fn color(&self) -> ColorTags {
        self.0.color
    }

    /// Width of a pixel over its height.
    pub fn pixel_aspect(&self) -> Ratio {
        self.0.pixel_aspect
    }

    /// Whether there is an alpha component.
    pub fn has_alpha(&self) -> bool {
        self.0.has_alpha
    }

    /// Whether the colour components are multiplied by alpha already, as in EXR files; elsewhere alpha is straight.
    pub fn is_premultiplied(&self) -> bool {
        self.0.premultiplied
    }

    /// When the file shows it, in ticks of the stream's time base.
    pub fn pts(&self) -> Option<i64> {
        self.0.pts
    }

    /// The bytes of plane `index`, from the first line's first sample to the last line's last, and the distance from
    /// one line to the next in bytes. Empty, with distance 0, for a plane that the format does not have. Samples of
    /// more than 8 bits are in the byte order that [`Frame::format`] names.
    pub fn plane(&self, index: usize) -> (&[u8], usize) {
        sys::plane(&self.0.av, index)
    }

    /// FFmpeg's frame, to be read.
    pub fn as_av(&self) -> &Video {
        &self.0.av
    }

    /// A frame of FFmpeg's own that shares these pixels; timestamps and tags may be set on it.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] when memory runs out.
    pub fn to_av(&self) -> Result<Video> {
        sys::share(&self.0.av)
            .map_err(|cause| Error::new(ErrorKind::Decode, "a picture could not be shared").because(cause))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("size", &(self.width(), self.height()))
            .field("format", &self.format())
            .field("color", &self.color())
            .field("pts", &self.pts())
            .finish_non_exhaustive()
    }
}

fn resolve_color(av: &Video, info: &PixelInfo, context: &FrameContext) -> ColorTags {
    resolve_tags(sys::frame_color(av), av.format(), info, av.height(), context)
}

/// What sample values mean: the frame's own tags, then the stream's, then what is usual for such pictures.
pub(crate) fn resolve_tags(
    own: [i32; 4],
    format: Pixel,
    info: &PixelInfo,
    height: u32,
    context: &FrameContext,
) -> ColorTags {
    let jpeg =
        matches!(format, Pixel::YUVJ411P | Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ440P | Pixel::YUVJ444P);
    let gray = info.components.len() <= 2 && !info.rgb;
    let usual = match context.origin {
        Origin::Exr(applied) => ColorTags { transfer: applied.unwrap_or(ColorTags::LINEAR), ..ColorTags::LINEAR_RGB },
        Origin::ExrTagged(color) => return ColorTags { full_range: true, matrix: 0, ..color },
        _ if info.rgb => ColorTags::SRGB,
        Origin::Still if gray => ColorTags { full_range: true, matrix: 1, ..ColorTags::SRGB },
        // JFIF: full range, the matrix of BT.601.
        Origin::Still => ColorTags { full_range: true, matrix: 5, ..ColorTags::SRGB },
        // FFmpeg reads and writes gray as full range wherever nothing else is said.
        Origin::Movie => ColorTags { full_range: jpeg || gray, ..ColorTags::untagged(height) },
    };
    let tag = |which: usize, usual: u8| {
        [own[which], context.stream_color[which]]
            .into_iter()
            .find_map(|code| u8::try_from(code).ok().filter(|code| !matches!(code, 0 | 2 | 3)))
            .unwrap_or(usual)
    };
    if let Origin::Exr(_) = context.origin {
        return ColorTags { primaries: tag(2, usual.primaries), ..usual };
    }
    if info.rgb {
        return ColorTags { primaries: tag(2, usual.primaries), transfer: tag(3, usual.transfer), ..usual };
    }
    let full_range = match (own[0], context.stream_color[0]) {
        _ if jpeg => true,
        (2, _) | (0, 2) => true,
        (1, _) | (0, 1) => false,
        _ => usual.full_range,
    };
    let matrix = tag(1, usual.matrix);
    // A tagged matrix of HD or UHD says more about the rest than the height does. BT.601's says nothing: JPEG always has
    // it.
    let (primaries, transfer) = match (context.origin, matrix) {
        (Origin::Movie, 1 | 9) => (matrix, if usual.transfer == 6 { 1 } else { usual.transfer }),
        _ => (usual.primaries, usual.transfer),
    };
    ColorTags { full_range, matrix, primaries: tag(2, primaries), transfer: tag(3, transfer) }
}

/// An error about a file that is there but cannot be decoded.
pub(crate) fn undecodable(path: &Path, why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Decode, format!("cannot decode {}: {why}", path.display())).at_file(path)
}
