//! Shots as they are delivered: the right frames, graded, whatever they are written as. R11, R12.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::backend::resolve::{RenderPreset, ResolveBackend, ResolveGrade, Scope, TicketState, TimelineChoice};
use otio_conflate::deliver::{AudioDelivery, Representation};
use otio_conflate::plan::{Handles, PlanOptions};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Observer, Report, Status};
use serde_json::json;

use crate::common::{ffmpeg, ffprobe, samples};
use crate::rendering::{
    Media, clip, dissolve, file, files, gap, mean, near, options, preset, range, time, track, warped,
};
use crate::support::{PRORES, Stage, WARM, other};

fn handles(both: u32) -> PlanOptions {
    options(|options| options.handles = Handles::both(both))
}

#[test]
fn shots_are_cut_out_of_one_render_of_the_timeline() {
    let stage = Stage::usual(|_| ());
    let run = stage.check(stage.options(), &handles(4), "prores-lt", WARM);
    assert_eq!(run.report.shots.iter().map(|shot| shot.frame_count).collect::<Vec<_>>(), [12, 10]);
    assert_eq!(run.report.backend, "resolve");
    assert_eq!((run.report.canvas.width, run.report.canvas.height), (256, 160));
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    let probed = ffprobe(&run.path("b"));
    assert_eq!(probed["streams"][0]["tags"]["timecode"], "01:00:00:07");
    assert_eq!(files(&run.report.folder), ["a.mov", "b.mov", "manifest.json"]);
}

#[test]
fn ntsc_rates_and_clips_that_were_moved_are_frame_exact() {
    let mut media = Media::new();
    let rate = 24_000.0 / 1001.0;
    let a = media.numbered("a.mov", 30, "24000/1001", PRORES);
    let b = media.numbered("b.mov", 30, "24000/1001", PRORES);
    let clips = [
        clip("a", file(&a, range(0, 30, rate)), range(5, 7, rate)),
        clip("b", file(&b, range(0, 30, rate)), range(11, 9, rate)),
        clip("a again", file(&a, range(0, 30, rate)), range(12, 5, rate)),
    ];
    let stage = Stage::open(media, time(86_400, rate), vec![track("V1", clips)], other);
    let run = stage.check(stage.options(), &handles(2), "prores-hq", WARM);
    assert_eq!(run.report.rate.num(), 24_000);
}

#[test]
fn transitions_retimes_and_tracks_above_are_resolves() {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 30, "24", PRORES);
    let b = media.numbered("b.mov", 30, "24", PRORES);
    let all = || range(0, 30, 24.0);
    let below =
        [warped(clip("a", file(&a, all()), range(2, 8, 24.0)), 2.0), clip("b", file(&b, all()), range(6, 8, 24.0))];
    let above = [gap(10), clip("top", file(&a, all()), range(20, 3, 24.0))];
    let tracks = vec![track("V1", below), track("V2", above)];
    let stage = Stage::open(media, time(86_400, 24.0), tracks, |_| ());
    stage.check(stage.options(), &handles(3), "ffv1", WARM);
}

#[test]
fn a_dissolve_is_no_difference() {
    dissolved(|_| ());
    // This one has transitions among the items of a track.
    dissolved(other);
}

fn dissolved(change: impl FnOnce(&mut serde_json::Value)) {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 30, "24", PRORES);
    let b = media.numbered("b.mov", 30, "24", PRORES);
    let all = || range(0, 30, 24.0);
    let clips =
        [clip("a", file(&a, all()), range(2, 8, 24.0)), dissolve(2, 2), clip("b", file(&b, all()), range(6, 8, 24.0))];
    let stage = Stage::open(media, time(86_400, 24.0), vec![track("V1", clips)], change);
    let run = stage.try_run(stage.options(), stage.plan(&PlanOptions::default()), "prores-lt").expect("a run");
    assert!(run.report.succeeded());
    assert_eq!(run.numbers("a")[..6], (2..8).map(|index| Some(stage.media.number(&a, index))).collect::<Vec<_>>());
}

#[test]
fn frames_are_taken_and_delivered_as_files() {
    let stage = Stage::usual(other);
    let options = stage.with(|options| {
        options.format = Some("PNG".to_owned());
        options.codec = Some("RGB 8-bit".to_owned());
    });
    stage.check(options, &handles(0), "png", WARM);
}

#[test]
fn a_timeline_is_imported_and_removed_again() {
    for set in ["usual", "other"] {
        let stage = Stage::usual(|state| {
            state["quirks"] = json!({"set": set});
            state["project"]["timelines"] = json!([{"name": "somebody's work", "video": []}]);
        });
        let options = stage.with(|options| options.timeline = TimelineChoice::Import);
        stage.check(options, &handles(1), "prores-lt", WARM);
    }
}

