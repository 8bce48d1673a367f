//! The library as judge: our ranges, times and visible clips against its own. R2, R3.

use otio_conflate::otio::reference::ReferenceTimeline;
use otio_conflate::otio::{self, ReadOptions};
use otio_conflate::plan::ShotSelection;
use otio_conflate::time::{Time, TimeRange};
use otio_conflate::timeline::{Child, Composition, RationalTime, RawTimeRange};
use otio_conflate::{ErrorKind, Plan, PlanOptions, Result, Timeline};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::cases;

/// What a random tree is made of. Times are counts of frames; the rates come with the tree.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Clip { source_range: Option<(i32, u32)>, available_range: Option<(i32, u32)>, speed: f64 },
    Gap(u32),
    Transition(u32, u32),
    Composition { stack: bool, source_range: Option<(i32, u32)>, children: Vec<Node> },
}

fn span() -> impl Strategy<Value = (i32, u32)> {
    (-50..200i32, 0..100u32)
}

fn node() -> impl Strategy<Value = Node> {
    let clip = (option::weighted(0.8, span()), option::weighted(0.8, span()))
        .prop_map(|(source_range, available_range)| Node::Clip { source_range, available_range, speed: 1.0 });
    let leaf = prop_oneof![
        5 => clip,
        2 => (0..60u32).prop_map(Node::Gap),
        1 => (0..12u32, 0..12u32).prop_map(|(before, after)| Node::Transition(before, after)),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        (any::<bool>(), option::of((-20..100i32, 0..150u32)), vec(inner, 0..5))
            .prop_map(|(stack, source_range, children)| Node::Composition { stack, source_range, children })
    })
}

/// Writes a tree with one rate after the other out of `rates`.
pub(crate) struct Json<'r> {
    rates: &'r [f64],
    next: usize,
}

impl Json<'_> {
    fn time(&mut self, value: i64) -> String {
        self.next += 1;
        let rate = self.rates[self.next % self.rates.len()];
        format!(r#"{{"OTIO_SCHEMA": "RationalTime.1", "value": {value}.0, "rate": {rate:?}}}"#)
    }

    fn range(&mut self, range: Option<(i32, u32)>) -> String {
        let Some((start, duration)) = range else { return "null".to_owned() };
        let (start, duration) = (self.time(start.into()), self.time(duration.into()));
        format!(r#"{{"OTIO_SCHEMA": "TimeRange.1", "start_time": {start}, "duration": {duration}}}"#)
    }

    fn node(&mut self, node: &Node) -> String {
        match node {
            Node::Clip { source_range, available_range, speed } => format!(
                r#"{{"OTIO_SCHEMA": "Clip.1", "source_range": {}, "effects": [{{"OTIO_SCHEMA": "LinearTimeWarp.1",
                    "effect_name": "", "time_scalar": {speed:?}}}], "media_reference":
                    {{"OTIO_SCHEMA": "ExternalReference.1", "target_url": "a.mov", "available_range": {}}}}}"#,
                self.range(*source_range),
                self.range(*available_range)
            ),
            Node::Gap(frames) => {
                format!(r#"{{"OTIO_SCHEMA": "Gap.1", "source_range": {}}}"#, self.range(Some((0, *frames))))
            }
            Node::Transition(before, after) => format!(
                r#"{{"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve", "in_offset": {},
                    "out_offset": {}}}"#,
                self.time((*before).into()),
                self.time((*after).into())
            ),
            Node::Composition { stack, source_range, children } => {
                let source_range = self.range(*source_range);
                let children: Vec<_> = children.iter().map(|child| self.node(child)).collect();
                let schema = if *stack { r#""Stack.1""# } else { r#""Track.1", "kind": "Video""# };
                format!(
                    r#"{{"OTIO_SCHEMA": {schema}, "source_range": {source_range}, "children": [{}]}}"#,
                    children.join(",\n")
                )
            }
        }
    }

    pub(crate) fn timeline(rates: &[f64], source_range: Option<(i32, u32)>, children: Vec<Node>) -> Timeline {
        let root = Node::Composition { stack: true, source_range, children };
        let tracks = Json { rates, next: 0 }.node(&root);
        let text = format!(r#"{{"OTIO_SCHEMA": "Timeline.1", "tracks": {tracks}}}"#);
        otio::read_str(&text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
    }
}

/// The place of every object.
fn places(timeline: &Timeline) -> Vec<Vec<usize>> {
    fn collect(composition: &Composition, place: &[usize], places: &mut Vec<Vec<usize>>) {
        places.push(place.to_vec());
        for (index, child) in composition.children.iter().enumerate() {
            let place = [place, &[index]].concat();
            match child {
                Child::Composition(inner) => collect(inner, &place, places),
                _ => places.push(place),
            }
        }
    }
    let mut all = Vec::new();
    collect(&timeline.tracks, &[], &mut all);
    all
}

fn flicks(time: RationalTime) -> Time {
    time.time().expect("within a century")
}

/// A range as the library gave it. Its durations may be negative where ours are empty.
fn exact(range: RawTimeRange) -> TimeRange {
    TimeRange { start: flicks(range.start_time), duration: flicks(range.duration).max(Time::ZERO) }
}

/// Within `slack`, which is nothing where all rates are the same.
fn near(a: Time, b: Time, slack: i64) -> bool {
    (a.flicks() - b.flicks()).abs() <= slack
}

fn same_range(
    ours: Result<TimeRange>,
    theirs: Result<RawTimeRange>,
    slack: i64,
    what: &str,
) -> Result<(), TestCaseError> {
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let theirs = exact(theirs);
            prop_assert!(near(ours.start, theirs.start, slack), "{what}: {ours:?}, not {theirs:?}");
            prop_assert!(near(ours.duration, theirs.duration, slack), "{what}: {ours:?}, not {theirs:?}");
        }
        // Which of two things that are wrong is said may differ.
        (Err(_), Err(_)) => {}
        (ours, theirs) => prop_assert!(false, "{what}: {ours:?}, not {theirs:?}"),
    }
    Ok(())
}

