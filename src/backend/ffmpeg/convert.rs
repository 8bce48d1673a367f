//! From one pixel format, size and set of colour tags to another.
//!
//! What is converted: pixel format, matrix, range, size, and straight alpha to premultiplied and back. Transfer
//! characteristics and primaries are carried, not converted, with one exception: between linear and display-referred
//! pictures a curve is applied. Linear light (EXR) going into a picture with any other transfer characteristic is
//! encoded with that picture's curve (sRGB's, a pure gamma, or BT.709's for the video characteristics), after being cut
//! to 0..=1; the reverse happens for a linear target. PQ and HLG say how bright white is, which linear files do not:
//! between those and linear light there is no conversion, and asking for one is an error.

use std::borrow::Cow;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::Video;

use super::chroma_site::ChromaSite;
use super::light_curve;
use super::pixels::{self, full_range_twin};
use super::rgb_samples;
use super::sys::frames::{self, FramePool, Scaler, ScalerSide};
use super::sys::pixel_info::PixelInfo;
use super::{ten_bits, yuv};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{self, Rect, Rgba16, Rotation};
use crate::plan::ColorTags;

/// The format of [`Rgba16`] as FFmpeg names it.
pub(super) const RGBA16: Pixel = if cfg!(target_endian = "big") { Pixel::RGBA64BE } else { Pixel::RGBA64LE };

/// How many conversions a [`Converter`] keeps ready.
const KEPT: usize = 12;

/// Between YUV formats: chroma is interpolated the way the FFmpeg command line does it by default.
const PLAIN: &str = "bicubic";
/// Where RGB is involved: no shortcuts in rounding, and chroma for every pixel.
const EXACT: &str = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp";

/// A frame and how its samples are to be read.
#[derive(Clone, Copy)]
pub struct SourcePicture<'a> {
    /// The frame.
    pub frame: &'a Video,
    /// Its colour tags; the matrix of RGB formats is not looked at.
    pub color: ColorTags,
    /// Whether its colour is multiplied by its alpha already. Without alpha, no matter.
    pub premultiplied: bool,
}

/// What a frame is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetFormat {
    /// Its pixel format.
    pub format: Pixel,
    /// Pixels in a line.
    pub width: u32,
    /// Lines.
    pub height: u32,
    /// Its colour tags.
    pub color: ColorTags,
    /// Whether colour is to be multiplied by alpha. Without alpha, no matter.
    pub premultiplied: bool,
    /// Where its chroma samples lie, if it has fewer of them.
    pub chroma: ChromaSite,
}

/// Converts frames, and keeps what it set up for the next frame of the same kind.
#[derive(Debug, Default)]
pub struct Converter {
    scalers: Vec<((ScalerSide, ScalerSide), Scaler)>,
    pool: FramePool,
    /// Each field is converted on its own, where lines are made of several.
    by_fields: bool,
}

impl Converter {
    /// A converter that has nothing set up yet.
    pub fn new() -> Converter {
        Converter::default()
    }

    /// Does this with interlaced frames, or with whole ones: where the number of chroma lines changes, each field is
    /// converted on its own.
    pub(super) fn interlaced<T>(&mut self, interlaced: bool, work: impl FnOnce(&mut Converter) -> T) -> T {
        let before = std::mem::replace(&mut self.by_fields, interlaced);
        let result = work(self);
        self.by_fields = before;
        result
    }

    /// Whether frames of this height and format have to be taken apart into fields.
    fn splits(&self, height: u32, chroma: u32) -> bool {
        self.by_fields && chroma > 0 && height.is_multiple_of(4)
    }

    /// The columns and lines that a rectangle has to lie on multiples of for the fast path into `format`.
    pub fn alignment(format: Pixel) -> (u32, u32) {
        PixelInfo::of(format).map_or((1, 1), |info| (1 << info.chroma_shift.0, 1 << info.chroma_shift.1))
    }

    /// A frame of undefined content, tagged as `target` says, from memory that is used again once nobody refers to
    /// the frame any more.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when there is no memory.
    pub fn blank(&mut self, target: &TargetFormat) -> Result<Video> {
        let mut frame = self.pool.frame(target.format, target.width, target.height, target.color)?;
        // Where nothing is said they are taken to lie on the left.
        if target.chroma == ChromaSite::Center && !PixelInfo::need(target.format)?.rgb {
            frames::center_chroma(&mut frame);
        }
        Ok(frame)
    }

