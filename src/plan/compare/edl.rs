//! A change list as an edit decision list in the form of CMX 3600.

use std::fmt::Write as _;

use super::subject::Subject;
use super::{Action, Change, ComparedShot};
use crate::plan::{MediaSource, Plan};
use crate::time::{Rate, Ratio, Timecode};

/// Letters of a reel's name at most.
const REEL: usize = 32;

/// What changed as an edit decision list in the form of CMX 3600, for systems that read nothing else: an event for each shot
/// of the later cut that is not the same any more, with its record and source timecode without handles, and what differs and
/// what has to be done as comments. Shots that were omitted are comments alone, behind an event where there is one.
///
/// As most readers take them, reels have up to 32 letters, and events behind 999 have more than three digits; CMX 3600 itself
/// ends at 8 and 999.
///
/// Source timecode lasts as long as the record frames take of the medium at their speed, in whole frames and at least one. A
/// shot that does not show one frame of its medium in each record frame has an `M2` line with frames of the medium per second
/// of the record: negative where it plays backwards, 0 where it stands still, and the mean, with a comment, where its speed
/// varies. `FCM` lines say how the source of the events behind them is counted; record timecode is counted as the first says.
///
/// `start` gives the timecode of a medium's first frame. Where it gives none, source timecode is counted from 00:00:00:00, and
/// a comment says so.
pub fn edl(changes: &[Change], later: &Plan, start: &dyn Fn(&MediaSource) -> Option<Timecode>) -> String {
    let mut text = format!("TITLE: {} CHANGES\n", line(&later.name).to_uppercase());
    let mut is_drop = later.timecode(0).is_drop();
    text += counting(is_drop);
    // Readers take comments of an event, and refuse those in front of the first.
    let mut omitted = String::new();
    let mut number = 0;
    for change in changes.iter().filter(|change| change.action != Action::Keep || !change.differences.is_empty()) {
        let Some(shot) = &change.new else {
            let _ = writeln!(omitted, "\n* OMITTED: {}", line(change.name()));
            if let Some(old) = &change.old {
                let _ = writeln!(omitted, "* WAS AT: {}", old.timecode);
            }
            continue;
        };
        if number > 0 {
            text += &std::mem::take(&mut omitted);
        }
        text.push('\n');
        number += 1;
        let source = EventSource::of(shot, later, start);
        let record = later.timecode(shot.record);
        if source.first.is_drop() != is_drop {
            is_drop = source.first.is_drop();
            text += counting(is_drop);
        }
        let reel = reel(&shot.media);
        let _ = writeln!(
            text,
            "{number:03}  {reel:<8} V     C        {} {} {} {}",
            spelled(source.first),
            spelled(source.first.after(source.frames, source.first.rate())),
            spelled(record),
            spelled(record.after(shot.frames, record.rate())),
        );
        if let Some(speed) = source.speed {
            let _ =
                writeln!(text, "M2   {reel:<8}       {}                {}", per_second(speed), spelled(source.first));
        }
        let _ = writeln!(text, "* FROM CLIP NAME: {}", line(&shot.name));
        let _ = writeln!(text, "* SOURCE FILE: {}", line(&shot.media));
        let _ = writeln!(text, "* CHANGE: {}", line(&change.told()).to_uppercase());
        let _ = writeln!(text, "* ACTION: {}", change.action.to_string().to_uppercase());
        if source.varies {
            text += "* SPEED VARIES\n";
        }
        if !source.is_known {
            text += "* SOURCE TIMECODE IS COUNTED FROM THE FIRST FRAME\n";
        }
    }
    text + &omitted
}

/// What an event says of the medium of its shot.
struct EventSource {
    /// The timecode of the lowest frame that it takes, counted as the medium's file does.
    first: Timecode,
    /// How many frames it takes, counted so.
    frames: i64,
    /// Frames, counted so, to a second of the record; `None` where each record frame takes one.
    speed: Option<Ratio>,
    /// Whether the speed is a mean.
    varies: bool,
    /// Whether the timecode of the medium's first frame is known.
    is_known: bool,
}

impl EventSource {
    fn of(shot: &ComparedShot, plan: &Plan, start: &dyn Fn(&MediaSource) -> Option<Timecode>) -> EventSource {
        let planned = plan.shots.get(shot.index).map(|planned| Subject::new(plan, shot.index, planned));
        let layer = planned.as_ref().and_then(|subject| subject.hero);
        let media = layer.map(|layer| &plan.media[layer.media]);
        let rate = media.map_or(plan.rate, |media| media.rate);
        let known = media.and_then(|media| start(&media.source));
        let zero = known.unwrap_or_else(|| Timecode::from_frame(0, rate, plan.drop_frame));
        let varies = layer.is_some_and(|layer| layer.map.curve.is_some());
        let step = layer.map_or(Ratio::ONE, |layer| layer.map.step);
        let (lowest, highest) = match &planned {
            Some(subject) => subject.shows(),
            None => (shot.source_first.min(shot.source_last), shot.source_first.max(shot.source_last)),
        };
        let record_frames = Ratio::whole(shot.frames.max(1));
        let (step, frames) = if varies {
            let frames = Ratio::whole(highest.saturating_sub(lowest).saturating_add(1));
            let mean = frames / record_frames;
            (if shot.source_last < shot.source_first { Ratio::ZERO - mean } else { mean }, frames)
        } else {
            (step, record_frames * step.abs())
        };
        let counted = counted(zero.rate(), rate);
        let speed = step * counted;
        EventSource {
            first: zero.after(lowest, rate),
            frames: nearest(frames * counted).max(1),
            speed: (varies || speed != Ratio::ONE).then(|| speed * plan.rate.nominal()),
            varies,
            is_known: known.is_some(),
        }
    }
}

/// Frames of timecode at `to` for each frame at `from`.
fn counted(to: Rate, from: Rate) -> Ratio {
    Ratio::new(to.timecode_base().into(), from.timecode_base().into())
}

fn nearest(frames: Ratio) -> i64 {
    (frames + Ratio::new(1, 2)).floor()
}

/// `speed` in frames per second with one decimal, as the form has it, or three where that is not what it is.
fn per_second(speed: Ratio) -> String {
    let speed = speed.to_f64();
    let decimals = if ((speed * 10.0).round() / 10.0 - speed).abs() < 0.0005 { 1 } else { 3 };
    let width = 4 + decimals + usize::from(speed < 0.0);
    format!("{speed:0width$.decimals$}")
}

/// How timecode is counted.
fn counting(is_drop: bool) -> &'static str {
    if is_drop { "FCM: DROP FRAME\n" } else { "FCM: NON-DROP FRAME\n" }
}

/// Edit decision lists have colons alone; `FCM` lines say what counts drop-frame.
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
