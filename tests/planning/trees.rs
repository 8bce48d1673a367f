//! Random trees of nested, trimmed and retimed compositions, against an evaluator that asks each object, from the top
//! down, what it shows at a moment, in fractions of its own. R2 to R7.

use otio_conflate::plan::{FrameRow, ReverseConvention};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

/// A fraction; the denominator is positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frac(i128, i128);

impl Frac {
    const TOLERANCE: Frac = Frac(1, 1000);

    fn new(num: i128, den: i128) -> Frac {
        let (mut a, mut b) = (num.abs(), den.abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let sign = if den < 0 { -1 } else { 1 };
        Frac(sign * num / a.max(1), sign * den / a.max(1))
    }

    fn whole(value: impl Into<i128>) -> Frac {
        Frac(value.into(), 1)
    }

    fn plus(self, other: Frac) -> Frac {
        Frac::new(self.0 * other.1 + other.0 * self.1, self.1 * other.1)
    }

    fn minus(self, other: Frac) -> Frac {
        self.plus(Frac(-other.0, other.1))
    }

    fn times(self, other: Frac) -> Frac {
        Frac::new(self.0 * other.0, self.1 * other.1)
    }

    fn over(self, other: Frac) -> Frac {
        Frac::new(self.0 * other.1, self.1 * other.0)
    }

    fn size(self) -> Frac {
        Frac(self.0.abs(), self.1)
    }

    fn is_less(self, other: Frac) -> bool {
        self.0 * other.1 < other.0 * self.1
    }

    /// Whether it lies at `edge` or behind it, where a thousandth does not count.
    fn reaches(self, edge: Frac) -> bool {
        !self.plus(Frac::TOLERANCE).is_less(edge)
    }

    fn frame(self) -> i128 {
        let near = self.plus(Frac::TOLERANCE);
        near.0.div_euclid(near.1)
    }

    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn double(self) -> f64 {
        self.0 as f64 / self.1 as f64
    }
}

/// Speeds as they are written, and as they are meant.
const SPEEDS: &[(f64, Frac)] = &[
    (1.0, Frac(1, 1)),
    (2.0, Frac(2, 1)),
    (0.5, Frac(1, 2)),
    (-1.0, Frac(-1, 1)),
    (-0.5, Frac(-1, 2)),
    (-2.0, Frac(-2, 1)),
    (1.37, Frac(137, 100)),
    (0.7, Frac(7, 10)),
    (-1.0 / 3.0, Frac(-1, 3)),
    (0.0, Frac(0, 1)),
];

/// What retimes an item: a place in [`SPEEDS`], and curves in half frames.
#[derive(Debug, Clone)]
struct Warp {
    speed: usize,
    curves: Vec<Vec<i8>>,
}

#[derive(Debug, Clone)]
enum Node {
    Clip { start: u8, frames: u8, enabled: bool, warp: Warp },
    Gap(u8),
    Dissolve(u8, u8),
    Nest { is_track: bool, children: Vec<Node>, range: Option<(u8, u8)>, enabled: bool, warp: Warp },
}

fn warps() -> impl Strategy<Value = Warp> {
    let speed = prop_oneof![5 => Just(0), 5 => 0..SPEEDS.len()];
    let list = || prop::collection::vec(-8i8..9, 1..9);
    let curves = prop_oneof![8 => Just(Vec::new()), 2 => prop::collection::vec(list(), 1..3)];
    (speed, curves).prop_map(|(speed, curves)| Warp { speed, curves })
}

fn nodes() -> impl Strategy<Value = Node> {
    let enabled = || prop::bool::weighted(0.9);
    let leaf = prop_oneof![
        6 => (0u8..200, 1u8..9, enabled(), warps())
            .prop_map(|(start, frames, enabled, warp)| Node::Clip { start, frames, enabled, warp }),
        1 => (0u8..5).prop_map(Node::Gap),
        2 => (0u8..5, 0u8..5).prop_map(|(before, after)| Node::Dissolve(before, after)),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let children = prop::collection::vec(inner, 0..5);
        let range = prop::option::weighted(0.4, (0u8..9, 1u8..14));
        (any::<bool>(), children, range, enabled(), warps()).prop_map(|(is_track, children, range, enabled, warp)| {
            // Nothing but items lies over one another.
            let keep = |child: &Node| is_track || !matches!(child, Node::Dissolve(..));
            let children = children.into_iter().filter(keep).collect();
            Node::Nest { is_track, children, range, enabled, warp }
        })
    })
}

