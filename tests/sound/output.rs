//! Where sound goes. R14.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{FfmpegBackend, write_mix, write_shot_mixes};
use otio_conflate::deliver::{AudioDelivery, Preset};
use otio_conflate::plan::MissingPolicy;
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Status};

use crate::common::ffprobe;
use crate::support::*;

fn one_click(media: &Media) -> serde_json::Value {
    let wav = media.wav("a.wav", 48_000, &clicks(2, 96_000, &[(10_000, 0, 0.5), (10_000, 1, 0.25)]));
    timeline([video([gap(24)]), audio([clip("A", &wav, range(0, 24, 24))])])
}

#[test]
fn sound_goes_where_it_is_asked_for() {
    let media = Media::new();
    let cut = one_click(&media);
    for (to, muxed, beside) in [
        (AudioDelivery::None, false, false),
        (AudioDelivery::Mux, true, false),
        (AudioDelivery::Wav, false, true),
        (AudioDelivery::Both, true, true),
    ] {
        let run = try_run(&cut, &pieces(&[("cut", 0, 24)]), "prores-proxy", to).expect("a run");
        let facts = ffprobe(&run.movie("cut"));
        let streams = facts["streams"].as_array().expect("streams");
        let sound = streams.iter().find(|stream| stream["codec_type"] == "audio");
        assert_eq!(sound.is_some(), muxed, "{to}");
        assert_eq!(run.report.shots[0].sound.is_some(), beside, "{to}");
        assert_eq!(run.report.folder.join("cut.wav").is_file(), beside, "{to}");
        if let Some(sound) = sound {
            assert_eq!((&sound["codec_name"], &sound["duration_ts"]), (&"pcm_s24le".into(), &48_000.into()));
            assert_eq!(loud(&heard(&run.movie("cut"))[0], 0.0), [(10_000, 0.5)]);
        }
    }
}

#[test]
fn every_preset_holds_it_in_its_place() {
    let media = Media::new();
    let cut = one_click(&media);
    for preset in ["prores-lt", "dnxhr-lb", "h264", "ffv1", "mjpeg"] {
        let mut options = pieces(&[("cut", 0, 24), ("late", 3, 20)]);
        options.canvas.size = Some((256, 120));
        let run = try_run(&cut, &options, preset, AudioDelivery::Mux).expect("a run");
        for (name, at, len) in [("cut", 10_000, 48_000), ("late", 4_000, 40_000)] {
            let heard = heard(&run.movie(name));
            let peak = (0..heard[0].len()).max_by(|&a, &b| heard[0][a].total_cmp(&heard[0][b])).expect("some");
            assert_eq!(peak, at, "{preset}, {name}");
            assert!(heard[0].len() >= len && heard[0].len() < len + 1024, "{preset}: {}", heard[0].len());
            assert!(preset == "h264" || heard[0].len() == len, "{preset}: {}", heard[0].len());
        }
    }
}

#[test]
fn wav_files_carry_the_record_time() {
    let media = Media::new();
    let cut = one_click(&media);
    let run = run(&cut, &pieces(&[("cut", 5, 10)]));
    let facts = ffprobe(&run.wav("cut"));
    // 86 405 frames of 24 a second since midnight.
    assert_eq!(facts["format"]["tags"]["time_reference"], "172810000");
    assert_eq!(facts["streams"][0]["codec_name"], "pcm_s24le");
    let mut ntsc = one_click(&media);
    ntsc["global_start_time"] = time(86_400, 23.976);
    let run = run_at(&ntsc);
    assert_eq!(ffprobe(&run.wav("cut"))["format"]["tags"]["time_reference"], (86_405 * 2002).to_string());
}

fn run_at(timeline: &serde_json::Value) -> Run {
    run(timeline, &pieces(&[("cut", 5, 10)]))
}

#[test]
fn frames_hold_no_sound_and_that_is_said() {
    let media = Media::new();
    let cut = one_click(&media);
    let run = try_run(&cut, &pieces(&[("cut", 0, 6)]), "png", AudioDelivery::Mux).expect("a run");
    assert!(run.said().contains("png files hold no sound"), "{}", run.said());
    let run = try_run(&cut, &pieces(&[("cut", 4, 4)]), "png", AudioDelivery::Wav).expect("a run");
    assert_eq!(loud(&heard(&run.wav("cut"))[0], 0.0), [(2_000, 0.5)]);
    assert_eq!(run.said(), "");
}

#[test]
fn a_cut_without_sound_has_none() {
    let media = Media::new();
    let picture = crate::common::movie(&media.path("p.mov"), 0..12, "24", "-c:v mjpeg");
    let run = try_run(
        &timeline([video([clip("A", &picture, range(0, 6, 24))]), audio([gap(6)])]),
        &options(|_| {}),
        "mjpeg",
        AudioDelivery::Both,
    )
    .expect("a run");
    assert_eq!(ffprobe(&run.movie("A"))["streams"].as_array().map(Vec::len), Some(2), "a picture and timecode");
    assert_eq!((run.report.shots[0].sound.as_ref(), run.said().as_str()), (None, ""));
}

#[test]
fn untouched_pictures_are_copied_and_sound_lies_beside_them() {
    let media = Media::new();
    let picture = crate::common::movie(&media.path("p.mov"), 0..24, "24", "-c:v prores_ks -profile:v 1 -vendor apl0");
    let wav = media.wav("a.wav", 48_000, &clicks(2, 96_000, &[(10_000, 0, 0.5)]));
    let cut = timeline([video([clip("A", &picture, range(2, 20, 24))]), audio([clip("S", &wav, range(2, 20, 24))])]);
    let run = try_run(&cut, &options(|_| {}), "prores-lt", AudioDelivery::Mux).expect("a run");
    assert_eq!(run.report.shots[0].status, Status::Done, "{}", run.said());
    assert_eq!(loud(&heard(&run.movie("A"))[0], 0.0), [(6_000, 0.5)]);
}

