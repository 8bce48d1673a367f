//! Shots on a farm: job bundles of [Open Job Description](https://github.com/OpenJobDescription), and what their tasks do.
//!
//! ```
//! use otio_conflate::farm::{Job, JobOptions};
//! use otio_conflate::{Delivery, Plan, PlanOptions};
//! # use otio_conflate::time::Rate;
//! # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange, Timeline};
//! # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
//! # let clip = Clip::new("sh010", media).range(RawTimeRange::frames(100, 48, Rate::FPS_24));
//! # let timeline = Timeline::new("reel 2").track(Composition::video("V1").with(clip));
//! # let folder = tempfile::tempdir()?;
//! # let (bundle, shots) = (folder.path().join("job"), folder.path().join("shots"));
//!
//! let plan = Plan::new(&timeline, &PlanOptions::default())?;
//! let job = Job::new(plan, Delivery::new(shots))?.timeline(timeline);
//! job.write(&bundle, &JobOptions::default())?;
//! assert!(bundle.join("template.yaml").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The template has a step that renders, whose tasks are chunks of shots of about equal cost, one that joins the part
//! manifests, and where it is asked for, one that joins a review. Each task is one call of the command: `otio-conflate task`.
//! See `docs/farm.md`.

mod assets;
mod bundle;
mod chunks;
mod job;
mod template;

pub use bundle::check_version;
pub use job::{FarmTask, Job, ShotCost, TaskOptions};
pub use template::{DATA, JobOptions};
