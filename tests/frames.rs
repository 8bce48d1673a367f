//! Pictures in memory: sample for sample what a run writes, whatever the depth, in any order, without a file.
#![cfg(feature = "ffmpeg")]

#[path = "common/mod.rs"]
mod common;
#[path = "common/otio.rs"]
mod otio;
#[path = "rendering/support.rs"]
#[allow(dead_code, reason = "a part of what the tests of rendering need")]
mod support;

use std::path::PathBuf;

use otio_conflate::backend::ffmpeg::{FfmpegBackend, FrameOptions, FrameSamples, SampleDepth};
use otio_conflate::deliver::{AudioDelivery, Preset};
use otio_conflate::plan::{Background, Handles};
use otio_conflate::{Conflation, Delivery, ErrorKind, NoObserver, Plan, PlanOptions, Report};
use serde_json::Value;

use otio::{dissolve, gap, range, track, warped};
use support::{Media, clip, file, timeline};

/// A cut with a dissolve, a retime, a gap and a layer over it that fades in, of media in `codec`.
fn cut(media: &mut Media, codec: &str) -> Value {
    let path = media.numbered("a.mkv", 80, "24", codec);
    let available = || range(0, 80, 24.0);
    let shot = |name: &str, start, frames| clip(name, file(&path, available()), range(start, frames, 24.0));
    let under = [shot("a", 20, 6), dissolve(2, 2), shot("b", 40, 6), gap(2), warped(shot("c", 60, 5), 0.5)];
    timeline([track("V1", under), track("V2", [gap(3), dissolve(2, 2), shot("over", 3, 8)])])
}

fn planned(cut: &Value, change: impl FnOnce(&mut PlanOptions)) -> Plan {
    let timeline = otio::read(cut);
    let mut options = PlanOptions::default();
    options.handles = Handles::both(2);
    change(&mut options);
    Plan::with_media(&timeline, &options, &otio_conflate::backend::ffmpeg::FfmpegLookup::new()).expect("a plan")
}

/// Delivers the shots as numbered frames, and gives the files of each.
fn delivered(media: &Media, plan: &Plan, preset: &str) -> Vec<Vec<PathBuf>> {
    let folder = media.path(&format!("{preset}/x")).parent().expect("a folder").to_owned();
    let preset = Preset::by_name(preset).expect("a preset").with_audio(AudioDelivery::None);
    let run = Conflation::new(FfmpegBackend::new(), Delivery::new(&folder).preset(preset)).run(plan, &NoObserver);
    let report: Report = run.expect("a run");
    assert!(report.succeeded(), "{:?}", report.shots);
    let files = |shot: &otio_conflate::ShotReport| {
        let pattern = &shot.output.as_ref().expect("an output").path;
        let numbers = shot.first_frame..shot.first_frame + shot.frame_count;
        numbers.map(|number| folder.join(pattern.replace("%04d", &format!("{number:04}")))).collect()
    };
    report.shots.iter().map(files).collect()
}