#[test]
fn the_whole_cut_is_mixed_into_one_file() {
    let media = Media::new();
    let cut = one_click(&media);
    let target = media.path("mix.wav");
    let planned = plan(&cut, &pieces(&[])).expect("a plan");
    let report = write_mix(&planned, &target, &CancelToken::new()).expect("a mix");
    assert_eq!((report.samples, report.peak.level, report.peak.clipped), (48_000, 0.5, 0));
    assert!(report.warnings.is_empty());
    let mixed = heard(&target);
    assert_eq!((mixed[0].len(), loud(&mixed[0], 0.0)), (48_000, vec![(10_000, 0.5)]));
    assert_eq!(ffprobe(&target)["format"]["tags"]["time_reference"], "172800000");

    let cancel = CancelToken::new();
    cancel.cancel();
    let other = media.path("other.wav");
    assert_eq!(write_mix(&planned, &other, &cancel).expect_err("cancelled").kind(), ErrorKind::Cancelled);
    assert!(!other.exists());
    let silent = plan(&timeline([video([gap(4)])]), &options(|_| {})).expect("a plan");
    assert_eq!(write_mix(&silent, &other, &CancelToken::new()).expect_err("no sound").kind(), ErrorKind::Option);
    let gone = timeline([audio([clip("A", &media.path("gone.wav"), range(0, 4, 24))])]);
    let lax = plan(&gone, &options(|options| options.media_missing = MissingPolicy::Black)).expect("a plan");
    let report = write_mix(&lax, &other, &CancelToken::new()).expect("a mix");
    assert!(report.peak.level == 0.0 && report.warnings[0].message.contains("gone.wav"));
    let strict = plan(&gone, &options(|_| {})).expect("a plan");
    let refused = write_mix(&strict, &other, &CancelToken::new()).expect_err("it is missing");
    assert_eq!(refused.kind(), ErrorKind::MediaMissing);
}

#[test]
fn rates_and_layouts_are_as_asked_for() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[0.5, 0.5], 96_000));
    let cut = timeline([video([gap(24)]), audio([clip("A", &wav, range(0, 24, 24))])]);
    for rate in [44_100, 96_000] {
        let mut options = pieces(&[("cut", 0, 24)]);
        options.sound.rate = rate;
        let heard = run(&cut, &options).heard("cut");
        assert_eq!(heard[0].len(), rate as usize);
        level(heard[0][rate as usize / 2], 0.5, "in the middle");
    }
}

#[test]
fn many_clips_on_many_tracks() {
    let media = Media::new();
    let wav = media.wav("a.wav", 48_000, &steady(&[1.0 / 64.0, 1.0 / 64.0], 48_000));
    let tracks: Vec<_> = (0..24)
        .map(|_| audio((0..21).map(|index| clip("A", &wav, range(index % 5, 1, 24))).collect::<Vec<_>>()))
        .collect();
    let heard = cut(&timeline(tracks), 21);
    assert!(heard[0].iter().all(|&sample| (sample - 0.375).abs() < 1e-6));
}

#[test]
fn a_shot_is_skipped_only_with_its_sound() {
    let media = Media::new();
    let cut = one_click(&media);
    let folder = media.path("out");
    let again = |to: AudioDelivery| {
        let delivery = Delivery::new(&folder)
            .preset(Preset::by_name("mjpeg").expect("a preset").with_audio(to))
            .existing(Existing::Skip);
        let planned = plan(&cut, &pieces(&[("cut", 0, 24)])).expect("a plan");
        let report = Conflation::new(FfmpegBackend::new(), delivery).run(&planned, &NoObserver).expect("a run");
        report.shots[0].status
    };
    assert_eq!(again(AudioDelivery::Both), Status::Done);
    assert_eq!(again(AudioDelivery::Both), Status::Skipped);
    std::fs::remove_file(folder.join("cut.wav")).expect("it was delivered");
    assert_eq!(again(AudioDelivery::Both), Status::Done);
    assert_eq!(again(AudioDelivery::Mux), Status::Done, "another preset");
    // Other sound is another shot.
    media.wav("a.wav", 48_000, &clicks(2, 96_001, &[(10_000, 0, 0.5)]));
    assert_eq!(again(AudioDelivery::Mux), Status::Done);
    assert_eq!(again(AudioDelivery::Mux), Status::Skipped);
}

#[test]
fn shots_are_mixed_without_their_pictures_too() {
    let media = Media::new();
    let cut = one_click(&media);
    let shots = [("a", 0, 4), ("b", 4, 9), ("c", 3, 21)];
    let run = run(&cut, &pieces(&shots));
    let planned = plan(&cut, &pieces(&shots)).expect("a plan");
    let path = |shot: &otio_conflate::plan::Shot| media.path(&format!("{}-alone.wav", shot.name));
    let reports = write_shot_mixes(&planned, path, &CancelToken::new()).expect("mixes");
    assert_eq!(reports.iter().map(|report| report.samples).collect::<Vec<_>>(), [8_000, 18_000, 42_000]);
    for shot in &planned.shots {
        assert!(heard(&path(shot)) == run.heard(&shot.name), "{}", shot.name);
    }
}
