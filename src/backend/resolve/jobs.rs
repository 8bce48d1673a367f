//! Our render jobs: what they render, and following one to its end.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::guard::ResolveGuard;
use super::link::{Link, pause};
use super::options::ResolveOptions;
use super::queue::{self, OwnJob, RenderProgress, progress, refuse_busy, remove_job, status};
use crate::backend::Control;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Canvas;
use crate::time::Rate;

/// What the files of every job are called, in a folder of their own.
const NAME: &str = "render";

/// What every frame of every job has.
#[derive(Debug, Clone, Copy)]
pub(super) struct RenderFormat {
    pub(super) canvas: Canvas,
    pub(super) rate: Rate,
}

/// Adds a job to the queue that renders record frames `range` (first, and the one behind the last, in Resolve's count)
/// into `folder`, or the whole timeline. Its identifier is in the state.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve refuses.
pub(super) fn add(
    guard: &mut ResolveGuard<'_>,
    options: &ResolveOptions,
    picture: &RenderFormat,
    range: Option<(i64, i64)>,
    folder: &Path,
) -> Result<OwnJob> {
    let Some(path) = folder.to_str() else {
        let what = format!("path {} is not valid UTF-8, which Resolve requires", folder.display());
        return Err(Error::new(ErrorKind::Option, what).at_file(folder));
    };
    let mut settings = Map::new();
    settings.extend(options.settings.clone());
    let mut set = |key: &str, value: Value| settings.insert(key.to_owned(), value);
    set("SelectAllFrames", json!(range.is_none()));
    if let Some((first, behind)) = range {
        set("MarkIn", json!(first));
        set("MarkOut", json!(behind - 1));
    }
    set("TargetDir", json!(path));
    set("CustomName", json!(NAME));
    // Whatever the preset says: sound is mixed here.
    set("ExportVideo", json!(true));
    set("ExportAudio", json!(false));
    set("FormatWidth", json!(picture.canvas.width));
    set("FormatHeight", json!(picture.canvas.height));
    // As Resolve writes rates: 23.976.
    set("FrameRate", json!((picture.rate.nominal().to_f64() * 1000.0).round() / 1000.0));
    for (key, tag) in [("ColorSpaceTag", &options.color_space), ("GammaTag", &options.gamma)] {
        if let Some(tag) = tag {
            set(key, json!(tag));
        }
    }
    let link = &guard.link;
    let set = link.project("SetRenderSettings", vec![Value::Object(settings)])?.granted();
    set.map_err(|error| match options.settings.is_empty() {
        true => error,
        // One value of a wrong type, and Resolve takes none of them.
        false => {
            let keys: Vec<&str> = options.settings.keys().map(String::as_str).collect();
            error.context(format!("Resolve may not take the values given for {}", keys.join(", ")))
        }
    })?;
    let before = queue::entries(link)?;
    let id = link.project("AddRenderJob", vec![])?.text()?;
    if before.iter().any(|(other, _)| *other == id) {
        let what = format!("Resolve gave the job {id}, which was in its queue before");
        return Err(Error::new(ErrorKind::Application, what));
    }
    let ready = status(link, &id).ok().flatten().map(|status| status.text).unwrap_or_default();
    let job = OwnJob { id, ready };
    guard.note(|state| state.jobs.push(job.clone()))?;
    Ok(job)
}

/// Starts jobs, and no others.
///
/// # Errors
/// [`ErrorKind::Application`] when something else is being rendered, or Resolve refuses.
pub(super) fn start(guard: &mut ResolveGuard<'_>, jobs: &[OwnJob]) -> Result<()> {
    if jobs.is_empty() {
        // An empty list would start whatever is in the queue.
        return Err(Error::new(ErrorKind::Option, "there is nothing for Resolve to render"));
    }
    refuse_busy(&guard.link)?;
    guard.note(|state| state.started = true)?;
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    guard.link.project("StartRendering", vec![json!(ids), json!(false)])?.granted()
}

/// How a job ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Resolve says that it is whole.
    Complete,
    /// It is no longer in the queue: what it has written tells.
    Gone,
}

/// Follows job `job` to its end, telling `tell` of its share.
///
/// # Errors
/// [`ErrorKind::Application`] when the job fails, [`ErrorKind::Timeout`] when it makes no progress or takes too long,
/// [`ErrorKind::Cancelled`]; in all of these it has been taken out of the queue.
pub(super) fn follow(
    link: &Link,
    options: &ResolveOptions,
    job: &OwnJob,
    control: &Control<'_>,
    tell: impl Fn(f64),
) -> Result<End> {
    let followed = wait(link, options, job, control, tell);
    if followed.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Cancelled))
        && !link.is_lost()
    {
        link.ignore_cancel();
        // What is wrong has been found already; the queue is cleared later in any case.
        let _ = queue::entries(link).and_then(|queued| remove_job(link, options, job, &queued));
    }
    followed
}

/// The same, and Resolve goes on whatever happens.
///
/// # Errors
/// As [`follow`].
pub(super) fn wait(
    link: &Link,
    options: &ResolveOptions,
    job: &OwnJob,
    control: &Control<'_>,
    tell: impl Fn(f64),
) -> Result<End> {
    let limits = &options.limits;
    let begun = Instant::now();
    let (mut share, mut moved) = (-1.0, begun);
    loop {
        pause(limits.poll, control.cancel)?;
        match progress(link, job)? {
            RenderProgress::Complete => return Ok(End::Complete),
            RenderProgress::Gone => return Ok(End::Gone),
            RenderProgress::Ended(what) => {
                return Err(Error::new(ErrorKind::Application, format!("Resolve's render ended: {what}")));
            }
            RenderProgress::Working(now) =>
            {
                #[allow(clippy::float_cmp, reason = "any change at all is progress")]
                if now != share {
                    (share, moved) = (now, Instant::now());
                    tell(now);
                }
            }
        }
        if share >= 1.0 && moved.elapsed() > limits.stall {
            // It stays at its end: what it has written tells whether it is whole.
            return Ok(End::Complete);
        }
        let late = |what: &str, limit: Duration| {
            let percent = share.max(0.0) * 100.0;
            let what = format!("Resolve's render {what} {} s, at {percent:.0} %", limit.as_secs_f64());
            Err(Error::new(ErrorKind::Timeout, what))
        };
        if moved.elapsed() > limits.stall {
            return late("made no progress for", limits.stall);
        }
        if let Some(total) = limits.total.filter(|total| begun.elapsed() > *total) {
            return late("is not done within", total);
        }
    }
}
