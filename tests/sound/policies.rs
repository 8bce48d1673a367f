//! Media that cannot be heard. R10, R14, R15.

use otio_conflate::deliver::AudioDelivery;
use otio_conflate::plan::MissingPolicy;
use otio_conflate::{ErrorKind, Status};
use serde_json::{Value, json};

use crate::support::*;

/// A cut in which a sound at 0.25 lies beside what is in `clip`.
fn beside(media: &Media, bad: Value) -> Value {
    let good = media.wav("good.wav", 48_000, &steady(&[0.25, 0.25], 96_000));
    timeline([audio([clip("good", &good, range(0, 12, 24))]), audio([gap(6), bad])])
}

fn under(policy: MissingPolicy) -> otio_conflate::PlanOptions {
    let mut options = pieces(&[("before", 0, 6), ("with", 6, 6)]);
    options.media_missing = policy;
    options
}

/// Under `error`, the shot fails that needs it and the other does not; under `black` it is silent, and that is said.
#[track_caller]
fn broken(media: &Media, bad: Value, why: &str) {
    let cut = beside(media, bad);
    let strict = try_run(&cut, &under(MissingPolicy::Error), "mjpeg", AudioDelivery::Both).expect("a run");
    let statuses: Vec<_> = strict.report.shots.iter().map(|shot| shot.status).collect();
    assert_eq!(statuses, [Status::Done, Status::Failed], "{}", strict.said());
    assert!(strict.said().contains(why) && strict.said().contains("bad"), "{}", strict.said());
    let files = std::fs::read_dir(&strict.report.folder).expect("a folder").count();
    assert_eq!(files, 3, "a movie, its sound and the manifest");
    let lax = run(&cut, &under(MissingPolicy::Black));
    assert!(lax.said().contains(why), "{}", lax.said());
    let heard = lax.heard("with");
    assert!(heard[0].iter().all(|&sample| sample == 0.25));
}

#[test]
fn missing_sound_stops_the_run_or_is_silent() {
    let media = Media::new();
    let cut = beside(&media, clip("bad", &media.path("gone.wav"), range(0, 6, 24)));
    let refused = try_run(&cut, &under(MissingPolicy::Error), "mjpeg", AudioDelivery::Mux).err().expect("refused");
    assert_eq!(refused.kind(), ErrorKind::MediaMissing);
    assert!(format!("{refused:#}").contains("gone.wav"), "{refused}");
    let lax = run(&cut, &under(MissingPolicy::Slate));
    assert!(lax.said().contains("gone.wav") && lax.said().contains("silent"), "{}", lax.said());
    assert!(lax.heard("with")[0].iter().all(|&sample| sample == 0.25));
    // Where no sound is delivered, none can be missing.
    let silent = try_run(&cut, &under(MissingPolicy::Error), "mjpeg", AudioDelivery::None).expect("a run");
    assert!(silent.report.succeeded());
}

#[test]
fn a_file_without_sound() {
    let media = Media::new();
    let picture = crate::common::movie(&media.path("p.mov"), 0..12, "24", "-c:v mjpeg");
    let cut = beside(&media, clip("bad", &picture, range(0, 6, 24)));
    for policy in [MissingPolicy::Error, MissingPolicy::Black] {
        let run = run(&cut, &under(policy));
        assert!(run.said().contains("p.mov holds no sound: the clip is silent"), "{}", run.said());
        assert!(run.heard("with")[0].iter().all(|&sample| sample == 0.25));
    }
}

#[test]
fn a_clip_that_names_no_media() {
    let media = Media::new();
    let mut bad = clip("bad", &media.path("unused.wav"), range(0, 6, 24));
    bad["media_references"] = json!({"DEFAULT_MEDIA": {"OTIO_SCHEMA": "MissingReference.1"}});
    bad.as_object_mut().expect("an object").remove("media_reference");
    let run = run(&beside(&media, bad), &under(MissingPolicy::Error));
    assert!(run.said().contains("the clip is silent"), "{}", run.said());
    assert!(run.heard("with")[0].iter().all(|&sample| sample == 0.25));
}

#[test]
fn a_file_that_is_none() {
    let media = Media::new();
    let path = media.path("text.wav");
    std::fs::write(&path, "this is no sound".repeat(100)).expect("written");
    broken(&media, clip("bad", &path, range(0, 6, 24)), "text.wav");
}

#[test]
fn a_channel_that_does_not_exist() {
    let media = Media::new();
    let wav = media.wav("two.wav", 48_000, &steady(&[0.5, 0.5], 48_000));
    for (stream, channel) in [(0, 2), (1, 0), (0, i64::from(u32::MAX))] {
        let mut bad = clip("bad", &wav, range(0, 6, 24));
        bad["metadata"] =
            json!({"Resolve_OTIO": {"Channels": [{"Source Channel ID": channel, "Source Track ID": stream}]}});
        broken(&media, bad, "two.wav");
    }
}

#[test]
fn a_damaged_file() {
    let media = Media::new();
    let path = sound(&media.path("a.mp3"), 48_000, &steady(&[0.1, 0.1], 48_000), "-c:a flac -f flac");
    let mut bytes = std::fs::read(&path).expect("read");
    let len = bytes.len();
    for byte in &mut bytes[len / 3..len / 2] {
        *byte ^= 0x5a;
    }
    std::fs::write(&path, bytes).expect("written");
    let cut = beside(&media, clip("bad", &path, range(0, 6, 24)));
    // Whatever can be decoded of it is heard; nothing else suffers.
    let run = run(&cut, &under(MissingPolicy::Black));
    assert!(run.heard("before")[0].iter().all(|&sample| sample == 0.25));
}

#[test]
fn media_that_is_short_is_silent_behind_its_end() {
    let media = Media::new();
    let wav = media.wav("short.wav", 48_000, &steady(&[0.5, 0.5], 6_000));
    let heard = cut(&timeline([audio([clip("A", &wav, range(1, 12, 24))])]), 12);
    assert!(heard[0][..4000].iter().all(|&sample| sample == 0.5));
    assert!(heard[0][4000..].iter().all(|&sample| sample == 0.0));
    // In front of its start, too: a crossfade reaches there.
    let wav = media.wav("b.wav", 48_000, &steady(&[0.5, 0.5], 48_000));
    let cut_of = timeline([audio([gap(6), dissolve(2, 0), clip("A", &wav, range(0, 6, 24))])]);
    let heard = cut(&cut_of, 12);
    assert!(heard[0][..12_000].iter().all(|&sample| sample == 0.0));
    assert_eq!(heard[0][12_000], 0.5);
}
