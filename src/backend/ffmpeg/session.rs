//! The FFmpeg backend: what is settled once per run, before any frame is made.

use ffmpeg_next::format::Pixel;

use super::composite::Compositor;
#[cfg(doc)]
use super::decode::DecodeOptions;
use super::encode::OutputSettings;
use super::media::{self, Found};
use super::placing::{Placed, placed, shape};
use super::presets::Wish;
use super::probe::MediaInfo;
use super::representation::{Feed, Stretch};
use super::sound::{self, Heard, Mixer};
use super::sys::frames::PixelInfo;
use super::verify::{self, Expected};
use crate::backend::{Backend, Capabilities, Session, Task, Worker};
use crate::deliver::{ColorRule, Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::picture::Rect;
use crate::plan::{
    Background, Canvas, ColorTags, Element, Layer, Look, Media, MediaId, MixStyle, Plan, Shot, Span, Warning,
};
use crate::time::{Ratio, Timecode};

/// Renders through FFmpeg's libraries, in this process: universal, and in need of no application.
#[derive(Debug, Clone, Copy, Default)]
pub struct FfmpegBackend {
    max_pixels: Option<u64>,
}

impl FfmpegBackend {
    /// A backend that uses as many threads as there are cores.
    pub const fn new() -> FfmpegBackend {
        FfmpegBackend { max_pixels: None }
    }

    /// With this many pixels allowed in a picture of a medium; `None` as [`DecodeOptions::max_pixels`] has it.
    #[must_use]
    pub fn max_pixels(mut self, pixels: Option<u64>) -> FfmpegBackend {
        self.max_pixels = pixels;
        self
    }
}

impl Backend for FfmpegBackend {
    fn name(&self) -> &'static str {
        "ffmpeg"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::parallel()
    }

    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
    ) -> Result<Box<dyn Session + 'a>> {
        Ok(Box::new(FfmpegSession::open(plan, preset, representations, self.max_pixels)?))
    }
}

/// A plan whose media have been looked at.
#[derive(Debug)]
pub(super) struct FfmpegSession<'a> {
    pub(super) plan: &'a Plan,
    pub(super) preset: &'a Preset,
    pub(super) found: Vec<Found>,
    /// What each medium sounds like, where sound is asked for.
    pub(super) heard: Vec<Heard>,
    /// Where each medium's picture lies in the canvas.
    pub(super) placed: Vec<Placed>,
    pub(super) canvas: Canvas,
    /// The pixel format that is encoded.
    pub(super) format: Pixel,
    /// As [`DecodeOptions`] has it.
    pub(super) max_pixels: Option<u64>,
    warnings: Vec<Warning>,
}

