//! Layers: dissolves, fades, gaps, nests, bars, and one file in several places. R4, R9.

use serde_json::Value;

use crate::support::*;

const FFV1: &str = "-c:v ffv1 -level 3";

/// Frames `0..count` of a flat medium.
fn grey(media: &Media, name: &str, luma: u16) -> Value {
    file(&media.flat(name, "yuv420p", &[luma, 128, 128], 30, FFV1), range(0, 30, 24.0))
}

/// Every frame is flat; its luma.
#[track_caller]
fn lumas(run: &Run, name: &str) -> Vec<f64> {
    let frames = run.samples(name, "yuv420p");
    let luma = |frame: &Vec<u8>| {
        let plane = &frame[..320 * 180];
        let (low, high) = (plane.iter().min().expect("a picture"), plane.iter().max().expect("a picture"));
        // Fewer bits are reached by dithering.
        assert!(high - low <= 1, "a flat frame, not {low} to {high}");
        mean(plane)
    };
    frames.iter().map(luma).collect()
}

#[track_caller]
fn assert_lumas(run: &Run, expected: &[f64]) {
    let got = lumas(run, "cut");
    assert_eq!(got.len(), expected.len());
    for (frame, (got, wanted)) in got.iter().zip(expected).enumerate() {
        near(*got, *wanted, 1.0, &format!("frame {frame} of {}", run.report.preset));
    }
}

#[test]
fn a_dissolve_is_the_weighted_mean() {
    let media = Media::new();
    let (a, b) = (grey(&media, "a.mkv", 60), grey(&media, "b.mkv", 200));
    let cut =
        timeline([track("V1", [clip("a", a, range(5, 6, 24.0)), dissolve(2, 3), clip("b", b, range(5, 6, 24.0))])]);
    let weights = [0.0, 0.0, 0.0, 0.0, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0];
    let expected = weights.map(|weight| 60.0 * (1.0 - weight) + 200.0 * weight);
    for preset in ["ffv1", "prores-lt", "h264", "dnxhr-hq"] {
        assert_lumas(&run(&cut, &whole(12), preset), &expected);
    }
    // In RGB: full range.
    let full = |luma: f64| (luma - 16.0) * 255.0 / 219.0;
    for (preset, format) in [("png", "rgb24"), ("tiff", "rgb24"), ("jpg", "gray")] {
        let run = run(&cut, &whole(12), preset);
        for (frame, wanted) in run.samples("cut", format).iter().zip(expected) {
            near(mean(frame), full(wanted), 1.1, preset);
        }
    }
}

#[test]
fn fades_come_from_black_and_go_to_what_is_below() {
    let media = Media::new();
    let (a, b) = (grey(&media, "a.mkv", 216), grey(&media, "b.mkv", 96));
    let upper = track("V2", [gap(2), dissolve(0, 4), clip("a", a, range(5, 8, 24.0)), dissolve(4, 0), gap(2)]);
    let shares = [0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0];
    for preset in ["ffv1", "prores-lt"] {
        let alone = run(&timeline([upper.clone()]), &whole(12), preset);
        // Black is 16; the last fade starts at full weight.
        let over_black = shares.map(|share: f64| 16.0 + 200.0 * share);
        let got = lumas(&alone, "cut");
        assert_eq!((got[1], got[6], got[11]), (16.0, 216.0, 16.0));
        let rows = alone.rows("cut");
        for (got, wanted) in got.iter().zip(over_black) {
            near(*got, wanted, 1.0, "over black");
        }
        assert_eq!(rows[3].layers[0].weight, 0.25);
        let lower = track("V1", [clip("b", b.clone(), range(0, 12, 24.0))]);
        let over = run(&timeline([lower, upper.clone()]), &whole(12), preset);
        for (got, share) in lumas(&over, "cut").iter().zip(shares) {
            near(*got, 216.0 * share + 96.0 * (1.0 - share), 1.0, "over a lower clip");
        }
    }
}

