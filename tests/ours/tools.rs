//! Everything of this library that writes files.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::write_mix_as;
use otio_conflate::backend::{Control, RecordBackend};
use otio_conflate::deliver::{
    AudioDelivery, Cut, Preset, Representation, Review, TranscodeOptions, Trim, transcode, trim,
};
use otio_conflate::{CancelToken, Conflation, Delivery, Existing, NoObserver, Result};
use serde_json::Value;

use crate::otio;
use crate::world::World;

/// A program, or a way to use one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// A shot as a movie.
    Movie,
    /// A shot as a folder of frames.
    Frames,
    /// A shot's sound.
    Wav,
    /// A poster of a shot.
    Poster,
    /// `conflated.otio` and the manifest are written, too.
    Cut,
    Review,
    Mix,
    Transcode,
    Trim,
    /// A shot that Resolve is to render later.
    #[cfg(feature = "resolve")]
    Submit,
}

impl Tool {
    pub(crate) const ALL: &[Tool] = &[
        Tool::Movie,
        Tool::Frames,
        Tool::Wav,
        Tool::Poster,
        Tool::Cut,
        Tool::Review,
        Tool::Mix,
        Tool::Transcode,
        Tool::Trim,
        #[cfg(feature = "resolve")]
        Tool::Submit,
    ];

    /// The name of what it writes for the shot `a`.
    pub(crate) fn target(self) -> &'static str {
        match self {
            Tool::Frames => "a",
            Tool::Wav | Tool::Mix => "a.wav",
            Tool::Poster => "a_poster.jpg",
            Tool::Transcode => "a_ffv1.mkv",
            _ => "a.mov",
        }
    }

    pub(crate) fn modes(self) -> &'static [Existing] {
        use Existing::{Error, Overwrite, OverwriteForeign, Skip};
        match self {
            Tool::Transcode | Tool::Trim => &[Error, Overwrite, OverwriteForeign],
            _ => &[Error, Overwrite, Skip, OverwriteForeign],
        }
    }

    /// Whether its medium has to be a sound.
    pub(crate) fn hears(self) -> bool {
        self == Tool::Mix
    }

    /// Whether it writes a manifest of a run, and not only into one that is there.
    pub(crate) fn is_run(self) -> bool {
        !matches!(self, Tool::Mix | Tool::Transcode | Tool::Trim)
    }

    /// Writes the shot `a` into `out`.
    pub(crate) fn run(self, world: &World, out: &Path, existing: Existing) -> Result<()> {
        let mut delivery = Delivery::new(out).existing(existing);
        delivery.inputs.clone_from(&world.inputs);
        let run = |delivery: Delivery| {
            let report = Conflation::new(RecordBackend::new(), delivery).run(&world.plan("a"), &NoObserver)?;
            assert!(report.succeeded(), "what fails is told before it is rendered: {:?}", report.shots[0].error);
            Ok(())
        };
        match self {
            Tool::Movie => run(delivery),
            Tool::Frames => run(delivery.preset(frames())),
            Tool::Wav => {
                let preset = Preset::default().with_audio(AudioDelivery::Wav);
                run(delivery.preset(preset))
            }
            Tool::Poster => run(delivery.representation(Representation::by_name("poster")?)),
            Tool::Cut => {
                let timeline = otio::read(&otio::timeline_at(Value::Null, []));
                let conflation = Conflation::new(RecordBackend::new(), delivery).timeline(&timeline);
                conflation.run(&world.plan("a"), &NoObserver).map(|_| ())
            }
            Tool::Review => {
                // Of one shot, which is whatever the cut shows.
                let plan = world.plan("a");
                let folder = tempfile::tempdir().expect("a folder");
                let mut report =
                    Conflation::new(RecordBackend::new(), Delivery::new(folder.path())).run(&plan, &NoObserver)?;
                report.folder = PathBuf::from("/");
                let medium = world.media.first().map(|path| path.to_string_lossy().trim_start_matches('/').to_owned());
                if let (Some(output), Some(medium)) = (&mut report.shots[0].output, medium) {
                    output.path = medium;
                }
                let mut review = Review::default();
                review.name = "a".to_owned();
                let mut plan = review.plan(&report)?;
                plan.media.extend(world.plan("a").media);
                plan.timeline = Some(world.timeline.clone());
                let report = Conflation::new(RecordBackend::new(), delivery).run(&plan, &NoObserver)?;
                assert!(report.succeeded());
                Ok(())
            }
            Tool::Mix => {
                let target = out.join(self.target());
                write_mix_as(&world.plan("a"), target, existing, &world.inputs, &CancelToken::new()).map(|_| ())
            }
            Tool::Transcode => {
                let mut options = TranscodeOptions::default();
                options.name = Some("a".to_owned());
                options.overwrite = existing == Existing::Overwrite;
                options.overwrite_foreign = existing == Existing::OverwriteForeign;
                let wanted = match world.inputs.first() {
                    Some(file) => Representation::load(file)?,
                    None => Representation::new("ffv1", Preset::by_name("ffv1")?),
                };
                let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
                transcode(&world.media[0], &[wanted], out, &options, &control).map(|_| ())
            }
            Tool::Trim => {
                let request = Trim::new(&world.media[0])
                    .piece(Cut::frames(0, 2), out.join(self.target()))
                    .overwrite(existing == Existing::Overwrite)
                    .overwrite_foreign(existing == Existing::OverwriteForeign);
                trim(&request, &CancelToken::new())?.pieces.remove(0).map(|_| ())
            }
            #[cfg(feature = "resolve")]
            Tool::Submit => {
                use otio_conflate::backend::resolve::{ResolveBackend, ResolveOptions};
                let mut options = ResolveOptions::default();
                options.command = vec!["/nowhere/python".to_owned()];
                let submitted = ResolveBackend::new(options).submit(&world.plan("a"), &delivery);
                let error = submitted.map(|_| ()).expect_err("there is no Resolve");
                // What may be written is asked before Resolve is.
                if error.kind() == otio_conflate::ErrorKind::Exists { Err(error) } else { Ok(()) }
            }
        }
    }

    /// Whether it delivers anything in these tests.
    pub(crate) fn delivers(self) -> bool {
        #[cfg(feature = "resolve")]
        return self != Tool::Submit;
        #[cfg(not(feature = "resolve"))]
        true
    }
}

/// A preset that writes numbered frames.
pub(crate) fn frames() -> Preset {
    let mut preset = serde_json::to_value(Preset::default()).expect("plain data");
    preset["extension"] = "png".into();
    preset["muxer"] = Value::Null;
    serde_json::from_value(preset).expect("a preset")
}
