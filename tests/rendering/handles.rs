//! Handles, and the record timecode they begin at. R12.

use serde_json::json;

use crate::common::ffprobe;
use crate::support::*;

const X264: &str = "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3 -g 12";

#[test]
fn timeline_handles_show_the_cut_and_source_handles_the_media() {
    let mut media = Media::new();
    let a = media.numbered("a.mp4", 60, "24", X264);
    let b = media.numbered("b.mov", 60, "24", "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le");
    let cut = timeline([track(
        "V1",
        [
            clip("a", file(&a, range(0, 60, 24.0)), range(20, 10, 24.0)),
            clip("b", file(&b, range(0, 60, 24.0)), range(3, 10, 24.0)),
        ],
    )]);
    let with = |mode: &str| {
        options(|options| {
            options.handles = "8".parse().expect("handles");
            options.handle_mode = mode.parse().expect("a mode");
        })
    };
    let of = |path, numbers: std::ops::Range<u16>| numbers.map(|n| Some(media.number(path, n))).collect::<Vec<_>>();
    for preset in ["prores-lt", "h264", "tiff"] {
        let run = run(&cut, &with("timeline"), preset);
        assert_eq!(run.numbers("a"), [of(&a, 20..30), of(&b, 3..11)].concat());
        assert_eq!(run.numbers("b"), [of(&a, 22..30), of(&b, 3..13)].concat());
        assert_eq!((run.shot("a").head, run.shot("b").head, run.shot("b").tail), (0, 8, 0));
        assert_eq!((run.shot("a").first_frame, run.shot("b").first_frame), (1001, 993));
        assert_eq!(run.shot("b").record.start_timecode, "01:00:00:02");
    }
    let run = run(&cut, &with("source"), "prores-lt");
    assert_eq!(run.numbers("a"), of(&a, 12..38));
    // The media begins 3 frames before the cut: that is how much head there is.
    assert_eq!(run.numbers("b"), of(&b, 0..21));
    assert_eq!((run.shot("b").head, run.shot("b").first_frame), (3, 998));
}

#[test]
fn timecode_is_the_record_timecode_of_the_first_frame() {
    let mut media = Media::new();
    for (name, text, written, global, expected) in [
        ("24", "24", 24.0, 86_400, "01:00:00:02"),
        ("23", "24000/1001", 24000.0 / 1001.0, 86_400, "01:00:00:02"),
        ("25", "25", 25.0, 90_000, "01:00:00:02"),
        // 00:01:00;00 and ;01 do not exist: the frame after 00:00:59;29 is 00:01:00;02.
        ("29", "30000/1001", 29.97, 1794, "00:00:59;26"),
        ("29b", "30000/1001", 29.97, 1796, "00:00:59;28"),
        ("29c", "30000/1001", 29.97, 1798, "00:01:00;02"),
        ("59", "60000/1001", 59.94, 3594, "00:00:59;56"),
    ] {
        let path = media.numbered(&format!("{name}.mp4"), 30, text, X264);
        let clip = |start: i64| clip("c", file(&path, range(0, 30, written)), range(start, 6, written));
        let cut = timeline_at(time(global, written), [track("V1", [clip(2), clip(12), clip(22)])]);
        let options = options(|options| {
            options.handles = "4".parse().expect("handles");
            // At rates that have it; nothing in the file says so.
            options.drop_frame = Some(true);
        });
        let presets = [("prores-lt", "prores"), ("h264", "h264"), ("dnxhr-lb", "dnxhd"), ("mjpeg", "mjpeg")];
        // Every rate in two containers, and one rate in every codec.
        for (preset, codec) in presets.into_iter().take(if name == "29c" { 4 } else { 2 }) {
            let run = run(&cut, &options, preset);
            if preset == "prores-lt" {
                run.check(&media, 0);
            }
            let second = &run.report.shots[1];
            assert_eq!((second.head, second.frame_count), (4, 14));
            assert_eq!(second.record.start_timecode, expected, "{text}");
            let probe = ffprobe(&run.path(&second.shot));
            let streams = probe["streams"].as_array().expect("streams");
            let video = &streams[0];
            assert_eq!(video["codec_name"], json!(codec));
            assert_eq!(video["nb_read_frames"], json!("14"));
            let rational = if text.contains('/') { text.to_owned() } else { format!("{text}/1") };
            assert_eq!((&video["r_frame_rate"], &video["avg_frame_rate"]), (&json!(rational), &json!(rational)));
            let found = streams.iter().any(|stream| stream["tags"]["timecode"] == json!(expected));
            assert!(found, "{preset} at {text}: no timecode {expected} in {probe:#}");
        }
    }
}
