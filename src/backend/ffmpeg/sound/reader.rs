//! One stream of sound, sample by sample: any place of it, exactly.

use std::ops::Range;
use std::path::{Path, PathBuf};

use ffmpeg_next::Error as AvError;
use ffmpeg_next::format::Sample;
use ffmpeg_next::frame::Audio;

use super::super::damage::{Reason, is_no_flac, is_sound_damage, loses_sound};
use super::super::frame::undecodable;
use super::super::probe;
use super::super::sys::decoder::{Decoder, DecoderSetup, Received};
use super::super::sys::log::LogLine;
use super::super::sys::read::{Demuxer, StreamKind};
use super::channels::speakers;
use super::places::{Places, Told};
use crate::audio::{Samples, Speaker};
use crate::error::Result;
use crate::memory;
use crate::plan::MediaFacts;
use crate::time::{Rate, Ratio};

/// How far in front of a place decoding starts, in seconds: codecs build on what came before.
const LEAD: (i64, i64) = (1, 4);

/// Reads the samples of one stream of sound of a file.
///
/// Sample 0 lies at the moment the file's first picture is shown; in files without pictures it is the first sample that
/// is heard. What the codec put in front (its priming) does not count. Where the stream has nothing there is silence.
pub struct SoundReader {
    path: PathBuf,
    stream: usize,
    demuxer: Demuxer,
    decoder: Decoder,
    rate: u32,
    speakers: Vec<Speaker>,
    /// Seconds per tick.
    time_base: Ratio,
    /// The tick of sample 0, in seconds.
    origin: Ratio,
    /// The first sample of the stream, and the grid on which packets lie where all have the same length.
    first: i64,
    grid: Option<(i64, i64)>,
    buffer: Samples,
    /// The place of the buffer's first sample.
    start: i64,
    /// A run that lies behind a gap.
    ahead: Option<(i64, Samples)>,
    /// Whether the container knows where a packet that is sought lies. Else the file is decoded from its start.
    seeks: bool,
    /// Decoding goes on from the last sample; the next run needs no timestamp.
    running: bool,
    ended: bool,
    /// The place behind the last sample, once that was met.
    end: Option<i64>,
    damaged: u32,
    /// Runs of samples that are damaged, as far as the stream was decoded, with what FFmpeg says of them.
    damage: Vec<(Range<i64>, Reason)>,
    /// What was said of packets whose samples have not come out yet.
    doubt: Option<Reason>,
    /// What the demuxer said where it passed over something: what is missing behind that is lost.
    passed: Option<Reason>,
    /// Why nobody knows where samples belong from here on.
    adrift: Option<Reason>,
    /// What was said of the samples that came out last.
    suspect: Option<Reason>,
    /// How packets that have no times are placed, what the last one said, and where in the file it lies.
    places: Places,
    told: Told,
    position: Option<i64>,
    /// What numbers of samples in the stream count from, the last one that was told, and what was said of frames in front
    /// of the first.
    zero: Option<i64>,
    number: i64,
    headless: Option<Reason>,
    /// The place of what comes next is not where the last run ended.
    unsure: bool,
}

impl std::fmt::Debug for SoundReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoundReader({}, sound {})", self.path.display(), self.stream)
    }
}

/// How far ahead reading on is worth more than seeking, in seconds.
const READ_ON: i64 = 2;