    /// A frame of opaque black.
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] when there is no memory, [`ErrorKind::Unsupported`] for a format black is not known of.
    pub fn black(&mut self, target: &TargetFormat) -> Result<Video> {
        let mut frame = self.blank(target)?;
        let info = PixelInfo::need(target.format)?;
        pixels::fill_black(&mut frame, &info, target.color.full_range, None)?;
        Ok(frame)
    }

    /// Scales `source` into `rect` of a `target`; what lies outside of `rect` is opaque black. `None`: the source is
    /// what is asked for already, and nothing was copied.
    ///
    /// A source with alpha going into a format without is laid on black.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when there is no such conversion, [`ErrorKind::Encode`] when it fails.
    pub fn convert(&mut self, source: &SourcePicture<'_>, target: &TargetFormat, rect: Rect) -> Result<Option<Video>> {
        let (from, to) = (PixelInfo::need(source.frame.format())?, PixelInfo::need(target.format)?);
        from.check()?;
        to.check()?;
        let whole = rect == Rect::whole(target.width, target.height);
        if !whole {
            pixels::can_hold_black(&to)?;
        }
        let same_size = (source.frame.width(), source.frame.height()) == (rect.width, rect.height);
        let lines_change = from.chroma_shift.1 != to.chroma_shift.1;
        let (chroma, height) = (from.chroma_shift.1.max(to.chroma_shift.1), target.height);
        if whole && same_size && lines_change && self.splits(height, chroma) && frames::is_top_down(source.frame) {
            return self.convert_fields(source, target, &to).map(Some);
        }
        let curve = light_curve::curve_between(source.color.transfer, target.color.transfer)?.is_some();
        let same_alpha = from.alpha == to.alpha && (!from.alpha || source.premultiplied == target.premultiplied);
        let same_colors = !curve && same_coding(source, &from, target, &to);

        if whole && same_size && same_colors && same_alpha {
            let (plain, full) = full_range_twin(source.frame.format());
            if source.frame.format() == target.format {
                return Ok(None);
            }
            if full && plain == target.format {
                return frames::relabel(source.frame, target.format).map(Some);
            }
        }
        // Alpha may stay as it is only where no pixel is made out of several.
        let alpha_stays = !from.alpha || (same_alpha && same_size && whole);
        let mixed_matrices = !from.rgb && !to.rgb && !same_matrix(source.color.matrix, target.color.matrix);
        // Within YUV, swscale is as good as it is fast; into and out of RGB it is neither.
        // So it is with grey, whose range it does not look at.
        let [rgb, into_rgb] = [&from, &to].map(|info| info.rgb || info.components.len() < 3);
        let exact =
            (rgb && (into_rgb || yuv::is_yuv(&to))) || (into_rgb && (same_size || !to.rgb) && yuv::is_yuv(&from));
        let reach = frames::is_scalable(full_range_twin(source.frame.format()).0, full_range_twin(target.format).0);
        if curve || !alpha_stays || mixed_matrices || from.float || to.float || exact || !reach {
            return self.convert_in_rgb(source, target, rect).map(Some);
        }
        if whole {
            let mut out = self.blank(target)?;
            if same_size && is_limited_left(source, target) && ten_bits::convert(source.frame, &mut out)? {
                return Ok(Some(out));
            }
            self.scale(source, target, rect, &mut out, (0, 0))?;
            return Ok(Some(out));
        }
        let (x, y) = (rect.x, rect.y);
        let grid = Self::alignment(target.format);
        if x.rem_euclid(grid.0.into()) != 0 || y.rem_euclid(grid.1.into()) != 0 {
            return self.convert_in_rgb(source, target, rect).map(Some);
        }
        let mut out = self.blank(target)?;
        let corner = u32::try_from(x).ok().zip(u32::try_from(y).ok());
        match corner.filter(|&(x, _)| rect.lies_within(target.width, target.height) && aligned(&to, x)) {
            Some(corner) => self.scale(source, target, rect, &mut out, corner)?,
            None => {
                let part = TargetFormat { width: rect.width, height: rect.height, ..*target };
                let mut scaled = self.blank(&part)?;
                self.scale(source, target, rect, &mut scaled, (0, 0))?;
                pixels::paste(&scaled, &mut out, &to, (x, y))?;
            }
        }
        // Last, because swscale may write some bytes beyond the end of each line.
        pixels::fill_black(&mut out, &to, target.color.full_range, Some(rect))?;
        Ok(Some(out))
    }

    /// Each field on its own.
    fn convert_fields(&mut self, source: &SourcePicture<'_>, target: &TargetFormat, to: &PixelInfo) -> Result<Video> {
        let half = TargetFormat { height: target.height / 2, ..*target };
        let mut out = self.blank(target)?;
        for second in [false, true] {
            let field = frames::field(source.frame, second)?;
            let source = SourcePicture { frame: &field, ..*source };
            let rect = Rect::whole(half.width, half.height);
            let converted = self.interlaced(false, |converter| converter.convert(&source, &half, rect))?;
            pixels::weave(converted.as_ref().unwrap_or(&field), &mut out, to, second)?;
        }
        Ok(out)
    }

    /// The long way round, through premultiplied RGB.
    fn convert_in_rgb(&mut self, source: &SourcePicture<'_>, target: &TargetFormat, rect: Rect) -> Result<Video> {
        let mut image = self.read_rgba16(source, (rect.width, rect.height), target.color.transfer)?;
        if rect != Rect::whole(target.width, target.height) {
            let mut canvas = Rgba16::black(target.width, target.height);
            picture::paste(&mut canvas, &image, rect.x, rect.y);
            image = canvas;
        }
        self.write_rgba16(&image, target.color.transfer, target)
    }

    /// The frame as premultiplied RGBA of `size` (width, height), with the transfer characteristic `transfer`: between
    /// linear light and anything else a curve is applied. A frame without alpha comes out opaque.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when there is no such conversion, [`ErrorKind::Encode`] when it fails.
    pub fn read_rgba16(&mut self, source: &SourcePicture<'_>, size: (u32, u32), transfer: u8) -> Result<Rgba16> {
        let info = PixelInfo::need(source.frame.format())?;
        info.check()?;
        let curve = light_curve::curve_between(source.color.transfer, transfer)?;
        let straight = info.alpha && !source.premultiplied;
        let upright = frames::top_down(source.frame)?;
        let source = &SourcePicture { frame: &upright, ..*source };
        if info.float {
            let image = rgb_samples::read_floats(source.frame, &info, curve, straight)?;
            return self.resize(image, size);
        }
        if size == (source.frame.width(), source.frame.height()) && self.splits(size.1, info.chroma_shift.1) {
            let mut image = Rgba16::transparent(size.0, size.1);
            for second in [false, true] {
                let field = frames::field(source.frame, second)?;
                let source = SourcePicture { frame: &field, ..*source };
                let half = (size.0, size.1 / 2);
                let field = self.interlaced(false, |converter| converter.read_rgba16(&source, half, transfer))?;
                picture::weave(&field, &mut image, second);
            }
            return Ok(image);
        }
        // Straight colour is multiplied before it is scaled, and so is light that is still linear encoded.
        let mut image = read_rgba(source, &info)?;
        if let Some(curve) = curve {
            light_curve::apply_curve(&mut image, curve, !straight && info.alpha);
        }
        if straight {
            picture::premultiply(&mut image);
        }
        self.resize(image, size)
    }

    /// Premultiplied RGBA, whose transfer characteristic is `transfer`, as a frame. An image of another size is scaled.
    /// For a format without alpha it is laid on black.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when there is no such conversion, [`ErrorKind::Encode`] when it fails.
    #[allow(clippy::wrong_self_convention, reason = "the converter is not what is converted")]
    pub fn write_rgba16(&mut self, image: &Rgba16, transfer: u8, target: &TargetFormat) -> Result<Video> {
        let info = PixelInfo::need(target.format)?;
        info.check()?;
        let size = (target.width, target.height);
        let mut image = Cow::Borrowed(image);
        if (image.width, image.height) != size {
            image = Cow::Owned(self.resize(image.into_owned(), size)?);
        }
        if self.splits(size.1, info.chroma_shift.1) {
            let mut out = self.blank(target)?;
            let half = TargetFormat { height: size.1 / 2, ..*target };
            for second in [false, true] {
                let field = picture::field(&image, second);
                let field = self.interlaced(false, |converter| converter.write_rgba16(&field, transfer, &half))?;
                pixels::weave(&field, &mut out, &info, second)?;
            }
            return Ok(out);
        }
        let curve = light_curve::curve_between(transfer, target.color.transfer)?;
        let straight = info.alpha && !target.premultiplied;
        if info.float {
            let mut out = self.blank(target)?;
            rgb_samples::write_floats(&image, &mut out, &info, curve, straight)?;
            return Ok(out);
        }
        if let Some(curve) = curve {
            light_curve::apply_curve(image.to_mut(), curve, info.alpha);
        }
        if straight {
            picture::unpremultiply(image.to_mut());
        }
        self.from_samples(&image, target)
    }

    /// RGBA of the target's size, colour and alpha as they are, as a frame of whole numbers.
    #[allow(clippy::wrong_self_convention, reason = "the converter is not what is converted")]
    pub(super) fn from_samples(&mut self, image: &Rgba16, target: &TargetFormat) -> Result<Video> {
        let info = PixelInfo::need(target.format)?;
        let size = (target.width, target.height);
        if rgb_samples::is_written_as_rgb(&info) && target.format != RGBA16 {
            let mut out = self.blank(target)?;
            rgb_samples::write_rgb(image, &mut out, &info, target.color.full_range)?;
            return Ok(out);
        }
        if yuv::is_yuv(&info) {
            let mut out = self.blank(target)?;
            yuv::write_yuv(image, &mut out, &info, target.color, target.chroma)?;
            return Ok(out);
        }
        let mut frame = self.rgba_frame(image)?;
        if target.format == RGBA16 {
            frames::tag(&mut frame, target.color);
            return Ok(frame);
        }
        let color = ColorTags { full_range: true, matrix: 0, ..target.color };
        let source = SourcePicture { frame: &frame, color, premultiplied: target.premultiplied };
        let mut out = self.blank(target)?;
        self.scale(&source, target, Rect::whole(size.0, size.1), &mut out, (0, 0))?;
        Ok(out)
    }

    /// The frame turned as `rotation` says, in its own pixel format, or in the 4:4:4 one of the same depth where that
    /// cannot be turned (4:2:2 on its side would be 4:4:0).
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] or [`ErrorKind::Encode`] when the frame cannot be converted or turned.
    pub fn rotate(&mut self, source: &SourcePicture<'_>, rotation: Rotation) -> Result<Video> {
        self.turn(source, false, rotation)
    }

    /// As [`rotate`](Converter::rotate); if it is to be mirrored, left and right change places first.
    pub(super) fn turn(&mut self, source: &SourcePicture<'_>, mirrored: bool, rotation: Rotation) -> Result<Video> {
        if rotation == Rotation::None && !mirrored {
            return frames::share(source.frame);
        }
        let info = PixelInfo::need(source.frame.format())?;
        let (width, height) = (source.frame.width(), source.frame.height());
        let mut target = TargetFormat {
            format: source.frame.format(),
            width,
            height,
            color: source.color,
            premultiplied: source.premultiplied,
            chroma: ChromaSite::Center,
        };
        let converted;
        let (frame, info) = if pixels::can_turn(&info, rotation) {
            (source.frame, info)
        } else {
            target.format = pixels::turnable_twin(&info);
            converted = self.convert(source, &target, Rect::whole(width, height))?;
            (converted.as_ref().unwrap_or(source.frame), PixelInfo::need(target.format)?)
        };
        if rotation.swaps_sides() {
            (target.width, target.height) = (height, width);
        }
        let mut out = self.blank(&target)?;
        pixels::turn(frame, &mut out, &info, (mirrored, rotation))?;
        Ok(out)
    }

    /// Scales an image; premultiplied colour stays within its alpha.
    fn resize(&mut self, image: Rgba16, (width, height): (u32, u32)) -> Result<Rgba16> {
        if (image.width, image.height) == (width, height) {
            return Ok(image);
        }
        Ok(picture::resample(&image, width, height))
    }

    fn rgba_frame(&mut self, image: &Rgba16) -> Result<Video> {
        let mut frame = self.pool.frame(RGBA16, image.width, image.height, ColorTags::SRGB)?;
        rgb_samples::write_rgba(image, &mut frame, &PixelInfo::need(RGBA16)?)?;
        Ok(frame)
    }

    /// Scales all of the source to the size of `rect` and writes it into `out` at `corner`.
    fn scale(
        &mut self,
        source: &SourcePicture<'_>,
        target: &TargetFormat,
        rect: Rect,
        out: &mut Video,
        corner: (u32, u32),
    ) -> Result<()> {
        let (from, to) = (PixelInfo::need(source.frame.format())?, PixelInfo::need(target.format)?);
        let size = (source.frame.width(), source.frame.height());
        let site = chroma_site(source.frame);
        let from_side = side(source.frame.format(), &from, size, source.color, site);
        let to_side = side(target.format, &to, (rect.width, rect.height), target.color, target.chroma);
        let flags = if from.rgb || to.rgb { EXACT } else { PLAIN };
        let key = (from_side, to_side);
        let found = match self.scalers.iter().position(|(known, _)| *known == key) {
            // The newest stays last; the oldest goes first.
            Some(index) => self.scalers.remove(index),
            None => (key, Scaler::new(&from_side, &to_side, flags)?),
        };
        if self.scalers.len() >= KEPT {
            self.scalers.remove(0);
        }
        self.scalers.push(found);
        let (_, scaler) = self.scalers.last_mut().expect("pushed just above");
        scaler.scale(source.frame, out, corner)
    }
}

