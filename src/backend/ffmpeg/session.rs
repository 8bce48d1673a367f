//! The FFmpeg backend: what is settled once per run, before any frame is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::encode::OutputSettings;
use super::media;
use super::render::{OutputFormats, Programs, Scene, ShotProgram, ShotWorker, estimate, explain, lower, variant_of};
use super::representation::{FrameRange, ShotFacts, SourceFormat};
use super::sound::{self, Mixer, SoundMedium};
use super::sys::pixel_info::PixelInfo;
use super::verify::{self, ExpectedOutput};
use crate::backend::{Backend, Capabilities, Session, Task, Worker};
use crate::deliver::{Preset, Representation};
use crate::error::{Error, ErrorKind, Result};
use crate::memory;
use crate::plan::{Background, Canvas, ColorConfig, Hdr, MediaId, Plan, Shot, Warning};
use crate::report::{ShotColor, ValueColor};
use crate::time::Timecode;

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

    /// With this many pixels allowed in a picture of a medium; `None` as
    /// [`FfmpegLookup::max_pixels`](super::FfmpegLookup::max_pixels) has it.
    #[must_use]
    pub fn max_pixels(mut self, pixels: Option<u64>) -> FfmpegBackend {
        self.max_pixels = pixels;
        self
    }

    /// Opens `plan`, whose shots are not written, to be made as `preset` has them.
    pub(super) fn session<'a>(&self, plan: &'a Plan, preset: &'a Preset) -> Result<FfmpegSession<'a>> {
        FfmpegSession::open(plan, preset, &[], self.max_pixels)
    }

    /// How the frames of each shot of `plan` would be made, to be written as `preset` says and beside that as
    /// `representations` say, and what that costs. Media are looked at as for a run; nothing is rendered.
    ///
    /// # Errors
    /// As [`Backend::open`].
    pub fn explain(
        &self,
        plan: &Plan,
        preset: &Preset,
        representations: &[Representation],
    ) -> Result<Vec<ShotProgram>> {
        Ok(self.explained(plan, preset, representations)?.programs)
    }

    /// The same with what a part of the plan has to know of the whole.
    pub(crate) fn explained(
        &self,
        plan: &Plan,
        preset: &Preset,
        representations: &[Representation],
    ) -> Result<Explained> {
        let session = FfmpegSession::open(plan, preset, representations, self.max_pixels)?;
        let whole = representations.iter().filter(|representation| !representation.is_still()).count();
        let others = u32::try_from(whole).unwrap_or(u32::MAX);
        let scene = &session.scene;
        let programs = plan
            .shots
            .iter()
            .map(|shot| {
                let mut program = explain(scene, shot, &lower(scene, shot, scene.main_variant(shot)), others);
                program.estimate = estimate(scene, shot, &program, representations);
                program
            })
            .collect();
        let (canvas_media, format_media) = scene.deciding();
        let colors = plan.shots.iter().filter_map(|shot| session.shot_color(shot));
        let vars = colors.flat_map(|color| color.vars).collect();
        let (inputs, max_pixels) = (session.inputs(), self.max_pixels);
        Ok(Explained { programs, canvas_media, format_media, inputs, vars, max_pixels })
    }
}

/// A plan that was looked at.
pub(crate) struct Explained {
    /// How the frames of each shot are made.
    pub(crate) programs: Vec<ShotProgram>,
    /// The media that stand for [`Plan::canvas_media`].
    pub(crate) canvas_media: Vec<MediaId>,
    /// The media that stand for all that shots show, of which a part has but some.
    pub(crate) format_media: Vec<MediaId>,
    /// Files that were found and read.
    pub(crate) inputs: Vec<PathBuf>,
    /// What context variables of colours are, as far as any shot depends on them.
    pub(crate) vars: BTreeMap<String, String>,
    /// Pixels that a picture of a medium may have.
    pub(crate) max_pixels: Option<u64>,
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

/// A plan whose media have been looked at, and what its shots are delivered as.
#[derive(Debug)]
pub(super) struct FfmpegSession<'a> {
    scene: Scene<'a>,
    /// What each medium sounds like, where sound is asked for.
    heard: Vec<SoundMedium>,
    warnings: Vec<Warning>,
}

/// Most frames of a second that the timecode of EXR files counts.
const EXR_TIMECODE: u32 = 60;