impl SoundReader {
    /// Opens the sound number `stream` of a file, counted from 0, or with `None` the one that players choose.
    ///
    /// # Errors
    /// [`ErrorKind::MediaMissing`](crate::ErrorKind::MediaMissing) when there is no such file,
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when it holds no such sound.
    pub fn open(path: impl AsRef<Path>, stream: Option<usize>) -> Result<SoundReader> {
        let path = path.as_ref();
        memory::check_room(memory::SPARE)?;
        let demuxer = probe::open(path)?;
        let sounds = sounds(&demuxer);
        let Some(&stream) = sounds.get(stream.unwrap_or(0)) else {
            let what = match (stream, sounds.len()) {
                (Some(stream), count) if count > 0 => {
                    format!("it has {count} sound streams; there is no stream {stream}")
                }
                _ => "it holds no sound that this build of FFmpeg can decode".to_owned(),
            };
            return Err(undecodable(path, what));
        };
        let decoder = decoder(path, &demuxer, stream)?;
        let facts = demuxer.facts(stream).ok_or_else(|| undecodable(path, "it holds no sound"))?;
        let seeks = knows_places(&demuxer, &facts.codec);
        let counted = is_counted(&demuxer);
        let mut demuxer = demuxer;
        let said = demuxer.take_lines();
        let named = |is: fn(&LogLine) -> bool| said.iter().find(|line| is(line)).map(|line| line.text.as_str().into());
        let (passed, headless) = (named(loses_sound), named(is_no_flac));
        let places = Places::of(&mut demuxer, stream, counted);
        let mut reader = SoundReader {
            path: path.to_owned(),
            stream,
            rate: demuxer.sample_rate(stream),
            decoder,
            speakers: Vec::new(),
            time_base: probe::time_base(&facts),
            origin: Ratio::ZERO,
            first: 0,
            grid: None,
            buffer: Samples::default(),
            start: 0,
            ahead: None,
            seeks,
            running: false,
            ended: false,
            end: None,
            damaged: 0,
            damage: Vec::new(),
            doubt: None,
            passed,
            adrift: None,
            suspect: None,
            places,
            told: Told::Next,
            position: None,
            zero: None,
            number: 0,
            headless,
            unsure: false,
            demuxer,
        };
        reader.demuxer.select(stream);
        reader.look()?;
        Ok(reader)
    }

    /// How many sounds a file has.
    ///
    /// # Errors
    /// As [`SoundReader::open`], but none is fine.
    pub fn count(path: impl AsRef<Path>) -> Result<usize> {
        probe::open(path.as_ref()).map(|demuxer| sounds(&demuxer).len())
    }

    /// What a file of sound alone tells a plan: it is counted in samples, from its time reference (EBU Tech 3285) if it
    /// has one.
    pub(crate) fn facts(path: &Path) -> Result<MediaFacts> {
        let demuxer = probe::open(path)?;
        let length = length(path, &demuxer)?;
        let rate = sounds(&demuxer).first().map_or(0, |&stream| demuxer.sample_rate(stream));
        let start = demuxer.metadata(None, "time_reference").and_then(|samples| samples.trim().parse().ok());
        Ok(MediaFacts::new(Some(Rate::new(rate.into())?), Some(length), start))
    }

    /// How many samples the first sound of a file has, as far as its container says.
    pub(crate) fn length(path: &Path) -> Result<i64> {
        length(path, &probe::open(path)?)
    }

    /// How many sounds its file has.
    pub(crate) fn siblings(&self) -> usize {
        sounds(&self.demuxer).len()
    }

    /// Samples per second.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Where each of its channels is heard.
    pub fn speakers(&self) -> &[Speaker] {
        &self.speakers
    }

    /// FFmpeg's name of the layout of its channels, such as `stereo` or `4 channels`.
    pub(crate) fn layout(&self) -> String {
        self.decoder.layout().unwrap_or_else(|| format!("{} channels", self.speakers.len()))
    }

    /// How many packets could not be decoded so far: there is silence in their place.
    pub fn damaged(&self) -> u32 {
        self.damaged
    }

    /// What is damaged of samples `range`, of those that were read: from the first damaged one to behind the last, and what
    /// FFmpeg says of the first.
    pub(crate) fn damage(&self, range: Range<i64>) -> Option<(Range<i64>, Reason)> {
        let inside = |run: &Range<i64>| run.start.max(range.start)..run.end.min(range.end);
        let runs = self.damage.iter().map(|(run, reason)| (inside(run), reason)).filter(|(run, _)| !run.is_empty());
        runs.fold(None, |sum: Option<(Range<i64>, Reason)>, (run, reason)| match sum {
            None => Some((run, Reason::clone(reason))),
            Some((sum, first)) => Some((sum.start.min(run.start)..sum.end.max(run.end), first)),
        })
    }

