//! Representations of a file by itself.

use std::path::Path;

use otio_conflate::backend::Control;
use otio_conflate::deliver::{Representation, TranscodeOptions, Transcoded, transcode};
use otio_conflate::{CancelToken, ErrorKind, NoObserver, Result};
use serde_json::json;

use crate::common::ffprobe;
use crate::made::*;
use crate::support::*;

fn run(path: &Path, wanted: &[Representation], folder: &Path, options: &TranscodeOptions) -> Result<Transcoded> {
    transcode(path, wanted, folder, options, &Control { observer: &NoObserver, cancel: &CancelToken::new() })
}

#[test]
fn every_frame_of_a_file_comes_out() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    for (name, arguments) in [
        ("gop.mp4", "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -g 12 -timecode 10:00:00:00"),
        ("intra.mov", "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -timecode 10:00:00:00"),
        ("full.mov", "-c:v mjpeg -q:v 2 -timecode 10:00:00:00"),
    ] {
        let path = media.numbered(name, 30, "24", arguments);
        let expected: Vec<_> = (0..30).map(|index| Some(media.number(&path, index))).collect();
        let wanted = ["ffv1", "h264", "png", "poster", "proxy-half"].map(named);
        let made = run(&path, &wanted, out.path(), &TranscodeOptions::default()).expect("a transcode");
        assert_eq!((made.frame_count, &made.warnings), (30, &Vec::new()), "{name}");
        for (index, made) in made.representations.iter().enumerate() {
            let file = out.path().join(&made.output.path);
            let size = if made.name == "proxy-half" { (128, 80) } else { SIZE };
            let numbers = numbers_of(&file, (made.name == "png").then_some(1001), size);
            let expected = if made.name == "poster" { &expected[14..15] } else { &expected };
            assert_eq!(numbers, expected, "{name} to {}", wanted[index].name);
            assert!(made.output.encoder.is_some(), "{name} to {}", wanted[index].name);
            let size = (u32::try_from(size.0).expect("small"), u32::try_from(size.1).expect("small"));
            assert_eq!(made.output.size, Some(size), "{name} to {}", wanted[index].name);
            let stream = ffprobe(Path::new(&file.to_string_lossy().replace("%04d", "1001")))["streams"][0].clone();
            assert_eq!(
                made.output.pixel_format.as_deref(),
                stream["pix_fmt"].as_str(),
                "{name} to {}",
                wanted[index].name
            );
            assert_eq!(made.output.codec.as_deref(), stream["codec_name"].as_str(), "{name} to {}", wanted[index].name);
        }
        let stem = name.split('.').next().expect("a name");
        let file = out.path().join(format!("{stem}_h264.mp4"));
        assert_eq!(ffprobe(&file)["streams"][0]["tags"]["timecode"], json!("10:00:00:00"), "{name}");
    }
}

#[test]
fn numbered_frames_are_read_as_one_file() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    for ending in ["png", "exr"] {
        let format = if ending == "exr" { "-pix_fmt gbrpf32le" } else { "" };
        let path = media.numbered(&format!("f/a.%04d.{ending}"), 8, "24", &format!("{format} -start_number 1042"));
        let mut options = TranscodeOptions::default();
        options.overwrite = true;
        options.rate = Some(otio_conflate::time::Rate::FPS_25);
        let made = run(&path, &[named("h264"), named("png")], out.path(), &options).expect("a transcode");
        assert_eq!(made.frame_count, 8);
        let expected: Vec<_> = (0..8).map(|index| Some(media.number(&path, index))).collect();
        let movie = out.path().join("a_h264.mp4");
        assert_eq!(numbers_of(&movie, None, SIZE), expected, "{ending}");
        let video = &ffprobe(&movie)["streams"][0];
        assert_eq!(video["r_frame_rate"], json!("25/1"));
        assert_eq!(video["tags"]["timecode"], json!("00:00:41:17"), "the number of the first frame");
        assert_eq!(numbers_of(&out.path().join("a_png/a_png.%04d.png"), Some(1042), SIZE), expected, "{ending}");
        std::fs::remove_file(numbered(&path, 1045)).expect("a hole");
        let error = run(&path, &[named("h264")], out.path(), &options).expect_err("a hole");
        assert!(error.kind() == ErrorKind::MediaMissing && format!("{error:#}").contains("1045"), "{error:#}");
    }
}

