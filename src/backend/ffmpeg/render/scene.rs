//! What there is to make pictures of: a plan, what its media turned out to be, the canvas, and where each picture lies in
//! it. Data, and questions about it: nothing is read here.

use ffmpeg_next::format::Pixel;

use super::super::convert::TargetFormat;
use super::super::info::MediaInfo;
use super::super::media::{self, ResolvedMedia};
use super::super::presets::FormatRequest;
use super::super::representation::Reel;
use super::super::sys::pixel_info::PixelInfo;
use super::color::SceneColor;
use super::placing::{PlacedPicture, placed, plainly, shape};
use super::program::Variant;
use crate::deliver::{ColorRule, Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::{Rect, Rotation};
use crate::plan::{Background, Canvas, ColorTags, Layer, Look, Media, MediaId, Plan, SampleRange, Shot, Warning};
use crate::time::Ratio;

/// A plan whose media have been looked at.
#[derive(Debug)]
pub(in super::super) struct Scene<'a> {
    pub(in super::super) plan: &'a Plan,
    pub(in super::super) preset: &'a Preset,
    /// What each medium shows, after what the plan wants where one is missing.
    pub(in super::super) found: Vec<ResolvedMedia>,
    /// Where each medium's picture lies in the canvas.
    placed: Vec<PlacedPicture>,
    pub(in super::super) canvas: Canvas,
    /// The pixel format that is encoded.
    pub(in super::super) format: Pixel,
    /// As [`DecodeOptions`](super::super::options::DecodeOptions) has it.
    pub(in super::super) max_pixels: Option<u64>,
    /// Where colours are managed.
    pub(in super::super) color: Option<SceneColor>,
}

impl<'a> Scene<'a> {
    /// Settles canvas, pixel format and places; says where the canvas is not what the media are.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for a canvas that the preset cannot have.
    pub(in super::super) fn new(
        plan: &'a Plan,
        preset: &'a Preset,
        found: Vec<ResolvedMedia>,
        max_pixels: Option<u64>,
        representations: &[Representation],
    ) -> Result<(Scene<'a>, Vec<Warning>)> {
        let shown = media::layers(plan).into_iter().map(|layer| layer.media);
        let picture = |media: MediaId| Some((found[media.index()].picture()?, &plan.media[media]));
        let own_media = plan.canvas_media.iter().copied().chain(shown).find(|&media| picture(media).is_some());
        let own = own_media.and_then(picture);
        let (canvas, size_note) = canvas(plan, preset, own)?;
        let request =
            FormatRequest { source: deepest(plan, &found), alpha: plan.background == Background::Transparent };
        let format = preset.pixel_format(request, canvas.width, canvas.height)?;
        let mut color = preset.color_tags(format, canvas.color);
        if preset.color == ColorRule::Linear && own.is_some_and(|(_, media)| media.color.is_some()) {
            // What is known not to be light goes on as it is, and not under another name.
            color.transfer = canvas.color.transfer;
        }
        let canvas = Canvas { color, ..canvas };
        let mut notes: Vec<Warning> = size_note.into_iter().collect();
        let (mut canvas, mut managed) = (canvas, None);
        if let Some(color) = &plan.color {
            let (settled, said) = SceneColor::settle(plan, color, &found, own_media, representations)?;
            let own = own.map(|(info, _)| info.color);
            let mut values = settled.canvas_tags.or(own).unwrap_or(canvas.color);
            if matches!(values.matrix, 0 | ColorTags::UNSPECIFIED) {
                values.matrix = canvas.color.matrix;
            }
            canvas.color = preset.managed_tags(format, plan.canvas.color.unwrap_or(values));
            if settled.is_scene_linear && !PixelInfo::of(format).is_some_and(|info| info.float) {
                let what = format!(
                    "the canvas is {:?}, which is scene-linear: {} clips values above white",
                    settled.canvas, preset.name
                );
                notes.push(Warning::new("canvas", what));
            }
            notes.extend(said);
            managed = Some(settled);
        }
        let placed = placed(plan, &found, &canvas, format);
        Ok((Scene { plan, preset, found, placed, canvas, format, max_pixels, color: managed }, notes))
    }

