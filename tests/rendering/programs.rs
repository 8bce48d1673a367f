//! How frames are made is decided before they are, and told. R4, R9.

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FrameRun, PicturePath, ShotProgram};
use otio_conflate::deliver::Representation;
use otio_conflate::plan::{Background, PlanOptions};
use serde_json::{Value, json};

use crate::support::*;

const YUV: &str = "-c:v ffv1 -level 3 -pix_fmt yuv420p";
const PRORES: &str = "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le \
     -vf setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited";

/// The program of the shot `cut` of this plan.
#[track_caller]
fn program(cut: &Value, options: &PlanOptions, preset_name: &str, others: &[&str]) -> ShotProgram {
    let plan = plan(cut, options).expect("a plan");
    let others: Vec<_> = others.iter().map(|name| Representation::by_name(name).expect("there")).collect();
    let shots = FfmpegBackend::new().explain(&plan, &preset(preset_name), &others).expect("a program");
    // The runs are the shot, in order and without a gap.
    for (shot, planned) in shots.iter().zip(&plan.shots) {
        let mut next = planned.first_frame;
        for run in &shot.runs {
            assert!(run.first == next && run.last >= run.first, "{shot}");
            next = run.last + 1;
        }
        assert_eq!(next, planned.first_frame + planned.frame_count, "{shot}");
        let stored = serde_json::to_string(shot).expect("JSON");
        assert_eq!(serde_json::from_str::<ShotProgram>(&stored).expect("the same"), *shot);
    }
    shots.into_iter().next().expect("a shot")
}

/// The runs: first and last frame, counted from 0, the path, decodes, conversions, encodes.
fn runs(program: &ShotProgram) -> Vec<(i64, i64, PicturePath, [u32; 3])> {
    let of = |run: &FrameRun| {
        let cost = [run.cost.decodes, run.cost.conversions, run.cost.encodes];
        (run.first - 1001, run.last - 1001, run.path, cost)
    };
    program.runs.iter().map(of).collect()
}

#[test]
fn one_file_is_copied_passed_on_or_converted_once() {
    let mut media = Media::new();
    let path = media.numbered("a.mov", 40, "24", PRORES);
    let cut = timeline([track("V1", [clip("c", file(&path, range(0, 40, 24.0)), range(3, 10, 24.0))])]);

    let copied = program(&cut, &whole(10), "prores-lt", &[]);
    assert_eq!(runs(&copied), [(0, 9, PicturePath::Packets, [1, 0, 0])], "{copied}");
    assert_eq!(copied.to_string(), "cut\n  1001–1010: packets copied from a.mov; 1 decode a frame");
    // With something else to be made of them.
    let copied = program(&cut, &whole(10), "prores-lt", &["h264", "poster"]);
    assert_eq!(runs(&copied), [(0, 9, PicturePath::Packets, [1, 0, 1])], "{copied}");

    let passed = program(&cut, &whole(10), "prores-hq", &[]);
    assert_eq!(runs(&passed), [(0, 9, PicturePath::AsDecoded, [1, 0, 1])], "{passed}");
    let converted = program(&cut, &whole(10), "h264", &["proxy-half"]);
    assert_eq!(runs(&converted), [(0, 9, PicturePath::Output, [1, 1, 2])], "{converted}");
    assert_eq!(converted.runs[0].layers[0].clip, "c");
    assert_eq!(converted.runs[0].layers[0].format, "yuv422p10le");
}

#[test]
fn frames_are_made_alike_until_something_appears_vanishes_or_becomes_whole() {
    let mut media = Media::new();
    let (a, b) = (media.numbered("a.mkv", 40, "24", YUV), media.numbered("b.mkv", 40, "24", YUV));
    let part = |name: &str, path: &std::path::Path| clip(name, file(path, range(0, 40, 24.0)), range(5, 10, 24.0));
    // The dissolve has weight 0 in its first frame, 7, and would have 1 in frame 13.
    let cut = timeline([track("V1", [part("a", &a), dissolve(3, 3), part("b", &b)])]);
    let dissolved = program(&cut, &whole(20), "prores-lt", &[]);
    assert_eq!(
        runs(&dissolved),
        [
            (0, 7, PicturePath::Output, [1, 1, 1]),
            (8, 12, PicturePath::Output, [2, 1, 1]),
            (13, 19, PicturePath::Output, [1, 1, 1]),
        ],
        "{dissolved}"
    );
    let names = |run: &FrameRun| run.layers.iter().map(|layer| layer.clip.clone()).collect::<Vec<_>>();
    let shown: Vec<_> = dissolved.runs.iter().map(names).collect();
    assert_eq!(shown, [vec!["a"], vec!["a", "b"], vec!["b"]]);
    assert!(dissolved.runs[1].what.starts_with("dissolve, as decoded, from a.mkv to b.mkv"), "{dissolved}");

    // A layer that fades in hides what is below once it is whole, and costs nothing before.
    let keys = json!({"0": {"Value": 0.0}, "4": {"Value": 100.0}});
    let mut fade = resolve("Composite", &[("opacity", json!(100.0))]);
    fade["metadata"]["Resolve_OTIO"]["Parameters"][0]["Key Frames"] = keys;
    let above = with_effects(part("b", &b), [fade]);
    let cut = timeline([track("V1", [part("a", &a)]), track("V2", [above])]);
    let faded = program(&cut, &whole(10), "prores-lt", &[]);
    let shown: Vec<_> = faded.runs.iter().map(|run| (run.first - 1001, run.last - 1001, names(run))).collect();
    let expected = |first, last, names: &[&str]| (first, last, names.iter().map(ToString::to_string).collect());
    assert_eq!(shown, [expected(0, 0, &["a"]), expected(1, 3, &["b", "a"]), expected(4, 9, &["b"])], "{faded}");
}

