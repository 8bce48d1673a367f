//! Stems add up to the mix, sample for sample. R14.

use std::path::{Path, PathBuf};

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::ffmpeg::{
    FfmpegBackend, bring_to_loudness, mix_files, write_mix, write_mix_as, write_shot_mixes,
};
use otio_conflate::deliver::{AudioDelivery, Preset};
use otio_conflate::plan::{Pitch, PlanOptions, Shot, SoundLayout, StemSelection};
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Plan, Report, Status};
use serde_json::{Value, json};

use crate::support::*;

type Change<'a> = &'a dyn Fn(&mut PlanOptions);

/// Tracks of which two have the same name, one lies in a nest in a video track, and one is silent.
fn cut_of_tracks(media: &Media, level: f32) -> Value {
    let mut noise = Noise(5);
    let wav = media.wav("a.wav", 44_100, &noise.channels(2, 44_100 * 6, level));
    let mono = media.wav("m.wav", 48_000, &noise.channels(1, 48_000 * 6, level));
    let one = |name: &str, wav: &Path, first: i32, frames: i32| clip(name, wav, range(first, frames, 29.97));
    let faded = vec![one("a", &wav, 20, 25), dissolve(3, 4), one("b", &mono, 30, 35)];
    let tracks = [
        audio(faded),
        audio(vec![warped(one("c", &wav, 10, 31), 1.037_291), one("d", &mono, 9, 29)]),
        audio(vec![gap(60)]),
    ];
    let nest = stack([audio(vec![warped(one("n", &mono, 20, 60), -1.0)])]);
    let mut all = vec![video(vec![nest])];
    all.extend(tracks);
    timeline_at(time(100_003, 29.97), all)
}

fn stems(which: &str, change: impl FnOnce(&mut PlanOptions)) -> PlanOptions {
    let mut options = pieces(&[("one", 0, 7), ("two", 7, 22), ("three", 29, 30)]);
    options.sound.stems = which.parse().expect("a selection of stems");
    change(&mut options);
    options
}

/// The mix at `path` and the sum of `stems`, as whole numbers: the first place where they differ.
fn difference(path: &Path, stems: &[PathBuf]) -> Option<(usize, usize, i32, i32)> {
    let whole = Wav::read(path);
    let stems: Vec<Wav> = stems.iter().map(|stem| Wav::read(stem)).collect();
    for stem in &stems {
        assert_eq!((stem.len(), stem.reference()), (whole.len(), whole.reference()));
        assert_eq!(stem.planes.len(), whole.planes.len());
    }
    whole.planes.iter().enumerate().find_map(|(channel, plane)| {
        plane.iter().enumerate().find_map(|(index, &sample)| {
            let sum: i32 = stems.iter().map(|stem| stem.planes[channel][index]).sum();
            (sum != sample).then_some((channel, index, sum, sample))
        })
    })
}