#[test]
fn integers_are_what_png_files_hold_in_any_order() {
    for (codec, is_deep) in [("-c:v ffv1 -pix_fmt yuv420p", false), ("-c:v ffv1 -pix_fmt yuv422p10le", true)] {
        for background in [Background::Black, Background::Transparent] {
            let mut media = Media::new();
            let plan = planned(&cut(&mut media, codec), |options| options.background = background);
            let files = delivered(&media, &plan, "png");
            let depth = if is_deep { SampleDepth::U16 } else { SampleDepth::U8 };
            let options = FrameOptions::default().depth(depth);
            let frames = FfmpegBackend::new().frames_as(&plan, &options).expect("media");
            let mut reader = frames.reader();
            let before = std::fs::read_dir(media.path("x").parent().expect("a folder")).expect("it is there").count();
            let mut all: Vec<(usize, usize)> = files
                .iter()
                .enumerate()
                .flat_map(|(shot, files)| (0..files.len()).map(move |file| (shot, file)))
                .collect();
            // Forwards, then all over the place.
            let mixed: Vec<(usize, usize)> = (0..40).map(|step| all[step * 7919 % all.len()]).collect();
            all.extend(mixed);
            assert!(all.len() > 60, "{}", all.len());
            for (shot, index) in all {
                let written = image::open(&files[shot][index]).expect("a picture");
                let shot = &plan.shots[shot];
                let number = shot.first_frame + i64::try_from(index).expect("few");
                let made = reader.frame_of(shot, number).expect("a picture");
                assert_eq!((made.width, made.height), (written.width(), written.height()));
                let is_same = match &made.samples {
                    FrameSamples::U8(samples) => *samples == written.to_rgba8().into_raw(),
                    FrameSamples::U16(samples) => *samples == written.to_rgba16().into_raw(),
                    _ => false,
                };
                assert!(is_same, "{codec}, {background:?}: {} {number}", shot.name);
            }
            assert_eq!(std::fs::read_dir(media.path("x").parent().expect("a folder")).expect("it").count(), before);
        }
    }
}

#[test]
fn floats_are_what_exr_files_hold_before_they_become_halves() {
    let mut media = Media::new();
    let plan = planned(&cut(&mut media, "-c:v ffv1 -pix_fmt yuv422p10le"), |_| ());
    let files = delivered(&media, &plan, "exr");
    let exr = Preset::by_name("exr").expect("a preset");
    let options = FrameOptions::default().depth(SampleDepth::F32).preset(exr);
    let frames = FfmpegBackend::new().frames_as(&plan, &options).expect("media");
    let mut reader = frames.reader();
    for (shot, files) in plan.shots.iter().zip(&files) {
        for (number, file) in (shot.first_frame..).zip(files) {
            let made = reader.frame_of(shot, number).expect("a picture");
            let made = made.as_f32().expect("floats");
            let written = common::samples(file, None, "gbrpf32le");
            let floats: Vec<f32> = written.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            let plane = floats.len() / 3;
            for (index, pixel) in made.as_chunks::<4>().0.iter().enumerate() {
                let there = [floats[2 * plane + index], floats[index], floats[plane + index], 1.0];
                for (own, there) in pixel.iter().zip(there) {
                    // A half has eleven bits, and its smallest step is 2⁻²⁴; what does not fit is cut off.
                    assert!(
                        (own - there).abs() <= there.abs() / 1024.0 + 6e-8,
                        "{} {number}: {own} {there}",
                        shot.name
                    );
                }
            }
        }
    }
}

#[test]
fn alpha_and_size_are_as_asked() {
    let mut media = Media::new();
    let plan = planned(&cut(&mut media, "-c:v ffv1 -pix_fmt yuv420p"), |options| {
        options.background = Background::Transparent;
    });
    let straight = FfmpegBackend::new().frames(&plan).expect("media");
    let mut reader = straight.reader();
    let picture = reader.frame(0).expect("a picture");
    assert!(picture.as_u8().expect("8 bits").as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255));
    assert!(!picture.premultiplied && picture.color.full_range);
    // In a handle that lies in the gap nothing is seen.
    let shot = &plan.shots[1];
    let nothing = reader.frame_of(shot, shot.first_frame + shot.frame_count - 1).expect("a picture");
    assert!(nothing.as_u8().expect("8 bits").iter().all(|&sample| sample == 0));
    let half = FrameOptions::default().size(picture.width / 2, picture.height / 2).premultiplied(true);
    for depth in [SampleDepth::U8, SampleDepth::U16, SampleDepth::F32] {
        let options = half.clone().depth(depth);
        let frames = FfmpegBackend::new().frames_as(&plan, &options).expect("media");
        let small = frames.reader().frame(0).expect("a picture");
        assert_eq!((small.width, small.height), (picture.width / 2, picture.height / 2));
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let of = |samples: &FrameSamples| match samples {
            FrameSamples::U8(samples) => mean(samples.iter().map(|&sample| f64::from(sample) / 255.0).collect()),
            FrameSamples::U16(samples) => mean(samples.iter().map(|&sample| f64::from(sample) / 65535.0).collect()),
            FrameSamples::F32(samples) => mean(samples.iter().map(|&sample| f64::from(sample)).collect()),
            _ => f64::NAN,
        };
        assert!((of(&small.samples) - of(&picture.samples)).abs() < 0.02, "{depth:?}");
        assert!(small.premultiplied);
    }
    for shot in &plan.shots {
        let thumbnail = reader.thumbnail(shot, 40).expect("a picture");
        assert_eq!(thumbnail.width, 40);
        assert_eq!(thumbnail.as_u8().map(<[u8]>::len), Some(40 * thumbnail.height as usize * 4));
    }
}

