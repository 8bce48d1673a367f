//! The render queue: what Resolve says of jobs in it, how far one is, and taking one out.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bridge::Answer;
use super::link::{LOOK, Link, pause};
use super::options::ResolveOptions;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};

/// A job of ours in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnJob {
    pub(super) id: String,
    /// What Resolve says of a job that waits, in the language of its user interface; empty where that is not known.
    pub(super) ready: String,
}

/// The identifiers of all jobs in the queue, and where they render to.
pub(super) fn entries(link: &Link) -> Result<Vec<(String, String)>> {
    let list = link.project("GetRenderJobList", vec![])?.value();
    let text = |job: &Value, key: &str| job.get(key).and_then(Value::as_str).map(str::to_owned);
    let entry = |job: &Value| Some((text(job, "JobId")?, text(job, "TargetDir").unwrap_or_default()));
    Ok(list.as_array().map(|jobs| jobs.iter().filter_map(entry).collect()).unwrap_or_default())
}

/// Refuses to render while something is being rendered.
///
/// # Errors
/// [`ErrorKind::Application`] when something is being rendered.
pub(super) fn refuse_busy(link: &Link) -> Result<()> {
    if link.is_rendering()? {
        return Err(Error::new(ErrorKind::Application, "Resolve is rendering something else already"));
    }
    Ok(())
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum RenderProgress {
    /// It is being rendered, or waits; this share of it is done.
    Working(f64),
    /// Resolve says that it is whole.
    Complete,
    /// It ended before it was whole, with what Resolve says about it.
    Ended(String),
    /// It is no longer in the queue: somebody cleared that, and it may be whole or not.
    Gone,
}

/// What Resolve says about a job.
#[derive(Debug)]
pub(super) struct JobStatus {
    pub(super) text: String,
    /// How much of it is done, in percent.
    percent: f64,
    error: Option<String>,
    /// Whether it says how long the render took, or how long it will take.
    has_taken: bool,
    will_take: bool,
}

impl JobStatus {
    /// Whether it says that it is over, whole or not.
    fn is_over(&self) -> bool {
        let words = ["complete", "completed", "failed", "cancelled", "canceled"];
        self.error.is_some() || self.has_taken || self.percent >= 100.0 || words.contains(&self.word().as_str())
    }

    /// Whether it waits to be rendered.
    fn is_ready(&self, job: &OwnJob) -> bool {
        self.percent <= 0.0 && (self.word() == "ready" || !job.ready.is_empty() && self.text == job.ready)
    }

    /// Whether it may still be about to be rendered.
    pub(super) fn may_start(&self, job: &OwnJob) -> bool {
        !self.is_over() && self.is_ready(job)
    }

    /// Whether it certainly says that job `job` is being rendered.
    pub(super) fn is_rendered_now(&self, job: &OwnJob) -> bool {
        !self.is_over() && !self.is_ready(job) && (self.word() == "rendering" || self.will_take)
    }

    /// Whether a job of somebody else may be the one that is being rendered.
    pub(super) fn moves(&self) -> bool {
        !self.is_over() && (self.percent > 0.0 || self.will_take || self.word() == "rendering")
    }

    fn word(&self) -> String {
        self.text.to_ascii_lowercase()
    }
}

/// What Resolve says about job `id`; `None` when it is not in the queue.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve is gone.
pub(super) fn status(link: &Link, id: &str) -> Result<Option<JobStatus>> {
    let status = link.project("GetRenderJobStatus", vec![json!(id)])?.value();
    let text = status.get("JobStatus").and_then(Value::as_str).unwrap_or_default();
    if text.is_empty() && status.get("CompletionPercentage").is_none_or(Value::is_null) {
        return match link.is_alive() {
            true => Ok(None),
            false => {
                let what = "Resolve does not answer any more: it has ended, or lost its connection";
                Err(Error::new(ErrorKind::Application, what))
            }
        };
    }
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim_end_matches('%').trim().parse().ok());
    let percent = status.get("CompletionPercentage").and_then(number).filter(|percent| percent.is_finite());
    Ok(Some(JobStatus {
        text: text.to_owned(),
        percent: percent.unwrap_or(0.0).clamp(0.0, 100.0),
        error: status.get("Error").and_then(Value::as_str).filter(|error| !error.is_empty()).map(str::to_owned),
        has_taken: status.get("TimeTakenToRenderInMs").and_then(number).is_some_and(|time| time > 0.0),
        will_take: status.get("EstimatedTimeRemainingInMs").and_then(number).is_some(),
    }))
}