/// A frame of any format of whole numbers as RGBA of its own size, alpha as it is.
pub(super) fn read_rgba(source: &SourcePicture<'_>, info: &PixelInfo) -> Result<Rgba16> {
    if source.frame.format() == RGBA16 {
        return rgb_samples::read_rgba(source.frame, info);
    }
    let full_range = source.color.full_range || full_range_twin(source.frame.format()).1;
    if rgb_samples::is_rgb_or_grey(info) {
        return rgb_samples::read_rgb(source.frame, info, full_range);
    }
    info.check()?;
    let color = ColorTags { full_range, ..source.color };
    yuv::read_yuv(source.frame, info, color, chroma_site(source.frame))
}

fn side(
    format: Pixel,
    info: &PixelInfo,
    (width, height): (u32, u32),
    color: ColorTags,
    site: ChromaSite,
) -> ScalerSide {
    let (plain, full) = full_range_twin(format);
    let position = |shift: u32, at: i32| if shift == 0 { -513 } else { at };
    let (across, down) = match site {
        ChromaSite::Left => (0, 128),
        ChromaSite::Center => (128, 128),
        ChromaSite::TopLeft => (0, 0),
    };
    ScalerSide {
        format: plain,
        width,
        height,
        matrix: if info.rgb { 0 } else { color.matrix },
        full_range: !info.rgb && (full || color.full_range),
        chroma: (position(info.chroma_shift.0, across), position(info.chroma_shift.1, down)),
    }
}

