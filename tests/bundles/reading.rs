//! What is read out of sound bundles, however they were packed.

use std::io::{Read, Seek, SeekFrom};

use otio_conflate::otio::MediaFile;
use otio_conflate::plan::PlanOptions;
use otio_conflate::{ErrorKind, Plan, Timeline};

use crate::support::{Bundles, bytes, clip, content, movie, range, simple, timeline};
use crate::zip::{Entry, Zip};

const DATA: &[u8] = b"the bytes of a movie";

fn sound() -> Zip {
    Zip::of([Entry::stored("version.txt", "1.0.0"), content(&simple()), Entry::stored("media/a.mov", DATA)])
}

#[test]
fn an_archive_is_read_and_so_is_a_folder() {
    let bundles = Bundles::new();
    let archive = bundles.write(&sound());
    let folder = bundles.folder(&[("content.otio", simple().as_bytes()), ("media/a.mov", DATA)]);
    for bundle in [archive, folder] {
        let timeline = Timeline::open(&bundle).expect("a bundle");
        assert_eq!(timeline.name, "cut");
        assert_eq!(timeline.path.as_deref(), Some(bundle.as_path()));
        assert!(timeline.notes.is_empty(), "{:?}", timeline.notes);
        let plan = Plan::new(&timeline, &PlanOptions::default()).expect("a plan");
        assert_eq!(plan.media[0].source.display(), bundle.join("media/a.mov").display().to_string());
        assert_eq!(bytes(&bundle.join("media/a.mov")).expect("media"), DATA);
    }
}

#[test]
fn what_lies_at_a_bundle_s_name_decides_what_it_is() {
    let bundles = Bundles::new();
    for name in ["cut.OTIOZ", "archive.otiod"] {
        let path = bundles.path(name);
        sound().write(&path);
        assert_eq!(Timeline::open(&path).expect(name).name, "cut");
        assert_eq!(bytes(&path.join("media/a.mov")).expect(name), DATA);
    }
    let folder = bundles.folder(&[("content.otio", simple().as_bytes()), ("media/a.mov", DATA)]);
    let unpacked = bundles.path("unpacked.otioz");
    std::fs::rename(folder, &unpacked).expect("it moves");
    assert_eq!(Timeline::open(&unpacked).expect("a folder").name, "cut");
    assert_eq!(bytes(&unpacked.join("media/a.mov")).expect("media"), DATA);
}

#[cfg(feature = "opentimelineio")]
#[test]
fn both_readers_read_bundles() {
    use otio_conflate::otio::Reader;
    let bundles = Bundles::new();
    let archive = bundles.write(&sound());
    let folder = bundles.folder(&[("content.otio", simple().as_bytes())]);
    for bundle in [archive, folder] {
        let native = Timeline::open_with(&bundle, Reader::Native).expect("the native reader reads it");
        let library = Timeline::open_with(&bundle, Reader::OpenTimelineIo).expect("the library reads it");
        assert_eq!(native, library);
    }
}

#[test]
fn archives_may_be_packed_in_many_ways() {
    let bundles = Bundles::new();
    let own = |change: fn(&mut Entry)| sound().with(|zip| zip.entries.iter_mut().for_each(change));
    for (what, zip) in [
        ("stored", Zip::of([Entry::stored("content.otio", simple()), Entry::stored("media/a.mov", DATA)])),
        ("sizes behind the bytes", own(|entry| entry.flags |= 8)),
        ("64-bit sizes", own(|entry| entry.zip64 = true).with(|zip| zip.zip64 = true)),
        ("a comment", sound().with(|zip| zip.comment = b"PK\x05\x06 is how an end begins".to_vec())),
        ("something in front", sound().with(|zip| zip.before = vec![b'#'; 777])),
        ("the order turned round", sound().with(|zip| zip.entries.reverse())),
        ("a folder's entry", sound().with(|zip| zip.entries.insert(0, Entry::stored("media/", "")))),
        (
            "folders with backslashes",
            sound().with(|zip| zip.entries.extend([Entry::stored("media\\", ""), Entry::stored("./", "")])),
        ),
        (
            "backslashes",
            own(|entry| entry.name.iter_mut().filter(|byte| **byte == b'/').for_each(|byte| *byte = b'\\')),
        ),
        ("dots", own(|entry| entry.name.splice(..0, *b"././/").for_each(drop))),
        ("attributes of none", own(|entry| entry.mode = 0)),
        ("names said to be UTF-8", own(|entry| entry.flags |= 0x800)),
    ] {
        let path = bundles.write(&zip);
        assert_eq!(Timeline::open(&path).expect(what).name, "cut", "{what}");
        assert_eq!(bytes(&path.join("media/a.mov")).expect(what), DATA, "{what}");
        assert_eq!(bytes(&path.join("./media/./a.mov")).expect(what), DATA, "{what}");
    }
}

