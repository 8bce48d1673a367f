//! Damage: which lines of FFmpeg's log say that a picture is not what was encoded, and how runs of such frames are told.

use std::fmt;
use std::sync::Arc;

use super::sys::log::{LogLine, RESYNCED, UNCONTINUED};
use super::sys::read::{LOG_ERROR, LOG_WARNING};

/// What FFmpeg says about a damaged picture.
pub(crate) type Reason = Arc<str>;

/// What decoders warn of although the picture is right: headers beside it, habits of encoders, and what they tell about
/// themselves. Whoever adds a line says which files have it.
const HARMLESS: [&str; 28] = [
    // Supplemental information, in cameras' files often cut short.
    "SEI type",
    "Unknown SEI",
    "buffering period",
    "Closed caption",
    "Overread VUI",
    "Strange VUI",
    "VUI",
    "display window",
    "Dolby Vision",
    "ICC profile",
    "iCCP",
    "cHRM",
    "gAMA",
    "sBIT",
    // The shape of pixels.
    "SAR",
    "pixel aspect",
    // Motion JPEG of some capture cards and cameras.
    "EOI missing, emulating",
    "APP fields",
    "unable to decode APP",
    // MPEG-4 in AVI.
    "packed B-frames",
    "Looks like this file was encoded with",
    "low_delay flag",
    // About the library.
    "deprecated",
    "is not implemented. Update your FFmpeg",
    "If you want to help, upload a sample",
    "multiple -threads",
    "hwaccel",
    "first frame is no keyframe",
];

/// Whether this line means that the picture of its packet is damaged.
pub(crate) fn is_damage(line: &LogLine) -> bool {
    if line.packet == 0 {
        return false;
    }
    // Concealment is told as information, what was passed over in NUT files for debugging.
    let bad = line.level <= LOG_WARNING || line.text.starts_with("concealing ") || line.text == RESYNCED;
    bad && !HARMLESS.iter().any(|part| line.text.contains(part))
}

/// What demuxers of containers without a list of packets say where they pass over something that may have been packets.
const PASSED_OVER: [&str; 14] = [
    // Matroska.
    "invalid as first byte of an EBML number",
    "exceeds containing master element",
    "exceeds max length",
    "Invalid track number",
    "Unknown-sized element",
    "for element with ID",
    "has unknown length",
    "Found unknown-length element",
    "considered as invalid data",
    "Error parsing frame sizes",
    // NUT.
    "Last frame must have been damaged",
    "sync point checksum mismatch",
    // FLV.
    "Packet mismatch",
    RESYNCED,
];

/// Whether this line means that packets may be lost where it was said.
pub(crate) fn loses_packets(line: &LogLine) -> bool {
    PASSED_OVER.iter().any(|part| line.text.contains(part))
}

/// What demuxers say of lists and headers that say which picture is shown when, where those are damaged: it concerns every
/// frame. Beside these, they warn of much that healthy files of cameras and applications have: covers, texts, odd sizes of
/// boxes, streams of data without a codec, edit lists that start between keyframes, discontinuous clocks, indexes that are
/// not there or, in MXF that was cut short, name frames that are not.
const MISPLACES: [&str; 18] = [
    "CTTS invalid",
    "corrupted CTTS",
    "corrupted STTS",
    "corrupted STSC",
    "corrupted STCO",
    "corrupted STSZ",
    "corrupted TRUN",
    "STSZ atom truncated",
    "Too large sample offset",
    "Impossible chunk_offset",
    "wrong sample count",
    "wrong chunk count",
    "contradictionary STSC and STCO",
    "Invalid mdhd time scale",
    "Invalid edit list entry_count",
    "Invalid edit list media time",
    "Invalid edit list duration",
    "ELST atom of",
];

/// Whether this line, said while the file was opened, means that nobody knows which frame is which.
pub(crate) fn misplaces(line: &LogLine) -> bool {
    let concerns = line.packet == 0 && line.of_container && line.level <= LOG_WARNING;
    concerns && MISPLACES.iter().any(|part| line.text.contains(part))
}

/// What decoders of sound report as errors although the samples are right, or lack what the file never had.
const HARMLESS_FOR_SOUND: [&str; 3] = [
    // MP3 that was cut out of something: its first frames build on others that are not there.
    "backstep",
    // AAC: programme configurations that are of no use.
    "program config element",
    "Sample rate index",
];

/// Whether this line means that the samples of its packet are damaged. Warnings are mostly about timestamps.
pub(crate) fn is_sound_damage(line: &LogLine) -> bool {
    is_damage(line) && line.level <= LOG_ERROR && !HARMLESS_FOR_SOUND.iter().any(|part| line.text.contains(part))
}