#[test]
fn a_file_without_a_constant_rate_is_read_by_time() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    // Of 24 frames a second, the second half of every other one is left out.
    let every = "-vf select='lt(n,12)+not(mod(n,2))' -fps_mode vfr -c:v libx264 -preset veryfast -pix_fmt yuv420p";
    let path = media.numbered("v.mp4", 24, "24", every);
    let mut options = TranscodeOptions::default();
    options.rate = Some(otio_conflate::time::Rate::FPS_24);
    let made = run(&path, &[named("ffv1")], out.path(), &options).expect("a transcode");
    let shown = |index: u16| if index < 12 { index } else { index / 2 * 2 };
    let numbers = numbers_of(&out.path().join("v_ffv1.mkv"), None, SIZE);
    let expected: Vec<_> = (0..23).map(|index| Some(media.number(&path, shown(index)))).collect();
    assert_eq!(numbers, expected);
    assert!(made.warnings.iter().any(|warning| warning.contains("variable frame rate")), "{:?}", made.warnings);
}

#[test]
fn pictures_stand_upright_with_square_pixels() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    let squeezed = media.numbered("wide.mov", 3, "24", &format!("{PRORES} -aspect 16:5"));
    let made = run(&squeezed, &[named("h264"), named("prores")], out.path(), &TranscodeOptions::default());
    made.expect("a transcode");
    let file = |name: &str| out.path().join(name);
    assert_eq!(numbers_of(&file("wide_h264.mp4"), None, (512, 160)).len(), 3);
    assert_eq!(ffprobe(&file("wide_h264.mp4"))["streams"][0]["sample_aspect_ratio"], json!("1:1"));
    assert_eq!(ffprobe(&file("wide_prores.mov"))["streams"][0]["sample_aspect_ratio"], json!("2:1"));
}

#[test]
fn nothing_is_replaced_that_should_stay() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    let path = media.numbered("a.mov", 3, "24", PRORES);
    let mut options = TranscodeOptions::default();
    let poster = [named("poster"), named("h264")];
    run(&path, &poster, out.path(), &options).expect("a transcode");
    let before = files(out.path());
    assert_eq!(before, ["a_h264.mp4", "a_poster.jpg", "manifest.json"]);
    std::fs::remove_file(out.path().join("a_h264.mp4")).expect("it was made");
    let error = run(&path, &poster, out.path(), &options).expect_err("one is there");
    assert!(error.kind() == ErrorKind::Exists && format!("{error:#}").contains("a_poster.jpg"), "{error:#}");
    assert_eq!(files(out.path()), ["a_poster.jpg", "manifest.json"], "nothing was made");
    options.overwrite = true;
    run(&path, &poster, out.path(), &options).expect("replaced");
    assert_eq!(files(out.path()), before);
    // The file itself never is.
    let own = out.path().join("a_h264.mp4");
    options.name = Some("a".to_owned());
    let error = run(&own, &poster, out.path(), &options).expect_err("it would be read and written");
    assert!(error.kind() == ErrorKind::Exists && format!("{error:#}").contains("is the input"), "{error:#}");
    assert_eq!(numbers_of(&own, None, SIZE).len(), 3);
}

#[test]
fn a_file_that_breaks_off_leaves_nothing() {
    let mut media = Media::new();
    let out = tempfile::tempdir().expect("a folder");
    let whole = media.numbered("a.mov", 20, "24", PRORES);
    let data = std::fs::read(&whole).expect("it was made");
    let mdat = data.windows(4).position(|name| name == b"mdat").expect("a movie");
    let mut damaged = data.clone();
    damaged[mdat + 4 + (data.len() - mdat) / 2..mdat + (data.len() - mdat) * 3 / 4].fill(0);
    let path = media.path("b.mov");
    std::fs::write(&path, damaged).expect("a file");
    let wanted = [named("h264"), named("poster"), named("png")];
    let error = run(&path, &wanted, out.path(), &TranscodeOptions::default()).expect_err("it is damaged");
    assert_eq!(error.kind(), ErrorKind::Decode, "{error:#}");
    assert_eq!(error.place().file.as_deref(), Some(path.as_path()));
    assert_eq!(files(out.path()), Vec::<String>::new());
    for missing in ["/nowhere/a.mov", "/nowhere/a.%04d.png"] {
        let error = run(Path::new(missing), &wanted, out.path(), &TranscodeOptions::default()).expect_err("not there");
        assert_eq!(error.kind(), ErrorKind::MediaMissing, "{error:#}");
    }
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = Control { observer: &NoObserver, cancel: &cancel };
    let error = transcode(&whole, &wanted, out.path(), &TranscodeOptions::default(), &control).expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(files(out.path()), Vec::<String>::new());
}
