//! Movies and sequences that are encoded while a shot is rendered. R13.

use std::path::Path;
use std::process::Command;

use otio_conflate::Report;
use serde_json::{Value, json};

use crate::common::{ffmpeg, ffprobe};
use crate::made::*;
use crate::support::*;

#[test]
fn every_representation_shows_the_frames_of_the_render() {
    let cut = cut(14, "3:2", "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -timecode 10:00:00:00");
    let expected = cut.numbers(7, 19);
    let all =
        ["h264", "hevc", "vp9", "prores", "dnxhr-lb", "ffv1", "mjpeg", "png", "jpg", "proxy-half", "proxy-quarter"];
    let made = make(&cut.plan, "prores-lt", all.map(named).into());
    for name in all {
        let path = made.path("c", name);
        let size = match name {
            "proxy-half" => (128, 80),
            "proxy-quarter" => (64, 40),
            _ => SIZE,
        };
        let first = ["png", "jpg"].contains(&name).then_some(998);
        assert_eq!(numbers_of(&path, first, size), expected, "{name}");
        if first.is_none() {
            let probed = ffprobe(&path);
            let video = &probed["streams"][0];
            assert_eq!(video["nb_read_frames"], json!("19"), "{name}");
            assert_eq!(video["r_frame_rate"], json!("24/1"), "{name}");
            let timecode =
                [&video["tags"]["timecode"], &video["tags"]["TIMECODE"], &probed["format"]["tags"]["timecode"]];
            assert!(timecode.contains(&&json!("00:59:59:21")), "{name}: {probed:#}");
        }
    }
}

#[test]
fn the_manifest_names_the_encoder_of_every_representation() {
    let cut = cut(3, "0", PRORES);
    let theirs = representation(json!({"name": "theirs", "preset": {"base": "prores-lt", "encoder": "ffmpeg"}}));
    let wanted = vec![named("ffv1"), named("prores"), named("poster"), named("contact-sheet"), named("jpg"), theirs];
    let made = make(&cut.plan, "prores-proxy", wanted);
    let manifest = Report::open(made.report.folder.join("manifest.json")).expect("a manifest");
    let shot = &manifest.shots[0];
    let copied = shot.output.as_ref().expect("a movie");
    assert_eq!(copied.encoder, None, "its packets are those of the medium");
    let encoders: Vec<_> = shot.representations.iter().map(|made| made.output.encoder.as_deref()).collect();
    let mjpeg = Some("mjpeg");
    assert_eq!(encoders[..5], [Some("ffv1"), Some("otio-conflate-prores"), mjpeg, mjpeg, mjpeg]);
    assert!(encoders[5].is_some_and(|name| name.starts_with("prores")), "{encoders:?}");
    // What it says of pictures is what is in the files.
    for made in &shot.representations {
        let path = manifest.folder.join(made.output.path.replace("%04d", "1001"));
        let stream = ffprobe(&path)["streams"][0].clone();
        let text = |key: &str| stream[key].as_str().map(str::to_owned);
        let size = [&stream["width"], &stream["height"]];
        assert_eq!(made.output.pixel_format, text("pix_fmt"), "{}", made.name);
        assert_eq!(made.output.codec, text("codec_name"), "{}", made.name);
        let (width, height) = made.output.size.expect("a size");
        assert_eq!(size, [&json!(width), &json!(height)], "{}", made.name);
    }
}

#[test]
fn handles_can_be_left_out() {
    let cut = cut(14, "3:2", PRORES);
    let without = |name: &str, preset: &str| representation(json!({"name": name, "preset": preset, "handles": false}));
    let slow = representation(json!({"name": "slow", "preset": "h264", "handles": false, "rate": 12,
        "burn_ins": [{"text": "{frame}"}]}));
    let made = make(&cut.plan, "prores-lt", vec![without("movie", "h264"), without("frames", "png"), slow]);
    let expected = cut.numbers(10, 14);
    assert_eq!(numbers_of(&made.path("c", "movie"), None, SIZE), expected);
    assert_eq!(ffprobe(&made.path("c", "movie"))["streams"][0]["tags"]["timecode"], json!("01:00:00:00"));
    assert_eq!(numbers_of(&made.path("c", "frames"), Some(1001), SIZE), expected);
    let halved: Vec<_> = expected.iter().step_by(2).copied().collect();
    // The text hides a part of the first blocks, not their middle.
    assert_eq!(numbers_of(&made.path("c", "slow"), None, SIZE), halved);
}

