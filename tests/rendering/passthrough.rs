//! Untouched media is copied packet by packet, and nothing else is. R13.

use std::path::Path;
use std::process::Command;

use otio_conflate::plan::OverrunPolicy;
use serde_json::{Value, json};

use crate::common::ffprobe;
use crate::support::*;

const TAGS: &str = "-vf setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited";

/// The checksums of every packet of a movie, as the command line tool copies them.
fn packets(path: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-c", "copy", "-f", "framemd5", "-"])
        .output()
        .expect("the tests need the ffmpeg command line tool");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("plain text");
    let sums = text.lines().filter(|line| !line.starts_with('#'));
    sums.map(|line| line.rsplit(',').next().expect("a checksum").trim().to_owned()).collect()
}

fn movie(media: &mut Media, name: &str, profile: u8) -> std::path::PathBuf {
    let coder = format!("-c:v prores_ks -profile:v {profile} -pix_fmt yuv422p10le -timecode 02:00:00:00 {TAGS}");
    media.numbered(name, 40, "24", &coder)
}

fn part(path: &Path, start: i64, frames: i64) -> Value {
    clip("c", file(path, range(172_800, 40, 24.0)), range(172_800 + start, frames, 24.0))
}

#[test]
fn packets_are_copied_as_they_are() {
    let mut media = Media::new();
    let path = movie(&mut media, "a.mov", 1);
    let cut = timeline([track("V1", [gap(5), part(&path, 7, 12)])]);
    let source = packets(&path);
    for (handles, first, count) in [("0", 7, 12), ("4:0", 3, 16)] {
        let options = options(|options| {
            options.handles = handles.parse().expect("handles");
            options.handle_mode = "source".parse().expect("a mode");
        });
        let run = run(&cut, &options, "prores-lt");
        assert_eq!(packets(&run.path("c")), source[first..first + count]);
        run.check(&media, 0);
        let probe = ffprobe(&run.path("c"));
        let video = &probe["streams"][0];
        assert_eq!(video["nb_read_frames"], json!(count.to_string()));
        assert_eq!((&video["r_frame_rate"], &video["profile"]), (&json!("24/1"), &json!("LT")));
        assert_eq!(video["color_space"], json!("bt709"));
        let timecode = &run.shot("c").record.start_timecode;
        assert_eq!(timecode, if first == 7 { "01:00:00:05" } else { "01:00:00:01" });
        let tags = probe["streams"].as_array().expect("streams").iter().map(|stream| &stream["tags"]["timecode"]);
        assert!(tags.clone().any(|tag| tag == timecode), "{:?}", tags.collect::<Vec<_>>());
    }
}

#[test]
fn what_is_touched_is_rendered() {
    let mut media = Media::new();
    let lt = movie(&mut media, "lt.mov", 1);
    let hq = movie(&mut media, "hq.mov", 3);
    let small = options(|options| options.canvas.size = Some((128, 80)));
    let plain = options(|_| ());
    let cases = [
        ("another profile", timeline([track("V1", [part(&hq, 7, 5)])]), &plain),
        ("another size", timeline([track("V1", [part(&lt, 7, 5)])]), &small),
        ("a retime", timeline([track("V1", [warped(part(&lt, 7, 5), -1.0)])]), &plain),
        ("a dissolve", timeline([track("V1", [part(&lt, 7, 5), dissolve(2, 2), part(&lt, 20, 5)])]), &plain),
        ("two spans", timeline([track("V1", [part(&lt, 7, 5)]), track("V2", [gap(2), part(&hq, 20, 1)])]), &plain),
    ];
    let source = packets(&lt);
    for (what, cut, options) in cases {
        let run = run(&cut, options, "prores-lt");
        for shot in &run.report.shots {
            let copied = packets(&run.path(&shot.shot));
            assert!(copied.iter().all(|packet| !source.contains(packet)), "{what} was copied");
            assert_eq!(ffprobe(&run.path(&shot.shot))["streams"][0]["profile"], json!("LT"), "{what}");
        }
        if what == "another profile" || what == "two spans" || what == "a retime" {
            run.check(&media, 0);
        }
    }
}

#[test]
fn what_is_hidden_does_not_keep_packets_from_being_copied() {
    let mut media = Media::new();
    let lt = movie(&mut media, "lt.mov", 1);
    let hq = movie(&mut media, "hq.mov", 3);
    let cut = timeline([track("V1", [part(&hq, 0, 5)]), track("V2", [part(&lt, 7, 5)])]);
    let run = run(&cut, &options(|_| ()), "prores-lt");
    assert_eq!(packets(&run.path("c")), packets(&lt)[7..12]);
}

#[test]
fn a_file_that_ends_early_is_held_not_copied() {
    let mut media = Media::new();
    let path = movie(&mut media, "a.mov", 1);
    let clip = clip("c", file(&path, range(172_800, 100, 24.0)), range(172_800 + 37, 6, 24.0));
    let cut = timeline([track("V1", [clip])]);
    let held = run(&cut, &options(|_| ()), "prores-lt");
    let expected = [37, 38, 39, 39, 39, 39].map(|index| Some(media.number(&path, index)));
    assert_eq!(held.numbers("c"), expected);
    assert!(held.shot("c").warnings.iter().any(|warning| warning.contains("ends earlier")));
    let refused = try_run(&cut, &options(|options| options.overrun = OverrunPolicy::Error), "prores-lt");
    let refused = refused.expect("the run itself goes on");
    assert!(refused.shot("c").error.iter().any(|line| line.contains("a.mov")), "{:?}", refused.shot("c").error);
    assert!(refused.shot("c").output.is_none());
}

#[test]
fn untagged_media_of_standard_definition_is_copied() {
    let mut media = Media::new();
    let path = media.numbered("a.mov", 9, "24", "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le");
    let clip = clip("c", file(&path, range(0, 9, 24.0)), range(2, 5, 24.0));
    let run = run(&timeline([track("V1", [clip])]), &options(|_| ()), "prores-lt");
    assert_eq!(packets(&run.path("c")), packets(&path)[2..7]);
    run.check(&media, 0);
}

#[test]
fn dnxhr_and_ntsc_rates_are_copied_too() {
    let mut media = Media::new();
    let coder = format!("-c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p {TAGS}");
    let path = media.numbered("a.mov", 20, "24000/1001", &coder);
    // A rate as exporters write it.
    for rate in [23.976, 23.976_023_976_023_978, 23.98] {
        let clip = clip("c", file(&path, range(0, 20, rate)), range(4, 6, rate));
        let cut = timeline_at(time(0, rate), [track("V1", [clip])]);
        let run = run(&cut, &options(|_| ()), "dnxhr-sq");
        assert_eq!(packets(&run.path("c")), packets(&path)[4..10], "{rate}");
        run.check(&media, 0);
    }
}
