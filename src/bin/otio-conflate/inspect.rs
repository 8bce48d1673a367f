//! `inspect`: shows what is in a timeline: tracks, items, ranges, media found or missing, and what the reader noticed; with
//! `--ocio` in place of a file, what is in a colour configuration.

use std::path::Path;

use clap::Args;
use otio_conflate::otio::{Locator, MediaFile};
use otio_conflate::relink::{Match, Outcome};
use otio_conflate::timeline::{
    Child, Clip, Composition, CompositionKind, EffectKind, Item, MediaKind, MediaReference, RawTimeRange, Timeline,
    TrackLayout,
};
use otio_conflate::{ErrorKind, Result, printable};
use serde_json::{Value, json};

use crate::flags::ReadArgs;
use crate::outcome::CommandOutcome;
use crate::{colors, say};

/// Shows what is in a timeline; with --ocio CONFIG in place of a file, the names that a colour configuration has
#[derive(Args)]
#[command(mut_arg("file", |file| file.required(false).required_unless_present("ocio")))]
pub(crate) struct InspectFlags {
    #[command(flatten)]
    source: Option<ReadArgs>,
    /// Shows the names of this configuration: a .ocio or .ocioz file, ocio://NAME for one that is built in, or env for $OCIO
    #[arg(long, value_name = "CONFIG", conflicts_with = "ReadArgs")]
    ocio: Option<String>,
}

pub(crate) fn run(flags: &InspectFlags) -> Result<CommandOutcome> {
    if let Some(config) = &flags.ocio {
        return colors::run(config);
    }
    let Some(source) = &flags.source else { return Ok(CommandOutcome::complete(Value::Null)) };
    let (timeline, matches) = source.read_matched()?;
    let locator = Locator::new(timeline.path.as_deref(), &source.maps);
    let mut report = Inspection { locator, lines: Vec::new(), objects: Vec::new(), found: 0, missing: 0 };
    report.timeline(&timeline);
    report.matches(&matches);
    say::print(&(report.lines.join("\n") + "\n"))?;
    let start = timeline.global_start_time.map(|start| json!({ "value": start.value, "rate": start.rate }));
    Ok(CommandOutcome::complete(json!({
        "name": timeline.name,
        "global_start_time": start,
        "objects": report.objects,
        "media": { "found": report.found, "missing": report.missing },
        "matches": matches,
        "notes": timeline.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })))
}

/// Lines for people, and the same objects as data.
struct Inspection {
    locator: Locator,
    lines: Vec<String>,
    objects: Vec<Value>,
    found: usize,
    missing: usize,
}

impl Inspection {
    fn line(&mut self, line: impl AsRef<str>) {
        self.lines.push(printable(line.as_ref().trim_end()).into_owned());
    }

    fn timeline(&mut self, timeline: &Timeline) {
        self.line(format!("timeline {:?}", timeline.name));
        if let Some(start) = timeline.global_start_time {
            self.line(format!("starts at frame {} of {} fps", start.value, start.rate));
        }
        for (index, child) in timeline.tracks.children.iter().enumerate() {
            self.child(child, &format!("tracks[{index}]"), None, 0);
        }
        self.line("");
        self.line(format!("media: {} found, {} missing", self.found, self.missing));
        for note in &timeline.notes {
            self.line(format!("note: {note}"));
        }
    }

    /// What became of the media of clips, where folders were searched for them.
    fn matches(&mut self, matches: &[Match]) {
        if matches.is_empty() {
            return;
        }
        self.line("");
        for found in matches {
            self.line(format!("match: {found}"));
        }
        let count = |test: fn(&Outcome) -> bool| matches.iter().filter(|found| test(&found.outcome)).count();
        self.line(format!(
            "{}: {} there, {} found, {} ambiguous, {} too short, {} not found",
            say::counted(matches.len(), "clip"),
            count(|outcome| matches!(outcome, Outcome::There)),
            count(|outcome| matches!(outcome, Outcome::Found { .. })),
            count(|outcome| matches!(outcome, Outcome::Several { .. })),
            count(|outcome| matches!(outcome, Outcome::TooShort { .. })),
            count(|outcome| matches!(outcome, Outcome::None)),
        ));
    }

    fn child(&mut self, child: &Child, path: &str, seconds: Option<f64>, level: usize) {
        let what = match child {
            Child::Clip(_) => "clip",
            Child::Gap(_) => "gap",
            Child::Transition(_) => "transition",
            Child::Composition(composition) => match &composition.kind {
                CompositionKind::Stack => "stack",
                CompositionKind::Track(MediaKind::Video) => "video track",
                CompositionKind::Track(MediaKind::Audio) => "audio track",
                CompositionKind::Track(MediaKind::Other(kind)) => kind,
            },
            _ => "unknown",
        };
        let at = seconds.map_or(String::new(), |seconds| format!("{seconds:.3}s"));
        let indent = "  ".repeat(level);
        let head = format!("{indent}{what:<12} {:?}", child.name());
        let details = details(child);
        self.line(format!("{head:<44} {at:>12}  {details:<40} {path}"));
        self.objects.push(json!({
            "path": path,
            "kind": what,
            "name": child.name(),
            "seconds": seconds,
            "details": details,
            "media": null,
        }));
        match child {
            Child::Clip(clip) => self.media(clip, &format!("{indent}    ")),
            Child::Composition(composition) => self.children(composition, path, level + 1),
            _ => {}
        }
    }

