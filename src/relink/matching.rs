//! Which file is a clip's.

use std::path::PathBuf;

use super::index::{Found, FoundFrames, Index};
use super::names::{is_separator, stem};
use super::wanted::{Wanted, frames_at};
use super::{Outcome, Partial, RelinkOptions, Rule};
use crate::plan::whole_frames;

/// A thousandth of a frame is no frame.
const EPSILON: f64 = 0.001;
/// Edit decision lists cut reels to so many letters.
const EDL_REEL: usize = 8;
/// Files that hold none of the frames, of which as many are told.
const MOST_TOLD: usize = 3;

/// How much of what a clip uses is in a file.
#[derive(Debug, Clone, PartialEq)]
enum Fit {
    Whole,
    /// Some of it; what is not.
    Partial(String),
    Outside,
}

impl Found {
    /// The start of the medium's range in the timeline, where that is as long as the file or counts from 0.
    fn start_in_timeline(&self, wanted: &Wanted<'_>) -> Option<i64> {
        #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
        let whole = |value: f64| (value.abs() < 1e15).then_some((value + EPSILON).floor() as i64);
        let available = wanted.available?;
        let start = whole(available.start_time.value)?;
        #[allow(clippy::cast_precision_loss, reason = "frame counts are far below 2^53")]
        let is_as_long = self
            .frame_count
            .zip(wanted.rate_of(self))
            .is_some_and(|(count, rate)| (frames_at(available.duration, rate) - count as f64).abs() < 0.5);
        (is_as_long || start == 0).then_some(start)
    }

    /// The number that the file's first frame has by the clip's counting, in frames of the file: as the timeline says, or its
    /// timecode; of numbered frames the first number; or 0. A medium that is found by its reel is found by its timecode, too.
    pub(super) fn start_by(&self, rule: Rule, wanted: &Wanted<'_>) -> i64 {
        let said = if rule == Rule::Reel { None } else { self.start_in_timeline(wanted) };
        if let Some(start) = said.or(self.start) {
            return start;
        }
        let Some(frames) = &self.frames else { return 0 };
        // Not every clip counts frames by their numbers.
        let by_number = |first: i64| matches!(fit_from(wanted, self, first), Fit::Whole);
        if rule != Rule::Reel && !by_number(frames.first) && by_number(0) { 0 } else { frames.first }
    }
}

/// How much of what is used is in a file whose first frame has the number `first`.
fn fit_from(wanted: &Wanted<'_>, file: &Found, first: i64) -> Fit {
    let Some((start, end)) = wanted.used(file).filter(|_| !file.is_still) else { return Fit::Whole };
    #[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
    let (first, last) = (first as f64, file.frame_count.map_or(f64::INFINITY, |count| (first + count) as f64));
    if start >= first - EPSILON && end <= last + EPSILON {
        return Fit::Whole;
    }
    if end <= first + EPSILON || start >= last - EPSILON {
        return Fit::Outside;
    }
    let mut lacks = Vec::new();
    if start < first - EPSILON {
        lacks.push(lacking(first - start, "head"));
    }
    if end > last + EPSILON {
        lacks.push(lacking(end - last, "tail"));
    }
    Fit::Partial(lacks.join(" and "))
}

/// How many frames a file lacks at one of its ends.
fn lacking(frames: f64, end: &str) -> String {
    match frames.ceil() {
        1.0 => format!("1 frame at the {end}"),
        frames => format!("{frames} frames at the {end}"),
    }
}

fn fit(rule: Rule, wanted: &Wanted<'_>, file: &Found) -> Fit {
    fit_from(wanted, file, file.start_by(rule, wanted))
}

