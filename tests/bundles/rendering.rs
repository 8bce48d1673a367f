//! What is rendered from media in bundles is what is rendered from the same media in files of their own, byte for byte.
//! R8.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use otio_conflate::backend::ffmpeg::{
    DecodeOptions, FfmpegBackend, FfmpegLookup, MediaInfo, MovieReader, SequenceReader, probe,
};
use otio_conflate::deliver::Preset;
use otio_conflate::plan::{MediaLookup, MediaSource, MissingPolicy, PlanOptions};
use otio_conflate::time::Rate;
use otio_conflate::timeline::MissingFramePolicy;
use otio_conflate::{Conflation, Delivery, ErrorKind, Existing, NoObserver, Plan, Report, Result, Status, Timeline};
use serde_json::Value;

use crate::common;
use crate::support::{Bundles, clip, content, movie, range, sequence, timeline};
use crate::zip::{Entry, Zip};

/// A folder of media, and three timelines over it: a file beside it, a bundle that is a folder, and one that is an
/// archive.
struct Cut {
    bundles: Bundles,
    text: String,
}

impl Cut {
    fn new(clips: impl Into<Vec<Value>>) -> Cut {
        let bundles = Bundles::new();
        std::fs::create_dir_all(bundles.path("cut.otiod/media")).expect("a folder");
        let text = timeline(clips);
        std::fs::write(bundles.path("cut.otiod/content.otio"), &text).expect("a file");
        Cut { bundles, text }
    }

    /// A medium in the folder.
    fn media(&self, name: &str) -> PathBuf {
        self.bundles.path("cut.otiod/media").join(name)
    }

    /// A numbered movie, or sequence, in the folder.
    fn movie(&self, name: &str, arguments: &str) {
        common::movie(&self.media(name), 0..12, "24", arguments);
    }

    /// The archive, with everything that is in the folder; of each entry after `change`.
    fn pack(&self, change: impl Fn(Entry) -> Entry) -> PathBuf {
        let files = std::fs::read_dir(self.media("")).expect("a folder").map(|entry| entry.expect("an entry").path());
        let entries: BTreeMap<_, _> = files
            .map(|file| {
                let name = format!("media/{}", file.file_name().and_then(|name| name.to_str()).expect("a name"));
                let entry = change(Entry::stored(&name, std::fs::read(&file).expect("a file")));
                (name, entry)
            })
            .collect();
        self.bundles.write(&Zip::of([content(&self.text)]).with(|zip| zip.entries.extend(entries.into_values())))
    }

    fn folder(&self) -> PathBuf {
        self.bundles.path("cut.otiod")
    }

    /// Renders the cut of a bundle.
    fn run(&self, bundle: &Path, options: &PlanOptions, preset: &str, out: &str) -> Result<Report> {
        let timeline = Timeline::open(bundle)?;
        let plan = Plan::with_media(&timeline, options, &FfmpegLookup::new())?;
        let preset = Preset::by_name(preset).expect("a preset");
        let delivery = Delivery::new(self.bundles.path(out)).preset(preset).existing(Existing::Skip);
        Conflation::new(FfmpegBackend::new(), delivery).run(&plan, &NoObserver)
    }

    /// The files of every shot of a bundle's cut, by their names.
    #[track_caller]
    fn rendered(&self, bundle: &Path, preset: &str) -> BTreeMap<String, Vec<u8>> {
        let out = format!("{}-{preset}", bundle.extension().and_then(|name| name.to_str()).expect("a bundle"));
        let report = self.run(bundle, &PlanOptions::default(), preset, &out).expect("a run");
        let mut files = BTreeMap::new();
        for shot in &report.shots {
            assert_eq!(shot.status, Status::Done, "{preset}, {}: {:#?}", shot.shot, shot.error);
            let path = &shot.output.as_ref().expect("it is done").path;
            let names = (shot.first_frame..shot.first_frame + shot.frame_count)
                .map(|number| path.replace("%04d", &format!("{number:04}")));
            for name in names {
                let file = self.bundles.path(&out).join(&name);
                files.insert(name, std::fs::read(file).expect("it was delivered"));
            }
        }
        files
    }
}

/// Both kinds of bundle give the same files.
#[track_caller]
fn assert_same(cut: &Cut, presets: &[&str]) {
    let archive = cut.pack(|entry| entry);
    for preset in presets {
        let (from_folder, from_archive) = (cut.rendered(&cut.folder(), preset), cut.rendered(&archive, preset));
        assert!(!from_folder.is_empty(), "something is compared");
        assert!(from_folder == from_archive, "{preset}: the archive gives other frames");
    }
}

