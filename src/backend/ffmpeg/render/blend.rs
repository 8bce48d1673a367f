//! Transitions between two pictures: dissolves, wipes and dips, in the output's own samples where those can be mixed.

use std::sync::Arc;

use ffmpeg_next::frame::Video;

use super::super::chroma_site::ChromaSite;
use super::super::convert::{Converter, RGBA16, SourcePicture, TargetFormat};
use super::super::frame::Frame;
use super::super::sys::frames;
use super::super::sys::pixel_info::PixelInfo;
use crate::error::Result;
use crate::picture::{self, PlaneMut, PlaneRef, Rgba16, SampleKind, WipeMap, dissolve_plane, wipe, wipe_plane};
use crate::plan::{Canvas, ColorTags};
use crate::time::Ratio;

/// `from` × (1 − weight) + `to` × weight, plane by plane; both are coded as `coding` says.
pub(super) fn blend(
    converter: &mut Converter,
    from: &Video,
    to: &Video,
    coding: &TargetFormat,
    weight: Ratio,
) -> Result<Video> {
    let info = PixelInfo::need(coding.format)?;
    let Some(kind) = blend_kind(&info, coding.premultiplied) else {
        return blend_in_rgb(converter, from, to, coding, weight);
    };
    let mut out = converter.blank(coding)?;
    for plane in 0..info.planes() {
        let (shift_x, shift_y) = info.plane_shift(plane);
        let width = (coding.width as usize).div_ceil(1 << shift_x) * info.plane_step(plane) / kind.bytes();
        let height = (coding.height as usize).div_ceil(1 << shift_y);
        let (from, from_stride) = frames::plane(from, &info, plane);
        let (to, to_stride) = frames::plane(to, &info, plane);
        let (data, stride) = frames::plane_mut(&mut out, &info, plane);
        dissolve_plane(
            kind,
            (width, height),
            PlaneRef { data: from, stride: from_stride },
            PlaneRef { data: to, stride: to_stride },
            PlaneMut { data, stride },
            weight,
        );
    }
    Ok(out)
}

/// The same for formats whose samples cannot be blended where they lie, such as packed or byte-swapped ones.
fn blend_in_rgb(
    converter: &mut Converter,
    from: &Video,
    to: &Video,
    coding: &TargetFormat,
    weight: Ratio,
) -> Result<Video> {
    let (from, to) = in_rgb(converter, (from, to), coding)?;
    let mixed = picture::mix(Some(&from), Some(&to), weight).unwrap_or(from);
    converter.write_rgba16(&mixed, coding.color.transfer, coding)
}

/// Two pictures that are coded as `coding` says, unpacked.
fn in_rgb(converter: &mut Converter, (from, to): (&Video, &Video), coding: &TargetFormat) -> Result<(Rgba16, Rgba16)> {
    let mut unpacked = |frame| {
        let source = SourcePicture { frame, color: coding.color, premultiplied: coding.premultiplied };
        converter.read_rgba16(&source, (coding.width, coding.height), coding.color.transfer)
    };
    Ok((unpacked(from)?, unpacked(to)?))
}

/// Two frames of one medium, the second at `share`, as they were decoded; chroma that is made lies as `chroma` says. (R5)
pub(super) fn between(
    converter: &mut Converter,
    first: &Frame,
    second: &Frame,
    share: Ratio,
    chroma: ChromaSite,
) -> Result<Frame> {
    let (color, premultiplied) = (first.color(), first.is_premultiplied());
    let coding = TargetFormat {
        format: first.format(),
        width: first.width(),
        height: first.height(),
        color,
        premultiplied,
        chroma,
    };
    let like = |frame: &Frame| (frame.width(), frame.height(), frame.format(), frame.color());
    let in_place = blend_kind(&PixelInfo::need(coding.format)?, premultiplied).is_some();
    if in_place && like(first) == like(second) {
        let blended = blend(converter, first.as_av(), second.as_av(), &coding, share)?;
        return Ok(first.with_pixels(blended, color, premultiplied));
    }
    let source = |frame: &'_ Frame| (frame.color(), frame.is_premultiplied());
    let mut rgba = |frame: &Frame| {
        let (color, premultiplied) = source(frame);
        let source = SourcePicture { frame: frame.as_av(), color, premultiplied };
        converter.read_rgba16(&source, (coding.width, coding.height), coding.color.transfer)
    };
    let (from, to) = (rgba(first)?, rgba(second)?);
    let mixed = picture::mix(Some(&from), Some(&to), share).unwrap_or(from);
    let color = ColorTags { full_range: true, matrix: 0, ..color };
    let format = RGBA16;
    let target = TargetFormat { format, color, premultiplied: true, ..coding };
    let frame = converter.write_rgba16(&mixed, color.transfer, &target)?;
    Ok(first.with_pixels(frame, color, true))
}

