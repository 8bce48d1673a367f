//! Burn-ins and letterboxes: what is drawn upon pictures in their own coding.

use ffmpeg_next::frame::Video;

use super::super::chroma_site::ChromaSite;
use super::super::convert::{Converter, SourcePicture, TargetFormat};
use super::super::pixels;
use super::super::sys::frames;
use super::super::sys::pixel_info::PixelInfo;
use crate::deliver::{BurnIn, Corner};
use crate::error::Result;
use crate::picture::{self, LabelStyle, Rect, Rgba16, draw_label};
use crate::plan::ColorTags;
use crate::time::Ratio;

/// Draws upon pictures of one coding.
pub(super) struct Painter<'r> {
    burn_ins: &'r [BurnIn],
    coding: TargetFormat,
    info: PixelInfo,
    /// Width of a pixel over its height.
    pixel_aspect: f64,
    /// What a letterbox leaves to be seen.
    window: Option<Rect>,
    /// The last label of each burn-in, and what it says.
    labels: Vec<Option<(String, Rgba16)>>,
}

impl<'r> Painter<'r> {
    pub(super) fn new(
        burn_ins: &'r [BurnIn],
        coding: TargetFormat,
        pixel_aspect: Ratio,
        window: Option<Rect>,
    ) -> Result<Painter<'r>> {
        // Parts of a picture are read and written alike, wherever its chroma lies.
        let coding = TargetFormat { chroma: ChromaSite::Left, ..coding };
        let info = PixelInfo::need(coding.format)?;
        let pixel_aspect = pixel_aspect.to_f64();
        Ok(Painter { burn_ins, coding, info, pixel_aspect, window, labels: vec![None; burn_ins.len()] })
    }

    /// Whether there is nothing to draw.
    pub(super) fn is_idle(&self) -> bool {
        self.window.is_none() && self.burn_ins.is_empty()
    }

    /// Draws upon `picture`, which nobody else refers to; `value(field)` is what stands for a field.
    pub(super) fn paint(
        &mut self,
        picture: &mut Video,
        value: impl Fn(&str) -> String,
        converter: &mut Converter,
    ) -> Result<()> {
        if self.window.is_some() {
            pixels::fill_black(picture, &self.info, self.coding.color.full_range, self.window)?;
        }
        for index in 0..self.burn_ins.len() {
            let text = self.burn_ins[index].text.fill(&value);
            if self.labels[index].as_ref().is_none_or(|(known, _)| *known != text) {
                let label = self.in_shape(draw_label(&text, &self.style(&self.burn_ins[index])));
                self.labels[index] = Some((text, label));
            }
        }
        let mut taken: Vec<(Corner, u32)> = Vec::new();
        for (burn_in, label) in self.burn_ins.iter().zip(&self.labels) {
            let Some((_, label)) = label else { continue };
            let before = taken.iter().filter(|(at, _)| *at == burn_in.at).map(|(_, lines)| lines).sum();
            let below: u32 = match burn_in.at {
                Corner::BottomLeft | Corner::Bottom | Corner::BottomRight => self.height_at(burn_in.at),
                _ => 0,
            };
            let corner = self.corner(burn_in.at, label, before, below);
            taken.push((burn_in.at, label.height));
            self.blend_over(picture, label, corner, converter)?;
        }
        Ok(())
    }

    /// A label of square pixels in those of the picture.
    fn in_shape(&self, label: Rgba16) -> Rgba16 {
        let width = f64::from(label.width) / self.pixel_aspect;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float's cast saturates")]
        let width = width.round().max(1.0) as u32;
        if width == label.width { label } else { picture::resample(&label, width, label.height) }
    }

    /// How high all labels in one place are together.
    fn height_at(&self, at: Corner) -> u32 {
        let labels = self.burn_ins.iter().zip(&self.labels).filter(|(burn_in, _)| burn_in.at == at);
        labels.filter_map(|(_, label)| Some(label.as_ref()?.1.height)).sum()
    }

    #[allow(clippy::cast_possible_truncation, reason = "colours and sizes have the precision of a 32-bit float")]
    fn style(&self, burn_in: &BurnIn) -> LabelStyle {
        let color = |color: [u8; 3]| color.map(|part| f32::from(part) / 255.0 * white(self.coding.color));
        LabelStyle {
            line: (f64::from(self.coding.height) * burn_in.size) as f32,
            most: (f64::from(self.coding.width) * self.pixel_aspect * 0.96) as f32,
            color: color(burn_in.color.0),
            back: color(burn_in.back.0),
            back_opacity: burn_in.back_opacity as f32,
        }
    }

    /// The top left corner of a label with `before` lines of pixels above it in its place; `all` is how high everything
    /// at a lower edge is.
    fn corner(&self, at: Corner, label: &Rgba16, before: u32, all: u32) -> (i64, i64) {
        let (width, height) = (i64::from(self.coding.width), i64::from(self.coding.height));
        let margin = height / 50;
        let x = match at {
            Corner::TopLeft | Corner::BottomLeft => margin,
            Corner::TopRight | Corner::BottomRight => width - margin - i64::from(label.width),
            _ => (width - i64::from(label.width)) / 2,
        };
        let y = match at {
            Corner::TopLeft | Corner::Top | Corner::TopRight => margin,
            Corner::Center => (height - i64::from(label.height)) / 2,
            _ => height - margin - i64::from(all),
        };
        (x, y + i64::from(before))
    }

    /// Lays `label` over a part of `picture`: that part alone is taken out, and put back.
    fn blend_over(
        &self,
        picture: &mut Video,
        label: &Rgba16,
        (x, y): (i64, i64),
        converter: &mut Converter,
    ) -> Result<()> {
        let Some(part) = self.part(label, (x, y)) else { return Ok(()) };
        let coding = TargetFormat { width: part.width, height: part.height, ..self.coding };
        let mut below = converter.blank(&coding)?;
        pixels::paste(picture, &mut below, &self.info, (-part.x, -part.y))?;
        let source = SourcePicture { frame: &below, color: coding.color, premultiplied: coding.premultiplied };
        let transfer = match coding.color.transfer {
            ColorTags::LINEAR => ColorTags::SRGB.transfer,
            transfer => transfer,
        };
        let mut image = converter.read_rgba16(&source, (part.width, part.height), transfer)?;
        let mut above = Rgba16::transparent(part.width, part.height);
        picture::paste(&mut above, label, x - part.x, y - part.y);
        picture::over(&mut image, &above, Ratio::ONE);
        let rendered = converter.write_rgba16(&image, transfer, &coding)?;
        self.put_back(&rendered, picture, &above, part);
        Ok(())
    }

    /// Copies what a label has touched from `rendered` into its part of `picture`. All else stays as it was: RGB cannot
    /// say every colour that YUV can.
    fn put_back(&self, rendered: &Video, picture: &mut Video, label: &Rgba16, part: Rect) {
        let at = |side: i64| usize::try_from(side).unwrap_or(0);
        for plane in 0..self.info.planes() {
            let ((across, down), step) = (self.info.plane_shift(plane), self.info.plane_step(plane));
            let (from, from_stride) = frames::plane(rendered, &self.info, plane);
            let (to, to_stride) = frames::plane_mut(picture, &self.info, plane);
            let (left, top) = (at(part.x >> across), at(part.y >> down));
            for line in 0..part.height.div_ceil(1 << down) as usize {
                for column in 0..part.width.div_ceil(1 << across) as usize {
                    if is_touched(label, (column << across, line << down), (1 << across, 1 << down)) {
                        let source = &from[line * from_stride + column * step..][..step];
                        to[(top + line) * to_stride + (left + column) * step..][..step].copy_from_slice(source);
                    }
                }
            }
        }
    }

    /// The part of the picture that holds a label, on the grid of its chroma; `None` where it lies outside.
    fn part(&self, label: &Rgba16, (x, y): (i64, i64)) -> Option<Rect> {
        let side = |at: i64, length: u32, limit: u32, grid: u32| {
            let (grid, limit) = (i64::from(grid), i64::from(limit));
            let from = at.clamp(0, limit).div_euclid(grid) * grid;
            let to = (at + i64::from(length)).clamp(0, limit);
            let to = ((to + grid - 1).div_euclid(grid) * grid).min(limit);
            Some((from, u32::try_from(to - from).ok().filter(|&length| length > 0)?))
        };
        let grid = Converter::alignment(self.coding.format);
        let (x, width) = side(x, label.width, self.coding.width, grid.0)?;
        let (y, height) = side(y, label.height, self.coding.height, grid.1)?;
        Some(Rect { x, y, width, height })
    }
}

/// Whether anything is seen in a block (width, height) of a label.
fn is_touched(label: &Rgba16, (x, y): (usize, usize), (width, height): (usize, usize)) -> bool {
    let (wide, high) = (label.width as usize, label.height as usize);
    let mut lines = (y..(y + height).min(high)).map(|line| &label.data[line * wide * 4..][..wide * 4]);
    lines.any(|line| (x..(x + width).min(wide)).any(|column| line[column * 4 + 3] > 0))
}

/// The sample value, from 0 to 1, of the white that graphics have: in PQ and HLG that of ITU-R BT.2408.
fn white(color: ColorTags) -> f32 {
    match color.transfer {
        16 => 0.58,
        18 => 0.75,
        _ => 1.0,
    }
}