#[test]
fn dissolves_of_other_formats_depths_and_ranges() {
    let media = Media::new();
    // The same grey of 50 % and 25 % as limited 8 bits, limited 10 bits 4:2:2, full range, and RGB.
    let limited = grey(&media, "a.mkv", 126);
    let deep = file(&media.flat("b.mkv", "yuv422p10le", &[283, 512, 512], 30, FFV1), range(0, 30, 24.0));
    let full =
        file(&media.flat("c.avi", "yuvj420p", &[64, 128, 128], 30, "-c:v mjpeg -q:v 1 -qmin 1"), range(0, 30, 24.0));
    let rgb = file(&media.flat("d.mkv", "rgb24", &[64, 64, 64], 30, "-c:v ffv1 -pix_fmt bgr0"), range(0, 30, 24.0));
    for other in [deep, full, rgb] {
        let cut = timeline([track(
            "V1",
            [clip("a", limited.clone(), range(5, 4, 24.0)), dissolve(2, 2), clip("b", other, range(5, 4, 24.0))],
        )]);
        for preset in ["prores-hq", "ffv1", "dnxhr-sq"] {
            let expected = [126.0, 126.0, 126.0, 112.25, 98.5, 84.75, 71.0, 71.0];
            let got = lumas(&run(&cut, &whole(8), preset), "cut");
            for (got, wanted) in got.iter().zip(expected) {
                near(*got, wanted, 1.3, preset);
            }
        }
    }
}

#[test]
fn two_pieces_of_one_file_dissolve_and_shots_share_it() {
    let mut media = Media::new();
    let path = media.numbered("a.mp4", 200, "24", "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3 -g 48");
    let piece = |name: &str, start: i64| clip(name, file(&path, range(0, 200, 24.0)), range(start, 10, 24.0));
    let cut = timeline([track(
        "V1",
        [piece("a", 20), dissolve(4, 4), piece("b", 150), piece("c", 60), piece("d", 22), piece("e", 21)],
    )]);
    for (handles, mode) in [("0", "timeline"), ("8", "timeline"), ("8", "source")] {
        let options = options(|options| {
            options.handles = handles.parse().expect("handles");
            options.handle_mode = mode.parse().expect("a mode");
        });
        let run = run(&cut, &options, "ffv1");
        for shot in &run.report.shots {
            let numbers = run.numbers(&shot.shot);
            for (row, number) in run.rows(&shot.shot).iter().zip(numbers) {
                // In a dissolve the heavier side shows its number, if it is heavy enough.
                let heavy = row.layers.iter().max_by(|a, b| a.weight.total_cmp(&b.weight)).expect("something");
                if heavy.weight > 0.9 {
                    let expected = media.number(&path, u16::try_from(heavy.source).expect("in the file"));
                    assert_eq!(number, Some(expected), "{row:?}");
                }
            }
        }
    }
    // The means of both frames, sample by sample.
    let dissolving = run(&cut, &whole(20), "ffv1");
    let source = crate::common::samples(&path, None, "yuv420p");
    let size = 256 * 160 * 3 / 2;
    let frames = dissolving.samples("cut", "yuv420p");
    for record in 7usize..14 {
        let (from, to) = (&source[(20 + record) * size..][..size], &source[(140 + record) * size..][..size]);
        let weight = f64::from(u32::try_from(record).expect("few") - 6) / 8.0;
        for ((from, to), got) in from.iter().zip(to).zip(&frames[record]) {
            let wanted = f64::from(*from) * (1.0 - weight) + f64::from(*to) * weight;
            assert!((wanted - f64::from(*got)).abs() <= 0.51, "frame {record}: {got}, not {wanted}");
        }
    }
}

#[test]
fn an_upper_track_hides_and_its_gaps_reveal() {
    let mut media = Media::new();
    let prores = "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le";
    let (a, b) = (media.numbered("a.mov", 30, "24", prores), media.numbered("b.mov", 30, "24", prores));
    let lower = track("V1", [clip("a", file(&a, range(0, 30, 24.0)), range(3, 12, 24.0))]);
    let mut hidden = clip("h", file(&b, range(0, 30, 24.0)), range(20, 2, 24.0));
    hidden["enabled"] = false.into();
    let upper = track("V2", [gap(4), clip("b", file(&b, range(0, 30, 24.0)), range(9, 3, 24.0)), gap(2), hidden]);
    let cut = timeline([lower, upper]);
    let expected: Vec<_> = (3..7)
        .map(|index| media.number(&a, index))
        .chain((9..12).map(|index| media.number(&b, index)))
        .chain((10..15).map(|index| media.number(&a, index)))
        .map(Some)
        .collect();
    for preset in ["prores-lt", "png", "ffv1", "prores-hq"] {
        assert_eq!(run(&cut, &options(|_| ()), preset).numbers("a"), expected, "{preset}");
    }
}

