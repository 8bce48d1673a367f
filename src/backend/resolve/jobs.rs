//! Jobs of Resolve's queue: what they render, and following one to its end.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::light::{ColorSettings, Light};
use super::link::{LOOK, Link, pause};
use super::options::{RenderPreset, ResolveOptions};
use super::state::{Guard, queue, remove_job};
use crate::backend::{CancelToken, Control};
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Canvas;
use crate::time::Rate;

/// What the files of every job are called, in a folder of their own.
const NAME: &str = "render";

/// What every frame of every job has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Picture {
    pub(super) canvas: Canvas,
    pub(super) rate: Rate,
}

/// Sets the Deliver page up: preset, mode, format and codec.
///
/// # Errors
/// [`ErrorKind::Option`] for a preset, format or codec that Resolve does not have, with those it has;
/// [`ErrorKind::Application`] when it refuses one.
pub(super) fn set_up(guard: &mut Guard<'_>, options: &ResolveOptions, delivery: &Preset) -> Result<()> {
    guard.open_page("deliver")?;
    load_preset(guard, &options.preset)?;
    let link = &guard.link;
    link.project("SetCurrentRenderMode", vec![json!(1)])?.granted()?;
    match &options.format {
        Some(format) => {
            let format = format_named(link, format)?;
            let codecs = codecs_of(link, &format)?;
            match &options.codec {
                Some(codec) => choose(link, &format, &pick(&codecs, codec, "codec")?),
                None => first_taken(link, &format, &codecs, delivery),
            }
        }
        None if options.preset != RenderPreset::None => match &options.codec {
            None => Ok(()),
            Some(codec) => {
                let current = link.project("GetCurrentRenderFormatAndCodec", vec![])?.value();
                let format = current.get("format").and_then(Value::as_str).unwrap_or_default();
                let codecs = codecs_of(link, format)?;
                choose(link, format, &pick(&codecs, codec, "codec")?)
            }
        },
        None => {
            let formats = labels(link, "GetRenderFormats", vec![])?;
            let first =
                ["QuickTime", "mov", "MXF OP1A"].iter().find_map(|format| pick(&formats, format, "format").ok());
            let format = first.map_or_else(|| pick(&formats, "QuickTime", "format"), Ok)?;
            let codecs = codecs_of(link, &format)?;
            first_taken(link, &format, &codecs, delivery)
        }
    }
}

fn load_preset(guard: &mut Guard<'_>, preset: &RenderPreset) -> Result<()> {
    let link = &guard.link;
    match preset {
        RenderPreset::None => Ok(()),
        RenderPreset::Named(name) => {
            let known = presets(link)?;
            if !known.contains(name) {
                let what = format!("Resolve has no render preset {name:?}; it has {}", known.join(", "));
                return Err(Error::new(ErrorKind::Option, what));
            }
            link.project("LoadRenderPreset", vec![json!(name)])?.granted()
        }
        RenderPreset::File(path) => {
            if !path.is_file() {
                let what = format!("the render preset {} is not there", path.display());
                return Err(Error::new(ErrorKind::MediaMissing, what).at_file(path));
            }
            let before = presets(link)?;
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            guard.note(|state| state.importing = Some((name, before.clone())))?;
            let link = &guard.link;
            // Resolve is somewhere else.
            let file = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            link.call(&link.app, "ImportRenderPreset", vec![json!(file.to_string_lossy())])?
                .granted()
                .map_err(|error| error.at_file(path))?;
            // It is called as the file says, and loaded already.
            let after = presets(link)?;
            let preset = after.into_iter().find(|name| !before.contains(name));
            guard.note(|state| state.preset = preset)
        }
    }
}

/// The names of all render presets.
pub(super) fn presets(link: &Link) -> Result<Vec<String>> {
    let list = link.project("GetRenderPresetList", vec![])?.value();
    let text = |name: &Value| name.as_str().map(str::to_owned);
    Ok(list.as_array().map(|list| list.iter().filter_map(text).collect()).unwrap_or_default())
}

/// A dictionary from labels to names.
fn labels(link: &Link, method: &str, arguments: Vec<Value>) -> Result<Vec<(String, String)>> {
    let value = link.project(method, arguments)?.value();
    let pair = |(label, name): (&String, &Value)| Some((label.clone(), name.as_str()?.to_owned()));
    let pairs: Vec<_> = value.as_object().into_iter().flatten().filter_map(pair).collect();
    match pairs.is_empty() {
        true => Err(Error::new(ErrorKind::Application, format!("Project.{method} lists nothing"))),
        false => Ok(pairs),
    }
}

/// The name that Resolve uses for the format of this label.
fn format_named(link: &Link, label: &str) -> Result<String> {
    pick(&labels(link, "GetRenderFormats", vec![])?, label, "format")
}

