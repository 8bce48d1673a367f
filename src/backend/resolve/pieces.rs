//! What Resolve renders for which shots, and the plan that cuts the shots out of it.

use serde::{Deserialize, Serialize};

use super::cut::ResolveTimeline;
use super::light::Light;
use super::options::{ResolveOptions, Scope, Solo};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{CanvasRequest, Element, Layer, Look, Media, MediaId, MediaSource, Plan, Shot, SourceMap, Span};
use crate::time::Ratio;

/// One render of Resolve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RenderPiece {
    /// The number of the video track that is seen alone, if one is.
    pub(super) alone: Option<i64>,
    /// The record frames it covers: the first, and the one behind the last.
    pub(super) range: (i64, i64),
    /// The record frame of the plan that its first frame shows.
    pub(super) record: i64,
    /// Whether that is the whole timeline.
    pub(super) whole: bool,
    /// Places in the plan of the shots that are cut out of it.
    pub(super) shots: Vec<usize>,
}

impl RenderPiece {
    /// How many frames it has.
    pub(super) fn frames(&self) -> i64 {
        self.range.1 - self.range.0
    }
}

/// The number of the video track that is seen alone for `shot`, if one is.
///
/// # Errors
/// [`ErrorKind::Option`] when there is no such track.
pub(super) fn alone(cut: &ResolveTimeline, solo: &Solo, shot: &Shot) -> Result<Option<i64>> {
    match solo {
        Solo::Off => Ok(None),
        Solo::Own => cut.track(&shot.track).map(|track| Some(track.number)).map_err(|error| error.at_clip(&shot.clip)),
        Solo::Track(name) => cut.track(name).map(|track| Some(track.number)),
    }
}

/// The renders that `shots` (places in the plan) need.
///
/// # Errors
/// [`ErrorKind::Mismatch`] for a shot that the timeline does not reach to, [`ErrorKind::Option`] as [`alone`].
pub(super) fn pieces(
    plan: &Plan,
    cut: &ResolveTimeline,
    options: &ResolveOptions,
    shots: &[usize],
) -> Result<Vec<RenderPiece>> {
    let mut needed = Vec::new();
    for &index in shots {
        let shot = &plan.shots[index];
        let range = (shot.start, shot.start + shot.frame_count);
        if range.0 < 0 || range.1 > cut.duration {
            let what = format!("shot {:?} reaches beyond the timeline in Resolve", shot.name);
            return Err(Error::new(ErrorKind::Mismatch, what).at_object(&shot.object));
        }
        let alone = alone(cut, &options.solo, shot)?;
        needed.push(RenderPiece { alone, range, record: range.0, whole: false, shots: vec![index] });
    }
    if options.scope == Scope::PerShot {
        return Ok(needed);
    }
    needed.sort_by_key(|piece| (piece.alone, piece.range));
    let mut merged: Vec<RenderPiece> = Vec::new();
    for mut piece in needed {
        if options.scope == Scope::WholeTimeline {
            (piece.range, piece.record, piece.whole) = ((0, cut.duration), 0, true);
        }
        match merged.last_mut().filter(|last| last.alone == piece.alone && piece.range.0 <= last.range.1) {
            Some(last) => {
                last.range.1 = last.range.1.max(piece.range.1);
                last.shots.append(&mut piece.shots);
            }
            None => merged.push(piece),
        }
    }
    Ok(merged)
}

/// The plan whose shots show `renders` and nothing else; their sound is the plan's. `light` is what EXR files hold, where
/// that is not linear.
pub(super) fn plan_of(
    plan: &Plan,
    size: (u32, u32),
    light: Option<&Light>,
    renders: &[(RenderPiece, MediaSource)],
) -> Plan {
    // What Resolve rendered is the canvas: it is cut, and not converted.
    let mut cut = Plan { shots: Vec::new(), color: None, ..plan.clone() };
    let color = light.map(|light| light.color);
    cut.canvas =
        CanvasRequest { size: Some(size), color: plan.canvas.color.or(light.map(Light::canvas)), ..plan.canvas };
    cut.canvas_media.clear();
    let mut shots: Vec<(usize, Shot)> = Vec::new();
    for (piece, source) in renders {
        let frames = Some(piece.frames());
        let medium = Media {
            source: source.clone(),
            rate: plan.rate,
            frames,
            size: Some(size),
            pixel_aspect: None,
            color,
            space: None,
            bounds: None,
        };
        let media = MediaId::new(cut.media.len(), &medium);
        cut.media.push(medium);
        cut.canvas_media.push(media);
        shots.extend(piece.shots.iter().map(|&index| (index, shot_of(&plan.shots[index], media, piece.record))));
    }
    shots.sort_by_key(|(index, _)| *index);
    cut.shots = shots.into_iter().map(|(_, shot)| shot).collect();
    cut
}

/// `shot`, showing the render that is medium `media` and starts at record frame `first`.
fn shot_of(shot: &Shot, media: MediaId, first: i64) -> Shot {
    let layer = Layer {
        track: shot.track.clone(),
        clip: shot.clip.clone(),
        object: shot.object.clone(),
        media,
        map: SourceMap::new(shot.start, Ratio::whole(shot.start - first), Ratio::ONE),
        look: Look::default(),
        grade: Vec::new(),
        color: Vec::new(),
        notes: Vec::new(),
    };
    let stack = vec![Element::Layer(Box::new(layer))];
    Shot { spans: vec![Span { start: shot.start, count: shot.frame_count, stack }], ..shot.clone() }
}