/// A wipe's code, whether it is reversed, and the width and height it covers.
type Pattern = (u16, bool, u32, u32);

/// Wipes over a canvas, with their patterns at the sizes they were needed in.
pub(super) struct Wipes {
    /// The width of the canvas over its height, as it is shown.
    aspect: f64,
    maps: Vec<(Pattern, Arc<WipeMap>)>,
}

impl Wipes {
    pub(super) fn new(canvas: &Canvas) -> Wipes {
        let aspect = f64::from(canvas.width) * canvas.pixel_aspect.to_f64() / f64::from(canvas.height.max(1));
        Wipes { aspect, maps: Vec::new() }
    }

    /// Two pictures that are coded as `coding` says, the second one covering the first as far as a wipe has come.
    pub(super) fn wiped(
        &mut self,
        converter: &mut Converter,
        (from, to): (&Video, &Video),
        coding: &TargetFormat,
        pattern: (u16, bool),
        progress: Ratio,
    ) -> Result<Video> {
        let info = PixelInfo::need(coding.format)?;
        let Some(kind) = blend_kind(&info, coding.premultiplied) else {
            return self.wiped_in_rgb(converter, (from, to), coding, pattern, progress);
        };
        let mut out = converter.blank(coding)?;
        for plane in 0..info.planes() {
            let (shift_x, shift_y) = info.plane_shift(plane);
            let size = (coding.width.div_ceil(1 << shift_x), coding.height.div_ceil(1 << shift_y));
            let Some(map) = self.map(pattern, size) else { return frames::share(to) };
            let (from, from_stride) = frames::plane(from, &info, plane);
            let (to, to_stride) = frames::plane(to, &info, plane);
            let (data, stride) = frames::plane_mut(&mut out, &info, plane);
            wipe_plane(
                kind,
                (size.0 as usize, size.1 as usize, info.plane_step(plane) / kind.bytes()),
                (PlaneRef { data: from, stride: from_stride }, PlaneRef { data: to, stride: to_stride }),
                PlaneMut { data, stride },
                &map,
                progress.to_f64(),
            );
        }
        Ok(out)
    }

    fn wiped_in_rgb(
        &mut self,
        converter: &mut Converter,
        (from, to): (&Video, &Video),
        coding: &TargetFormat,
        pattern: (u16, bool),
        progress: Ratio,
    ) -> Result<Video> {
        let (from, to) = in_rgb(converter, (from, to), coding)?;
        let map = self.map(pattern, (coding.width, coding.height));
        let wiped = map.and_then(|map| wipe(Some(&from), Some(&to), &map, progress.to_f64()));
        converter.write_rgba16(&wiped.unwrap_or(to), coding.color.transfer, coding)
    }

    /// The pattern of a wipe over the canvas or one of its planes.
    pub(super) fn map(&mut self, (code, reverse): (u16, bool), (width, height): (u32, u32)) -> Option<Arc<WipeMap>> {
        let key = (code, reverse, width, height);
        if let Some((_, map)) = self.maps.iter().find(|(known, _)| *known == key) {
            return Some(Arc::clone(map));
        }
        let map = Arc::new(WipeMap::new(code, reverse, (width, height), self.aspect)?);
        if self.maps.len() >= 4 {
            self.maps.remove(0);
        }
        self.maps.push((key, Arc::clone(&map)));
        Some(map)
    }
}

/// How the samples of a format are blended where they lie; `None` where they have to be unpacked first. Straight alpha
/// cannot be blended this way.
pub(super) fn blend_kind(info: &PixelInfo, premultiplied: bool) -> Option<SampleKind> {
    let first = info.components.first()?;
    let plain = info.components.iter().all(|part| part.shift == 0 && part.depth == first.depth);
    let native = first.depth <= 8 || info.big_endian == cfg!(target_endian = "big");
    if !plain || !native || info.refused.is_some() || info.palette || info.bits || (info.alpha && !premultiplied) {
        return None;
    }
    match (info.float, first.depth) {
        (true, 32) => Some(SampleKind::F32),
        (true, _) => None,
        (false, 8) => Some(SampleKind::U8),
        (false, bits @ 9..=16) => Some(SampleKind::U16 { bits }),
        _ => None,
    }
}
