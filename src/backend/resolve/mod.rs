//! Pictures through DaVinci Resolve Studio, grade and all, over its scripting interface.
//!
//! ```no_run
//! use otio_conflate::backend::ffmpeg::FfmpegLookup;
//! use otio_conflate::backend::resolve::{ResolveGrade, ResolveBackend, ResolveOptions};
//! use otio_conflate::{CancelToken, Delivery, NoObserver, Plan, PlanOptions, Timeline};
//!
//! let timeline = Timeline::open("cut.otio")?;
//! let plan = Plan::with_media(&timeline, &PlanOptions::default(), &FfmpegLookup::new())?;
//! let both = vec![(ResolveGrade::AsIs, Delivery::new("graded")), (ResolveGrade::Bypass, Delivery::new("ungraded"))];
//! let backend = ResolveBackend::new(ResolveOptions::default());
//! backend.run_each(&plan, Some(&timeline), both, &NoObserver, &CancelToken::new())?;
//! # Ok::<(), otio_conflate::Error>(())
//! ```
//!
//! Resolve renders the timeline, or the parts of it that shots need, on its own; the shots are cut out of that through
//! FFmpeg. The plan says which frames a shot has and what it sounds like; what the frames look like is Resolve's doing.
//! So the timeline that is open in Resolve has to be the plan's cut, which is checked before anything is rendered.
//!
//! A process of its own (Python) holds Resolve's objects and calls what it is told, one call at a time, each with a limit.
//! Only calls of a fixed table are made. Whatever is changed in Resolve on the way is put back: after a run, an error, a
//! cancelled run or a panic; after a kill by the next run, or [`ResolveBackend::restore`], since every change is on disk
//! before it is made. One run at a time uses Resolve, whoever started it.

mod backend;
mod bin;
mod bridge;
mod calls;
mod collect;
mod cut;
mod cutting;
mod deliver_page;
mod elsewhere;
mod export;
mod found;
mod grade;
mod guard;
mod jobs;
mod journal;
mod leftovers;
mod light;
mod link;
mod lock;
mod names;
mod opening;
mod options;
mod pieces;
mod plates;
mod protected;
mod queue;
mod restore;
mod scratch;
mod session;
mod space;
mod state;
mod submit;
mod ticket;
mod ticket_file;
mod warning;

pub use backend::ResolveBackend;
pub use leftovers::Restored;
pub use options::{Cdl, Limits, RenderPreset, ResolveGrade, ResolveOptions, Scope, Solo, TimelineChoice};
pub use ticket::{Ticket, TicketState};

pub(crate) use backend::WholeRun;
pub(crate) use collect::Collector;
