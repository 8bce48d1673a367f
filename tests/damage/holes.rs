//! Packets overwritten with zeros, as places of a file are that were never written: no frame of a codec that begins its packets
//! with something is another one in silence. R7, R15.

use crate::flips::{FRAMES, KINDS, Kind, is_wanted, read};
use crate::support::{overwritten, packets};

/// Kinds whose decoders cannot know: samples as they are, or runs of them without a header.
const UNKNOWING: [&str; 6] = ["raw.avi", "raw.mov", "v210.mov", "huffyuv.avi", "qtrle.mov", "theora.ogv"];

/// The holes after which a frame was another without a word: the packets overwritten, and how much of each.
fn silent(kind: &Kind) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = kind.made(folder.path());
    let whole = read(&path, 1);
    let packets = packets(&path);
    if packets.len() < FRAMES {
        return Vec::new(); // a still
    }
    let mut found = Vec::new();
    // Matroska's own four bytes in front of a frame are those of its container.
    let own = if path.extension().is_some_and(|ending| ending == "mkv" || ending == "webm") { 4 } else { 0 };
    for index in [0, 1, 7, FRAMES - 1] {
        for (part, name) in [(1, "all"), (2, "half")] {
            let (range, _) = &packets[index];
            let start = range.start + own;
            let hole = start..start + (range.end - start) / part;
            let broken = overwritten(&path, &format!("broken-{}", kind.file), &[hole], 0);
            for threads in [1, 3] {
                let damaged = read(&broken, threads);
                let differs = |frame: &usize| damaged[*frame].is_some() && damaged[*frame] != whole[*frame];
                let frames: Vec<String> = (0..FRAMES)
                    .filter(differs)
                    .map(|frame| {
                        let is = whole.iter().position(|other| *other == damaged[frame]);
                        format!("{frame} shows {is:?}")
                    })
                    .collect();
                if !frames.is_empty() {
                    found.push(format!("{name} of packet {index}, {threads} threads: {}", frames.join(", ")));
                }
            }
        }
    }
    found
}

#[test]
fn no_frame_differs_in_silence_where_zeros_were_written() {
    let mut wrong = Vec::new();
    for kind in KINDS.iter().filter(|kind| is_wanted(kind)) {
        let found = silent(kind);
        println!("{:16} {found:?}", kind.file);
        if !found.is_empty() && !UNKNOWING.contains(&kind.file) {
            wrong.push(format!("{}: {found:?}", kind.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
