//! What a run takes over from an earlier one: pictures that were delivered.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Run, said};
use crate::backend::{Control, Earlier, Rendered, Session, Task, Worker};
use crate::deliver::{Folder, Protected, Representation, delivered_place, on_disk, outputs, represented_as};
use crate::error::{Error, ErrorKind, Result};
use crate::job::Target;
use crate::plan::{Shot, Warning};
use crate::printable::counted;
use crate::report::{OutputKind, Pictures, Report, RepresentedPictures, ShotReport};
use crate::time::Rate;
use crate::trace;
use crate::words::word_enum;

word_enum! {
    /// What becomes of delivered shots that are not in the cut any more.
    Omitted, "policy for omitted shots" {
        /// Their files stay.
        #[default]
        Keep = "keep",
        /// Their files are removed, if they are as this library left them, and everything in the cut was delivered.
        Remove = "remove",
    }
}

/// An earlier run, of which a later one takes over what it can: see [`Conflation::since`](crate::Conflation::since).
#[derive(Debug, Clone)]
pub struct Since {
    pub(super) manifest: PathBuf,
    pub(super) folder: PathBuf,
    /// The name of the earlier cut.
    pub(super) name: String,
    /// What its pictures were written with.
    preset: String,
    pub(super) shots: Vec<ShotReport>,
    omitted: Omitted,
}

impl Since {
    /// Reads the manifest that the earlier run wrote, in the folder that it delivered to.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Json`] when it is no manifest of a run.
    pub fn open(manifest: impl AsRef<Path>) -> Result<Since> {
        let manifest = manifest.as_ref();
        let Report { folder, name, preset, shots, .. } = Report::open(manifest)?;
        let manifest = manifest.canonicalize().map_err(|error| Error::io("find", manifest, error))?;
        Ok(Since { manifest, folder, name, preset, shots, omitted: Omitted::default() })
    }

    /// Does this about what was delivered of shots that are not in the cut any more. Something is removed only by a run of the
    /// whole cut into the folder of the earlier one, once every shot of it is there, and only what the newest run in that
    /// folder delivered; what was removed and what was not is among the report's warnings.
    #[must_use]
    pub fn omitted(mut self, omitted: Omitted) -> Since {
        self.omitted = omitted;
        self
    }

    /// The manifest, and what the earlier run delivered of its shots, wherever it lies: what a mix beside the shots must not
    /// write over.
    pub fn files(&self) -> Vec<PathBuf> {
        let delivered = self.shots.iter().flat_map(outputs).map(|output| on_disk(&self.folder, &output.path));
        std::iter::once(self.manifest.clone()).chain(delivered).collect()
    }

    /// What a run into `folder` must not write over: files of another folder.
    pub(super) fn protect(&self, protected: &mut Protected, folder: &Path) {
        if self.folder == folder {
            return;
        }
        protected.add("the earlier run's manifest", &self.manifest);
        for output in self.shots.iter().flat_map(outputs) {
            protected.add("the earlier run's file", &on_disk(&self.folder, &output.path));
        }
    }

    /// Shots that the earlier cut had: neither those of still earlier runs nor of others in the same folder. Of a shot that
    /// failed it is what the run before had delivered.
    pub(super) fn cut(&self) -> impl Iterator<Item = &ShotReport> {
        let newest = || self.shots.iter().filter(|shot| shot.of.is_none());
        let failed: HashSet<&str> =
            newest().filter(|shot| shot.output.is_none()).map(|shot| shot.shot.as_str()).collect();
        let is_of_it = move |shot: &&ShotReport| match shot.of.as_deref() {
            None => true,
            Some(of) => of == self.name && failed.contains(shot.shot.as_str()),
        };
        self.shots.iter().filter(is_of_it).filter(|shot| !shot.omitted)
    }

    /// Where the pictures of `shot` are, if its file is the one that was delivered with them.
    fn target(&self, shot: &ShotReport) -> Option<Target> {
        let (output, pictures) = (shot.output.as_ref()?, shot.pictures.as_ref()?);
        let place = delivered_place(&Folder::planned(&self.folder), output)?;
        let there = place.left(shot.first_frame, shot.frame_count)?;
        let is_whole = usize::try_from(shot.frame_count).is_ok_and(|count| digests(pictures).count() == count);
        let is_it = there.bytes == output.bytes && there.modified == pictures.modified;
        (is_whole && is_it).then(|| place.final_target())
    }

