//! Interlaced media. R13.

use crate::common::{ffprobe, raw_movie, samples};
use crate::support::*;

/// An interlaced movie of 10 frames in which a bar moves from field to field.
fn interlaced(media: &Media, name: &str, top_first: bool, codec: &str) -> std::path::PathBuf {
    let (width, height) = (320usize, 192usize);
    let mut data = Vec::new();
    for frame in 0..10usize {
        for y in 0..height {
            let second = (y % 2 == 0) != top_first;
            let at = (frame * 2 + usize::from(second)) * 12;
            data.extend((0..width).map(|x| if (at..at + 40).contains(&x) { 220u8 } else { 40 }));
        }
        data.extend(vec![128u8; width * height]);
    }
    let field = if top_first { "tff" } else { "bff" };
    let arguments = format!("-vf setfield={field} -flags +ildct+ilme {codec}");
    raw_movie(&media.path(name), "yuv422p", (width, height), "25", data, &arguments)
}

#[test]
fn interlaced_media_is_deinterlaced_and_the_shot_says_so() {
    let media = Media::new();
    for (name, top_first) in [("top.mov", true), ("bottom.mov", false)] {
        let path = interlaced(&media, name, top_first, "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le");
        let order = ffprobe(&path)["streams"][0]["field_order"].as_str().unwrap_or_default().to_owned();
        assert!(["tt", "bb", "tb", "bt"].contains(&order.as_str()), "the medium is interlaced: {order}");
        let cut = timeline_at(
            serde_json::Value::Null,
            [track("V1", [clip("c", file(&path, range(0, 10, 25.0)), range(2, 6, 25.0))])],
        );
        let run = run(&cut, &options(|_| ()), "ffv1");
        let got = run.samples("c", "yuv422p10le");
        // What FFmpeg's own tool makes of it.
        let parity = if top_first { "tff" } else { "bff" };
        let whole = media.path(&format!("whole_{name}.mkv"));
        let source = path.to_str().expect("plain");
        let filter = format!("bwdif=mode=send_frame:parity={parity}:deint=all");
        let file = whole.to_str().expect("plain");
        crate::common::ffmpeg(&["-i", source, "-vf", &filter, "-c:v", "ffv1", "-pix_fmt", "yuv422p10le", file], None);
        let expected = samples(&whole, None, "yuv422p10le");
        let size = 320 * 192 * 4;
        assert_eq!(got.len(), 6);
        for (index, frame) in got.iter().enumerate() {
            assert!(frame[..] == expected[(index + 2) * size..][..size], "{name}, frame {index}");
        }
        let notes = run.shot("c").warnings.join("; ");
        assert!(notes.contains("interlaced"), "{notes}");
        let order = ffprobe(&run.path("c"))["streams"][0]["field_order"].as_str().unwrap_or("progressive").to_owned();
        assert!(order == "progressive" || order == "unknown", "{order}");
    }
}

#[test]
fn fields_are_kept_where_packets_are_copied() {
    let media = Media::new();
    let path = interlaced(&media, "top.mov", true, "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le");
    let cut = timeline_at(
        serde_json::Value::Null,
        [track("V1", [clip("c", file(&path, range(0, 10, 25.0)), range(2, 6, 25.0))])],
    );
    let run = run(&cut, &options(|_| ()), "prores-hq");
    let order = |path: &std::path::Path| ffprobe(path)["streams"][0]["field_order"].clone();
    assert_eq!(order(&run.path("c")), order(&path));
    let size = 320 * 192 * 4;
    let expected = samples(&path, None, "yuv422p10le");
    assert!(run.samples("c", "yuv422p10le").concat()[..] == expected[2 * size..8 * size]);
}
