//! Bundles that are damaged, or made to do damage: each is an error that names the file and what is wrong with it.

use otio_conflate::otio::{ReadOptions, read_file};
use otio_conflate::{Error, ErrorKind, Timeline};
use proptest::prelude::*;

use crate::support::{Bundles, bytes, content, simple};
use crate::zip::{Entry, Zip};

fn media(name: &str) -> Entry {
    Entry::stored(name, "the bytes of a movie")
}

#[track_caller]
fn assert_says(error: &Error, kind: ErrorKind, part: &str) {
    assert_eq!(error.kind(), kind, "{error:#}");
    assert!(format!("{error:#}").contains(part), "{error:?} should say {part:?}");
    assert!(
        format!("{error:#}").contains("cut.otio") && error.place().file.is_some(),
        "{error:#} should name the bundle"
    );
}

#[test]
fn what_is_no_archive_is_refused() {
    let bundles = Bundles::new();
    let path = bundles.path("cut.otioz");
    for text in ["", "PK", "no zip at all", &simple(), &"PK\x05\x06".repeat(9)] {
        std::fs::write(&path, text).expect("a file");
        assert_says(&Timeline::open(&path).expect_err(text), ErrorKind::Bundle, "it is no zip archive");
    }
    let error = Timeline::open(bundles.path("none.otioz")).expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
    let error = Timeline::open(bundles.path("none.otiod")).expect_err("nothing");
    assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
}

#[test]
fn an_archive_that_was_cut_off_is_refused_wherever_it_was() {
    let bundles = Bundles::new();
    let path = bundles.write(&Zip::of([content(&simple()), media("media/a.mov")]));
    let whole = std::fs::read(&path).expect("it was just written");
    for length in (0..whole.len()).rev() {
        std::fs::write(&path, &whole[..length]).expect("a file");
        let error = Timeline::open(&path).expect_err("it is not whole");
        assert_eq!(error.kind(), ErrorKind::Bundle, "cut to {length}: {error:#}");
    }
    std::fs::write(&path, &whole[..whole.len() - 30]).expect("a file");
    assert_says(&Timeline::open(&path).expect_err("it is not whole"), ErrorKind::Bundle, "it was cut off");
}

#[test]
fn a_bundle_holds_one_timeline_at_its_root() {
    let bundles = Bundles::new();
    let none = Zip::of([media("media/a.mov")]);
    assert_says(&bundles.refused(&none), ErrorKind::Bundle, "it holds no content.otio at its root");
    let deeper = Zip::of([Entry::stored("cut/content.otio", simple())]);
    assert_says(&bundles.refused(&deeper), ErrorKind::Bundle, "at its root, but cut/content.otio");
    let two = Zip::of([content(&simple()), content(&simple())]);
    assert_says(&bundles.refused(&two), ErrorKind::Bundle, "\"content.otio\" is listed twice");
    let folder = bundles.folder(&[("media/a.mov", b"")]);
    assert_says(&Timeline::open(folder).expect_err("no timeline"), ErrorKind::Bundle, "it holds no content.otio");
    let folder = bundles.folder(&[("content.otio", b"{")]);
    assert_eq!(Timeline::open(folder).expect_err("no JSON").kind(), ErrorKind::Json);
    assert_says(&bundles.refused(&Zip::of([content("{")])), ErrorKind::Json, "line 1");
}