    /// The place behind the last sample of the stream; `None` as long as reading has not come there.
    pub(crate) fn end(&self) -> Option<i64> {
        self.end
    }

    /// The `count` samples from place `at` on, which may lie before the first and behind the last one.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) when the file cannot be read any more.
    pub fn read(&mut self, at: i64, count: usize) -> Result<Samples> {
        let end = at.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        if self.end.is_some_and(|last| at >= last) {
            return Ok(Samples::silence(self.speakers.len(), count));
        }
        let is_behind = at < self.start && self.start > self.first;
        let is_far = self.seeks && at > self.next() + READ_ON * i64::from(self.rate);
        if is_behind || is_far {
            self.go_to(at)?;
        }
        self.fill(at, end)?;
        let mut samples = Samples::silence(self.speakers.len(), 0);
        let before = usize::try_from(self.start - at).unwrap_or(0).min(count);
        samples.pad(before);
        let low = usize::try_from(at - self.start).unwrap_or(0).min(self.buffer.len());
        let high = usize::try_from(end - self.start).unwrap_or(0).clamp(low, self.buffer.len());
        samples.push(&self.buffer, low..high);
        samples.pad(count - samples.len());
        // Half a second: who reads at another speed comes back a little. Many files are open at once, so no more.
        let kept = usize::try_from(self.rate).unwrap_or(0) / 2;
        if low > 2 * kept {
            self.buffer.drop_front(low - kept);
            self.start += i64::try_from(low - kept).unwrap_or(0);
        }
        Ok(samples)
    }

    /// The place behind the last sample decoded.
    fn next(&self) -> i64 {
        self.start + i64::try_from(self.buffer.len()).unwrap_or(0)
    }

    /// Decodes up to place `end`, and forgets what lies well in front of `from` on the way.
    fn fill(&mut self, from: i64, end: i64) -> Result<()> {
        while self.next() < end {
            if self.next() < from - i64::from(self.rate) {
                self.start = self.next();
                self.buffer = Samples::silence(self.speakers.len(), 0);
            }
            let run = match self.ahead.take() {
                Some(run) => Some(run),
                None if self.ended => None,
                None => self.run()?,
            };
            let Some((at, samples)) = run else {
                self.end = Some(self.next());
                return Ok(());
            };
            if at >= end {
                self.ahead = Some((at, samples));
                return Ok(());
            }
            if self.buffer.is_empty() {
                self.start = self.start.max(at.min(from));
            }
            let gap = usize::try_from(at - self.next()).unwrap_or(0);
            self.buffer.pad(gap);
            let known = usize::try_from(self.next() - at).unwrap_or(0).min(samples.len());
            self.buffer.push(&samples, known..samples.len());
        }
        Ok(())
    }

