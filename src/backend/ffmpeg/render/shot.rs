//! One shot after another: a program and the sinks that take its pictures.

use ffmpeg_next::frame::Video;

use super::super::convert::{Converter, SourcePicture};
use super::super::encode::OutputSettings;
use super::super::representation::{Facts, FrameRange, RepresentationSink, ShotFacts, SourceFormat, SourceLabels};
use super::super::sink::{Bake, FinishedSink, ShotSink, Sink};
use super::super::sound::{Mixer, ShotSound};
use super::super::viewed::Viewed;
use super::super::writer::FrameWriter;
use super::execute::Compositor;
use super::lower::lower;
use super::packets::PacketCopy;
use super::program::{Program, Variant, WorkingFormat};
use super::reuse::Reuse;
use super::scene::Scene;
use crate::backend::{Control, Earlier, Rendered, RepresentationTask, Task, Worker};
use crate::deliver::Representation;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{ColorTags, Shot};
use crate::trace;

/// What every shot of a run is delivered as.
pub(in super::super) trait OutputFormats: Sync {
    /// What the frames of `shot` are encoded as, interlaced with this order of fields or not.
    fn settings(&self, shot: &Shot, fields: Option<bool>) -> OutputSettings;
    /// What goes into the representations of `shot`.
    fn source_format(&self, shot: &Shot) -> SourceFormat<'_>;
}

/// How the pictures of a shot are made, for each of its outputs.
pub(in super::super) struct Programs<'p> {
    made: Vec<(Variant, Program<'p>)>,
    /// Which of them the shot's own file shows.
    main: Variant,
    /// And its representations.
    representations: Vec<Variant>,
}

impl<'p> Programs<'p> {
    /// Those of the shot of `task`.
    pub(in super::super) fn new(scene: &Scene<'_>, task: &Task<'p>) -> Programs<'p> {
        let shot = task.shot;
        let main = scene.main_variant(shot);
        let of = |task: &RepresentationTask<'_>| variant_of(scene, shot, task.representation);
        let representations: Vec<Variant> = task.representations.iter().map(of).collect();
        let mut programs = Programs { made: Vec::new(), main, representations };
        for variant in std::iter::once(main).chain(programs.representations.clone()) {
            if !programs.made.iter().any(|(known, _)| *known == variant) {
                programs.made.push((variant, lower(scene, shot, variant)));
            }
        }
        programs
    }

    /// How the pictures of the shot's own file are made.
    pub(in super::super) fn main(&self) -> &Program<'p> {
        self.of(self.main)
    }

    /// The order of fields of the pictures that representation number `place` takes. Pictures that are converted further have
    /// none.
    pub(in super::super) fn fields_of(&self, place: usize) -> Option<bool> {
        self.main().fields.filter(|_| self.representations[place] == self.main)
    }

    fn of(&self, variant: Variant) -> &Program<'p> {
        let found = self.made.iter().find(|(known, _)| *known == variant);
        &found.unwrap_or(&self.made[0]).1
    }
}

/// Which pictures of `shot` this representation shows, where colours are managed.
pub(in super::super) fn variant_of(scene: &Scene<'_>, shot: &Shot, representation: &Representation) -> Variant {
    scene.color.as_ref().map_or(Variant::default(), |color| {
        let name = &representation.name;
        let baked = color.representations(shot).and_then(|all| all.get(name));
        let exact = baked.is_some_and(|baked| baked.transform.is_some());
        Variant { graded: color.is_graded_in(shot, name), exact }
    })
}

/// One thread's decoders, converters and encoders.
pub(in super::super) struct ShotWorker<'s> {
    scene: &'s Scene<'s>,
    outputs: &'s dyn OutputFormats,
    threads: usize,
    compositor: Compositor<'s>,
    /// Where there is sound to be delivered.
    mixer: Option<Mixer<'s>>,
}

