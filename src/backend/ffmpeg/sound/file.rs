//! The sound of a file by itself, from its first picture on.

use std::path::Path;

use super::super::encode::AudioStream;
use super::super::probe;
use super::super::sys::read::Demuxer;
use super::channels::layout_name;
use super::output::{is_lossless, layout_taken};
use super::reader::{SoundReader, sounds};
use super::source::Voice;
use crate::audio::Samples;
use crate::error::Result;
use crate::plan::SoundLayout;

/// Everything that is to be heard of a file: each of its streams by itself, and where those of one channel each are the
/// channels of one sound, that, too.
pub(crate) struct FileSounds {
    sounds: Vec<FileSound>,
    /// Which of them players choose.
    first: usize,
    /// What had to be assumed about its channels.
    notes: Vec<String>,
}

/// A stream of a file, or several that are one sound, read from its start to its end.
pub(crate) struct FileSound {
    voice: Voice,
    stream: AudioStream,
    part: StreamGrouping,
    done: i64,
}

/// How streams of one channel each go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StreamGrouping {
    /// A stream that is a sound of its own.
    Whole,
    /// A stream that is one channel of [`StreamGrouping::Joined`].
    Channel,
    /// All of those as one sound.
    Joined,
}

impl FileSounds {
    /// Opens every stream of sound in `path`; `None` if it holds none.
    pub(crate) fn open(path: &Path) -> Result<Option<FileSounds>> {
        let demuxer = probe::open(path)?;
        let streams = sounds(&demuxer);
        let Some(&chosen) = streams.first() else { return Ok(None) };
        let mut opened = Vec::new();
        for (number, &stream) in streams.iter().enumerate() {
            opened.push((stream, FileSound::of_stream(path, number, (&demuxer, stream))?));
        }
        opened.sort_by_key(|(stream, _)| *stream);
        let first = opened.iter().position(|(stream, _)| *stream == chosen).unwrap_or(0);
        let mut sounds: Vec<FileSound> = opened.into_iter().map(|(_, sound)| sound).collect();
        let own = SoundReader::open(path, None)?;
        let (joined, _) = FileSound::joined(path, &own, None, None)?;
        let is_mono = |sound: &FileSound| sound.stream.channels == 1;
        let all = sounds.iter().filter(|sound| is_mono(sound)).count();
        if joined.voice.streams() > 1 && joined.voice.streams() == all {
            sounds.iter_mut().filter(|sound| is_mono(sound)).for_each(|sound| sound.part = StreamGrouping::Channel);
            sounds.push(joined);
        }
        Ok(Some(FileSounds { sounds, first, notes: Vec::new() }))
    }

    /// Opens what players play of `path`, at `rate` samples a second in `layout`; `None` if it holds no sound.
    pub(crate) fn open_as(path: &Path, rate: u32, layout: SoundLayout) -> Result<Option<FileSounds>> {
        if SoundReader::count(path)? == 0 {
            return Ok(None);
        }
        let own = SoundReader::open(path, None)?;
        let (sound, notes) = FileSound::joined(path, &own, Some(rate), Some(layout))?;
        Ok(Some(FileSounds { sounds: vec![FileSound { part: StreamGrouping::Whole, ..sound }], first: 0, notes }))
    }

    /// Those that go into a movie with this codec, by their numbers, each as it goes in; and what is said of it.
    ///
    /// What is compressed is played by players that choose one stream: channels go together there. Elsewhere every stream
    /// stays what it is.
    pub(crate) fn of_codec(&self, codec: &str) -> (Vec<(usize, AudioStream)>, Vec<String>) {
        let apart = is_lossless(codec);
        let mut notes = Vec::new();
        let mut kept = Vec::new();
        // What is joined comes first.
        let order = (0..self.sounds.len()).rev().filter(|&number| self.sounds[number].part == StreamGrouping::Joined);
        let order =
            order.chain((0..self.sounds.len()).filter(|&number| self.sounds[number].part != StreamGrouping::Joined));
        for number in order {
            let sound = &self.sounds[number];
            if sound.part == if apart { StreamGrouping::Joined } else { StreamGrouping::Channel } {
                continue;
            }
            match layout_taken(codec, &sound.stream) {
                Some(layout) => kept.push((number, AudioStream { layout, ..sound.stream.clone() })),
                None => notes.push(format!(
                    "sound {} of {} channels ({}) is left out: {codec} does not take them",
                    number + 1,
                    sound.stream.channels,
                    sound.stream.layout
                )),
            }
        }
        if let (false, [(_, first), _, ..]) = (apart, kept.as_slice())
            && first.channels == 1
        {
            notes.push(format!("its {} mono streams stay separate: most players play only the first", kept.len()));
        }
        (kept, notes)
    }

    /// Samples per second, and channels, of what players choose.
    pub(crate) fn format(&self) -> (u32, u16) {
        let stream = &self.sounds[self.first].stream;
        (stream.rate, stream.channels)
    }

    /// What had to be assumed about its channels: sentences for the report.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// All of them, to be read.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut FileSound> {
        self.sounds.iter_mut()
    }
}

impl FileSound {
    /// Sound number `number` of `path`, as players count, which is stream `stream` there.
    fn of_stream(path: &Path, number: usize, (demuxer, stream): (&Demuxer, usize)) -> Result<FileSound> {
        let reader = SoundReader::open(path, Some(number))?;
        let stream = AudioStream {
            rate: reader.rate(),
            channels: u16::try_from(reader.speakers().len()).unwrap_or(u16::MAX),
            layout: reader.layout(),
            metadata: demuxer.tags(Some(stream)),
            disposition: demuxer.disposition(stream),
        };
        Ok(FileSound { voice: Voice::of_reader(reader), stream, part: StreamGrouping::Whole, done: 0 })
    }

    /// What `path` plays by itself, whose first sound is `own`; and what had to be assumed.
    fn joined(
        path: &Path,
        own: &SoundReader,
        rate: Option<u32>,
        layout: Option<SoundLayout>,
    ) -> Result<(FileSound, Vec<String>)> {
        let rate = rate.unwrap_or(own.rate());
        let layout = layout.unwrap_or_else(|| own_layout(own));
        let voice = Voice::of_file(path, &layout.speakers(), rate)?;
        let notes = voice.notes.clone();
        let channels = layout.channels();
        let name = layout_name(channels)?.to_owned();
        let stream = AudioStream { rate, channels, layout: name, metadata: Vec::new(), disposition: 0 };
        Ok((FileSound { voice, stream, part: StreamGrouping::Joined, done: 0 }, notes))
    }

    /// Samples per second.
    pub(crate) fn rate(&self) -> u32 {
        self.stream.rate
    }

    /// The samples from where the last ones ended up to place `end`.
    pub(crate) fn read_to(&mut self, end: i64) -> Result<Samples> {
        let count = usize::try_from(end - self.done).unwrap_or(0);
        let samples = self.voice.read(self.done, count)?;
        self.done = end.max(self.done);
        Ok(samples)
    }
}

/// The layout that has as many channels as the file, or stereo.
fn own_layout(reader: &SoundReader) -> SoundLayout {
    let channels = match (reader.speakers().len(), reader.siblings()) {
        (1, siblings) => siblings,
        (channels, _) => channels,
    };
    match channels {
        1 => SoundLayout::Mono,
        6 => SoundLayout::Surround51,
        8 => SoundLayout::Surround71,
        _ => SoundLayout::Stereo,
    }
}