/// The codecs of a format. What it is asked by is not documented: by its name, and where that gives nothing by its label.
fn codecs_of(link: &Link, format: &str) -> Result<Vec<(String, String)>> {
    labels(link, "GetRenderCodecs", vec![json!(format)]).or_else(|error| {
        let formats = if link.is_lost() { Vec::new() } else { labels(link, "GetRenderFormats", vec![])? };
        let label = formats.iter().find(|(_, name)| name == format).map(|(label, _)| label);
        label.map_or(Err(error), |label| labels(link, "GetRenderCodecs", vec![json!(label)]))
    })
}

/// The name behind a label; a name itself is taken, too.
fn pick(labels: &[(String, String)], wanted: &str, what: &str) -> Result<String> {
    let by_label = labels.iter().find(|(label, _)| label.eq_ignore_ascii_case(wanted));
    let found = by_label.or_else(|| labels.iter().find(|(_, name)| name == wanted));
    found.map(|(_, name)| name.clone()).ok_or_else(|| {
        let mut known: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
        known.sort_unstable();
        let what = format!("Resolve renders no {what} {wanted:?}; it has {}", known.join(", "));
        Error::new(ErrorKind::Option, what)
    })
}

fn choose(link: &Link, format: &str, codec: &str) -> Result<()> {
    let arguments = vec![json!(format), json!(codec)];
    link.project("SetCurrentRenderFormatAndCodec", arguments)?
        .granted()
        .map_err(|error| error.context(format!("Resolve lists the codec {codec} for {format} and does not take it")))
}

/// Takes the first codec that suits the delivery and that Resolve takes: not every codec it lists can be had everywhere.
fn first_taken(link: &Link, format: &str, codecs: &[(String, String)], delivery: &Preset) -> Result<()> {
    let mut refused = Vec::new();
    for wanted in suitable(delivery) {
        let exactly = |(label, name): &&(String, String)| plain(label) == wanted || plain(name) == wanted;
        // Some labels say more, such as the depth.
        let roughly = |(label, name): &&(String, String)| plain(label).contains(wanted) || plain(name).contains(wanted);
        let Some((label, name)) = codecs.iter().find(exactly).or_else(|| codecs.iter().find(roughly)) else {
            continue;
        };
        match choose(link, format, name) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Application && link.is_alive() => refused.push(label.as_str()),
            Err(error) => return Err(error),
        }
    }
    let known: Vec<&str> = codecs.iter().map(|(label, _)| label.as_str()).collect();
    let refused = if refused.is_empty() { String::new() } else { format!(" (it refused {})", refused.join(", ")) };
    let what = format!(
        "Resolve has no codec for {format} that suits {}{refused}: choose one of {}",
        delivery.name,
        known.join(", ")
    );
    Err(Error::new(ErrorKind::Option, what))
}

/// Letters and digits alone, in lower case: labels differ in spaces and dashes from version to version.
fn plain(label: &str) -> String {
    label.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The codecs that suit a delivery, best first, as [`plain`] has them: the delivery's own, whose packets are then copied,
/// and those that lose least.
fn suitable(delivery: &Preset) -> Vec<&'static str> {
    let own: &[&str] = match delivery.name.as_str() {
        "prores-proxy" => &["prores422p", "appleprores422proxy"],
        "prores-lt" => &["prores422lt", "appleprores422lt"],
        "prores-422" => &["prores422", "appleprores422"],
        "prores-hq" => &["prores422hq", "appleprores422hq"],
        "prores-4444" => &["prores4444", "appleprores4444"],
        "dnxhr-lb" => &["dnxhrlb", "dnxhrlb8bit"],
        "dnxhr-sq" => &["dnxhrsq", "dnxhrsq8bit"],
        "dnxhr-hq" => &["dnxhrhq", "dnxhrhq8bit"],
        _ => &[],
    };
    let best = [
        "prores4444",
        "appleprores4444",
        "dnxhr44412bit",
        "dnxhr444",
        "prores422hq",
        "appleprores422hq",
        "dnxhrhqx",
        "dnxhrhqx10bit",
        "dnxhrhqx12bit",
        "prores422",
        "dnxhrhq",
        "dnxhrhq8bit",
    ];
    own.iter().chain(&best).copied().collect()
}

/// What EXR holds, where that is what is rendered: `None` for other formats, and for EXR `Err` with a sentence where Resolve
/// does not tell.
///
/// # Errors
/// As [`Link::call`].
pub(super) fn light_of_exr(
    link: &Link,
    settings: &ColorSettings,
    options: &ResolveOptions,
) -> Result<Option<std::result::Result<Light, String>>> {
    let current = link.project("GetCurrentRenderFormatAndCodec", vec![])?.value();
    let format = current.get("format").and_then(Value::as_str).unwrap_or_default();
    if !format.to_ascii_lowercase().contains("exr") {
        return Ok(None);
    }
    Ok(Some(settings.light(options).ok_or_else(|| {
        "Resolve writes EXR in the project's output colours, which Project.GetSetting does not tell, and EXR is read as linear \
        light; expected a project that tells them (colorSpaceOutput), color_space and gamma in the options of Resolve, or \
        another format"
            .to_owned()
    })))
}