#[test]
fn media_in_an_archive_is_read_like_a_file() {
    let bundles = Bundles::new();
    let path = bundles.write(&sound()).join("media/a.mov");
    let mut media = MediaFile::open(&path).expect("media");
    assert_eq!((media.length(), media.is_part()), (DATA.len() as u64, true));
    let mut read = |from: SeekFrom, most: u64| {
        let place = media.seek(from).expect("a place");
        let mut bytes = Vec::new();
        (&mut media).take(most).read_to_end(&mut bytes).expect("bytes");
        (place, bytes)
    };
    assert_eq!(read(SeekFrom::Start(4), 5), (4, b"bytes".to_vec()));
    assert_eq!(read(SeekFrom::Current(1), 2), (10, b"of".to_vec()));
    assert_eq!(read(SeekFrom::End(-5), 99), (15, b"movie".to_vec()));
    assert_eq!(read(SeekFrom::End(7), 99), (27, Vec::new()));
    assert_eq!(read(SeekFrom::Start(u64::from(u32::MAX)), 99), (u64::from(u32::MAX), Vec::new()));
    assert_eq!(read(SeekFrom::Start(0), 3), (0, b"the".to_vec()));
    assert!(media.seek(SeekFrom::Current(-4)).is_err());
    assert!(media.seek(SeekFrom::Start(u64::MAX)).is_err());
    let mut rest = String::new();
    media.read_to_string(&mut rest).expect("a refused seek leaves the place as it was");
    assert_eq!(rest, " bytes of a movie");
}

#[test]
fn what_is_not_in_an_archive_is_missing() {
    let bundles = Bundles::new();
    let path = bundles.write(&sound());
    for name in ["media/b.mov", "a.mov", "media/a.mov/b", "media/../media/a.mov", "MEDIA/a.mov"] {
        let error = bytes(&path.join(name)).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::MediaMissing, "{error:#}");
        assert!(format!("{error:#}").contains(name), "{error:#}");
    }
    let error = bytes(&path.join("media")).expect_err("a folder");
    assert!(error.kind() == ErrorKind::Decode && format!("{error:#}").contains("it is a folder"), "{error:#}");
    std::fs::remove_file(&path).expect("it was there");
    let error = bytes(&path.join("media/a.mov")).expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::MediaMissing, "{error:#}");
}

#[test]
fn an_archive_may_be_replaced_at_any_time() {
    let bundles = Bundles::new();
    let path = bundles.write(&sound());
    let media = path.join("media/a.mov");
    assert_eq!(bytes(&media).expect("media"), DATA);
    let other =
        Zip::of([content(&simple()), Entry::stored("media/z.mov", [7; 999]), Entry::stored("media/a.mov", "new")]);
    bundles.write(&other);
    assert_eq!(bytes(&media).expect("media"), b"new");
    bundles.write(&Zip::of([content(&simple())]));
    assert_eq!(bytes(&media).expect_err("it is gone").kind(), ErrorKind::MediaMissing);
    std::fs::write(&path, b"PK\x03\x04 and no more").expect("a file");
    assert_eq!(bytes(&media).expect_err("it is none any more").kind(), ErrorKind::Bundle);
}

