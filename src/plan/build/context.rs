//! What every pass of planning shares: options, media, warnings, limits.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use super::alike::{CompositionReuse, Log};
use super::clock::Clock;
use super::media::MediaTable;
use crate::error::{Error, ErrorKind, Result};
use crate::otio::Locator;
use crate::plan::warning::{Said, Warnings};
use crate::plan::{Layer, MediaLookup, PlanOptions};
use crate::time::{Rate, Time};
use crate::timeline::{Timeline, TrackLayout};

/// An object of the timeline on its way down from the root.
#[derive(Debug, Clone, Copy)]
pub(super) struct VisitedObject<'p> {
    /// Its path, such as `tracks[2].children[5]`.
    pub(super) path: &'p str,
    /// The name of the track it lies in.
    pub(super) track: &'p str,
    /// Takes record frames to the time since its trimmed range starts.
    pub(super) clock: &'p Clock,
}

/// What every part of planning shares.
pub(super) struct Builder<'a> {
    pub(super) options: &'a PlanOptions,
    /// The record rate.
    pub(super) rate: Rate,
    pub(super) media: MediaTable<'a>,
    /// Layers made so far, by their clip's path, with the clock that was theirs.
    pub(super) layers: HashMap<String, (Clock, Layer)>,
    /// Clocks of the children of retimed compositions, by these's paths, with the clocks around them.
    pub(super) clocks: HashMap<String, (Clock, Clock)>,
    /// Which compositions hold the same.
    pub(super) reuse: CompositionReuse<'a>,
    /// How long all children of compositions last, by their address.
    pub(super) durations: HashMap<usize, Time>,
    /// Where the items of tracks lie, by the tracks' address.
    pub(super) layouts: HashMap<usize, Rc<TrackLayout>>,
    /// The record frames that anything can be asked for: the cut and its handles.
    pub(super) horizon: Range<i64>,
    /// Whether transitions are left out, so that neighbours meet at the cut.
    pub(super) cuts_alone: bool,
    /// Paths of the clips that are cut out of a movie of the whole cut: it shows what lies over and around them already.
    pub(super) from_movie: HashSet<String>,
    /// Where warnings go while there is one.
    pub(super) log: Option<Log>,
    pub(super) warnings: Warnings,
    /// What planning has cost so far.
    steps: Cell<u64>,
    curve_values: Cell<u64>,
}

impl<'a> Builder<'a> {
    /// Nothing planned yet of `timeline`.
    pub(super) fn new(timeline: &'a Timeline, options: &'a PlanOptions, lookup: &'a dyn MediaLookup) -> Builder<'a> {
        let locator = Locator::new(timeline.path.as_deref(), &options.path_map);
        Builder {
            options,
            rate: Rate::FPS_24,
            media: MediaTable::new(locator, options, lookup),
            layers: HashMap::new(),
            clocks: HashMap::new(),
            reuse: CompositionReuse::new(&timeline.tracks),
            durations: HashMap::new(),
            layouts: HashMap::new(),
            horizon: 0..1,
            cuts_alone: false,
            from_movie: HashSet::new(),
            log: None,
            warnings: Warnings::default(),
            steps: Cell::new(0),
            curve_values: Cell::new(0),
        }
    }
}

impl Builder<'_> {
    /// Warns of `object`; equal messages about several objects become one warning.
    pub(super) fn warn(&mut self, object: &str, message: String) {
        let seen = self.log.as_ref().map_or(0..0, |log| log.seen.clone());
        self.say(seen, Said { object: object.to_owned(), cause: None, message });
    }

    /// Warns of `object`; all that is said for the same `cause` becomes one warning with the first message.
    #[allow(dead_code, reason = "for causes whose messages differ from object to object")]
    pub(super) fn warn_once(&mut self, object: &str, cause: &str, message: String) {
        let seen = self.log.as_ref().map_or(0..0, |log| log.seen.clone());
        self.say(seen, Said { object: object.to_owned(), cause: Some(cause.to_owned()), message });
    }

    /// Says something that concerns the record frames `seen`.
    pub(super) fn say(&mut self, seen: Range<i64>, said: Said) {
        match &mut self.log {
            Some(log) => log.said.push((seen, said)),
            None => self.warnings.say(said),
        }
    }

    /// Counts `steps` of work for the object at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] once planning has cost more than the options allow.
    pub(super) fn spend(&self, steps: usize, path: &str) -> Result<()> {
        self.charge(&self.steps, steps, self.options.limits.steps, ("limits.steps", "steps of work"), path)
    }

    /// Counts values of curves of speed that the object at `path` needs.
    ///
    /// # Errors
    /// As [`Builder::spend`].
    pub(super) fn spend_values(&self, values: usize, path: &str) -> Result<()> {
        let most = self.options.limits.curve_values;
        self.charge(&self.curve_values, values, most, ("limits.curve_values", "values in curves of speed"), path)
    }

    fn charge(
        &self,
        spent: &Cell<u64>,
        more: usize,
        most: u64,
        (option, what): (&str, &str),
        path: &str,
    ) -> Result<()> {
        spent.set(spent.get().saturating_add(u64::try_from(more).unwrap_or(u64::MAX)));
        if spent.get() <= most {
            return Ok(());
        }
        let message =
            format!("the plan needs more than {most} {what}; the option `{option}` sets how many it may have");
        Err(Error::new(ErrorKind::Limit, message).at_object(path))
    }
}