    /// The media that decide about the canvas and about the samples of outputs: those that stand for
    /// [`Plan::canvas_media`] and those that stand for [`Plan::format_media`].
    pub(in super::super) fn deciding(&self) -> (Vec<MediaId>, Vec<MediaId>) {
        let Scene { plan, found, .. } = self;
        let is_picture = |media: &MediaId| found[media.index()].picture().is_some();
        let media = |id: MediaId| &plan.media[id];
        let first = |is: &dyn Fn(&MediaId) -> bool| plan.canvas_media.iter().copied().find(|media| is(media));
        let mut canvas: Vec<MediaId> =
            [first(&is_picture), plan.ruler(), first(&|&id| media(id).size.is_some())].into_iter().flatten().collect();
        canvas.sort_by_key(|one| plan.canvas_media.iter().position(|other| other.index() == one.index()));
        canvas.dedup_by_key(|media| media.index());
        let shown = if plan.format_media.is_empty() { plan.shown_media() } else { plan.format_media.clone() };
        let is_unknown = |id: &MediaId| {
            media(*id).color.is_none() && found[id.index()].picture().is_some_and(|info| info.codec == "exr")
        };
        let everywhere = plan.canvas_media.iter().chain(&shown).copied();
        let unknown = everywhere.into_iter().find(is_unknown);
        let deepest = deepest_medium(&shown, found).map(|(media, _)| media);
        (canvas, unknown.into_iter().chain(deepest).collect())
    }

    /// Whether the primaries of a shot's own file are known.
    pub(in super::super) fn knows_primaries_of(&self, shot: &Shot) -> bool {
        match self.color.as_ref().map(|color| (color, color.intermediate(shot))) {
            Some((_, Some(baked))) if baked.transform.is_some() || baked.space.is_some() => baked.tags.is_some(),
            Some((color, _)) => color.canvas_tags.is_some(),
            None => self.knows_primaries(),
        }
    }

    /// Whether the primaries of the canvas are known: those of EXR media are not, unless the plan says what they are.
    pub(in super::super) fn knows_primaries(&self) -> bool {
        let is_unknown = |(found, media): (&ResolvedMedia, &Media)| {
            media.color.is_none() && found.picture().is_some_and(|info| info.codec == "exr")
        };
        !self.found.iter().zip(&self.plan.media).any(is_unknown)
    }

    /// What pictures are encoded as.
    pub(super) fn coding(&self) -> TargetFormat {
        TargetFormat {
            format: self.format,
            width: self.canvas.width,
            height: self.canvas.height,
            color: self.canvas.color,
            premultiplied: self.preset.premultiplied(),
            chroma: self.preset.chroma_site(),
        }
    }

    /// Which pictures of `shot` its own file shows.
    pub(in super::super) fn main_variant(&self, shot: &Shot) -> Variant {
        self.color.as_ref().map_or(Variant::default(), |color| Variant {
            graded: color.is_graded(shot),
            exact: color.intermediate(shot).is_some_and(|baked| baked.transform.is_some()),
        })
    }

    /// What the samples of a layer's pictures mean, whose file says `own`. Where colours are managed, what their values stand for
    /// is not the tags' to say, but the matrix and the range are, unless the caller corrects the range.
    pub(super) fn sample_tags(&self, layer: &Layer, own: ColorTags) -> ColorTags {
        let Some(color) = &self.color else { return own };
        let full_range = color.range(layer.media).map_or(own.full_range, |range| range == SampleRange::Full);
        ColorTags { full_range, transfer: self.canvas.color.transfer, primaries: self.canvas.color.primaries, ..own }
    }

