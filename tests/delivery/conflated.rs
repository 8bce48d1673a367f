//! `conflated.otio` gives the same frames when it is conflated again: what is baked in is switched off, the rest is as it
//! was.

use std::path::Path;

use otio_conflate::backend::RecordBackend;
use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::plan::{PlanOptions, Shot};
use otio_conflate::timeline::{Child, MediaReference, Value as Data};
use otio_conflate::{Conflation, NoObserver, Plan, Timeline};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::otio::{dissolve, gap, image_sequence, stack, timeline_at, track, warp};
use crate::support::*;

fn shown(name: &str, frames: i32) -> Value {
    clip(name, frames, &format!("/m/{name}.mov"))
}

fn options(handles: &str) -> PlanOptions {
    let mut options = PlanOptions::default();
    options.handles = handles.parse().expect("handles");
    options
}

/// The cut after a run of all shots but those named, read back from where it lies.
fn rerun(timeline: &Timeline, options: &PlanOptions, failing: &[&str], folder: &Path) -> (Plan, Timeline) {
    let plan = Plan::new(timeline, options).expect("a plan");
    let backend = failing.iter().fold(RecordBackend::new(), |backend, name| backend.failing(name));
    Conflation::new(backend, delivery(folder, "error")).timeline(timeline).run(&plan, &NoObserver).expect("a run");
    (plan, read_file(folder.join("conflated.otio"), &ReadOptions::default()).expect("it was just written"))
}

/// What a shot shows frame by frame, as text: media, source frames and weights.
fn rows(plan: &Plan, shot: &Shot) -> Vec<String> {
    let layer =
        |layer: &otio_conflate::plan::FrameLayer<'_>| format!("{} {}*{}", layer.media, layer.source, layer.weight);
    plan.frames(shot).map(|row| row.layers.iter().map(layer).collect::<Vec<_>>().join(" + ")).collect()
}

/// Each shot of the cut as found shows its intermediate alone, from behind its head handles on, or what it showed before.
/// Returns how many show their intermediate.
#[track_caller]
fn assert_same(before: &Plan, found: &Timeline, options: &PlanOptions, folder: &Path) -> usize {
    let after = Plan::new(found, options).expect("a plan of it");
    let names = |plan: &Plan| plan.shots.iter().map(|shot| shot.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&after), names(before));
    let mut baked = 0;
    let folder = folder.canonicalize().expect("it is there");
    let file = |shot: &Shot| folder.join(format!("{}.mov", shot.name)).display().to_string();
    for (old, new) in before.shots.iter().zip(&after.shots) {
        assert_eq!((old.start, old.frame_count), (new.start, new.frame_count), "{}", old.name);
        let (was, is) = (rows(before, old), rows(&after, new));
        let mut own = 0;
        for place in old.head..old.frame_count - old.tail {
            let record = old.start + place;
            // Where shots of several tracks lie over one another, the topmost one's file shows all of them.
            let shows = |shot: &Shot| {
                let cut = shot.start + shot.head..shot.start + shot.frame_count - shot.tail;
                let place = record - shot.start;
                cut.contains(&record).then(|| format!("{} {place}*1", file(shot)))
            };
            let index = usize::try_from(place).expect("small");
            let baked = before.shots.iter().filter_map(shows).any(|row| row == is[index]);
            assert!(baked || is[index] == was[index], "{} {place}: {} was {}", old.name, is[index], was[index]);
            own += i64::from(is[index].starts_with(&file(old)));
        }
        baked += usize::from(own == old.frame_count - old.head - old.tail);
    }
    baked
}

fn child(timeline: &Timeline, track: usize, index: usize) -> &Child {
    match &timeline.tracks.children[track] {
        Child::Composition(track) => &track.children[index],
        other => panic!("a track, not {other:?}"),
    }
}

fn item(timeline: &Timeline, track: usize, index: usize) -> &otio_conflate::timeline::Item {
    child(timeline, track, index).item().expect("an item")
}

fn mark<'t>(timeline: &'t Timeline, track: usize, index: usize, key: &str) -> Option<&'t Data> {
    item(timeline, track, index).metadata.get("otio-conflate")?.get(key)
}

