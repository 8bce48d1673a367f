//! What is missing, broken or too short. R10, R15.

use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::plan::{MissingPolicy, OverrunPolicy, PlanOptions};
use otio_conflate::{Conflation, Delivery, ErrorKind, NoObserver, Status};
use serde_json::{Value, json};

use crate::common::ffmpeg;
use crate::support::*;

const X264: &str = "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 2 -g 12";

fn part(name: &str, path: &Path, start: i64, frames: i64) -> Value {
    clip(name, file(path, range(0, 30, 24.0)), range(start, frames, 24.0))
}

fn missing(policy: MissingPolicy) -> PlanOptions {
    options(|options| options.media_missing = policy)
}

#[test]
fn missing_media_are_all_listed_and_nothing_is_written() {
    let mut media = Media::new();
    let there = media.numbered("a.mp4", 30, "24", X264);
    let exr = media.path("frames/f.%04d.exr");
    let cut = timeline([track(
        "V1",
        [
            part("a", &there, 0, 4),
            part("b", Path::new("/nowhere/one.mov"), 0, 4),
            part("c", Path::new("/nowhere/two.mov"), 0, 4),
            clip("d", sequence(&exr, 1, range(0, 30, 24.0), "error"), range(0, 4, 24.0)),
            clip("e", json!({"OTIO_SCHEMA": "MissingReference.1"}), range(0, 4, 24.0)),
        ],
    )]);
    let plan = plan(&cut, &options(|_| ())).expect("a plan");
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = Delivery::new(folder.path().join("out"));
    let error = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect_err("media are missing");
    assert_eq!(error.kind(), ErrorKind::MediaMissing);
    let text = format!("{error:#}");
    for part in ["/nowhere/one.mov", "/nowhere/two.mov", "f.%04d.exr", "\"b\"", "\"e\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("a.mp4"), "{text}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn media_on_the_network_is_refused_by_name() {
    let reference = external("http://example.com/x.mov", range(0, 30, 24));
    let cut = timeline([track("V1", [clip("f", reference, range(0, 4, 24.0))])]);
    let error = try_run(&cut, &options(|_| ()), "prores-lt").err().expect("refused");
    assert_eq!((error.kind(), error.place().clip.as_deref()), (ErrorKind::Location, Some("f")));
    assert!(format!("{error:#}").contains("http://example.com/x.mov"), "{error:#}");
}

#[test]
fn black_and_cards_take_the_place_of_missing_media() {
    let mut media = Media::new();
    let there = media.numbered("a.mp4", 30, "24", X264);
    let gone = PathBuf::from("/nowhere/one.mov");
    let cut = timeline([track("V1", [part("a", &there, 3, 4), part("gone", &gone, 0, 4), part("z", &there, 9, 4)])]);
    for preset in ["prores-lt", "h264", "exr"] {
        let black = run(&cut, &missing(MissingPolicy::Black), preset);
        for frame in black.samples("gone", "gray") {
            assert!(frame.iter().all(|&sample| sample <= 1), "{preset}: black");
        }
        let card = run(&cut, &missing(MissingPolicy::Slate), preset);
        for frame in card.samples("gone", "gray") {
            let bright = frame.iter().filter(|&&sample| sample > 120).count();
            assert!(bright > 100 && bright < frame.len(), "{preset}: {bright} bright pixels are no writing");
        }
        for run in [&black, &card] {
            let numbers =
                |range: std::ops::Range<u16>| range.map(|n| Some(media.number(&there, n))).collect::<Vec<_>>();
            assert_eq!((run.numbers("a"), run.numbers("z")), (numbers(3..7), numbers(9..13)));
            let warned = run.report.warnings.iter().any(|warning| warning.message.contains("/nowhere/one.mov"));
            assert!(warned, "{:?}", run.report.warnings);
        }
    }
    // Two cards that name different clips differ.
    let cut = timeline([track("V1", [part("one", &gone, 0, 1), part("two", &gone, 0, 1)])]);
    let run = run(&cut, &missing(MissingPolicy::Slate), "png");
    assert_eq!((run.report.canvas.width, run.report.canvas.height), (1920, 1080));
    assert!(run.samples("one", "gray")[0] != run.samples("two", "gray")[0]);
}

#[test]
fn missing_media_that_nobody_sees_stops_nothing() {
    let mut media = Media::new();
    let there = media.numbered("a.mp4", 30, "24", X264);
    let gone = PathBuf::from("/nowhere/one.mov");
    let cut = timeline([track("V1", [part("gone", &gone, 0, 4)]), track("V2", [part("a", &there, 3, 4)])]);
    let hidden = run(&cut, &options(|_| ()), "prores-lt");
    hidden.check(&media, 0);
    // But not where the upper clip leaves a frame of it bare.
    let cut = timeline([track("V1", [part("gone", &gone, 0, 5)]), track("V2", [part("a", &there, 3, 4)])]);
    let error = try_run(&cut, &options(|_| ()), "prores-lt").err().expect("one frame is bare");
    assert_eq!(error.kind(), ErrorKind::MediaMissing);
}

#[test]
fn missing_media_whose_weight_is_zero_in_every_frame_stops_nothing() {
    let mut media = Media::new();
    let there = media.numbered("a.mp4", 30, "24", X264);
    let gone = || part("b", Path::new("/nowhere/gone.mov"), 10, 8);
    let shown = |first: u16, last: u16| (first..=last).map(|n| Some(media.number(&there, n))).collect::<Vec<_>>();
    let dip = json!({"OTIO_SCHEMA": "Transition.1", "transition_type": "Dip to Color", "in_offset": time(2, 24.0),
        "out_offset": time(2, 24.0), "metadata": {"color": [0.0, 0.0, 0.0, 1.0]}});
    // The shot ends on the frame at which a dissolve shows nothing of the incoming clip yet, or a dip its colour alone.
    for (transition, frames, seen) in [(dissolve(1, 3), 8, shown(0, 7)), (dip, 9, shown(0, 6))] {
        let cut = timeline([track("V1", [part("a", &there, 0, 8), transition, gone()])]);
        for preset in ["prores-lt", "exr"] {
            let run = run(&cut, &whole(frames), preset);
            assert_eq!(run.numbers("cut")[..seen.len()], seen, "{preset}");
            assert_eq!(run.rows("cut")[7].layers.len(), 1, "the plan lists what is visible");
        }
        let error = try_run(&cut, &whole(frames + 1), "prores-lt").err().expect("now something of it is visible");
        assert!(format!("{error:#}").contains("/nowhere/gone.mov"), "{error:#}");
    }
    // Opacities that move count frame by frame: full over what is missing, or nothing of what is missing.
    let keyed = |clip: Value, from: f64, to: f64| {
        let keys = json!({"0": {"Value": from}, "4": {"Value": from}, "5": {"Value": to}});
        let mut effect = resolve("Composite", &[("opacity", json!(from))]);
        effect["metadata"]["Resolve_OTIO"]["Parameters"][0]["Key Frames"] = keys;
        with_effects(clip, [effect])
    };
    let over = timeline([track("V1", [gone()]), track("V2", [keyed(part("a", &there, 0, 8), 100.0, 50.0)])]);
    let under = timeline([track("V1", [part("a", &there, 0, 8)]), track("V2", [keyed(gone(), 0.0, 50.0)])]);
    for cut in [over, under] {
        for preset in ["prores-lt", "exr"] {
            assert_eq!(run(&cut, &whole(5), preset).numbers("cut"), shown(0, 4), "{preset}");
            let error = try_run(&cut, &whole(6), preset).err().expect("now something of it is visible");
            assert_eq!(error.kind(), ErrorKind::MediaMissing);
        }
    }
}

#[test]
fn missing_media_counts_where_something_of_it_is_seen() {
    let mut media = Media::new();
    let there = media.numbered("a.mp4", 30, "24", X264);
    let gone = |name: &str, file: &str| part(name, Path::new(file), 0, 4);
    let opacity = |percent: f64| resolve("Composite", &[("opacity", json!(percent))]);
    let small = resolve("Transform", &[("transformationZoomX", json!(0.5))]);
    let over = |effects: Vec<Value>, below: Value| {
        let top = with_effects(part("a", &there, 3, 4), effects);
        timeline([track("V1", [below]), track("V2", [top])])
    };
    let below = || gone("g", "/nowhere/below.mov");
    assert!(try_run(&over(vec![], below()), &options(|_| ()), "png").is_ok());
    for effects in [
        vec![opacity(50.0)],
        vec![opacity(0.0)],
        vec![small],
        vec![resolve("Composite", &[("composite mode", json!(1))])],
    ] {
        let error = try_run(&over(effects, below()), &options(|_| ()), "png").err().expect("it is seen through");
        assert!(format!("{error:#}").contains("/nowhere/below.mov"), "{error:#}");
    }
    // What is never seen may be missing; all that is seen is in one list, however deep, each once.
    let hidden = with_effects(gone("h", "/nowhere/hidden.mov"), [opacity(0.0)]);
    let cut = timeline([track("V1", [part("a", &there, 3, 4)]), track("V2", [hidden])]);
    assert!(try_run(&cut, &options(|_| ()), "png").is_ok());
    let nest = stack([track("n", [gone("x", "/nowhere/x.mov"), dissolve(2, 1), gone("y", "/nowhere/y.mov")])]);
    let cut = timeline([
        track("V1", [gone("x", "/nowhere/x.mov"), nest]),
        track("V2", [gap(8), gone("z", "/nowhere/z.mov")]),
    ]);
    let error = try_run(&cut, &whole(12), "png").err().expect("three are missing").to_string();
    assert!(error.starts_with("3 media are missing"), "{error:#}");
    for name in ["x", "y", "z"] {
        assert_eq!(error.matches(&format!("/nowhere/{name}.mov")).count(), 1, "{error:#}");
    }
    // A card, or black, is cropped and moved like the picture it stands for.
    let half = resolve("Cropping", &[("cropRight", json!(0.5))]);
    let cut = timeline([
        track("V1", [part("a", &there, 3, 4)]),
        track("V2", [with_effects(gone("g", "/nowhere/g.mov"), [half])]),
    ]);
    let frame = run(&cut, &missing(MissingPolicy::Black), "png").samples("a", "gray").remove(0);
    assert!(frame.chunks(256).all(|line| line[..128].iter().all(|&sample| sample == 0)));
    assert!(frame.chunks(256).any(|line| line[128..].iter().any(|&sample| sample > 100)));
}

#[test]
fn holes_in_a_sequence() {
    let mut media = Media::new();
    let path = media.numbered("f.%04d.png", 20, "24", "-start_number 1001");
    for number in [1005, 1006, 1013] {
        std::fs::remove_file(numbered(&path, number)).expect("there");
    }
    let cut = |holes: &str| {
        let part = |name: &str, start: i64| {
            clip(name, sequence(&path, 1001, range(0, 20, 24.0), holes), range(start, 4, 24.0))
        };
        timeline([track("V1", [part("a", 0), part("b", 3), part("c", 7), part("d", 12)])])
    };
    let number = |index: u16| Some(media.number(&path, index));
    for preset in ["prores-lt", "png"] {
        let failing = try_run(&cut("error"), &options(|_| ()), preset).expect("a report");
        let status = |name: &str| failing.shot(name).status;
        assert_eq!(["a", "b", "c", "d"].map(status), [Status::Done, Status::Failed, Status::Done, Status::Failed]);
        assert!(!failing.report.succeeded());
        let error = failing.shot("b").error.join("\n");
        assert!(error.contains("f.1005.png") && error.contains("\"b\""), "{error:#}");
        assert_eq!(failing.numbers("a"), [0, 1, 2, 3].map(number));
        assert!(files(&failing.report.folder).iter().all(|file| !file.contains("/b") && !file.starts_with('b')));
        let held = run(&cut("hold"), &options(|_| ()), preset);
        assert_eq!(held.numbers("b"), [3, 3, 3, 6].map(number));
        assert_eq!(held.numbers("d"), [11, 13, 14, 15].map(number), "the first frame is a hole");
        assert!(held.shot("b").warnings.iter().any(|warning| warning.contains("1005")));
        let black = run(&cut("black"), &options(|_| ()), preset);
        let frames = black.samples("b", "gray");
        assert!(frames[1..3].iter().flatten().all(|&sample| sample <= 1) && frames[3].iter().any(|&s| s > 100));
    }
}

#[test]
fn overruns_of_what_the_timeline_says_and_of_what_the_file_has() {
    let mut media = Media::new();
    for (name, coder) in [("a.mp4", X264), ("b.mov", "-c:v prores_ks -profile:v 1"), ("c.mkv", "-c:v ffv1 -g 4")] {
        let path = media.numbered(name, 20, "24", coder);
        let number = |index: u16| Some(media.number(&path, index));
        // Said: 30 frames, there are 20. And said: 20, asked for 24.
        for (said, what) in [(30, "the file is shorter"), (20, "the range is shorter")] {
            let cut = timeline([track("V1", [clip("c", file(&path, range(0, said, 24.0)), range(17, 6, 24.0))])]);
            let with = |policy| options(|options| options.overrun = policy);
            let hold = run(&cut, &with(OverrunPolicy::Hold), "prores-lt");
            assert_eq!(hold.numbers("c"), [17, 18, 19, 19, 19, 19].map(number), "{name}, {what}");
            let black = run(&cut, &with(OverrunPolicy::Black), "prores-lt");
            assert!(black.samples("c", "gray")[3..].iter().flatten().all(|&sample| sample <= 1), "{name}, {what}");
            assert_eq!(black.numbers_at("c", (0, 0), (256, 160))[..3], [17, 18, 19].map(number));
            match try_run(&cut, &with(OverrunPolicy::Error), "prores-lt") {
                Err(error) => assert_eq!((error.kind(), said), (ErrorKind::Overrun, 20)),
                Ok(run) => {
                    assert_eq!((run.shot("c").status, said), (Status::Failed, 30), "{name}, {what}");
                    assert!(run.shot("c").error.join("\n").contains(name), "{:?}", run.shot("c").error);
                }
            }
        }
    }
}

#[test]
fn a_broken_file_fails_its_own_shots_alone() {
    let mut media = Media::new();
    let good = media.numbered("a.mp4", 30, "24", X264);
    let words = media.path("words.mov");
    std::fs::write(&words, b"these are but words").expect("writes");
    let cut_off = media.numbered("cut.mov", 30, "24", "-c:v prores_ks -profile:v 3 -movflags +faststart");
    let bytes = std::fs::read(&cut_off).expect("reads");
    std::fs::write(&cut_off, &bytes[..bytes.len() / 2]).expect("writes");
    let cut = timeline([track(
        "V1",
        [
            part("a", &good, 3, 4),
            part("words", &words, 0, 4),
            part("early", &cut_off, 2, 4),
            part("late", &cut_off, 25, 4),
            part("z", &good, 20, 4),
        ],
    )]);
    for preset in ["prores-hq", "prores-lt", "h264"] {
        let options = options(|options| options.overrun = OverrunPolicy::Error);
        let run = try_run(&cut, &options, preset).expect("a report");
        let status = |name: &str| run.shot(name).status;
        let wanted = [Status::Done, Status::Failed, Status::Done, Status::Failed, Status::Done];
        assert_eq!(["a", "words", "early", "late", "z"].map(status), wanted, "{preset}: {:#?}", run.report.shots);
        assert!(!run.report.succeeded());
        for (shot, file) in [("words", "words.mov"), ("late", "cut.mov")] {
            let error = run.shot(shot).error.join("\n");
            assert!(error.contains(file) && error.contains(shot), "{preset}: {error:#}");
        }
        let numbers = |path: &Path, range: std::ops::Range<u16>| {
            range.map(|index| Some(media.number(path, index))).collect::<Vec<_>>()
        };
        assert_eq!(run.numbers("a"), numbers(&good, 3..7));
        assert_eq!(run.numbers("early"), numbers(&cut_off, 2..6));
    }
}

#[test]
fn a_broken_first_picture_of_a_sequence_fails_only_who_shows_it() {
    let mut media = Media::new();
    let path = media.numbered("f.%04d.png", 20, "24", "-start_number 1001");
    std::fs::write(numbered(&path, 1001), b"no picture").expect("writes");
    let part =
        |name: &str, start: i64| clip(name, sequence(&path, 1001, range(0, 20, 24.0), "error"), range(start, 4, 24.0));
    let cut = timeline([track("V1", [part("a", 0), part("b", 5)])]);
    let run = try_run(&cut, &options(|_| ()), "prores-lt").expect("a report");
    assert_eq!([run.shot("a").status, run.shot("b").status], [Status::Failed, Status::Done]);
    assert!(run.shot("a").error.join("\n").contains("f.1001.png"), "{:?}", run.shot("a").error);
}

#[test]
fn sound_alone_is_no_picture() {
    let mut media = Media::new();
    let good = media.numbered("a.mp4", 30, "24", X264);
    let wav = media.path("sound.wav");
    ffmpeg(&["-f", "lavfi", "-i", "sine=d=2", wav.to_str().expect("plain")], None);
    let cut = timeline([track("V1", [part("wav", &wav, 0, 4), part("a", &good, 3, 4)])]);
    let run = try_run(&cut, &options(|_| ()), "prores-lt").expect("a report");
    assert_eq!([run.shot("wav").status, run.shot("a").status], [Status::Failed, Status::Done]);
    let error = run.shot("wav").error.join("\n");
    assert!(error.contains("sound.wav") && error.contains("no picture"), "{error:#}");
    assert_eq!((run.report.canvas.width, run.report.canvas.height), (256, 160));
}
