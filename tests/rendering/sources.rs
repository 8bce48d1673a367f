//! Every kind of source into every preset. R7, R8, R13.

use otio_conflate::deliver::Preset;
use serde_json::{Value, json};

use crate::support::*;

const X264: &str = "-pix_fmt yuv420p -c:v libx264 -preset fast";

/// Three frames from frame 5 of one medium of every kind.
fn every_kind(media: &mut Media) -> Vec<Value> {
    let x264 = |more: &str| format!("{X264} {more}");
    let open = x264("-x264-params open-gop=1:bframes=3:keyint=6:min-keyint=6:scenecut=0");
    let mut clips = Vec::new();
    for (name, rate, arguments) in [
        ("a.mp4", "24", x264("-bf 3 -g 12").as_str()),
        ("open.mp4", "25", &open),
        ("c.mp4", "24000/1001", "-c:v libx265 -preset fast -x265-params bframes=4:keyint=10:log-level=none"),
        ("d.mov", "24", "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le"),
        ("e.mov", "24", "-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p"),
        ("f.avi", "24", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p"),
        ("g.webm", "24", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 800k"),
        ("h.mkv", "24", "-c:v ffv1 -level 3 -pix_fmt yuv420p"),
        ("i.mov", "24", &format!("-f lavfi -i sine=r=48000:d=1 -map 1:a -map 0:v -c:a pcm_s16le {X264}")),
    ] {
        let path = media.numbered(name, 20, rate, arguments);
        let rate = if rate.contains('/') { 24000.0 / 1001.0 } else { rate.parse().expect("a number") };
        clips.push(clip(name, file(&path, range(0, 20, rate)), range(5, 3, rate)));
    }
    // No available range: what lies inside the embedded timecode is counted from it.
    let path = media.numbered("tc.mov", 20, "24", &x264("-timecode 01:00:00:00"));
    clips.push(clip("timecode", file(&path, Value::Null), range(86_405, 3, 24.0)));
    // 10 frames at 24, then 10 at 12.
    let path = media.numbered(
        "vfr.mp4",
        20,
        "24",
        &x264(
            "-vf settb=1/48000,setpts='if(lt(N,10),N*2000,20000+(N-10)*4000)' -fps_mode vfr -enc_time_base 1/48000 -bf 2",
        ),
    );
    clips.push(clip("vfr", file(&path, range(0, 30, 24.0)), range(5, 3, 24.0)));
    for (suffix, arguments) in [
        ("png", "-pix_fmt rgb24"),
        ("jpg", "-pix_fmt yuvj420p -q:v 2"),
        ("tif", "-pix_fmt rgb48le"),
        ("exr", "-pix_fmt gbrpf32le"),
        ("dpx", "-pix_fmt gbrp10be"),
    ] {
        let path =
            media.numbered(&format!("{suffix}/f.%04d.{suffix}"), 10, "24", &format!("{arguments} -start_number 1001"));
        clips.push(clip(suffix, sequence(&path, 1001, range(0, 10, 24.0), "error"), range(5, 3, 24.0)));
    }
    clips
}

#[test]
fn every_kind_of_source_into_every_preset() {
    let mut media = Media::new();
    let clips = every_kind(&mut media);
    // 3 frames of 25 a second take 3 frames of 24 up, rounded: the cut's length tells.
    let cut = timeline([track("V1", clips)]);
    for name in Preset::NAMES {
        let plan = plan(&cut, &options(|_| ())).expect("a plan");
        run(&cut, &whole(plan.duration), name).check(&media, 1001);
    }
}

#[test]
fn every_kind_of_source_with_handles() {
    let mut media = Media::new();
    let cut = timeline([track("V1", every_kind(&mut media))]);
    for mode in ["timeline", "source"] {
        let options = options(|options| {
            options.handles = "4:2".parse().expect("handles");
            options.handle_mode = mode.parse().expect("a mode");
        });
        let run = run(&cut, &options, "h264");
        assert_eq!(run.report.shots.len(), 16);
        run.check(&media, 1001);
    }
}

#[test]
fn variable_rate_is_picked_by_time() {
    let mut media = Media::new();
    let path = media.numbered("vfr.mp4", 20, "24", &format!(
        "-vf settb=1/48000,setpts='if(lt(N,10),N*2000,20000+(N-10)*4000)' -fps_mode vfr -enc_time_base 1/48000 {X264} -bf 2",
    ));
    let cut = timeline([track("V1", [clip("vfr", file(&path, range(0, 30, 24.0)), range(6, 12, 24.0))])]);
    let expected = [6, 7, 8, 9, 10, 10, 11, 11, 12, 12, 13, 13].map(|index| Some(media.number(&path, index)));
    assert_eq!(run(&cut, &options(|_| ()), "ffv1").numbers("vfr"), expected);
}

#[test]
fn retimes_show_the_frames_they_should() {
    let mut media = Media::new();
    for (name, coder) in
        [("a.mp4", format!("{X264} -bf 3 -g 12")), ("b.mov", "-c:v prores_ks -profile:v 1 -pix_fmt yuv422p10le".into())]
    {
        let path = media.numbered(name, 40, "24", &coder);
        let plain = |start: i64| clip("c", file(&path, range(0, 40, 24.0)), range(start, 6, 24.0));
        for (clip, expected) in [
            (warped(plain(10), 2.0), [10, 12, 14, 16, 18, 20]),
            (warped(plain(10), 0.5), [10, 10, 11, 11, 12, 12]),
            (warped(plain(10), -1.0), [15, 14, 13, 12, 11, 10]),
            (frozen(plain(17)), [17; 6]),
            (warped(plain(17), 0.0), [17; 6]),
        ] {
            let run = run(&timeline([track("V1", [clip])]), &options(|_| ()), "prores-lt");
            assert_eq!(run.numbers("c"), expected.map(|index| Some(media.number(&path, index))), "{name}");
        }
    }
}

#[test]
fn rotated_media_stands_upright() {
    let mut media = Media::new();
    let plain = media.numbered("a.mp4", 6, "24", X264);
    // The matrix of a track header. The picture's corner with the number's first block shows where it went.
    for (name, matrix, size, degrees) in
        [("right", [0, 1, -1, 0], (160, 256), 90), ("half", [-1, 0, 0, -1], (256, 160), 180)]
    {
        let mut bytes = std::fs::read(&plain).expect("reads");
        let header = bytes.windows(4).position(|window| window == b"tkhd").expect("a track header") + 4;
        for (cell, value) in [0usize, 1, 3, 4].into_iter().zip(matrix) {
            let at = header + 40 + cell * 4;
            bytes[at..at + 4].copy_from_slice(&i32::to_be_bytes(value * 65536));
        }
        let turned = media.path(&format!("{name}.mp4"));
        std::fs::write(&turned, bytes).expect("writes");
        let cut = timeline([track("V1", [clip("c", file(&turned, range(0, 6, 24.0)), range(2, 3, 24.0))])]);
        for preset in ["prores-lt", "png", "ffv1"] {
            let run = run(&cut, &options(|_| ()), preset);
            assert_eq!((run.report.canvas.width, run.report.canvas.height), size);
            let (width, height) = (size.0 as usize, size.1 as usize);
            for (index, frame) in run.samples("c", "gray").iter().enumerate() {
                let back = |x: usize, y: usize| {
                    let (x, y) = if degrees == 90 { (width - 1 - y, x) } else { (width - 1 - x, height - 1 - y) };
                    f64::from(frame[y * width + x])
                };
                let number = crate::common::number_in(back, (0, 0), (256, 160));
                let index = u16::try_from(index).expect("few");
                assert_eq!(number, Some(media.number(&plain, index + 2)), "{name} into {preset}");
            }
        }
    }
}

#[test]
fn pixel_aspect_is_kept_alone_and_taken_into_account_in_a_canvas() {
    let mut media = Media::new();
    let wide = media.numbered("a.mov", 6, "24", "-c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -vf setsar=2/1");
    let cut = timeline([track("V1", [clip("c", file(&wide, range(0, 6, 24.0)), range(2, 3, 24.0))])]);
    let own = run(&cut, &options(|_| ()), "prores-lt");
    assert_eq!((own.report.canvas.width, own.report.canvas.height), (256, 160));
    own.check(&media, 0);
    let stream = &crate::common::ffprobe(&own.path("c"))["streams"][0];
    assert_eq!((&stream["sample_aspect_ratio"], &stream["width"]), (&json!("2:1"), &json!(256)));
    // In square pixels it is 512 × 160; in 512 × 320 there are bars of 80 lines above and below.
    let square = run(&cut, &options(|options| options.canvas.size = Some((512, 320))), "png");
    let expected: Vec<_> = own.rows("c").iter().map(|row| Some(media.expected(row, 0))).collect();
    assert_eq!(square.numbers_at("c", (0, 80), (512, 160)), expected);
    for frame in square.samples("c", "gray") {
        assert!(frame[..512 * 79].iter().chain(&frame[512 * 241..]).all(|&sample| sample == 0));
    }
}

#[test]
fn odd_sizes() {
    let media = Media::new();
    let odd = media.flat_of("a.mkv", "yuv444p", &[120, 100, 150], (321, 181), 4, "-c:v ffv1");
    let cut = timeline([track("V1", [clip("c", file(&odd, range(0, 4, 24.0)), range(1, 2, 24.0))])]);
    for (preset, size) in [
        ("ffv1", (321, 181)),
        ("png", (321, 181)),
        ("tiff", (321, 181)),
        ("exr", (321, 181)),
        ("jpg", (321, 181)),
        ("mjpeg", (321, 181)),
        ("h264", (320, 180)),
        ("prores-lt", (320, 181)),
    ] {
        let run = run(&cut, &options(|_| ()), preset);
        assert_eq!((run.report.canvas.width, run.report.canvas.height), size, "{preset}");
        let warned = run.report.warnings.iter().any(|warning| warning.object == "canvas");
        assert_eq!(warned, size != (321, 181), "{preset}: {:?}", run.report.warnings);
        let middle =
            run.samples("c", "rgb24")[1][..].chunks(3).nth((90 * size.0 + 160) as usize).expect("there").to_vec();
        // The colour of the source by BT.601, which untagged media of this height has.
        for (got, wanted) in middle.into_iter().zip([156.0, 115.0, 65.0]) {
            // EXR is linear: the command line tool shows it as it is.
            if preset != "exr" {
                near(f64::from(got), wanted, 3.0, preset);
            }
        }
    }
    // A size that was asked for is not changed behind the caller's back.
    let asked = options(|options| options.canvas.size = Some((321, 181)));
    let error = try_run(&cut, &asked, "h264").err().expect("refused");
    assert_eq!(error.kind(), otio_conflate::ErrorKind::Option);
    assert!(format!("{error:#}").contains("321"), "{error:#}");
}