    /// Whether files of omitted shots are removed.
    pub(super) fn removes(&self) -> bool {
        self.omitted == Omitted::Remove
    }

    /// Where the representations of `shot` are that are `wanted` of the frames of it from `first` on; or why one of them is not
    /// there.
    fn representations(&self, shot: &ShotReport, first: i64, wanted: &WantedShot<'_>) -> Result<Vec<Earlier>, String> {
        let find = |&(representation, made_as): &(&Representation, Option<&str>)| {
            let name = &representation.name;
            let made_as = made_as
                .ok_or_else(|| format!("{} of representation {name:?} are not copied", representation.preset.name))?;
            let made = shot.representations.iter().find(|made| made.name == *name);
            let made = made.ok_or_else(|| format!("its representation {name:?} was not"))?;
            let known = made.pictures.as_ref();
            let known =
                known.ok_or_else(|| format!("the manifest does not say what its representation {name:?} shows"))?;
            let is_all = first == 0 && shot.frame_count == wanted.shot.frame_count;
            if !is_all && !representation.pictures_stand_alone() {
                return Err(format!("its representation {name:?} was made of other handles or frames"));
            }
            if known.made_as != made_as {
                return Err(format!("its representation {name:?} has other text, handles or settings"));
            }
            // Both in frames of the earlier shot.
            let there = representation.shown(shot.frame_count, (shot.head, shot.tail));
            let own = representation.shown(wanted.shot.frame_count, (wanted.shot.head, wanted.shot.tail));
            let own = first.saturating_add(own.start)..first.saturating_add(own.end);
            if own.start < there.start || there.end < own.end {
                return Err(format!("its representation {name:?} does not show all of them"));
            }
            let number = shot.first_frame.saturating_add(there.start);
            let frames = representation.frame_count(there.end - there.start, wanted.rate);
            let place = delivered_place(&Folder::planned(&self.folder), &made.output);
            let left = place.as_ref().and_then(|place| place.left(number, frames));
            let is_it = left.is_some_and(|left| left.bytes == made.output.bytes && left.modified == known.modified);
            let place = place.filter(|_| is_it);
            let place = place.ok_or_else(|| format!("{} was changed or no longer exists", made.output.path))?;
            let skipped = own.start - there.start;
            let first = if made.output.kind == OutputKind::Sequence { number.saturating_add(skipped) } else { skipped };
            Ok(Earlier::new(place.final_target(), first, &made.output))
        };
        wanted.representations.iter().map(find).collect()
    }

    /// Refuses what cannot be meant.
    pub(super) fn check(&self, is_part: bool) -> Result<()> {
        if is_part && self.removes() {
            let what = "files of omitted shots are removed by a run of the whole cut, and not of some of its shots";
            return Err(Error::new(ErrorKind::Option, what));
        }
        Ok(())
    }
}

/// What becomes of a shot.
#[derive(Debug, Clone)]
pub(super) enum Taken {
    /// Its pictures are in a file that was delivered.
    Pictures {
        earlier: Earlier,
        /// The shot of the earlier run that they are of.
        of: usize,
        /// The first of that shot's frames that they are.
        first: i64,
        /// Why it is not rendered.
        reason: String,
    },
    /// They are not: why.
    Nothing(String),
}

/// What a shot shows, and what is made of it.
pub(super) struct WantedShot<'w> {
    shot: &'w Shot,
    pictures: &'w Pictures,
    /// Each with what its pictures depend on beside the shot's; `None` where they cannot be copied.
    representations: Vec<(&'w Representation, Option<&'w str>)>,
    /// Frames a second of the shot.
    rate: Rate,
}

/// Finds pictures among those that were delivered.
pub(super) struct DeliveredPictures<'s> {
    since: &'s Since,
    /// Where each digest is: shot and frame of it.
    by_digest: HashMap<&'s str, Vec<(usize, usize)>>,
    names: HashSet<&'s str>,
    /// Where the files are, as far as anybody asked.
    targets: HashMap<usize, Option<Target>>,
}