    fn children(&mut self, composition: &Composition, path: &str, level: usize) {
        let layout = match TrackLayout::new(&composition.children, |_, child| child.duration()) {
            _ if !composition.is_track() => None,
            Ok(layout) => Some(layout),
            Err(error) => {
                self.line(format!("{}cannot tell where the items of {path} lie: {error:#}", "  ".repeat(level)));
                None
            }
        };
        for (index, child) in composition.children.iter().enumerate() {
            let items = layout.as_ref().map_or(&[][..], TrackLayout::items);
            let place = items.binary_search_by_key(&index, |placed| placed.index);
            let seconds = place.ok().map(|place| items[place].range.start.seconds());
            self.child(child, &format!("{path}.children[{index}]"), seconds, level);
        }
    }

    fn media(&mut self, clip: &Clip, indent: &str) {
        let located = match clip.media_reference() {
            Some(MediaReference::External { target_url, .. }) if !target_url.is_empty() => {
                self.locator.file(target_url).and_then(|path| look(&path))
            }
            Some(MediaReference::ImageSequence {
                target_url_base,
                name_prefix,
                name_suffix,
                start_frame,
                frame_zero_padding,
                ..
            }) => {
                let padding = *frame_zero_padding as usize;
                let sign = if *start_frame < 0 { "-" } else { "" };
                let number = format!("{sign}{:0padding$}", start_frame.unsigned_abs());
                self.locator
                    .sequence(target_url_base, name_prefix, name_suffix, &number)
                    .and_then(|place| look(&place.folder.join(format!("{}{number}{}", place.prefix, place.suffix))))
            }
            Some(MediaReference::Generator { generator_kind, .. }) => {
                return self.medium(indent, "generator", &format!("generator {generator_kind:?}"));
            }
            Some(MediaReference::Unknown(object)) => {
                return self.medium(indent, "unknown", &format!("media of schema {:?}", object.schema));
            }
            _ => {
                return self.medium(indent, "none", "no media");
            }
        };
        let (found, text) = located.unwrap_or_else(|error| (false, format!("{error:#}")));
        if found {
            self.found += 1;
        } else {
            self.missing += 1;
        }
        let available = clip.media_reference().and_then(MediaReference::available_range);
        let available = available.map_or(String::new(), |available| format!("  has {}", frames(available)));
        self.line(format!("{indent}{} {text}{available}", if found { "found  " } else { "MISSING" }));
        self.set_media(if found { "found" } else { "missing" }, &text);
    }

    /// A medium that is no file.
    fn medium(&mut self, indent: &str, state: &str, text: &str) {
        self.line(format!("{indent}{text}"));
        self.set_media(state, text);
    }

    /// Says what the medium of the last object is.
    fn set_media(&mut self, state: &str, text: &str) {
        if let Some(object) = self.objects.last_mut() {
            object["media"] = json!({ "state": state, "text": text });
        }
    }
}

/// Whether there is media at `path`, and the path.
fn look(path: &Path) -> Result<(bool, String)> {
    match MediaFile::open(path) {
        Ok(_) => Ok((true, path.display().to_string())),
        Err(error) if error.kind() == ErrorKind::MediaMissing => Ok((false, path.display().to_string())),
        Err(error) => Err(error),
    }
}

/// What there is to say about it in a few words.
fn details(child: &Child) -> String {
    match child {
        Child::Transition(transition) => {
            let (before, after) = (transition.in_offset.value, transition.out_offset.value);
            format!("{} {before} + {after} @ {}", transition.transition_type, transition.in_offset.rate)
        }
        Child::Unknown(object) => object.schema.clone(),
        _ => child.item().map(item_details).unwrap_or_default(),
    }
}

fn item_details(item: &Item) -> String {
    let mut words: Vec<String> = item.source_range.map(frames).into_iter().collect();
    if !item.enabled {
        words.push("disabled".to_owned());
    }
    words.extend(item.effects.iter().map(|effect| match &effect.kind {
        EffectKind::LinearTimeWarp { time_scalar } => format!("speed {time_scalar}"),
        EffectKind::FreezeFrame { .. } => "freeze".to_owned(),
        EffectKind::Unknown(object) => format!("effect of schema {:?}", object.schema),
        _ => format!("effect {:?}", effect.effect_name),
    }));
    if !item.markers.is_empty() {
        words.push(say::counted(item.markers.len(), "marker"));
    }
    words.join(", ")
}

/// A range as its first frame and how many there are: `86400 + 48 @ 24`.
fn frames(range: RawTimeRange) -> String {
    format!("{} + {} @ {}", range.start_time.value, range.duration.value, range.duration.rate)
}