#[test]
fn stems_add_up_to_the_mix_whatever_is_asked_for() {
    let media = Media::new();
    let cut = cut_of_tracks(&media, 0.2);
    let changes: [(&str, Change<'_>); 5] = [
        ("plain", &|_| ()),
        ("the pitch kept", &|options| options.sound.pitch = Pitch::Keep),
        ("mono", &|options| options.sound.layout = SoundLayout::Mono),
        ("5.1", &|options| options.sound.layout = SoundLayout::Surround51),
        ("44.1 kHz, a limit that is not reached", &|options| {
            (options.sound.rate, options.sound.limit) = (44_100, Some(-0.1));
        }),
    ];
    for (what, change) in changes {
        for gain in [false, what.ends_with("reached")] {
            let mut planned = plan(&cut, &stems("track", change)).expect("a plan");
            assert_eq!(planned.sound.as_ref().expect("sound").stems, ["V1 A1", "A1", "A1_2"]);
            if gain {
                bring_to_loudness(&mut planned, -27.0, &CancelToken::new()).expect("it is heard");
            }
            let whole = media.path("mix.wav");
            let report = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
            assert_eq!(report.stems, ["mix_V1 A1.wav", "mix_A1.wav", "mix_A1_2.wav"].map(|name| media.path(name)));
            assert_eq!(report.stems, mix_files(&planned, &whole)[1..]);
            assert_eq!(difference(&whole, &report.stems), None, "{what}");
            let path = |shot: &Shot| media.path(&format!("{}.wav", shot.name));
            let reports = write_shot_mixes(&planned, path, &CancelToken::new()).expect("mixes");
            for (shot, own) in planned.shots.iter().zip(&reports) {
                assert_eq!(difference(&path(shot), &own.stems), None, "{what}: {}", shot.name);
                // They are pieces of the stems of the whole, too.
                for (own, whole) in own.stems.iter().zip(&report.stems) {
                    let (own, whole) = (Wav::read(own), Wav::read(whole));
                    let at = (own.reference() - whole.reference()) as usize;
                    assert!(own.planes[0] == whole.planes[0][at..at + own.len()], "{what}: {}", shot.name);
                }
            }
        }
    }
}

#[test]
fn what_is_limited_is_whole_in_the_stems() {
    let media = Media::new();
    let cut = cut_of_tracks(&media, 0.3);
    let path = |shot: &Shot| media.path(&format!("{}.wav", shot.name));
    let plain = plan(&cut, &stems("track", |_| ())).expect("a plan");
    let plain = write_shot_mixes(&plain, path, &CancelToken::new()).expect("mixes");
    let kept: Vec<Vec<Vec<i32>>> = plain[1].stems.iter().map(|stem| Wav::read(stem).planes).collect();
    let planned = plan(&cut, &stems("track", |options| options.sound.limit = Some(-6.0))).expect("a plan");
    let limited = write_shot_mixes(&planned, path, &CancelToken::new()).expect("mixes");
    assert!(limited[1].warnings.iter().any(|warning| warning.message.contains("limited")));
    let again: Vec<Vec<Vec<i32>>> = limited[1].stems.iter().map(|stem| Wav::read(stem).planes).collect();
    assert!(kept == again, "a limiter changes no stem");
    assert!(difference(&path(&planned.shots[1]), &limited[1].stems).is_some());
}

fn conflate(planned: &Plan, folder: &Path, existing: Existing, to: AudioDelivery) -> otio_conflate::Result<Report> {
    let preset = Preset::by_name("mjpeg").expect("a preset").with_audio(to);
    let delivery = Delivery::new(folder).preset(preset).existing(existing);
    Conflation::new(FfmpegBackend::new(), delivery).run(planned, &NoObserver)
}

#[test]
fn stems_are_delivered_listed_and_skipped_with_their_shot() {
    let media = Media::new();
    let cut = cut_of_tracks(&media, 0.2);
    let folder = media.path("out");
    let with = |which: &str| plan(&cut, &stems(which, |_| ())).expect("a plan");
    let run = |which: &str, to: AudioDelivery| conflate(&with(which), &folder, Existing::Skip, to).expect("a run");
    let states = |report: &Report| report.shots.iter().map(|shot| shot.status).collect::<Vec<_>>();
    let report = run("track", AudioDelivery::Wav);
    assert_eq!(states(&report), [Status::Done; 3]);
    let listed: Value =
        serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).expect("it was written")).expect("JSON");
    let files: Vec<&str> =
        listed["files"].as_array().expect("files").iter().filter_map(|file| file["path"].as_str()).collect();
    for shot in &report.shots {
        let names: Vec<&str> = shot.stems.iter().map(|stem| stem.name.as_str()).collect();
        assert_eq!(names, ["V1 A1", "A1", "A1_2"]);
        let paths: Vec<PathBuf> = shot.stems.iter().map(|stem| folder.join(&stem.output.path)).collect();
        assert_eq!(paths[2], folder.join(format!("{}_A1_2.wav", shot.shot)));
        let wav = folder.join(&shot.sound.as_ref().expect("a WAV file").path);
        assert_eq!(difference(&wav, &paths), None, "{}", shot.shot);
        assert!(shot.stems.iter().all(|stem| files.contains(&stem.output.path.as_str())), "{files:?}");
        assert!(shot.loudness.is_some_and(|loudness| loudness.true_peak.is_some()));
    }
    assert_eq!(listed["shots"][1]["stems"][1]["name"], "A1");
    assert_eq!(states(&run("track", AudioDelivery::Wav)), [Status::Skipped; 3]);
    std::fs::remove_file(folder.join("two_A1.wav")).expect("it was delivered");
    assert_eq!(states(&run("track", AudioDelivery::Wav)), [Status::Skipped, Status::Done, Status::Skipped]);
    assert!(folder.join("two_A1.wav").is_file());
    assert_eq!(
        states(&run("role:part", AudioDelivery::Wav)),
        [Status::Skipped; 3],
        "nothing has a role: the same stems"
    );
    assert_eq!(states(&run("none", AudioDelivery::Wav)), [Status::Done; 3]);
    // Beside a movie with its sound in it they lie, too; without any sound there are none, and that is said.
    let report = run("track", AudioDelivery::Mux);
    assert_eq!((report.shots[0].sound.as_ref(), report.shots[0].stems.len()), (None, 3));
    let report = run("track", AudioDelivery::None);
    assert!(report.shots[0].stems.is_empty());
    assert!(report.warnings.iter().any(|warning| warning.message.contains("no stems are written")), "{report:?}");
}

