//! What is told while shots are rendered, and after.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otio_conflate::plan::Shot;
use otio_conflate::{Observer, Report, ShotReport, Status, printable};

use crate::say;

/// Whether any picture was made or any shot ended, and nothing more.
#[derive(Debug, Default)]
pub(crate) struct Begun(AtomicBool);

impl Begun {
    pub(crate) fn has(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Observer for Begun {
    fn preparing(&self, _: f64) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn frame(&self, _: &Shot, _: i64, _: i64) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn finished(&self, _: &ShotReport) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A bar on a terminal, plain lines elsewhere.
pub(crate) struct ProgressDisplay {
    bar: ProgressBar,
    plain: bool,
    begun: Begun,
}

impl ProgressDisplay {
    pub(crate) fn new() -> ProgressDisplay {
        let plain = !std::io::stderr().is_terminal() || say::voice().quiet;
        let target = if plain { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        ProgressDisplay { bar: ProgressBar::with_draw_target(Some(0), target), plain, begun: Begun::default() }
    }

    /// Whether the run was begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.has()
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for ProgressDisplay {
    fn started(&self, shots: usize, frames: i64) {
        self.bar.set_length(u64::try_from(frames).unwrap_or(0));
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} frames  {per_sec}  {eta} left  {msg}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if self.plain {
            tell!("{}, {frames} frames", say::counted(shots, "shot"));
        }
    }

    fn preparing(&self, share: f64) {
        self.begun.preparing(share);
        self.bar.set_message(format!("an application renders: {:.0} %", share * 100.0));
    }

    fn frame(&self, shot: &Shot, done: i64, of: i64) {
        self.begun.frame(shot, done, of);
        self.bar.inc(1);
        let name = printable(&shot.name);
        if self.bar.message() != name {
            self.bar.set_message(name.clone().into_owned());
        }
    }

    fn finished(&self, shot: &ShotReport) {
        self.begun.finished(shot);
        let name = printable(&shot.shot);
        let line = match (shot.status, &shot.output) {
            (Status::Cancelled, _) => format!("cancelled {name}"),
            (Status::Failed, _) => format!("failed   {name}: {}", shot.error.join(": ")),
            (Status::Skipped, _) => format!("skipped  {name}: already delivered"),
            (_, Some(output)) => {
                let others: String =
                    shot.representations.iter().map(|made| format!(", {}", made.output.path)).collect();
                let why: String = shot.reason.iter().map(|why| format!("; {}", printable(why))).collect();
                format!("done     {name}: {} frames, {}{others}{why}", shot.frame_count, output.path)
            }
            (_, None) => format!("done     {name}"),
        };
        if shot.status == Status::Skipped {
            self.bar.inc(u64::try_from(shot.frame_count).unwrap_or(0));
        }
        if self.plain { tell!("{line}") } else { self.bar.println(line) }
    }
}

/// Every warning once, with the objects or shots it concerns.
pub(crate) fn warnings(report: &Report) {
    for shot in &report.omitted {
        tell!("omitted  {}", printable(shot));
    }
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    let mut warnings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for shot in &report.shots {
        for warning in &shot.warnings {
            warnings.entry(warning).or_default().push(&shot.shot);
        }
    }
    for (message, objects) in &warnings {
        let few = objects.iter().take(5).map(|shot| printable(shot)).collect::<Vec<_>>().join(", ");
        let more = if objects.len() > 5 { format!(" and {} more", objects.len() - 5) } else { String::new() };
        tell!("warning: {} ({few}{more})", printable(message));
    }
}

/// What was made, and every warning.
pub(crate) fn summary(report: &Report) {
    warnings(report);
    let [done, skipped, failed] = [Status::Done, Status::Skipped, Status::Failed].map(|status| report.count(status));
    let cancelled = match report.count(Status::Cancelled) {
        0 => String::new(),
        count => format!(", {count} cancelled"),
    };
    let manifest = report.folder.join("manifest.json");
    tell!("{done} done, {skipped} skipped, {failed} failed{cancelled}; see {}", manifest.display());
}