#[test]
fn smaller_media_has_black_bars_alone_and_shows_what_is_below() {
    let media = Media::new();
    // 160 × 180 in 320 × 180: bars of 80 columns at both sides.
    let narrow = file(&media.flat_of("n.mkv", "yuv420p", &[180, 128, 128], (160, 180), 9, FFV1), range(0, 9, 24.0));
    let small = file(&media.flat_of("s.mkv", "yuv420p", &[150, 128, 128], (80, 45), 9, FFV1), range(0, 9, 24.0));
    let wide = file(&media.flat("w.mkv", "yuv420p", &[90, 128, 128], 9, FFV1), range(0, 9, 24.0));
    let part = |media: &Value| clip("c", media.clone(), range(2, 3, 24.0));
    let top = |media: &Value| track("V2", [part(media)]);
    let sized = |frames: i64| {
        let mut options = whole(frames);
        options.canvas.size = Some((320, 180));
        options
    };
    for preset in ["ffv1", "prores-lt"] {
        let columns = |cut: Value| {
            let frame = run(&cut, &sized(3), preset).samples("cut", "yuv420p").remove(1);
            let at = |x: usize| f64::from(frame[90 * 320 + x]);
            [at(10), at(70), at(160), at(250), at(310)]
        };
        let assert_columns = |cut: Value, wanted: [f64; 5], what: &str| {
            for (got, wanted) in columns(cut).into_iter().zip(wanted) {
                near(got, wanted, 2.0, &format!("{what}, {preset}"));
            }
        };
        assert_columns(timeline([top(&narrow)]), [16.0, 16.0, 180.0, 16.0, 16.0], "alone");
        assert_columns(timeline([top(&small)]), [150.0; 5], "enlarged");
        let below = track("V1", [part(&wide)]);
        assert_columns(timeline([below.clone(), top(&narrow)]), [90.0, 90.0, 180.0, 90.0, 90.0], "over a clip");
        // The same in a nested stack at the bottom, and in one over something.
        let nest = |tracks: [Value; 2]| track("V1", [stack(tracks)]);
        let nested = nest([below.clone(), top(&narrow)]);
        assert_columns(timeline([nested.clone()]), [90.0, 90.0, 180.0, 90.0, 90.0], "in a nest");
        let lower = track("V0", [part(&small)]);
        let bare = nest([track("a", [gap(3)]), top(&narrow)]);
        assert_columns(timeline([lower, bare]), [150.0, 150.0, 180.0, 150.0, 150.0], "a nest over a clip");
        // A dissolve between a clip with bars and one without, over black and over a clip.
        let mixed = track("V2", [part(&narrow), dissolve(2, 2), clip("d", wide.clone(), range(2, 3, 24.0))]);
        let frames = run(&timeline([mixed.clone()]), &sized(6), preset).samples("cut", "yuv420p");
        near(f64::from(frames[3][90 * 320 + 10]), 53.0, 1.5, "half black, half wide");
        near(f64::from(frames[3][90 * 320 + 160]), 135.0, 1.5, "half narrow, half wide");
        let lower = track("V1", [clip("l", small.clone(), range(0, 6, 24.0))]);
        let frames = run(&timeline([lower, mixed]), &sized(6), preset).samples("cut", "yuv420p");
        near(f64::from(frames[3][90 * 320 + 10]), 120.0, 1.5, "half of what is below, half wide");
        near(f64::from(frames[3][90 * 320 + 160]), 135.0, 1.5, "half narrow, half wide, over a clip");
    }
}

#[test]
fn nests_in_nests() {
    let mut media = Media::new();
    let coder = "-c:v libx264 -preset fast -pix_fmt yuv420p -bf 3 -g 12";
    let path = media.numbered("a.mp4", 60, "24", coder);
    let other = media.numbered("b.mp4", 60, "24", coder);
    let part = |path, start, frames| clip("c", file(path, range(0, 60, 24.0)), range(start, frames, 24.0));
    let mut inner = stack([track("i1", [part(&path, 10, 12)]), track("i2", [gap(6), part(&other, 30, 3)])]);
    inner["source_range"] = range(2, 9, 24.0);
    let mut outer = stack([track("o1", [inner])]);
    outer["source_range"] = range(1, 8, 24.0);
    let cut = timeline([track("V1", [outer])]);
    let expected: Vec<_> = [(&path, 13), (&path, 14), (&path, 15), (&other, 30), (&other, 31), (&other, 32)]
        .into_iter()
        .chain([(&path, 19), (&path, 20)])
        .map(|(path, index)| Some(media.number(path, index)))
        .collect();
    for preset in ["prores-lt", "ffv1", "jpg"] {
        assert_eq!(run(&cut, &whole(8), preset).numbers("cut"), expected, "{preset}");
    }
}
