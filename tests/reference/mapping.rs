//! Record frame to source frame, against the library's own way from the root stack to each clip. R2 to R7.

use otio_conflate::otio::reference::ReferenceTimeline;
use otio_conflate::plan::{Element, Layer, ShotSelection};
use otio_conflate::time::Rate;
use otio_conflate::timeline::{Child, Composition, RationalTime, RawTimeRange};
use otio_conflate::{Plan, PlanOptions, Timeline};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::cases;
use super::judge::{Json, Node};

/// Clips that say everything, at any speed; gaps; nested stacks and tracks with trims.
fn node() -> impl Strategy<Value = Node> {
    let speed = select(vec![1.0, 1.0, 1.0, 2.0, 0.5, 1.37, 0.7, 0.0, -1.0, -2.5]);
    let clip = (0..200i32, 1..60u32, -50..300i32, speed).prop_map(|(start, frames, available, speed)| Node::Clip {
        source_range: Some((start, frames)),
        available_range: Some((available, 5_000)),
        speed,
    });
    let leaf = prop_oneof![5 => clip, 2 => (0..40u32).prop_map(Node::Gap)];
    leaf.prop_recursive(4, 16, 4, |inner| {
        (any::<bool>(), option::of((0..40i32, 1..80u32)), vec(inner, 1..4))
            .prop_map(|(stack, source_range, children)| Node::Composition { stack, source_range, children })
    })
}

/// Tracks in the root stack, as files have them.
fn tracks() -> impl Strategy<Value = Vec<Node>> {
    let track = vec(node(), 1..5).prop_map(|children| Node::Composition { stack: false, source_range: None, children });
    vec(track, 1..4)
}

/// The indices in a path such as `tracks[2].children[5]`.
fn place(path: &str) -> Vec<usize> {
    path.split(['[', ']']).skip(1).step_by(2).map(|index| index.parse().expect("an index")).collect()
}

fn child<'t>(timeline: &'t Timeline, place: &[usize]) -> &'t Child {
    let (last, above) = place.split_last().expect("not the root");
    let mut composition: &Composition = &timeline.tracks;
    for &index in above {
        match &composition.children[index] {
            Child::Composition(inner) => composition = inner,
            other => panic!("no composition: {other:?}"),
        }
    }
    &composition.children[*last]
}

/// The source frame that the clip at `place` shows at `time` of the root stack, going down with the library; `None`
/// where something on the way does not reach that far.
fn source_frame(timeline: &Timeline, library: &ReferenceTimeline, place: &[usize], time: RationalTime) -> Option<i64> {
    // `source_range` of every composition on the way, and the item's own range in it.
    for depth in 1..=place.len() {
        let seen = library.trimmed_range_in_parent(&place[..depth]).expect("an object")?;
        let there = library.transformed_time(time, &[], &place[..depth - 1]).expect("a time");
        let stack = match depth {
            1 => true,
            _ => matches!(child(timeline, &place[..depth - 1]), Child::Composition(above) if !above.is_track()),
        };
        // A stack's own trim has been seen to one level up, and its children start at its zero whatever it says.
        let seen = if stack { library.range_in_parent(&place[..depth]).expect("an object") } else { seen };
        let from = seen.start_time.value;
        (from <= there.value && there.value < from + seen.duration.value).then_some(())?;
    }
    let Child::Clip(clip) = child(timeline, place) else { panic!("no clip at {place:?}") };
    let RawTimeRange { start_time, duration } = library.trimmed_range(place).expect("a clip");
    let available = library.available_range(place).expect("a clip");
    let elapsed = library.transformed_time(time, &[], place).expect("a time").value - start_time.value;
    let speed = clip.item.effects.iter().map(|effect| match effect.kind {
        otio_conflate::timeline::EffectKind::LinearTimeWarp { time_scalar } => time_scalar,
        _ => 1.0,
    });
    let speed: f64 = speed.product();
    // R6: backwards, the last frame shows where the clip starts.
    let run = if speed < 0.0 { (duration.value - 1.0 - elapsed) * -speed } else { elapsed * speed };
    #[allow(clippy::cast_possible_truncation, reason = "small numbers")]
    let frame = (start_time.value + run - available.start_time.value + 0.001).floor() as i64;
    Some(frame)
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn every_layer_shows_the_frame_that_the_library_leads_to(
        tracks in tracks(),
        source_range in option::of((0..30i32, 1..120u32)),
        rate in select(vec![24.0, 25.0, 23.976, 24000.0 / 1001.0, 59.94]),
    ) {
        let timeline = Json::timeline(&[rate], source_range, tracks);
        let library = ReferenceTimeline::new(&timeline).expect("valid");
        let rate = Rate::new(rate).expect("a rate");
        let root = library.trimmed_range(&[]).expect("a stack");
        #[allow(clippy::cast_possible_truncation, reason = "small numbers")]
        let length = root.duration.value.round() as i64;
        prop_assume!(length > 0);
        let mut options = PlanOptions::default();
        options.shots = ShotSelection::Ranges(vec![("all".to_owned(), 0, length)]);
        options.rate = Some(rate);
        let plan = Plan::new(&timeline, &options).expect("a plan");

        let clips = clips(&timeline);
        for span in &plan.shots[0].spans {
            for record in span.start..span.start + span.count {
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                let time = RationalTime::new(root.start_time.value + record as f64, rate);
                let mut ours: Vec<(Vec<usize>, i64)> = Vec::new();
                for element in &span.stack {
                    element.for_each_layer(&mut |layer: &Layer| ours.push((place(&layer.object), layer.map.index(record))));
                    prop_assert!(!matches!(element, Element::Mix { .. }), "there are no transitions");
                }
                ours.sort();
                let theirs: Vec<_> = clips
                    .iter()
                    .filter_map(|place| Some((place.clone(), source_frame(&timeline, &library, place, time)?)))
                    .collect();
                prop_assert_eq!(&ours, &theirs, "record frame {}\n{}", record, otio_conflate::otio::to_json(&timeline));
            }
        }
    }
}

/// The place of every clip, in order.
fn clips(timeline: &Timeline) -> Vec<Vec<usize>> {
    fn collect(composition: &Composition, place: &[usize], clips: &mut Vec<Vec<usize>>) {
        for (index, child) in composition.children.iter().enumerate() {
            let place = [place, &[index]].concat();
            match child {
                Child::Composition(inner) => collect(inner, &place, clips),
                Child::Clip(_) => clips.push(place),
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    collect(&timeline.tracks, &[], &mut all);
    all
}