fn roots() -> impl Strategy<Value = Node> {
    (prop::collection::vec(nodes(), 1..4), prop::option::weighted(0.2, (0u8..5, 1u8..30)), warps()).prop_map(
        |(children, range, warp)| {
            let tracks = children.into_iter().map(|child| {
                let warp = Warp { speed: 0, curves: Vec::new() };
                Node::Nest { is_track: true, children: vec![child], range: None, enabled: true, warp }
            });
            Node::Nest { is_track: false, children: tracks.collect(), range, enabled: true, warp }
        },
    )
}

/// Clips begin this far into their media.
const FIRST: i32 = 100_000;

impl Warp {
    fn is_plain(&self) -> bool {
        SPEEDS[self.speed].1 == Frac(1, 1) && self.curves.is_empty()
    }

    fn json(&self) -> Value {
        let curve = |list: &Vec<i8>| {
            let lookup: Vec<f64> = list.iter().map(|&half| f64::from(half) / 2.0).collect();
            json!({"OTIO_SCHEMA": "TimeEffect.1", "effect_name": "TimeWarp", "metadata": {"lookup": lookup}})
        };
        let speed = json!({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": SPEEDS[self.speed].0});
        self.curves.iter().map(curve).chain([speed]).collect::<Vec<_>>().into()
    }

    /// How far an item has run after `elapsed` of its `frames` frames, in a clock that makes steps of `step`.
    fn run(&self, elapsed: Frac, frames: u32, step: Frac) -> Frac {
        let speed = SPEEDS[self.speed].1;
        let mut bent = elapsed;
        for list in self.curves.iter().rev() {
            let whole = bent.frame();
            let at = |frame: i128| {
                let last = list.len() as i128 - 1;
                Frac::new(i128::from(list[usize::try_from(frame.clamp(0, last)).expect("inside")]), 2)
            };
            let part = bent.minus(Frac::whole(whole));
            let between = at(whole).plus(at(whole + 1).minus(at(whole)).times(part));
            let snaps = whole < 0 || !Frac::TOLERANCE.is_less(part);
            bent = bent.plus(if snaps { at(whole) } else { between });
        }
        let mut run = bent.times(speed);
        if speed.0 < 0 {
            let one = Frac::whole(1);
            let last = if step.0 == 0 || one.is_less(step.size()) { one } else { step.size() };
            let back = Frac::whole(frames).minus(last);
            run = run.plus(if back.0 < 0 { Frac::whole(0) } else { back }.times(speed.size()));
        }
        run
    }
}

impl Node {
    fn json(&self, name: &str) -> Value {
        match self {
            Node::Gap(frames) => gap(*frames),
            Node::Dissolve(before, after) => dissolve(*before, *after),
            Node::Clip { start, frames, enabled, warp } => {
                let source = range(FIRST + i32::from(*start), *frames, 24);
                clip_of(name, source, movie("m", range(0, 1_000_000, 24)))
                    .with("enabled", *enabled)
                    .with("effects", warp.json())
            }
            Node::Nest { is_track, children, range: trim, enabled, warp } => {
                let children: Vec<Value> =
                    children.iter().enumerate().map(|(index, child)| child.json(&format!("{name}.{index}"))).collect();
                let nest = if *is_track { track(name, children) } else { stack(children) };
                let trim = trim.map_or(Value::Null, |(start, frames)| range(start, frames, 24));
                nest.with("source_range", trim).with("enabled", *enabled).with("effects", warp.json())
            }
        }
    }

    fn frames(&self) -> u32 {
        match self {
            Node::Clip { frames, .. } | Node::Gap(frames) => (*frames).into(),
            Node::Dissolve(..) => 0,
            Node::Nest { range: Some((_, frames)), .. } => (*frames).into(),
            Node::Nest { is_track: true, children, .. } => children.iter().map(Node::frames).sum(),
            Node::Nest { children, .. } => children.iter().map(Node::frames).max().unwrap_or(0),
        }
    }

    /// What it shows `elapsed` frames behind its start, in a clock that makes steps of `step`; `heard`: what would be heard
    /// of it, which nothing hides.
    fn shown(&self, name: &str, elapsed: Frac, step: Frac, heard: bool) -> Picture {
        match self {
            Node::Gap(_) | Node::Dissolve(..) => Picture::nothing(),
            Node::Clip { enabled: false, .. } | Node::Nest { enabled: false, .. } => Picture::nothing(),
            Node::Clip { start, frames, warp, .. } => {
                let position = warp.run(elapsed, (*frames).into(), step);
                let source = position.plus(Frac::whole(FIRST + i32::from(*start))).frame();
                Picture { layers: vec![(name.to_owned(), source, Frac::whole(1))], open: Frac::whole(0) }
            }
            Node::Nest { is_track, children, range, warp, .. } => {
                let start = range.map_or(0, |(start, _)| start);
                let time = warp.run(elapsed, self.frames(), step).plus(Frac::whole(start));
                let step = step.times(SPEEDS[warp.speed].1);
                match is_track {
                    true => on_track(children, name, time, step, heard),
                    false => on_stack(children, name, time, step, heard),
                }
            }
        }
    }
}

/// Shares of the picture, bottom to top, and what is seen through it.
struct Picture {
    layers: Vec<(String, i128, Frac)>,
    open: Frac,
}

impl Picture {
    fn nothing() -> Picture {
        Picture { layers: Vec::new(), open: Frac::whole(1) }
    }

    fn faded(self, share: Frac) -> Picture {
        let layers = self.layers.into_iter().map(|(name, source, part)| (name, source, part.times(share)));
        Picture { layers: layers.collect(), open: self.open.times(share) }
    }
}

fn on_stack(children: &[Node], name: &str, time: Frac, step: Frac, heard: bool) -> Picture {
    let mut picture = Picture::nothing();
    for (index, child) in children.iter().enumerate() {
        let (mut first, mut end) = (Frac::whole(0), Frac::whole(child.frames()));
        if let Node::Nest { is_track: true, children, range: None, warp, .. } = child
            && warp.is_plain()
        {
            if let Some(Node::Dissolve(before, _)) = children.first() {
                first = first.minus(Frac::whole(*before));
            }
            if let Some(Node::Dissolve(_, after)) = children.last() {
                end = end.plus(Frac::whole(*after));
            }
        }
        if !time.reaches(first) || time.reaches(end) {
            continue;
        }
        let over = child.shown(&format!("{name}.{index}"), time, step, heard);
        let below = if heard { picture } else { picture.faded(over.open) };
        picture = Picture { layers: below.layers.into_iter().chain(over.layers).collect(), open: below.open };
    }
    picture
}

fn on_track(children: &[Node], name: &str, time: Frac, step: Frac, heard: bool) -> Picture {
    let mut starts = Vec::new();
    let mut at = 0;
    for child in children {
        starts.push(at);
        at += child.frames();
    }
    let is_item = |index: &usize| !matches!(children[*index], Node::Dissolve(..));
    let shown = |index: Option<usize>| match index {
        None => Picture::nothing(),
        Some(index) => {
            children[index].shown(&format!("{name}.{index}"), time.minus(Frac::whole(starts[index])), step, heard)
        }
    };
    let mut crossings: Vec<(i64, i64, usize)> = Vec::new();
    for (index, child) in children.iter().enumerate() {
        let Node::Dissolve(before, after) = child else { continue };
        let (from, to) = (i64::from(starts[index]) - i64::from(*before), i64::from(starts[index]) + i64::from(*after));
        let has_neighbour = (0..children.len()).any(|index| is_item(&index));
        if to > from && has_neighbour && time.reaches(Frac::whole(from)) && !time.reaches(Frac::whole(to)) {
            crossings.push((from, to, index));
        }
    }
    crossings.sort_by_key(|(from, _, _)| *from);
    let Some((_, _, first)) = crossings.first() else {
        let on = (0..children.len()).filter(is_item).find(|&index| {
            let (start, end) = (starts[index], starts[index] + children[index].frames());
            time.reaches(Frac::whole(start)) && !time.reaches(Frac::whole(end))
        });
        return shown(on);
    };
    let mut picture = shown((0..*first).rev().find(is_item));
    for (from, to, index) in crossings {
        let weight = time.minus(Frac::whole(from)).over(Frac::whole(to - from));
        let weight = if weight.0 < 0 { Frac::whole(0) } else { weight };
        let incoming = shown((index..children.len()).find(is_item)).faded(weight);
        let outgoing = picture.faded(Frac::whole(1).minus(weight));
        picture = Picture {
            layers: outgoing.layers.into_iter().chain(incoming.layers).collect(),
            open: outgoing.open.plus(incoming.open),
        };
    }
    picture
}

fn same(row: &FrameRow<'_>, picture: &Picture) -> bool {
    let seen: Vec<_> = picture.layers.iter().filter(|(_, _, share)| share.0 > 0).collect();
    let source = |source: i128| source.clamp(0, 999_999);
    row.layers.len() == seen.len()
        && row.layers.iter().zip(seen).all(|(layer, (name, at, share))| {
            layer.clip == name
                && i128::from(layer.source) == source(*at)
                && (layer.weight - share.double()).abs() < 1e-9
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_tree_shows_what_each_of_its_objects_shows(root in roots()) {
        let cut = json!({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": null, "tracks": root.json("r")});
        let frames = i64::from(root.frames());
        let mut options = whole(frames.max(1));
        options.rate = Some(otio_conflate::time::Rate::FPS_24);
        options.reverse = ReverseConvention::LowEnd;
        let plan = plan(&cut, &options);
        prop_assert_eq!(plan.duration, frames);
        for row in plan.shots.iter().flat_map(|shot| plan.frames(shot)) {
            let expected = root.shown("r", Frac::whole(row.record), Frac::whole(1), false);
            prop_assert!(same(&row, &expected), "{:#?}\nexpected {:?}", row, expected.layers);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_used_again_is_planned_as_if_it_were_new(
        children in prop::collection::vec(nodes(), 1..5),
        is_track in any::<bool>(),
        uses in prop::collection::vec((prop::option::of((0u8..12, 1u8..14)), 0..SPEEDS.len(), 0u8..3), 2..7),
    ) {
        let keep = |child: &Node| is_track || !matches!(child, Node::Dissolve(..));
        let children: Vec<Node> = children.into_iter().filter(keep).collect();
        let cut = |differs: bool| {
            let mut all = Vec::new();
            for (number, (range, speed, fade)) in uses.iter().enumerate() {
                let warp = Warp { speed: if number % 2 == 0 { 0 } else { *speed }, curves: Vec::new() };
                let nest = Node::Nest { is_track, children: children.clone(), range: *range, enabled: true, warp };
                let mut nest = nest.json("n");
                // Something that no plan knows of makes it another composition.
                if let Some(child) = nest["children"].as_array_mut().and_then(|all| all.first_mut()).filter(|_| differs) {
                    child["metadata"] = json!({"use": number});
                }
                all.extend([nest, dissolve(*fade, *fade)]);
            }
            timeline([track("V1", all)])
        };
        let plans = [cut(false), cut(true)].map(|cut| {
            let mut options = whole(200);
            options.rate = Some(otio_conflate::time::Rate::FPS_24);
            plan(&cut, &options)
        });
        let [again, new] = &plans;
        prop_assert_eq!(again.duration, new.duration);
        let sorted = |plan| { let mut all = warnings(plan); all.sort(); all };
        prop_assert_eq!(sorted(again), sorted(new));
        let rows = |plan: &otio_conflate::Plan| {
            let rows = plan.shots.iter().flat_map(|shot| plan.frames(shot));
            rows.map(|row| serde_json::to_value(row).expect("plain data")).collect::<Vec<_>>()
        };
        prop_assert_eq!(rows(again), rows(new));
        prop_assert_eq!(objects(again), objects(new));
    }
}

/// The same tree with audio tracks for video tracks.
fn as_sound(mut tree: Value) -> Value {
    if tree["kind"] == "Video" {
        tree["kind"] = json!("Audio");
    }
    for child in tree["children"].as_array_mut().into_iter().flatten() {
        *child = as_sound(child.take());
    }
    tree
}

/// What runs forwards, at speeds whose places are far from the edges that they are not on, with an item between any two
/// transitions.
fn forwards(node: Node) -> Node {
    let plain = |warp: Warp| Warp { speed: warp.speed % 3, curves: Vec::new() };
    match node {
        Node::Clip { start, frames, enabled, warp } => Node::Clip { start, frames, enabled, warp: plain(warp) },
        Node::Nest { is_track, children, range, enabled, warp } => {
            let mut children: Vec<Node> = children.into_iter().map(forwards).collect();
            children.dedup_by(|b, a| matches!((a, b), (Node::Dissolve(..), Node::Dissolve(..))));
            Node::Nest { is_track, children, range, enabled, warp: plain(warp) }
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_tree_sounds_like_what_it_shows(root in roots().prop_map(forwards)) {
        let tree = as_sound(root.json("r"));
        let cut = json!({"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": null, "tracks": tree});
        let mut options = whole(i64::from(root.frames()).max(1));
        options.rate = Some(otio_conflate::time::Rate::FPS_24);
        options.sound.crossfade = otio_conflate::plan::Crossfade::Linear;
        let plan = plan(&cut, &options);
        let clips = plan.sound.iter().flat_map(|sound| &sound.clips);
        for record in 0..i64::from(root.frames()) {
            // A moment later: whoever rounds has rounded to a flick.
            let time = otio_conflate::time::Time::from_flicks(record * 29_400_000 + 16);
            let mut heard: Vec<_> = clips
                .clone()
                .filter(|clip| clip.range.start <= time && time < clip.range.end())
                .map(|clip| (clip.clip.as_str(), clip.map.sample(time, 24).to_f64().floor(), clip.gain(time)))
                .filter(|(_, _, gain)| *gain > 1e-4)
                .collect();
            heard.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
            let shown = root.shown("r", Frac::whole(record), Frac::whole(1), true);
            let mut expected: Vec<_> = shown
                .layers
                .iter()
                .filter(|(_, _, share)| share.0 > 0)
                .map(|(name, source, share)| (name.as_str(), Frac::whole(*source).double(), share.double()))
                .collect();
            expected.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
            let same = |(got, wanted): (&(&str, f64, f64), &(&str, f64, f64))| {
                got.0 == wanted.0 && (got.1 - wanted.1).abs() < 0.5 && (got.2 - wanted.2).abs() < 1e-4
            };
            prop_assert!(
                heard.len() == expected.len() && heard.iter().zip(&expected).all(same),
                "frame {}: heard {:?}, expected {:?}", record, heard, expected
            );
        }
    }
}

/// The paths of the layers at each record frame.
fn objects(plan: &otio_conflate::Plan) -> Vec<(i64, Vec<&str>)> {
    let mut all = Vec::new();
    for span in plan.shots.iter().flat_map(|shot| &shot.spans) {
        let mut objects = Vec::new();
        span.stack.iter().for_each(|element| element.for_each_layer(&mut |layer| objects.push(layer.object.as_str())));
        all.extend((span.start..span.start + span.count).map(|record| (record, objects.clone())));
    }
    all
}

/// Numbers that files should not hold, and do.
fn odd() -> impl Strategy<Value = f64> {
    let odd = prop::sample::select(vec![
        0.0,
        -0.0,
        1e-300,
        1e-9,
        0.1,
        1.0 / 3.0,
        0.999_999_999,
        1.000_000_001,
        23.976,
        1e6,
        1e9,
        9.1e15,
        1e18,
        1e300,
    ]);
    prop_oneof![3 => (odd, any::<bool>()).prop_map(|(value, negative)| if negative { -value } else { value }),
        1 => -100.0..100.0]
}

fn any_item() -> impl Strategy<Value = Value> {
    let length = || prop::sample::select(vec![0.0, 0.3, 1.0, 7.5, 11.0, 1000.0]);
    let rate = || prop::sample::select(vec![23.976, 24.0, 25.0, 29.97, 59.94, 12.5]);
    let effects = || {
        let speed = odd().prop_map(|scalar| json!({"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": scalar}));
        let curve = prop::collection::vec(odd(), 0..6).prop_map(
            |lookup| json!({"OTIO_SCHEMA": "TimeEffect.1", "effect_name": "TimeWarp", "metadata": {"lookup": lookup}}),
        );
        let keys = prop::collection::vec((odd(), odd()), 0..4).prop_map(|keys| {
            let keys: Vec<Value> = keys.into_iter().map(|(played, media)| json!([played, media, false])).collect();
            json!({"OTIO_SCHEMA": "TimeEffect.1", "metadata": {"Resolve_OTIO": {"Key Frames": keys}}})
        });
        prop::collection::vec(prop_oneof![speed, curve, keys], 0..3)
    };
    let start = || prop::sample::select(vec![0.0, 0.4, 12.0, 86_400.088_748_416_38, -5.0]);
    let clip = (start(), length(), rate(), effects()).prop_map(|(start, length, rate, effects)| {
        clip_of("c", range(start, length, rate), movie("m", range(0, 100_000, rate))).with("effects", effects)
    });
    let fade = (length(), length()).prop_map(|(before, after)| dissolve(before, after));
    prop_oneof![4 => clip, 1 => fade].prop_recursive(3, 12, 4, move |inner| {
        let range = prop::option::of((start(), length(), rate()))
            .prop_map(|trim| trim.map_or(Value::Null, |(start, length, rate)| range(start, length, rate)));
        (prop::collection::vec(inner, 0..4), range, effects()).prop_map(|(children, range, effects)| {
            track("n", children).with("source_range", range).with("effects", effects)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_numbers_a_tree_holds_every_frame_has_its_row(
        items in prop::collection::vec(any_item(), 1..4),
        blend in any::<bool>(),
        playback_start in any::<bool>(),
        source in any::<bool>(),
    ) {
        let cut = timeline([track("V1", items)]).to_string();
        let cut = otio_conflate::otio::read_str(&cut, &otio_conflate::otio::ReadOptions::default()).expect("a timeline");
        let options = options(|options| {
            options.shots = otio_conflate::plan::ShotSelection::Flat;
            options.retime = if blend { "blend" } else { "nearest" }.parse().expect("a way");
            options.reverse = if playback_start { "playback-start" } else { "low-end" }.parse().expect("a convention");
            options.handle_mode = if source { "source" } else { "timeline" }.parse().expect("a mode");
            options.handles = otio_conflate::plan::Handles::both(5);
        });
        let plan = otio_conflate::Plan::with_media(&cut, &options, &NobodyAsks).expect("a plan");
        for shot in &plan.shots {
            prop_assert_eq!(i64::try_from(plan.frames(shot).count()).expect("few"), shot.frame_count);
            for row in plan.frames(shot) {
                let sum: f64 = row.layers.iter().map(|layer| layer.weight).sum();
                prop_assert!(sum < 1.0 + 1e-9 && row.layers.iter().all(|layer| layer.weight > 0.0), "{:?}", row);
            }
        }
        let stored = serde_json::to_string(&plan).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<otio_conflate::Plan>(&stored).expect("it was just written"), plan);
    }
}