impl<'a> FfmpegSession<'a> {
    fn open(
        plan: &'a Plan,
        preset: &'a Preset,
        representations: &'a [Representation],
        max_pixels: Option<u64>,
    ) -> Result<FfmpegSession<'a>> {
        super::sys::read::init();
        plan.validate()?;
        memory::check_room(memory::BASE)?;
        let found = media::find(plan, max_pixels);
        let (scene, mut warnings) = Scene::new(plan, preset, found, max_pixels, representations)?;
        let is_heard = preset.delivers_sound() || representations.iter().any(Representation::has_sound);
        let heard = if is_heard { sound::find(plan, sound::clips(plan)) } else { Vec::new() };
        let seen: Vec<_> = plan.shots.iter().flat_map(|shot| scene.visible(shot)).collect();
        let unheard = match heard.is_empty() {
            true => Vec::new(),
            false => sound::missing(sound::clips(plan), &heard),
        };
        media::refuse_missing(&seen, &scene.found, &unheard)?;
        warnings.extend(media::warnings(plan, &seen, &scene.found, &scene.canvas));
        let mut session = FfmpegSession { scene, heard, warnings };
        if plan.sound.is_some() && preset.is_sequence() && !preset.wav {
            let message = format!("{} files hold no sound, and none is delivered beside them", preset.extension);
            session.warnings.push(Warning::new("audio", message));
        }
        if plan.sound.as_ref().is_some_and(|sound| !sound.stems.is_empty()) && !preset.delivers_sound() {
            let message = "no stems are written beside shots: their sound is not delivered";
            session.warnings.push(Warning::new("audio", message));
        }
        let rate = plan.rate;
        let presets = [preset].into_iter().chain(representations.iter().map(|representation| &representation.preset));
        if rate.timecode_base() > EXR_TIMECODE && presets.into_iter().any(|preset| preset.codec == "exr") {
            let message =
                format!("EXR files have no timecode at {rate} frames per second: theirs counts {EXR_TIMECODE}");
            session.warnings.push(Warning::new("timecode", message));
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
        session.check_depth()?;
        for representation in representations {
            let Some(shot) = plan.shots.first() else { break };
            let warning = session.source_format(shot).check(representation)?;
            session.warnings.extend(warning.map(|message| Warning::new("representation", message)));
        }
        Ok(session)
    }

    /// What there is to make pictures of.
    pub(super) fn scene(&self) -> &Scene<'a> {
        &self.scene
    }

    /// Whether shots have as many bits as the view that is baked into them needs.
    fn check_depth(&self) -> Result<()> {
        let Scene { plan, preset, format, color, .. } = &self.scene;
        let baked = plan.shots.first().and_then(|shot| color.as_ref()?.intermediate(shot));
        let needed = baked.is_some_and(|baked| {
            baked.view.is_some() && baked.tags.is_some_and(|tags| matches!(tags.transfer, 16 | 18))
        });
        if needed && PixelInfo::of(*format).is_some_and(|info| info.depth() <= 8) {
            let what = format!("{} has 8 bits, which are too few for a view in PQ or HLG", preset.name);
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(())
    }

    /// Who mixes the sound, where it is to be delivered.
    fn mixer(&self) -> Option<Mixer<'_>> {
        if self.heard.is_empty() { None } else { Mixer::new(self.scene.plan, &self.heard) }
    }
}

impl OutputFormats for FfmpegSession<'_> {
    fn settings(&self, shot: &Shot, fields: Option<bool>) -> OutputSettings {
        let Scene { plan, preset, canvas, format, .. } = &self.scene;
        let mut settings = OutputSettings::new((*preset).clone(), *format, (canvas.width, canvas.height), plan.rate);
        settings.pixel_aspect = canvas.pixel_aspect;
        settings.color = self.scene.intermediate_tags(shot);
        let baked = self.scene.color.as_ref().and_then(|color| color.intermediate(shot));
        settings.hdr = baked.map_or_else(Hdr::default, |baked| baked.hdr);
        let interop = self.scene.color.as_ref().and_then(|color| color.intermediate(shot)?.interop.clone());
        if let Some(interop) = interop.filter(|_| preset.is_sequence()) {
            settings.metadata.insert(super::exr::INTEROP.to_owned(), interop);
        }
        settings.primaries_known = self.scene.knows_primaries_of(shot);
        settings.timecode = Some(plan.timecode(shot.start));
        settings.top_field_first = fields;
        settings.idle_cores = true;
        let muxed = plan.sound.as_ref().filter(|_| preset.audio.is_some());
        settings.audio = muxed.map(|sound| (sound.rate, sound.layout.channels()));
        settings
    }

    fn source_format(&self, shot: &Shot) -> SourceFormat<'_> {
        let plan = self.scene.plan;
        SourceFormat {
            canvas: self.scene.canvas,
            format: self.scene.format,
            primaries_known: self.scene.knows_primaries(),
            alpha: plan.background == Background::Transparent,
            top_field_first: None,
            rate: plan.rate,
            sound: plan.sound.as_ref().map(|sound| (sound.rate, sound.layout.channels())),
            streams: None,
            colors: self.scene.color.as_ref().and_then(|color| color.representations(shot)),
        }
    }
}