#[test]
fn a_timeline_is_found_by_its_name() {
    let stage = Stage::usual(|state| {
        let cut = state["project"]["timelines"][0].clone();
        state["project"]["timelines"] = json!([
            {"name": "other", "video": []}, {"otio": cut["otio"], "name": "the cut"}, {"name": "twice"}, {"name": "twice"}]);
    });
    let named = |name: &str| stage.with(|options| options.timeline = TimelineChoice::Named(name.to_owned()));
    stage.check(named("the cut"), &handles(1), "prores-lt", WARM);
    for name in ["twice", "nothing"] {
        let before = stage.fake.now();
        let error = stage.try_run(named(name), stage.plan(&PlanOptions::default()), "prores-lt").err().expect(name);
        assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
        assert!(format!("{error:#}").contains("\"the cut\""), "{error:#}");
        assert_eq!(stage.fake.now(), before);
    }
}

#[test]
fn render_presets_are_laid_under_what_is_set() {
    let stage = Stage::usual(|state| {
        state["project"]["presets"] = json!({"Review": {"format": "mov", "codec": "DNxHRHQX", "FormatWidth": 64,
            "SelectAllFrames": false, "ExportVideo": false, "render_mode": 0}});
    });
    let preset = |preset| stage.with(|options| options.preset = preset);
    stage.check(preset(RenderPreset::Named("Review".to_owned())), &handles(1), "prores-lt", WARM);
    let chosen = stage.fake.calls_of("Project.SetCurrentRenderFormatAndCodec");
    assert_eq!(chosen.len(), 1, "only what was set before is put back: {chosen:?}");
    let path = stage.media.path("Studio.xml");
    std::fs::write(&path, r#"{"format": "mov", "codec": "ProRes422HQ"}"#).expect("a new file");
    stage.check(preset(RenderPreset::File(path)), &handles(1), "prores-hq", WARM);
    let error = stage.try_run(preset(RenderPreset::Named("Nope".to_owned())), stage.plan(&handles(0)), "prores-lt");
    let error = error.err().expect("there is no such preset");
    assert!(error.kind() == ErrorKind::Option && format!("{error:#}").contains("Review"), "{error:#}");
}

#[test]
fn shots_that_are_there_are_not_rendered_again() {
    let stage = Stage::usual(|_| ());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let plan = stage.plan(&PlanOptions::default());
    let run = |options| {
        let delivery = Delivery::new(&folder).existing(Existing::Skip);
        Conflation::new(ResolveBackend::new(options), delivery).run(&plan, &NoObserver).expect("a run")
    };
    assert_eq!(run(stage.options()).count(Status::Done), 2);
    let report = run(stage.options());
    assert_eq!(report.count(Status::Skipped), 2);
    assert!(report.shots[0].warnings.iter().any(|warning| warning.contains("grade")), "{:?}", report.shots[0]);
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    let other = stage.with(|options| options.grade = ResolveGrade::Bypass);
    assert_eq!(run(other).count(Status::Done), 2, "another grade is another picture");
}

#[test]
fn packets_of_the_render_are_copied_where_its_codec_is_the_presets() {
    let stage = Stage::usual(|_| ());
    let plan = stage.plan(&handles(2));
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    for (preset_name, copied) in [("prores-lt", true), ("mjpeg", false)] {
        let backend = ResolveBackend::new(stage.options());
        let delivery = Delivery::new(&folder).preset(preset(preset_name)).existing(Existing::Overwrite);
        let ticket = backend.submit(&plan, &delivery).expect("a ticket");
        while matches!(backend.poll(&ticket).expect("Resolve runs"), TicketState::Rendering(_)) {}
        let render = packets(&ticket.folder().join("0001/render.mov"));
        assert_eq!(render.len(), 17);
        let report = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect("shots");
        for (shot, first) in report.shots.iter().zip([0, 9]) {
            let output = &shot.output.as_ref().expect("it was delivered").path;
            let own = packets(&folder.join(output));
            assert_eq!(own == render[first..first + own.len()], copied, "{preset_name}, {}", shot.shot);
        }
    }
}

/// The digests of the packets of a movie's picture.
fn packets(path: &Path) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(path).args(["-map", "0:v", "-c", "copy", "-f", "framemd5", "-"]);
    let text = String::from_utf8(command.output().expect("the tests need ffmpeg").stdout).expect("text");
    let digest = |line: &str| line.rsplit(',').next().expect("a column").trim().to_owned();
    text.lines().filter(|line| !line.starts_with('#')).map(digest).collect()
}