/// What demuxers say of what they pass over, beside [`PASSED_OVER`]: pages of Ogg, packets of transport streams, edit units of
/// MXF.
const PASSED_OVER_IN_SOUND: [&str; 5] =
    ["CRC mismatch", UNCONTINUED, "Packet corrupt", "max resync size reached", "edit unit sync lost"];

/// Whether this line of a demuxer means that samples may be missing from there on.
pub(crate) fn loses_sound(line: &LogLine) -> bool {
    PASSED_OVER.iter().chain(&PASSED_OVER_IN_SOUND).any(|part| line.text.contains(part))
}

/// Whether this line says that something in a FLAC file is no frame.
pub(crate) fn is_no_flac(line: &LogLine) -> bool {
    ["invalid sync code", "invalid frame header"].iter().any(|part| line.text.contains(part))
}

/// Frames in a row of one file that were delivered although they are damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedRun {
    pub(crate) file: String,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) reason: Reason,
}

impl fmt::Display for DamagedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DamagedRun { file, first, last, reason } = self;
        if first == last {
            write!(f, "source frame {first} of {file} is damaged and was delivered: {reason}")
        } else {
            write!(f, "source frames {first} to {last} of {file} are damaged and were delivered: {reason}")
        }
    }
}

/// Runs of damaged frames, as they are read.
#[derive(Debug, Default)]
pub(crate) struct DamagedRuns(Vec<DamagedRun>);

impl DamagedRuns {
    /// Notes that frame `frame` of `file` is damaged.
    pub(crate) fn add(&mut self, file: &str, frame: i64, reason: &Reason) {
        let touches = |run: &&mut DamagedRun| run.file == file && (run.first - 1..=run.last + 1).contains(&frame);
        match self.0.iter_mut().find(touches) {
            Some(run) => (run.first, run.last) = (run.first.min(frame), run.last.max(frame)),
            None => {
                self.0.push(DamagedRun { file: file.to_owned(), first: frame, last: frame, reason: Arc::clone(reason) })
            }
        }
    }

    /// The runs so far, by file and frame; those that have come to touch are one.
    pub(crate) fn take(&mut self) -> Vec<DamagedRun> {
        let mut runs = std::mem::take(&mut self.0);
        runs.sort_by(|one, other| (&one.file, one.first).cmp(&(&other.file, other.first)));
        let mut joined: Vec<DamagedRun> = Vec::new();
        for run in runs {
            match joined.last_mut().filter(|last| last.file == run.file && run.first <= last.last + 1) {
                Some(last) => last.last = last.last.max(run.last),
                None => joined.push(run),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_frames_are_one_warning() {
        let mut runs = DamagedRuns::default();
        let reason: Reason = "a checksum is wrong".into();
        for frame in [3, 4, 4, 9, 7, 8, 2] {
            runs.add("a.mov", frame, &reason);
        }
        runs.add("b.mov", 5, &reason);
        let told: Vec<String> = runs.take().iter().map(DamagedRun::to_string).collect();
        assert_eq!(
            told,
            [
                "source frames 2 to 4 of a.mov are damaged and were delivered: a checksum is wrong",
                "source frames 7 to 9 of a.mov are damaged and were delivered: a checksum is wrong",
                "source frame 5 of b.mov is damaged and was delivered: a checksum is wrong",
            ]
        );
        assert!(runs.take().is_empty());
    }

    #[test]
    fn what_is_not_about_pictures_is_no_damage() {
        let line =
            |packet, level, text: &str| LogLine { packet, level, text: text.to_owned(), of_container: packet == 0 };
        assert!(is_damage(&line(4, 16, "error while decoding MB 3 4, bytestream 12")));
        assert!(is_damage(&line(4, 32, "concealing 12 DC, 12 AC, 12 MV errors in P frame")));
        assert!(!is_damage(&line(4, 32, "nothing of note")));
        assert!(!is_damage(&line(4, 16, "SEI type 5 size 2208 truncated at 1944")));
        assert!(!is_damage(&line(0, 16, "while it was opened")));
        assert!(misplaces(&line(0, 24, "reached eof, corrupted CTTS atom")));
        assert!(!misplaces(&line(0, 24, "Unknown cover type: 0x1.")));
        assert!(!misplaces(&LogLine { of_container: false, ..line(0, 24, "CTTS invalid") }));
        assert!(is_sound_damage(&line(2, 16, "frame CRC mismatch")));
        assert!(!is_sound_damage(&line(2, 24, "Could not update timestamps for skipped samples.")));
        assert!(!is_sound_damage(&line(2, 16, "invalid new backstep 440")));
    }
}
