//! A fingerprint of everything a shot's file depends on.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Preset;
use crate::plan::{Background, Canvas, Element, Media, MissingPolicy, OverrunPolicy, Plan, Shot};
use crate::time::Rate;

/// Raised when the same plan would give other pixels.
const FORMAT: u32 = 1;

/// What the pixels and the file of a shot depend on.
#[derive(Debug, Serialize)]
struct Ingredients<'a> {
    format: u32,
    backend: &'a str,
    preset: &'a Preset,
    canvas: Canvas,
    rate: Rate,
    start: i64,
    drop_frame: bool,
    background: Background,
    overrun: OverrunPolicy,
    media_missing: MissingPolicy,
    shot: &'a Shot,
    media: Vec<(&'a Media, Option<Stamp>)>,
}

/// What tells that a file is still the same, without reading it.
#[derive(Debug, Serialize)]
struct Stamp {
    bytes: u64,
    modified: Option<u128>,
}

/// The fingerprint of `shot`: 32 hexadecimal digits that change when its plan, its media, its canvas or its preset do.
pub(crate) fn fingerprint(backend: &str, plan: &Plan, shot: &Shot, canvas: Canvas, preset: &Preset) -> String {
    let mut used = Vec::new();
    for element in shot.spans.iter().flat_map(|span| &span.stack) {
        media_of(element, &mut used);
    }
    used.sort_unstable();
    used.dedup();
    let ingredients = Ingredients {
        format: FORMAT,
        backend,
        preset,
        canvas,
        rate: plan.rate,
        start: plan.global_start,
        drop_frame: plan.drop_frame,
        background: plan.background,
        overrun: plan.overrun,
        media_missing: plan.media_missing,
        shot,
        media: used.iter().map(|&index| (&plan.media[index], stamp(&plan.media[index]))).collect(),
    };
    // Paths that are no text have no JSON.
    let bytes = serde_json::to_vec(&ingredients).unwrap_or_else(|_| format!("{ingredients:?}").into_bytes());
    Sha256::digest(&bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A sequence is stamped by its folder, whose time changes when frames come or go, and by its first frame.
fn stamp(media: &Media) -> Option<Stamp> {
    let metadata = std::fs::metadata(media.source.file(0)?).ok()?;
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
    Some(Stamp {
        bytes: metadata.len(),
        modified: metadata.modified().ok().and_then(since).map(|time| time.as_millis()),
    })
}

fn media_of(element: &Element, used: &mut Vec<usize>) {
    match element {
        Element::Layer(layer) => used.push(layer.media),
        Element::Stack { elements } => elements.iter().for_each(|element| media_of(element, used)),
        Element::Mix { from, to, .. } => {
            [from, to].into_iter().flatten().for_each(|side| media_of(side, used));
        }
    }
}