/// Adds a job to the queue that renders record frames `range` (first, and the one behind the last, in Resolve's count)
/// into `folder`, or the whole timeline. Its identifier is in the state.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve refuses.
pub(super) fn add(
    guard: &mut Guard<'_>,
    options: &ResolveOptions,
    picture: &Picture,
    range: Option<(i64, i64)>,
    folder: &Path,
) -> Result<OwnJob> {
    let Some(path) = folder.to_str() else {
        let what = format!("{} is no text, which Resolve needs a folder's path to be", folder.display());
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
    let before = queue(link)?;
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
pub(super) fn start(guard: &mut Guard<'_>, jobs: &[OwnJob]) -> Result<()> {
    if jobs.is_empty() {
        // An empty list would start whatever is in the queue.
        return Err(Error::new(ErrorKind::Option, "there is nothing for Resolve to render"));
    }
    refuse_busy(&guard.link)?;
    guard.note(|state| state.started = true)?;
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    guard.link.project("StartRendering", vec![json!(ids), json!(false)])?.granted()
}

/// # Errors
/// [`ErrorKind::Application`] when something is being rendered.
pub(super) fn refuse_busy(link: &Link) -> Result<()> {
    if link.is_rendering()? {
        return Err(Error::new(ErrorKind::Application, "Resolve is rendering something else already"));
    }
    Ok(())
}

/// A job of ours in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OwnJob {
    pub(super) id: String,
    /// What Resolve says of a job that waits, in the language of its user interface; empty where that is not known.
    pub(super) ready: String,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
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
pub(super) struct Status {
    text: String,
    /// How much of it is done, in percent.
    percent: f64,
    error: Option<String>,
    /// Whether it says how long the render took, or how long it will take.
    has_taken: bool,
    will_take: bool,
}

impl Status {
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
pub(super) fn status(link: &Link, id: &str) -> Result<Option<Status>> {
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
    Ok(Some(Status {
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
pub(super) fn progress(link: &Link, job: &OwnJob) -> Result<Progress> {
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
    Ok(Progress::Ended(told))
}

/// What one look at a job shows.
enum Observed {
    /// How far it is.
    Known(Progress),
    /// It has begun, with this share done and these words, is not whole, and nothing is being rendered.
    Idle { share: f64, told: String },
}

fn observe(link: &Link, job: &OwnJob) -> Result<Observed> {
    // In this order: a render that ends between the two is seen as one that goes on, not as one that stopped.
    let rendering = link.is_rendering()?;
    let Some(status) = status(link, &job.id)? else { return Ok(Observed::Known(Progress::Gone)) };
    let (text, percent) = (&status.text, status.percent);
    Ok(Observed::Known(match (&status.error, status.word().as_str()) {
        (Some(error), _) => Progress::Ended(format!("{text} at {percent:.0} %: {error}")),
        (_, "complete" | "completed") => Progress::Complete,
        (_, "failed" | "cancelled" | "canceled") => Progress::Ended(format!("{text} at {percent:.0} %")),
        _ if percent >= 100.0 && (status.has_taken || !rendering) => Progress::Complete,
        _ if status.is_ready(job) || rendering => Progress::Working(percent / 100.0),
        // Nobody knows what it said while it waited.
        _ if percent <= 0.0 && job.ready.is_empty() => Progress::Working(0.0),
        _ => return Ok(Observed::Idle { share: percent / 100.0, told: format!("{text} at {percent:.0} %") }),
    }))
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
        let _ = queue(link).and_then(|queued| remove_job(link, options, job, &queued));
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
            Progress::Complete => return Ok(End::Complete),
            Progress::Gone => return Ok(End::Gone),
            Progress::Ended(what) => {
                return Err(Error::new(ErrorKind::Application, format!("Resolve's render ended: {what}")));
            }
            Progress::Working(now) =>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_taken_for_names() {
        let labels = [("QuickTime".to_owned(), "mov".to_owned()), ("MXF OP1A".to_owned(), "mxf_op1a".to_owned())];
        assert_eq!(pick(&labels, "quicktime", "format").ok().as_deref(), Some("mov"));
        assert_eq!(pick(&labels, "mxf_op1a", "format").ok().as_deref(), Some("mxf_op1a"));
        let error = pick(&labels, "Betacam", "format").expect_err("no such format");
        assert_eq!(error.kind(), ErrorKind::Option);
        assert!(error.to_string().contains("MXF OP1A, QuickTime"), "{error}");
    }

    #[test]
    fn every_preset_has_codecs_that_suit_it() {
        for name in Preset::NAMES {
            let preset = Preset::by_name(name).expect("a listed name");
            let codecs = suitable(&preset);
            assert!(codecs.len() > 5 && codecs.iter().all(|codec| plain(codec) == *codec), "{name}");
        }
    }
}
