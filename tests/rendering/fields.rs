//! Interlaced media. R13.

use crate::common::{ffprobe, raw_movie, samples};
use std::path::Path;

use otio_conflate::CancelToken;
use otio_conflate::backend::Control;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, probe};
use otio_conflate::deliver::{Preset, Representation, TranscodeOptions, transcode};
use otio_conflate::plan::{Placement, PlanOptions};
use otio_conflate::time::Rate;
use otio_conflate::{Conflation, Delivery, NoObserver, Status};
use serde_json::{Value, json};

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

const SIZE: (usize, usize) = (320, 192);
/// Bytes of a frame as `yuv422p10le`.
const FRAME: usize = 320 * 192 * 4;
const PRORES: &str = "-c:v prores_ks -profile:v 3 -pix_fmt yuv422p10le";

/// What ffprobe calls the order of a file's fields.
fn order(path: &Path) -> String {
    ffprobe(path)["streams"][0]["field_order"].as_str().unwrap_or("progressive").to_owned()
}

/// Whether each frame of a file is interlaced, and whether its top field is first.
fn flags(path: &Path) -> Vec<(bool, bool)> {
    let entries = "frame=interlaced_frame,top_field_first";
    let output = std::process::Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "default=nk=1:nw=1"])
        .arg(path)
        .output()
        .expect("the tests need ffprobe");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let values: Vec<bool> = text.lines().map(|line| line == "1").collect();
    values.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

/// `count` frames of a medium of 10 from its frame `first` on.
fn part(path: &Path, first: i64, count: i64) -> Value {
    clip("c", file(path, range(0, 10, 25.0)), range(first, count, 25.0))
}

fn cut(items: impl Into<Vec<Value>>) -> Value {
    timeline_at(Value::Null, [track("V1", items)])
}

fn dissolve(offset: i64) -> Value {
    dissolve_at(offset, offset, 25)
}

/// All shots of a cut, whichever way they are named, as one.
fn flat_run(cut: &Value, change: impl FnOnce(&mut PlanOptions), preset: &str) -> Run {
    run(cut, &options(change), preset)
}

fn told(run: &Run) -> bool {
    run.report.shots.iter().any(|shot| shot.warnings.iter().any(|warning| warning.contains("deinterlaced")))
}

#[test]
fn interlaced_media_that_is_placed_is_deinterlaced_and_the_shot_says_so() {
    let media = Media::new();
    for (name, top_first) in [("top.mov", true), ("bottom.mov", false)] {
        let path = interlaced(&media, name, top_first, PRORES);
        assert!(["tt", "bb", "tb", "bt"].contains(&order(&path).as_str()), "the medium is interlaced");
        let run = flat_run(
            &cut([part(&path, 2, 6)]),
            |options| {
                options.canvas.size = Some((320, 232));
                options.placement = Placement::Native;
            },
            "ffv1",
        );
        let got = run.samples("c", "yuv422p10le");
        // What FFmpeg's own tool makes of it.
        let parity = if top_first { "tff" } else { "bff" };
        let whole = media.path(&format!("whole_{name}.mkv"));
        let source = path.to_str().expect("plain");
        let filter = format!("bwdif=mode=send_frame:parity={parity}:deint=all");
        let file = whole.to_str().expect("plain");
        crate::common::ffmpeg(&["-i", source, "-vf", &filter, "-c:v", "ffv1", "-pix_fmt", "yuv422p10le", file], None);
        let expected = samples(&whole, None, "yuv422p10le");
        assert_eq!(got.len(), 6);
        for (index, frame) in got.iter().enumerate() {
            let wanted = &expected[(index + 2) * FRAME..][..FRAME];
            // Luma, then chroma of half the width, each behind 20 lines of bars.
            let planes = [(0, 0, 640), (232 * 640, 192 * 640, 320), (232 * 960, 192 * 960, 320)];
            for (own, tool, row) in planes {
                let (own, tool) = (own + 20 * row, tool);
                assert!(frame[own..][..192 * row] == wanted[tool..][..192 * row], "{name}, frame {index}");
            }
        }
        assert!(told(&run), "{:?}", run.shot("c").warnings);
        let order = order(&run.path("c"));
        assert!(order == "progressive" || order == "unknown", "{order}");
    }
}