/// Finds the medium of a clip: what became of it, and the file.
pub(super) fn find(wanted: &Wanted<'_>, index: &Index, options: &RelinkOptions) -> (Outcome, Option<Found>) {
    let mut short: Option<(Rule, Vec<Found>)> = None;
    for (rule, candidates) in rules(wanted, index) {
        let mut candidates: Vec<Found> = candidates.into_iter().map(|file| of_number(rule, wanted, file)).collect();
        candidates.retain(|file| match wanted.is_sound {
            true => file.has_sound,
            // A poster may lie beside a movie, under its name but for the ending.
            false => {
                let is_named = || wanted.paths.first().and_then(|path| path.first()) == file.words().first();
                file.has_picture && (!file.is_still || matches!(rule, Rule::Folder | Rule::Name) || is_named())
            }
        });
        let whole: Vec<_> = candidates.iter().filter(|file| fit(rule, wanted, file) == Fit::Whole).cloned().collect();
        if !whole.is_empty() {
            return choose(rule, wanted, whole, options);
        }
        if short.is_none() && !candidates.is_empty() {
            short = Some((rule, candidates));
        }
    }
    let Some((rule, files)) = short else { return (Outcome::None, None) };
    let is_partial = |file: &&Found| matches!(fit(rule, wanted, file), Fit::Partial(_));
    let partial: Vec<_> = files.iter().filter(is_partial).cloned().collect();
    if options.partial == Partial::Warn && !partial.is_empty() {
        return choose(rule, wanted, partial, options);
    }
    // A reel may have hundreds of files of other times.
    let told = if partial.is_empty() { &files[..files.len().min(MOST_TOLD)] } else { &partial[..] };
    let wanted_frames = wanted.used(&told[0]).map_or_else(String::new, frames);
    let holds = match told[0].frame_count {
        #[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
        Some(count) => {
            let start = told[0].start_by(rule, wanted) as f64;
            frames((start, start + count as f64))
        }
        None => "frames of an unknown number".to_owned(),
    };
    (Outcome::TooShort { rule, paths: paths(told), wanted: wanted_frames, holds }, None)
}

/// The file that is meant where a location names one of a run of numbered frames: the run itself, where it names the first one, or
/// the one where the timeline begins it; else that single picture.
fn of_number(rule: Rule, wanted: &Wanted<'_>, file: &Found) -> Found {
    let (Some(frames), Some(number)) = (&file.frames, wanted.number) else { return file.clone() };
    let is_run =
        number == frames.first || wanted.available.is_some_and(|range| range.start_time.value == number as f64);
    if rule == Rule::Reel
        || (is_run && wanted.available.is_none_or(|range| whole_frames(range.duration.value) != Some(1)))
    {
        return file.clone();
    }
    let one = FoundFrames { first: number, last: number, ..frames.clone() };
    let path = Found { frames: Some(one), ..file.clone() }.first_file();
    let is_there = (frames.first..=frames.last).contains(&number) && path.is_file();
    Found { path, frames: None, frame_count: None, is_still: true, has_picture: is_there, ..file.clone() }
}

/// A range of frames in words.
fn frames((start, end): (f64, f64)) -> String {
    format!("frames {} to {}", start.floor(), end.ceil() - 1.0)
}

fn paths(files: &[Found]) -> Vec<PathBuf> {
    files.iter().map(|file| file.first_file()).collect()
}