/// How far job `job` is. The words of a status follow the language of Resolve's user interface: what counts is whether
/// there is an error, the percentage, whether it tells how long the render took, and whether it still has the word that it
/// had while it waited. Whether Resolve renders at all comes last: that may be somebody else's render.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve is gone.
pub(super) fn progress(link: &Link, job: &OwnJob) -> Result<RenderProgress> {
    let (mut share, told) = match observe(link, job)? {
        Observed::Known(progress) => return Ok(progress),
        Observed::Idle { share, told } => (share, told),
    };
    // The render may have begun between the two questions; then it is known to render by now, or moves, or has ended.
    for _ in 0..2 {
        pause(LOOK, &CancelToken::new())?;
        match observe(link, job)? {
            Observed::Known(progress) => return Ok(progress),
            #[allow(clippy::float_cmp, reason = "any change at all is progress")]
            Observed::Idle { share: again, .. } if again == share => {}
            Observed::Idle { share: moved, .. } => share = moved,
        }
    }
    Ok(RenderProgress::Ended(told))
}

/// What one look at a job shows.
enum Observed {
    /// How far it is.
    Known(RenderProgress),
    /// It has begun, with this share done and these words, is not whole, and nothing is being rendered.
    Idle { share: f64, told: String },
}

fn observe(link: &Link, job: &OwnJob) -> Result<Observed> {
    // In this order: a render that ends between the two is seen as one that goes on, not as one that stopped.
    let rendering = link.is_rendering()?;
    let Some(status) = status(link, &job.id)? else { return Ok(Observed::Known(RenderProgress::Gone)) };
    let (text, percent) = (&status.text, status.percent);
    Ok(Observed::Known(match (&status.error, status.word().as_str()) {
        (Some(error), _) => RenderProgress::Ended(format!("{text} at {percent:.0} %: {error:#}")),
        (_, "complete" | "completed") => RenderProgress::Complete,
        (_, "failed" | "cancelled" | "canceled") => RenderProgress::Ended(format!("{text} at {percent:.0} %")),
        _ if percent >= 100.0 && (status.has_taken || !rendering) => RenderProgress::Complete,
        _ if status.is_ready(job) || rendering => RenderProgress::Working(percent / 100.0),
        // Nobody knows what it said while it waited.
        _ if percent <= 0.0 && job.ready.is_empty() => RenderProgress::Working(0.0),
        _ => return Ok(Observed::Idle { share: percent / 100.0, told: format!("{text} at {percent:.0} %") }),
    }))
}

/// How often one looks again whether a job that was started is rendered at last.
const LOOKS: u32 = 20;

/// Takes a job of ours out of the queue. Rendering is stopped only where it is this job that is rendered: a render of
/// somebody else goes on.
pub(super) fn remove_job(
    link: &Link,
    options: &ResolveOptions,
    job: &OwnJob,
    queued: &[(String, String)],
) -> Result<()> {
    let delete = || link.project("DeleteRenderJob", vec![json!(job.id)]).and_then(Answer::granted);
    let Some(now) = status(link, &job.id)? else { return Ok(()) };
    let is_ours = || -> Result<bool> {
        for (other, _) in queued.iter().filter(|(other, _)| *other != job.id) {
            if status(link, other)?.is_some_and(|other| other.moves()) {
                return Ok(false);
            }
        }
        link.is_rendering()
    };
    if now.is_rendered_now(job) && is_ours()? {
        stop(link, options)?;
    }
    let deadline = Instant::now() + options.limits.call;
    let mut looks = 0;
    loop {
        match delete() {
            Ok(()) => return Ok(()),
            Err(_) if status(link, &job.id)?.is_none() => return Ok(()),
            // One that cannot be removed is being rendered, or will be in a moment.
            Err(_) if Instant::now() < deadline && link.is_rendering()? => {
                link.project("StopRendering", vec![])?;
                pause(LOOK, &CancelToken::new())?;
            }
            Err(_) if Instant::now() < deadline && looks < LOOKS && now.may_start(job) => {
                looks += 1;
                pause(LOOK, &CancelToken::new())?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Stops rendering, and waits until it has stopped: before that, jobs cannot be removed.
fn stop(link: &Link, options: &ResolveOptions) -> Result<()> {
    link.project("StopRendering", vec![])?;
    let deadline = Instant::now() + options.limits.call;
    while link.is_rendering()? {
        if Instant::now() > deadline {
            return Err(Error::new(ErrorKind::Timeout, "Resolve goes on rendering though it was told to stop"));
        }
        pause(LOOK, &CancelToken::new())?;
    }
    Ok(())
}
