//! Transitions between two pictures: dissolves, wipes and dips, in the output's own samples where those can be mixed.

use std::sync::Arc;

use ffmpeg_next::frame::Video;

use super::composite::Compositor;
use super::convert::{Source, Target as Coding};
use super::layers::Image;
use super::readers::Seen;
use super::sys::frames::{self, PixelInfo};
use crate::error::Result;
use crate::picture::{self, PlaneMut, PlaneRef, Rect, Rgba16, SampleKind, WipeMap, dissolve_plane, wipe, wipe_plane};
use crate::plan::{ColorTags, Element, Layer, MixStyle, WIPE_CODES};
use crate::time::Ratio;

impl Compositor<'_> {
    /// A dissolve of two layers that are decoded alike and fill the canvas as they are: blended before anything is
    /// converted. `None` where that cannot be done.
    pub(super) fn blended_as_decoded(
        &mut self,
        from: Option<&Element>,
        to: Option<&Element>,
        record: i64,
        weight: Ratio,
    ) -> Result<Option<Video>> {
        let (Some(Element::Layer(from)), Some(Element::Layer(to))) = (from, to) else { return Ok(None) };
        let alike = |layer: &Layer| {
            let info = self.session.found[layer.media.index()].picture()?;
            let whole = (info.width, info.height) == (self.coding.width, self.coding.height)
                && self.session.rect(layer) == Rect::whole(self.coding.width, self.coding.height);
            let plain = whole && info.rotation == 0 && !info.has_alpha && self.session.layer_covers(layer);
            plain.then(|| (info.pixel_format.clone(), info.color, info.pixel_aspect))
        };
        let own = match (alike(from), alike(to)) {
            (Some(a), Some(b)) if a == b => a,
            _ => return Ok(None),
        };
        // Dissolves are made in the output's light, whichever way they take.
        if (own.1.transfer == ColorTags::LINEAR) != (self.coding.color.transfer == ColorTags::LINEAR) {
            return Ok(None);
        }
        let (Seen::Frame { frame: a, .. }, Seen::Frame { frame: b, .. }) =
            (self.seen(from, record)?, self.seen(to, record)?)
        else {
            return Ok(None);
        };
        let same = |frame: &super::Frame| {
            (frame.width(), frame.height(), frame.format(), frame.color())
                == (self.coding.width, self.coding.height, a.format(), own.1)
        };
        if !same(&a) || !same(&b) || blend_kind(&PixelInfo::need(a.format())?, false).is_none() {
            return Ok(None);
        }
        let coding = Coding { format: a.format(), color: own.1, ..self.coding };
        let blended = self.blend(a.as_av(), b.as_av(), &coding, weight)?;
        let source = Source { frame: &blended, color: own.1, premultiplied: false };
        let whole = Rect::whole(self.coding.width, self.coding.height);
        let (coding, fields) = (self.coding, self.has_fields(from) || self.has_fields(to));
        let converted = self.converter.interlaced(fields, |converter| converter.convert(&source, &coding, whole))?;
        Ok(Some(converted.unwrap_or(blended)))
    }

    /// `from` × (1 − weight) + `to` × weight, plane by plane; both are coded as `coding` says.
    pub(super) fn blend(&mut self, from: &Video, to: &Video, coding: &Coding, weight: Ratio) -> Result<Video> {
        let info = PixelInfo::need(coding.format)?;
        let Some(kind) = blend_kind(&info, coding.premultiplied) else {
            return self.blend_in_rgb(from, to, coding, weight);
        };
        let mut out = self.converter.blank(coding)?;
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
    fn blend_in_rgb(&mut self, from: &Video, to: &Video, coding: &Coding, weight: Ratio) -> Result<Video> {
        let (size, transfer) = ((coding.width, coding.height), coding.color.transfer);
        let source = |frame| Source { frame, color: coding.color, premultiplied: coding.premultiplied };
        let from = self.converter.to_rgba16(&source(from), size, transfer)?;
        let to = self.converter.to_rgba16(&source(to), size, transfer)?;
        let mixed = picture::mix(Some(&from), Some(&to), weight).unwrap_or(from);
        self.converter.from_rgba16(&mixed, transfer, coding)
    }

    /// Two pictures of the output's coding, the second one covering the first as far as a wipe has come.
    pub(super) fn wiped(&mut self, from: &Video, to: &Video, pattern: (u16, bool), progress: Ratio) -> Result<Video> {
        let coding = self.coding;
        let info = PixelInfo::need(coding.format)?;
        let Some(kind) = blend_kind(&info, coding.premultiplied) else {
            return self.wiped_in_rgb(from, to, pattern, progress);
        };
        let mut out = self.converter.blank(&coding)?;
        for plane in 0..info.planes() {
            let (shift_x, shift_y) = info.plane_shift(plane);
            let size = (coding.width.div_ceil(1 << shift_x), coding.height.div_ceil(1 << shift_y));
            let Some(map) = self.wipe_map(pattern, size) else { return frames::share(to) };
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

    fn wiped_in_rgb(&mut self, from: &Video, to: &Video, pattern: (u16, bool), progress: Ratio) -> Result<Video> {
        let coding = self.coding;
        let (size, transfer) = ((coding.width, coding.height), coding.color.transfer);
        let source = |frame| Source { frame, color: coding.color, premultiplied: coding.premultiplied };
        let from = self.converter.to_rgba16(&source(from), size, transfer)?;
        let to = self.converter.to_rgba16(&source(to), size, transfer)?;
        let map = self.wipe_map(pattern, size);
        let wiped = map.and_then(|map| wipe(Some(&from), Some(&to), &map, progress.to_f64()));
        self.converter.from_rgba16(&wiped.unwrap_or(to), transfer, &coding)
    }

    /// The pattern of a wipe over the canvas or one of its planes.
    fn wipe_map(&mut self, (code, reverse): (u16, bool), (width, height): (u32, u32)) -> Option<Arc<WipeMap>> {
        let key = (code, reverse, width, height);
        if let Some((_, map)) = self.wipes.iter().find(|(known, _)| *known == key) {
            return Some(Arc::clone(map));
        }
        let canvas = self.session.canvas;
        let aspect = f64::from(canvas.width) * canvas.pixel_aspect.to_f64() / f64::from(canvas.height.max(1));
        let map = Arc::new(WipeMap::new(code, reverse, (width, height), aspect)?);
        if self.wipes.len() >= 4 {
            self.wipes.remove(0);
        }
        self.wipes.push((key, Arc::clone(&map)));
        Some(map)
    }

    /// A transition between two pictures of premultiplied RGBA. A side that is `None` is transparent.
    pub(super) fn mixed<I: Image>(
        &mut self,
        from: Option<&Arc<I>>,
        to: Option<&Arc<I>>,
        style: MixStyle,
        weight: Ratio,
    ) -> Result<Option<Arc<I>>> {
        let (below, above) = (from.map(|side| &**side), to.map(|side| &**side));
        let mixed = match style {
            _ if weight <= Ratio::ZERO => return Ok(from.cloned()),
            _ if weight >= Ratio::ONE => return Ok(to.cloned()),
            MixStyle::Wipe { code, reverse } if WIPE_CODES.contains(&code) => {
                let size = (self.coding.width, self.coding.height);
                self.wipe_map((code, reverse), size).and_then(|map| wipe(below, above, &map, weight.to_f64()))
            }
            MixStyle::Dip { color } => {
                let (outgoing, incoming) = style.shares(weight);
                let color = I::flat((self.coding.width, self.coding.height), color);
                match outgoing > Ratio::ZERO {
                    true => I::mix(Some(&color), below, outgoing),
                    false => I::mix(Some(&color), above, incoming),
                }
            }
            _ => I::mix(below, above, weight),
        };
        Ok(mixed.map(Arc::new))
    }

    /// A frame of one colour (straight RGBA, 0 to 1, in the canvas's own transfer), in the output's coding.
    pub(super) fn flat_color(&mut self, color: [f64; 4]) -> Result<Video> {
        let image: Rgba16 = Image::flat((self.coding.width, self.coding.height), color);
        self.converter.from_rgba16(&image, self.coding.color.transfer, &self.coding.clone())
    }

    /// Two frames of one medium, the second at `share`, as they were decoded. (R5)
    pub(super) fn between(
        &mut self,
        first: &super::Frame,
        second: &super::Frame,
        share: Ratio,
    ) -> Result<super::Frame> {
        let (color, premultiplied) = (first.color(), first.is_premultiplied());
        let coding = Coding {
            format: first.format(),
            width: first.width(),
            height: first.height(),
            color,
            premultiplied,
            chroma: self.coding.chroma,
        };
        let like = |frame: &super::Frame| (frame.width(), frame.height(), frame.format(), frame.color());
        let in_place = blend_kind(&PixelInfo::need(coding.format)?, premultiplied).is_some();
        if in_place && like(first) == like(second) {
            let blended = self.blend(first.as_av(), second.as_av(), &coding, share)?;
            return Ok(first.with_pixels(blended, color, premultiplied));
        }
        let source = |frame: &'_ super::Frame| (frame.color(), frame.is_premultiplied());
        let mut rgba = |frame: &super::Frame| {
            let (color, premultiplied) = source(frame);
            let source = Source { frame: frame.as_av(), color, premultiplied };
            self.converter.to_rgba16(&source, (coding.width, coding.height), coding.color.transfer)
        };
        let (from, to) = (rgba(first)?, rgba(second)?);
        let mixed = picture::mix(Some(&from), Some(&to), share).unwrap_or(from);
        let color = ColorTags { full_range: true, matrix: 0, ..color };
        let format = super::convert::RGBA16;
        let target = Coding { format, color, premultiplied: true, ..coding };
        let frame = self.converter.from_rgba16(&mixed, color.transfer, &target)?;
        Ok(first.with_pixels(frame, color, true))
    }
}

/// How the samples of a format are blended where they lie; `None` where they have to be unpacked first. Straight alpha
/// cannot be blended this way.
fn blend_kind(info: &PixelInfo, premultiplied: bool) -> Option<SampleKind> {
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
