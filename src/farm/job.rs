//! A job: a plan and a delivery, split into tasks.

use std::borrow::Cow;
#[cfg(feature = "ffmpeg")]
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::{assets, chunks};
#[cfg(feature = "ffmpeg")]
use crate::backend::ffmpeg::FfmpegBackend;
use crate::backend::{Backend, CancelToken, Observer};
#[cfg(feature = "ffmpeg")]
use crate::color::Names;
use crate::conflate::{Conflation, merge, order};
use crate::deliver::{AudioDelivery, Delivery, Preset};
use crate::digest::digest;
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "ffmpeg")]
use crate::plan::{LookStep, MediaId};
use crate::plan::{MediaSource, PathRules, Plan};
use crate::report::Report;
use crate::timeline::Timeline;

/// A plan and a delivery for a farm.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Job {
    /// What tells this job's part manifests from those of others: 16 hexadecimal digits.
    pub id: String,
    /// What is rendered.
    pub plan: Plan,
    /// Where to, and as what. With [`Existing::Error`](crate::Existing::Error), what this job itself delivered is no obstacle.
    pub delivery: Delivery,
    /// The timeline that `conflated.otio` is made of.
    pub timeline: Option<Timeline>,
    /// What each shot is expected to take, in the order of the plan.
    pub costs: Vec<ShotCost>,
    /// Files that are read beside the media, such as those of a colour configuration.
    pub inputs: Vec<PathBuf>,
    /// Pixels that a picture of a medium may have, where that was changed.
    pub max_pixels: Option<u64>,
    /// The media that decide about the canvas and the samples of all shots, where they were looked at: what stands for
    /// [`Plan::canvas_media`] and [`Plan::format_media`] in a task, as indices.
    pub deciding: Option<(Vec<usize>, Vec<usize>)>,
    /// Files of looks whose paths are relative to the folder that the job was made in, and where they are.
    pub looks: Vec<(String, PathBuf)>,
}

/// What a shot is expected to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotCost {
    /// The shot's name.
    pub shot: String,
    /// Number of frames, handles included.
    pub frames: i64,
    /// Seconds of CPU time; 0 where nothing was estimated.
    pub cpu_seconds: f64,
    /// Bytes of its files; 0 likewise.
    pub bytes: u64,
}

/// One task of the step that renders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FarmTask {
    /// Its number, from 1.
    pub chunk: usize,
    /// Names of its shots, in the order in which they are rendered.
    pub shots: Vec<String>,
    /// Number of their frames.
    pub frames: i64,
    /// Seconds of CPU time that are expected.
    pub cpu_seconds: f64,
    /// Bytes that are expected.
    pub bytes: u64,
    /// Number of files that it reads.
    pub files: usize,
    /// Their bytes, as far as they are there.
    pub file_bytes: u64,
}

/// How a task renders its shots where it runs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TaskOptions {
    /// The output folder. Default: `None`, where the job says.
    pub folder: Option<PathBuf>,
    /// Where this machine has media. Default: no rules, where the plan says.
    pub rules: PathRules,
    /// How many shots are rendered at once. Default: `None`, as the delivery says.
    pub jobs: Option<usize>,
}

impl Job {
    /// A job that renders all shots of `plan` as `delivery` says.
    ///
    /// # Errors
    /// [`ErrorKind::Plan`], and [`ErrorKind::Empty`] where there is no shot.
    pub fn new(plan: Plan, delivery: Delivery) -> Result<Job> {
        plan.validate()?;
        if plan.shots.is_empty() {
            return Err(Error::new(ErrorKind::Empty, "nothing to render on a farm: the plan has no shots"));
        }
        let cost = |shot: &crate::plan::Shot| ShotCost {
            shot: shot.name.clone(),
            frames: shot.frame_count,
            cpu_seconds: 0.0,
            bytes: 0,
        };
        let costs = plan.shots.iter().map(cost).collect();
        let id = id(&plan, &delivery);
        Ok(Job {
            id,
            plan,
            delivery,
            timeline: None,
            costs,
            inputs: Vec::new(),
            max_pixels: None,
            deciding: None,
            looks: Vec::new(),
        })
    }

    /// Writes `conflated.otio` beside the manifest in the end: this timeline, with its clips' intermediates added.
    #[must_use]
    pub fn timeline(mut self, timeline: Timeline) -> Job {
        self.timeline = Some(timeline);
        self
    }