impl Session for FfmpegSession<'_> {
    fn canvas(&self) -> Canvas {
        self.scene.canvas
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }

    fn canvas_space(&self) -> Option<String> {
        let is_raw = self.scene.plan.color.as_ref().is_some_and(|color| color.config == ColorConfig::Raw);
        self.scene.color.as_ref().filter(|_| !is_raw).map(|color| color.canvas.clone())
    }

    fn inputs(&self) -> Vec<PathBuf> {
        self.scene.color.iter().flat_map(|color| color.files()).cloned().collect()
    }

    fn media_start(&self, media: MediaId) -> Option<Timecode> {
        self.scene.found[media.index()].picture()?.start_timecode
    }

    fn made_as(&self, shot: &Shot) -> Option<String> {
        if !self.scene.preset.pictures_stand_alone() {
            return None;
        }
        let program = lower(&self.scene, shot, self.scene.main_variant(shot));
        if program.copies_packets() {
            return None;
        }
        let settings = self.settings(shot, program.fields);
        let OutputSettings { format, color, hdr, metadata, primaries_known, .. } = settings;
        Some(format!("{:?}", (format, color, hdr, metadata, primaries_known, program.fields)))
    }

    fn representation_made_as(&self, shot: &Shot, representation: &Representation, workers: usize) -> Option<String> {
        let scene = &self.scene;
        let (main, own) = (scene.main_variant(shot), variant_of(scene, shot, representation));
        let fields = (own == main).then(|| lower(scene, shot, main).fields).flatten();
        let format = SourceFormat { top_field_first: fields, ..self.source_format(shot) };
        let facts = ShotFacts { plan: scene.plan, shot, reel: move |media| scene.reel(media) };
        format.made_as(representation, own, FrameRange::of(scene.plan, shot), &facts, threads_of(workers))
    }

    fn shot_depends_on(&self, shot: &Shot) -> String {
        self.scene.color.as_ref().map(|color| color.depends_on(shot)).unwrap_or_default()
    }

    fn shot_color(&self, shot: &Shot) -> Option<ShotColor> {
        self.scene.color.as_ref()?.report(shot)
    }

    fn representation_color(&self, shot: &Shot, representation: &str) -> Option<ValueColor> {
        self.scene.color.as_ref()?.values(shot, representation)
    }

    fn worker(&self, workers: usize) -> Box<dyn Worker + '_> {
        Box::new(ShotWorker::new(&self.scene, self, self.mixer(), threads_of(workers)))
    }

    fn verify(&self, task: &Task<'_>) -> Result<()> {
        let (shot, plan, preset) = (task.shot, self.scene.plan, self.scene.preset);
        let programs = Programs::new(&self.scene, task);
        let fields = programs.main().fields;
        let samples = plan.samples(shot).map(|samples| samples.end - samples.start);
        let planned = samples.zip(plan.sound.as_ref().map(|sound| sound.rate));
        if let Some((samples, _)) = planned {
            let mut files = task.wav.iter().chain(&task.stems);
            files.try_for_each(|wav| verify::length_of_sound(wav, samples, 0))?;
        }
        let expected = ExpectedOutput {
            preset,
            size: (self.scene.canvas.width, self.scene.canvas.height),
            rate: plan.rate,
            frames: shot.frame_count,
            first: shot.first_frame,
            top_field_first: fields,
            sound: planned.filter(|_| preset.audio.is_some()),
        };
        verify::verify(&task.target, &expected)?;
        let frame_range = FrameRange::of(plan, shot);
        task.representations.iter().enumerate().try_for_each(|(place, task)| {
            let top_field_first = programs.fields_of(place);
            SourceFormat { top_field_first, ..self.source_format(shot) }.verify(task, &frame_range)
        })
    }
}

/// How many threads each of `workers` has.
fn threads_of(workers: usize) -> usize {
    (crate::threads::available() / workers.max(1)).max(1)
}
