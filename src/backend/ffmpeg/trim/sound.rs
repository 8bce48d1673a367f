//! The sounds of the movie on their way into its pieces: each piece gets the samples that lie beside its frames.

use std::path::Path;

use super::super::sound::{SoundFormat, SoundReader, SoundStream, is_lossless, sounds};
use super::super::sys::read::Demuxer;
use super::super::sys::write::{Muxer, has_encoder};
use super::about;
use super::container;
use super::grid::Grid;
use crate::error::Result;
use crate::time::Ratio;

/// How many samples are read at once.
const AT_ONCE: i64 = 1 << 16;

/// What is to be said about WebM, whose sound has to be compressed.
const EARLY: &str = "sound in webm files can lie up to 7 ms early";

/// One sound of the movie.
pub(super) struct TrimmedSound {
    /// Its number among the streams of the file.
    pub(super) stream: usize,
    reader: SoundReader,
    codec: String,
    layout: String,
    tags: Vec<(String, String)>,
    disposition: i32,
}

impl TrimmedSound {
    /// Opens all sounds of a file that can be decoded, in the order they have in it.
    pub(super) fn open_all(path: &Path, demuxer: &Demuxer) -> Result<Vec<TrimmedSound>> {
        let mut opened = Vec::new();
        for (number, stream) in sounds(demuxer).into_iter().enumerate() {
            let reader = SoundReader::open(path, Some(number))?;
            opened.push(TrimmedSound {
                stream,
                layout: reader.layout(),
                codec: demuxer.facts(stream).map(|facts| facts.codec).unwrap_or_default(),
                tags: demuxer.tags(Some(stream)),
                disposition: demuxer.disposition(stream),
                reader,
            });
        }
        opened.sort_by_key(|sound| sound.stream);
        Ok(opened)
    }

    /// The sample that lies at the start of frame `index`.
    fn sample(&self, grid: &Grid, index: i64) -> i64 {
        (grid.seconds(index) * Ratio::whole(self.reader.rate().into()) + Ratio::new(1, 2)).floor()
    }

    /// The encoder for its samples in a file of this muxer, and what that changes.
    fn encoder(&self, muxer: &str) -> Option<(&str, Option<String>)> {
        let own = match self.codec.as_str() {
            "mp3" => "libmp3lame",
            "opus" => "libopus",
            "vorbis" => "libvorbis",
            codec => codec,
        };
        // What is compressed starts with priming. Matroska's muxers up to FFmpeg 5 do not say so, or push pictures back.
        let kept = muxer != "matroska" || is_lossless(own);
        if kept && container::holds(muxer, &self.codec) && has_encoder(own) {
            // Samples are read as floats of 32 bits.
            let finer = self.codec.starts_with("pcm_s32") || self.codec.starts_with("pcm_f64");
            let coarser = finer.then(|| format!("sound keeps 24 of the bits that {} has", self.codec));
            return Some((own, coarser.or_else(|| (muxer == "webm").then(|| EARLY.to_owned()))));
        }
        let others = match muxer {
            "matroska" => [("flac", "flac"), ("pcm_s24le", "pcm_s24le")],
            "webm" => [("opus", "libopus"), ("vorbis", "libvorbis")],
            "mp4" | "mpegts" => [("aac", "aac"), ("mp2", "mp2")],
            _ => [("pcm_s24le", "pcm_s24le"), ("pcm_s16le", "pcm_s16le")],
        };
        let (codec, encoder) =
            others.into_iter().find(|(codec, encoder)| container::holds(muxer, codec) && has_encoder(encoder))?;
        let early = if muxer == "webm" { format!("; {EARLY}") } else { String::new() };
        Some((encoder, Some(format!("sound is {codec} instead of {}{early}", self.codec))))
    }
}

/// A sound of the movie in one piece.
pub(super) struct Track {
    /// Which of the movie's sounds.
    number: usize,
    stream: SoundStream,
    /// The sample that comes next, counted in the movie.
    next: i64,
    /// How many packets of the sound were damaged before.
    damaged: u32,
}

impl Track {
    /// Adds the movie's sounds to a file whose first frame is `first`. What is said in `notes` is different from them.
    pub(super) fn add_all(
        sounds: &[TrimmedSound],
        (grid, first): (&Grid, i64),
        (muxer, name): (&mut Muxer, &str),
        notes: &mut Vec<String>,
    ) -> Result<Vec<Track>> {
        let mut tracks = Vec::new();
        for (number, sound) in sounds.iter().enumerate() {
            let Some((encoder, note)) = sound.encoder(name) else {
                notes.push(format!("sound {number} is left out: {name} files hold none that can be encoded"));
                continue;
            };
            if let Some(note) = note.filter(|note| !notes.contains(note)) {
                notes.push(note);
            }
            let channels = u16::try_from(sound.reader.speakers().len()).unwrap_or(u16::MAX);
            let stream = SoundStream::add_as(
                muxer,
                &SoundFormat {
                    encoder,
                    rate: sound.reader.rate(),
                    layout: (&sound.layout, channels),
                    metadata: &about::of_piece(&sound.tags, name, false),
                },
            )?;
            muxer.set_disposition(stream.index(), sound.disposition);
            let next = sound.sample(grid, first);
            tracks.push(Track { number, stream, next, damaged: sound.reader.damaged() });
        }
        Ok(tracks)
    }

    /// Writes what is heard up to the start of the movie's frame `end`.
    pub(super) fn write(
        &mut self,
        sounds: &mut [TrimmedSound],
        grid: &Grid,
        end: i64,
        muxer: &mut Muxer,
    ) -> Result<()> {
        let sound = &mut sounds[self.number];
        let end = sound.sample(grid, end);
        while self.next < end {
            let count = (end - self.next).min(AT_ONCE);
            let samples = sound.reader.read(self.next, usize::try_from(count).unwrap_or(0))?;
            self.stream.write(&samples, muxer)?;
            self.next += count;
        }
        Ok(())
    }

    /// What was lost of the sound while the piece was written, in words.
    pub(super) fn damage(&self, sounds: &[TrimmedSound]) -> Option<String> {
        let lost = sounds[self.number].reader.damaged() - self.damaged;
        let what = || format!("{lost} packets of sound {} cannot be decoded: there is silence", self.number);
        (lost > 0).then(what)
    }

    /// Writes what the encoder still holds.
    pub(super) fn finish(&mut self, muxer: &mut Muxer) -> Result<()> {
        self.stream.finish(muxer)
    }
}