/// A millionth of a frame of 24 a second: what doubles of several rates add up to.
const SLACK: i64 = 30;

fn same_answers(
    timeline: &Timeline,
    pairs: &[(Index, Index, i32)],
    rate: f64,
    slack: i64,
) -> Result<(), TestCaseError> {
    let library = ReferenceTimeline::new(timeline).expect("the library reads what we write");
    let places = places(timeline);
    for place in &places {
        let what = format!("{place:?}");
        same_range(timeline.available_range(place), library.available_range(place), slack, &what)?;
        same_range(timeline.trimmed_range(place), library.trimmed_range(place), slack, &what)?;
        same_range(timeline.range_in_parent(place), library.range_in_parent(place), slack, &what)?;
        let (ours, theirs) = (timeline.trimmed_range_in_parent(place), library.trimmed_range_in_parent(place));
        match (ours, theirs) {
            (Ok(None), Ok(None)) => {}
            (Ok(Some(ours)), Ok(Some(theirs))) => same_range(Ok(ours), Ok(theirs), slack, &what)?,
            // Where doubles decide whether a range is empty, it is.
            (Ok(Some(ours)), Ok(None)) => {
                prop_assert!(ours.duration.flicks() <= slack, "{what}: {ours:?}")
            }
            (Ok(None), Ok(Some(theirs))) => {
                prop_assert!(exact(theirs).duration.flicks() <= slack, "{what}: {theirs:?}");
            }
            (ours, theirs) => prop_assert!(ours.is_err() && theirs.is_err(), "{what}: {ours:?}, not {theirs:?}"),
        }
    }
    for (from, to, value) in pairs {
        let (from, to) = (from.get(&places), to.get(&places));
        let time = RationalTime::new(f64::from(*value), otio_conflate::time::Rate::new(rate).expect("a rate"));
        match (timeline.transformed_time(flicks(time), from, to), library.transformed_time(time, from, to)) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert!(near(ours, flicks(theirs), slack), "{from:?} to {to:?}: {ours:?}, not {theirs:?}");
            }
            // The library goes up to the root and down again, over objects that do not matter.
            (ours, theirs) => prop_assert!(theirs.is_err(), "{from:?} to {to:?}: {ours:?}, not {theirs:?}"),
        }
    }
    Ok(())
}

const RATES: [f64; 8] = [24.0, 25.0, 30.0, 24000.0 / 1001.0, 23.976, 59.94, 12.5, 1.0];

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn ranges_and_times_are_the_librarys_to_the_flick(
        children in vec(node(), 0..5),
        source_range in option::of(span()),
        rate in select(RATES.to_vec()),
        pairs in vec((any::<Index>(), any::<Index>(), -500..500i32), 8),
    ) {
        same_answers(&Json::timeline(&[rate], source_range, children), &pairs, rate, 0)?;
    }

    #[test]
    fn so_are_those_of_mixed_rates_to_a_millionth_of_a_frame(
        children in vec(node(), 0..5),
        source_range in option::of(span()),
        rates in vec(select(vec![24.0, 25.0, 30.0, 24000.0 / 1001.0, 60000.0 / 1001.0, 12.5]), 2..5),
        pairs in vec((any::<Index>(), any::<Index>(), -500..500i32), 8),
    ) {
        same_answers(&Json::timeline(&rates, source_range, children), &pairs, rates[0], SLACK)?;
    }

    #[test]
    fn the_clip_on_top_is_the_one_of_the_flattened_stack(
        tracks in vec(vec((1..20i64, 0..500i64, 0..4u8), 1..8), 1..4),
    ) {
        same_clips_on_top(&tracks)?;
    }
}

