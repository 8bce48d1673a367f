//! What colours become. R13.

use serde_json::json;

use crate::common::ffprobe;
use crate::made::*;
use crate::support::*;

#[test]
fn light_becomes_video_as_it_does_when_it_is_rendered() {
    let mut media = Media::new();
    let path = media.numbered("f/a.%04d.exr", 3, "24", "-pix_fmt gbrpf32le -start_number 1");
    let shot = clip("c", sequence(&path, 1, range(0, 3, 24.0), "error"), range(0, 3, 24.0));
    let cut = plan(&timeline([track("V1", [shot])]), &options(|_| ())).expect("a plan");
    let told = |name: &str, preset: &str| {
        representation(json!({"name": name, "preset": preset, "burn_ins": [{"text": "{frame}", "back_opacity": 0}]}))
    };
    let made = make(&cut, "exr", vec![named("png"), named("exr"), named("poster"), told("drawn", "exr")]);
    let png = made.path("c", "png");
    assert_eq!(
        numbers_of(&png, Some(1001), SIZE),
        (0..3).map(|index| Some(media.number(&path, index))).collect::<Vec<_>>()
    );
    let rendered = make(&cut, "png", vec![]);
    let own = rendered.report.folder.join("c/c.%04d.png");
    let pixels = |path: &std::path::Path| crate::common::samples(path, Some(1001), "rgb24");
    assert!(pixels(&png) == pixels(&own), "the same as rendered from the start");
    let (plain, drawn) = (numbered(&made.path("c", "exr"), 1002), numbered(&made.path("c", "drawn"), 1002));
    let floats = |path: &std::path::Path| crate::common::samples(path, None, "gbrpf32le");
    let (plain, drawn) = (floats(&plain), floats(&drawn));
    let changed = plain.as_chunks::<4>().0.iter().zip(drawn.as_chunks::<4>().0).filter(|(a, b)| a != b).count();
    assert!((30..SIZE.0 * SIZE.1 / 10).contains(&changed), "{changed} samples are not those of a few letters");
}

#[test]
fn pq_is_carried_and_told() {
    let media = Media::new();
    let tags = "-vf setparams=range=limited:colorspace=bt2020nc:color_primaries=bt2020:color_trc=smpte2084";
    let path = media.flat("a.mkv", "yuv420p10le", &[300, 512, 512], 3, &format!("{tags} -c:v ffv1"));
    let shot = clip("c", file(&path, range(0, 3, 24.0)), range(0, 3, 24.0));
    let cut = plan(&timeline([track("V1", [shot])]), &options(|_| ())).expect("a plan");
    let burnt = representation(json!({"name": "burnt", "preset": "ffv1",
        "burn_ins": [{"text": "x", "size": 0.3, "back": "#ffffff", "back_opacity": 1}]}));
    let made = make(&cut, "ffv1", vec![named("h264"), named("prores"), burnt]);
    let video = &ffprobe(&made.path("c", "h264"))["streams"][0];
    assert_eq!((&video["color_transfer"], &video["color_space"]), (&json!("smpte2084"), &json!("bt2020nc")));
    let warnings = &made.report.warnings;
    assert_eq!(warnings.iter().filter(|warning| warning.message.contains("PQ values")).count(), 1, "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.message.starts_with("h264")));
    // White text is as bright as paper, not as the brightest light there is.
    let luma = crate::common::samples(&made.path("c", "burnt"), None, "yuv420p10le");
    let brightest = luma[..320 * 180 * 2].as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).max();
    near(brightest.expect("pixels").into(), 64.0 + 0.58 * 876.0, 8.0, "white in PQ");
}
