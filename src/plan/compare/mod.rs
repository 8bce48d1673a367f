//! How the shots of a cut differ from those of an earlier one.
//!
//! Shots are matched by their media and the frames of it that they show, not by place or name alone; repeats are told apart by
//! their names and neighbours. What a match differs in is a list: a shot may be trimmed, moved and renamed at once.
//!
//! ```
//! # use otio_conflate::time::Rate;
//! # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
//! # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
//! # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
//! # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
//! # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
//!
//! use otio_conflate::plan::compare;
//! use otio_conflate::{Plan, PlanOptions};
//!
//! let old = Plan::new(&timeline, &PlanOptions::default())?;
//! let mut later = timeline.clone();
//! later.clips_mut()[1].item.source_range = Some(RawTimeRange::frames(24, 40, Rate::FPS_24));
//! let new = Plan::new(&later, &PlanOptions::default())?;
//! for change in compare(&old, &new) {
//!     println!("{:?}: {:?}", change.new.map(|shot| shot.name), change.differences);
//! }
//! # Ok::<(), otio_conflate::Error>(())
//! ```

mod classify;
mod edl;
mod matching;
mod print;
mod subject;

use serde::{Deserialize, Serialize};

pub use edl::edl;
pub use print::{csv, svg, table};

use super::Plan;
use crate::time::Ratio;
use subject::{Subject, subjects};

/// How a shot differs between two cuts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// The shot in the earlier cut; `None` where it is new.
    pub old: Option<ComparedShot>,
    /// The shot in the later cut; `None` where it was omitted.
    pub new: Option<ComparedShot>,
    /// What differs; empty where nothing does. A cut that grew shorter or longer in front of a shot is no difference of it.
    pub differences: Vec<Difference>,
    /// What has to be done to have the later shot, given what was delivered of the earlier one.
    pub action: Action,
}

/// One side of a [`Change`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComparedShot {
    /// Its index among the shots of its plan.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Its track.
    pub track: String,
    /// The path of its clip in the timeline.
    pub object: String,
    /// The location of its media, as [`MediaSource::display`](super::MediaSource::display) has it.
    pub media: String,
    /// Record frame of its first frame, counted from the cut's first, without handles.
    pub record: i64,
    /// Record timecode of that frame.
    pub timecode: String,
    /// How many record frames it lasts, without handles.
    pub frames: i64,
    /// The first media frame it shows, counted from the media's first.
    pub source_first: i64,
    /// The last one; before the first where it plays backwards.
    pub source_last: i64,
}

/// What differs between two shots of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// It is in the later cut alone.
    New,
    /// It is in the later cut, was not in the earlier one, and was delivered for one before that:
    /// [`Report::changes`](crate::Report::changes) knows.
    Reinstated,
    /// It is in the earlier cut alone.
    Omitted,
    /// It lies elsewhere among the other shots, or in another track.
    Moved,
    /// It starts or ends at another frame of its media.
    Trimmed {
        /// Record frames that were added at the head; negative where they were taken away.
        head: i64,
        /// The same at the tail.
        tail: i64,
    },
    /// It shows other frames of its media in as many record frames.
    Slipped {
        /// How many media frames later it starts; negative where it starts earlier.
        frames: i64,
    },
    /// Its speed is another one.
    Retimed {
        /// Media frames to a record frame in the earlier cut; `None` where they vary.
        from: Option<Ratio>,
        /// The same in the later one.
        to: Option<Ratio>,
    },
    /// It shows other media.
    MediaReplaced {
        /// The location in the earlier cut.
        from: String,
        /// The one in the later cut.
        to: String,
        /// Whether both are versions of one medium, told by `v` and digits in their names.
        version: bool,
    },
    /// What is laid over or under it is other media, at other times, or looks otherwise.
    LayersChanged,
    /// A transition in it is another one, or runs at other times.
    TransitionChanged,
    /// Its own opacity, crop, transform, blend mode or colour decision is another one.
    LookChanged,
    /// What is heard of it is something else.
    SoundChanged,
    /// Rate, canvas, placement, background, retiming, policies, colours or mix of the plan are others.
    SettingsChanged,
    /// Its name is another one.
    Renamed {
        /// The name in the earlier cut.
        from: String,
        /// The one in the later cut.
        to: String,
    },
}

/// What has to be done to have a later shot, given the earlier one with its handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Nothing: what was delivered is the later shot, but for the record timecode where the cut grew longer or shorter in
    /// front of it.
    Keep,
    /// Every frame of it was delivered: it can be cut out of that.
    Retrim,
    /// It has to be rendered.
    Repull,
    /// It is not in the later cut.
    Omit,
}

/// How `new` differs from `old`, in the order of the later cut; what was omitted stands behind the shot that it followed.
///
/// Takes n log n for n shots, but for parts of both cuts that show much of the same frames of one medium.
pub fn compare(old: &Plan, new: &Plan) -> Vec<Change> {
    let (old_subjects, new_subjects) = (subjects(old), subjects(new));
    let partners = matching::partners(&old_subjects, &new_subjects);
    let moved = matching::moved(&old_subjects, &new_subjects, &partners);
    let mut followed: Vec<Vec<Change>> = Vec::new();
    followed.resize_with(new_subjects.len() + 1, Vec::new);
    let mut before = 0;
    let mut partner_of_new = vec![None; new_subjects.len()];
    for (index, subject) in old_subjects.iter().enumerate() {
        match partners[index] {
            Some(place) => {
                partner_of_new[place] = Some(index);
                before = place + 1;
            }
            None => followed[before].push(omitted(subject, old)),
        }
    }
    let mut changes = std::mem::take(&mut followed[0]);
    for (place, subject) in new_subjects.iter().enumerate() {
        changes.push(match partner_of_new[place] {
            Some(index) => {
                let pair = (&old_subjects[index], subject);
                let differences = classify::differences((old, new), pair, moved[place]);
                let action = classify::action((old, new), pair, &differences);
                let (old, new) = (Some(pair.0.shown(old)), Some(subject.shown(new)));
                Change { old, new, differences, action }
            }
            None => Change {
                old: None,
                new: Some(subject.shown(new)),
                differences: vec![Difference::New],
                action: Action::Repull,
            },
        });
        changes.append(&mut followed[place + 1]);
    }
    changes
}

fn omitted(subject: &Subject<'_>, plan: &Plan) -> Change {
    Change { old: Some(subject.shown(plan)), new: None, differences: vec![Difference::Omitted], action: Action::Omit }
}
