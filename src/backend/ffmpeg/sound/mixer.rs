//! The mix: everything that is heard over a window of record time, added up sample by sample.

use std::ops::Range;

use super::source::{Heard, Voice, VoiceKey};
use super::stretch::Stretch;
use crate::audio::{Limiter, REACH, Samples, Speaker, at_speed};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{MissingPolicy, Pitch, Plan, Sound, SoundClip, SoundMap};
use crate::time::{FLICKS_PER_SECOND, Ratio, Time, TimeRange};

/// How many samples are mixed ahead for the limiter.
const AHEAD: usize = 2048;
/// How many media stay open that are not heard at the moment.
const IDLE: usize = 16;

/// Mixes one window after another.
pub(crate) struct Mixer<'s> {
    plan: &'s Plan,
    sound: &'s Sound,
    heard: &'s [Heard],
    speakers: Vec<Speaker>,
    idle: Vec<(VoiceKey, Voice)>,
}

/// A clip in a window.
struct Line<'c> {
    clip: &'c SoundClip,
    /// Its first sample in the window, and the first behind it.
    first: i64,
    end: i64,
    /// What is heard of the media from each of these samples on.
    runs: Vec<Run>,
    /// What keeps its pitch.
    stretch: Option<Stretch>,
    voice: Option<Voice>,
    opened: bool,
}

/// Samples of a window that go through the media at one speed.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// The first of them.
    first: i64,
    /// The place in the media of the window's sample 0, in samples of the mix, if all of it went at this speed.
    place: Ratio,
    speed: Ratio,
}

/// A window being mixed, from its first sample to its last.
pub(crate) struct Mix<'c> {
    start: Time,
    len: i64,
    done: i64,
    lines: Vec<Line<'c>>,
    /// What keeps it below a ceiling, what came out of that and was not asked for yet, and how much was mixed for it.
    limiter: Option<(Limiter, Samples, i64)>,
    /// What did not turn out as planned: sentences for the report.
    pub(crate) notes: Vec<String>,
}

