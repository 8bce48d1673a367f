//! Media that a timeline does not lead to, found in folders of real files: the frames delivered are those that were meant.
//! And shots out of one movie of the whole cut.

mod common;
#[path = "common/otio.rs"]
mod otio;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{HEIGHT, WIDTH, draw, movie, number_in};
use otio_conflate::relink::{Found, Index, Outcome, RelinkOptions, relink};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder of camera files: `A001C001` and `A001C002` of 100 frames each from 01:00:00:00 and 02:00:00:00 on, numbered from 0 and
/// from 100; a proxy of the second beside it; and numbered frames.
struct Media(TempDir);

const LOSSLESS: &str = "-c:v libx264 -qp 0 -preset ultrafast -g 12";

impl Media {
    fn new() -> Media {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("media/day1")).expect("a folder");
        std::fs::create_dir_all(at("media/proxy")).expect("a folder");
        std::fs::create_dir_all(at("media/vfx")).expect("a folder");
        let coded = |timecode: &str| format!("{LOSSLESS} -timecode {timecode}");
        movie(&at("media/day1/A001C001_240101.mov"), 0..100, "24", &coded("01:00:00:00"));
        movie(&at("media/day1/A001C002_240101.mov"), 100..200, "24", &coded("02:00:00:00"));
        movie(&at("media/proxy/A001C002_240101.mov"), 100..200, "24", &coded("02:00:00:00"));
        movie(&at("media/vfx/v.mov"), 200..240, "24", LOSSLESS);
        let frames = at("media/vfx/plate.%04d.png");
        common::ffmpeg(
            &["-i", &at("media/vfx/v.mov").to_string_lossy(), "-start_number", "1001", &frames.to_string_lossy()],
            None,
        );
        std::fs::write(at("media/notes.txt"), "no medium").expect("a file");
        std::fs::write(at("media/broken.mov"), "no movie").expect("a file");
        Media(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A cut as the adapter of edit decision lists writes it: reels and timecodes.
    fn write(&self, clips: Vec<Value>) -> PathBuf {
        let path = self.path("cut.otio");
        let cut = otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", clips)]);
        std::fs::write(&path, cut.to_string()).expect("the folder can be written to");
        path
    }
}

fn missing() -> Value {
    json!({"OTIO_SCHEMA": "MissingReference.1"})
}

/// A clip of reel `reel` from `hour` and `frame` on.
fn by_reel(name: &str, reel: &str, hour: i64, frame: i64, frames: i64) -> Value {
    let mut clip = otio::clip_of(name, otio::range(hour * 86_400 + frame, frames, 24), missing());
    clip["metadata"] = json!({"cmx_3600": {"reel": reel}});
    clip
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
    command.args(arguments).output().expect("the command starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The packets of a movie's picture, one behind the other.
fn packets(path: &Path) -> Vec<u8> {
    let path = path.to_str().expect("a plain name");
    let arguments = ["-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-f", "data", "-"];
    Command::new("ffmpeg").args(arguments).output().expect("ffmpeg").stdout
}

/// The numbers of the frames in a file.
fn numbers(path: &Path) -> Vec<u16> {
    let size = draw(0).len();
    let samples = common::samples(path, None, "yuv420p");
    let read = |frame: &[u8]| {
        let sample = |x: usize, y: usize| f64::from(frame[y * WIDTH + x]);
        number_in(sample, (0, 0), (WIDTH, HEIGHT)).expect("a number")
    };
    samples.chunks_exact(size).map(read).collect()
}

#[test]
fn real_files_are_found_and_what_is_no_medium_is_told() {
    let media = Media::new();
    let index = Index::scan([media.path("media")], None).expect("folders");
    let first: Vec<_> = index
        .files()
        .iter()
        .map(|found| found.first_file().strip_prefix(media.path("media")).expect("below").to_owned())
        .collect();
    let wanted = [
        "day1/A001C001_240101.mov",
        "day1/A001C002_240101.mov",
        "proxy/A001C002_240101.mov",
        "vfx/plate.1001.png",
        "vfx/v.mov",
    ];
    let mut sorted = first.clone();
    sorted.sort();
    assert_eq!(sorted, wanted.map(PathBuf::from));
    assert_eq!(index.unreadable.len(), 1, "{:?}", index.unreadable);
    let coded =
        index.files().iter().find(|found| found.first_file().ends_with("day1/A001C002_240101.mov")).expect("it");
    assert_eq!((coded.start, coded.frame_count), (Some(2 * 86_400), Some(100)));
    let plate = index.files().iter().find_map(|found| found.frames.as_ref()).expect("frames");
    assert_eq!((plate.first, plate.last, plate.padding), (1001, 1040, 4));
}

#[test]
fn what_was_read_is_remembered_and_read_again_where_a_file_changed() {
    let media = Media::new();
    let cache = media.path("index.json");
    let scan = || Index::scan([media.path("media")], Some(&cache)).expect("folders");
    let fresh = scan();
    let stored = std::fs::read(&cache).expect("a cache");
    // What it says is believed: another timecode proves that the file was not opened.
    let text = String::from_utf8(stored).expect("text").replace("\"start\":172800", "\"start\":5");
    std::fs::write(&cache, text).expect("it is a file");
    let starts = |index: &Index| index.files().iter().filter(|found| found.start == Some(5)).count();
    assert_eq!((starts(&fresh), starts(&scan())), (0, 2));
    movie(&media.path("media/proxy/A001C002_240101.mov"), 0..50, "24", LOSSLESS);
    assert_eq!(starts(&scan()), 1, "a file that changed is opened");
    std::fs::write(&cache, "somebody's notes").expect("it is a file");
    let error = Index::scan([media.path("media")], Some(&cache)).expect_err("foreign").to_string();
    assert!(error.contains("left as it is"), "{error:#}");
    assert_eq!(std::fs::read(&cache).expect("it is there"), b"somebody's notes");
    let error = Index::scan([media.path("media")], Some(Path::new("/dev/null"))).expect_err("a device").to_string();
    assert!(error.contains("regular file"), "{error:#}");
}

#[test]
fn an_edit_decision_list_and_a_folder_make_shots() {
    let media = Media::new();
    let mut plate = otio::clip_of("plate", otio::range(1010, 10, 24), missing());
    plate["media_references"]["DEFAULT_MEDIA"] = otio::external("/gone/show/plate.1001.png", otio::range(1001, 40, 24));
    let cut =
        media.write(vec![by_reel("sh010", "A001C001", 1, 20, 10), by_reel("sh020", "a001c002", 2, 30, 10), plate]);
    let cut = cut.to_string_lossy();
    let (folder, out) = (media.path("media"), media.path("out"));
    let (folder, out) = (folder.to_string_lossy(), out.to_string_lossy());
    // Original and proxy fit alike: refused, with both named, and nothing is written.
    let refused = run(&["conflate", &cut, "--media", &folder, "--out", &out]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(
        said(&refused).contains("proxy/A001C002") && said(&refused).contains("day1/A001C002"),
        "{}",
        said(&refused)
    );
    assert!(!Path::new(&*out).exists());
    let list = run(&["inspect", &cut, "--media", &folder, "--json"]);
    let list: Value = serde_json::from_slice(&list.stdout).expect("JSON");
    let outcomes: Vec<_> =
        list["result"]["matches"].as_array().expect("matches").iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["found", "several", "found"], "{list}");
    let arguments = [
        "--media",
        &folder,
        "--out",
        &out,
        "--preset",
        "ffv1",
        "--handles",
        "4",
        "--handle-mode",
        "source",
        "--prefer",
        "day1",
    ];
    let made = run(&[&["conflate", &*cut][..], &arguments].concat());
    assert!(made.status.success(), "{}", said(&made));
    let shot = |name: &str| numbers(&media.path(&format!("out/{name}.mkv")));
    assert_eq!(shot("sh010"), (16..34).collect::<Vec<_>>());
    assert_eq!(shot("sh020"), (126..144).collect::<Vec<_>>());
    assert_eq!(shot("plate"), (205..223).collect::<Vec<_>>());
    // The manifest says that and how they were found.
    let manifest = std::fs::read_to_string(media.path("out/manifest.json")).expect("a manifest");
    assert!(manifest.contains("found by reel") && manifest.contains("found by name"), "{manifest}");
}

/// Whether a timeline counts a medium's frames from 0, by its timecode, or says nothing: the same frames are delivered.
#[test]
fn frames_are_counted_as_the_timeline_counts_them() {
    let media = Media::new();
    let lost = |name: &str, available: Value, source: i64| {
        otio::clip_of(name, otio::range(source, 10, 24), otio::external("/gone/A001C001_240101.mov", available))
    };
    let cut = media.write(vec![
        lost("zero", otio::range(0, 100, 24), 20),
        lost("shorter", otio::range(0, 90, 24), 20),
        lost("coded", otio::range(86_400, 100, 24), 86_420),
        lost("longer", otio::range(86_400, 500, 24), 86_420),
        lost("silent", Value::Null, 86_420),
        lost("other", otio::range(5_000, 100, 24), 5_020),
    ]);
    let (folder, out) = (media.path("media"), media.path("out"));
    let [cut, folder, name] = [&cut, &folder, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &cut, "--media", &folder, "--out", &name, "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    for shot in ["zero", "shorter", "coded", "longer", "silent", "other"] {
        assert_eq!(numbers(&out.join(format!("{shot}.mkv"))), (20..30).collect::<Vec<_>>(), "{shot}");
    }
}

/// Timecode counts frames: at 23.976 frames a second those of a cut that is said to run at 24, an hour after midnight and later.
#[test]
fn frames_of_ntsc_media_are_those_of_their_timecodes() {
    let media = Media::new();
    let coded = format!("{LOSSLESS} -timecode 01:00:00:00");
    movie(&media.path("media/day1/B001C001.mov"), 300..400, "24000/1001", &coded);
    let mut counted = otio::clip_of("counted", otio::range(20, 10, 24), otio::external("B001C001.mov", Value::Null));
    counted["media_references"]["DEFAULT_MEDIA"]["available_range"] = otio::range(0, 90, 24);
    let cut = media.write(vec![by_reel("reel", "B001C001", 1, 80, 20), counted]);
    let (folder, out) = (media.path("media"), media.path("out"));
    let [cut, folder, name] = [&cut, &folder, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &cut, "--media", &folder, "--out", &name, "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(numbers(&out.join("reel.mkv")), (380..400).collect::<Vec<_>>());
    assert_eq!(numbers(&out.join("counted.mkv")), (320..330).collect::<Vec<_>>());
    // As a movie of the cut.
    let offline = media.path("offline.mov");
    movie(&offline, 0..40, "24000/1001", &coded);
    let lost = media.path("lost.otio");
    let clips = [12, 20].map(|frames| by_reel(&format!("of{frames}"), "Z", 9, 0, frames));
    let timeline = otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", clips)]);
    std::fs::write(&lost, timeline.to_string()).expect("a file");
    let [lost, offline] = [&lost, &offline].map(|path| path.to_string_lossy().into_owned());
    let out = media.path("cut");
    let made = run(&["conflate", &lost, "--movie", &offline, "--out", &out.to_string_lossy(), "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(numbers(&out.join("of20.mkv")), (12..32).collect::<Vec<_>>());
    // One of another rate is none of this cut.
    let wrong = movie(&media.path("wrong.mov"), 0..80, "25", LOSSLESS);
    let refused = run(&["plan", &lost, "--movie", &wrong.to_string_lossy()]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
}

/// A picture that is named is that picture, and no run that it lies in.
#[test]
fn a_numbered_picture_stays_one() {
    let media = Media::new();
    let board = |number: i64| {
        let location = format!("/gone/vfx/plate.{number}.png");
        otio::clip_of(&format!("b{number}"), otio::range(0, 4, 24), otio::external(&location, Value::Null))
    };
    let cut = media.write(vec![board(1017), board(1003)]);
    let (folder, out) = (media.path("media"), media.path("out"));
    let [cut, folder, name] = [&cut, &folder, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &cut, "--media", &folder, "--out", &name, "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(numbers(&out.join("b1017.mkv")), [216; 4]);
    assert_eq!(numbers(&out.join("b1003.mkv")), [202; 4]);
}

#[test]
fn sound_is_found_where_its_samples_hold_what_is_used() {
    let media = Media::new();
    for (name, seconds) in [("long", "20"), ("short", "2")] {
        let path = media.path(&format!("media/{name}.wav"));
        common::ffmpeg(&["-f", "lavfi", "-i", "sine=r=48000", "-t", seconds, &path.to_string_lossy()], None);
    }
    let lost = |name: &str| {
        otio::clip_of(name, otio::range(48, 96, 24), otio::external(&format!("/gone/{name}.wav"), Value::Null))
    };
    let timeline = otio::timeline_at(otio::time(0, 24), [otio::audio_track("A1", vec![lost("long"), lost("short")])]);
    let index = Index::scan([media.path("media")], None).expect("folders");
    let outcomes = relink(&mut otio::read(&timeline), &index, &RelinkOptions::default());
    assert!(matches!(outcomes[0].outcome, Outcome::Found { .. }), "{}", outcomes[0]);
    assert!(matches!(outcomes[1].outcome, Outcome::TooShort { .. }), "{}", outcomes[1]);
}

/// What the path map leads to is there; a movie beside the caller is meant where its path is relative; sound comes once.
#[test]
fn a_movie_of_the_cut_is_for_what_is_missing() {
    let media = Media::new();
    let offline = format!("-f lavfi -i sine=r=48000:d=2 -map 0 -map 1 -shortest {LOSSLESS} -c:a pcm_s16le");
    movie(&media.path("offline.mov"), 500..540, "24", &offline);
    std::fs::create_dir_all(media.path("edits")).expect("a folder");
    let here = otio::clip_of(
        "here",
        otio::range(86_410, 8, 24),
        otio::external("/volumes/day1/A001C001_240101.mov", Value::Null),
    );
    let mut lost = by_reel("lost", "Z", 9, 0, 8);
    lost["metadata"]["cdl"] =
        json!({"asc_sop": {"slope": [2.0, 2.0, 2.0], "offset": [0.0, 0.0, 0.0], "power": [1.0, 1.0, 1.0]}});
    let heard = |name: &str| otio::audio_track(name, vec![by_reel(name, "Z", 9, 0, 16)]);
    let timeline =
        otio::timeline_at(otio::time(86_400, 24), [otio::track("V1", vec![here, lost]), heard("A1"), heard("A2")]);
    let cut = media.path("edits/cut.otio");
    std::fs::write(&cut, timeline.to_string()).expect("a file");
    let map = format!("/volumes={}", media.path("media").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
    command.current_dir(media.path("")).args(["conflate", "edits/cut.otio", "--out", "out", "--preset", "ffv1"]);
    command.args(["--map", &map, "--movie", "offline.mov", "--audio", "mux", "--decisions", "canvas"]);
    let made = command.output().expect("the command starts");
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(numbers(&media.path("out/here.mkv")), (10..18).collect::<Vec<_>>());
    assert_eq!(numbers(&media.path("out/lost.mkv")), (508..516).collect::<Vec<_>>());
    // Ungraded, and heard once.
    let luma = |path: &Path, from: usize| {
        common::samples(path, None, "yuv420p")[from * WIDTH * HEIGHT * 3 / 2..][..WIDTH].to_vec()
    };
    assert_eq!(luma(&media.path("out/lost.mkv"), 0), luma(&media.path("offline.mov"), 8));
    let peak = |path: &Path| {
        let path = path.to_string_lossy().into_owned();
        let raw = Command::new("ffmpeg").args(["-v", "error", "-i", &path, "-f", "s16le", "-ac", "1", "-"]).output();
        let data = raw.expect("ffmpeg").stdout;
        data.as_chunks::<2>().0.iter().map(|&two| i16::from_le_bytes(two).unsigned_abs()).max().expect("sound")
    };
    let (own, made) = (peak(&media.path("offline.mov")), peak(&media.path("out/lost.mkv")));
    // Mono in both channels is 3 dB down; twice the same would be 3 dB up.
    assert!(made <= own && made > own / 2, "{own} {made}");
}

#[test]
fn media_that_are_where_they_should_be_are_left_alone() {
    let media = Media::new();
    let own = media.path("media/proxy/A001C002_240101.mov");
    let mut clip = by_reel("sh020", "A001C002", 2, 30, 10);
    clip["media_references"]["DEFAULT_MEDIA"] = otio::external(&own.to_string_lossy(), Value::Null);
    let cut = media.write(vec![clip]);
    let mut timeline = otio_conflate::Timeline::open(&cut).expect("a timeline");
    let before = timeline.clone();
    let index = Index::scan([media.path("media")], None).expect("folders");
    let matches = relink(&mut timeline, &index, &RelinkOptions::default());
    assert_eq!((matches[0].outcome.clone(), timeline), (Outcome::There, before));
}

/// Frames that are there are the medium, though the first is missing.
#[test]
fn a_sequence_with_a_hole_at_its_head_is_there() {
    let media = Media::new();
    std::fs::remove_file(media.path("media/vfx/plate.1001.png")).expect("a frame");
    let folder = format!("{}/", media.path("media/vfx").display());
    let own = otio::image_sequence(&folder, ("plate.", ".png"), 1001, otio::range(1001, 40, 24));
    let cut = media.write(vec![otio::clip_of("plate", otio::range(1010, 10, 24), own)]);
    let mut timeline = otio_conflate::Timeline::open(&cut).expect("a timeline");
    let index = Index::new([Found::sequence("/other", "plate.", ".png", 4, (1001, 1040))]);
    let matches = relink(&mut timeline, &index, &RelinkOptions::default());
    assert_eq!(matches[0].outcome, Outcome::There, "{}", matches[0]);
}

#[test]
fn shots_come_out_of_one_movie_of_the_cut() {
    let media = Media::new();
    // Shots of other lengths and speeds; the movie shows them as they are in the cut.
    let mut fast = by_reel("sh020", "Z", 2, 30, 20);
    fast["effects"] = otio::warp(2);
    let cut = media.write(vec![by_reel("sh010", "Y", 7, 20, 12), fast, by_reel("sh030", "X", 3, 5, 8)]);
    let cut = cut.to_string_lossy();
    for (timecode, first, flags) in [
        ("01:00:00:00", 0_u16, &[][..]),
        ("00:59:59:00", 24, &[][..]),
        ("09:00:00:00", 24, &["--movie-start", "00:59:59:00"][..]),
    ] {
        let offline = media.path("offline.mov");
        movie(&offline, 0..80, "24", &format!("-c:v prores_ks -timecode {timecode}"));
        let (offline, out) = (offline.to_string_lossy().into_owned(), media.path("out"));
        let out_name = out.to_string_lossy();
        let arguments = ["conflate", &cut, "--movie", &offline, "--out", &out_name, "--preset", "prores-hq"];
        let made = run(&[&arguments[..], flags].concat());
        assert!(made.status.success(), "{}", said(&made));
        let pieces: [(&str, std::ops::Range<u16>); 3] = [("sh010", 0..12), ("sh020", 12..32), ("sh030", 32..40)];
        for (name, frames) in pieces {
            let path = out.join(format!("{name}.mov"));
            let frames = frames.start + first..frames.end + first;
            assert_eq!(numbers(&path), frames.clone().collect::<Vec<_>>(), "{timecode} {name}");
            // As trim cuts them: packets are copied.
            let piece = media.path("piece.mov");
            let wanted = format!("{}={}-{}", piece.display(), frames.start, frames.end - 1);
            let trimmed = run(&["trim", &offline, &wanted]);
            assert!(trimmed.status.success(), "{}", said(&trimmed));
            assert!(packets(&path) == packets(&piece), "{timecode} {name}");
            std::fs::remove_file(&piece).expect("the piece");
        }
        std::fs::remove_dir_all(&out).expect("the output");
        std::fs::remove_file(&offline).expect("the movie");
    }
    // Which is not the whole cut: refused.
    let short = movie(&media.path("short.mov"), 0..30, "24", LOSSLESS);
    let refused = run(&["plan", &cut, "--movie", &short.to_string_lossy()]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("frames 12 to 31"), "{}", said(&refused));
    let found = Found::open(&short).expect("a movie");
    assert_eq!(found.frame_count, Some(30));
}

/// The effect by which Resolve writes an opacity, of 100.
fn opacity(value: f64) -> Value {
    json!([{"OTIO_SCHEMA": "Effect.1", "name": "", "effect_name": "Opacity", "metadata": {
        "Resolve_OTIO": {"Effect Name": "Composite", "Type": 1, "Enabled": true, "Name": "Composite", "Parameters": [
            {"Default Parameter Value": 100.0, "Key Frames": {}, "Parameter ID": "opacity",
                "Parameter Value": value, "Variant Type": "Double", "maxValue": 100.0, "minValue": 0.0}]}}}])
}

/// A movie of a cut, 80 frames from 01:00:00:00 on, with sound of two channels.
fn offline(media: &Media) -> PathBuf {
    let sound = "-f lavfi -i aevalsrc=0.5*sin(440*2*PI*t)|0.3*sin(660*2*PI*t):s=48000:d=3.4 -map 0 -map 1 -shortest";
    let coding = "-c:v prores_ks -c:a pcm_s16le -timecode 01:00:00:00";
    movie(&media.path("offline.mov"), 0..80, "24", &format!("{sound} {coding}"))
}

/// The pictures of `path` are the movie's frames, as `trim` cuts them out: packets are copied.
#[track_caller]
fn assert_trimmed(media: &Media, path: &Path, frames: std::ops::Range<usize>) {
    let piece = media.path("piece.mov");
    let wanted = format!("{}={}-{}", piece.display(), frames.start, frames.end - 1);
    let trimmed = run(&["trim", &media.path("offline.mov").to_string_lossy(), &wanted]);
    assert!(trimmed.status.success(), "{}", said(&trimmed));
    let is_same = packets(path) == packets(&piece);
    assert!(is_same, "{}: {:?} and not {frames:?}", path.display(), numbers(path));
    std::fs::remove_file(&piece).expect("the piece");
}

/// A shot out of the movie of the cut is the movie's frames, whatever the cut does around it.
#[test]
fn what_the_movie_of_the_cut_shows_is_not_applied_again() {
    let media = Media::new();
    offline(&media);
    let own = |name: &str, start: i64, frames: i64| {
        let path = media.path("media/day1/A001C002_240101.mov");
        otio::clip_of(
            name,
            otio::range(2 * 86_400 + start, frames, 24),
            otio::external(&path.to_string_lossy(), Value::Null),
        )
    };
    let dip = |frames: i64| {
        let mut dip = otio::dissolve(frames, frames);
        (dip["transition_type"], dip["name"]) = (json!("SMPTE_Dissolve"), json!("Dip To Color Dissolve"));
        dip["metadata"] = json!({"Resolve_OTIO": {"Transition Type": "Dip To Color Dissolve"}});
        dip
    };
    let mut fast = otio::warped(by_reel("sh020", "Z", 2, 30, 20), 2);
    fast["metadata"]["cdl"] =
        json!({"asc_sop": {"slope": [2.0, 2.0, 2.0], "offset": [0.0, 0.0, 0.0], "power": [1.0, 1.0, 1.0]}});
    let pictures = [
        by_reel("sh010", "Y", 7, 20, 12),
        otio::dissolve(3, 3),
        fast,
        dip(2),
        by_reel("sh030", "X", 3, 5, 8),
        otio::dissolve(2, 0),
    ];
    let mut lowest = otio::track("V1", pictures);
    lowest["effects"] = opacity(50.0);
    let title = otio::clip_of(
        "title",
        otio::range(0, 14, 24),
        json!({"OTIO_SCHEMA": "GeneratorReference.1", "generator_kind": "title", "parameters": {}}),
    );
    let over = own("over", 10, 10);
    let above = otio::track("V2", [otio::gap(4), over.clone(), otio::gap(4), title]);
    let half = {
        let mut half = otio::track("V3", [otio::gap(20), own("half", 40, 15)]);
        half["effects"] = opacity(50.0);
        half
    };
    let heard =
        [by_reel("a", "Y", 7, 20, 12), otio::dissolve(3, 3), by_reel("b", "Z", 2, 30, 28), otio::dissolve(4, 0)];
    let sound = otio::audio_track("A1", heard);
    let mut cut = otio::timeline_at(otio::time(86_400, 24), [lowest, above, half, sound]);
    cut["tracks"]["effects"] = opacity(25.0);
    let path = media.path("layered.otio");
    std::fs::write(&path, cut.to_string()).expect("a file");
    let (path, offline) =
        (path.to_string_lossy().into_owned(), media.path("offline.mov").to_string_lossy().into_owned());
    for (mode, name) in [("timeline", "of_cut"), ("source", "of_source")] {
        let out = media.path(name);
        let out_name = out.to_string_lossy();
        let flags = [
            "--handles",
            "4",
            "--handle-mode",
            mode,
            "--preset",
            "prores-hq",
            "--audio",
            "wav",
            "--decisions",
            "canvas",
        ];
        let made = run(&[&["conflate", &path, "--movie", &offline, "--out", &out_name][..], &flags].concat());
        assert!(made.status.success(), "{}", said(&made));
        let behind = if mode == "timeline" { 0 } else { 4 };
        for (shot, frames) in [("sh010", 0..16), ("sh020", 8..36), ("sh030", 28..40 + behind)] {
            assert_trimmed(&media, &out.join(format!("{shot}.mov")), frames.clone());
            // Sample for sample, without fades.
            let heard = sixteen_bits(&out.join(format!("{shot}.wav")));
            let whole = sixteen_bits(&media.path("offline.mov"));
            let samples = (frames.end - frames.start) * BYTES;
            assert_eq!(heard.len(), samples, "{mode} {shot}");
            if mode == "timeline" {
                assert!(heard == whole[frames.start * BYTES..][..samples], "{mode} {shot}");
            }
        }
        let said = said(&made);
        assert!(said.contains("3 objects") || said.contains("shows it already"), "{said}");
    }
    // What lies over it is a shot of its own: whole frames of the movie where that is seen, its own where it is not.
    let out = media.path("all");
    let out_name = out.to_string_lossy();
    let flags = ["--shots", "all", "--preset", "prores-hq"];
    let made = run(&[&["conflate", &path, "--movie", &offline, "--out", &out_name][..], &flags].concat());
    assert!(made.status.success(), "{}", said(&made));
    assert_trimmed(&media, &out.join("half.mov"), 20..35);
    // Conflated again, the cut shows the same.
    let again = media.path("again");
    let again_name = again.to_string_lossy();
    let conflated = media.path("of_cut/conflated.otio");
    let conflated = conflated.to_string_lossy();
    let made = run(&["conflate", &conflated, "--out", &again_name, "--preset", "prores-hq"]);
    assert!(made.status.success(), "{}", said(&made));
    for (shot, frames) in [("sh010", 0..12), ("sh020", 12..32), ("sh030", 32..40)] {
        assert_trimmed(&media, &again.join(format!("{shot}.mov")), frames);
    }
}

/// Bytes of a frame's samples of two channels, 16 bits each.
const BYTES: usize = 48_000 / 24 * 2 * 2;

/// Samples of the sound of a file, 16 bits, both channels side by side.
fn sixteen_bits(path: &Path) -> Vec<u8> {
    let path = path.to_string_lossy();
    let arguments = ["-v", "error", "-i", &path, "-map", "0:a", "-f", "s16le", "-c:a", "pcm_s16le", "-"];
    Command::new("ffmpeg").args(arguments).output().expect("ffmpeg").stdout
}

/// Shots beside and over clips of the movie show their own media.
#[test]
fn clips_with_media_of_their_own_stay_shots_beside_a_movie_of_the_cut() {
    let media = Media::new();
    offline(&media);
    let path = media.path("media/day1/A001C002_240101.mov");
    let own = |name: &str, start: i64, frames: i64| {
        otio::clip_of(
            name,
            otio::range(2 * 86_400 + start, frames, 24),
            otio::external(&path.to_string_lossy(), Value::Null),
        )
    };
    let lost = by_reel("lost", "Y", 7, 20, 20);
    let below = otio::track("V1", [own("here", 10, 10), otio::dissolve(3, 3), lost]);
    let above = otio::track("V2", [otio::gap(14), own("over", 50, 6)]);
    let cut = otio::timeline_at(otio::time(86_400, 24), [below, above]);
    let path = media.path("mixed.otio");
    std::fs::write(&path, cut.to_string()).expect("a file");
    let (offline, out) = (media.path("offline.mov"), media.path("out"));
    let [path, offline, out_name] = [&path, &offline, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &path, "--movie", &offline, "--out", &out_name, "--shots", "all", "--preset", "ffv1"]);
    assert!(made.status.success(), "{}", said(&made));
    // It ends with a cut, which is said; over the other one, it is its own.
    assert_eq!(numbers(&out.join("here.mkv")), (110..120).collect::<Vec<_>>());
    assert_eq!(numbers(&out.join("over.mkv")), (150..156).collect::<Vec<_>>());
    assert_eq!(numbers(&out.join("lost.mkv")), (10..30).collect::<Vec<_>>());
    let said = said(&made);
    for words in [
        "tracks[0].children[0]: the transition to a clip that is cut out",
        "tracks[1].children[1]: it lies over a clip",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

/// As the adapter of edit decision lists writes a cut: its record start is a negative trim.
#[test]
fn a_cut_that_starts_by_a_negative_trim_is_placed_in_the_movie() {
    let media = Media::new();
    offline(&media);
    let mut track = otio::track("V", [by_reel("sh010", "Y", 7, 20, 12), by_reel("sh020", "Z", 2, 30, 20)]);
    track["source_range"] = otio::range(-86_412, 32, 24);
    let path = media.path("list.otio");
    std::fs::write(&path, otio::timeline_at(Value::Null, [track]).to_string()).expect("a file");
    let (offline, out) = (media.path("offline.mov"), media.path("out"));
    let [path, offline, out_name] = [&path, &offline, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &path, "--movie", &offline, "--out", &out_name, "--preset", "prores-hq"]);
    assert!(made.status.success(), "{}", said(&made));
    assert_trimmed(&media, &out.join("sh010.mov"), 12..24);
    assert_trimmed(&media, &out.join("sh020.mov"), 24..44);
}

/// What is trimmed away is not in the movie, and need not be: a clip in front of its track's trim, one that the trim cuts,
/// and one behind the trim of the whole cut.
#[test]
fn what_is_trimmed_away_needs_no_frames_of_the_movie_of_the_cut() {
    let media = Media::new();
    offline(&media);
    let clips = [("gone", 90), ("sh010", 30), ("sh020", 20), ("behind", 200)]
        .map(|(name, count)| by_reel(name, "Y", 7, 20, count));
    let mut track = otio::track("V", clips);
    track["source_range"] = otio::range(100, 240, 24);
    let mut cut = otio::timeline_at(otio::time(86_400, 24), [track]);
    cut["tracks"]["source_range"] = otio::range(0, 40, 24);
    let path = media.path("trimmed.otio");
    std::fs::write(&path, cut.to_string()).expect("a file");
    let (offline, out) = (media.path("offline.mov"), media.path("out"));
    let [path, offline, out_name] = [&path, &offline, &out].map(|path| path.to_string_lossy().into_owned());
    let made = run(&["conflate", &path, "--movie", &offline, "--out", &out_name, "--preset", "prores-hq"]);
    assert!(made.status.success(), "{}", said(&made));
    assert_trimmed(&media, &out.join("sh010.mov"), 0..20);
    assert_trimmed(&media, &out.join("sh020.mov"), 20..40);
    for name in ["gone.mov", "behind.mov"] {
        assert!(!out.join(name).exists(), "{name}");
    }
}
