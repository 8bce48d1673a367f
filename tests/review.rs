//! Reviews: the shots of a run, joined in cut order.
#![cfg(feature = "ffmpeg")]

#[path = "common/mod.rs"]
mod common;
#[path = "common/otio.rs"]
mod otio;
#[path = "rendering/support.rs"]
#[allow(dead_code, reason = "reviews need little of what renders need")]
mod support;

use std::path::Path;

use otio_conflate::backend::ffmpeg::{DecodeOptions, FfmpegBackend, MovieReader, probe};
use otio_conflate::deliver::{AudioDelivery, Preset, Review, ReviewSlate};
use otio_conflate::otio::{ReadOptions, read_str};
use otio_conflate::plan::{Handles, PlanOptions};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Plan, Report, Status};
use serde_json::json;

use common::{ffprobe, number};
use otio::{gap, range, track};
use support::{Media, clip, file, timeline};

/// A run of three shots of 10, 8 and 6 frames with handles, from frames 20, 40 and 60 of one movie; between the first two
/// there is a gap.
fn run(media: &mut Media, preset: &str, audio: AudioDelivery) -> Report {
    let path = media.numbered(
        "a.mov",
        80,
        "24",
        "-f lavfi -i sine=r=48000:d=4 -map 0:v -map 1:a -c:v prores_aw -c:a pcm_s16le",
    );
    let available = || range(0, 80, 24.0);
    let shot = |name: &str, start, frames| clip(name, file(&path, available()), range(start, frames, 24.0));
    let shots = [shot("a", 20, 10), gap(5), shot("b", 40, 8), shot("c", 60, 6)];
    let mut sound = track("A1", shots.clone());
    sound["kind"] = json!("Audio");
    let cut = timeline([track("V1", shots), sound]);
    let cut = read_str(&cut.to_string(), &ReadOptions::default()).expect("a timeline that a test wrote");
    let mut options = PlanOptions::default();
    options.handles = Handles::both(3);
    let plan = Plan::new(&cut, &options).expect("a plan");
    let preset = Preset::by_name(preset).expect("a preset").with_audio(audio);
    let delivery = Delivery::new(media.path("shots/x").parent().expect("a folder")).preset(preset);
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run");
    assert!(report.succeeded());
    report
}

/// Renders a review of `report`, and tells the number of every frame of it.
fn rendered(media: &Media, review: &Review, report: &Report) -> (std::path::PathBuf, Vec<Option<u16>>) {
    let plan = review.plan(report).expect("a plan");
    let folder = media.path("review/x").parent().expect("a folder").to_owned();
    let preset = Preset::by_name("h264").expect("a preset");
    let delivery = Delivery::new(&folder).preset(preset).existing(Existing::Overwrite);
    let made = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run");
    assert_eq!(made.shots.len(), 1);
    assert_eq!(made.shots[0].status, Status::Done, "{:?}", made.shots[0].error);
    let path = folder.join("review.mp4");
    let mut reader = MovieReader::open(&path, &DecodeOptions::default()).expect("a movie");
    let frames = (0..made.shots[0].frame_count).map(|index| {
        let picked = reader.frame(index, plan.rate).expect("a frame");
        assert_eq!(picked.outside, None);
        number(&picked.frame)
    });
    let frames = frames.collect();
    (path, frames)
}

/// The shots of [`run`] without their handles.
fn expected(media: &Media) -> [Vec<Option<u16>>; 3] {
    let path = media.path("a.mov");
    let shot = |start: u16, count: u16| (start..start + count).map(|index| Some(media.number(&path, index))).collect();
    [shot(20, 10), shot(40, 8), shot(60, 6)]
}

fn streams(path: &Path) -> usize {
    ffprobe(path)["streams"].as_array().expect("streams").iter().filter(|stream| stream["codec_type"] != "data").count()
}

#[test]
fn shots_follow_on_one_another_in_cut_order_without_handles() {
    for (preset, audio) in [("prores-lt", AudioDelivery::Mux), ("png", AudioDelivery::Wav)] {
        let mut media = Media::new();
        let made = run(&mut media, preset, audio);
        let mut report = Report::open(made.folder.join("manifest.json")).expect("it was just written");
        let outputs = |report: &Report| report.shots.iter().map(|shot| shot.output.clone()).collect::<Vec<_>>();
        assert_eq!((&report.folder, outputs(&report)), (&made.folder, outputs(&made)));
        report.shots.reverse();
        let (path, frames) = rendered(&media, &Review::default(), &report);
        assert_eq!(frames, expected(&media).concat(), "{preset}");
        let label = probe(&path).expect("a movie").start_timecode.map(|label| label.to_string());
        assert_eq!(label.as_deref(), Some("01:00:00:00"));
        assert_eq!(streams(&path), 2, "{preset}: picture and sound");
        let (path, _) = rendered(&media, &Review::default().sound(false), &report);
        assert_eq!(streams(&path), 1, "{preset}: picture alone");
    }
}

#[test]
fn a_slate_goes_in_front_and_a_card_in_the_place_of_what_failed() {
    let mut media = Media::new();
    let mut report = run(&mut media, "prores-lt", AudioDelivery::Mux);
    report.shots[1].status = Status::Failed;
    report.shots[1].output = None;
    let mut slate = ReviewSlate::default();
    slate.frames = 12;
    let (path, frames) = rendered(&media, &Review::default().slate(slate.clone()), &report);
    let [a, _, c] = expected(&media);
    assert_eq!(frames[..12], [None; 12]);
    assert_eq!(frames[12..22], a);
    assert_eq!(frames[22..30], [None; 8]);
    assert_eq!(frames[30..], c);
    // The first shot keeps its timecode.
    let label = probe(&path).expect("a movie").start_timecode.map(|label| label.to_string());
    assert_eq!(label.as_deref(), Some("00:59:59:12"));

    slate.frames = 0;
    let error = Review::default().slate(slate).plan(&report).expect_err("nothing to be seen");
    assert_eq!(error.kind(), ErrorKind::Option);
    let manifest = report.folder.join("broken.json");
    assert_eq!(Report::open(&manifest).expect_err("it is not there").kind(), ErrorKind::Io);
    std::fs::write(&manifest, "{\n\"shots\": 3}").expect("a file");
    let error = Report::open(&manifest).expect_err("no manifest");
    assert_eq!((error.kind(), error.place().line_column.map(|place| place.0)), (ErrorKind::Json, Some(2)), "{error:#}");
    report.shots.clear();
    assert_eq!(Review::default().plan(&report).expect_err("nothing to be joined").kind(), ErrorKind::Option);
}