    /// Looks at the media, as a run of `backend` would: estimates what shots take, and notes which few media
    /// decide about the canvas and the samples of all, so that a task opens these and its own alone.
    ///
    /// # Errors
    /// As [`Backend::open`].
    #[cfg(feature = "ffmpeg")]
    pub fn estimated(mut self, backend: &FfmpegBackend) -> Result<Job> {
        let looked = backend.explained(&self.plan, &self.delivery.preset, &self.delivery.representations)?;
        for (cost, program) in self.costs.iter_mut().zip(&looked.programs) {
            (cost.cpu_seconds, cost.bytes) = (program.estimate.cpu_seconds, program.estimate.bytes);
        }
        // Where rules of colour are about ranges, what is said of a shot depends on all media of the hero track.
        let ranges = self.plan.color.iter().flat_map(|color| &color.rules).any(|rule| rule.range.is_some());
        if !ranges {
            let indices = |media: &[MediaId]| media.iter().map(|media| media.index()).collect();
            self.deciding = Some((indices(&looked.canvas_media), indices(&looked.format_media)));
        }
        self.set_vars(&looked.vars)?;
        self.looks = self.relative_looks(&looked.inputs);
        self.inputs.extend(looked.inputs);
        self.max_pixels = looked.max_pixels;
        Ok(self)
    }

    /// Notes what context variables of colours turned out to be: on a worker they may not be set, or otherwise.
    #[cfg(feature = "ffmpeg")]
    fn set_vars(&mut self, vars: &BTreeMap<String, String>) -> Result<()> {
        let Some(color) = &mut self.plan.color else { return Ok(()) };
        for (name, value) in vars {
            if color.vars.contains_key(name) {
                continue;
            }
            // In variables of a plan it would stand for something else.
            if ["{shot}", "{clip}", "{track}", "{timeline}"].iter().any(|word| value.contains(word)) {
                let what = format!(
                    "the environment variable {name}, which colours depend on, is {value:?}; expected no braces in what a \
                     job takes along; set it with --var; nothing was written"
                );
                return Err(Error::new(ErrorKind::Option, what));
            }
            color.vars.insert(name.clone(), value.clone());
        }
        Ok(())
    }

