//! Shots out of one movie of the whole cut, such as an editorial reference.

use super::index::Found;
use super::wanted;
use super::{Match, Outcome, Rule};
use crate::error::{Error, ErrorKind, Result};
use crate::otio::Locator;
use crate::time::{Rate, Timecode};
use crate::timeline::{
    Child, Clip, CompositionKind, Item, Map, MediaCommon, MediaKind, MediaReference, RationalTime, RawTimeRange,
    Timeline,
};

/// Gives every clip of `timeline` whose medium is not there (of audio tracks, where the movie has sound), and every nest with such a clip, its frames in `movie`, which shows
/// the whole cut. Effects of these clips are removed: the movie has them already. So are their transitions, in effect: both
/// sides show the same frames.
///
/// The movie's first frame has the timecode `start`, or else the file's own; where there is none, or the timeline has no start, it
/// is the first frame of the cut. Returns what became of each.
///
/// # Errors
/// [`ErrorKind::Option`] where `movie` has no rate; [`ErrorKind::Time`] where the cut begins before the movie or ends behind it,
/// with both ranges, and for objects whose place in the cut cannot be told.
pub fn cut_from_movie(timeline: &mut Timeline, movie: &Found, start: Option<Timecode>) -> Result<Vec<Match>> {
    let rate = movie.rate.ok_or_else(|| {
        Error::new(ErrorKind::Option, "the movie of the cut has no frame rate; expected a movie").at_file(&movie.path)
    })?;
    let locator = Locator::new(timeline.path.as_deref(), &[]);
    let first = match (timeline.global_start_time, start.map(Timecode::frame).or(movie.start)) {
        (Some(record), Some(first)) => timecode_frame(record, rate)?.saturating_sub(first),
        _ => 0,
    };
    let mut places = Vec::new();
    for (track, child) in timeline.tracks.children.iter().enumerate() {
        let Child::Composition(composition) = child else { continue };
        if composition.kind == CompositionKind::Track(MediaKind::Audio) && !movie.has_sound {
            continue;
        }
        for (index, child) in composition.children.iter().enumerate() {
            if lacks_media(child, &locator) {
                places.push((track, index));
            }
        }
    }
    let mut matches = Vec::new();
    let mut new = Vec::new();
    for (track, index) in places {
        let path = [track, index];
        let object = format!("tracks[{track}].children[{index}]");
        let range = timeline.trimmed_range(&path)?;
        let offset = timeline.trimmed_range(&[])?.start;
        let at = timeline.transformed_time(range.start, &path, &[])? - offset;
        // Record frames are the movie's: it shows the cut.
        let (begin, end) = (first + at.round(rate), first + (at + range.duration).round(rate));
        if begin < 0 || movie.frame_count.is_some_and(|held| end > held) {
            let held = movie.frame_count.unwrap_or(0);
            let what = format!(
                "frames {begin} to {} of the movie of the cut are needed, and it holds {held}, from 0 on; expected a movie \
                 of the whole cut, or the timecode of its first frame",
                end - 1
            );
            return Err(Error::new(ErrorKind::Time, what).at_object(&object).at_file(&movie.path));
        }
        let at = |number: i64| RationalTime::new(frame(number), rate);
        new.push((path, RawTimeRange { start_time: at(begin), duration: at(end - begin) }));
    }
    for ([track, index], range) in new {
        let Child::Composition(composition) = &mut timeline.tracks.children[track] else { continue };
        let child = &mut composition.children[index];
        let name = child.name().to_owned();
        let outcome = Outcome::Found { rule: Rule::Movie, path: movie.path.clone(), chosen_by: None, lacks: None };
        let object = format!("tracks[{track}].children[{index}]");
        matches.push(Match { object, clip: name, location: String::new(), reel: None, outcome });
        replace(child, movie, rate, range);
    }
    if let Some(first) = matches.first() {
        let note = match matches.len() {
            1 => format!("a clip without media is cut out of the movie of the cut: {first}"),
            count => format!("{count} clips without media are cut out of the movie of the cut: {first}, and likewise"),
        };
        timeline.notes.push(note.into());
    }
    Ok(matches)
}

/// Frames from midnight, by their number at a rate of the same timecode.
fn timecode_frame(time: RationalTime, rate: Rate) -> Result<i64> {
    let by = if time.rate.timecode_base() == rate.timecode_base() { time.rate } else { rate };
    Ok(time.time()?.round(by))
}

#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn frame(number: i64) -> f64 {
    number as f64
}

/// Whether a clip has media that are not there, or a nest has such a clip.
fn lacks_media(child: &Child, locator: &Locator) -> bool {
    match child {
        Child::Clip(clip) => match clip.media_reference() {
            Some(MediaReference::Generator { .. } | MediaReference::Unknown(_)) => false,
            _ => !clip.media_references.values().any(|reference| wanted::is_there(locator, reference)),
        },
        Child::Composition(nest) => nest.children.iter().any(|child| lacks_media(child, locator)),
        Child::Gap(_) | Child::Transition(_) | Child::Unknown(_) => false,
    }
}

/// Puts a part of the movie in the place of a clip or a nest.
fn replace(child: &mut Child, movie: &Found, rate: Rate, range: RawTimeRange) {
    let old = match child {
        Child::Clip(clip) => &clip.item,
        Child::Composition(composition) => &composition.item,
        Child::Gap(_) | Child::Transition(_) | Child::Unknown(_) => return,
    };
    let item = Item { source_range: Some(range), effects: Vec::new(), ..old.clone() };
    let at = |number: i64| RationalTime::new(frame(number), rate);
    let available_range = movie.frame_count.map(|count| RawTimeRange { start_time: at(0), duration: at(count) });
    let common = MediaCommon { available_range, metadata: Map::new(), ..MediaCommon::default() };
    let reference = MediaReference::External { target_url: movie.path.to_string_lossy().into_owned(), common };
    let key = Clip::DEFAULT_MEDIA_KEY.to_owned();
    let clip = Clip {
        item,
        media_references: [(key.clone(), reference)].into_iter().collect(),
        active_media_reference_key: key,
    };
    *child = Child::Clip(Box::new(clip));
}