#[test]
fn fields_are_kept_where_frames_are_encoded() {
    let media = Media::new();
    for (name, top_first) in [("top.mov", true), ("bottom.mov", false)] {
        let path = interlaced(&media, name, top_first, PRORES);
        let source = samples(&path, None, "yuv422p10le");
        for preset in ["ffv1", "prores-422", "prores-4444"] {
            let run = flat_run(&cut([part(&path, 2, 6)]), |_| (), preset);
            let output = run.path("c");
            let orders = if top_first { ["tt", "tb"] } else { ["bb", "bt"] };
            assert!(orders.contains(&order(&output).as_str()), "{name}, {preset}: {}", order(&output));
            assert_eq!(flags(&output), [(true, top_first); 6], "{name}, {preset}");
            assert!(!told(&run), "{:?}", run.shot("c").warnings);
            for (index, frame) in run.samples("c", "yuv422p10le").iter().enumerate() {
                let wanted = &source[(index + 2) * FRAME..][..FRAME];
                let far = frame.chunks(2).zip(wanted.chunks(2)).map(|(got, wanted)| {
                    let value = |bytes: &[u8]| i32::from(u16::from_le_bytes([bytes[0], bytes[1]]));
                    (value(got) - value(wanted)).abs()
                });
                let most = far.max().expect("samples");
                assert!(most <= if preset == "ffv1" { 0 } else { 60 }, "{name}, {preset}, frame {index}: {most}");
            }
        }
    }
}

#[test]
fn other_containers_and_codecs_tell_their_fields_too() {
    let media = Media::new();
    for (name, codec) in [
        ("a.mxf", "-c:v mpeg2video -q:v 2 -pix_fmt yuv422p -alternate_scan 1"),
        ("a.mkv", "-c:v ffv1 -level 3"),
        ("a.mp4", "-c:v libx264 -qp 4 -pix_fmt yuv422p"),
        ("a.ts", "-c:v mpeg2video -q:v 2 -pix_fmt yuv420p"),
    ] {
        let path = interlaced(&media, name, true, codec);
        let run = flat_run(&cut([part(&path, 2, 6)]), |_| (), "prores-422");
        assert!(["tt", "tb"].contains(&order(&run.path("c")).as_str()), "{name}: {}", order(&run.path("c")));
        assert!(!told(&run), "{name}: {:?}", run.shot("c").warnings);
        let picture = run.samples("c", "gray");
        // The bar begins 12 samples further in the second field.
        let begin = |line: usize| picture[0][line * 320..][..320].iter().position(|&luma| luma > 130);
        assert_eq!(begin(51).zip(begin(50)).map(|(second, first)| second.abs_diff(first) / 6), Some(2), "{name}");
    }
}

#[test]
fn what_changes_fields_takes_them_away() {
    let media = Media::new();
    let path = interlaced(&media, "top.mov", true, PRORES);
    let faster = |mut clip: Value| {
        clip["effects"] = json!([{"OTIO_SCHEMA": "LinearTimeWarp.1", "time_scalar": -1.0}]);
        clip
    };
    let zoomed = with_effects(
        part(&path, 2, 4),
        [resolve("Transform", &[("transformationZoomX", json!(1.5)), ("transformationZoomY", json!(1.5))])],
    );
    let plain = part(&path, 2, 4);
    type Case<'c> = (&'c str, Value, &'c str, Option<(u32, u32)>);
    let cases: [Case<'_>; 5] = [
        ("scaled", plain.clone(), "prores-422", Some((640, 384))),
        ("backwards", faster(plain.clone()), "prores-422", None),
        ("zoomed", zoomed, "prores-422", None),
        ("no fields in DNxHR", plain.clone(), "dnxhr-hq", None),
        ("none in frames", plain, "png", None),
    ];
    for (what, clip, preset, size) in cases {
        let run = flat_run(&cut([clip]), |options| options.canvas.size = size, preset);
        assert!(told(&run), "{what}: {:?}", run.shot("c").warnings);
        if preset != "png" {
            assert!(["progressive", "unknown"].contains(&order(&run.path("c")).as_str()), "{what}");
        }
    }
}