/// Where the chroma samples of a frame lie, by its tag and its format.
pub(super) fn chroma_site(frame: &Video) -> ChromaSite {
    use ffmpeg_next::chroma::Location;
    match frame.chroma_location() {
        Location::Center => ChromaSite::Center,
        Location::TopLeft => ChromaSite::TopLeft,
        Location::Unspecified if full_range_twin(frame.format()).1 => ChromaSite::Center,
        _ => ChromaSite::Left,
    }
}

/// Whether two matrices have the same coefficients: 5 and 6 are both BT.601's, and what is not specified is taken as
/// BT.709.
fn same_matrix(a: u8, b: u8) -> bool {
    let known = |matrix| match matrix {
        5 | 6 => 6,
        4 | 7 => matrix,
        9 | 10 => 9,
        _ => 1,
    };
    known(a) == known(b)
}

/// Whether neither source nor target are of full range, and the chroma samples of both lie on the left.
fn is_limited_left(source: &SourcePicture<'_>, target: &TargetFormat) -> bool {
    let full = source.color.full_range || full_range_twin(source.frame.format()).1 || target.color.full_range;
    !full && chroma_site(source.frame) == ChromaSite::Left && target.chroma == ChromaSite::Left
}

/// Whether samples of source and target mean the same colours.
fn same_coding(source: &SourcePicture<'_>, from: &PixelInfo, target: &TargetFormat, to: &PixelInfo) -> bool {
    let full_range = source.color.full_range || full_range_twin(source.frame.format()).1;
    let subsampled = !from.rgb && from.chroma_shift != (0, 0);
    same_meaning((from, ColorTags { full_range, ..source.color }), (to, target.color))
        && (!subsampled || chroma_site(source.frame) == target.chroma)
}

