//! Opening the timeline that is to be rendered, and everything that is checked before anything is.

use serde_json::{Value, json};

use super::bin::{Bin, own_bin};
use super::bridge::ResolveObject;
use super::cut::{Comparison, ResolveTimeline};
use super::guard::ResolveGuard;
use super::leftovers::refuse_own_versions;
use super::link::Link;
use super::options::{ResolveOptions, TimelineChoice};
use super::pieces::{RenderPiece, alone, plan_of};
use super::plates;
use super::warning::warning;
use crate::backend::Backend as _;
use crate::backend::ffmpeg::FfmpegBackend;
use crate::deliver::{Preset, TimecodeSource};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Background, Canvas, Generated, MediaSource, Plan, Rgba, Warning};

/// What stands for a render before there is one.
const BLACK: Rgba = [0, 0, 0, u16::MAX];

/// Opens the timeline, compares it with the plan, and settles the canvas; says what is noteworthy.
pub(super) fn look(
    guard: &mut ResolveGuard<'_>,
    plan: &Plan,
    preset: &Preset,
    options: &ResolveOptions,
) -> Result<(ResolveTimeline, Canvas, Vec<Warning>)> {
    if preset.timecode == TimecodeSource::Source {
        let what = "source timecode is not known for what Resolve renders; expected the timecode \"record\"";
        return Err(Error::new(ErrorKind::Option, what));
    }
    let timeline = timeline(guard, plan, &options.timeline)?;
    let rendered = guard.link.named(&timeline)?;
    guard.note(|state| state.rendered = Some(rendered))?;
    let cut = ResolveTimeline::read(&guard.link, timeline)?;
    // Handles that the cut does not have come later.
    let bare = plates::are_asked_for(options, plan).then(|| plates::without_handles(plan));
    let mut warnings = compare(&guard.link, bare.as_ref().unwrap_or(plan), &cut, options)?;
    warnings.extend(refuse_own_versions(&guard.link, &cut, plan)?);
    let canvas = canvas(plan, preset, cut.size)?;
    for key in options.unknown_settings() {
        warnings.push(warning(format!("the render setting {key} is not documented: Resolve may ignore it")));
    }
    if plan.background == Background::Transparent {
        warnings.push(warning("where nothing is seen, Resolve renders black".to_owned()));
    }
    if !plan.warnings.is_empty() {
        let message = "pictures are Resolve's: what the plan warns of about them may be in them all the same";
        warnings.push(warning(message.to_owned()));
    }
    Ok((cut, canvas, warnings))
}

/// The timeline that is to be rendered, open.
fn timeline(guard: &mut ResolveGuard<'_>, plan: &Plan, choice: &TimelineChoice) -> Result<ResolveObject> {
    match choice {
        TimelineChoice::Current => guard
            .link
            .current_timeline()?
            .ok_or_else(|| Error::new(ErrorKind::Application, "no timeline is open in Resolve")),
        TimelineChoice::Named(name) => {
            let all = guard.link.timelines()?;
            let mut found = all.iter().filter(|(_, named)| named.name == *name);
            let timeline = match (found.next(), found.next()) {
                (Some((timeline, _)), None) => timeline.clone(),
                (found, _) => {
                    let names: Vec<_> = all.iter().map(|(_, named)| format!("{:?}", named.name)).collect();
                    let many = if found.is_some() { "more than one timeline" } else { "no timeline" };
                    let what = format!("the project in Resolve has {many} {name:?}; it has {}", names.join(", "));
                    return Err(Error::new(ErrorKind::Option, what));
                }
            };
            guard.open_timeline(&timeline)?;
            Ok(timeline)
        }
        TimelineChoice::Import => import(guard, plan),
    }
}

/// Imports the plan's file into a bin of its own.
fn import(guard: &mut ResolveGuard<'_>, plan: &Plan) -> Result<ResolveObject> {
    let Some(path) = &plan.timeline else {
        let what = "the plan names no timeline file that Resolve could import";
        return Err(Error::new(ErrorKind::Option, what));
    };
    let Bin { pool, root, name, open } = own_bin(guard)?;
    // Nothing has been imported yet.
    let before: Vec<String> = guard.link.clips(&root)?.into_iter().map(|(_, id)| id).collect();
    let link = &guard.link;
    let options = json!({"timelineName": name, "importSourceClips": true});
    // Resolve is somewhere else.
    let file = std::path::absolute(path).unwrap_or_else(|_| path.clone());
    let imported = link.call(&pool, "ImportTimelineFromFile", vec![json!(file.to_string_lossy()), options]);
    let back = link.call(&pool, "SetCurrentFolder", vec![Value::from(&open)]).and_then(|done| done.granted());
    let timeline = imported.and_then(|timeline| timeline.some()).map_err(|error| error.at_file(path))?;
    let imported = link.named(&timeline)?;
    guard.note(|state| state.imported = Some(imported))?;
    let came = guard.link.clips(&root)?.into_iter().map(|(_, id)| id);
    let came = came.filter(|id| !before.contains(id)).collect();
    guard.note(|state| state.pooled = came)?;
    back?;
    guard.link.open_timeline(&timeline)?;
    Ok(timeline)
}

/// Refuses a timeline that is not the plan's cut, or warns of it; and of what may be another picture.
fn compare(link: &Link, plan: &Plan, cut: &ResolveTimeline, options: &ResolveOptions) -> Result<Vec<Warning>> {
    for shot in &plan.shots {
        alone(cut, &options.solo, shot)?;
    }
    let Comparison { differences, doubts } =
        cut.compared(link, plan, |shot| alone(cut, &options.solo, shot).ok().flatten())?;
    if differences.is_empty() || options.accept_differences {
        return Ok(differences.into_iter().chain(doubts).map(warning).collect());
    }
    let what = format!("the timeline in Resolve is not the plan's cut:\n  {}", differences.join("\n  "));
    Err(Error::new(ErrorKind::Mismatch, what))
}

/// The canvas: what the plan asks for, else the timeline's own size. What cannot be delivered fails here, before anything
/// is rendered: the same session that will cut the shots is opened on black.
fn canvas(plan: &Plan, preset: &Preset, own: (u32, u32)) -> Result<Canvas> {
    let size = plan.canvas.size.unwrap_or_else(|| preset.nearest_size(own.0, own.1));
    let black = MediaSource::Generator { generator_kind: "black".to_owned(), draws: Generated::Solid { color: BLACK } };
    let all = RenderPiece {
        alone: None,
        range: (0, plan.duration),
        record: 0,
        whole: true,
        shots: (0..plan.shots.len()).collect(),
    };
    let plan = plan_of(plan, size, None, &[(all, black)]);
    Ok(FfmpegBackend::new().open(&plan, preset, &[])?.canvas())
}