    /// Relative paths of looks that were found from the current folder, one of `inputs` each.
    #[cfg(feature = "ffmpeg")]
    fn relative_looks(&self, inputs: &[PathBuf]) -> Vec<(String, PathBuf)> {
        let Ok(here) = std::env::current_dir() else { return Vec::new() };
        let looks = self.plan.color.iter().flat_map(|color| &color.looks);
        let relative = looks.filter_map(|look| match look {
            LookStep::File { path, .. } if Path::new(path).is_relative() => Some(path),
            _ => None,
        });
        let canonical = |path: &Path| path.canonicalize().ok();
        let filled = |names: &Names<'_>, path: &str| {
            let vars = self.plan.color.iter().flat_map(|color| names.vars(color));
            vars.fold(names.fill(path), |text, (name, value)| text.replace(&format!("${{{name}}}"), &value))
        };
        let found: Vec<PathBuf> = inputs.iter().filter_map(|input| canonical(input)).collect();
        let is_here = |path: &&String| {
            self.plan.shots.iter().any(|shot| {
                let names = Names::new(&shot.name, &shot.clip, &shot.track, &self.plan.name);
                canonical(&here.join(filled(&names, path))).is_some_and(|file| found.contains(&file))
            })
        };
        relative.filter(is_here).map(|path| (path.clone(), here.join(path))).collect()
    }

    /// `rules`, and before them where a worker has looks whose paths are relative.
    fn rules(&self, rules: &PathRules) -> PathRules {
        let looks = self.looks.iter().map(|(path, found)| (PathBuf::from(path), rules.apply(found)));
        let mut all = PathRules::new(looks);
        all.rules.extend(rules.rules.iter().cloned());
        all
    }

    /// The plan for a task, which opens no more media of other shots than it has to.
    fn task_plan(&self) -> Cow<'_, Plan> {
        let Some((canvas, format)) = &self.deciding else { return Cow::Borrowed(&self.plan) };
        let mut plan = self.plan.clone();
        let media = |indices: &[usize]| indices.iter().filter_map(|&index| self.plan.media_id(index)).collect();
        (plan.canvas_media, plan.format_media) = (media(canvas), media(format));
        Cow::Owned(plan)
    }

    /// The names of the shots of each of `chunks` tasks: shots of one medium together, at about equal cost.
    fn chunks(&self, chunks: usize) -> Vec<Vec<usize>> {
        let order = order(&self.plan);
        let is_estimated = self.costs.iter().any(|cost| cost.cpu_seconds > 0.0);
        let cost = |&index: &usize| match self.costs.get(index) {
            Some(cost) if is_estimated => cost.cpu_seconds,
            Some(cost) => cost.frames as f64,
            None => 0.0,
        };
        let costs: Vec<f64> = order.iter().map(cost).collect();
        let mut start = 0;
        let chunk = |end: usize| {
            let chunk = order[start..end].to_vec();
            start = end;
            chunk
        };
        chunks::ends(&costs, chunks).into_iter().map(chunk).collect()
    }

    /// The names of the shots of task number `chunk`, from 1, of `chunks`; none where there is no such task.
    pub fn chunk(&self, chunk: usize, chunks: usize) -> Vec<String> {
        let shots = self.chunks(chunks).into_iter().nth(chunk.wrapping_sub(1)).unwrap_or_default();
        shots.into_iter().map(|shot| self.plan.shots[shot].name.clone()).collect()
    }

    /// The tasks of the step that renders, if there are `chunks` of them.
    pub fn tasks(&self, chunks: usize) -> Vec<FarmTask> {
        let mut part = self.task_plan().into_owned();
        let task = |(index, shots): (usize, Vec<usize>)| {
            let costs = || shots.iter().filter_map(|&shot| self.costs.get(shot));
            part.shots = shots.iter().map(|&shot| self.plan.shots[shot].clone()).collect();
            let files = assets::files(&part, &[]);
            FarmTask {
                chunk: index + 1,
                shots: shots.iter().map(|&shot| self.plan.shots[shot].name.clone()).collect(),
                frames: costs().fold(0, |sum: i64, cost| sum.saturating_add(cost.frames)),
                cpu_seconds: costs().map(|cost| cost.cpu_seconds).sum(),
                bytes: costs().fold(0, |sum: u64, cost| sum.saturating_add(cost.bytes)),
                files: files.len(),
                file_bytes: bytes(&files),
            }
        };
        self.chunks(chunks).into_iter().enumerate().map(task).collect()
    }

    /// The files that tasks read: those of all media, of sequences the frames that are shown, and of the colour
    /// configuration. Each once.
    pub fn files(&self) -> Vec<PathBuf> {
        assets::files(&self.task_plan(), &self.inputs)
    }

    /// Writes as `preset` has it, with the sound, the encoder and the timecode that the job asks for; the compression and the
    /// level of the job's own preset are not taken over. With another preset it counts as another job: what this one delivered
    /// is in the way of its tasks as [`Delivery::existing`] says.
    #[must_use]
    pub fn preset(mut self, preset: Preset) -> Job {
        let own = &self.delivery.preset;
        if preset.name == own.name {
            return self;
        }
        let audio = match (own.audio.is_some(), own.wav) {
            // Files of single pictures hold no sound whatever was asked for.
            (false, false) if !own.is_sequence() => AudioDelivery::None,
            (false, true) if !own.is_sequence() => AudioDelivery::Wav,
            (_, true) => AudioDelivery::Both,
            (_, false) => AudioDelivery::Mux,
        };
        // Files of one preset are no obstacle to tasks of the same, but to those of another.
        self.id = digest(format!("{} {}", self.id, preset.name), 16);
        self.delivery.preset = preset.with_audio(audio).with_encoder(own.encoder).with_timecode(own.timecode);
        self
    }

    /// Renders the shots called `shots` as one task of the job. What became of each is in the part manifests of the output
    /// folder, and in the report.
    ///
    /// # Errors
    /// As [`Conflation::run`].
    pub fn render<B: Backend>(
        &self,
        backend: B,
        shots: &[String],
        options: &TaskOptions,
        observer: &dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Report> {
        let mut delivery = self.delivery_in(options.folder.as_deref());
        delivery.jobs = options.jobs.or(delivery.jobs);
        let conflation = Conflation::new(backend, delivery).task_of(&self.id).path_rules(self.rules(&options.rules));
        conflation.only(shots).cancel(cancel.clone()).run(&self.task_plan(), observer)
    }

    /// Joins the part manifests of all tasks in the output folder, at `folder` if that is not where the job says: writes
    /// `manifest.json`, and with a timeline, `conflated.otio`. Shots that no task delivered have failed in the report.
    ///
    /// # Errors
    /// As [`Report::merge`]; [`ErrorKind::Exists`] where something that is not ours has the name of either,
    /// [`ErrorKind::Locked`] while a run has the folder for itself.
    pub fn merge(&self, folder: Option<&Path>) -> Result<Report> {
        merge(&self.plan, &self.delivery_in(folder), self.timeline.as_ref(), &self.id)
    }

    fn delivery_in(&self, folder: Option<&Path>) -> Delivery {
        let mut delivery = self.delivery.clone();
        if let Some(folder) = folder {
            delivery.folder = folder.to_owned();
        }
        delivery
    }

    /// Media that are in no file that a task could be given.
    pub(super) fn check_media(&self) -> Result<()> {
        let odd = self.plan.media.iter().find_map(|media| match &media.source {
            MediaSource::File { path } | MediaSource::Sequence { folder: path, .. } if path.to_str().is_none() => {
                Some(path)
            }
            _ => None,
        });
        odd.map_or(Ok(()), |path| {
            let what = format!("{} is not valid UTF-8, which a job requires", path.display());
            Err(Error::new(ErrorKind::Location, what).at_file(path))
        })
    }
}

fn bytes(files: &[PathBuf]) -> u64 {
    files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum()
}

/// What no other job has.
fn id(plan: &Plan, delivery: &Delivery) -> String {
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    digest(format!("{} {} {}{delivery:?}", std::process::id(), now.as_nanos(), plan.name), 16)
}