/// Tracks of clips, gaps and switched-off clips, as (length, start in the media, kind).
fn same_clips_on_top(tracks: &[Vec<(i64, i64, u8)>]) -> Result<(), TestCaseError> {
    let time = |value: i64| format!(r#"{{"OTIO_SCHEMA": "RationalTime.1", "value": {value}, "rate": 24}}"#);
    let range = |start: i64, count: i64| {
        format!(r#"{{"OTIO_SCHEMA": "TimeRange.1", "start_time": {}, "duration": {}}}"#, time(start), time(count))
    };
    let mut number = 0;
    let mut item = |&(count, start, kind): &(i64, i64, u8)| {
        number += 1;
        match kind {
            0 => format!(r#"{{"OTIO_SCHEMA": "Gap.1", "source_range": {}}}"#, range(0, count)),
            _ => format!(
                r#"{{"OTIO_SCHEMA": "Clip.1", "name": "c{number}", "enabled": {}, "source_range": {},
                    "media_reference": {{"OTIO_SCHEMA": "ExternalReference.1", "target_url": "/a.mov",
                    "available_range": {}}}}}"#,
                kind != 1,
                range(start, count),
                range(0, 10_000)
            ),
        }
    };
    let tracks: Vec<_> = tracks
        .iter()
        .map(|items| {
            let children: Vec<_> = items.iter().map(&mut item).collect();
            format!(r#"{{"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [{}]}}"#, children.join(","))
        })
        .collect();
    let text = format!(
        r#"{{"OTIO_SCHEMA": "Timeline.1", "global_start_time": {},
            "tracks": {{"OTIO_SCHEMA": "Stack.1", "children": [{}]}}}}"#,
        time(0),
        tracks.join(",")
    );
    let timeline = otio::read_str(&text, &ReadOptions::default()).expect("valid");
    let length = timeline
        .available_range(&[])
        .expect("known")
        .duration
        .floor(otio_conflate::time::Rate::new(24.0).expect("a rate"));

    let mut options = PlanOptions::default();
    options.allow_empty = true;
    options.shots = ShotSelection::Ranges(vec![("all".to_owned(), 0, length)]);
    let plan = Plan::new(&timeline, &options).expect("a plan");
    let ours: Vec<_> = plan
        .frames(&plan.shots[0])
        .map(|row| row.layers.last().map(|layer| (layer.clip.to_owned(), layer.source)))
        .collect();

    let flat = ReferenceTimeline::new(&timeline).expect("valid").flatten_stack(&[]).expect("a stack of tracks");
    let mut theirs = Vec::new();
    for child in &flat.children {
        let item = child.item().expect("an item");
        let range = item.source_range.expect("a range");
        #[allow(clippy::cast_possible_truncation, reason = "whole frames")]
        let (start, count) = (range.start_time.value as i64, range.duration.value as i64);
        let is_seen = matches!(child, Child::Clip(_)) && item.enabled;
        theirs.extend((start..start + count).map(|frame| is_seen.then(|| (item.name.clone(), frame))));
    }
    // The lowest track may end before the others do.
    theirs.resize(ours.len().max(theirs.len()), None);
    prop_assert_eq!(ours, theirs, "{}", text);
    Ok(())
}

#[test]
fn what_cannot_be_asked_is_an_error_on_both_sides() {
    let children = vec![
        Node::Composition { stack: false, source_range: None, children: vec![Node::Transition(1, 2), Node::Gap(5)] },
        Node::Clip { source_range: None, available_range: None, speed: 1.0 },
    ];
    let timeline = Json::timeline(&[24.0], None, children);
    let library = ReferenceTimeline::new(&timeline).expect("valid");
    let kinds = |ours: Result<TimeRange>, theirs: Result<RawTimeRange>| {
        (ours.expect_err("ours").kind(), theirs.expect_err("theirs").kind())
    };
    let both = (ErrorKind::Option, ErrorKind::Option);
    assert_eq!(kinds(timeline.range_in_parent(&[]), library.range_in_parent(&[])), both);
    assert_eq!(kinds(timeline.range_in_parent(&[7]), library.range_in_parent(&[7])), both);
    assert_eq!(kinds(timeline.range_in_parent(&[1, 0]), library.range_in_parent(&[1, 0])), both);
    assert_eq!(kinds(timeline.available_range(&[0, 0]), library.available_range(&[0, 0])), both);
    let both = (ErrorKind::Time, ErrorKind::Time);
    assert_eq!(kinds(timeline.available_range(&[1]), library.available_range(&[1])), both);
    assert_eq!(library.flatten_stack(&[0]).expect_err("a track is no stack").kind(), ErrorKind::Option);
    let error = timeline.range_in_parent(&[0, 9]).expect_err("no such child");
    assert_eq!(error.place().object.as_deref(), Some("tracks[0].children[9]"));
}
