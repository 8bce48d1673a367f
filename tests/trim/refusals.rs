//! What cannot be cut is told with what would be right, and leaves nothing behind.

use otio_conflate::deliver::{CopyMode, Cut, Preset, Trim, trim};
use otio_conflate::time::Time;
use otio_conflate::{CancelToken, ErrorKind};

use crate::common::{draw, raw_movie};
use crate::support::{Media, assert_frames};

const PRORES: &str = "-c:v prores_aw -timecode 01:00:00:00";
const DROP_FRAME: &str = "-c:v mpeg4 -q:v 2 -g 12 -timecode 00:59:59;20";

fn seconds(seconds: f64) -> Time {
    Time::from_flicks((seconds * 705_600_000.0) as i64)
}

#[test]
fn frames_that_are_not_there_are_errors_that_name_those_that_are() {
    let media = Media::new("a.mov", 30, "24", PRORES);
    for cut in [
        Cut::frames(25, 6),
        Cut::frames(30, 1),
        Cut::frames(-1, 2),
        Cut::frames(i64::MIN, 1),
        Cut::frames(0, i64::MAX),
        Cut::frames(1 << 40, 1 << 40),
        Cut::timecode("01:00:01:00", "01:00:01:07"),
        Cut::timecode("00:59:59:23", "01:00:00:10"),
        Cut::time(seconds(0.5), seconds(1.3)),
        Cut::time(seconds(-1.0), seconds(1.0)),
        Cut::time(Time::from_flicks(i64::MIN), Time::from_flicks(i64::MAX)),
    ] {
        for copy in [CopyMode::Exact, CopyMode::Never] {
            let error = media.refused("b.mov", cut.clone(), |trim| trim.copy(copy));
            assert_eq!(error.kind(), ErrorKind::Overrun, "{cut:?}: {error:#}");
            let text = format!("{error:#}");
            assert!(text.contains("frames 0 (01:00:00:00) to 29 (01:00:01:05)"), "{cut:?}: {text}");
        }
    }
    // Where no list says how many there are, the end is found.
    let media = Media::new("a.mkv", 30, "24", "-c:v ffv1");
    for (first, count) in [(28, 4), (30, 1), (5000, 4), (0, 1 << 40), (1 << 40, 1)] {
        let error = media.refused("b.mkv", Cut::frames(first, count), |trim| trim);
        assert_eq!(error.kind(), ErrorKind::Overrun, "{error:#}");
        assert!(format!("{error:#}").contains("0 to 29"), "{error:#}");
    }
}

#[test]
fn an_empty_piece_is_an_error() {
    let media = Media::new("a.mov", 30, "24", PRORES);
    for cut in [
        Cut::frames(3, 0),
        Cut::frames(3, -4),
        Cut::frames(i64::MAX, i64::MIN),
        Cut::frames(i64::MAX, 1),
        Cut::timecode("01:00:00:10", "01:00:00:10"),
        Cut::timecode("01:00:00:10", "01:00:00:09"),
        Cut::time(seconds(0.5), seconds(0.5)),
        Cut::time(seconds(0.5), seconds(0.51)),
        Cut::time(seconds(0.5), seconds(0.1)),
    ] {
        let error = media.refused("b.mov", cut.clone(), |trim| trim);
        assert_eq!(error.kind(), ErrorKind::Option, "{cut:?}: {error:#}");
    }
}

#[test]
fn timecode_has_to_be_the_files_own() {
    let plain = Media::new("a.mov", 30, "24", PRORES);
    let none = Media::new("a.mov", 30, "24", "-c:v prores_aw");
    let drop = Media::new("a.mov", 30, "30000/1001", DROP_FRAME);
    for (media, start, end, told) in [
        (&none, "01:00:00:00", "01:00:00:10", "has no timecode"),
        (&plain, "01:00:00:00", "01:00:00:24", "at 24"),
        (&plain, "01:00:00;00", "01:00:00;10", "non-drop"),
        (&plain, "1:2:3", "01:00:00:10", "at 24"),
        (&plain, "", "", "at 24"),
        (&drop, "00:59:59:25", "01:00:00:00", "drop-frame"),
        (&drop, "00:59:00;00", "00:59:59;25", "labels no frame"),
    ] {
        let error = media.refused("b.mov", Cut::timecode(start, end), |trim| trim);
        assert_eq!(error.kind(), ErrorKind::Time, "{start} {end}: {error:#}");
        assert!(format!("{error:#}").contains(told), "{error:#}");
    }
    let piece = drop.piece("b.mov", Cut::timecode("00:59:59;29", "01:00:00;05"), |trim| trim).expect("ten later");
    assert_eq!((piece.first, piece.count, piece.start_timecode.as_deref()), (9, 6, Some("00:59:59;29")));
    assert_frames(&piece.path, 9, 6);
}