#[test]
fn a_dissolve_keeps_fields_of_one_order_and_no_others() {
    let media = Media::new();
    let top = interlaced(&media, "top.mov", true, PRORES);
    let other = interlaced(&media, "other.mov", true, PRORES);
    let bottom = interlaced(&media, "bottom.mov", false, PRORES);
    let whole = raw_movie(&media.path("whole.mov"), "yuv422p", SIZE, "25", vec![100; 320 * 192 * 2 * 10], PRORES);
    let shot = |to: &Path| {
        let mut from = part(&top, 1, 5);
        from["name"] = json!("from");
        let mut to = part(to, 3, 5);
        to["name"] = json!("to");
        flat_run(&cut([from, dissolve(2), to]), |_| (), "ffv1")
    };
    let run = shot(&other);
    let (a, b) = (samples(&top, None, "yuv422p10le"), samples(&other, None, "yuv422p10le"));
    assert!(!told(&run));
    assert_eq!(order(&run.path("from")), "tt");
    assert_eq!(order(&run.path("to")), "tt");
    // Record frame 4 is a quarter, 1 of 4, of the way; each field dissolves into its like.
    let shot = run.report.shots.iter().find(|report| report.shot == "from").expect("a shot");
    let index = usize::try_from(4 - shot.record.start).expect("it is in it");
    let got = &run.samples("from", "yuv422p10le")[index];
    let value = |bytes: &[u8]| f64::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    for (at, got) in got.chunks(2).enumerate() {
        let (a, b) = (value(&a[5 * FRAME + 2 * at..]), value(&b[2 * FRAME + 2 * at..]));
        assert!((value(got) - (a * 0.75 + b * 0.25)).abs() <= 1.0, "sample {at}");
    }
    // Progressive pictures may lie in an interlaced file; fields of both orders may not.
    let run = self::shot_of(&top, &whole);
    assert!(!told(&run));
    assert_eq!(order(&run.path("from")), "tt");
    let run = self::shot_of(&top, &bottom);
    assert!(told(&run));
    assert!(["progressive", "unknown"].contains(&order(&run.path("from")).as_str()));
}

/// A cut of two clips with a dissolve between them, in a lossless codec.
fn shot_of(from: &Path, to: &Path) -> Run {
    let (mut from, mut to) = (part(from, 1, 5), part(to, 3, 5));
    (from["name"], to["name"]) = (json!("from"), json!("to"));
    run(&cut([from, dissolve(2), to]), &options(|_| ()), "ffv1")
}

/// Fields of 4:2:0 have chroma of their own: one is red, the other blue.
#[test]
fn chroma_of_one_field_does_not_get_into_the_other() {
    let media = Media::new();
    let mut data = Vec::new();
    for _ in 0..10 {
        data.extend(vec![100u8; 320 * 192]);
        for (first, second) in [(90u8, 200u8), (210, 80)] {
            (0..96).for_each(|line| data.extend(vec![if line % 2 == 0 { first } else { second }; 160]));
        }
    }
    let arguments = "-vf setfield=tff -flags +ildct+ilme -c:v ffv1 -level 3";
    let path = raw_movie(&media.path("a.mkv"), "yuv420p", SIZE, "25", data, arguments);
    for (preset, over) in [("prores-422", false), ("prores-4444", false), ("prores-422", true)] {
        let mut tracks = vec![track("V1", [part(&path, 0, 4)])];
        if over {
            // Half transparent black over it, which goes through RGB.
            let blended = with_effects(
                part(&path, 0, 4),
                [resolve("Composite", &[("opacity", json!(50.0)), ("composite mode", json!(1))])],
            );
            tracks.push(track("V2", [blended]));
        }
        let run = run(&timeline_at(Value::Null, tracks), &options(|_| ()), preset);
        let shot = run.report.shots.first().expect("a shot").shot.clone();
        assert_eq!(order(&run.path(&shot)), "tt", "{preset}, {over}");
        if over {
            continue;
        }
        let frame = &run.samples(&shot, "yuv422p")[1];
        let blue = &frame[320 * 192..][..160 * 192];
        for line in 8..184 {
            let wanted = if line % 2 == 0 { 90 } else { 200 };
            let got = mean(&blue[line * 160..][..160]);
            near(got, f64::from(wanted), 4.0, &format!("{preset}: chroma of line {line}"));
        }
    }
}