impl<'s> DeliveredPictures<'s> {
    pub(super) fn new(since: &'s Since) -> DeliveredPictures<'s> {
        let mut by_digest: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
        for (index, shot) in since.shots.iter().enumerate() {
            let Some(pictures) = &shot.pictures else { continue };
            for (frame, digest) in digests(pictures).enumerate() {
                by_digest.entry(digest).or_default().push((index, frame));
            }
        }
        let names = since.shots.iter().map(|shot| shot.shot.as_str()).collect();
        DeliveredPictures { since, by_digest, names, targets: HashMap::new() }
    }

    /// Where the shot that is `wanted` can be copied from.
    pub(super) fn find(&mut self, wanted: &WantedShot<'_>) -> Taken {
        let since = self.since;
        let (name, wanted_pictures) = (wanted.shot.name.as_str(), wanted.pictures);
        let all: Vec<&str> = digests(wanted_pictures).collect();
        let Some(first) = all.first() else { return Taken::Nothing("it has no frames".to_owned()) };
        let alike = |&&(shot, frame): &&(usize, usize)| {
            let Some(pictures) = &since.shots[shot].pictures else { return false };
            pictures.made_as == wanted_pictures.made_as && has_row(pictures, frame, &all)
        };
        let places: Vec<(usize, usize)> =
            self.by_digest.get(first).into_iter().flatten().filter(alike).copied().collect();
        // Rather out of its own file than out of another one.
        let own = places.iter().filter(|(shot, _)| since.shots[*shot].shot == name);
        let mut unlike = None;
        for &(shot, frame) in own.chain(&places) {
            let before = i64::try_from(frame).unwrap_or(i64::MAX);
            let representations = match since.representations(&since.shots[shot], before, wanted) {
                Ok(representations) => representations,
                Err(why) => {
                    unlike.get_or_insert(why);
                    continue;
                }
            };
            let target = self.targets.entry(shot).or_insert_with(|| since.target(&since.shots[shot]));
            let (Some(target), Some(output)) = (target, &since.shots[shot].output) else { continue };
            let number = since.shots[shot].first_frame.saturating_add(before);
            let first = if output.kind == OutputKind::Sequence { number } else { before };
            let reason = format!("its frames were delivered before: copied from {}, frame {number} on", output.path);
            let earlier = Earlier { representations, ..Earlier::new(target.clone(), first, output) };
            return Taken::Pictures { earlier, of: shot, first: before, reason };
        }
        if let Some(why) = unlike {
            return Taken::Nothing(format!("its frames were delivered before, but {why}"));
        }
        Taken::Nothing(self.why_not(name, wanted_pictures, &all, !places.is_empty()))
    }

    /// Why a shot has to be rendered.
    fn why_not(&self, name: &str, wanted: &Pictures, all: &[&str], is_changed: bool) -> String {
        let since = self.since;
        if is_changed {
            return "its frames were delivered before, but the file was changed or no longer exists".to_owned();
        }
        let of_kind = |made_alike: bool| {
            let is_there = |&(shot, _): &(usize, usize)| {
                let pictures = since.shots[shot].pictures.as_ref();
                pictures.is_some_and(|pictures| !made_alike || pictures.made_as == wanted.made_as)
            };
            all.iter()
                .filter(|digest| self.by_digest.get(*digest).is_some_and(|places| places.iter().any(is_there)))
                .count()
        };
        let (same, other) = (of_kind(true), of_kind(false));
        let known = self.names.contains(name);
        match (same, other) {
            (0, 0) if known => "what it shows was changed: none of its frames was delivered before".to_owned(),
            (0, 0) => "it is new: none of its frames was delivered before".to_owned(),
            (0, _) => "preset, canvas or another setting was changed since its frames were delivered".to_owned(),
            (some, _) if some == all.len() => "its frames were delivered before, but not as one range".to_owned(),
            (some, _) => {
                let new = all.len() - some;
                let were = if new == 1 { "was" } else { "were" };
                format!("{new} of its {} {were} not delivered before", counted(all.len(), "frame"))
            }
        }
    }
}

/// Whether the frames from number `frame` on are those of `row`.
fn has_row(pictures: &Pictures, frame: usize, row: &[&str]) -> bool {
    let text = if pictures.frames.is_ascii() { pictures.frames.as_str() } else { "" };
    let from = |frame: usize| frame.saturating_mul(Pictures::DIGITS);
    let digits = text.get(from(frame)..from(frame.saturating_add(row.len()))).unwrap_or_default();
    digits.len() == from(row.len())
        && row.iter().enumerate().all(|(at, digest)| &digits[from(at)..from(at + 1)] == *digest)
}

fn digests(pictures: &Pictures) -> impl Iterator<Item = &str> {
    let text = if pictures.frames.is_ascii() { pictures.frames.as_str() } else { "" };
    (0..text.len() / Pictures::DIGITS).map(move |frame| &text[frame * Pictures::DIGITS..(frame + 1) * Pictures::DIGITS])
}

/// What was copied under temporary names, before any file that it may come from is replaced.
#[derive(Default)]
pub(super) struct Copied(Mutex<HashMap<usize, (Result<Rendered>, Duration)>>);

impl Copied {
    /// What was copied of shot number `index`.
    pub(super) fn take(&self, index: usize) -> Option<(Result<Rendered>, Duration)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&index)
    }
}