/// Whether equal samples of two formats with these tags are equal colours, wherever their chroma lies and whatever their
/// transfer.
pub(super) fn same_meaning((from, own): (&PixelInfo, ColorTags), (to, wanted): (&PixelInfo, ColorTags)) -> bool {
    match (from.rgb, to.rgb) {
        (false, false) => own.full_range == wanted.full_range && same_matrix(own.matrix, wanted.matrix),
        (from, to) => from && to,
    }
}

/// Whether the column `x` starts at a multiple of 32 bytes in every plane, as fast code wants it.
fn aligned(info: &PixelInfo, x: u32) -> bool {
    (0..info.planes()).all(|plane| {
        let (across, _) = info.plane_shift(plane);
        ((x >> across) as usize * info.plane_step(plane)).is_multiple_of(32)
    })
}

/// Reads a picture of RGBA with 8 bits a sample (straight, sRGB), such as a slate, as a frame.
///
/// # Errors
/// [`ErrorKind::Encode`] when `data` does not hold `width × height × 4` bytes or there is no memory.
pub fn rgba8_frame(data: &[u8], width: u32, height: u32) -> Result<Video> {
    if data.len() != width as usize * height as usize * 4 || data.is_empty() {
        let what = format!("{} bytes do not make an RGBA picture of {width} × {height}", data.len());
        return Err(Error::new(ErrorKind::Encode, what));
    }
    let mut frame = FramePool::default().frame(Pixel::RGBA, width, height, ColorTags::SRGB)?;
    let (out, stride) = frames::plane_mut(&mut frame, &PixelInfo::need(Pixel::RGBA)?, 0);
    let line = width as usize * 4;
    for (out, line) in out.chunks_mut(stride.max(1)).zip(data.chunks(line)) {
        out[..line.len()].copy_from_slice(line);
    }
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What swscale makes of the same frame is the judge.
    #[test]
    fn video_becomes_ten_bits_as_swscale_does_it() {
        let formats = [(Pixel::YUV420P, 8), (Pixel::YUV422P, 8), (Pixel::YUV420P10LE, 10)];
        for ((format, bits), (width, height)) in
            formats.into_iter().flat_map(|format| [(16, 16), (66, 18), (322, 182)].map(|size| (format, size)))
        {
            let mut converter = Converter::new();
            let target = |format, size: (u32, u32)| TargetFormat {
                format,
                width: size.0,
                height: size.1,
                color: ColorTags::BT709,
                premultiplied: false,
                chroma: ChromaSite::Left,
            };
            let mut frame = converter.blank(&target(format, (width, height))).expect("a frame");
            let (mut state, info) = (width, PixelInfo::need(format).expect("known"));
            for plane in 0..3 {
                let (bytes, _) = frames::plane_mut(&mut frame, &info, plane);
                for (index, byte) in bytes.iter_mut().enumerate() {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let high = bits == 10 && index % 2 == 1;
                    *byte = (state >> 24).to_le_bytes()[0] & if high { 3 } else { 255 };
                }
            }
            let wanted = target(Pixel::YUV422P10LE, (width, height));
            let source = SourcePicture { frame: &frame, color: ColorTags::BT709, premultiplied: false };
            let whole = Rect::whole(width, height);
            let (mut ours, mut theirs) =
                (converter.blank(&wanted).expect("one"), converter.blank(&wanted).expect("two"));
            assert!(ten_bits::convert(&frame, &mut ours).expect("known formats"), "{format:?} {width}×{height}");
            converter.scale(&source, &wanted, whole, &mut theirs, (0, 0)).expect("swscale");
            let info = PixelInfo::need(wanted.format).expect("known");
            let (mut samples, mut others) = (0, 0);
            for plane in 0..3 {
                let ((ours, stride), (theirs, _)) =
                    (frames::plane(&ours, &info, plane), frames::plane(&theirs, &info, plane));
                let line = usize::try_from(if plane == 0 { width } else { width / 2 }).expect("small") * 2;
                for (a, b) in ours.chunks(stride).zip(theirs.chunks(stride)) {
                    let pairs = a[..line].as_chunks::<2>().0.iter().zip(b[..line].as_chunks::<2>().0);
                    for (&a, &b) in pairs {
                        let off = u16::from_le_bytes(a).abs_diff(u16::from_le_bytes(b));
                        assert!(off <= 1, "{format:?} {width}×{height}: off by {off}");
                        (samples, others) = (samples + 1, others + usize::from(off));
                    }
                }
            }
            assert!(
                others * 10_000 <= samples,
                "{format:?} {width}×{height}: {others} of {samples} samples are others"
            );
        }
    }
}