impl<'s> Mixer<'s> {
    /// A mixer for the sound of `plan`; `None` where it has none.
    pub(crate) fn new(plan: &'s Plan, heard: &'s [Heard]) -> Option<Mixer<'s>> {
        let sound = plan.sound.as_ref()?;
        Some(Mixer { plan, sound, heard, speakers: sound.layout.speakers(), idle: Vec::new() })
    }

    /// Samples per second of the mix, and how many channels it has.
    pub(crate) fn format(&self) -> (u32, u16) {
        (self.sound.rate, self.sound.layout.channels())
    }

    /// Begins to mix `clips` over `window`: sample *k* is heard at its start + *k* / rate, and the last one ends nearest
    /// to its end.
    pub(crate) fn begin<'c>(&self, clips: &'c [SoundClip], window: TimeRange) -> Mix<'c> {
        let rate = self.sound.rate;
        let nearest = |time: Time| nearest(time - window.start, rate);
        let len = length(window, rate);
        let line = |clip: &'c SoundClip| {
            let (first, end) = (nearest(clip.range.start).max(0), nearest(clip.range.end()).min(len));
            let pieces = clip.map.pieces(clip.range.intersect(window));
            let run = |(range, line): (TimeRange, SoundMap)| Run {
                first: (range.start - window.start).samples(rate).ceil().max(0),
                place: line.sample(window.start, rate),
                speed: line.speed,
            };
            let runs = pieces.into_iter().map(run).collect();
            Line { clip, first, end, runs, stretch: None, voice: None, opened: false }
        };
        let limiter = self.sound.limit.map(|decibels| {
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            let ceiling = 10f64.powf(decibels.min(0.0) / 20.0) as f32;
            (Limiter::new(ceiling, rate, self.speakers.len()), Samples::silence(self.speakers.len(), 0), 0)
        });
        let lines = clips.iter().map(line).collect();
        Mix { start: window.start, len, done: 0, lines, limiter, notes: Vec::new() }
    }

    /// The next `count` samples of `mix`, or as many as it still has.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] where media cannot be heard and the plan does not let that pass, with clip and file.
    pub(crate) fn next(&mut self, mix: &mut Mix<'_>, count: usize) -> Result<Samples> {
        let rest = usize::try_from(mix.len - mix.done).unwrap_or(0);
        let count = count.min(rest);
        let Some((mut limiter, mut ready, mut mixed)) = mix.limiter.take() else {
            let samples = self.sum(mix, mix.done, count)?;
            mix.done += len(&samples);
            return Ok(samples);
        };
        while ready.len() < count {
            let samples = self.sum(mix, mixed, usize::try_from(mix.len - mixed).unwrap_or(0).min(AHEAD))?;
            mixed += len(&samples);
            ready.append(&limiter.push(&samples));
            if mixed == mix.len {
                ready.append(&limiter.finish());
            }
        }
        let samples = ready.part(0..count);
        ready.drop_front(count);
        mix.done += len(&samples);
        mix.limiter = Some((limiter, ready, mixed));
        Ok(samples)
    }

    /// `count` samples of `mix`, from sample `from` on, where it has come to.
    fn sum(&mut self, mix: &mut Mix<'_>, from: i64, count: usize) -> Result<Samples> {
        let mut sum = Samples::silence(self.speakers.len(), count);
        let to = from + i64::try_from(count).unwrap_or(0);
        for line in &mut mix.lines {
            let (first, end) = (line.first.max(from), line.end.min(to));
            if first < end {
                let at_clip = |error: Error| error.at_clip(&line.clip.clip).at_object(&line.clip.object);
                if let Some(samples) = self.line(line, first, end, mix.start, &mut mix.notes).map_err(at_clip)? {
                    sum.mix(&samples, usize::try_from(first - from).unwrap_or(0));
                }
            }
            if line.end <= to
                && let Some(voice) = line.voice.take()
            {
                self.rest(line.clip, voice);
            }
        }
        Ok(sum)
    }

    /// What samples `first` to `end` of the window have of a clip.
    fn line(
        &mut self,
        line: &mut Line<'_>,
        first: i64,
        end: i64,
        start: Time,
        notes: &mut Vec<String>,
    ) -> Result<Option<Samples>> {
        let (rate, clip) = (self.sound.rate, line.clip);
        if !line.opened {
            line.opened = true;
            let place = line.runs.first().map_or(0, |run| run.at(first).floor());
            line.voice = self.voice(clip, place, notes)?;
            line.stretch = self.stretch(line, start)?;
        }
        let Some(voice) = &mut line.voice else { return Ok(None) };
        let samples = match &mut line.stretch {
            Some(stretch) => stretch.read(voice, first..end),
            None => along(voice, &line.runs, first..end),
        };
        let mut samples = match samples {
            Err(error) if self.plan.media_missing != MissingPolicy::Error && error.kind() == ErrorKind::Decode => {
                notes.push(format!("clip {:?} is silent from there on: {error}", clip.clip));
                line.voice = None;
                return Ok(None);
            }
            samples => samples?,
        };
        if voice.damaged() > voice.told {
            voice.told = voice.damaged();
            self.damage(clip, voice.told, notes)?;
        }
        if clip.pan != 0.0 {
            pan(&mut samples, &self.speakers, clip.pan, voice.is_mono());
        }
        if !clip.gains.is_empty() {
            let at = |sample: usize| start + sample_time(first + i64::try_from(sample).unwrap_or(0), rate);
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            samples.scale(|sample| clip.gain(at(sample)) as f32);
        }
        Ok(Some(samples))
    }

    /// What keeps the pitch of a line of a window that begins at record time `start`, where that is asked for. It goes on
    /// from the clip's own start, so that shots join without a seam.
    fn stretch(&self, line: &Line<'_>, start: Time) -> Result<Option<Stretch>> {
        let [run] = line.runs.as_slice() else { return Ok(None) };
        if self.sound.pitch == Pitch::Follow || run.speed.abs() == Ratio::ONE || run.speed == Ratio::ZERO {
            return Ok(None);
        }
        let from = nearest(line.clip.map.record - start, self.sound.rate).min(line.first);
        Stretch::begin(run.speed, self.format(), from, run.at(from)).map(Some)
    }

    /// Packets that could not be decoded: an error, or silence and a note.
    fn damage(&self, clip: &SoundClip, packets: u32, notes: &mut Vec<String>) -> Result<()> {
        let file = self.plan.media[clip.media].source.display();
        let what = format!("{file} is damaged: {packets} packets of its sound cannot be decoded");
        if self.plan.media_missing == MissingPolicy::Error {
            return Err(Error::new(ErrorKind::Decode, what));
        }
        let note = format!("clip {:?}: {file} is damaged: what cannot be decoded is silent", clip.clip);
        if !notes.contains(&note) {
            notes.push(note);
        }
        Ok(())
    }

    /// A voice for `clip`: one that rests, best the one that would go on at `place`, or a new one.
    fn voice(&mut self, clip: &SoundClip, place: i64, notes: &mut Vec<String>) -> Result<Option<Voice>> {
        let key = VoiceKey::of(clip);
        let rested = self.idle.iter().enumerate().filter(|(_, (other, _))| *other == key);
        let nearest = rested.min_by_key(|(_, (_, voice))| voice.next.abs_diff(place)).map(|(index, _)| index);
        let voice = match nearest {
            Some(index) => Some(self.idle.remove(index).1),
            None => match self.open(clip) {
                Err(error) if self.plan.media_missing != MissingPolicy::Error => {
                    notes.push(format!("clip {:?} is silent: {error}", clip.clip));
                    None
                }
                opened => opened?,
            },
        };
        for note in voice.iter().flat_map(|voice| &voice.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        Ok(voice)
    }

    fn open(&self, clip: &SoundClip) -> Result<Option<Voice>> {
        Voice::open(&self.heard[clip.media], clip, &self.speakers, self.sound.rate)
    }

    fn rest(&mut self, clip: &SoundClip, voice: Voice) {
        if self.idle.len() >= IDLE {
            self.idle.remove(0);
        }
        self.idle.push((VoiceKey::of(clip), voice));
    }
}