impl<'a> FfmpegSession<'a> {
    fn open(
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
        max_pixels: Option<u64>,
    ) -> Result<FfmpegSession<'a>> {
        super::sys::read::init();
        plan.validate()?;
        let found = media::find(plan, max_pixels);
        let shown = media::layers(plan).into_iter().map(|layer| layer.media);
        let picture = |media: MediaId| Some((found[media.index()].picture()?, &plan.media[media]));
        let own = plan.canvas_media.iter().copied().chain(shown).find_map(picture);
        let (canvas, size_note) = canvas(plan, preset, own)?;
        let wish = Wish { source: deepest(plan, &found), alpha: plan.background == Background::Transparent };
        let format = preset.pixel_format(wish, canvas.width, canvas.height)?;
        let mut color = preset.color_tags(format, canvas.color);
        if preset.color == ColorRule::Linear && own.is_some_and(|(_, media)| media.color.is_some()) {
            // What is known not to be light goes on as it is, and not under another name.
            color.transfer = canvas.color.transfer;
        }
        let canvas = Canvas { color, ..canvas };
        let placed = placed(plan, &found, &canvas, format);
        let is_heard = preset.delivers_sound() || representations.iter().any(Representation::has_sound);
        let heard = if is_heard { sound::find(plan, sound::clips(plan)) } else { Vec::new() };
        let warnings = size_note.into_iter().collect();
        let mut session = FfmpegSession { plan, preset, found, heard, placed, canvas, format, max_pixels, warnings };
        let seen = session.seen();
        let unheard = match session.heard.is_empty() {
            true => Vec::new(),
            false => sound::missing(sound::clips(plan), &session.heard),
        };
        media::refuse_missing(&seen, &session.found, &unheard)?;
        let warnings = media::warnings(plan, &seen, &session.found, &canvas);
        session.warnings.extend(warnings);
        if plan.sound.is_some() && preset.is_sequence() && !preset.wav {
            let message = format!("{} files hold no sound, and none is delivered beside them", preset.extension);
            session.warnings.push(Warning::new("audio", message));
        }
        if plan.sound.as_ref().is_some_and(|sound| !sound.stems.is_empty()) && !preset.delivers_sound() {
            let message = "no stems are written beside shots: their sound is not delivered";
            session.warnings.push(Warning::new("audio", message));
        }
        let sounding = representations.iter().filter(|representation| representation.has_sound());
        for preset in [preset].into_iter().chain(sounding.map(|representation| &representation.preset)) {
            let Some((rate, codec)) = plan.sound.as_ref().map(|sound| sound.rate).zip(preset.audio.as_deref()) else {
                continue;
            };
            let taken = preset.sound_rate(rate);
            if taken != rate {
                let message = format!("{codec} does not take {rate} samples per second: sound is converted to {taken}");
                session.warnings.push(Warning::new("audio", message));
            }
        }
        if is_heard {
            let warnings = sound::warnings(sound::clips(plan), &session.heard);
            session.warnings.extend(warnings);
        }
        for representation in representations {
            let warning = session.feed().check(representation)?;
            session.warnings.extend(warning.map(|message| Warning::new("representation", message)));
        }
        Ok(session)
    }

    /// Who mixes the sound, where it is to be delivered.
    pub(super) fn mixer(&self) -> Option<Mixer<'_>> {
        if self.heard.is_empty() { None } else { Mixer::new(self.plan, &self.heard) }
    }

    /// The layers that are visible in some frame of a shot: what lies under an opaque layer that covers the canvas is not.
    fn seen(&self) -> Vec<&'a Layer> {
        let plan: &'a Plan = self.plan;
        let hides = |layer: Option<&Layer>, look: &Look| look.is_flat() && layer.is_none_or(|layer| self.fills(layer));
        let spans = plan.shots.iter().flat_map(|shot| &shot.spans);
        spans.flat_map(|span| span.visible(&hides)).map(|visible| visible.layer).collect()
    }

    /// The part of `stack` that is not hidden at record frame `record`.
    pub(super) fn visible_at<'e>(&self, stack: &'e [Element], record: i64) -> &'e [Element] {
        let top = stack.iter().rposition(|element| self.covers_at(element, record)).unwrap_or(0);
        &stack[top..]
    }

    /// Whether nothing can be seen through or beside `element` at record frame `record`.
    fn covers_at(&self, element: &Element, record: i64) -> bool {
        let whole = |look: &Look| look.is_flat() && look.opacity_at(record) >= Ratio::ONE;
        match element {
            Element::Layer(layer) => whole(&layer.look) && self.fills(layer),
            Element::Stack { elements, look } => {
                whole(look) && elements.iter().any(|element| self.covers_at(element, record))
            }
            Element::Mix { from, to, weight, style } => {
                let (outgoing, incoming) = style.shares(weight.at(record));
                let clear = matches!(style, MixStyle::Dip { color } if color[3] < 1.0);
                let covers = |side: &Option<Box<Element>>, share: Ratio| {
                    share <= Ratio::ZERO || side.as_ref().is_some_and(|side| self.covers_at(side, record))
                };
                (!clear || outgoing + incoming >= Ratio::ONE) && covers(from, outgoing) && covers(to, incoming)
            }
        }
    }

    /// The part of `stack` that is not hidden by an opaque element above it.
    pub(super) fn visible<'e>(&self, stack: &'e [Element]) -> &'e [Element] {
        let top = stack.iter().rposition(|element| self.covers(element)).unwrap_or(0);
        &stack[top..]
    }

    /// Whether nothing can be seen through or beside `element`.
    pub(super) fn covers(&self, element: &Element) -> bool {
        match element {
            Element::Layer(layer) => self.layer_covers(layer),
            Element::Stack { elements, look } => look.is_plain() && elements.iter().any(|element| self.covers(element)),
            Element::Mix { from, to, style, .. } => {
                let opaque = !matches!(style, MixStyle::Dip { color } if color[3] < 1.0);
                opaque && [from, to].into_iter().all(|side| side.as_ref().is_some_and(|side| self.covers(side)))
            }
        }
    }

    /// Whether nothing can be seen through the picture of `layer`.
    pub(super) fn is_opaque(&self, layer: &Layer) -> bool {
        match &self.found[layer.media.index()] {
            Found::Picture(info) => !info.has_alpha,
            Found::Generated(generated) => generated.is_opaque(),
            // What cannot be shown stops the shot anyway.
            _ => true,
        }
    }

    pub(super) fn layer_covers(&self, layer: &Layer) -> bool {
        layer.look.is_plain() && self.fills(layer)
    }

    /// Whether the picture of `layer`, placed, is opaque and fills the canvas, whatever its look.
    fn fills(&self, layer: &Layer) -> bool {
        self.is_opaque(layer) && self.rect(layer).covers(self.canvas.width, self.canvas.height)
    }

    /// Where `shot` stays interlaced: whether the field with the first line is shown first. That is where the output carries
    /// an order of fields, and all that is interlaced in it has one order, and is neither scaled nor placed nor played at
    /// another speed than its own. What is not interlaced may lie over it, under it and beside it.
    pub(super) fn kept_fields(&self, shot: &Shot) -> Option<bool> {
        if !self.preset.fields {
            return None;
        }
        let hides = |layer: Option<&Layer>, look: &Look| look.is_flat() && layer.is_none_or(|layer| self.fills(layer));
        let visible = shot.spans.iter().flat_map(|span| span.visible(&hides));
        let mut kept = None;
        for layer in visible.map(|visible| visible.layer) {
            let Some(info) = self.found[layer.media.index()].picture() else { continue };
            let Some(top_field_first) = info.top_field_first else { continue };
            let other = kept.is_some_and(|kept| kept != top_field_first);
            if other || !self.is_untouched(layer, info) || self.is_drawn(&shot.spans, layer) {
                return None;
            }
            kept = Some(top_field_first);
        }
        kept
    }

    /// Whether every pixel of a frame of `layer` is a pixel of the canvas, and every one of its frames a record frame.
    fn is_untouched(&self, layer: &Layer, info: &MediaInfo) -> bool {
        let media = &self.plan.media[layer.media];
        let in_place = info.rotation == 0
            && (info.width, info.height) == (self.canvas.width, self.canvas.height)
            && self.rect(layer) == Rect::whole(self.canvas.width, self.canvas.height)
            && self.is_direct(layer);
        let in_time = layer.map.step == Ratio::ONE
            && layer.map.curve.is_none()
            && media.rate == self.plan.rate
            && info.rate == Some(self.plan.rate)
            && !info.vfr;
        in_place && in_time
    }

    /// Whether `layer` lies in a stack that is cropped or transformed as a whole.
    fn is_drawn(&self, spans: &[Span], layer: &Layer) -> bool {
        fn within(elements: &[Element], layer: &Layer) -> bool {
            let holds = |element: &Element| {
                let mut found = false;
                element.for_each_layer(&mut |own| found |= own.object == layer.object && own.media == layer.media);
                found
            };
            elements.iter().filter(|element| holds(element)).any(|element| match element {
                Element::Layer(_) => false,
                Element::Stack { elements, look } => {
                    look.crop.is_some() || look.transform.is_some() || within(elements, layer)
                }
                Element::Mix { from, to, .. } => {
                    [from, to].into_iter().flatten().any(|side| within(std::slice::from_ref(side), layer))
                }
            })
        }
        spans.iter().any(|span| within(&span.stack, layer))
    }

    /// What goes into representations.
    pub(super) fn feed(&self) -> Feed<'_> {
        Feed {
            canvas: self.canvas,
            format: self.format,
            alpha: self.plan.background == Background::Transparent,
            top_field_first: None,
            rate: self.plan.rate,
            sound: self.plan.sound.as_ref().map(|sound| (sound.rate, sound.layout.channels())),
            streams: None,
        }
    }

    /// The pictures of `shot`, as representations see them.
    pub(super) fn stretch(&self, shot: &Shot) -> Stretch {
        Stretch::of(self.plan, shot)
    }

    /// The timecode of a medium's first frame, where its file has one.
    pub(super) fn start_timecode(&self, media: MediaId) -> Option<Timecode> {
        self.found[media.index()].picture()?.start_timecode
    }

    /// What the frames of `task` are encoded as.
    pub(super) fn settings(&self, task: &Task<'_>, threads: u32) -> OutputSettings {
        let size = (self.canvas.width, self.canvas.height);
        let mut settings = OutputSettings::new(self.preset.clone(), self.format, size, self.plan.rate);
        settings.pixel_aspect = self.canvas.pixel_aspect;
        settings.color = self.canvas.color;
        settings.timecode = Some(self.plan.timecode(task.shot.start));
        settings.top_field_first = self.kept_fields(task.shot);
        settings.threads = threads;
        settings.idle_cores = true;
        let muxed = self.plan.sound.as_ref().filter(|_| self.preset.audio.is_some());
        settings.audio = muxed.map(|sound| (sound.rate, sound.layout.channels()));
        settings
    }
}

