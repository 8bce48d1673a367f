//! `conflate --dry-run`: what would be rendered, skipped and why, what is missing or in the way, and about what it takes.

use std::path::Path;

use otio_conflate::backend::ffmpeg::{Estimate, FfmpegBackend, ShotProgram};
use otio_conflate::{Conflation, Delivery, Existing, Plan, Preview, Result, ShotAction, ShotPreview, printable};
use serde_json::json;

use crate::outcome::{CommandOutcome, Exit};

/// Tells what `conflation`, a run of `plan` into `delivery`, would do; `mix` is what keeps `--mix` from being written.
pub(crate) fn run(
    plan: &Plan,
    (conflation, delivery): (&Conflation<'_, FfmpegBackend>, &Delivery),
    max_pixels: Option<u64>,
    mix: Option<otio_conflate::Error>,
) -> Result<CommandOutcome> {
    let preview = conflation.preview(plan)?;
    let programs = match preview.canvas {
        // Of shots that nobody asked for, media may be missing.
        Some(_) => {
            let mut asked_for = plan.clone();
            asked_for.shots.retain(|shot| preview.shots.iter().any(|other| other.shot == shot.name));
            let backend = FfmpegBackend::new().max_pixels(max_pixels);
            backend.explain(&asked_for, &delivery.preset, &delivery.representations)?
        }
        None => Vec::new(),
    };
    let estimate = |shot: &ShotPreview| {
        let of_shot = |program: &&ShotProgram| program.shot == shot.shot;
        let mut estimate = programs.iter().find(of_shot).map(|program| program.estimate)?;
        match shot.action {
            ShotAction::Render => Some(estimate),
            // What is copied is as large as what would be rendered; its sound costs next to nothing.
            ShotAction::Retrim => {
                estimate.cpu_seconds = 0.0;
                Some(estimate)
            }
            _ => None,
        }
    };
    for warning in &preview.warnings {
        tell!("warning: {warning}");
    }
    let mut total = (0, 0.0);
    let mut shots = Vec::new();
    for shot in &preview.shots {
        let estimate = estimate(shot);
        total.0 += estimate.map_or(0, |estimate| estimate.bytes);
        total.1 += estimate.map_or(0.0, |estimate| estimate.cpu_seconds);
        say!("{}", line(shot, estimate));
        let mut data = json!(shot);
        data["estimate"] = json!(estimate);
        shots.push(data);
    }
    for shot in &preview.omitted {
        say!("omitted  {}", printable(shot));
    }
    for media in &preview.missing {
        say!("missing  {}", printable(&media.to_string_lossy()));
    }
    // Shots that are rendered at once share the cores.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let seconds = total.1 / cores as f64;
    say!("{}; about {}, {}", counts(&preview), size(total.0), duration(seconds));
    let result = json!({
        "folder": delivery.folder.to_string_lossy(),
        "shots": shots,
        "omitted": preview.omitted,
        "missing": preview.missing.iter().map(|media| media.to_string_lossy()).collect::<Vec<_>>(),
        "estimate": { "bytes": total.0, "cpu_seconds": total.1, "seconds": seconds, "cores": cores },
    });
    let error = preview.refusal.or(mix);
    let exit = error.as_ref().map_or(Exit::Complete, Exit::of_refusal);
    Ok(CommandOutcome { exit, error, ..CommandOutcome::complete(result) }.warnings(preview.warnings))
}

/// What would become of a shot.
fn line(shot: &ShotPreview, estimate: Option<Estimate>) -> String {
    let name = printable(&shot.shot);
    let mut reasons: String = shot.reasons.iter().map(|reason| format!("; {}", printable(reason))).collect();
    if let Some(estimate) = estimate {
        reasons += &format!("; about {}", size(estimate.bytes));
    }
    match shot.action {
        ShotAction::Render => {
            format!("render   {name}: {} frames, {}{reasons}", shot.frame_count, printable(&shot.path))
        }
        ShotAction::Retrim => {
            format!("copy     {name}: {} frames, {}{reasons}", shot.frame_count, printable(&shot.path))
        }
        ShotAction::Skip => format!("skip     {name}{reasons}"),
        ShotAction::Missing => format!("missing  {name}{reasons}"),
        _ => format!("in the way of {name}{reasons}"),
    }
}

fn counts(preview: &Preview) -> String {
    let of = |action| preview.shots.iter().filter(move |shot| shot.action == action);
    let frames = of(ShotAction::Render).fold(0, |sum: i64, shot| sum.saturating_add(shot.frame_count));
    let [render, copy, skip, missing, refused] =
        [ShotAction::Render, ShotAction::Retrim, ShotAction::Skip, ShotAction::Missing, ShotAction::InTheWay]
            .map(|action| of(action).count());
    let copy = if copy > 0 { format!("{copy} to copy, ") } else { String::new() };
    let start = if preview.refusal.is_some() { "nothing would be rendered: " } else { "" };
    format!(
        "{start}{render} to render ({frames} frames), {copy}{skip} to skip, {missing} without media, {refused} in the way"
    )
}

pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{:.0} s", seconds.ceil()),
        90.0..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Whether the mix of `plan` could be written to `path`.
pub(crate) fn mix(
    plan: &Plan,
    path: &Path,
    existing: Existing,
    inputs: &[std::path::PathBuf],
) -> Option<otio_conflate::Error> {
    plan.sound.as_ref()?;
    otio_conflate::backend::ffmpeg::check_mix(plan, path, existing, inputs).err()
}