impl Mix<'_> {
    /// The record time of its first sample.
    pub(crate) fn start(&self) -> Time {
        self.start
    }

    /// How many samples there are altogether.
    pub(crate) fn len(&self) -> i64 {
        self.len
    }

    /// How many of them were mixed so far.
    pub(crate) fn done(&self) -> i64 {
        self.done
    }

    /// By how many decibels its loudest sample was made softer, and the first that was, if any was.
    pub(crate) fn limited(&self) -> Option<(f64, u64)> {
        self.limiter.as_ref()?.0.strongest()
    }
}

/// Moves sound between left and right. One channel keeps its power; of more, the side it moves away from grows softer.
fn pan(samples: &mut Samples, speakers: &[Speaker], pan: f64, mono: bool) {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, SQRT_2};
    let (left, right) = match mono {
        true => (SQRT_2 * ((1.0 + pan) * FRAC_PI_4).cos(), SQRT_2 * ((1.0 + pan) * FRAC_PI_4).sin()),
        false => ((pan.max(0.0) * FRAC_PI_2).cos(), ((-pan).max(0.0) * FRAC_PI_2).cos()),
    };
    for (channel, speaker) in speakers.iter().enumerate() {
        let gain = match speaker {
            Speaker::Left => left,
            Speaker::Right => right,
            _ => continue,
        };
        #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
        samples.plane_mut(channel).iter_mut().for_each(|sample| *sample *= gain as f32);
    }
}

impl Run {
    /// The place in the media of sample `sample` of the window.
    fn at(&self, sample: i64) -> Ratio {
        self.place + Ratio::whole(sample) * self.speed
    }
}

/// Samples `range` of the window, which go through the media of `voice` as `runs` say.
fn along(voice: &mut Voice, runs: &[Run], range: Range<i64>) -> Result<Samples> {
    let on = runs.partition_point(|run| run.first <= range.start).saturating_sub(1);
    let mut samples: Option<Samples> = None;
    for (index, run) in
        runs.iter().enumerate().skip(on).take_while(|(index, run)| *index == on || run.first < range.end)
    {
        let first = if index == on { range.start } else { run.first };
        let end = runs.get(index + 1).map_or(range.end, |next| next.first.min(range.end));
        let part = heard(voice, run.at(first), run.speed, usize::try_from(end - first).unwrap_or(0))?;
        match &mut samples {
            Some(samples) => samples.append(&part),
            None => samples = Some(part),
        }
    }
    Ok(samples.unwrap_or_default())
}

/// `count` samples of `voice` from `place` on, which move on by `speed`; silence where it stands still.
fn heard(voice: &mut Voice, place: Ratio, speed: Ratio, count: usize) -> Result<Samples> {
    let nearest = (place + Ratio::new(1, 2)).floor();
    let len = i64::try_from(count).unwrap_or(0);
    if speed == Ratio::ONE {
        return voice.read(nearest, count);
    }
    if speed == Ratio::ZERO {
        return Ok(voice.silence(count));
    }
    if speed == Ratio::whole(-1) {
        let mut samples = voice.read(nearest - len, count)?;
        samples.reverse();
        return Ok(samples);
    }
    // Backwards, a sample is heard from its end on.
    let first = if speed < Ratio::ZERO { place - Ratio::ONE } else { place };
    let last = first + Ratio::whole(len - 1) * speed;
    let reach = (Ratio::whole(i64::try_from(REACH).unwrap_or(0)) * speed.abs().max(Ratio::ONE)).ceil() + 1;
    let (low, high) = (first.min(last).floor() - reach, first.max(last).ceil() + reach);
    let source = voice.read(low, usize::try_from(high - low).unwrap_or(0))?;
    Ok(at_speed(&source, first - Ratio::whole(low), speed, count))
}

/// How many samples are heard over `window`: up to the one that ends nearest to its end.
pub(crate) fn length(window: TimeRange, rate: u32) -> i64 {
    nearest(window.duration, rate)
}

fn len(samples: &Samples) -> i64 {
    i64::try_from(samples.len()).unwrap_or(0)
}

fn nearest(time: Time, rate: u32) -> i64 {
    (time.samples(rate) - Ratio::new(1, 2)).ceil()
}

/// How long `count` samples last.
pub(super) fn sample_time(count: i64, rate: u32) -> Time {
    let flicks = i128::from(count) * i128::from(FLICKS_PER_SECOND) / i128::from(rate.max(1));
    Time::from_flicks(i64::try_from(flicks).unwrap_or(i64::MAX))
}
