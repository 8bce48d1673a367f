//! Many pieces of one movie are made in one pass over it, and each stands for itself.

use std::io::{Seek as _, SeekFrom, Write as _};

use otio_conflate::ErrorKind;
use otio_conflate::deliver::CopyMode;

use crate::support::{Media, assert_all, assert_frames};

/// Shots with handles: every piece overlaps its neighbours.
fn shots(count: i64) -> Vec<(i64, i64)> {
    let mut shots: Vec<_> = (0..count / 12).map(|shot| (shot * 12, (12 + 4).min(count - shot * 12))).collect();
    // In any order.
    shots.reverse();
    shots.swap(0, 2);
    shots
}

#[test]
fn every_packet_is_read_once_whatever_the_pieces() {
    let count = 120;
    for (name, arguments, copy) in [
        ("a.mov", "-c:v prores_aw", CopyMode::Exact),
        ("a.mov", "-c:v prores_aw", CopyMode::Never),
        ("a.mp4", "-c:v libx264 -preset veryfast -crf 12 -g 48 -bf 3", CopyMode::Never),
        ("a.mkv", "-c:v libx264 -preset veryfast -crf 12 -g 48 -bf 3", CopyMode::Never),
        ("a.mp4", "-c:v libx264 -preset veryfast -crf 12 -g 12 -sc_threshold 0 -flags +cgop -bf 0", CopyMode::Exact),
    ] {
        let media = Media::new(name, count, "24", arguments);
        let extension = name.rsplit('.').next().expect("an extension");
        let pieces = shots(count);
        let trimmed = media.pieces(extension, &pieces, copy);
        let mut made = Vec::new();
        for (piece, &(first, length)) in trimmed.pieces.iter().zip(&pieces) {
            let piece = piece.as_ref().unwrap_or_else(|error| panic!("{name} {first}: {error:#}"));
            assert_eq!(piece.copied, copy == CopyMode::Exact, "{name}: {piece:?}");
            made.push((piece.path.as_path(), first, length));
        }
        assert_all(&made);
        // Opening the movie decodes its first frame, for which a decoder may be given some more.
        let slack = 30;
        assert!(trimmed.packets >= count as u64, "{name}: {}", trimmed.packets);
        assert!(trimmed.packets <= count as u64 + slack, "{name}: {} packets for {count} frames", trimmed.packets);
    }
}

/// A piece far into a movie does not cost what lies in front of it.
#[test]
fn what_lies_between_pieces_is_not_read() {
    let media = Media::new("a.mov", 240, "24", "-c:v prores_aw");
    for copy in [CopyMode::Exact, CopyMode::Never] {
        let trimmed = media.pieces("mov", &[(200, 5), (10, 5)], copy);
        assert!(trimmed.pieces.iter().all(Result::is_ok));
        assert!(trimmed.packets < 40, "{copy}: {}", trimmed.packets);
    }
}

/// Damage in the movie costs the pieces that show it, and no others.
#[test]
fn one_piece_that_fails_does_not_stop_the_others() {
    let media = Media::new("a.mov", 48, "24", "-c:v prores_aw");
    // The second frame of the third piece, by the places that the command line tool tells.
    let at = packet_place(&media.movie, 26);
    let mut file = std::fs::OpenOptions::new().write(true).open(&media.movie).expect("the movie");
    file.seek(SeekFrom::Start(at)).expect("inside");
    file.write_all(&[0; 200]).expect("room");
    drop(file);
    for copy in [CopyMode::Never, CopyMode::Exact] {
        let pieces = [(0, 12), (12, 12), (24, 12), (30, 12), (40, 20)];
        // Beside the pieces lies the manifest that lists them.
        let count = || media.files().iter().filter(|name| !name.ends_with("manifest.json")).count();
        let before = count();
        let trimmed = media.pieces("mov", &pieces, copy);
        let kinds: Vec<_> =
            trimmed.pieces.iter().map(|piece| piece.as_ref().err().map(otio_conflate::Error::kind)).collect();
        let damaged = if copy == CopyMode::Never { Some(ErrorKind::Decode) } else { None };
        assert_eq!(kinds, [None, None, damaged, None, Some(ErrorKind::Overrun)], "{copy}");
        for (piece, (first, count)) in trimmed.pieces.iter().zip(pieces).filter(|(piece, _)| piece.is_ok()) {
            if first != 24 {
                assert_frames(&piece.as_ref().expect("one that is well").path, first, count);
            }
        }
        let made = kinds.iter().filter(|kind| kind.is_none()).count();
        assert_eq!(count(), if copy == CopyMode::Never { before + made } else { before + 1 }, "{copy}");
    }
}

/// Where a packet of the picture lies in its file.
fn packet_place(path: &std::path::Path, index: usize) -> u64 {
    let arguments = ["-v", "error", "-select_streams", "v", "-show_entries", "packet=pos", "-of", "csv=p=0"];
    let output = std::process::Command::new("ffprobe").args(arguments).arg(path).output().expect("ffprobe");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().nth(index).expect("a packet").trim_matches(',').parse().expect("a place")
}