#[test]
fn what_is_baked_in_is_switched_off_and_marked() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut over = shown("over", 6);
    over["metadata"] = json!({"opacity": 0.5});
    let mut faint = shown("B", 10);
    faint["metadata"] = json!({"opacity": 0.25});
    faint["effects"] = warp(2.0);
    let cut = cut(vec![
        track("V1", vec![shown("A", 10), dissolve(2, 3), faint, shown("C", 10)]),
        track("V2", vec![gap(7), over]),
    ]);
    let (plan, found) = rerun(&cut, &options("2"), &[], folder.path());
    assert_eq!(assert_same(&plan, &found, &options("2"), folder.path()), 3);
    assert!(matches!(child(&found, 0, 1), Child::Clip(_)), "the dissolve is in the frames");
    let Child::Composition(v1) = &found.tracks.children[0] else { panic!("a track") };
    let removed = v1.item.metadata.get("otio-conflate").and_then(|own| own.get("baked_transitions"));
    let removed = removed.and_then(Data::as_array).expect("it is noted");
    assert_eq!(removed[0].get("transition_type").and_then(Data::as_str), Some("SMPTE_Dissolve"));
    assert_eq!(mark(&found, 0, 1, "baked"), Some(&Data::Bool(true)));
    assert!(!item(&found, 0, 1).effects[0].enabled);
    assert!(!item(&found, 1, 1).enabled, "what lay over it is in the frames");
    let shots = mark(&found, 1, 1, "baked_into").and_then(Data::as_array).expect("it says where");
    assert_eq!(shots.iter().filter_map(Data::as_str).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn a_transition_to_what_failed_keeps_both_sides_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let cut = cut(vec![track("V1", vec![shown("A", 10), dissolve(2, 3), shown("B", 10), shown("C", 10)])]);
    let (plan, found) = rerun(&cut, &options("0"), &["B"], folder.path());
    assert_eq!(assert_same(&plan, &found, &options("0"), folder.path()), 1);
    assert!(matches!(child(&found, 0, 1), Child::Transition(_)));
    assert_eq!(mark(&found, 0, 0, "baked"), Some(&Data::Bool(false)));
}

#[test]
fn what_also_lies_over_other_frames_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut logo = shown("logo", 30);
    logo["metadata"] = json!({"opacity": 0.5});
    // It is over a gap, too, which is in no shot.
    let v1 = vec![shown("A", 10), gap(10), shown("B", 10), shown("C", 10)];
    let cut = cut(vec![track("V1", v1), track("V2", vec![logo])]);
    let (plan, found) = rerun(&cut, &options("3"), &[], folder.path());
    assert_eq!(assert_same(&plan, &found, &options("3"), folder.path()), 1, "C alone");
    assert!(item(&found, 1, 0).enabled);
}

#[test]
fn relative_locations_work_from_where_the_cut_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let show = folder.path().join("show/edit");
    std::fs::create_dir_all(&show).expect("folders");
    std::fs::create_dir_all(folder.path().join("show/media 100%")).expect("folders");
    for name in ["show/media 100%/a.mov", "show/edit/b.mov"] {
        std::fs::write(folder.path().join(name), "x").expect("a file");
    }
    let mut sound = track("A1", vec![clip("S", 4, "../media%20100%25/a.mov")]);
    sound["kind"] = "Audio".into();
    let frames = image_sequence("", ("f.", ".exr"), 1, range(1, 100));
    let mut numbered = clip("N", 4, "");
    numbered["media_references"]["DEFAULT_MEDIA"] = frames;
    let v1 = track("V1", vec![clip("A", 4, "../media%20100%25/a.mov"), clip("B", 4, "b.mov"), numbered]);
    let written = timeline_at(Value::Null, [v1, sound]);
    std::fs::write(show.join("cut.otio"), written.to_string()).expect("a file");
    let timeline = read_file(show.join("cut.otio"), &ReadOptions::default()).expect("a timeline");
    let out = folder.path().join("out/deep");
    let (plan, found) = rerun(&timeline, &options("0"), &["A", "B", "N"], &out);
    let again = Plan::new(&found, &options("0")).expect("a plan");
    let paths = |plan: &Plan| {
        plan.media
            .iter()
            .map(|media| {
                let file = media.source.file(0).expect("a file");
                file.canonicalize().unwrap_or(file)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&again)[..2], paths(&plan)[..2]);
    assert_eq!(paths(&again).len(), 3);
    let Child::Clip(a) = child(&found, 0, 0) else { panic!("a clip") };
    let Some(MediaReference::External { target_url, .. }) = a.media_reference() else { panic!("{a:?}") };
    assert_eq!(target_url, "../../show/edit/../media%20100%25/a.mov");
}