    /// Learns from the first samples what a container does not say.
    fn look(&mut self) -> Result<()> {
        self.running = false;
        let picture = probe::picture_stream(&self.demuxer);
        let container = self.demuxer.container();
        let counts_from_zero = container.starts_with("mov,") || container.starts_with("matroska");
        self.origin = match &picture {
            Some((stream, facts)) => Ratio::whole(self.demuxer.start(*stream).unwrap_or(0)) * probe::time_base(facts),
            None => Ratio::ZERO,
        };
        let Some((at, samples)) = self.run()? else {
            self.speakers = speakers(None, 1);
            self.rate = self.rate.max(1);
            return Ok(());
        };
        if picture.is_none() && !counts_from_zero {
            self.origin = self.origin + Ratio::whole(at) / Ratio::whole(self.rate.into());
        }
        let at = if picture.is_none() && !counts_from_zero { 0 } else { at };
        let mut at = at;
        // Which second a stream begins with whose first pages are lost, nobody knows.
        let begun = self.origin * Ratio::whole(self.rate.into());
        if container == "ogg" && picture.is_none() && begun > Ratio::new(self.rate.into(), 10) {
            self.adrift = self.passed.clone();
            if let Some(reason) = self.adrift.clone() {
                self.add_damage(0..i64::try_from(samples.len()).unwrap_or(0), reason);
            }
        }
        if self.places.is_numbered() {
            if self.number > 0
                && let Some(reason) = self.headless.take()
            {
                at = self.number;
                self.add_damage(0..at, reason);
            }
            self.zero = Some(at - self.number);
        }
        (self.first, self.start) = (at, at);
        self.buffer = samples;
        if self.is_coarse() {
            // The first packet may be shorter by what the codec put in front of it.
            let second = self.run()?;
            second.iter().for_each(|(_, samples)| self.buffer.append(samples));
            let third = self.run()?;
            third.iter().for_each(|(_, samples)| self.buffer.append(samples));
            if let (Some((second, a)), Some((_, b))) = (&second, &third) {
                self.grid = (a.len() == b.len()).then(|| (*second, i64::try_from(a.len()).unwrap_or(1)));
            }
        }
        Ok(())
    }

    /// Whether timestamps are too coarse to tell one sample from the next.
    fn is_coarse(&self) -> bool {
        self.time_base * Ratio::whole(self.rate.into()) > Ratio::ONE
    }

    /// Goes to a place from which `at` can be decoded as if everything before it had been.
    fn go_to(&mut self, at: i64) -> Result<()> {
        let rate = Ratio::whole(self.rate.into());
        let target = Ratio::whole(at) / rate - Ratio::from(LEAD);
        self.ahead = None;
        self.running = false;
        self.ended = false;
        self.places.forget();
        let is_exact = self.seeks && (!self.is_coarse() || self.grid.is_some());
        if is_exact && target > Ratio::whole(self.first) / rate + Ratio::ONE {
            let tick = ((target + self.origin) / self.time_base).floor();
            if self.demuxer.seek(self.stream, tick).is_ok() {
                self.decoder.flush();
                self.buffer = Samples::silence(self.speakers.len(), 0);
                if self.landed(at)? {
                    return Ok(());
                }
            }
        }
        self.rewind()
    }

    /// Decodes from where a seek has led up to `at`, if that lies in front of it. What lies between may build on what was
    /// not decoded, and is forgotten.
    fn landed(&mut self, at: i64) -> Result<bool> {
        let known = self.damage.len();
        let Some((start, samples)) = self.run()? else { return Ok(false) };
        self.start = start;
        self.ahead = Some((start, samples));
        self.fill(at, at)?;
        // So is what was said of it.
        self.damage.iter_mut().skip(known).for_each(|(run, _)| run.start = run.start.max(at));
        self.damage.retain(|(run, _)| !run.is_empty());
        let forgotten = usize::try_from(at - self.start).unwrap_or(0).min(self.buffer.len());
        self.buffer.drop_front(forgotten);
        self.start += i64::try_from(forgotten).unwrap_or(0);
        Ok(start <= at)
    }

    /// Starts again from the beginning of the file.
    fn rewind(&mut self) -> Result<()> {
        self.demuxer = probe::open(&self.path)?;
        self.demuxer.select(self.stream);
        self.decoder = decoder(&self.path, &self.demuxer, self.stream)?;
        self.buffer = Samples::silence(self.speakers.len(), 0);
        self.start = self.first;
        (self.ahead, self.running, self.ended) = (None, true, false);
        self.places.forget();
        self.suspect = None;
        if self.places.is_counted() {
            self.adrift = None;
        }
        Ok(())
    }

