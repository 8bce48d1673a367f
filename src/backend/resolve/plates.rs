//! Plates: shots with more of their media than the cut shows, which no timeline of the project has.
//!
//! They are rendered from a timeline of our own, in a bin of our own: one clip for each shot, with its source handles, graded
//! as the clip in the cut is. Bin and timeline are removed afterwards.

use serde_json::{Value, json};

use super::bin::{Bin, own_bin};
use super::bridge::ResolveObject;
use super::cut::{ResolveTimeline, TrackItem};
use super::grade::{of_timeline, tools_of};
use super::guard::ResolveGuard;
use super::link::Link;
use super::options::{ResolveOptions, Scope, TimelineChoice};
use super::pieces::RenderPiece;
use super::warning::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Element, Layer, Look, MediaSource, Plan, Shot, Span, Warning, layers_of};
use crate::time::Ratio;

/// Whether shots of `plan` show source frames around the cut, and are to be rendered one by one.
pub(super) fn are_asked_for(options: &ResolveOptions, plan: &Plan) -> bool {
    options.scope == Scope::PerShot && plan.shots.iter().any(has_source_handles)
}

/// Whether a handle of `shot` shows the clip that the shot is made of: in the cut, something else is there.
fn has_source_handles(shot: &Shot) -> bool {
    let own = |at: i64| {
        let span = shot.spans.iter().find(|span| (span.start..span.start + span.count).contains(&at));
        span.is_some_and(|span| layers_of(&span.stack).iter().any(|layer| layer.object == shot.object))
    };
    let end = shot.start + shot.frame_count;
    shot.head > 0 && own(shot.start) || shot.tail > 0 && own(end - 1)
}

/// `plan` without handles: what of it is in the cut.
pub(super) fn without_handles(plan: &Plan) -> Plan {
    let mut bare = plan.clone();
    for shot in &mut bare.shots {
        let (start, end) = (shot.start + shot.head, shot.start + shot.frame_count - shot.tail);
        let inside = |span: Span| {
            let (first, behind) = (span.start.max(start), (span.start + span.count).min(end));
            (first < behind).then_some(Span { start: first, count: behind - first, ..span })
        };
        shot.spans = std::mem::take(&mut shot.spans).into_iter().filter_map(inside).collect();
        (shot.start, shot.frame_count, shot.head, shot.tail) = (start, end - start, 0, 0);
    }
    bare
}

/// The one clip that `shot` shows.
///
/// # Errors
/// [`ErrorKind::Unsupported`] where that is not all, or runs at another speed.
fn layer<'p>(plan: &'p Plan, shot: &'p Shot) -> Result<&'p Layer> {
    let refused = |what: &str| {
        let what = format!("shot {:?} cannot be rendered with source handles: {what}", shot.name);
        Error::new(ErrorKind::Unsupported, what).at_object(&shot.object)
    };
    let mut own: Option<&Layer> = None;
    for span in &shot.spans {
        match span.stack.as_slice() {
            [Element::Layer(layer)] if layer.object == shot.object => own = own.or(Some(layer)),
            _ => {
                return Err(refused(
                    "it shows more than its own clip; expected one clip without transitions or others above",
                ));
            }
        }
    }
    let layer = own.ok_or_else(|| refused("it shows nothing"))?;
    let media = &plan.media[layer.media];
    if !matches!(media.source, MediaSource::File { .. } | MediaSource::Sequence { .. }) {
        return Err(refused("its clip has no media"));
    }
    if layer.map.step != Ratio::ONE || layer.map.curve.is_some() || media.rate != plan.rate {
        return Err(refused("its clip runs at another speed than its media; expected plain speed"));
    }
    if layer.look != Look::default() {
        return Err(refused("its clip has a transform, an opacity or a crop, which are not copied with its grade"));
    }
    Ok(layer)
}

