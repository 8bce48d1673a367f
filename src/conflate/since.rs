//! What a run takes over from an earlier one: pictures that were delivered.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Run, said};
use crate::backend::{Control, Earlier, Rendered, Session, Task, Worker};
use crate::deliver::{Folder, Protected, delivered_place, on_disk, outputs};
use crate::error::{Error, ErrorKind, Result};
use crate::job::Target;
use crate::report::{OutputKind, Pictures, Report, ShotReport};
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
        let Report { folder, name, shots, .. } = Report::open(manifest)?;
        let manifest = manifest.canonicalize().map_err(|error| Error::io("find", manifest, error))?;
        Ok(Since { manifest, folder, name, shots, omitted: Omitted::default() })
    }

    /// Does this about what was delivered of shots that are not in the cut any more. Something is removed only by a run of the
    /// whole cut into the folder of the earlier one, once every shot of it is there, and only what the newest run in that
    /// folder delivered; what was removed and what was not is among the report's warnings.
    #[must_use]
    pub fn omitted(mut self, omitted: Omitted) -> Since {
        self.omitted = omitted;
        self
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

    /// Shots that the earlier cut had: neither those of still earlier runs nor of others in the same folder.
    pub(super) fn cut(&self) -> impl Iterator<Item = &ShotReport> {
        self.shots.iter().filter(|shot| shot.of.is_none() && !shot.omitted)
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
        /// Why it is not rendered.
        reason: String,
    },
    /// They are not: why.
    Nothing(String),
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

    /// Where a shot called `name` can be copied from whose pictures are `wanted`.
    pub(super) fn find(&mut self, name: &str, wanted: &Pictures) -> Taken {
        let since = self.since;
        let all: Vec<&str> = digests(wanted).collect();
        let Some(first) = all.first() else { return Taken::Nothing("it has no frames".to_owned()) };
        let alike = |&&(shot, frame): &&(usize, usize)| {
            let Some(pictures) = &since.shots[shot].pictures else { return false };
            let there: Vec<&str> = digests(pictures).skip(frame).take(all.len()).collect();
            pictures.made_as == wanted.made_as && there == all
        };
        let places: Vec<(usize, usize)> =
            self.by_digest.get(first).into_iter().flatten().filter(alike).copied().collect();
        // Rather out of its own file than out of another one.
        let own = places.iter().filter(|(shot, _)| since.shots[*shot].shot == name);
        for &(shot, frame) in own.chain(&places) {
            let target = self.targets.entry(shot).or_insert_with(|| since.target(&since.shots[shot]));
            let (Some(target), Some(output)) = (target, &since.shots[shot].output) else { continue };
            let before = i64::try_from(frame).unwrap_or(i64::MAX);
            let number = since.shots[shot].first_frame.saturating_add(before);
            let first = if output.kind == OutputKind::Sequence { number } else { before };
            let reason = format!("its frames were delivered before: copied from {}, frame {number} on", output.path);
            return Taken::Pictures { earlier: Earlier::new(target.clone(), first, output), of: shot, reason };
        }
        Taken::Nothing(self.why_not(name, wanted, &all, !places.is_empty()))
    }

    /// Why a shot has to be rendered.
    fn why_not(&self, name: &str, wanted: &Pictures, all: &[&str], is_changed: bool) -> String {
        let since = self.since;
        if is_changed {
            return "its frames were delivered before, but the file was changed or is not there any more".to_owned();
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
            (some, _) if some == all.len() => "its frames were delivered before, but not in one row".to_owned(),
            (some, _) => format!("{} of its {} frames were not delivered before", all.len() - some, all.len()),
        }
    }
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
    /// What each shot that is not there already takes over from the earlier run.
    pub(super) fn take_over(&self) -> Vec<Option<Taken>> {
        let Some(since) = self.since.filter(|_| self.job.is_none()) else { return Vec::new() };
        let mut delivered = DeliveredPictures::new(since);
        let is_pending = |index: usize| self.done_already[index].is_none();
        let mut taken = |index: usize| {
            let shot = &self.plan.shots[index];
            match &self.pictures[index] {
                _ if !self.delivery.representations.is_empty() => {
                    Taken::Nothing("it is not the same, and representations are made of what is rendered".to_owned())
                }
                Some(pictures) => delivered.find(&shot.name, pictures),
                None => {
                    Taken::Nothing("it is not the same, and its frames cannot be copied into other files".to_owned())
                }
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
            (Some(since), Some(Taken::Pictures { of, .. })) if since.target(&since.shots[*of]).is_none() => {
                Err(Error::new(ErrorKind::Verify, "the file was changed while it was copied from"))
            }
            _ => Ok(rendered),
        }
    }

    fn earlier(&self, index: usize) -> Option<&Earlier> {
        match self.taken.get(index)?.as_ref()? {
            Taken::Pictures { earlier, .. } => Some(earlier),
            Taken::Nothing(_) => None,
        }
    }
}