#[test]
fn what_there_is_not_is_an_error() {
    let mut media = Media::new();
    let mut plan = planned(&cut(&mut media, "-c:v ffv1 -pix_fmt yuv420p"), |_| ());
    let backend = FfmpegBackend::new();
    {
        let frames = backend.frames(&plan).expect("media");
        let mut reader = frames.reader();
        assert_eq!(reader.frame(10_000).expect_err("no such frame").kind(), ErrorKind::Option);
        let shot = &plan.shots[0];
        assert_eq!(reader.frame_of(shot, shot.first_frame - 1).expect_err("no such frame").kind(), ErrorKind::Option);
        let mut other = shot.clone();
        other.start += 1;
        assert_eq!(reader.thumbnail(&other, 10).expect_err("no such shot").kind(), ErrorKind::Option);
        // It goes on after an error.
        assert!(reader.frame_of(shot, shot.first_frame).is_ok());
    }
    let options = FrameOptions::default().size(0, 10);
    assert_eq!(backend.frames_as(&plan, &options).expect_err("no size").kind(), ErrorKind::Option);
    std::fs::remove_file(media.path("a.mkv")).expect("it is there");
    assert_eq!(backend.frames(&plan).expect_err("no media").kind(), ErrorKind::MediaMissing);
    plan.media_missing = otio_conflate::plan::MissingPolicy::Slate;
    assert!(backend.frames(&plan).expect("cards").reader().frame(0).is_ok());
}

#[cfg(feature = "ocio")]
#[test]
fn a_view_that_is_baked_into_files_is_baked_into_pictures() {
    use otio_conflate::color::{named, open, read_rule, read_view};
    use otio_conflate::plan::ColorPlan;
    let config = named("ocio://default").expect("built in");
    let engine = open(&config).expect("built in");
    let (display, views) = engine.displays().into_iter().next().expect("a display");
    let mut color = ColorPlan::default();
    color.config = config;
    color.rules = vec![read_rule(&*engine, "*=ACEScg").expect("a space of it")];
    color.intermediate.color = read_view(&*engine, &format!("{display}/{}", views[0])).expect("a view of it");
    color.intermediate.graded = true;
    let mut media = Media::new();
    let cut = cut(&mut media, "-c:v ffv1 -pix_fmt yuv422p10le");
    let plain = planned(&cut, |_| ());
    let plan = planned(&cut, |options| options.color = Some(color));
    let files = delivered(&media, &plan, "png");
    let options = FrameOptions::default().depth(SampleDepth::U16);
    let frames = FfmpegBackend::new().frames_as(&plan, &options).expect("media");
    let unmanaged = FfmpegBackend::new().frames_as(&plain, &options).expect("media");
    let (mut reader, mut other) = (frames.reader(), unmanaged.reader());
    for (shot, files) in plan.shots.iter().zip(&files) {
        for (number, file) in (shot.first_frame..).zip(files) {
            let made = reader.frame_of(shot, number).expect("a picture");
            let written = image::open(file).expect("a picture").to_rgba16().into_raw();
            assert_eq!(made.as_u16(), Some(&written[..]), "{} {number}", shot.name);
        }
    }
    assert_ne!(reader.frame(0).expect("a picture").samples, other.frame(0).expect("a picture").samples);
}