    /// The layers that are visible in some frame of `shot`: what lies under an opaque layer that covers the canvas is not.
    pub(in super::super) fn visible<'s>(&self, shot: &'s Shot) -> Vec<&'s Layer> {
        let hides = |layer: Option<&Layer>, look: &Look| self.hides(layer, look);
        let visible = shot.spans.iter().flat_map(|span| span.visible(&hides));
        visible.map(|visible| visible.layer).collect()
    }

    /// Whether nothing can be seen through or beside a layer, or a stack with this look, as long as it is opaque.
    pub(super) fn hides(&self, layer: Option<&Layer>, look: &Look) -> bool {
        look.is_flat() && layer.is_none_or(|layer| self.fills(layer))
    }

    /// Whether nothing can be seen through the picture of `layer`.
    pub(super) fn is_opaque(&self, layer: &Layer) -> bool {
        match &self.found[layer.media.index()] {
            ResolvedMedia::Picture(info) => !info.has_alpha,
            ResolvedMedia::Generated(generated) => generated.is_opaque(),
            // What cannot be shown stops the shot anyway.
            _ => true,
        }
    }

    /// Whether the picture of `layer`, placed, is opaque and fills the canvas, whatever its look.
    pub(super) fn fills(&self, layer: &Layer) -> bool {
        self.is_opaque(layer) && self.placed(layer).rect.covers(self.canvas.width, self.canvas.height)
    }

    /// Where the picture of `layer` lies in the canvas, before crop and transform.
    pub(super) fn placed(&self, layer: &Layer) -> PlacedPicture {
        let placed = self.placed[layer.media.index()];
        match layer.look.placement {
            Some(placement) if !placed.bounded => {
                let media = &self.plan.media[layer.media];
                plainly(media, &self.found[layer.media.index()], placement, &self.canvas, self.format)
            }
            _ => placed,
        }
    }

    /// Whether `layer` is its media, scaled into its rectangle: neither cropped nor transformed, nor so much larger than
    /// the canvas that scaling all of it would be a waste.
    pub(super) fn is_direct(&self, layer: &Layer) -> bool {
        let rect = self.placed(layer).rect;
        let most = u64::from(self.canvas.width) * u64::from(self.canvas.height) * 4;
        layer.look.crop.is_none()
            && layer.look.transform.is_none()
            && u64::from(rect.width) * u64::from(rect.height) <= most
    }

    /// The file of `layer`, where it is one with a picture, and every pixel of its frames is a pixel of the canvas.
    pub(super) fn pixel_for_pixel(&self, layer: &Layer) -> Option<&MediaInfo> {
        let info = self.found[layer.media.index()].picture()?;
        let (width, height) = (self.canvas.width, self.canvas.height);
        let whole = (info.width, info.height) == (width, height) && info.rotation == 0;
        (whole && self.placed(layer).rect == Rect::whole(width, height)).then_some(info)
    }

    /// Whether every frame of `layer`, whose file this is, is a record frame.
    pub(super) fn frame_for_frame(&self, layer: &Layer, info: &MediaInfo) -> bool {
        layer.map.step == Ratio::ONE
            && layer.map.curve.is_none()
            && self.plan.media[layer.media].rate == self.plan.rate
            && info.rate == Some(self.plan.rate)
            && !info.vfr
    }

    /// The width of the pixels of a file over their height.
    pub(super) fn pixel_aspect(&self, layer: &Layer, info: &MediaInfo) -> Ratio {
        shape(info, &self.plan.media[layer.media]).pixel_aspect
    }

    /// How the picture of `layer` is turned.
    pub(super) fn rotation(&self, layer: &Layer) -> Rotation {
        let degrees = self.found[layer.media.index()].picture().map_or(0, |info| info.rotation);
        Rotation::from_degrees(f64::from(degrees))
    }

    /// What the frames of the intermediate of `shot` are tagged as.
    pub(in super::super) fn intermediate_tags(&self, shot: &Shot) -> ColorTags {
        let baked = self.color.as_ref().and_then(|color| color.intermediate(shot)?.tags);
        match baked {
            Some(tags) if tags.matrix == ColorTags::UNSPECIFIED => {
                self.preset.managed_tags(self.format, ColorTags { matrix: self.canvas.color.matrix, ..tags })
            }
            Some(tags) => self.preset.managed_tags(self.format, tags),
            None => self.canvas.color,
        }
    }

    /// The pixel format of the only medium of `shot`, which is copied.
    pub(super) fn only_format(&self, shot: &Shot) -> Option<String> {
        let layer = *self.visible(shot).first()?;
        Some(self.found[layer.media.index()].picture()?.pixel_format.clone())
    }

    /// The timecode of a medium's first frame and its reel, where its file has them.
    pub(in super::super) fn reel(&self, media: MediaId) -> Reel {
        self.found[media.index()].picture().map_or_else(Reel::default, Reel::of)
    }
}

