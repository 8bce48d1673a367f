//! `task`: what the tasks of a job do on a worker; they tell how far they are as Open Job Description has it.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use clap::{Args, Subcommand};
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::Preset;
use otio_conflate::farm::{Job, TaskOptions, check_version};
use otio_conflate::plan::{PathRules, Shot};
use otio_conflate::{CancelToken, Error, ErrorKind, Observer, Report, Result, ShotReport, Status, printable};
use serde_json::{Value, json};

use crate::flags::{LimitArgs, shot_names};
use crate::interrupt;
use crate::outcome::{self, CommandOutcome};
use crate::progress::summary;
use crate::say;

/// Does one task of a job that `farm` wrote
#[derive(Args)]
pub(crate) struct TaskFlags {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Check(Check),
    Render(Render),
    Merge(Merge),
}

/// Checks that this is the version that wrote the job
#[derive(Args)]
struct Check {
    /// The version that wrote it
    #[arg(long, value_name = "VERSION")]
    written_by: String,
}

/// What all tasks read.
#[derive(Args)]
struct JobArgs {
    /// The folder `data` of the job
    data: PathBuf,
    /// The output folder, if not where the job says
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// What shots are written as, if not as the job says
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
}

/// Renders some shots of a job, delivers them and writes a part manifest for each
#[derive(Args)]
struct Render {
    #[command(flatten)]
    job: JobArgs,
    /// The number of the task, from 1
    #[arg(long, value_name = "N", requires = "chunks", required_unless_present = "shots")]
    chunk: Option<usize>,
    /// How many tasks the shots are split into
    #[arg(long, value_name = "N")]
    chunks: Option<usize>,
    /// These shots in place of a chunk; several are separated by commas, or the flag is repeated
    #[arg(long, value_name = "NAME,...", conflicts_with_all = ["chunk", "chunks"])]
    shots: Vec<String>,
    /// A file of path mapping rules (pathmapping-1.0): where this machine has media
    #[arg(long, value_name = "FILE")]
    path_rules: Option<PathBuf>,
    /// How many shots are rendered at once; by default as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// Joins the part manifests of a job: writes manifest.json and conflated.otio
#[derive(Args)]
struct Merge {
    #[command(flatten)]
    job: JobArgs,
}

pub(crate) fn run(task: TaskFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    let outcome = match task.what {
        What::Check(check) => check_version(&check.written_by).map(|()| {
            let own = env!("CARGO_PKG_VERSION");
            say!("openjd_status: otio-conflate {own}");
            CommandOutcome::complete(json!({ "version": own }))
        }),
        What::Render(flags) => render(flags, cancel),
        What::Merge(flags) => merge(&flags.job, cancel),
    };
    if let Err(error) = &outcome {
        fail(&format!("{error:#}"));
    }
    outcome
}

/// Tells the farm why a task failed.
fn fail(why: &str) {
    say!("openjd_fail: {}", printable(why));
}

impl JobArgs {
    fn open(&self) -> Result<Job> {
        let job = Job::open(&self.data)?;
        match &self.preset {
            Some(name) if *name != job.delivery.preset.name => Ok(job.preset(Preset::by_name(name)?)),
            _ => Ok(job),
        }
    }
}

fn render(flags: Render, cancel: &CancelToken) -> Result<CommandOutcome> {
    flags.limits.apply()?;
    let job = flags.job.open()?;
    let shots = match (flags.chunk, flags.chunks) {
        (Some(chunk), Some(chunks)) => chunk_of(&job, chunk, chunks)?,
        _ => shot_names(&job.plan, &flags.shots),
    };
    if shots.is_empty() {
        say!("openjd_progress: 100");
        say!("openjd_status: no shots are left for this task");
        return Ok(CommandOutcome::complete(Value::Null));
    }
    let mut options = TaskOptions::default();
    options.folder = flags.job.folder;
    options.jobs = flags.jobs;
    if let Some(rules) = &flags.path_rules {
        options.rules = PathRules::open(rules)?;
    }
    interrupt::cancel_on_interrupt(cancel);
    let backend = FfmpegBackend::new().max_pixels(job.max_pixels);
    let observer = TaskProgress::default();
    let report = match job.render(backend, &shots, &options, &observer, cancel) {
        Ok(report) => report,
        Err(error) => {
            fail(&format!("{error:#}"));
            return Ok(CommandOutcome::failed(error, observer.has_begun(), cancel));
        }
    };
    Ok(told(report, cancel))
}

fn chunk_of(job: &Job, chunk: usize, chunks: usize) -> Result<Vec<String>> {
    let wrong = || {
        let what = format!("there is no task {chunk} of {chunks}; expected 1 to {chunks}; nothing was rendered");
        Error::new(ErrorKind::Option, what)
    };
    if chunk == 0 || chunk > chunks || chunks > 1_000_000 {
        return Err(wrong());
    }
    Ok(job.chunk(chunk, chunks))
}

fn merge(flags: &JobArgs, cancel: &CancelToken) -> Result<CommandOutcome> {
    let job = flags.open()?;
    let report = job.merge(flags.folder.as_deref())?;
    say!("openjd_progress: 100");
    Ok(told(report, cancel))
}

/// Tells what became of the shots, and names those that are not there.
fn told(report: Report, cancel: &CancelToken) -> CommandOutcome {
    summary(&report);
    let [done, skipped] = [Status::Done, Status::Skipped].map(|status| report.count(status));
    if cancel.is_cancelled() && !report.succeeded() {
        say!("openjd_status: cancelled; {} of {} shots delivered", done + skipped, report.shots.len());
    } else if report.succeeded() {
        say!("openjd_status: {} delivered", say::counted(done + skipped, "shot"));
    } else {
        let not_there = report.shots.iter().filter(|shot| !matches!(shot.status, Status::Done | Status::Skipped));
        let names: Vec<String> =
            not_there.take(20).map(|shot| format!("{}: {}", shot.shot, shot.error.join(": "))).collect();
        let count = report.shots.len() - done - skipped;
        fail(&format!("{count} of {} shots are missing: {}", report.shots.len(), names.join("; ")));
    }
    let result = outcome::run(&report);
    CommandOutcome::of_runs(&[report], cancel, result)
}

/// Tells how far a task is, in whole percents.
#[derive(Default)]
struct TaskProgress {
    frames: AtomicI64,
    done: AtomicI64,
    shots: Mutex<(usize, usize)>,
    percent: AtomicI64,
}

impl TaskProgress {
    fn has_begun(&self) -> bool {
        self.done.load(Ordering::Relaxed) > 0
    }