#[test]
fn names_that_mean_no_file_in_the_bundle_are_refused() {
    let bundles = Bundles::new();
    for (name, why) in [
        ("../a.mov", "leads out"),
        ("media/../../a.mov", "leads out"),
        ("media/../a.mov", "leads out"),
        ("media\\..\\..\\a.mov", "leads out"),
        ("media/..", "leads out"),
        ("../", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share\\a.mov", "absolute"),
        ("C:\\a.mov", "absolute"),
        ("c:/a.mov", "absolute"),
        ("media/a\0.mov", "NUL"),
        ("", "has no name"),
        (".", "has no name"),
    ] {
        let error = bundles.refused(&Zip::of([content(&simple()), media(name)]));
        assert_says(&error, ErrorKind::Bundle, why);
        assert!(format!("{error:#}").contains(&format!("{name:?}")), "{error:#} should name {name:?}");
    }
}

#[test]
fn names_that_occur_twice_are_refused() {
    let bundles = Bundles::new();
    for (one, other) in
        [("media/a.mov", "media/a.mov"), ("media/a.mov", "media\\a.mov"), ("media/a.mov", "./media//a.mov")]
    {
        let error = bundles.refused(&Zip::of([content(&simple()), media(one), media(other)]));
        assert_says(&error, ErrorKind::Bundle, "is listed twice");
    }
}

#[test]
fn entries_keep_to_their_place() {
    let bundles = Bundles::new();
    let at = |offset: u64| media("media/b.mov").with(|entry| entry.offset = Some(offset));
    let long = |stored: u64| media("media/b.mov").with(|entry| (entry.stored, entry.size) = (stored, stored));
    let far = |offset: u64| at(offset).with(|entry| entry.zip64 = true);
    let behind = "reaches beyond its place";
    for (what, entries) in [
        ("on the same header", vec![at(0)]),
        ("inside another", vec![at(40)]),
        ("behind the directory", vec![at(1_000_000)]),
        ("at the end of numbers", vec![far(u64::MAX)]),
        ("over the end of numbers", vec![far(u64::MAX - 29)]),
        ("into the next", vec![long(60), media("media/c.mov")]),
        ("into the directory", vec![long(500)]),
        ("as long as numbers go", vec![long(u64::MAX).with(|entry| entry.zip64 = true)]),
    ] {
        let zip = Zip::of([content(&simple())]).with(|zip| zip.entries.extend(entries));
        let error = bundles.refused(&zip);
        assert!(error.kind() == ErrorKind::Bundle, "{what}: {error:#}");
        let text = format!("{error:#}");
        assert!(text.contains(behind) || text.contains("directory is damaged"), "{what}: {error:#}");
    }
}

#[test]
fn a_directory_that_counts_wrong_is_refused() {
    let bundles = Bundles::new();
    let sound = Zip::of([content(&simple()), media("media/a.mov")]);
    for claimed in [1, 3, 0, 999] {
        let error = bundles.refused(&sound.clone().with(|zip| zip.claimed = Some(claimed)));
        assert_eq!(error.kind(), ErrorKind::Bundle, "{claimed}: {error:#}");
    }
}

#[test]
fn entries_that_are_not_what_the_directory_says_are_refused() {
    let bundles = Bundles::new();
    let other = media("media/a.mov").with(|entry| entry.own_name = Some(b"media/b.mov".to_vec()));
    let longer = media("media/a.mov").with(|entry| entry.own_name = Some(vec![b'x'; 60]));
    // So little too long that only its own header can tell.
    let reaching = media("media/a.mov").with(|entry| (entry.stored, entry.size) = (25, 25));
    for entry in [other, longer, reaching] {
        let path = bundles.write(&Zip::of([content(&simple()), entry]));
        Timeline::open(&path).expect("the timeline itself is fine");
        let error = bytes(&path.join("media/a.mov")).expect_err("another entry");
        assert_says(&error, ErrorKind::Bundle, "is not what the directory says");
    }
    let shifted = content(&simple()).with(|entry| entry.offset = Some(3));
    assert_says(&bundles.refused(&Zip::of([shifted])), ErrorKind::Bundle, "\"content.otio\"");
}

#[test]
fn a_timeline_that_cannot_be_unpacked_is_refused() {
    let bundles = Bundles::new();
    let own = |change: fn(&mut Entry)| Zip::of([content(&simple()).with(change), media("media/a.mov")]);
    for (why, zip) in [
        ("is encrypted", own(|entry| entry.flags |= 1)),
        ("is encrypted", own(|entry| entry.flags |= 0x40)),
        ("is a symbolic link", own(|entry| entry.mode = 0o120_777)),
        ("is compressed by method 12", own(|entry| entry.method = 12)),
        ("is compressed by method 99", own(|entry| entry.method = 99)),
        ("size and checksum", own(|entry| entry.crc ^= 1)),
        ("size and checksum", own(|entry| entry.size += 1)),
        ("size and checksum", own(|entry| entry.size -= 1)),
        ("size and checksum", own(|entry| entry.size = 0)),
        ("is damaged", own(|entry| entry.packed.fill(0xff))),
        ("is damaged", own(|entry| entry.stored -= 9)),
    ] {
        assert_says(&bundles.refused(&zip), ErrorKind::Bundle, why);
    }
}

#[test]
fn a_bomb_does_not_go_off() {
    let bundles = Bundles::new();
    let limited = |zip: &Zip, most: u64| read_file(bundles.write(zip), &ReadOptions::default().with_max_bytes(most));
    let bomb = Entry::deflated("content.otio", &vec![b' '; 32 << 20]);
    assert!(bomb.packed.len() < 1 << 16);
    // One that tells how large it is.
    let error = limited(&Zip::of([bomb.clone()]), 1 << 20).expect_err("too large");
    assert_says(&error, ErrorKind::Schema, "larger than 1048576 bytes");
    // One that does not.
    let lie = bomb.clone().with(|entry| entry.size = 10);
    assert_says(&limited(&Zip::of([lie]), 1 << 20).expect_err("a lie"), ErrorKind::Bundle, "size and checksum");
    // Those that say they are as large as any timeline can be, and larger than any memory.
    let large = content(&simple()).with(|entry| entry.size = u32::MAX.into());
    let error = limited(&Zip::of([large]), u64::MAX).expect_err("a lie");
    assert_says(&error, ErrorKind::Bundle, "size and checksum");
    let giant = content(&simple()).with(|entry| (entry.zip64, entry.size) = (true, 1 << 60));
    let error = limited(&Zip::of([giant]).with(|zip| zip.zip64 = true), u64::MAX).expect_err("a lie");
    assert_says(&error, ErrorKind::Schema, "larger than 4294967295 bytes");
    // The limit is one on the timeline, and not on its media.
    let large = Zip::of([content(&simple()), Entry::stored("media/a.mov", vec![0; 1 << 20])]);
    limited(&large, 1 << 16).expect("a small timeline");
    let folder = bundles.folder(&[("content.otio", simple().as_bytes())]);
    let error = read_file(folder, &ReadOptions::default().with_max_bytes(99)).expect_err("too large");
    assert_says(&error, ErrorKind::Schema, "larger than 99 bytes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever happens to an archive, it is read as it was, or refused with a reason; and so is its media.
    #[test]
    fn mangled_archives_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        zip64 in any::<bool>(),
        descriptors in any::<bool>(),
    ) {
        let bundles = Bundles::new();
        let sound = Zip::of([content(&simple()), media("media/a.mov"), media("media/b.mov")]).with(|zip| {
            zip.zip64 = zip64;
            zip.entries.iter_mut().for_each(|entry| (entry.zip64, entry.flags) = (zip64, if descriptors { 8 } else { 0 }));
        });
        let path = bundles.write(&sound);
        let mut data = std::fs::read(&path).expect("it was just written");
        for (place, byte) in changes {
            let place = place.index(data.len());
            data[place] = byte;
        }
        std::fs::write(&path, data).expect("a file");
        match Timeline::open(&path) {
            Ok(timeline) => prop_assert_eq!(timeline.name, "cut"),
            Err(error) => prop_assert!(format!("{error:#}").contains("cut.otioz"), "{}", error),
        }
        for name in ["media/a.mov", "media/b.mov"] {
            if let Err(error) = bytes(&path.join(name)) {
                prop_assert!(matches!(error.kind(), ErrorKind::Bundle | ErrorKind::MediaMissing), "{}", error);
            }
        }
    }
}
