//! Changes for people and programs: a table, CSV, and a picture of both cuts under one another.

use std::fmt::Write as _;

use super::{Action, Change, ComparedShot, Difference};
use crate::time::Ratio;

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Action::Keep => "keep",
            Action::Retrim => "re-trim",
            Action::Repull => "re-pull",
            Action::Omit => "omit",
        })
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let speed = |speed: &Option<Ratio>| {
            speed.map_or_else(|| "a curve".to_owned(), |speed| format!("{:.4}", speed.to_f64()))
        };
        match self {
            Difference::New => f.write_str("new"),
            Difference::Reinstated => f.write_str("reinstated"),
            Difference::Omitted => f.write_str("omitted"),
            Difference::Moved => f.write_str("moved"),
            Difference::Trimmed { head, tail } => write!(f, "trimmed (head {head:+}, tail {tail:+})"),
            Difference::Slipped { frames } => write!(f, "slipped ({frames:+})"),
            Difference::Retimed { from, to } => write!(f, "retimed ({} to {})", speed(from), speed(to)),
            Difference::MediaReplaced { from, to, version: true } => write!(f, "another version ({from} to {to})"),
            Difference::MediaReplaced { from, to, version: false } => write!(f, "media replaced ({from} by {to})"),
            Difference::LayersChanged => f.write_str("layers changed"),
            Difference::TransitionChanged => f.write_str("transition changed"),
            Difference::LookChanged => f.write_str("look changed"),
            Difference::SettingsChanged => f.write_str("settings changed"),
            Difference::SoundChanged => f.write_str("sound changed"),
            Difference::Renamed { from, to } => write!(f, "renamed ({from} to {to})"),
        }
    }
}

impl Change {
    /// Name of the shot in the later cut, or in the earlier one where it was omitted.
    pub fn name(&self) -> &str {
        self.new.as_ref().or(self.old.as_ref()).map_or("", |shot| &shot.name)
    }

    /// All differences in words, separated by commas; `unchanged` where there are none.
    pub fn told(&self) -> String {
        let all: Vec<String> = self.differences.iter().map(ToString::to_string).collect();
        if all.is_empty() { "unchanged".to_owned() } else { all.join(", ") }
    }
}

/// A line for each change, in columns: shot, record timecode before and now, what has to be done, what differs. Text that could
/// act on a terminal is escaped.
pub fn table(changes: &[Change]) -> String {
    let place =
        |shot: &Option<ComparedShot>| shot.as_ref().map_or_else(|| "-".to_owned(), |shot| shot.timecode.clone());
    let rows = changes.iter().map(|change| {
        let name = crate::printable(change.name()).to_string();
        [
            name,
            place(&change.old),
            place(&change.new),
            change.action.to_string(),
            crate::printable(&change.told()).to_string(),
        ]
    });
    let head = ["shot", "before", "now", "action", "differences"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
    // A column that one endless name would make wider than any screen does not line up for it.
    const WIDEST: usize = 400;
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).min(WIDEST);
    let widths = [0, 1, 2, 3].map(width);
    let mut text = String::new();
    for [name, old, new, action, differences] in &rows {
        let [a, b, c, d] = widths;
        let _ = writeln!(text, "{name:a$}  {old:b$}  {new:c$}  {action:d$}  {differences}");
    }
    text
}

/// The same as CSV (RFC 4180), with media, source frames and lengths of both sides.
pub fn csv(changes: &[Change]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let side = |shot: &Option<ComparedShot>| match shot {
        None => ",,,,,,".to_owned(),
        Some(shot) => format!(
            "{},{},{},{},{},{},{}",
            quoted(&shot.name),
            quoted(&shot.track),
            shot.timecode,
            shot.frames,
            quoted(&shot.media),
            shot.source_first,
            shot.source_last
        ),
    };
    let columns = |when: &str| {
        ["shot", "track", "timecode", "frames", "media", "source_first", "source_last"]
            .map(|name| format!("{when}_{name}"))
            .join(",")
    };
    let mut text = format!("action,differences,{},{}\r\n", columns("old"), columns("new"));
    for change in changes {
        let _ = write!(
            text,
            "{},{},{},{}\r\n",
            change.action,
            quoted(&change.told()),
            side(&change.old),
            side(&change.new)
        );
    }
    text
}

/// A picture of both cuts under one another as SVG, with lines between shots that are one: the earlier cut above.
pub fn svg(changes: &[Change]) -> String {
    const WIDTH: f64 = 1800.0;
    const LANE: f64 = 44.0;
    type Side = fn(&Change) -> Option<&ComparedShot>;
    let (old, new): (Side, Side) = (|change| change.old.as_ref(), |change| change.new.as_ref());
    let shots = || changes.iter().flat_map(|change| [old(change), new(change)]).flatten();
    let first = shots().map(|shot| shot.record).min().unwrap_or(0);
    let end = shots().map(|shot| shot.record + shot.frames).max().unwrap_or(1);
    let scale = WIDTH / to_f64((end - first).max(1));
    let x = |record: i64| 20.0 + to_f64(record - first) * scale;
    let tops = [40.0, 40.0 + LANE * 4.0];
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#1b1b1f\"/>\n\
         <text x=\"20\" y=\"30\" fill=\"#ccc\">before</text>\n<text x=\"20\" y=\"{}\" fill=\"#ccc\">now</text>\n",
        WIDTH + 40.0,
        tops[1] + LANE + 30.0,
        tops[1] + LANE + 16.0
    );
    for change in changes {
        if let (Some(before), Some(now)) = (old(change), new(change)) {
            let (a, b) = (x(before.record), x(before.record + before.frames));
            let (c, d) = (x(now.record), x(now.record + now.frames));
            let (top, bottom) = (tops[0] + LANE, tops[1]);
            let _ = writeln!(
                text,
                "<polygon points=\"{a:.1},{top} {b:.1},{top} {d:.1},{bottom} {c:.1},{bottom}\" fill=\"{}\" opacity=\"0.3\"/>",
                color(change)
            );
        }
    }
    for (lane, side) in [old, new].into_iter().enumerate() {
        for change in changes {
            let Some(shot) = side(change) else { continue };
            let (left, width) = (x(shot.record), (to_f64(shot.frames) * scale - 1.0).max(0.5));
            let (name, told) = (escaped(&shot.name), escaped(&change.told()));
            let _ = write!(
                text,
                "<g><title>{name}: {told}</title><rect x=\"{left:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"{LANE}\" fill=\"{}\"/>",
                tops[lane],
                color(change)
            );
            if width > 7.0 * to_f64(i64::try_from(shot.name.chars().count()).unwrap_or(i64::MAX)) {
                let _ = write!(
                    text,
                    "<text x=\"{:.1}\" y=\"{}\" fill=\"#111\">{name}</text>",
                    left + 4.0,
                    tops[lane] + 18.0
                );
            }
            text.push_str("</g>\n");
        }
    }
    text.push_str("</svg>\n");
    text
}

fn color(change: &Change) -> &'static str {
    match change.action {
        Action::Keep => "#8a8f98",
        Action::Retrim => "#e0c068",
        Action::Repull if change.old.is_none() => "#79c07f",
        Action::Repull => "#e08a5b",
        Action::Omit => "#c75b5b",
    }
}

#[allow(clippy::cast_precision_loss, reason = "places in a picture")]
fn to_f64(frames: i64) -> f64 {
    frames as f64
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
