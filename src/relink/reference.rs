//! Shots out of one movie of the whole cut, such as an editorial reference.

use std::path::PathBuf;

use super::index::Found;
use super::wanted;
use super::{Match, Outcome, Rule};
use crate::error::{Error, ErrorKind, Result};
use crate::otio::Locator;
use crate::plan::{CUT_MOVIE, MARK, laid_out};
use crate::time::{Rate, TimeRange, Timecode};
use crate::timeline::{
    Child, Clip, CompositionKind, Item, Map, MediaCommon, MediaKind, MediaReference, RationalTime, RawTimeRange,
    Timeline, Value, object_path,
};

/// Gives every clip of `timeline` whose medium is not there, and every nest with such a clip, its frames in `movie`, which shows
/// the whole cut. Those that lie wholly outside the trim of their track or of the root stack are left as they are. Effects and colour
/// decisions of these clips are removed: the movie has them already. Their new references are marked, so that
/// plans apply nothing to them that the movie shows: no transitions, no effects of tracks and compositions around them, nothing
/// that lies over them. Where all sound is missing, the movie's stands for it, in the first audio track,
/// and the clips of the others are switched off; where only some is, that stays missing.
///
/// The movie's first frame has the timecode `start`, or else the file's own; where there is none, or the timeline has no start, it
/// is the first frame of the cut. `path_map` is where media moved, as
/// [`PlanOptions::path_map`](crate::plan::PlanOptions::path_map) has it. Returns what became of each.
///
/// # Errors
/// [`ErrorKind::Option`] where `movie` has no rate, or another than the cut; [`ErrorKind::Time`] where the cut begins before the
/// movie or ends behind it, with both ranges, and for objects whose place in the cut cannot be told.
pub fn cut_from_movie(
    timeline: &mut Timeline,
    movie: &Found,
    start: Option<Timecode>,
    path_map: &[(String, PathBuf)],
) -> Result<Vec<Match>> {
    let own = movie.rate.ok_or_else(|| {
        Error::new(ErrorKind::Option, "the movie of the cut has no frame rate; expected a movie").at_file(&movie.path)
    })?;
    let rate = record_rate(timeline).unwrap_or(own);
    // At 23.976 and 24 frames a second, a frame of the cut is one of the movie.
    if rate.timecode_base() != own.timecode_base() {
        let what =
            format!("the movie of the cut runs at {own} frames per second, and the cut at {rate}; expected the same");
        return Err(Error::new(ErrorKind::Option, what).at_file(&movie.path));
    }
    let locator = Locator::new(timeline.path.as_deref(), path_map);
    // Where tracks have their record starts in their trims, places in the cut are those behind that.
    let laid_out = laid_out(timeline).map(|(timeline, _)| timeline);
    let placed = laid_out.as_ref().unwrap_or(timeline);
    let first = match (placed.global_start_time, start.map(Timecode::frame).or(movie.start)) {
        (Some(record), Some(first)) => record.time()?.round(record.rate).saturating_sub(first),
        _ => 0,
    };
    let MissingPlaces { cut: places, silent } = places(&timeline.tracks.children, movie.has_sound, &locator);
    let offset = placed.trimmed_range(&[])?.start;
    let mut new = Vec::new();
    for path in places {
        let object = object_path(&path);
        // What trims leave nothing of needs no medium.
        let Some(seen) = seen(placed, path)? else { continue };
        let frames = |range: TimeRange| {
            let start = range.start - offset;
            (first + start.round(rate), first + (start + range.duration).round(rate))
        };
        let (begin, end) = frames(seen);
        if begin < 0 || movie.frame_count.is_some_and(|held| end > held) {
            let held = movie.frame_count.unwrap_or(0);
            let what = format!(
                "frames {begin} to {} of the movie of the cut are needed, and it holds {held}, from 0 on; expected a movie \
                 of the whole cut, or the timecode of its first frame",
                end - 1
            );
            return Err(Error::new(ErrorKind::Time, what).at_object(&object).at_file(&movie.path));
        }
        let range = placed.trimmed_range(&path)?;
        let start = placed.transformed_time(range.start, &path, &[])?;
        let (begin, end) = frames(TimeRange { start, ..range });
        let at = |number: i64| RationalTime::new(frame(number), rate);
        new.push((path, RawTimeRange { start_time: at(begin), duration: at(end - begin) }));
    }
    let mut matches = Vec::new();
    for (path, range) in new {
        let Some(child) = child_at(timeline, path) else { continue };
        let clip = child.name().to_owned();
        let outcome =
            Outcome::Found { rule: Rule::Movie, path: movie.path.clone(), chosen_by: None, lacks: None, doubt: None };
        matches.push(Match { object: object_path(&path), clip, location: String::new(), reel: None, outcome });
        replace(child, movie, rate, (range, first));
    }
    for path in &silent {
        match child_at(timeline, *path) {
            Some(Child::Clip(clip)) => clip.item.enabled = false,
            Some(Child::Composition(nest)) => nest.item.enabled = false,
            _ => {}
        }
    }
    if let Some(first) = matches.first() {
        let note = match matches.len() {
            1 => format!("a clip without media is cut out of the movie of the cut: {first}"),
            count => format!("{count} clips without media are cut out of the movie of the cut: {first}, and likewise"),
        };
        timeline.notes.push(note.into());
    }
    if !silent.is_empty() {
        let note = format!("{} clips of sound are off: the movie of the cut has the whole mix", silent.len());
        timeline.notes.push(note.into());
    }
    Ok(matches)
}