/// A file may run through midnight, where timecode starts again.
#[test]
fn timecode_goes_on_behind_midnight() {
    let media = Media::new("a.mov", 30, "24", "-c:v prores_aw -timecode 23:59:59:12");
    let piece = |start: &str, end: &str| media.piece("b.mov", Cut::timecode(start, end), |trim| trim.overwrite(true));
    let across = piece("23:59:59:20", "00:00:00:04").expect("across");
    assert_eq!((across.first, across.count), (8, 8));
    let behind = piece("00:00:00:02", "00:00:00:06").expect("behind");
    assert_eq!((behind.first, behind.count, behind.start_timecode.as_deref()), (14, 4, Some("00:00:00:02")));
    assert_frames(&behind.path, 14, 4);
    assert_eq!(piece("00:00:01:00", "00:00:01:05").expect_err("too late").kind(), ErrorKind::Overrun);
}

#[test]
fn targets_have_to_be_files_of_their_own_that_can_hold_the_movie() {
    let media = Media::new("a.mov", 12, "24", PRORES);
    let cut = || Cut::frames(0, 4);
    for (name, kind, told) in [
        ("a.mov", ErrorKind::Option, "the movie that is cut"),
        ("b.mp4", ErrorKind::Option, "cannot hold prores"),
        ("b.wav", ErrorKind::Option, "expected one of mov"),
        ("b", ErrorKind::Option, "expected one of mov"),
    ] {
        let error = media.refused(name, cut(), |trim| trim.overwrite(true));
        assert_eq!(error.kind(), kind, "{name}: {error:#}");
        assert!(format!("{error:#}").contains(told), "{name}: {error:#}");
    }
    std::fs::write(media.path("there.mov"), "something").expect("a file");
    std::fs::create_dir(media.path("folder.mov")).expect("a folder");
    assert_eq!(media.refused("folder.mov", cut(), |trim| trim.overwrite(true)).kind(), ErrorKind::Exists);
    assert_eq!(media.refused("there.mov", cut(), |trim| trim).kind(), ErrorKind::Exists);
    // It was not made by a trim, so that it takes more to replace it.
    assert_eq!(media.refused("there.mov", cut(), |trim| trim.overwrite(true)).kind(), ErrorKind::Exists);
    media.piece("there.mov", cut(), |trim| trim.overwrite_foreign(true)).expect("replaced");
    media.piece("there.mov", cut(), |trim| trim.overwrite(true)).expect("replaced again");
    assert_frames(&media.path("there.mov"), 0, 4);

    let twice = Trim::new(&media.movie).piece(cut(), media.path("c.mov")).piece(cut(), media.path("c.mov"));
    let trimmed = trim(&twice, &CancelToken::new()).expect("one of them");
    assert!(trimmed.pieces[0].is_ok());
    assert_eq!(trimmed.pieces[1].as_ref().expect_err("taken").kind(), ErrorKind::Option);
    // What cannot be copied there can be encoded.
    let preset = || Preset::by_name("h264").expect("a preset");
    let piece = media.piece("b.mp4", cut(), |trim| trim.preset(preset())).expect("encoded");
    assert!(!piece.copied && piece.why.is_some_and(|why| why.contains("prores")));
    assert_frames(&piece.path, 0, 4);
    assert_eq!(media.refused("d.webm", cut(), |trim| trim.preset(preset())).kind(), ErrorKind::Option);
}

#[test]
fn what_is_no_movie_cannot_be_cut() {
    let media = Media::new("a.mov", 12, "24", PRORES);
    let still = raw_movie(&media.path("a.png"), "yuv420p", (256, 160), "24", draw(1), "");
    std::fs::write(media.path("text.mov"), "no movie").expect("a file");
    let whole = std::fs::read(&media.movie).expect("a movie");
    std::fs::write(media.path("cut.mov"), &whole[..whole.len() / 2]).expect("a file");
    crate::common::ffmpeg(
        &["-f", "lavfi", "-i", "sine=d=1", media.path("a.wav").to_str().expect("a plain name")],
        None,
    );
    let one = |trim: Trim| trim.piece(Cut::frames(0, 1), media.path("b.mov"));
    let before = media.files();
    for (request, kind) in [
        (one(Trim::new(&still)), ErrorKind::Option),
        (one(Trim::new(media.path("text.mov"))), ErrorKind::Decode),
        (one(Trim::new(media.path("cut.mov"))), ErrorKind::Decode),
        (one(Trim::new(media.path("a.wav"))), ErrorKind::Decode),
        (one(Trim::new(media.path("none.mov"))), ErrorKind::MediaMissing),
        (one(Trim::new(media.folder.path())), ErrorKind::Decode),
        (Trim::new(&media.movie), ErrorKind::Option),
        (one(Trim::new(&media.movie).preset(Preset::by_name("png").expect("a preset"))), ErrorKind::Option),
    ] {
        let error = trim(&request, &CancelToken::new()).expect_err("no movie");
        assert_eq!(error.kind(), kind, "{:?}: {error:#}", request.source);
    }
    let cancel = CancelToken::new();
    cancel.cancel();
    assert_eq!(trim(&one(Trim::new(&media.movie)), &cancel).expect_err("cancelled").kind(), ErrorKind::Cancelled);
    assert_eq!(media.files(), before);
}
