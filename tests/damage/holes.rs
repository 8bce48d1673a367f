//! Packets overwritten with zeros, as places of a file are that were never written: no frame of a codec that begins its packets
//! with something is another one in silence. R7, R15.

use crate::common::Dice;
use crate::flips::{FRAMES, KINDS, Kind, is_wanted, read};
use crate::support::{overwritten, packets};

/// Kinds whose decoders cannot know: samples as they are, or runs of them without a header.
const UNKNOWING: [&str; 6] = ["raw.avi", "raw.mov", "v210.mov", "huffyuv.avi", "qtrle.mov", "theora.ogv"];

/// The frames that are others without a word, and which those are.
fn others(damaged: &[Option<Vec<u8>>], whole: &[Option<Vec<u8>>]) -> String {
    let differs = |frame: &usize| damaged[*frame].is_some() && damaged[*frame] != whole[*frame];
    let tell = |frame: usize| {
        let other = whole.iter().position(|other| *other == damaged[frame]);
        format!("{frame} shows {}", other.map_or_else(|| "none".to_owned(), |other| other.to_string()))
    };
    (0..damaged.len()).filter(differs).map(tell).collect::<Vec<_>>().join(", ")
}

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
        let (range, _) = &packets[index];
        let start = range.start + own;
        let length = range.end - start;
        // Of the packets behind it, with what the container says of them.
        let behind = packets.iter().map(|(range, _)| range.start).filter(|other| *other > range.start).nth(2);
        let behind = behind.map(|end| (range.end + own..end, "behind"));
        for (hole, name) in
            [(start..start + length, "all"), (start..start + length / 2, "half")].into_iter().chain(behind)
        {
            let broken = overwritten(&path, &format!("broken-{}", kind.file), &[hole], 0);
            for threads in [1, 3] {
                let damaged = read(&broken, threads);
                let frames = others(&damaged, &whole);
                if !frames.is_empty() {
                    found.push(format!("{name} of packet {index}, {threads} threads: {frames}"));
                }
            }
        }
    }
    found
}

/// The same of holes as file systems have them: blocks of 512 bytes, wherever pictures lie.
fn silent_blocks(kind: &Kind, count: usize, seed: u64) -> Vec<String> {
    const BLOCK: usize = 512;
    let folder = tempfile::tempdir().expect("a folder");
    let path = kind.made(folder.path());
    let whole = read(&path, 1);
    let data = std::fs::read(&path).expect("reads");
    let places = kind.covered(&path, &data);
    let (first, last) = (places.iter().map(|range| range.start).min(), places.iter().map(|range| range.end).max());
    let (first, last) = (first.expect("a packet") / BLOCK + 1, last.expect("a packet") / BLOCK);
    let mut dice = Dice::new(seed);
    let mut found = Vec::new();
    for _ in 0..count {
        let roll = dice.roll(i64::try_from(last.saturating_sub(first).max(1)).expect("few"));
        let start = (first + usize::try_from(roll).expect("positive")) * BLOCK;
        let hole = start..(start + BLOCK).min(data.len());
        if hole.is_empty() || data[hole.clone()].iter().all(|byte| *byte == 0) {
            continue;
        }
        let damaged = read(&overwritten(&path, &format!("broken-{}", kind.file), &[hole], 0), 1);
        let frames = others(&damaged, &whole);
        found.extend((!frames.is_empty()).then(|| format!("block at {start}: {frames}")));
    }
    found
}

#[test]
fn no_frame_differs_in_silence_where_a_block_was_lost_and_the_codec_can_know() {
    let count = std::env::var("DAMAGE_HOLES").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let mut wrong = Vec::new();
    for (seed, kind) in KINDS.iter().enumerate().filter(|(_, kind)| is_wanted(kind)) {
        let found = silent_blocks(kind, count, seed as u64 + 1);
        println!("{:16} {:9} {:3} silent of {count}", kind.file, kind.checked, found.len());
        if kind.checked && !found.is_empty() {
            wrong.push(format!("{}: {found:?}", kind.file));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