    /// The next run of samples and its place; `None` at the end.
    fn run(&mut self) -> Result<Option<(i64, Samples)>> {
        while !self.ended {
            let received = self.decoder.receive_sound();
            self.listen();
            match received {
                Ok(Received::Frame(frame)) => {
                    let (expected, running) = (self.next(), self.running);
                    if let Some((place, samples)) = self.taken(&frame) {
                        let end = place + i64::try_from(samples.len()).unwrap_or(0);
                        // Where something is missing in front of it, that is it.
                        let gap = if running { place - expected } else { 0 };
                        let is_lost = 2 * gap >= end - place;
                        if is_lost && gap > 0 {
                            let told = self.passed.clone();
                            let told = told.or_else(|| (self.told != Told::Next).then(|| "packets are missing".into()));
                            self.doubt = self.doubt.take().or(told);
                        }
                        // A stream that was cut out of another begins with the first frame that is whole.
                        self.suspect = self.doubt.clone().filter(|_| running);
                        self.settle(if gap > 0 { expected..place } else { place..end });
                        self.told = Told::Next;
                        if let Some(reason) = self.adrift.clone() {
                            self.add_damage(place..end, reason);
                        }
                        return Ok(Some((place, samples)));
                    }
                }
                Ok(Received::Hungry) => self.feed()?,
                Ok(Received::End) => self.ended = true,
                Err(error) => self.lost(&error),
            }
        }
        let end = self.next();
        self.settle(end..end + 1);
        if let Some(reason) = self.passed.clone().filter(|_| self.ends_early(end)) {
            self.add_damage(end..i64::MAX, reason);
        }
        Ok(None)
    }

    /// Takes in what the decoder has logged.
    fn listen(&mut self) {
        let told = self.decoder.take_lines().into_iter().find(is_sound_damage);
        if let Some(line) = told.filter(|_| self.doubt.is_none()) {
            self.doubt = Some(line.text.into());
        }
    }

    /// Whether the container has the stream end later than at `end`, by more than encoders round.
    fn ends_early(&self, end: i64) -> bool {
        let Some(facts) = self.demuxer.facts(self.stream) else { return false };
        let start = Ratio::whole(self.demuxer.start(self.stream).unwrap_or(0)) * self.time_base - self.origin;
        let length = match facts.duration {
            Some(ticks) if ticks > 0 => Ratio::whole(ticks) * self.time_base,
            _ => Ratio::new(self.demuxer.duration().unwrap_or(0), 1_000_000),
        };
        let claimed = start + length;
        claimed > Ratio::new(end, i64::from(self.rate).max(1)) + Ratio::new(1, 10)
    }

    /// A packet cannot be decoded.
    fn lost(&mut self, error: &AvError) {
        self.damaged += 1;
        self.doubt.get_or_insert_with(|| format!("a packet cannot be decoded: {error:#}").into());
    }

    /// What was said is about the samples `run`.
    fn settle(&mut self, run: Range<i64>) {
        if let Some(reason) = self.doubt.take() {
            self.add_damage(run, reason);
        }
    }

    /// Samples `run` are damaged.
    fn add_damage(&mut self, run: Range<i64>, reason: Reason) {
        match self.damage.last_mut().filter(|(last, known)| last.end == run.start && *known == reason) {
            Some((last, _)) => last.end = run.end,
            None => self.damage.push((run, reason)),
        }
    }

    /// Gives the decoder its next packet.
    fn feed(&mut self) -> Result<()> {
        let mut packet = loop {
            let read = self.demuxer.read();
            if let Some(line) = self.demuxer.take_lines().into_iter().find(loses_sound) {
                self.passed.get_or_insert_with(|| line.text.into());
            }
            match read {
                Ok(Some(packet)) if packet.stream() == self.stream => break Some(packet),
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(cause) => return Err(undecodable(&self.path, "reading it failed").because(cause)),
            }
        };
        if let Some(packet) = &mut packet {
            self.position = i64::try_from(packet.position()).ok();
            let told = self.places.look(packet, self.doubt.is_some() || self.suspect.is_some());
            // What one packet says holds until samples come out.
            self.told = if told == Told::Next { self.told } else { told };
        }
        let sent = self.decoder.send(packet.as_ref());
        self.listen();
        match sent {
            Ok(_) => {}
            Err(_) if packet.is_none() => self.ended = true,
            Err(error) => {
                self.lost(&error);
                self.unsure = self.is_coarse() && !self.places.is_counted();
            }
        }
        Ok(())
    }

