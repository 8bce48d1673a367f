//! Backends that render and no more: representations are made from what they rendered.

use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::{Conflation, Delivery, NoObserver, Status};
use serde_json::{Value, json};

use crate::common::{ffmpeg, samples};
use crate::made::*;
use crate::plain::Plain;
use crate::support::*;

#[test]
fn what_cannot_be_made_is_refused_before_they_render() {
    let cut = cut(3, "0", PRORES);
    let out = tempfile::tempdir().expect("a folder");
    let mut delivery = Delivery::new(out.path().join("out"));
    delivery.representations = vec![representation(json!({"name": "a", "preset": {"base": "h264", "muxer": "webm"}}))];
    let run = Conflation::new(Plain(FfmpegBackend::new()), delivery).run(&cut.plan, &NoObserver);
    let error = run.expect_err("WebM holds no H.264");
    assert!(error.kind() == otio_conflate::ErrorKind::Option && format!("{error:#}").contains("webm"), "{error:#}");
    assert!(!out.path().join("out").exists());
}

#[test]
fn they_are_the_same_as_those_made_while_rendering() {
    let folder = tempfile::tempdir().expect("a folder");
    let wav = folder.path().join("tone.wav");
    let tone = "sine=frequency=440:sample_rate=48000:duration=3";
    ffmpeg(&["-f", "lavfi", "-i", tone, wav.to_str().expect("plain")], None);
    let mut media = Media::new();
    let path = media.numbered("m.mov", 60, "24", &format!("{PRORES} -timecode 10:00:00:00"));
    let picture = clip("c", file(&path, Value::Null), range(864_010, 9, 24.0));
    let mut sound = track("A1", [clip("s", file(&wav, Value::Null), range(0, 9, 24.0))]);
    sound["kind"] = json!("Audio");
    let handles = options(|options| {
        options.handles = "2:1".parse().expect("handles");
        options.handle_mode = "source".parse().expect("a mode");
    });
    let cut = plan(&timeline([track("V1", [picture]), sound]), &handles).expect("a plan");
    let text = "{shot} {frame} {timecode} {media} {source_frame} {source_timecode}";
    let told = |name: &str, preset: &str| {
        representation(json!({"name": name, "preset": preset, "burn_ins": [{"text": text, "size": 0.08}]}))
    };
    let sheet = representation(json!({"name": "sheet", "preset": "png", "size": {"width": 64},
        "content": {"contact_sheet": {"columns": 2, "rows": 2}}}));
    let bare = representation(json!({"name": "bare", "preset": "prores-lt", "handles": false}));
    let wanted = vec![told("movie", "ffv1"), told("frames", "png"), named("poster"), sheet, bare];
    for preset_name in ["ffv1", "png"] {
        let made = make(&cut, preset_name, wanted.clone());
        let out = tempfile::tempdir().expect("a folder");
        let mut delivery = Delivery::new(out.path()).preset(preset(preset_name));
        delivery.representations.clone_from(&wanted);
        let report = Conflation::new(Plain(FfmpegBackend::new()), delivery).run(&cut, &NoObserver).expect("a run");
        let shot = &report.shots[0];
        assert_eq!(shot.status, Status::Done, "{:#?}", shot.error);
        for other in &shot.representations {
            let first = other.output.path.contains('%').then_some(999);
            let pixels = |path: &std::path::Path| samples(path, first, "rgb24");
            let (one, two) = (made.path("c", &other.name), report.folder.join(&other.output.path));
            assert!(pixels(&one) == pixels(&two), "{} beside {preset_name}", other.name);
            let known = made.report.shots[0].representations.iter().find(|made| made.name == other.name);
            let encoder = known.and_then(|known| known.output.encoder.clone());
            assert!(encoder.is_some() && encoder == other.output.encoder, "{}: {encoder:?}", other.name);
        }
        let movie = report.folder.join("c_movie.mkv");
        let streams = crate::common::ffprobe(&movie)["streams"].as_array().expect("streams").len();
        assert_eq!(streams, if preset_name == "png" { 1 } else { 2 }, "numbered frames have no sound to pass on");
    }
}
