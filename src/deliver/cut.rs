//! The cut with its intermediates: what an editor opens after a run.

use crate::plan::{is_applied, is_retimed};
use crate::report::{OutputKind, Report, Status};
use crate::time::Rate;
use crate::timeline::{
    Child, Clip, Composition, MediaCommon, MediaReference, MissingFramePolicy, RationalTime, RawTimeRange, Timeline,
};

/// The key under which an intermediate is added to its clip.
const KEY: &str = "intermediate";

/// `timeline` with the intermediate of every delivered shot added to its clip as the media reference `intermediate`,
/// made active.
///
/// The clip keeps its `source_range`; the intermediate's `available_range` is chosen so that this range finds the same
/// frames in it, handles in front. Speed changes are in the intermediate's frames already, so they are switched off.
/// Locations are relative to the report's folder. A clip stays as it is where its shot shows a part of it, or where a
/// composition around it is retimed, which would retime the intermediate again.
pub fn with_intermediates(timeline: &Timeline, report: &Report) -> Timeline {
    let mut timeline = timeline.clone();
    for shot in &report.shots {
        let Some(output) = shot.output.as_ref().filter(|_| matches!(shot.status, Status::Done | Status::Skipped))
        else {
            continue;
        };
        let Some(clip) = clip_at(&mut timeline.tracks, &shot.object) else { continue };
        let (head, count) = (shot.head, shot.frame_count);
        if !is_whole(clip, report.rate, count - head - shot.tail) {
            continue;
        }
        add(clip, report.rate, head, count, |common| reference(output, shot.first_frame, report.rate, common));
    }
    timeline
}

/// Whether `frames` record frames are all that `clip` has, as far as is known.
#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn is_whole(clip: &Clip, rate: Rate, frames: i64) -> bool {
    let range = clip.item.source_range.or_else(|| clip.media_reference()?.available_range());
    let Some(duration) = range.and_then(|range| range.duration.time().ok()) else { return true };
    (duration.frames(rate).to_f64() - frames as f64).abs() < 1.0
}

#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn add(clip: &mut Clip, rate: Rate, head: i64, count: i64, reference: impl FnOnce(MediaCommon) -> MediaReference) {
    let available = clip.media_reference().and_then(MediaReference::available_range);
    let frames = |value: i64| RationalTime::new(value as f64, rate);
    let range = clip
        .item
        .source_range
        .or(available)
        .unwrap_or(RawTimeRange { start_time: frames(0), duration: frames(count - head) });
    clip.item.source_range = Some(range);
    let start_time = RationalTime::new(range.start_time.value_at(rate) - head as f64, rate);
    let available_range = Some(RawTimeRange { start_time, duration: frames(count) });
    let common = MediaCommon { available_range, name: KEY.to_owned(), ..MediaCommon::default() };
    for effect in &mut clip.item.effects {
        if is_applied(effect) {
            effect.enabled = false;
        }
    }
    clip.media_references.insert(KEY.to_owned(), reference(common));
    clip.active_media_reference_key = KEY.to_owned();
}

/// What was delivered, as the media of a clip of a timeline that lies in the report's folder.
pub(super) fn reference(output: &crate::report::Output, first: i64, rate: Rate, common: MediaCommon) -> MediaReference {
    let sequence = output.path.rsplit_once("%04d").filter(|_| output.kind == OutputKind::Sequence);
    let Some((before, suffix)) = sequence else {
        return MediaReference::External { target_url: url(&output.path), common };
    };
    let (folder, prefix) = before.rsplit_once('/').unwrap_or((".", before));
    MediaReference::ImageSequence {
        target_url_base: url(folder) + "/",
        name_prefix: url(prefix),
        name_suffix: suffix.to_owned(),
        start_frame: first,
        frame_step: 1,
        rate: rate.written(),
        frame_zero_padding: 4,
        missing_frame_policy: MissingFramePolicy::Error,
        common,
    }
}

/// A relative path as a URL: what means something in one is escaped.
fn url(path: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const ESCAPED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'%').add(b'\\');
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// The clip at a path such as `tracks[2].children[5]`, if nothing around it is retimed.
fn clip_at<'t>(root: &'t mut Composition, path: &str) -> Option<&'t mut Clip> {
    let mut indices = path.split('[').skip(1).map(|part| part.split(']').next()?.parse::<usize>().ok());
    let is_plain = |composition: &Composition| !is_retimed(&composition.item);
    let mut child = Some(root).filter(|root| is_plain(root))?.children.get_mut(indices.next()??)?;
    for index in indices {
        let Child::Composition(composition) = child else { return None };
        if !is_plain(composition) {
            return None;
        }
        child = composition.children.get_mut(index?)?;
    }
    match child {
        Child::Clip(clip) if !path.contains("markers") => Some(clip),
        _ => None,
    }
}