/// Makes the timeline for `shots` (places in the plan), grades it, and opens it. It takes the place of `cut`.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for shots that cannot be had so and where this Resolve lacks a call,
/// [`ErrorKind::Mismatch`] when Resolve makes another timeline of it.
pub(super) fn build(
    guard: &mut ResolveGuard<'_>,
    options: &ResolveOptions,
    plan: &Plan,
    cut: &ResolveTimeline,
    shots: &[usize],
) -> Result<(ResolveTimeline, Vec<RenderPiece>, Vec<Warning>)> {
    if options.timeline == TimelineChoice::Import {
        let what =
            "source handles need clips that are graded; expected a timeline of the project, not one that is imported";
        return Err(Error::new(ErrorKind::Option, what));
    }
    let unsupported =
        |what: &str| Err(Error::new(ErrorKind::Unsupported, format!("source handles cannot be had: {what}")));
    if let Some(told) = of_timeline(&guard.link, cut) {
        return unsupported(&format!("{}, and would be missing", told.message));
    }
    let layers = guard.link.project("GetSetting", vec![json!("nodeStackLayers")])?.text().ok();
    if layers.is_some_and(|layers| layers.trim() != "1" && !layers.is_empty()) {
        return unsupported("the project has several layers of nodes, of which TimelineItem.CopyGrades copies one");
    }
    let mut wanted = Vec::new();
    for &index in shots {
        let shot = &plan.shots[index];
        let layer = layer(plan, shot)?;
        let body = (shot.start + shot.head, shot.start + shot.frame_count - shot.tail);
        let item = cut.showing(plan, layer, body).ok_or_else(|| {
            let what = format!("the timeline in Resolve does not show {:?} alone in one clip", layer.clip);
            Error::new(ErrorKind::Mismatch, what).at_object(&shot.object)
        })?;
        let group = guard.link.call_if_there(&item.object, "GetColorGroup", vec![])?;
        if group.is_some_and(|group| group.object().is_some()) {
            return unsupported(&format!("{:?} belongs to a group, whose grade is not copied", item.name));
        }
        let media = guard.link.call(&item.object, "GetMediaPoolItem", vec![])?.some()?;
        wanted.push((index, item, media, layer.map.index(shot.start), shot.frame_count));
    }
    let Bin { pool, name, open, .. } = own_bin(guard)?;
    // Whether the end frame is the last one or the one behind it is not documented.
    for behind in [0, 1] {
        let name = format!("{name}{}", if behind == 0 { "" } else { " again" });
        let made = guard.link.call(&pool, "CreateEmptyTimeline", vec![json!(name)])?.some()?;
        let named = guard.link.named(&made)?;
        guard.note(|state| (state.rendered, state.imported) = (Some(named.clone()), Some(named)))?;
        guard.link.open_timeline(&made)?;
        let infos = wanted.iter().map(|(_, _, media, first, frames)| {
            json!({"mediaPoolItem": Value::from(media), "startFrame": first, "endFrame": first + frames - 1 + behind,
                "mediaType": 1})
        });
        let infos = Value::from(infos.collect::<Vec<_>>());
        // What it gives differs: the items, or whether it did it. What is in the timeline tells.
        guard.link.call(&pool, "AppendToTimeline", vec![infos])?;
        let own = ResolveTimeline::read(&guard.link, made.clone())?;
        let items: Vec<&TrackItem> = own.tracks.iter().flat_map(|track| &track.items).collect();
        let mut at = 0;
        let fits = items.len() == wanted.len() && {
            items.iter().zip(&wanted).all(|(item, (.., frames))| {
                at += frames;
                (item.start, item.end) == (at - frames, at)
            })
        };
        if !fits && behind == 0 {
            guard.link.call(&pool, "DeleteTimelines", vec![json!([Value::from(&made)])])?.granted()?;
            continue;
        }
        if !fits || own.rate != plan.rate || own.size != cut.size {
            break;
        }
        let mut pieces = Vec::new();
        for (item, (index, from, ..)) in items.iter().zip(&wanted) {
            let shot = &plan.shots[*index];
            if let Some(source) = item.other_start(&guard.link, plan, layer(plan, shot)?, shot.start)? {
                let what = format!("Resolve made a clip of {:?} that starts with source frame {source}", from.name);
                return Err(Error::new(ErrorKind::Mismatch, what));
            }
            copy_grade(&guard.link, from, &item.object)?;
            let range = (item.start, item.end);
            pieces.push(RenderPiece { alone: None, range, record: shot.start, whole: false, shots: vec![*index] });
        }
        guard.link.call(&pool, "SetCurrentFolder", vec![Value::from(&open)])?.granted()?;
        let what = "shots with source handles have the grade of their clips; transforms that clips have in Resolve alone are \
            not copied";
        return Ok((own, pieces, vec![warning(what.to_owned())]));
    }
    let what = "MediaPool.AppendToTimeline made another timeline of the clips than was asked for; expected the project's own rate and size to \
        be those of the cut";
    Err(Error::new(ErrorKind::Mismatch, what))
}

/// Grades a clip as another is.
fn copy_grade(link: &Link, from: &TrackItem, to: &ResolveObject) -> Result<()> {
    link.call(&from.object, "CopyGrades", vec![json!([Value::from(to)])])?.granted()?;
    let (wanted, got) = (tools_of(link, &from.object)?, tools_of(link, to)?);
    if wanted.is_none() || wanted == got {
        return Ok(());
    }
    let what = format!("TimelineItem.CopyGrades says that it copied the grade of {:?}, and did not", from.name);
    Err(Error::new(ErrorKind::Application, what))
}