impl Run<'_> {
    /// What the earlier run made that this one does not: mostly, that its settings were not given again.
    pub(super) fn made_no_more(&self) -> Option<Warning> {
        let since = self.since.filter(|_| self.job.is_none())?;
        let earlier: Vec<&ShotReport> = since.cut().filter(|shot| shot.output.is_some()).collect();
        if earlier.is_empty() || self.plan.shots.is_empty() {
            return None;
        }
        let mut all = Vec::new();
        let most = |handle: fn(&ShotReport) -> i64| earlier.iter().map(|shot| handle(shot)).max().unwrap_or(0);
        let (head, tail) = (most(|shot| shot.head), most(|shot| shot.tail));
        if head.max(tail) > 0 && self.plan.shots.iter().all(|shot| shot.head.max(shot.tail) == 0) {
            all.push(format!("handles of up to {head} and {tail} frames"));
        }
        if since.preset != self.delivery.preset.name {
            all.push(format!("the preset {:?} in place of {:?}", since.preset, self.delivery.preset.name));
        }
        let wanted: HashSet<&str> = self.delivery.representations.iter().map(|wanted| wanted.name.as_str()).collect();
        let made = earlier.iter().flat_map(|shot| &shot.representations).map(|made| made.name.as_str());
        let lost: BTreeSet<&str> = made.filter(|name| !wanted.contains(name)).collect();
        all.extend(lost.iter().map(|name| format!("the representation {name:?}")));
        if earlier.iter().any(|shot| shot.sound.is_some()) && self.places.iter().all(|places| places.sound.is_none()) {
            all.push("sound files".to_owned());
        }
        let last = all.pop()?;
        let all = if all.is_empty() { last } else { format!("{} and {last}", all.join(", ")) };
        let what =
            format!("the earlier run had {all}, which this one lacks; repeat its settings unless that is intended");
        Some(Warning::new("since", what))
    }

    /// What the representations of shot number `index`, which `maker` makes, depend on beside its pictures, where all of them may
    /// be copied.
    pub(super) fn represented_as(&self, index: usize, maker: &str) -> Vec<Option<String>> {
        let (shot, session) = (&self.plan.shots[index], self.session);
        if self.pictures[index].is_none() {
            return vec![None; self.delivery.representations.len()];
        }
        let maker = format!("{maker}{}", session.shot_depends_on(shot));
        let of = |representation| {
            let made_as = session.representation_made_as(shot, representation, self.at_once)?;
            Some(represented_as(&maker, &made_as))
        };
        self.delivery.representations.iter().map(of).collect()
    }

    /// Notes in `report`, that of shot number `index`, which was just delivered, what a later run has to know to copy its
    /// representations.
    pub(super) fn note_represented(&self, index: usize, report: &mut ShotReport) {
        let left = self.places[index].representations_left(&self.plan.shots[index]);
        for ((made, made_as), left) in report.representations.iter_mut().zip(&self.represented[index]).zip(left) {
            let made_as = made_as.clone().zip(left);
            made.pictures = made_as.map(|(made_as, left)| RepresentedPictures { made_as, modified: left.modified });
        }
    }

    /// What each shot that is not there already takes over from the earlier run.
    pub(super) fn take_over(&self) -> Vec<Option<Taken>> {
        let Some(since) = self.since.filter(|_| self.job.is_none()) else { return Vec::new() };
        let mut delivered = DeliveredPictures::new(since);
        let is_pending = |index: usize| self.done_already[index].is_none();
        let mut taken = |index: usize| match self.wanted(index) {
            Some(wanted) => delivered.find(&wanted),
            None => {
                Taken::Nothing("it changed, and frames of this preset cannot be copied into other files".to_owned())
            }
        };
        (0..self.plan.shots.len()).map(|index| is_pending(index).then(|| taken(index))).collect()
    }

    /// Copies the pictures of every shot that are there already. Files keep their names until all of it is done: one shot may
    /// come out of the file that another one replaces.
    pub(super) fn copy(&self, pool: &rayon::ThreadPool, session: &dyn Session) {
        let taken: Vec<usize> = (0..self.plan.shots.len()).filter(|&index| self.earlier(index).is_some()).collect();
        let next = AtomicUsize::new(0);
        let scope = trace::TraceScope::here();
        pool.broadcast(|_| {
            let _entered = scope.enter();
            let mut worker = session.worker(self.at_once);
            while let Some(&index) = taken.get(next.fetch_add(1, Ordering::Relaxed)) {
                let begun = Instant::now();
                let made = catch_unwind(AssertUnwindSafe(|| self.copy_one(index, session, worker.as_mut())));
                let made = made.unwrap_or_else(|panic| {
                    worker = session.worker(self.at_once);
                    Err(Error::new(ErrorKind::Decode, format!("copying it panicked: {}", said(&*panic))))
                });
                if made.is_err() {
                    self.places[index].discard();
                }
                let mut copied = self.copied.0.lock().unwrap_or_else(PoisonError::into_inner);
                copied.insert(index, (made, begun.elapsed()));
            }
        });
    }

    fn copy_one(&self, index: usize, session: &dyn Session, worker: &mut dyn Worker) -> Result<Rendered> {
        let _span = trace::span!("copy", name = self.plan.shots[index].name.as_str());
        let control: Control<'_> = self.control();
        control.check()?;
        let _holds = self.places[index].prepare()?;
        let task = Task { earlier: self.earlier(index), ..self.task(index) };
        let rendered = self.rendered(&task, session, worker, &control)?;
        // Somebody may have delivered there again meanwhile.
        match (self.since, &self.taken[index]) {
            (Some(since), Some(Taken::Pictures { of, first, .. })) if !self.is_left(since, (*of, *first), index) => {
                Err(Error::new(ErrorKind::Verify, "the file was changed while it was copied from"))
            }
            _ => Ok(rendered),
        }
    }

    /// Whether what shot number `index` was copied from is as it was left: frames of shot `of` of the earlier run, from `first` on.
    fn is_left(&self, since: &Since, (of, first): (usize, i64), index: usize) -> bool {
        let shot = &since.shots[of];
        let are_left = |wanted: WantedShot<'_>| since.representations(shot, first, &wanted).is_ok();
        since.target(shot).is_some() && self.wanted(index).is_some_and(are_left)
    }

    /// What is looked for as shot number `index`, where its pictures may be copied.
    fn wanted(&self, index: usize) -> Option<WantedShot<'_>> {
        let (shot, pictures) = (&self.plan.shots[index], self.pictures[index].as_ref()?);
        let made = self.delivery.representations.iter().zip(&self.represented[index]);
        let representations = made.map(|(representation, made_as)| (representation, made_as.as_deref())).collect();
        Some(WantedShot { shot, pictures, representations, rate: self.plan.rate })
    }

    fn earlier(&self, index: usize) -> Option<&Earlier> {
        match self.taken.get(index)?.as_ref()? {
            Taken::Pictures { earlier, .. } => Some(earlier),
            Taken::Nothing(_) => None,
        }
    }
}
