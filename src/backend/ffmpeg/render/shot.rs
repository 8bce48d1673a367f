//! One shot after another: a program and the sinks that take its pictures.

use super::super::convert::Source;
use super::super::encode::OutputSettings;
use super::super::representation::{FrameRange, RepresentationSink, ShotFacts, SourceFormat};
use super::super::sink::{Finished, Sink, Whole};
use super::super::sound::{Mixer, ShotSound};
use super::super::writer::Writer;
use super::execute::Compositor;
use super::lower::lower;
use super::packets::Copying;
use super::program::Program;
use super::scene::Scene;
use crate::backend::{Control, Rendered, Task, Worker};
use crate::error::Result;

/// What every shot of a run is delivered as.
pub(in super::super) trait Outputs: Sync {
    /// What the frames of `task` are encoded as, interlaced with this order of fields or not.
    fn settings(&self, task: &Task<'_>, fields: Option<bool>) -> OutputSettings;
    /// What goes into representations.
    fn source_format(&self) -> SourceFormat<'_>;
}

/// One thread's decoders, converters and encoders.
pub(in super::super) struct ShotWorker<'s> {
    scene: &'s Scene<'s>,
    outputs: &'s dyn Outputs,
    threads: usize,
    compositor: Compositor<'s>,
    /// Where there is sound to be delivered.
    mixer: Option<Mixer<'s>>,
}

impl<'s> ShotWorker<'s> {
    pub(in super::super) fn new(
        scene: &'s Scene<'s>,
        outputs: &'s dyn Outputs,
        mixer: Option<Mixer<'s>>,
        threads: usize,
    ) -> ShotWorker<'s> {
        ShotWorker { scene, outputs, threads, compositor: Compositor::new(scene, threads), mixer }
    }

    fn rendered(
        &mut self,
        task: &Task<'_>,
        program: &Program<'_>,
        mut sound: Option<ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<Rendered> {
        let (scene, shot) = (self.scene, task.shot);
        let facts = ShotFacts { plan: scene.plan, shot, start: move |media| scene.start_timecode(media) };
        let source_format = SourceFormat { top_field_first: program.fields, ..self.outputs.source_format() };
        let frame_range = FrameRange::of(scene.plan, shot);
        let mut sinks: Vec<Box<dyn Sink + '_>> = Vec::new();
        for wanted in &task.representations {
            sinks.push(Box::new(RepresentationSink::open(wanted, source_format, frame_range, &facts, self.threads)?));
        }
        let main = self.main_sink(task, program)?;
        sinks.insert(0, main);
        let frames = self.run(task, program, &mut sinks, sound.as_mut(), control)?;
        let mut sinks = sinks.into_iter();
        let Finished { encoder, notes: mut warnings } =
            sinks.next().map_or(Ok(Finished::default()), |main| main.finish(frames))?;
        warnings.extend(self.compositor.layers.readers.take_notes());
        let mut representation_encoders = Vec::new();
        for sink in sinks {
            let Finished { encoder, notes } = sink.finish(frames)?;
            representation_encoders.push(encoder);
            warnings.extend(notes);
        }
        let heard = sound.map(ShotSound::finish).transpose()?;
        let (peak, loudness) = heard.as_ref().map(|heard| (heard.peak, heard.loudness)).unzip();
        warnings.extend(heard.into_iter().flat_map(|heard| heard.notes));
        Ok(Rendered { frames, encoder, representation_encoders, peak, loudness: loudness.flatten(), warnings })
    }

    /// What the shot itself goes into.
    fn main_sink<'t>(&self, task: &Task<'t>, program: &Program<'_>) -> Result<Box<dyn Sink + 't>> {
        let settings = self.outputs.settings(task, program.fields);
        let settings = OutputSettings { threads: u32::try_from(self.threads).unwrap_or(1), ..settings };
        if let Some(packets) = &program.packets
            && let Some(copying) = Copying::begin(self.scene, packets, task, &settings)?
        {
            return Ok(Box::new(copying));
        }
        let writer = Writer::create(&task.target, task.shot.first_frame, &settings)?;
        Ok(Box::new(Whole { writer, keeps_fields: program.fields.is_some() }))
    }

    /// Makes the frames of a shot, one after another, and gives them to its sinks; returns how many.
    fn run(
        &mut self,
        task: &Task<'_>,
        program: &Program<'_>,
        sinks: &mut [Box<dyn Sink + '_>],
        mut sound: Option<&mut ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<i64> {
        let coding = self.scene.coding();
        let (color, premultiplied) = (coding.color, coding.premultiplied);
        let mut index = 0;
        for segment in &program.segments {
            for record in segment.frames.clone() {
                let mut picture = |fields: bool| {
                    let wanted = sinks.iter().any(|sink| sink.keeps_fields() == fields && sink.wants(index));
                    wanted.then(|| self.compositor.frame(segment, record, fields)).transpose()
                };
                let (as_it_is, whole) = (picture(true)?, picture(false)?);
                if as_it_is.is_none() && whole.is_none() {
                    self.compositor.judge(segment, record)?;
                }
                for sink in &mut *sinks {
                    let picture = if sink.keeps_fields() { &as_it_is } else { &whole };
                    let source = picture.as_ref().map(|frame| Source { frame, color, premultiplied });
                    sink.write(source.as_ref(), index)?;
                }
                if let Some(sound) = &mut sound {
                    let samples = sound.accompany(index + 1)?;
                    sinks.iter_mut().try_for_each(|sink| sink.write_sound(&samples))?;
                }
                index += 1;
                control.frame(task.shot, index)?;
            }
        }
        Ok(index)
    }
}

impl Worker for ShotWorker<'_> {
    fn render(&mut self, task: &Task<'_>, control: &Control<'_>) -> Result<Rendered> {
        self.compositor.layers.clear();
        let program = lower(self.scene, task.shot);
        // Pictures and sound are made side by side, each with its own half of the worker.
        let mut mixer = self.mixer.take();
        let mixed = ShotSound::begin(mixer.as_mut(), self.scene.plan, task);
        let rendered = mixed.and_then(|sound| self.rendered(task, &program, sound, control));
        self.mixer = mixer;
        rendered
    }
}