/// What each rule finds, in their order; a rule is asked only when those before it found nothing.
fn rules<'i>(wanted: &Wanted<'_>, index: &'i Index) -> impl Iterator<Item = (Rule, Vec<&'i Found>)> {
    type Find<'i> = fn(&Wanted<'_>, &'i Index) -> Vec<&'i Found>;
    let rules: [(Rule, Find<'i>); 4] = [
        (Rule::Folder, |wanted, index| {
            let mut best = (1, Vec::new());
            for path in &wanted.paths {
                let Some((name, folders)) = path.split_first() else { continue };
                // Of numbered frames, any may be named.
                let frames = index.with_stem(&stem(name)).filter(|file| file.frames.is_some());
                for file in index.named(name).chain(frames) {
                    let common = 1 + file.words()[1..].iter().zip(folders).take_while(|(a, b)| a == b).count();
                    if common > best.0 {
                        best = (common, Vec::new());
                    }
                    if common == best.0 && common > 1 {
                        best.1.push(file);
                    }
                }
            }
            best.1
        }),
        (Rule::Name, |wanted, index| first(wanted.names.iter().map(|name| index.named(name).collect()))),
        (Rule::Stem, |wanted, index| first(wanted.names.iter().map(|name| index.with_stem(&stem(name)).collect()))),
        (Rule::Reel, |wanted, index| {
            let of = |reel: &str| -> Vec<&'i Found> {
                let reel = reel.to_lowercase();
                let exact: Vec<_> = index.of_reel(&reel).collect();
                if !exact.is_empty() || reel.chars().count() != EDL_REEL {
                    return exact;
                }
                // The list may have cut it.
                index.beginning_with(&reel)
            };
            // By timecode: files without it do not say where in them the clip is.
            let has_time = |file: &&Found| file.start.is_some() || file.frames.is_some() || file.is_still;
            let mut files = first(wanted.reels.iter().map(|reel| of(reel)));
            files.retain(has_time);
            files
        }),
    ];
    rules.into_iter().map(move |(rule, find)| (rule, distinct(find(wanted, index))))
}

fn first<'i>(mut found: impl Iterator<Item = Vec<&'i Found>>) -> Vec<&'i Found> {
    found.find(|files| !files.is_empty()).unwrap_or_default()
}

fn distinct(mut files: Vec<&Found>) -> Vec<&Found> {
    files.sort_by_key(|file| std::ptr::from_ref(*file));
    files.dedup_by_key(|file| std::ptr::from_ref(*file));
    files
}

/// Takes the one of several files that fits best, if there is one.
fn choose(rule: Rule, wanted: &Wanted<'_>, mut files: Vec<Found>, options: &RelinkOptions) -> (Outcome, Option<Found>) {
    let mut chosen_by = Vec::new();
    let mut keep = |files: &mut Vec<Found>, by: &str, test: &dyn Fn(&Found) -> bool| {
        let kept: Vec<_> = files.iter().filter(|file| test(file)).cloned().collect();
        if !kept.is_empty() && kept.len() < files.len() {
            *files = kept;
            chosen_by.push(by.to_owned());
        }
    };
    let reels: Vec<_> = wanted.reels.iter().map(|reel| reel.to_lowercase()).collect();
    let reel_of = |file: &Found| file.reel.as_ref().map(|reel| reel.trim().to_lowercase());
    keep(&mut files, "reel", &|file| reel_of(file).is_some_and(|reel| reels.contains(&reel)));
    if !reels.is_empty() {
        keep(&mut files, "reel", &|file| reel_of(file).is_none());
    }
    let rate = wanted.rate();
    keep(&mut files, "rate", &|file| file.rate.is_some() && file.rate == rate);
    for word in &options.prefer {
        let word = word.to_lowercase();
        let has = |file: &Found| {
            let words = file.words();
            let name = words.first().map_or("", String::as_str);
            words[1.min(words.len())..].contains(&word) || name.split(is_separator).any(|part| part == word)
        };
        keep(&mut files, &format!("the preference {word:?}"), &has);
    }
    match &files[..] {
        [file] => {
            let lacks = match fit(rule, wanted, file) {
                Fit::Partial(lacks) => Some(lacks),
                Fit::Whole | Fit::Outside => None,
            };
            chosen_by.dedup();
            let chosen_by = (!chosen_by.is_empty()).then(|| chosen_by.join(" and "));
            let other = reel_of(file).filter(|reel| {
                let agrees = |own: &String| own.starts_with(reel) || reel.starts_with(own);
                !reels.is_empty() && !reels.iter().any(agrees)
            });
            let doubt = other.map(|reel| format!("it is of reel {reel:?}, and the clip of {:?}", wanted.reels[0]));
            (Outcome::Found { rule, path: file.first_file(), chosen_by, lacks, doubt }, Some(file.clone()))
        }
        _ => (Outcome::Several { rule, paths: paths(&files) }, None),
    }
}