#[test]
fn sound_is_what_it_is_without_resolve() {
    let mut media = Media::new();
    let a = media.numbered("a.mov", 20, "24", PRORES);
    let tone = media.path("tone.wav");
    ffmpeg(&["-f", "lavfi", "-i", "sine=440:r=48000:d=2", tone.to_str().expect("a plain name")], None);
    let mut sound = track("A1", [clip("tone", file(&tone, range(0, 48, 24.0)), range(3, 12, 24.0))]);
    sound["kind"] = json!("Audio");
    let pictures = track("V1", [clip("a", file(&a, range(0, 20, 24.0)), range(4, 12, 24.0))]);
    let stage = Stage::open(media, time(86_400, 24.0), vec![pictures, sound], |_| ());
    let plan = stage.plan(&PlanOptions::default());
    let deliver = |backend: &dyn Fn(Delivery) -> Report, name: &str| {
        let delivery = Delivery::new(stage.media.path("out/x").with_file_name(name));
        let report = backend(delivery.preset(preset("prores-lt").with_audio(AudioDelivery::Both)));
        assert!(report.succeeded(), "{report:#?}");
        let mut wav = std::fs::read(report.folder.join("a.wav")).expect("a WAV file");
        assert!(wav.len() > 48_000, "{} bytes", wav.len());
        // The date and the time of writing, behind description, originator and reference (EBU Tech 3285).
        let bext = wav.windows(4).position(|id| id == b"bext").expect("a bext chunk") + 8;
        wav[bext + 320..bext + 338].fill(0);
        (wav, samples_of(&report.folder.join("a.mov")))
    };
    let resolve = ResolveBackend::new(stage.options());
    let graded = deliver(
        &|delivery| Conflation::new(resolve.clone(), delivery).run(&plan, &NoObserver).expect("a run"),
        "graded",
    );
    let plain = deliver(
        &|delivery| Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run"),
        "plain",
    );
    assert!(graded == plain, "the sound is another one");
    let settings = &stage.fake.calls_of("Project.SetRenderSettings")[0]["arguments"][0];
    assert_eq!((&settings["ExportAudio"], &settings["ExportVideo"]), (&json!(false), &json!(true)));
}

/// The samples of a movie's sound.
fn samples_of(path: &Path) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(path).args(["-map", "0:a", "-f", "s32le", "-"]);
    let samples = command.output().expect("the tests need ffmpeg").stdout;
    assert!(!samples.is_empty(), "{} has sound", path.display());
    samples
}

#[test]
fn representations_are_made_of_graded_shots() {
    let stage = Stage::usual(|_| ());
    let plan = stage.plan(&PlanOptions::default());
    let poster = Representation::by_name("poster").expect("a representation");
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let delivery = Delivery::new(&folder).representation(poster);
    let report =
        Conflation::new(ResolveBackend::new(stage.options()), delivery).run(&plan, &NoObserver).expect("a run");
    for shot in &report.shots {
        let [poster] = shot.representations.as_slice() else { panic!("one representation: {shot:#?}") };
        let picture = samples(&folder.join(&poster.output.path), None, "rgb24");
        let [red, blue] =
            [0, 2].map(|channel| mean(&picture.iter().copied().skip(channel).step_by(3).collect::<Vec<u8>>()));
        near(blue / red, WARM.1, 0.08, &shot.shot);
    }
}

#[test]
fn progress_is_told_while_resolve_renders() {
    struct Shares(Mutex<Vec<f64>>);
    impl Observer for Shares {
        fn preparing(&self, share: f64) {
            self.0.lock().expect("nobody panics").push(share);
        }
    }
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"pace": 0.01}}));
    let options = stage.with(|options| options.scope = Scope::PerShot);
    let shares = Shares(Mutex::default());
    let delivery = Delivery::new(stage.media.path("out/x").parent().expect("a folder"));
    Conflation::new(ResolveBackend::new(options), delivery).run(&stage.plan(&handles(1)), &shares).expect("a run");
    let shares = shares.0.into_inner().expect("nobody panics");
    assert!(shares.len() > 2 && shares.is_sorted(), "{shares:?}");
    assert_eq!((shares.first(), shares.last()), (Some(&0.0), Some(&1.0)));
}

#[test]
fn drop_frame_is_a_matter_of_names() {
    let rate = 30_000.0 / 1001.0;
    // An hour in frames, and the frame that drop-frame calls one hour.
    for (start, timecode, shown) in [(108_000, "01:00:00:00", "29.97"), (107_892, "01:00:00;00", "29.97 DF")] {
        let mut media = Media::new();
        let a = media.numbered("a.mov", 20, "30000/1001", PRORES);
        let clips = [clip("a", file(&a, range(0, 20, rate)), range(3, 12, rate))];
        let change = |state: &mut serde_json::Value| {
            state["project"]["timelines"][0]["rate"] = json!(shown);
            state["project"]["timelines"][0]["start"] = json!(timecode);
        };
        let stage = Stage::open(media, time(start, rate), vec![track("V1", clips)], change);
        // A plan takes 29.97 for non-drop where nothing says otherwise.
        let run = stage.check(stage.options(), &handles(0), "prores-lt", WARM);
        let told = run.report.warnings.iter().any(|warning| warning.message.contains("drop-frame"));
        assert_eq!(told, shown == "29.97 DF", "{shown}: {:?}", run.report.warnings);
    }
}
