//! A change list as an edit decision list (CMX 3600).

use std::fmt::Write as _;

use super::{Action, Change, ComparedShot};
use crate::plan::{MediaSource, Plan};
use crate::time::Timecode;

/// Letters of a reel's name at most.
const REEL: usize = 32;

/// What changed as an edit decision list (CMX 3600), for systems that read nothing else: an event for each shot of the later cut
/// that is not the same any more, with its record and source timecode without handles, and what differs and what has to be
/// done as comments. Shots that were omitted are comments alone.
///
/// `start` gives the timecode of a medium's first frame. Where it gives none, source timecode is counted from 00:00:00:00, and
/// a comment says so.
pub fn edl(changes: &[Change], later: &Plan, start: &dyn Fn(&MediaSource) -> Option<Timecode>) -> String {
    let mut text = format!("TITLE: {} CHANGES\n", line(&later.name).to_uppercase());
    text += if later.drop_frame { "FCM: DROP FRAME\n" } else { "FCM: NON-DROP FRAME\n" };
    let mut number = 0;
    for change in changes.iter().filter(|change| change.action != Action::Keep || !change.differences.is_empty()) {
        text.push('\n');
        let Some(shot) = &change.new else {
            let _ = writeln!(text, "* OMITTED: {}", line(change.name()));
            if let Some(old) = &change.old {
                let _ = writeln!(text, "* WAS AT: {}", old.timecode);
            }
            continue;
        };
        number += 1;
        let (first, known) = source_start(shot, later, start);
        let until =
            |from: Timecode, frames: i64| Timecode::from_frame(from.frame() + frames, from.rate(), from.is_drop());
        let record = later.timecode(shot.record);
        let length = (shot.source_last - shot.source_first).abs() + 1;
        let _ = writeln!(
            text,
            "{number:03}  {:<8} V     C        {} {} {} {}",
            reel(&shot.media),
            spelled(first),
            spelled(until(first, length)),
            spelled(record),
            spelled(until(record, shot.frames)),
        );
        let _ = writeln!(text, "* FROM CLIP NAME: {}", line(&shot.name));
        let _ = writeln!(text, "* SOURCE FILE: {}", line(&shot.media));
        let _ = writeln!(text, "* CHANGE: {}", line(&change.told()).to_uppercase());
        let _ = writeln!(text, "* ACTION: {}", change.action.to_string().to_uppercase());
        if !known {
            text += "* SOURCE TIMECODE IS COUNTED FROM THE FIRST FRAME\n";
        }
    }
    text
}

/// The timecode of the first frame that `shot` shows, in the rate of its medium, and whether it is known.
fn source_start(
    shot: &ComparedShot,
    plan: &Plan,
    start: &dyn Fn(&MediaSource) -> Option<Timecode>,
) -> (Timecode, bool) {
    let lowest = shot.source_first.min(shot.source_last);
    let media = plan.media.iter().find(|media| media.source.display() == shot.media);
    let known = media.and_then(|media| start(&media.source));
    let rate = media.map_or(plan.rate, |media| media.rate);
    let first = known.unwrap_or_else(|| Timecode::from_frame(0, rate, false));
    (Timecode::from_frame(first.frame() + lowest, first.rate(), first.is_drop()), known.is_some())
}

/// Edit decision lists have colons alone; what counts drop-frame stands in their head.
fn spelled(timecode: Timecode) -> String {
    timecode.to_string().replace(';', ":")
}

/// The name of a medium without folder and ending, as far as a list can hold it.
fn reel(media: &str) -> String {
    let name = media.rsplit(['/', '\\']).next().unwrap_or(media);
    let stem = name.split('.').next().unwrap_or(name);
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' || letter == '-' { letter } else { '_' };
    let reel: String = stem.chars().map(plain).take(REEL).collect();
    if reel.is_empty() { "AX".to_owned() } else { reel }
}

/// `text` on one line.
fn line(text: &str) -> String {
    crate::printable(text).replace(['\n', '\r'], " ")
}