impl Session for FfmpegSession<'_> {
    fn canvas(&self) -> Canvas {
        self.canvas
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }

    fn worker(&self, workers: usize) -> Box<dyn Worker + '_> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Box::new(Compositor::new(self, (cores / workers.max(1)).max(1)))
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        let shot = task.shot;
        let samples = self.plan.samples(shot).map(|samples| samples.end - samples.start);
        let planned = samples.zip(self.plan.sound.as_ref().map(|sound| sound.rate));
        if let Some((samples, _)) = planned {
            let mut files = task.wav.iter().chain(&task.stems);
            files.try_for_each(|wav| verify::length_of_sound(wav, samples, 0))?;
        }
        let expected = Expected {
            preset: self.preset,
            size: (self.canvas.width, self.canvas.height),
            rate: self.plan.rate,
            frames: shot.frame_count,
            first: shot.first_frame,
            top_field_first: self.kept_fields(shot),
            sound: planned.filter(|_| self.preset.audio.is_some()),
        };
        verify::verify(&task.target, &expected)?;
        let stretch = self.stretch(shot);
        let feed = Feed { top_field_first: self.kept_fields(shot), ..self.feed() };
        task.representations.iter().try_for_each(|task| feed.verify(task, &stretch))
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
fn deepest(plan: &Plan, found: &[Found]) -> Pixel {
    let formats = media::layers(plan)
        .into_iter()
        .filter_map(|layer| found[layer.media.index()].picture())
        .filter_map(|info| info.pixel_format.parse::<Pixel>().ok());
    let weight = |format: &Pixel| {
        PixelInfo::of(*format).map_or((0, 0), |info| {
            (if info.float { 16 } else { info.depth() }, 4 - info.chroma_shift.0.min(2) - info.chroma_shift.1.min(2))
        })
    };
    formats.max_by_key(weight).unwrap_or(Pixel::YUV420P)
}