/// What trims of its track and of the root stack leave of the item at `path`, in the root's time; `None` where that is nothing.
fn seen(timeline: &Timeline, path: [usize; 2]) -> Result<Option<TimeRange>> {
    let root = timeline.trimmed_range(&[])?;
    let Some(inside) = timeline.trimmed_range_in_parent(&path)? else { return Ok(None) };
    let start = timeline.transformed_time(inside.start, &path[..1], &[])?;
    let seen = TimeRange { start, ..inside };
    Ok((seen.start < root.end() && root.start < seen.end()).then(|| seen.intersect(root)))
}

/// What lacks media: tracks and places in them.
struct MissingPlaces {
    /// What is cut out of the movie.
    cut: Vec<[usize; 2]>,
    /// What the movie's mix stands for already.
    silent: Vec<[usize; 2]>,
}

fn places(tracks: &[Child], has_sound: bool, locator: &Locator) -> MissingPlaces {
    let mut places = MissingPlaces { cut: Vec::new(), silent: Vec::new() };
    // Where some sound is there, the movie's mix would double it.
    let mut lacks_all_sound = true;
    let mut sound: Vec<Vec<[usize; 2]>> = Vec::new();
    for (track, child) in tracks.iter().enumerate() {
        let items = children(child).filter(|child| is_clip(child)).count();
        let lacking = children(child).enumerate().filter(|(_, child)| lacks_media(child, locator));
        let lacking: Vec<_> = lacking.map(|(index, _)| [track, index]).collect();
        match child {
            Child::Composition(composition) if composition.kind == CompositionKind::Track(MediaKind::Audio) => {
                lacks_all_sound &= items == lacking.len();
                sound.push(lacking);
            }
            _ => places.cut.extend(lacking),
        }
    }
    if has_sound && lacks_all_sound {
        let mut tracks = sound.into_iter().filter(|track| !track.is_empty());
        places.cut.extend(tracks.next().into_iter().flatten());
        places.silent.extend(tracks.flatten());
    }
    places
}

fn children(child: &Child) -> impl Iterator<Item = &Child> {
    match child {
        Child::Composition(composition) => &composition.children[..],
        _ => &[],
    }
    .iter()
}

fn child_at(timeline: &mut Timeline, [track, index]: [usize; 2]) -> Option<&mut Child> {
    match timeline.tracks.children.get_mut(track)? {
        Child::Composition(composition) => composition.children.get_mut(index),
        _ => None,
    }
}

fn is_clip(child: &Child) -> bool {
    matches!(child, Child::Clip(_) | Child::Composition(_))
}

/// The rate of the cut: that of its start, or that of the first item of a track.
fn record_rate(timeline: &Timeline) -> Option<Rate> {
    let first = || {
        let items = timeline.tracks.children.iter().flat_map(children).filter_map(Child::item);
        items.filter_map(|item| item.source_range).map(|range| range.duration.rate).next()
    };
    timeline.global_start_time.map(|start| start.rate).or_else(first)
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
fn replace(child: &mut Child, movie: &Found, rate: Rate, (range, first): (RawTimeRange, i64)) {
    let old = match child {
        Child::Clip(clip) => &clip.item,
        Child::Composition(composition) => &composition.item,
        Child::Gap(_) | Child::Transition(_) | Child::Unknown(_) => return,
    };
    let mut metadata = old.metadata.clone();
    // Grades, positions and channels of the clip.
    for key in ["cdl", "fcp_xml", "Resolve_OTIO", "PremierePro_OTIO", "AAF"] {
        metadata.remove(key);
    }
    let item = Item { source_range: Some(range), effects: Vec::new(), metadata, ..old.clone() };
    let at = |number: i64| RationalTime::new(frame(number), rate);
    let available_range = movie.frame_count.map(|count| RawTimeRange { start_time: at(0), duration: at(count) });
    let metadata = Map::from([(MARK, Value::Object(Map::from([(CUT_MOVIE, Value::Int(first))])))]);
    let common = MediaCommon { available_range, metadata, ..MediaCommon::default() };
    let reference = MediaReference::External { target_url: movie.path.to_string_lossy().into_owned(), common };
    let key = Clip::DEFAULT_MEDIA_KEY.to_owned();
    let clip = Clip {
        item,
        media_references: [(key.clone(), reference)].into_iter().collect(),
        active_media_reference_key: key,
    };
    *child = Child::Clip(Box::new(clip));
}