/// A movie of moving test pictures.
fn test_movie(path: &Path, size: &str, coder: &str) {
    let source = format!("testsrc2=s={size}:r=25:d=0.4");
    let coder = coder.split(' ').chain([path.to_str().expect("plain")]);
    crate::common::ffmpeg(&["-f", "lavfi", "-i", &source].into_iter().chain(coder).collect::<Vec<_>>(), None);
}

#[test]
fn interlaced_dnxhd_is_made_where_a_preset_asks_for_it() {
    let media = Media::new();
    let path = media.path("hd.mov");
    test_movie(
        &path,
        "1920x1080",
        "-vf setfield=tff,format=yuv422p -flags +ildct -field_order tt -c:v dnxhd -b:v 120M",
    );
    assert!(ffprobe(&path)["streams"][0]["field_order"].is_null(), "QuickTime does not tell; frames do");
    let mut wanted = serde_json::to_value(Preset::by_name("dnxhr-hq").expect("built in")).expect("plain data");
    (wanted["fields"], wanted["muxer"], wanted["extension"]) = (json!(true), json!("mxf"), json!("mxf"));
    wanted["audio"] = Value::Null;
    wanted["encoders"][0]["options"] = json!([["profile", "dnxhd"], ["b", "185M"]]);
    let wanted: Preset = serde_json::from_value(wanted).expect("a preset");
    let cut = cut([clip("c", file(&path, range(0, 10, 25.0)), range(2, 4, 25.0))]);
    let run = run_backend(FfmpegBackend::new(), plan(&cut, &options(|_| ())).expect("a plan"), wanted).expect("a run");
    assert_eq!(run.shot("c").status, Status::Done, "{:?}", run.shot("c").error);
    assert!(["tt", "tb"].contains(&order(&run.path("c")).as_str()), "{}", order(&run.path("c")));
    assert_eq!(flags(&run.path("c")), [(true, true); 4]);
}

/// DV says nowhere but in its frames that it is interlaced. Raw DV names no rate that can be relied on.
#[test]
fn dv_is_interlaced() {
    let media = Media::new();
    for name in ["dv.avi", "dv.dv", "dv.mov"] {
        let path = media.path(name);
        // QuickTime tells the order of fields, if only of pictures that have some.
        test_movie(&path, "720x576", "-vf setfield=bff -c:v dvvideo -pix_fmt yuv420p");
        let info = probe(&path).expect("a movie");
        assert_eq!((info.rate, info.vfr, info.frames), (Rate::new(25.0).ok(), false, Some(10)), "{name}");
        assert_eq!(info.top_field_first, Some(false), "{name}");
        let run = flat_run(&cut([part(&path, 2, 4)]), |_| (), "prores-422");
        assert!(["bb", "bt"].contains(&order(&run.path("c")).as_str()), "{name}: {}", order(&run.path("c")));
        let run = flat_run(&cut([part(&path, 2, 4)]), |_| (), "h264");
        assert!(told(&run), "{name}");
    }
    let path = media.path("ntsc.dv");
    test_movie(&path, "720x480", "-r 30000/1001 -c:v dvvideo -pix_fmt yuv411p");
    let info = probe(&path).expect("a movie");
    assert_eq!((info.rate, info.vfr, info.frames), (Rate::new(29.97).ok(), false, Some(12)));
    assert_eq!(info.top_field_first, Some(false));
}

/// Overwrites the first `count` packets of a movie's picture with zeros.
fn break_first(path: &Path, count: usize) {
    let entries = ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size", "-of", "csv=p=0"];
    let output =
        std::process::Command::new("ffprobe").args(entries).arg(path).output().expect("the tests need ffprobe");
    let mut data = std::fs::read(path).expect("a movie");
    for line in String::from_utf8_lossy(&output.stdout).lines().take(count) {
        let mut numbers = line.split(',').filter_map(|number| number.trim().parse::<usize>().ok());
        let (size, at) = (numbers.next().expect("a size"), numbers.next().expect("a place"));
        data[at..at + size].fill(0);
    }
    std::fs::write(path, data).expect("a movie");
}

/// Whether a cut fails, be it as a whole or its first shot.
fn fails(cut: &Value) -> bool {
    let run = try_run(cut, &options(|_| ()), "ffv1");
    run.map_or(true, |run| run.report.shots[0].status == Status::Failed)
}

