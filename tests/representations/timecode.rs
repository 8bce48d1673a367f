//! What headers of EXR files, and movies, say: timecode and reel of the cut or of the sources, primaries.

use std::path::{Path, PathBuf};

use otio_conflate::backend::Control;
use otio_conflate::backend::ffmpeg::FfmpegBackend;
use otio_conflate::deliver::{Content, Poster, TranscodeOptions, transcode};
use otio_conflate::{CancelToken, Conflation, Delivery, NoObserver, Status};
use serde_json::json;

use crate::common::{exr_attributes, ffprobe};
use crate::made::*;
use crate::support::Media;

/// The bits of the timecode of an EXR file, and its reel.
fn label(file: &Path) -> (Option<u32>, Option<String>) {
    let all = exr_attributes(file);
    let value = |name: &str| all.iter().find(|attribute| attribute.0 == name).map(|attribute| attribute.2.clone());
    let bits = |bytes: Vec<u8>| u32::from_le_bytes(*bytes.first_chunk().expect("eight bytes"));
    (value("timeCode").map(bits), value("reelName").map(|text| String::from_utf8(text).expect("a text")))
}

#[test]
fn timecode_is_the_records_or_the_sources() {
    let of_source = |name: &str, preset: &str| {
        representation(json!({"name": name, "preset": {"base": preset, "timecode": "source"}, "handles": false}))
    };
    let coded = format!("{PRORES} -timecode 10:00:00:00 -metadata:s:v:0 reel_name=TAPE7");
    let cut = cut(4, "3:2", &coded);
    let mut still = of_source("still", "exr");
    still.content = Content::Poster(Poster::default());
    let wanted = vec![of_source("frames", "exr"), of_source("movie", "ffv1"), named("exr"), still];
    let made = make(&cut.plan, "exr", wanted);
    let shot = &made.report.shots[0];
    assert_eq!(shot.warnings, Vec::<String>::new());
    let main = made.report.folder.join("c");
    // The cut begins at an hour, three head handles before frame 10 of the medium.
    assert_eq!(label(&main.join("c.0998.exr")), (Some(0x0059_5921), None));
    assert_eq!(label(&main.join("c.1001.exr")), (Some(0x0100_0000), None));
    let frame = |name: &str, number: &str| {
        let pattern = made.path("c", name);
        PathBuf::from(pattern.to_str().expect("a plain path").replace("%04d", number))
    };
    assert_eq!(label(&frame("exr", "1000")), (Some(0x0059_5923), None));
    let reel = Some("TAPE7".to_owned());
    assert_eq!(label(&frame("frames", "1001")), (Some(0x1000_0010), reel.clone()));
    assert_eq!(label(&frame("frames", "1004")), (Some(0x1000_0013), reel.clone()));
    assert_eq!(label(&made.path("c", "still")), (Some(0x1000_0011), reel));
    let movie = ffprobe(&made.path("c", "movie"));
    assert!(movie.to_string().contains("10:00:00:10"), "{movie:#}");
}

#[test]
fn a_source_without_a_timecode_is_told() {
    let cut = cut(3, "0", PRORES);
    let mut preset = crate::support::preset("exr");
    preset.timecode = "source".parse().expect("a source");
    let folder = tempfile::tempdir().expect("a folder");
    let delivery = Delivery::new(folder.path().join("out")).preset(preset);
    let report = Conflation::new(FfmpegBackend::new(), delivery).run(&cut.plan, &NoObserver).expect("a run");
    let shot = &report.shots[0];
    assert_eq!(shot.status, Status::Done, "{:#?}", shot.error);
    assert!(shot.warnings.iter().any(|said| said.contains("no source timecode for 3 frames")), "{:?}", shot.warnings);
    assert_eq!(label(&report.folder.join("c/c.1001.exr")), (None, None));
}

#[test]
fn primaries_are_said_where_they_are_known() {
    let mut media = Media::new();
    let video = media.numbered("m.mov", 8, "24", PRORES);
    let light = media.numbered("f/a.%04d.exr", 8, "24", "-pix_fmt gbrpf32le -start_number 1");
    let said = |source: &Path| {
        let options = TranscodeOptions::default();
        let out = tempfile::tempdir().expect("a folder");
        let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
        let made = transcode(source, &[named("exr")], out.path(), &options, &control).expect("a transcode");
        let file = out.path().join(made.representations[0].output.path.replace("%04d", "1001"));
        let file =
            if file.exists() { file } else { PathBuf::from(file.to_str().expect("a text").replace("1001", "0001")) };
        exr_attributes(&file).iter().any(|attribute| attribute.0 == "chromaticities")
    };
    assert!(said(&video));
    assert!(!said(&light), "what the values of an EXR file are in is not known");
}
