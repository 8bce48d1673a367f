//! Pictures through DaVinci Resolve Studio, grade and all, over its scripting interface.
//!
//! Resolve renders the timeline, or the parts of it that shots need, on its own; the shots are cut out of that through
//! FFmpeg. The plan says which frames a shot has and what it sounds like; what the frames look like is Resolve's doing.
//! So the timeline that is open in Resolve has to be the plan's cut, which is checked before anything is rendered.
//!
//! A process of its own (Python) holds Resolve's objects and calls what it is told, one call at a time, each with a limit.
//! Only calls of a fixed table are made. Whatever is changed in Resolve on the way is put back: after a run, an error, a
//! cancelled run or a panic; after a kill by the next run, or [`ResolveBackend::restore`], since every change is on disk
//! before it is made. One run at a time uses Resolve, whoever started it.

mod bridge;
mod calls;
mod cut;
mod cutting;
mod deliver_page;
mod export;
mod found;
mod grade;
mod guard;
mod guarding;
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
mod queue;
mod restore;
mod scratch;
mod session;
mod state;
mod ticket;
mod ticket_file;

pub use leftovers::Restored;
pub use options::{Cdl, Grade, Limits, RenderPreset, ResolveOptions, Scope, Solo, TimelineChoice};
pub use session::ResolveBackend;
pub use ticket::{Ticket, TicketState};

pub(crate) use session::Whole;
pub(crate) use ticket::Collector;