    fn add(&self, frames: i64) {
        let done = self.done.fetch_add(frames, Ordering::Relaxed) + frames;
        let percent = (done * 100 / self.frames.load(Ordering::Relaxed).max(1)).clamp(0, 100);
        if self.percent.fetch_max(percent, Ordering::Relaxed) < percent {
            say!("openjd_progress: {percent}");
        }
    }
}

impl Observer for TaskProgress {
    fn started(&self, shots: usize, frames: i64) {
        self.frames.store(frames, Ordering::Relaxed);
        if let Ok(mut counts) = self.shots.lock() {
            *counts = (0, shots);
        }
        say!("openjd_progress: 0");
        say!("openjd_status: {}, {frames} frames", say::counted(shots, "shot"));
    }

    fn frame(&self, _: &Shot, _: i64, _: i64) {
        self.add(1);
    }

    fn finished(&self, shot: &ShotReport) {
        if shot.status == Status::Skipped {
            self.add(shot.frame_count);
        }
        let Ok(mut counts) = self.shots.lock() else { return };
        counts.0 += 1;
        let word = match shot.status {
            Status::Done => "done",
            Status::Skipped => "was delivered already",
            Status::Failed => "failed",
            _ => "cancelled",
        };
        say!("openjd_status: {} {word} ({} of {} shots)", printable(&shot.shot), counts.0, counts.1);
    }
}