/// The names of the boxes at the top of an MP4 file, in order.
fn boxes(path: &Path) -> Vec<String> {
    let data = std::fs::read(path).expect("it is there");
    let (mut at, mut names) = (0, Vec::new());
    while at + 8 <= data.len() {
        let size = u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes")) as usize;
        names.push(String::from_utf8_lossy(&data[at + 4..at + 8]).into_owned());
        at += size.max(8);
    }
    names
}

/// What ffprobe says about every packet of the picture, in the order they are stored in.
fn packets(path: &Path) -> Vec<Value> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_packets", "-of", "json"])
        .arg(path)
        .output()
        .expect("the tests need the ffprobe command line tool");
    let all: Value = serde_json::from_slice(&output.stdout).expect("ffprobe writes JSON");
    all["packets"].as_array().expect("packets").clone()
}

#[test]
fn web_movies_start_at_once_and_can_be_entered_at_every_keyframe() {
    let mut media = Media::new();
    let path = media.numbered("m.mov", 60, "24", PRORES);
    let clip = clip("c", file(&path, range(0, 60, 24.0)), range(0, 60, 24.0));
    let odd = options(|options| options.canvas.size = Some((257, 161)));
    let plan = plan(&timeline([track("V1", [clip])]), &odd).expect("a plan");
    let made = make(&plan, "ffv1", ["h264", "hevc", "vp9"].map(named).into());
    for (name, tag) in [("h264", "avc1"), ("hevc", "hvc1"), ("vp9", "[0][0][0][0]")] {
        let path = made.path("c", name);
        let video = &ffprobe(&path)["streams"][0];
        assert_eq!(video["pix_fmt"], json!("yuv420p"), "{name}");
        assert_eq!((&video["width"], &video["height"]), (&json!(256), &json!(160)), "{name}: even sides");
        assert_eq!(video["sample_aspect_ratio"], json!("1:1"), "{name}");
        assert_eq!(video["codec_tag_string"], json!(tag), "{name}");
        assert_eq!(video["color_space"], json!("smpte170m"), "{name}: the canvas's");
        if name != "vp9" {
            let boxes = boxes(&path);
            let place = |wanted: &str| boxes.iter().position(|name| name == wanted).expect(wanted);
            assert!(place("moov") < place("mdat"), "{name}: {boxes:?}");
        }
        let (mut keys, mut entered) = (0, i64::MIN);
        for packet in packets(&path) {
            let pts = packet["pts"].as_i64().expect("a time");
            if packet["flags"].as_str().expect("flags").starts_with('K') {
                (keys, entered) = (keys + 1, pts);
            }
            assert!(pts >= entered, "{name}: {packet} is shown before the keyframe it follows");
        }
        assert!(keys >= 3, "{name}: {keys} keyframes in 60 frames");
    }
}

#[test]
fn copied_shots_have_representations_too() {
    let cut = cut(12, "0", PRORES);
    let made = make(&cut.plan, "prores-proxy", ["h264", "poster", "proxy-half"].map(named).into());
    let shot = &made.report.shots[0];
    let path = made.report.folder.join(&shot.output.as_ref().expect("a movie").path);
    let bytes = |path: &Path| packets(path).iter().map(|packet| packet["size"].clone()).collect::<Vec<_>>();
    assert_eq!(bytes(&path), bytes(&cut.path)[10..22], "its packets are those of the medium");
    assert_eq!(numbers_of(&made.path("c", "h264"), None, SIZE), cut.numbers(10, 12));
    assert_eq!(numbers_of(&made.path("c", "proxy-half"), None, (128, 80)), cut.numbers(10, 12));
    assert_eq!(numbers_of(&made.path("c", "poster"), None, SIZE), cut.numbers(15, 1));
}

