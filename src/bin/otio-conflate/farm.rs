//! `farm`: writes a job bundle of Open Job Description, which renders the shots of a cut on a farm.

use std::path::{Path, PathBuf};

use clap::Args;
use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::farm::{FarmTask, Job, JobOptions};
use otio_conflate::{Conflation, Error, ErrorKind, Result, printable};
use serde_json::json;

use crate::dry_run::{duration, size};
use crate::flags::{CutArgs, LimitArgs};
use crate::loudness::normalize;
use crate::outcome::CommandOutcome;
use crate::say;

/// Writes a job that renders one finished file per shot on a farm: a bundle of Open Job Description
#[derive(Args)]
pub(crate) struct FarmFlags {
    #[command(flatten)]
    cut: CutArgs,
    /// The output folder of the shots, as workers and this machine have it; by default `shots` in the job's folder
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// How many tasks the shots are split into, at about equal cost; by default one a shot, at most
    /// 1000, and no more than give each about 4 s of CPU time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    chunks: Option<u32>,
    /// The job's name; by default the cut's
    #[arg(long, value_name = "NAME")]
    job_name: Option<String>,
    /// The command on the workers
    #[arg(long, value_name = "COMMAND", default_value = "otio-conflate")]
    command: String,
    /// Where FFmpeg's libraries are on the workers, if not where the system looks for them
    #[arg(long, value_name = "DIR")]
    ffmpeg: Option<PathBuf>,
    /// Join all shots into one movie in the end
    #[arg(long)]
    review: bool,
    /// Seconds from the notice that a task is cancelled to its end
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
    notice: u32,
    /// Tells the tasks, about what they take and which files they need; writes nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(crate) fn run(mut flags: FarmFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    flags.cut.plan.source.is_dry = flags.dry_run;
    let (mut plan, timeline, options) = flags.cut.plan.read(&flags.cut.delivery)?;
    let (max_pixels, loudness) = (flags.cut.plan.max_pixels, flags.cut.delivery.loudness);
    let bundle = absolute(&flags.cut.delivery.out)?;
    let mut delivery = flags.cut.delivery.delivery();
    delivery.folder = flags.folder.map_or_else(|| Ok(bundle.join("shots")), |folder| absolute(&folder))?;
    let backend = FfmpegBackend::new().max_pixels(max_pixels);
    let check = Conflation::new(backend, delivery.clone());
    match &timeline {
        Some(timeline) => check.timeline(timeline).check(&plan)?,
        None => check.check(&plan)?,
    }
    normalize(&mut plan, &options, loudness, cancel)?;
    for warning in &plan.warnings {
        tell!("warning: {warning}");
    }
    let warnings = plan.warnings.clone();
    let mut job = Job::new(plan, delivery)?;
    job.timeline = timeline;
    let job = job.estimated(&backend)?;
    let mut settings = JobOptions::default();
    settings.name = flags.job_name;
    settings.chunks = flags.chunks.and_then(|chunks| usize::try_from(chunks).ok());
    settings.command = flags.command;
    settings.ffmpeg = flags.ffmpeg;
    settings.threads = u32::try_from(flags.limits.threads).unwrap_or(u32::MAX);
    settings.memory = flags.limits.memory.div_ceil(1 << 20);
    settings.review = flags.review;
    settings.notice = flags.notice;
    let tasks = job.tasks(job.task_count(&settings));
    if flags.dry_run {
        tasks.iter().for_each(|task| say!("{}", line(task)));
        let files = job.files();
        files.iter().for_each(|file| say!("needs    {}", printable(&file.to_string_lossy())));
    } else {
        job.write(&bundle, &settings)?;
        say!("job      {}", printable(&bundle.to_string_lossy()));
    }
    let (result, total) = data(&job, &bundle, &tasks);
    say!("{total}");
    if !flags.dry_run {
        let folder = format!("OutputFolder={}", job.delivery.folder.to_string_lossy());
        tell!(
            "run it here: openjd run {} -p {}",
            quoted(&bundle.join("template.yaml").to_string_lossy()),
            quoted(&folder)
        );
        tell!("submit it: deadline bundle submit {}", quoted(&bundle.to_string_lossy()));
    }
    Ok(CommandOutcome::complete(result).warnings(warnings))
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let text = printable(text);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-=:+,@%".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text.into_owned(),
        false if cfg!(windows) => format!("\"{text}\""),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(ErrorKind::Option, "an empty path; expected a folder; nothing was written"));
    }
    std::path::absolute(path).map_err(|error| Error::io("find the folder", path, error))
}

fn line(task: &FarmTask) -> String {
    let names = task.shots.iter().map(|shot| printable(shot)).collect::<Vec<_>>().join(", ");
    format!(
        "task {}: {} frames, about {:.1} CPU minutes, {}; reads {} of {}: {names}",
        task.chunk,
        task.frames,
        task.cpu_seconds / 60.0,
        size(task.bytes),
        say::counted(task.files, "file"),
        size(task.file_bytes)
    )
}

/// The job as data, and a line about all of it.
fn data(job: &Job, bundle: &Path, tasks: &[FarmTask]) -> (serde_json::Value, String) {
    let files = job.files();
    let file_bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum();
    let (seconds, bytes) =
        tasks.iter().fold((0.0, 0), |(seconds, bytes), task| (seconds + task.cpu_seconds, bytes + task.bytes));
    let total = format!(
        "{} in {}; about {} of CPU time ({:.1} minutes), {} to write, {} of {} to read",
        say::counted(job.plan.shots.len(), "shot"),
        say::counted(tasks.len(), "task"),
        duration(seconds),
        seconds / 60.0,
        size(bytes),
        say::counted(files.len(), "file"),
        size(file_bytes)
    );
    let result = json!({
        "bundle": bundle.to_string_lossy(),
        "job": job.id,
        "folder": job.delivery.folder.to_string_lossy(),
        "tasks": tasks,
        "files": files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
        "estimate": { "cpu_seconds": seconds, "bytes": bytes, "file_bytes": file_bytes },
    });
    (result, total)
}