    /// The samples of a frame and their place; `None` if they cannot be used.
    fn taken(&mut self, frame: &Audio) -> Option<(i64, Samples)> {
        if self.speakers.is_empty() {
            self.rate = frame.rate().max(1);
            self.speakers = speakers(self.decoder.layout().as_deref(), usize::from(frame.channels()));
        }
        let samples = planar(frame);
        let samples = samples.filter(|samples| frame.rate() == self.rate && samples.channels() == self.speakers.len());
        let Some(samples) = samples else {
            self.damaged += 1;
            self.doubt.get_or_insert_with(|| "its sample rate or channels change within the file".into());
            return None;
        };
        let expected = self.next();
        let rate = Ratio::whole(self.rate.into());
        let stamp = frame.pts().or_else(|| frame.timestamp());
        let at = stamp.map(|stamp| (Ratio::whole(stamp) * self.time_base - self.origin) * rate);
        let near = Ratio::whole(2) + self.time_base * rate * Ratio::whole(2);
        let place = match at {
            _ if self.places.is_counted() && (self.running || self.zero.is_some()) => {
                self.counted(expected, samples.len())
            }
            Some(at) if self.told == Told::Moved => self.on_grid(at),
            None => expected,
            // Guessed times drift away; only where something is missing they say more than counting.
            Some(_) if self.running && !self.seeks && self.doubt.is_none() => expected,
            Some(at) if self.running && !self.unsure && (at - Ratio::whole(expected)).abs() <= near => expected,
            Some(at) => self.on_grid(at),
        };
        (self.running, self.unsure) = (true, false);
        if let Told::Sample(number) = self.told {
            self.number = number;
        }
        if let Places::Counted(sizes) = &mut self.places {
            sizes.decoded(self.position, self.doubt.is_some() || self.suspect.is_some());
        }
        Some((place, samples))
    }

    /// Where samples belong whose packet has no time, `expected` being the place behind the last ones.
    fn counted(&mut self, expected: i64, len: usize) -> i64 {
        match self.told {
            Told::Sample(sample) => sample + self.zero.unwrap_or(0),
            Told::Missing(packets) => expected + packets * i64::try_from(len).unwrap_or(0),
            Told::Unknown if matches!(self.places, Places::Counted(_)) => {
                self.adrift = self.doubt.clone().or_else(|| self.suspect.clone()).or(self.adrift.take());
                expected
            }
            _ => expected,
        }
    }

    /// The sample at a place that a timestamp tells, where the timestamps are coarse by the length of packets.
    fn on_grid(&self, at: Ratio) -> i64 {
        let half = Ratio::new(1, 2);
        let nearest = (at + half).floor();
        match self.grid {
            Some((start, len)) => {
                let steps = ((at - Ratio::whole(start)) / Ratio::whole(len) + half).floor();
                start + steps * len
            }
            None => nearest,
        }
    }
}

/// Elementary streams, whose times FFmpeg guesses.
const ELEMENTARY: [&str; 16] = [
    "aac", "ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "loas", "amr", "amrnb", "amrwb", "gsm", "g722", "sbc",
    "adx", "bit",
];

/// Whether packets are counted as they are found.
fn is_counted(demuxer: &Demuxer) -> bool {
    let container = demuxer.container();
    container == "mp3" || ELEMENTARY.contains(&container.as_str())
}

/// Whether packets of this codec have their true times behind a seek. Elementary streams have none: FFmpeg guesses by bytes;
/// in WAV and AIFF files the times of what is compressed are guessed by a mean number of bytes a second.
fn knows_places(demuxer: &Demuxer, codec: &str) -> bool {
    let container = demuxer.container();
    let is_among = |names: &[&str]| names.contains(&container.as_str());
    let is_plain = codec.starts_with("pcm_");
    let is_guessed = is_among(&ELEMENTARY) || (is_among(&["wav", "aiff", "w64", "caf", "au"]) && !is_plain);
    !demuxer.is_untimed() && !is_guessed && !codec.starts_with("adpcm_")
}

