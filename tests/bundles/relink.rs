//! Media that a bundle does not hold, found in folders; those that it holds are left alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FfmpegLookup};
use otio_conflate::deliver::Preset;
use otio_conflate::plan::PlanOptions;
use otio_conflate::relink::{Found, Index, Match, Outcome, RelinkOptions, Rule, cut_from_movie, relink};
use otio_conflate::{Conflation, Delivery, NoObserver, Plan, Timeline};
use serde_json::{Value, json};

use crate::common::{self, HEIGHT, WIDTH, draw, number_in};
use crate::support::{Bundles, clip, content, movie, range, timeline};
use crate::zip::{Entry, Zip};

const LOSSLESS: &str = "-c:v libx264 -qp 0 -preset ultrafast";

/// Both kinds of bundle with the same cut and one medium, `media/a.mov`, and a folder of rushes beside them, with another file of
/// that name.
fn bundles() -> (Bundles, [PathBuf; 2]) {
    let bundles = Bundles::new();
    let at = |name: &str| bundles.path(name);
    for folder in ["cut.otiod/media", "rushes/day1", "rushes/other"] {
        std::fs::create_dir_all(at(folder)).expect("a folder");
    }
    let coded = |timecode: &str| format!("{LOSSLESS} -timecode {timecode}");
    common::movie(&at("cut.otiod/media/a.mov"), 0..12, "24", LOSSLESS);
    common::movie(&at("rushes/other/a.mov"), 100..112, "24", LOSSLESS);
    for (name, first) in [("gone", 20), ("outside", 40), ("far", 60)] {
        common::movie(&at(&format!("rushes/day1/{name}.mov")), first..first + 12, "24", LOSSLESS);
    }
    common::movie(&at("rushes/day1/A001C003_1.mov"), 80..92, "24", &coded("00:00:00:00"));
    let by_reel = clip(
        "reel",
        json!({"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": "",
        "available_range": null, "available_image_bounds": null}),
    );
    let mut by_reel: Value = by_reel;
    by_reel["metadata"] = json!({"cmx_3600": {"reel": "A001C003"}});
    let lost = |name: &str, location: &str| clip(name, movie(location, Value::Null));
    let text = timeline([
        clip("held", movie("media/a.mov", range(0, 12))),
        lost("gone", "media/gone.mov"),
        lost("outside", "../elsewhere/outside.mov"),
        lost("far", "/volumes/day1/far.mov"),
        by_reel,
    ]);
    std::fs::write(at("cut.otiod/content.otio"), &text).expect("a file");
    let held = Entry::stored("media/a.mov", std::fs::read(at("cut.otiod/media/a.mov")).expect("a file"));
    let archive = bundles.write(&Zip::of([content(&text)]).with(|zip| zip.entries.push(held)));
    let folder = at("cut.otiod");
    (bundles, [folder, archive])
}

/// The numbers of the frames of every shot of `timeline`, rendered into `out`; and of every shot of the cut that is written there.
fn rendered(timeline: &Timeline, out: &Path) -> BTreeMap<String, Vec<u16>> {
    let plan = Plan::with_media(timeline, &PlanOptions::default(), &FfmpegLookup::new()).expect("a plan");
    let delivery = Delivery::new(out).preset(Preset::by_name("ffv1").expect("a preset"));
    let report = Conflation::new(FfmpegBackend::new(), delivery).timeline(timeline).run(&plan, &NoObserver);
    let report = report.expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots);
    let read = |frame: &[u8]| {
        let sample = |x: usize, y: usize| f64::from(frame[y * WIDTH + x]);
        number_in(sample, (0, 0), (WIDTH, HEIGHT)).expect("a number")
    };
    let numbers = |name: &str| {
        let samples = common::samples(&out.join(format!("{name}.mkv")), None, "yuv420p");
        samples.chunks_exact(draw(0).len()).map(read).collect()
    };
    report.shots.iter().map(|shot| (shot.shot.clone(), numbers(&shot.shot))).collect()
}

fn found_by(found: &Match) -> Option<Rule> {
    match &found.outcome {
        Outcome::Found { rule, .. } => Some(*rule),
        _ => None,
    }
}

#[test]
fn what_a_bundle_holds_stays_and_the_rest_is_found() {
    let (bundles, both) = bundles();
    let index = Index::scan([bundles.path("rushes")], None).expect("folders");
    for (number, bundle) in both.iter().enumerate() {
        let mut timeline = Timeline::open(bundle).expect("a bundle");
        let before = timeline.clone();
        let matches = relink(&mut timeline, &index, &RelinkOptions::default());
        let told: Vec<_> = matches.iter().map(|found| (found.clip.as_str(), found_by(found))).collect();
        let wanted = [
            ("held", None),
            ("gone", Some(Rule::Name)),
            ("outside", Some(Rule::Name)),
            ("far", Some(Rule::Folder)),
            ("reel", Some(Rule::Reel)),
        ];
        assert_eq!(told, wanted, "{matches:?}");
        assert_eq!(matches[0].outcome, Outcome::There);
        assert_eq!(timeline.clips()[0], before.clips()[0]);
        let out = bundles.path(&format!("out{number}"));
        let shots = rendered(&timeline, &out);
        let frames = |first: u16| (first..first + 8).collect::<Vec<_>>();
        let wanted = [("held", 2), ("gone", 22), ("outside", 42), ("far", 62), ("reel", 82)];
        let wanted: BTreeMap<_, _> = wanted.map(|(name, first)| (name.to_owned(), frames(first))).into();
        assert_eq!(shots, wanted, "{}", bundle.display());
        // The cut that is written there leads to all of them.
        let conflated = Timeline::open(out.join("conflated.otio")).expect("a timeline");
        assert_eq!(rendered(&conflated, &bundles.path(&format!("again{number}"))), wanted);
    }
}

#[test]
fn what_a_bundle_lacks_is_cut_out_of_a_movie() {
    let (bundles, both) = bundles();
    common::movie(&bundles.path("offline.mov"), 200..240, "24", LOSSLESS);
    let movie = Found::open(bundles.path("offline.mov")).expect("a movie");
    for (number, bundle) in both.iter().enumerate() {
        let mut timeline = Timeline::open(bundle).expect("a bundle");
        let cut = cut_from_movie(&mut timeline, &movie, None, &[]).expect("a movie of the cut");
        assert_eq!(cut.len(), 4);
        let shots = rendered(&timeline, &bundles.path(&format!("out{number}")));
        assert_eq!(shots["held"], (2..10).collect::<Vec<_>>());
        assert_eq!(shots["gone"], (208..216).collect::<Vec<_>>());
        assert_eq!(shots["reel"], (232..240).collect::<Vec<_>>());
    }
}

/// The command takes folders beside the caller, not beside the bundle's media.
#[cfg(feature = "cli")]
#[test]
fn the_command_finds_media_of_bundles() {
    let (bundles, both) = bundles();
    for (number, bundle) in both.iter().enumerate() {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
        let out = format!("out{number}");
        command
            .current_dir(bundles.path(""))
            .args(["conflate", "--media", "rushes", "--preset", "ffv1", "--out", &out]);
        let made = command.arg(bundle.file_name().expect("a name")).output().expect("the command starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        for name in ["held", "gone", "outside", "far", "reel"] {
            assert!(bundles.path(&format!("{out}/{name}.mkv")).exists(), "{name}");
        }
    }
}