#[test]
fn what_has_alpha_or_is_turned_takes_another_path() {
    let mut media = Media::new();
    let below = clip("a", file(&media.numbered("a.mkv", 40, "24", YUV), range(0, 40, 24.0)), range(0, 10, 24.0));
    let title =
        clip("t", media.painted("t", (256, 160), 10, |x, _| [200, 10, 10, u8::from(x > 99) * 255]), range(1, 10, 24.0));
    let cut = timeline([track("V1", [below.clone()]), track("V2", [title])]);
    let over = program(&cut, &whole(10), "prores-lt", &[]);
    assert_eq!(runs(&over), [(0, 9, PicturePath::Rgba16, [2, 3, 1])], "{over}");
    assert!(over.runs[0].what.starts_with("t.%04d.png over a.mkv, in RGBA of 16 bits"), "{over}");
    let light = program(&cut, &whole(10), "exr", &[]);
    assert_eq!(runs(&light), [(0, 9, PicturePath::Linear, [2, 3, 1])], "{light}");

    let turned = with_effects(below, [resolve("Transform", &[("transformationRotationAngle", json!(10.0))])]);
    let turned = program(&timeline([track("V1", [turned])]), &whole(10), "prores-lt", &[]);
    assert_eq!(runs(&turned), [(0, 9, PicturePath::Rgba16, [1, 2, 1])], "{turned}");
}

#[test]
fn nothing_at_all_is_the_background() {
    let cut = timeline([track("V1", [gap(8)])]);
    let black = program(&cut, &whole(8), "prores-lt", &[]);
    assert_eq!(runs(&black), [(0, 7, PicturePath::Output, [0, 0, 1])]);
    assert!(black.to_string().contains("1001–1008: the background alone"), "{black}");
    let mut clear = whole(8);
    clear.background = Background::Transparent;
    let clear = program(&cut, &clear, "prores-4444", &[]);
    assert_eq!(clear.runs[0].path, PicturePath::Rgba16, "{clear}");
}

#[test]
fn each_layer_costs_what_it_takes() {
    let mut media = Media::new();
    let faded = |clip: Value, opacity: f64| with_effects(clip, [resolve("Composite", &[("opacity", json!(opacity))])]);
    let path = media.numbered("a.mov", 40, "24", PRORES);
    let a = clip("a", file(&path, range(0, 40, 24.0)), range(3, 10, 24.0));

    // In part over black: its samples are mixed, not passed on.
    let cut = timeline([track("V1", [faded(a.clone(), 50.0)])]);
    let half = program(&cut, &whole(10), "prores-hq", &[]);
    assert_eq!(runs(&half), [(0, 9, PicturePath::Output, [1, 0, 1])], "{half}");

    // A layer above a dissolve that is made before it is converted is converted on its own.
    let (b, c) = (media.numbered("b.mkv", 40, "24", YUV), media.numbered("c.mkv", 40, "24", YUV));
    let part = |name: &str, path: &std::path::Path| clip(name, file(path, range(0, 40, 24.0)), range(5, 10, 24.0));
    let d =
        faded(clip("d", file(&media.numbered("d.mkv", 40, "24", YUV), range(0, 40, 24.0)), range(0, 20, 24.0)), 50.0);
    let crossing = track("V1", [part("b", &b), dissolve(3, 3), part("c", &c)]);
    let over = program(&timeline([crossing, track("V2", [d])]), &whole(20), "prores-lt", &[]);
    let costs: Vec<_> = runs(&over).into_iter().map(|(.., cost)| cost).collect();
    assert_eq!(costs, [[2, 2, 1], [3, 2, 1], [2, 2, 1]], "{over}");

    // A still is decoded and converted once, and not for each frame.
    let still = media.path("s.png");
    let pixels = flat("rgb24", &[200, 10, 10], (256, 160));
    crate::common::raw_movie(&still, "rgb24", (256, 160), "24", pixels, "-frames:v 1");
    let cut = timeline([track("V1", [clip("s", file(&still, Value::Null), range(0, 10, 24.0))])]);
    let held = program(&cut, &whole(10), "prores-lt", &[]);
    assert_eq!(runs(&held), [(0, 9, PicturePath::Output, [0, 0, 1])], "{held}");
}