/// How many samples the first sound of an open file has, as far as its container says.
fn length(path: &Path, demuxer: &Demuxer) -> Result<i64> {
    let nothing = || undecodable(path, "it holds no sound");
    let stream = *sounds(demuxer).first().ok_or_else(nothing)?;
    let facts = demuxer.facts(stream).ok_or_else(nothing)?;
    let seconds = Ratio::whole(facts.duration.unwrap_or(0)) * probe::time_base(&facts);
    let file = Ratio::new(demuxer.duration().unwrap_or(0), 1_000_000);
    let seconds = if seconds > Ratio::ZERO { seconds } else { file };
    Ok((seconds * Ratio::whole(demuxer.sample_rate(stream).into()) + Ratio::new(1, 2)).floor())
}

/// The streams of sound, the one that players choose first.
pub(crate) fn sounds(demuxer: &Demuxer) -> Vec<usize> {
    let mut sounds: Vec<(bool, usize)> = (0..demuxer.stream_count())
        .filter_map(|stream| Some((stream, demuxer.facts(stream)?)))
        .filter(|(_, facts)| facts.kind == StreamKind::Audio && facts.decodable)
        .map(|(stream, facts)| (!facts.default, stream))
        .collect();
    let marked = sounds.iter().filter(|(other, _)| !other).count();
    if marked == 1 && sounds.len() > 1 && sounds[0].0 {
        sounds.sort_unstable();
    }
    sounds.into_iter().map(|(_, stream)| stream).collect()
}

fn decoder(path: &Path, demuxer: &Demuxer, stream: usize) -> Result<Decoder> {
    let setup = DecoderSetup { threads: 1, strict: false, lenient: false, exr_layer: None, max_pixels: 1 };
    Decoder::for_stream(demuxer, stream, setup)
        .map_err(|cause| undecodable(path, "no decoder for its sound").because(cause))
}

/// The samples of a frame as floats; `None` for formats nobody knows.
#[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
fn planar(frame: &Audio) -> Option<Samples> {
    match frame.format() {
        Sample::U8(_) => Some(converted(frame, |[byte]| (f32::from(byte) - 128.0) / 128.0)),
        Sample::I16(_) => Some(converted(frame, |bytes| f32::from(i16::from_ne_bytes(bytes)) / 32_768.0)),
        Sample::I32(_) => Some(converted(frame, |bytes| (f64::from(i32::from_ne_bytes(bytes)) / 2f64.powi(31)) as f32)),
        Sample::I64(_) => Some(converted(frame, |bytes| (i64::from_ne_bytes(bytes) as f64 / 2f64.powi(63)) as f32)),
        Sample::F32(_) => Some(converted(frame, |bytes| finite(f32::from_ne_bytes(bytes)))),
        Sample::F64(_) => Some(converted(frame, |bytes| finite(f64::from_ne_bytes(bytes) as f32))),
        Sample::None => None,
    }
}

/// A sample that is no number is silence.
fn finite(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// The samples of a frame, `N` bytes each, packed or planar.
fn converted<const N: usize>(frame: &Audio, convert: impl Fn([u8; N]) -> f32) -> Samples {
    let channels = usize::from(frame.channels());
    let mut samples = Samples::silence(channels, frame.samples());
    for channel in 0..channels {
        let (data, first, step) = match frame.is_packed() {
            true => (frame.data(0), channel, channels),
            false => (frame.data(channel), 0, 1),
        };
        let (words, _) = data.as_chunks::<N>();
        for (sample, word) in samples.plane_mut(channel).iter_mut().zip(words.iter().skip(first).step_by(step)) {
            *sample = convert(*word);
        }
    }
    samples
}