#[test]
fn a_broken_first_frame_hides_no_fields_of_the_others() {
    let media = Media::new();
    for (name, codec) in [
        ("dnxhd.mov", "-vf setfield=tff,scale=1920x1080:interl=1 -flags +ildct -c:v dnxhd -b:v 120M -pix_fmt yuv422p"),
        ("ffv1.avi", "-vf setfield=tff -c:v ffv1 -level 3 -g 1 -slicecrc 1 -pix_fmt yuv422p"),
        ("dv.avi", "-vf setfield=bff -c:v dvvideo -pix_fmt yuv420p"),
    ] {
        let path = media.path(name);
        test_movie(&path, "720x576", codec);
        let whole = probe(&path).expect("a movie").top_field_first;
        break_first(&path, 1);
        assert_eq!(probe(&path).expect("a movie").top_field_first, whole, "{name}");
        // The frame itself is told of by whoever shows it.
        assert!(fails(&cut([part(&path, 0, 4)])), "{name}");
        // Where nothing can be decoded that is an error of every frame.
        break_first(&path, 100);
        if let Ok(info) = probe(&path) {
            assert_eq!(info.top_field_first, None, "{name}");
            assert!(fails(&cut([part(&path, 5, 2)])), "{name}");
        }
    }
}

#[test]
fn representations_keep_fields_by_the_same_rule_and_say_it() {
    let media = Media::new();
    let path = interlaced(&media, "top.mov", true, PRORES);
    let kept = |name: &str| {
        let mut made = Representation::by_name("prores-proxy").expect("built in");
        made.name = name.to_owned();
        made
    };
    let mut small = kept("small");
    small.size.width = Some(160);
    let movie = Representation::by_name("h264").expect("built in");
    let wanted = [kept("same"), small, movie];
    let check = |folder: &Path, prefix: &str| {
        let name = |name: &str, ending: &str| folder.join(format!("{prefix}_{name}.{ending}"));
        assert_eq!(order(&name("same", "mov")), "tt");
        for path in [name("small", "mov"), name("h264", "mp4")] {
            assert!(["progressive", "unknown"].contains(&order(&path).as_str()), "{}", path.display());
        }
        // No combs: lines beside one another have the bar in the same place.
        let picture = samples(&name("h264", "mp4"), None, "gray");
        let begin = |line: usize| picture[3 * 320 * 192 + line * 320..][..320].iter().position(|&luma| luma > 130);
        assert!(
            begin(50).zip(begin(51)).is_some_and(|(one, other)| one.abs_diff(other) <= 6),
            "{:?}",
            (begin(50), begin(51))
        );
    };
    // Beside the shot: encoded, and copied.
    for preset_name in ["prores-422", "prores-hq"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut delivery = Delivery::new(folder.path()).preset(preset(preset_name));
        for wanted in wanted.clone() {
            delivery = delivery.representation(wanted);
        }
        let plan = plan(&cut([part(&path, 0, 10)]), &options(|_| ())).expect("a plan");
        let report = Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver).expect("a run");
        let shot = &report.shots[0];
        assert_eq!(shot.status, Status::Done, "{:?}", shot.error);
        assert!(shot.warnings.iter().any(|warning| warning.contains("deinterlaced")), "{:?}", shot.warnings);
        assert!(["tt", "tb"].contains(&order(&folder.path().join("c.mov")).as_str()));
        check(folder.path(), "c");
    }
    // Of the file.
    let folder = tempfile::tempdir().expect("a folder");
    let control = Control { observer: &NoObserver, cancel: &CancelToken::new() };
    let report = transcode(&path, &wanted, folder.path(), &TranscodeOptions::default(), &control).expect("transcodes");
    let said = format!("{report:?}");
    assert!(said.contains("deinterlaced"), "{said}");
    check(folder.path(), "top");
    let alone = tempfile::tempdir().expect("a folder");
    let report =
        transcode(&path, &wanted[..1], alone.path(), &TranscodeOptions::default(), &control).expect("transcodes");
    assert!(!format!("{report:?}").contains("deinterlaced"));
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
    assert_eq!(order(&run.path("c")), order(&path));
    let size = 320 * 192 * 4;
    let expected = samples(&path, None, "yuv422p10le");
    assert!(run.samples("c", "yuv422p10le").concat()[..] == expected[2 * size..8 * size]);
}
