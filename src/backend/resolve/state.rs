//! How Resolve was before a render: what is changed in it, and has to be put back, as plain data.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::link::Named;
use super::queue::OwnJob;

/// How Resolve was before, as far as anything was changed. Every change is noted here before it is made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ResolveState {
    /// What Resolve did not tell, and so cannot be put back: sentences.
    pub(super) untold: Vec<String>,
    /// The project that everything belongs to.
    pub(super) project: Option<Named>,
    pub(super) page: Option<String>,
    /// The timeline that was open.
    pub(super) timeline: Option<Named>,
    /// Format and codec of the Deliver page.
    pub(super) format: Option<(String, String)>,
    /// The render mode: 0 for individual clips, 1 for a single clip.
    pub(super) mode: Option<i64>,
    /// The timeline that is rendered, which the following belongs to.
    pub(super) rendered: Option<Named>,
    /// Video tracks that were switched, and whether they were enabled.
    pub(super) tracks: Vec<(i64, bool)>,
    /// Its marks, as Resolve gives them.
    pub(super) marks: Option<Value>,
    /// Clips whose version was changed.
    pub(super) versions: Vec<Version>,
    /// Clips with a LUT of ours on their own version.
    pub(super) luts: Vec<Lut>,
    /// The folder that our render jobs write into: a job that does is ours, too.
    #[serde(default)]
    pub(super) folder: Option<PathBuf>,
    /// Our render jobs, and whether they were started.
    pub(super) jobs: Vec<OwnJob>,
    pub(super) started: bool,
    /// Whether a run has all its renders in `folder`, whole, and is about to cut its shots out of them.
    #[serde(default)]
    pub(super) rendered_all: bool,
    /// A render preset that was imported.
    pub(super) preset: Option<String>,
    /// Before that: what it will be called, and the presets that there were.
    #[serde(default)]
    pub(super) importing: Option<(String, Vec<String>)>,
    /// The bin of an imported timeline.
    pub(super) bin: Option<String>,
    /// The imported timeline.
    pub(super) imported: Option<Named>,
    /// What came into the root bin with it: the identifiers of clips. Nothing else is removed from there.
    pub(super) pooled: Vec<String>,
}

/// A clip that is graded by a version of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) track: i64,
    /// The clip's identifier.
    pub(super) item: String,
    /// The version it had, by name and kind (0 local, 1 remote).
    pub(super) name: String,
    pub(super) kind: i64,
    /// The name of ours.
    pub(super) ours: String,
}

/// A LUT of ours on a clip's own version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lut {
    pub(super) track: i64,
    /// The clip's identifier.
    pub(super) item: String,
    /// The node's number, from 1.
    pub(super) node: u32,
    /// The LUT that was there, or nothing.
    pub(super) former: String,
}