/// What a random track holds.
#[derive(Debug, Clone)]
enum Piece {
    Gap(u8),
    Clip {
        frames: u8,
        start: u8,
        opacity: bool,
        speed: bool,
        enabled: bool,
    },
    Dissolve(u8, u8),
    /// Two clips over one another, as one.
    Nest {
        frames: u8,
        opacity: bool,
    },
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let flag = |weight: f64| prop::bool::weighted(weight);
    let clip = (1u8..9, 0u8..40, flag(0.2), flag(0.2), flag(0.9))
        .prop_map(|(frames, start, opacity, speed, enabled)| Piece::Clip { frames, start, opacity, speed, enabled });
    let piece = prop_oneof![
        1 => (0u8..6).prop_map(Piece::Gap),
        6 => clip,
        1 => (1u8..9, flag(0.3)).prop_map(|(frames, opacity)| Piece::Nest { frames, opacity }),
        2 => (0u8..4, 0u8..4).prop_map(|(before, after)| Piece::Dissolve(before, after)),
    ];
    prop::collection::vec(piece, 1..8)
}

fn built(tracks: &[Vec<Piece>]) -> Timeline {
    let child = |track_number: usize, (index, piece): (usize, &Piece)| match *piece {
        Piece::Gap(frames) => gap(frames),
        Piece::Dissolve(before, after) => dissolve(before, after),
        Piece::Nest { frames, opacity } => {
            let inner = |name: &str| track(name, vec![shown(&format!("n{track_number}_{index}{name}"), frames.into())]);
            let mut nest = stack("nest", [inner("a"), inner("b")]);
            if opacity {
                nest["metadata"] = json!({"opacity": 0.5});
            }
            nest
        }
        Piece::Clip { frames, start, opacity, speed, enabled } => {
            let mut clip = shown(&format!("c{track_number}_{index}"), frames.into());
            clip["source_range"] = range(20 + i32::from(start), frames.into());
            clip["enabled"] = enabled.into();
            if opacity {
                clip["metadata"] = json!({"opacity": 0.5});
            }
            if speed {
                clip["effects"] = warp(-1.5);
            }
            clip
        }
    };
    let tracks = tracks.iter().enumerate().map(|(number, pieces)| {
        track(&format!("V{number}"), pieces.iter().enumerate().map(|piece| child(number, piece)).collect::<Vec<_>>())
    });
    cut(tracks.collect::<Vec<_>>())
}

/// How many random cuts are tried: more with `CONFLATED_CASES`.
fn cases() -> u32 {
    std::env::var("CONFLATED_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn whatever_the_cut_its_conflated_one_shows_the_same(
        tracks in prop::collection::vec(pieces(), 1..4),
        fails in prop::option::of(0usize..6),
        handles in 0u8..4,
        selection in prop::sample::select(vec!["hero", "all"]),
    ) {
        let timeline = built(&tracks);
        let mut options = options(&handles.to_string());
        options.shots = selection.parse().expect("a selection");
        options.allow_empty = true;
        let plan = Plan::new(&timeline, &options).expect("a plan");
        let failing = fails.and_then(|index| Some(plan.shots.get(index)?.name.clone()));
        let failing: Vec<&str> = failing.as_deref().into_iter().collect();
        let folder = tempfile::tempdir().expect("a folder");
        let (plan, found) = rerun(&timeline, &options, &failing, folder.path());
        assert_same(&plan, &found, &options, folder.path());
    }
}