#[test]
fn frames_from_an_archive_are_those_from_files() {
    let dissolve = serde_json::json!({"OTIO_SCHEMA": "Transition.1", "name": "", "metadata": {},
        "transition_type": "SMPTE_Dissolve", "in_offset": range(2, 8)["start_time"],
        "out_offset": range(2, 8)["start_time"]});
    let cut = Cut::new([
        clip("A", movie("media/a%20b.mov", range(0, 12))),
        dissolve,
        clip("B", movie("media/b.mp4", Value::Null)),
        clip("C", sequence("media/", "c.", "error")),
        clip("D", movie("media/d.mxf", range(0, 12))),
        clip("E", movie("media/e.png", Value::Null)),
    ]);
    cut.movie("a b.mov", "-c:v prores_ks -profile:v 1");
    // Its index lies at its end, and its frames come out of order.
    cut.movie("b.mp4", "-c:v libx264 -g 12 -bf 2 -pix_fmt yuv420p");
    cut.movie("c.%04d.png", "-start_number 1");
    cut.movie("d.mxf", "-c:v mpeg2video -g 4");
    cut.movie("e.png", "-frames:v 1");
    assert_same(&cut, &["png", "ffv1"]);
}

#[test]
fn packets_are_copied_out_of_an_archive() {
    let cut = Cut::new([clip("A", movie("media/a.mov", range(0, 12)))]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p -q:v 2");
    assert_same(&cut, &["mjpeg"]);
}

/// What a medium is, its path aside, and its frames.
fn looked_at(path: &Path) -> (MediaInfo, Vec<Vec<u8>>) {
    let mut info = probe(path).unwrap_or_else(|error| panic!("{error:#}"));
    info.path = PathBuf::new();
    let mut reader = MovieReader::open(path, &DecodeOptions::default()).unwrap_or_else(|error| panic!("{error:#}"));
    // Backwards, so that every one is sought.
    let frames = (0..12).rev().map(|index| {
        let picked = reader.frame(index, Rate::FPS_24).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
        (0..3).flat_map(|plane| picked.frame.plane(plane).0.to_vec()).collect()
    });
    (info, frames.collect())
}

#[test]
fn every_format_is_told_and_read_as_it_is_in_files() {
    let cut = Cut::new([]);
    let formats = [
        ("a.mov", "-c:v prores_ks -profile:v 1"),
        ("a.mp4", "-c:v libx264 -g 12 -pix_fmt yuv420p -movflags +faststart"),
        ("b.mp4", "-c:v libx264 -g 12 -pix_fmt yuv420p -movflags +frag_keyframe+empty_moov"),
        ("a.mkv", "-c:v ffv1"),
        ("a.avi", "-c:v mpeg4"),
        ("a.mxf", "-c:v mpeg2video"),
        ("a.ts", "-c:v mpeg2video"),
        ("a.m2v", "-c:v mpeg2video"),
        ("a.h264", "-c:v libx264 -pix_fmt yuv420p"),
        ("a.mjpeg", "-c:v mjpeg -pix_fmt yuvj422p"),
        ("a.y4m", "-pix_fmt yuv420p"),
        ("a.gif", ""),
        ("a.png", "-frames:v 1"),
        ("a.jpg", "-frames:v 1 -pix_fmt yuvj422p"),
        ("a.tiff", "-frames:v 1 -pix_fmt rgb24"),
        ("a.dpx", "-frames:v 1 -pix_fmt gbrp10be"),
        ("a.exr", "-frames:v 1 -pix_fmt gbrpf32le"),
        ("a.bmp", "-frames:v 1"),
        // A name that is an option, a pattern and a protocol elsewhere.
        ("-i%04d*:.mov", "-c:v mjpeg -pix_fmt yuvj422p"),
    ];
    for (name, arguments) in formats {
        let plain = name.replace(['-', '%', '*', ':'], "");
        cut.movie(&plain, arguments);
        if plain != name {
            std::fs::rename(cut.media(&plain), cut.media(name)).expect("it moves");
        }
    }
    let archive = cut.pack(|entry| entry);
    for (name, _) in formats {
        let (from_file, from_archive) = (looked_at(&cut.media(name)), looked_at(&archive.join("media").join(name)));
        assert_eq!(from_file.0, from_archive.0, "{name}");
        assert!(from_file.1 == from_archive.1, "{name}: the archive gives other frames");
    }
}

#[test]
fn what_is_missing_in_an_archive_is_missing() {
    let cut = Cut::new([
        clip("A", movie("media/a.mov", range(0, 12))),
        clip("B", movie("media/b.mov", Value::Null)),
        clip("C", sequence("media", "c.", "error")),
    ]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p");
    let archive = cut.pack(|entry| entry);
    let mut options = PlanOptions::default();
    let error = cut.run(&archive, &options, "ffv1", "none").expect_err("two are missing");
    assert_eq!(error.kind(), ErrorKind::MediaMissing);
    for name in ["media/b.mov (clip \"B\")", "media/c.%04d.png (clip \"C\")"] {
        assert!(format!("{error:#}").contains(&archive.join(name).display().to_string()), "{error:#}");
    }
    assert!(!format!("{error:#}").contains("a.mov"), "{error:#}");
    options.media_missing = MissingPolicy::Black;
    let report = cut.run(&archive, &options, "ffv1", "black").expect("a run");
    assert!(report.shots.iter().all(|shot| shot.status == Status::Done));
    assert_eq!(report.warnings.iter().filter(|warning| warning.message.contains("is missing")).count(), 2);
}

#[test]
fn a_sequence_in_an_archive_has_the_same_holes() {
    for (holes, done) in [("hold", true), ("black", true), ("error", false)] {
        let cut = Cut::new([clip("A", sequence("media", "c.", holes))]);
        cut.movie("c.%04d.png", "-start_number 1");
        std::fs::remove_file(cut.media("c.0005.png")).expect("it was there");
        if done {
            assert_same(&cut, &["png"]);
            continue;
        }
        let options = PlanOptions::default();
        let [folder, archive] = [cut.folder(), cut.pack(|entry| entry)].map(|bundle| {
            let report = cut.run(&bundle, &options, "png", "out").expect("a run");
            report.shots[0].error.join(": ").replace(&bundle.display().to_string(), "")
        });
        assert!(!folder.is_empty() && folder == archive, "{folder}, but {archive}");
    }
}

#[test]
fn lookups_look_into_archives() {
    let cut = Cut::new([]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p -timecode 01:00:00:00");
    cut.movie("c.%04d.png", "-start_number 3");
    cut.movie("e.png", "-frames:v 1");
    let archive = cut.pack(|entry| entry);
    let sources = |bundle: &Path| {
        let file = |name: &str| MediaSource::File { path: bundle.join("media").join(name) };
        let folder = bundle.join("media");
        let sequence = MediaSource::Sequence {
            folder,
            prefix: "c.".to_owned(),
            suffix: ".png".to_owned(),
            padding: 4,
            start: 3,
            step: 1,
            holes: MissingFramePolicy::Error,
        };
        [file("a.mov"), sequence, file("e.png"), file("none.mov")]
    };
    let lookup = FfmpegLookup::new();
    let [from_folder, from_archive] =
        [cut.folder(), archive].map(|bundle| sources(&bundle).map(|source| lookup.look_up(&source)));
    assert_eq!(from_folder, from_archive);
    assert_eq!(from_archive.iter().filter(|facts| facts.is_some()).count(), 3);
    let numbers = SequenceReader::new(&sources(&cut.bundles.path("cut.otioz"))[1], &DecodeOptions::default());
    assert_eq!(numbers.expect("a sequence").list().expect("a list"), (3..15).collect::<Vec<i64>>());
}

#[test]
fn media_that_is_compressed_fails_its_shots_and_no_others() {
    let cut = Cut::new([clip("A", movie("media/a.mov", range(0, 12))), clip("B", movie("media/b.mov", range(0, 12)))]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p");
    cut.movie("b.mov", "-c:v mjpeg -pix_fmt yuvj422p");
    let archive = cut.pack(|entry| match entry.name == b"media/b.mov" {
        true => Entry::deflated(&entry.name, &entry.packed),
        false => entry,
    });
    let report = cut.run(&archive, &PlanOptions::default(), "ffv1", "out").expect("a run");
    assert_eq!(report.shots.iter().map(|shot| shot.status).collect::<Vec<_>>(), [Status::Done, Status::Failed]);
    let error = report.shots[1].error.join(": ");
    assert!(error.contains("it is compressed") && error.contains("zip -0"), "{error:#}");
    assert!(report.warnings.iter().any(|warning| warning.message.contains("media/b.mov")), "{:?}", report.warnings);
}

#[test]
fn a_shot_is_rendered_again_when_its_entry_changed() {
    let cut = Cut::new([clip("A", movie("media/a.mov", range(0, 12))), clip("B", sequence("media", "c.", "error"))]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p");
    cut.movie("c.%04d.png", "-start_number 1");
    let again = |archive: &Path| {
        let report = cut.run(archive, &PlanOptions::default(), "ffv1", "out").expect("a run");
        report.shots.iter().map(|shot| shot.status == Status::Done).collect::<Vec<_>>()
    };
    let archive = cut.pack(|entry| entry);
    let modified = || std::fs::metadata(&archive).and_then(|metadata| metadata.modified()).expect("a time");
    let time = modified();
    assert_eq!(again(&archive), [true, true]);
    assert_eq!(again(&archive), [false, false]);
    // The same sizes at the same time: only the checksums tell.
    let touch = |change: &dyn Fn(Entry) -> Entry| {
        let path = cut.pack(change);
        let file = std::fs::File::options().append(true).open(path).expect("a file");
        file.set_modified(time).expect("a time");
    };
    touch(&|entry| match entry.name == b"media/a.mov" {
        true => entry.with(|entry| entry.crc ^= 1),
        false => entry,
    });
    assert_eq!(modified(), time);
    assert_eq!(again(&archive), [true, false]);
    let swap = |from: &str, to: &str| std::fs::rename(cut.media(from), cut.media(to)).expect("it moves");
    swap("c.0005.png", "x");
    swap("c.0006.png", "c.0005.png");
    swap("x", "c.0006.png");
    touch(&|entry| match entry.name == b"media/a.mov" {
        true => entry.with(|entry| entry.crc ^= 1),
        false => entry,
    });
    assert_eq!(again(&archive), [false, true]);
}

#[test]
fn an_archive_that_changes_or_goes_before_it_is_rendered_fails_its_shots() {
    let cut = Cut::new([clip("A", movie("media/a.mov", range(0, 12)))]);
    cut.movie("a.mov", "-c:v mjpeg -pix_fmt yuvj422p");
    let archive = cut.pack(|entry| entry);
    let plan = || {
        let timeline = Timeline::open(&archive).expect("a bundle");
        Plan::with_media(&timeline, &PlanOptions::default(), &FfmpegLookup::new()).expect("a plan")
    };
    let render = |plan: &Plan, out: &str| {
        let delivery = Delivery::new(cut.bundles.path(out)).preset(Preset::by_name("ffv1").expect("a preset"));
        Conflation::new(FfmpegBackend::new(), delivery).run(plan, &NoObserver)
    };
    let planned = plan();
    let whole = std::fs::read(&archive).expect("it was just written");
    // What was planned is somewhere else now, and still the same.
    cut.bundles.write(&Zip::of([
        Entry::stored("media/0.mov", vec![0; 5000]),
        Entry::stored("media/a.mov", std::fs::read(cut.media("a.mov")).expect("media")),
        content(&cut.text),
    ]));
    assert_eq!(render(&planned, "moved").expect("a run").shots[0].status, Status::Done);
    // Cut off.
    std::fs::write(&archive, &whole[..whole.len() / 2]).expect("a file");
    let report = render(&planned, "short").expect("a run");
    assert_eq!(report.shots[0].status, Status::Failed);
    assert!(report.shots[0].error.join(": ").contains("it was cut off"), "{:?}", report.shots[0].error);
    // Overwritten where its media was, with the directory as it was.
    let mut rubbish = whole.clone();
    rubbish[700..whole.len() - 400].fill(0x55);
    std::fs::write(&archive, rubbish).expect("a file");
    let report = render(&planned, "rubbish").expect("a run");
    assert_eq!(report.shots[0].status, Status::Failed, "{:?}", report.shots[0].error);
    std::fs::remove_file(&archive).expect("it was there");
    assert_eq!(render(&planned, "gone").expect_err("nothing is there").kind(), ErrorKind::MediaMissing);
}

#[test]
fn nothing_can_be_reached_from_media_in_an_archive() {
    let cut = Cut::new([]);
    cut.movie("a.ts", "-c:v mpeg2video");
    let beside = cut.bundles.path("beside.ts");
    std::fs::copy(cut.media("a.ts"), &beside).expect("a copy");
    let absolute = beside.display();
    let playlist = |place: &str| format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.5,\n{place}\n#EXT-X-ENDLIST\n");
    for (name, text) in [
        ("absolute.m3u8", playlist(&format!("file:{absolute}"))),
        ("relative.m3u8", playlist("../../beside.ts")),
        ("inside.m3u8", playlist("a.ts")),
        ("subfile.m3u8", playlist(&format!("subfile,,start,0,end,0,,:{absolute}"))),
        ("absolute.ffconcat", format!("ffconcat version 1.0\nfile 'file:{absolute}'\n")),
        ("relative.ffconcat", "ffconcat version 1.0\nfile 'beside.ts'\n".to_owned()),
    ] {
        std::fs::write(cut.media(name), text).expect("a file");
        let error = probe(cut.pack(|entry| entry).join("media").join(name)).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Decode, "{name}: {error:#}");
    }
}