#[test]
fn stems_take_the_place_of_nothing_that_is_not_ours() {
    let media = Media::new();
    let cut = cut_of_tracks(&media, 0.2);
    let folder = media.path("out");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("two_A1.wav"), b"mine").expect("a file");
    let planned = plan(&cut, &stems("track", |_| ())).expect("a plan");
    for existing in [Existing::Error, Existing::Overwrite, Existing::Skip] {
        let refused = conflate(&planned, &folder, existing, AudioDelivery::Both).expect_err("it is not ours");
        assert_eq!(refused.kind(), ErrorKind::Exists);
        let mix = folder.join("two.wav");
        let refused = write_mix_as(&planned, &mix, existing, &[], &CancelToken::new()).expect_err("it is not ours");
        assert_eq!(refused.kind(), ErrorKind::Exists);
        assert!(!mix.exists());
    }
    // A medium of the cut that has a stem's name is never written.
    let mut other = planned.clone();
    other.sound.as_mut().expect("sound").stems[1] = "wav".to_owned();
    std::fs::rename(media.path("a.wav"), media.path("x_wav.wav")).expect("it is there");
    let text = serde_json::to_string(&other).expect("plain data").replace("/a.wav", "/x_wav.wav");
    let other: Plan = serde_json::from_str(&text).expect("a plan");
    let mix = media.path("x.wav");
    let refused =
        write_mix_as(&other, &mix, Existing::OverwriteForeign, &[], &CancelToken::new()).expect_err("it is read");
    assert_eq!(refused.kind(), ErrorKind::Exists);
    assert_eq!(std::fs::read(folder.join("two_A1.wav")).expect("it is there"), b"mine");
}

#[test]
fn stems_go_by_roles_where_metadata_names_one() {
    let media = Media::new();
    let tone = |level: f32| steady(&[level, level], 48_000);
    let [speech, music, effects] =
        [("s.wav", 0.5), ("m.wav", 0.25), ("e.wav", 0.125)].map(|(name, level)| media.wav(name, 48_000, &tone(level)));
    let with_role = |mut object: Value, role: Value| {
        object["metadata"] = json!({"mixing": {"role": role}});
        object
    };
    let one = |name: &str, path: &Path| clip(name, path, range(0, 12, 24));
    let cut = timeline([
        audio(vec![with_role(one("a", &speech), json!("dialogue")), one("b", &effects)]),
        with_role(audio(vec![one("c", &music), with_role(one("d", &speech), json!("Dialogue "))]), json!("music")),
        audio(vec![with_role(one("e", &effects), json!("../x/music"))]),
    ]);
    let planned = plan(
        &cut,
        &stems("role:mixing/role", |options| {
            options.shots = otio_conflate::plan::ShotSelection::Ranges(vec![("cut".to_owned(), 0, 24)]);
        }),
    )
    .expect("a plan");
    let whole = media.path("mix.wav");
    let report = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
    let names = ["A1", "dialogue", "music", "Dialogue_2", "../x/music"];
    assert_eq!(planned.sound.as_ref().expect("sound").stems, names);
    assert_eq!(report.stems[4], media.path("mix__._x_music.wav"));
    assert_eq!(difference(&whole, &report.stems), None);
    let levels = |path: &PathBuf| {
        let heard = &heard(path)[0];
        [heard[12_000], heard[36_000]]
    };
    let levels: Vec<[f32; 2]> = report.stems.iter().map(levels).collect();
    assert_eq!(levels, [[0.0, 0.125], [0.5, 0.0], [0.25, 0.0], [0.0, 0.5], [0.125, 0.0]]);
    for text in ["roles", "role:", "role:a//b", "tracks"] {
        assert!(text.parse::<StemSelection>().is_err(), "{text}");
    }
}

#[test]
fn a_stem_that_clips_is_told() {
    let media = Media::new();
    let [loud, back] = [("l.wav", 1.5), ("b.wav", -0.75)]
        .map(|(name, level)| media.wav(name, 48_000, &steady(&[level, level], 48_000)));
    let one = |path: &Path| clip("c", path, range(0, 24, 24));
    let cut = timeline([audio(vec![one(&loud)]), audio(vec![one(&back)])]);
    let planned = plan(&cut, &stems("track", |_| ())).expect("a plan");
    let whole = media.path("mix.wav");
    let report = write_mix(&planned, &whole, &CancelToken::new()).expect("a mix");
    let said: Vec<String> = report.warnings.iter().map(|warning| warning.message.clone()).collect();
    assert!(said.len() == 1 && said[0].contains("stem \"A1\" clips: it reaches +3.52 dB"), "{said:?}");
    // The mix is what it would be without stems.
    assert_eq!(Wav::read(&whole).planes[0][100], 6_291_456);
}