/// The canvas: what the caller asks for, else what the hero track's first decodable clip has.
fn canvas(plan: &Plan, preset: &Preset, own: Option<(&MediaInfo, &Media)>) -> Result<(Canvas, Option<Warning>)> {
    let request = plan.canvas;
    let shape = own.map(|(info, media)| shape(info, media));
    let info = own.map(|(info, _)| info);
    let upright = shape.map(|shape| match shape.rotation.swaps_sides() {
        true => (shape.height, shape.width, Ratio::ONE / shape.pixel_aspect),
        false => (shape.width, shape.height, shape.pixel_aspect),
    });
    let (width, height, own_aspect) = match (request.size, upright) {
        // A size that was asked for has square pixels unless they were asked for, too.
        (Some((width, height)), _) => (width, height, Ratio::ONE),
        (None, Some(upright)) => upright,
        // Nothing can be decoded: what the timeline says about it.
        (None, None) => {
            let written = plan.canvas_media.iter().find_map(|&media| Some((plan.media[media].size?, media)));
            let aspect = |media: MediaId| plan.media[media].pixel_aspect.unwrap_or(Ratio::ONE);
            written.map_or((1920, 1080, Ratio::ONE), |((width, height), media)| (width, height, aspect(media)))
        }
    };
    let pixel_aspect = request.pixel_aspect.unwrap_or(own_aspect);
    let mut warning = None;
    let (mut canvas_width, mut canvas_height) = (width, height);
    if request.size.is_none() {
        (canvas_width, canvas_height) = preset.nearest_size(width, height);
        if (canvas_width, canvas_height) != (width, height) {
            warning = Some(Warning::new(
                "canvas",
                format!(
                    "{} cannot hold {width} × {height}; the canvas is {canvas_width} × {canvas_height}",
                    preset.name
                ),
            ));
        }
    }
    // Graphics and linear light say nothing about video.
    let own_color = info.map(|info| info.color);
    let video = own_color.filter(|color| color.matrix != 0 && color.transfer != ColorTags::LINEAR);
    let color = request.color.or(video).or(own_color.filter(|_| preset.is_sequence())).unwrap_or_else(|| {
        let untagged = ColorTags::untagged(canvas_height);
        own_color.map_or(untagged, |own| ColorTags { primaries: own.primaries, ..untagged })
    });
    if canvas_width == 0 || canvas_height == 0 {
        return Err(Error::new(ErrorKind::Option, "the canvas has no pixels"));
    }
    preset.check_size(canvas_width, canvas_height)?;
    Ok((Canvas { width: canvas_width, height: canvas_height, pixel_aspect, color }, warning))
}

/// The pixel format of the media that loses most if the output is shallow: the deepest, and among those the finest.
fn deepest(plan: &Plan, found: &[ResolvedMedia]) -> Pixel {
    let shown = || media::layers(plan).into_iter().map(|layer| layer.media).collect();
    let media: Vec<MediaId> = if plan.format_media.is_empty() { shown() } else { plan.format_media.clone() };
    let weighty = deepest_medium(&media, found);
    weighty.map_or(Pixel::YUV420P, |(_, format)| format)
}

/// The medium of the deepest and finest pixel format among `media`: of several the last.
fn deepest_medium(media: &[MediaId], found: &[ResolvedMedia]) -> Option<(MediaId, Pixel)> {
    let format = |&media: &MediaId| {
        let info = found[media.index()].picture()?;
        Some((media, info.pixel_format.parse::<Pixel>().ok()?))
    };
    let weight = |format: &Pixel| {
        PixelInfo::of(*format).map_or((0, 0), |info| {
            (if info.float { 16 } else { info.depth() }, 4 - info.chroma_shift.0.min(2) - info.chroma_shift.1.min(2))
        })
    };
    media.iter().filter_map(format).max_by_key(|(_, format)| weight(format))
}