impl<'s> ShotWorker<'s> {
    pub(in super::super) fn new(
        scene: &'s Scene<'s>,
        outputs: &'s dyn OutputFormats,
        mixer: Option<Mixer<'s>>,
        threads: usize,
    ) -> ShotWorker<'s> {
        ShotWorker { scene, outputs, threads, compositor: Compositor::new(scene, threads), mixer }
    }

    fn rendered(
        &mut self,
        task: &Task<'_>,
        programs: &Programs<'_>,
        mut sound: Option<ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<Rendered> {
        let (scene, shot) = (self.scene, task.shot);
        let facts = ShotFacts { plan: scene.plan, shot, reel: move |media| scene.reel(media) };
        let source_format = self.outputs.source_format(shot);
        let frame_range = FrameRange::of(scene.plan, shot);
        let baked = scene.color.as_ref().and_then(|color| color.intermediate(shot));
        let viewed = source_format.viewed(&task.representations, baked, self.threads)?;
        let mut sinks: Vec<Box<dyn Sink + '_>> = Vec::new();
        for (place, wanted) in task.representations.iter().enumerate() {
            let variant = programs.representations[place];
            let format = SourceFormat { top_field_first: programs.fields_of(place), ..source_format };
            let sink = RepresentationSink::open(
                wanted,
                (format, variant),
                frame_range,
                &facts,
                (&viewed, self.threads),
                None,
            )?;
            sinks.push(Box::new(sink));
        }
        let (main, unlabelled) = self.main_sink(task, programs, &facts, viewed)?;
        sinks.insert(0, main);
        for segment in &programs.main().segments {
            trace::event!(
                DEBUG,
                "a segment of the program",
                start = segment.frames.start,
                frames = segment.frames.end - segment.frames.start,
                working = segment.working.word(),
                nodes = segment.nodes.len(),
                threads = self.threads
            );
        }
        let frames = self.run(task, programs, &mut sinks, sound.as_mut(), control)?;
        let mut sinks = sinks.into_iter();
        let FinishedSink { encoder, format: _, notes: mut warnings } =
            sinks.next().map_or(Ok(FinishedSink::default()), |main| main.finish(frames))?;
        warnings.extend(unlabelled);
        let noted = self.compositor.layers.readers.take_notes();
        let is_noted = !noted.is_empty();
        warnings.extend(noted);
        let (mut representation_encoders, mut representation_formats) = (Vec::new(), Vec::new());
        for sink in sinks {
            let FinishedSink { encoder, format, notes } = sink.finish(frames)?;
            representation_encoders.push(encoder);
            representation_formats.push(format);
            warnings.extend(notes);
        }
        let heard = sound.map(ShotSound::finish).transpose()?;
        let (peak, loudness) = heard.as_ref().map(|heard| (heard.peak, heard.loudness)).unzip();
        warnings.extend(heard.into_iter().flat_map(|heard| heard.notes));
        let pixel_format = match encoder {
            Some(_) => self.outputs.settings(shot, None).format_in_files(),
            None => programs.main().packets.as_ref().and_then(|_| scene.only_format(shot)),
        };
        Ok(Rendered {
            frames,
            encoder,
            pixel_format,
            representation_encoders,
            representation_formats,
            peak,
            loudness: loudness.flatten(),
            warnings,
            noted: is_noted,
        })
    }

    /// Copies the pictures of a shot that were delivered before; only its sound is made.
    fn reused(
        &mut self,
        task: &Task<'_>,
        programs: &Programs<'_>,
        earlier: &Earlier,
        mut sound: Option<ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<Rendered> {
        let (scene, shot) = (self.scene, task.shot);
        let facts = ShotFacts { plan: scene.plan, shot, reel: move |media| scene.reel(media) };
        let (settings, unlabelled) = self.labelled(task, programs, &facts);
        let labels = settings.labels_each_frame().then(|| SourceLabels::new(&facts));
        let mut reuse = Reuse::begin(earlier, task, settings, labels, scene.max_pixels)?;
        let mut representations = self.reused_representations(task, programs, earlier, &facts)?;
        for index in 0..shot.frame_count {
            reuse.write(index)?;
            representations.iter_mut().try_for_each(|sink| sink.copy(index))?;
            if let Some(sound) = &mut sound {
                let samples = sound.accompany(index + 1)?;
                reuse.write_sound(&samples)?;
                representations.iter_mut().try_for_each(|sink| sink.write_sound(&samples))?;
            }
            control.frame(shot, index + 1)?;
        }
        let FinishedSink { encoder, mut notes, .. } = reuse.finish()?;
        let (mut representation_encoders, mut representation_formats) = (Vec::new(), Vec::new());
        for sink in representations {
            let FinishedSink { encoder, format, notes: said } = sink.finish(shot.frame_count)?;
            representation_encoders.push(encoder);
            representation_formats.push(format);
            notes.extend(said);
        }
        let heard = sound.map(ShotSound::finish).transpose()?;
        let (peak, loudness) = heard.as_ref().map(|heard| (heard.peak, heard.loudness)).unzip();
        let heard = heard.into_iter().flat_map(|heard| heard.notes);
        Ok(Rendered {
            frames: shot.frame_count,
            encoder,
            pixel_format: earlier.pixel_format.clone(),
            representation_encoders,
            representation_formats,
            peak,
            loudness: loudness.flatten(),
            warnings: notes.into_iter().chain(unlabelled).chain(heard).collect(),
            ..Rendered::default()
        })
    }

    /// What the representations of a shot go into whose pictures were delivered before.
    fn reused_representations<'t>(
        &self,
        task: &'t Task<'_>,
        programs: &Programs<'_>,
        earlier: &'t Earlier,
        facts: &'t dyn Facts,
    ) -> Result<Vec<Box<RepresentationSink<'t>>>> {
        if earlier.representations.len() != task.representations.len() {
            let what = "not every representation was delivered with the pictures that are copied";
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        let source_format = self.outputs.source_format(task.shot);
        let frame_range = FrameRange::of(self.scene.plan, task.shot);
        let viewed = Viewed::new(&[]);
        let wanted = task.representations.iter().zip(&earlier.representations).enumerate();
        wanted
            .map(|(place, (wanted, earlier))| {
                let format = SourceFormat { top_field_first: programs.fields_of(place), ..source_format };
                let shown = (format, programs.representations[place]);
                let with = (&viewed, self.threads);
                RepresentationSink::open(wanted, shown, frame_range, facts, with, Some(earlier)).map(Box::new)
            })
            .collect()
    }

    /// What the shot's own file is written as, with the timecode that it is to have, and where that is not known, a sentence
    /// for the report.
    fn labelled(
        &self,
        task: &Task<'_>,
        programs: &Programs<'_>,
        facts: &dyn Facts,
    ) -> (OutputSettings, Option<String>) {
        let settings = self.outputs.settings(task.shot, programs.main().fields);
        let mut settings = OutputSettings { threads: u32::try_from(self.threads).unwrap_or(1), ..settings };
        let unlabelled = settings.label_by_source(facts, 0);
        (settings, unlabelled)
    }

    /// What the shot itself goes into; where it is a movie that was to have a source timecode that is not known, a sentence
    /// for the report.
    fn main_sink<'t>(
        &self,
        task: &Task<'t>,
        programs: &Programs<'_>,
        facts: &'t dyn Facts,
        viewed: Viewed,
    ) -> Result<(Box<dyn Sink + 't>, Option<String>)> {
        let program = programs.main();
        let (settings, unlabelled) = self.labelled(task, programs, facts);
        if let Some(packets) = &program.packets
            && let Some(copying) = PacketCopy::begin(self.scene, packets, task, &settings)?
        {
            trace::event!(DEBUG, "packets are copied", first = packets.first, count = packets.count);
            return Ok((Box::new(copying), unlabelled));
        }
        let writer = FrameWriter::create(&task.target, task.shot.first_frame, &settings)?;
        let baked = self.scene.color.as_ref().and_then(|color| color.intermediate(task.shot)?.transform.clone());
        let bake = baked.map(|transform| Bake {
            transform,
            target: settings.target(),
            converter: Converter::new(),
            threads: self.threads,
            viewed,
        });
        let labels = settings.labels_each_frame().then(|| SourceLabels::new(facts));
        let keeps_fields = program.fields.is_some();
        Ok((Box::new(ShotSink { writer, labels, keeps_fields, variant: programs.main, bake }), unlabelled))
    }

    /// Makes the frames of a shot, one after another, and gives them to its sinks; returns how many.
    fn run(
        &mut self,
        task: &Task<'_>,
        programs: &Programs<'_>,
        sinks: &mut [Box<dyn Sink + '_>],
        mut sound: Option<&mut ShotSound<'_, '_>>,
        control: &Control<'_>,
    ) -> Result<i64> {
        let coding = self.scene.coding();
        let (color, premultiplied) = (coding.color, coding.premultiplied);
        let mut kinds: Vec<(bool, Variant)> = Vec::new();
        for sink in &*sinks {
            let kind = (sink.keeps_fields(), sink.variant());
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        // Interlaced pictures first, as they are; of the others, what is exact can be made into what is not.
        kinds.sort_by_key(|(fields, variant)| (!fields, !variant.exact));
        let mut index = 0;
        for segment in &programs.main().segments {
            for record in segment.frames.clone() {
                let mut pictures: Vec<Option<(Video, bool)>> = Vec::with_capacity(kinds.len());
                for &(fields, variant) in &kinds {
                    let is_kind = |sink: &dyn Sink| (sink.keeps_fields(), sink.variant()) == (fields, variant);
                    let wanted = sinks.iter().any(|sink| is_kind(&**sink) && sink.wants(index));
                    let own = programs.of(variant).at(record).filter(|_| wanted);
                    let exact = kinds.iter().zip(&pictures).find_map(|(&(other_fields, other), picture)| {
                        let is_same = !fields && !other_fields && other.graded == variant.graded && !variant.exact;
                        picture.as_ref().filter(|(_, is_light)| is_same && *is_light)
                    });
                    let picture = own.map(|own| {
                        if let Some((canvas, _)) = exact.filter(|_| own.working == WorkingFormat::Managed) {
                            return Ok((self.compositor.coded_of_exact(canvas)?, false));
                        }
                        let is_light = variant.exact && own.working == WorkingFormat::Managed;
                        Ok((self.compositor.frame(own, record, fields, variant.exact)?, is_light))
                    });
                    pictures.push(picture.transpose()?);
                }
                if pictures.iter().all(Option::is_none) {
                    self.compositor.judge(segment, record)?;
                }
                for sink in &mut *sinks {
                    let kind = kinds.iter().position(|kind| *kind == (sink.keeps_fields(), sink.variant()));
                    let picture = kind.and_then(|kind| pictures[kind].as_ref());
                    let source = picture.map(|(frame, is_light)| {
                        let light = ColorTags { full_range: true, matrix: 0, ..color };
                        let color = if *is_light { light } else { color };
                        SourcePicture { frame, color, premultiplied: premultiplied || *is_light }
                    });
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
        let programs = Programs::new(self.scene, task);
        // Pictures and sound are made side by side, each with its own half of the worker.
        let mut mixer = self.mixer.take();
        let mixed = ShotSound::begin(mixer.as_mut(), self.scene.plan, task);
        let rendered = mixed.and_then(|sound| match task.earlier {
            Some(earlier) => self.reused(task, &programs, earlier, sound, control),
            None => self.rendered(task, &programs, sound, control),
        });
        self.mixer = mixer;
        rendered
    }
}