#[test]
fn entries_that_cannot_be_media_are_warnings_and_errors() {
    let bundles = Bundles::new();
    let many = (0..5).map(|index| Entry::deflated(format!("media/{index}.mov"), DATA));
    let zip = Zip::of([content(&simple())]).with(|zip| {
        zip.entries.extend(many);
        // What is no media is nobody's business.
        zip.entries.push(Entry::deflated("readme.txt", DATA));
        zip.entries.push(Entry::stored("media/secret.mov", DATA).with(|entry| entry.flags |= 1));
        zip.entries.push(Entry::stored("media/link.mov", "/etc/passwd").with(|entry| entry.mode = 0o120_777));
        zip.entries.push(Entry::stored("media/two.mov", DATA).with(|entry| entry.size += 1));
    });
    let path = bundles.write(&zip);
    let timeline = Timeline::open(&path).expect("the timeline itself is fine");
    assert_eq!(
        timeline.notes,
        [
            "encrypted in the bundle, and so not readable as media: media/secret.mov",
            "a symbolic link in the bundle, and so not readable as media: media/link.mov",
            "compressed in the bundle, and so not readable as media: media/0.mov, media/1.mov, media/2.mov and 2 more",
        ]
    );
    let plan = Plan::new(&timeline, &PlanOptions::default()).expect("a plan");
    assert!(plan.warnings.iter().any(|warning| warning.message == timeline.notes[0]), "{:?}", plan.warnings);
    for (name, why) in [
        ("media/1.mov", "zip -0"),
        ("media/secret.mov", "it is encrypted"),
        ("media/link.mov", "it is a symbolic link"),
        ("media/two.mov", "two sizes"),
    ] {
        let error = bytes(&path.join(name)).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Bundle, "{error:#}");
        assert!(format!("{error:#}").contains(why) && format!("{error:#}").contains(name), "{error:#}");
    }
}

#[test]
fn ten_thousand_entries_are_as_good_as_one() {
    let bundles = Bundles::new();
    let name = |index: usize| format!("media/sh.{index:05}.exr");
    let frames = (0..10_000).map(|index| Entry::stored(name(index), index.to_string()));
    let path = bundles.write(&Zip::of([content(&simple())]).with(|zip| zip.entries.extend(frames)));
    assert_eq!(Timeline::open(&path).expect("a bundle").name, "cut");
    for index in 0..10_000 {
        assert_eq!(bytes(&path.join(name(index))).expect("a frame"), index.to_string().as_bytes());
    }
}

#[test]
fn media_may_lie_beyond_four_gigabytes() {
    let bundles = Bundles::new();
    let long = Entry::stored("media/long.mov", "begin").with(|entry| {
        (entry.zip64, entry.hole) = (true, 5 << 30);
        (entry.size, entry.stored) = (entry.size + entry.hole, entry.stored + entry.hole);
    });
    let far = Entry::stored("media/a.mov", DATA).with(|entry| entry.zip64 = true);
    let content = content(&simple()).with(|entry| entry.zip64 = true);
    let path = bundles.write(&Zip::of([long, far, content]).with(|zip| zip.zip64 = true));
    assert_eq!(Timeline::open(&path).expect("a bundle").name, "cut");
    assert_eq!(bytes(&path.join("media/a.mov")).expect("media"), DATA);
    let mut long = MediaFile::open(path.join("media/long.mov")).expect("media");
    assert_eq!(long.length(), (5 << 30) + 5);
    assert_eq!(long.seek(SeekFrom::End(-3)).expect("a place"), (5 << 30) + 2);
    let mut end = Vec::new();
    long.read_to_end(&mut end).expect("bytes");
    assert_eq!(end, [0, 0, 0]);
}

#[cfg(unix)]
#[test]
fn names_of_other_encodings_are_found_by_their_bytes() {
    let bundles = Bundles::new();
    let text = timeline([clip("A", movie("media/caf%82.mov", range(0, 12)))]);
    let path = bundles.write(&Zip::of([content(&text), Entry::stored(b"media/caf\x82.mov", DATA)]));
    let plan = Plan::new(&Timeline::open(&path).expect("a bundle"), &PlanOptions::default()).expect("a plan");
    let media = plan.media[0].source.file(0).expect("a file");
    assert_eq!(bytes(&media).expect("media"), DATA);
}