#[test]
fn another_rate_shows_what_is_on_screen_then() {
    let cut = cut(25, "0", PRORES);
    let at = |name: &str, rate: f64| representation(json!({"name": name, "preset": "h264", "rate": rate}));
    let rates = [("12", 12.0), ("25", 25.0), ("48", 48.0), ("ntsc", 29.97)];
    let mut wanted: Vec<_> = rates.iter().map(|(name, rate)| at(name, *rate)).collect();
    wanted.push(representation(json!({"name": "frames", "preset": "png", "rate": 12})));
    let made = make(&cut.plan, "prores-lt", wanted);
    for (name, rate) in rates {
        // Frame k is the one that is on screen at k / rate.
        let exact = if name == "ntsc" { 30_000.0 / 1001.0 } else { rate };
        let frames = (0..100u16).map(|k| f64::from(k) / exact * 24.0 + 1e-6).take_while(|&at| at < 25.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 25")]
        let expected: Vec<_> = frames.map(|at| Some(cut.media.number(&cut.path, 10 + at as u16))).collect();
        let path = made.path("c", name);
        assert_eq!(numbers_of(&path, None, SIZE), expected, "{name}");
        assert_eq!(ffprobe(&path)["streams"][0]["tags"]["timecode"], json!("01:00:00:00"), "{name}");
    }
    assert_eq!(numbers_of(&made.path("c", "frames"), Some(1001), SIZE).len(), 13);
}

#[test]
fn sound_goes_along_and_keeps_its_length() {
    let folder = tempfile::tempdir().expect("a folder");
    let wav = folder.path().join("tone.wav");
    ffmpeg(
        &["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=3", wav.to_str().expect("plain")],
        None,
    );
    let mut media = Media::new();
    let path = media.numbered("m.mov", 60, "24", PRORES);
    let picture = clip("c", file(&path, range(0, 60, 24.0)), range(10, 25, 24.0));
    let mut sound = track("A1", [clip("s", file(&wav, Value::Null), range(0, 25, 24.0))]);
    sound["kind"] = json!("Audio");
    let cut = plan(&timeline([track("V1", [picture]), sound]), &options(|_| ())).expect("a plan");
    let mute = representation(json!({"name": "mute", "preset": "h264", "audio": false}));
    let slow = representation(json!({"name": "slow", "preset": "h264", "rate": 12}));
    let mut wanted: Vec<_> = ["h264", "vp9", "proxy-half", "png", "poster"].map(named).into();
    wanted.extend([mute, slow]);
    // The intermediate's own sound does not matter.
    for (preset, wanted) in [("png", wanted), ("prores-lt", vec![named("proxy-half")])] {
        let made = make(&cut, preset, wanted.clone());
        let codecs = [("h264", "aac"), ("slow", "aac"), ("vp9", "opus"), ("proxy-half", "pcm_s24le")];
        for (name, codec) in codecs.into_iter().filter(|(name, _)| wanted.iter().any(|other| other.name == *name)) {
            let probed = ffprobe(&made.path("c", name));
            let streams = probed["streams"].as_array().expect("streams");
            let heard = streams.iter().find(|stream| stream["codec_type"] == json!("audio")).expect("sound");
            assert_eq!(heard["codec_name"], json!(codec), "{name}");
            if name != "vp9" {
                let seconds: f64 = heard["duration"].as_str().expect("a length").parse().expect("a number");
                near(seconds, 25.0 / 24.0, 0.0011, name);
            }
        }
        if wanted.iter().any(|other| other.name == "mute") {
            let streams = ffprobe(&made.path("c", "mute"))["streams"].clone();
            assert!(streams.as_array().expect("streams").iter().all(|stream| stream["codec_type"] != json!("audio")));
        }
    }
}
