//! The mix: everything that is heard over a window of record time, added up sample by sample.

use std::ops::Range;

use super::super::damage::Reason;
use super::source::{SoundMedium, Voice, VoiceKey};
use super::stretch::TimeStretch;
use crate::audio::{Limiter, REACH, Samples, Speaker, at_speed, finest};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Damaged, Plan, SampleGrid, Sound, SoundClip, SoundCurve, SoundMap};
use crate::time::{Ratio, Time, TimeRange};

/// How many samples are mixed ahead for the limiter.
const AHEAD: usize = 2048;
/// How many media stay open that are not heard at the moment.
const IDLE: usize = 16;
/// The largest denominator with which places are exact.
const EXACT: i128 = 1 << 24;
/// Others are rounded at the start of each block of so many samples.
const BLOCK: i64 = 1024;

/// Mixes one window after another.
pub(crate) struct Mixer<'s> {
    plan: &'s Plan,
    sound: &'s Sound,
    heard: &'s [SoundMedium],
    speakers: Vec<Speaker>,
    idle: Vec<(VoiceKey, Voice)>,
}

/// A clip in a window.
struct ClipInWindow<'c> {
    clip: &'c SoundClip,
    /// Its first sample in the window, and the first behind it.
    first: i64,
    end: i64,
    /// What is heard of the media from each of these samples on.
    runs: Vec<SpeedRun>,
    /// What keeps its pitch.
    stretch: Option<TimeStretch>,
    voice: Option<Voice>,
    opened: bool,
}

/// Samples of the cut that go through the media at one speed.
#[derive(Debug, Clone, Copy)]
struct SpeedRun {
    /// The first of them.
    first: i64,
    /// The place in the media of the cut's sample 0, in samples of the mix, if all of it went at this speed.
    place: Ratio,
    speed: Ratio,
}

/// A window being mixed, from its first sample to its last. Samples are counted in the cut, whatever the window: the same
/// sample is the same in every one.
pub(crate) struct Mix<'c> {
    grid: SampleGrid,
    window: Range<i64>,
    done: i64,
    lines: Vec<ClipInWindow<'c>>,
    /// What keeps it below a ceiling.
    limiter: Option<Limited>,
    told: MixNotes,
}

/// What did not turn out as planned.
#[derive(Debug, Default)]
struct MixNotes {
    /// Sentences for the report.
    notes: Vec<String>,
    damage: Vec<DamagedSamples>,
    /// How many runs of damaged samples are not in that list.
    more: usize,
}

/// Samples of a clip in a row that are damaged.
#[derive(Debug)]
struct DamagedSamples {
    object: String,
    clip: String,
    file: String,
    /// From where to where in the media, in samples of the mix.
    media: (Ratio, Ratio),
    /// The first sample of the cut that is damaged.
    first: i64,
    reason: Reason,
}

/// Samples of a mix.
#[derive(Debug)]
pub(crate) struct Mixed {
    /// All that is heard.
    pub(crate) whole: Samples,
    /// The same apart, by stems, where the plan has any: not limited.
    pub(crate) stems: Vec<Samples>,
}

/// A mix that is limited. What lies around the window is mixed, too, as far as the limiter looks.
struct Limited {
    limiter: Limiter,
    /// What came out and was not asked for yet.
    ready: Samples,
    /// Samples of the stems in the window that were not asked for yet.
    stems: Vec<Samples>,
    /// Which samples are to be mixed for it.
    rest: Range<i64>,
}

impl<'s> Mixer<'s> {
    /// A mixer for the sound of `plan`; `None` where it has none.
    pub(crate) fn new(plan: &'s Plan, heard: &'s [SoundMedium]) -> Option<Mixer<'s>> {
        let sound = plan.sound.as_ref()?;
        Some(Mixer { plan, sound, heard, speakers: sound.layout.speakers(), idle: Vec::new() })
    }

    /// Samples per second of the mix, and how many channels it has.
    pub(crate) fn format(&self) -> (u32, u16) {
        (self.sound.rate, self.sound.layout.channels())
    }

    /// The grid of the cut's samples.
    pub(crate) fn grid(&self) -> SampleGrid {
        self.sound.grid()
    }

    /// Begins to mix `clips` over the samples `window` of the cut.
    pub(crate) fn begin<'c>(&self, clips: &'c [SoundClip], window: Range<i64>) -> Mix<'c> {
        let grid = self.grid();
        let limiter = self.sound.limit.map(|decibels| {
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            let ceiling = 10f64.powf(decibels.min(0.0) / 20.0) as f32;
            let channels = self.speakers.len();
            let reach = Limiter::reach(grid.rate());
            let limiter = Limiter::new(ceiling, grid.rate(), channels).after(reach);
            let reach = i64::try_from(reach).unwrap_or(0);
            let nothing = Samples::silence(channels, 0);
            Limited {
                limiter,
                stems: vec![nothing.clone(); self.sound.stems.len()],
                ready: nothing,
                rest: window.start - reach..window.end + reach,
            }
        });
        let mixed = limiter.as_ref().map_or(&window, |limited| &limited.rest);
        let lines = clips.iter().map(|clip| line(clip, grid, mixed)).collect();
        Mix { grid, done: window.start, window, lines, limiter, told: MixNotes::default() }
    }

    /// The next `count` samples of `mix`, or as many as it still has.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] where media cannot be heard and the plan does not let that pass, with clip and file.
    pub(crate) fn next(&mut self, mix: &mut Mix<'_>, count: usize) -> Result<Mixed> {
        let count = count.min(usize::try_from(mix.window.end - mix.done).unwrap_or(0));
        let Some(mut limited) = mix.limiter.take() else {
            let mixed = self.sum(mix, mix.done, count)?;
            mix.done += len(&mixed.whole);
            return Ok(mixed);
        };
        while limited.ready.len() < count {
            let rest = usize::try_from(limited.rest.end - limited.rest.start).unwrap_or(0);
            let from = limited.rest.start;
            let mixed = self.sum(mix, from, rest.min(AHEAD))?;
            limited.rest.start += len(&mixed.whole);
            limited.ready.append(&limited.limiter.push(&mixed.whole));
            let inside = |place: i64| usize::try_from(place - from).unwrap_or(0).min(mixed.whole.len());
            let own = inside(mix.window.start)..inside(mix.window.end);
            limited.stems.iter_mut().zip(&mixed.stems).for_each(|(stem, more)| stem.push(more, own.clone()));
        }
        let taken = |samples: &mut Samples| {
            let part = samples.part(0..count);
            samples.drop_front(count);
            part
        };
        let whole = taken(&mut limited.ready);
        let stems = limited.stems.iter_mut().map(taken).collect();
        mix.done += len(&whole);
        mix.limiter = Some(limited);
        Ok(Mixed { whole, stems })
    }

    /// `count` samples of `mix`, from sample `from` of the cut on, where it has come to.
    fn sum(&mut self, mix: &mut Mix<'_>, from: i64, count: usize) -> Result<Mixed> {
        let apart = self.sound.stems.len();
        let mut sums = vec![Samples::silence(self.speakers.len(), count); apart.max(1)];
        let to = from + i64::try_from(count).unwrap_or(0);
        for line in &mut mix.lines {
            let (first, end) = (line.first.max(from), line.end.min(to));
            if first < end {
                let at_clip = |error: Error| error.at_clip(&line.clip.clip).at_object(&line.clip.object);
                if let Some(samples) = self.line(line, first..end, mix.grid, &mut mix.told).map_err(at_clip)? {
                    sums[line.clip.stem].mix(&samples, usize::try_from(first - from).unwrap_or(0));
                }
            }
            if line.end <= to
                && let Some(voice) = line.voice.take()
            {
                self.rest(line.clip, voice);
            }
        }
        if self.sound.gain != 0.0 {
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            let gain = 10f64.powf(self.sound.gain / 20.0) as f32;
            sums.iter_mut().for_each(|sum| sum.scale(|_| gain));
        }
        if apart == 0 {
            return Ok(Mixed { whole: sums.swap_remove(0), stems: Vec::new() });
        }
        // Whole steps of the files they go to: what is added up is what is in them.
        sums.iter_mut().for_each(Samples::round_to_24_bits);
        Ok(Mixed { whole: Samples::sum(&sums), stems: sums })
    }

    /// What samples `range` of the cut have of a clip.
    fn line(
        &mut self,
        line: &mut ClipInWindow<'_>,
        range: Range<i64>,
        grid: SampleGrid,
        told: &mut MixNotes,
    ) -> Result<Option<Samples>> {
        let (clip, first, read_to) = (line.clip, range.start, range.end);
        if !line.opened {
            line.opened = true;
            let place = line.runs.first().map_or(0, |run| run.at(first).floor());
            line.voice = self.voice(clip, place, &mut told.notes)?;
            line.stretch = self.stretch(line, grid)?;
        }
        let Some(voice) = &mut line.voice else { return Ok(None) };
        let samples = match &mut line.stretch {
            Some(stretch) => stretch.read(voice, range),
            None => along(voice, &line.runs, range),
        };
        let mut samples = match samples {
            Err(error) if !self.plan.media_missing.is_error() && error.kind() == ErrorKind::Decode => {
                told.notes.push(format!("clip {:?} is silent from there on: {error:#}", clip.clip));
                line.voice = None;
                return Ok(None);
            }
            samples => samples?,
        };
        self.check_damage(line, first, read_to, told)?;
        self.check_end(line, first, read_to, grid, &mut told.notes)?;
        let Some(voice) = &mut line.voice else { return Ok(None) };
        if clip.pan != 0.0 || !clip.pan_keys.is_empty() {
            let place = |sample: usize| clip.pan_at(grid.time(first + i64::try_from(sample).unwrap_or(0)));
            let moves = (!clip.pan_keys.is_empty()).then_some(&place as &dyn Fn(usize) -> f64);
            pan(&mut samples, &self.speakers, (clip.pan, moves), voice.is_mono());
        }
        if !clip.gains.is_empty() {
            let at = |sample: usize| grid.time(first + i64::try_from(sample).unwrap_or(0));
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            samples.scale(|sample| clip.gain(at(sample)) as f32);
        }
        Ok(Some(samples))
    }

    /// Says where a file ends before it should: what the plan knows of its length was said there.
    fn check_end(
        &self,
        line: &mut ClipInWindow<'_>,
        first: i64,
        end: i64,
        grid: SampleGrid,
        notes: &mut Vec<String>,
    ) -> Result<()> {
        let Some(last) = line.voice.as_ref().filter(|voice| !voice.ended).and_then(Voice::end) else { return Ok(()) };
        let media = &self.plan.media[line.clip.media];
        // A thousandth of a second, or where pictures are counted, one of them: their sound is rarely as long.
        let (rate, counted) = (Ratio::whole(grid.rate().into()), media.rate.nominal());
        let slack = if counted < Ratio::whole(1000) { rate / counted } else { rate / Ratio::whole(1000) };
        let claimed = media.frames.map(|frames| Ratio::whole(frames) * rate / counted);
        if claimed.is_some_and(|claimed| claimed <= Ratio::whole(last) + slack) {
            return Ok(());
        }
        let at = |sample: i64| line.at(sample);
        if at(first).max(at(end - 1)) <= Ratio::whole(last) + slack {
            return Ok(());
        }
        let silent = (first..end).find(|&sample| at(sample) >= Ratio::whole(last)).unwrap_or(first);
        let what = format!(
            "the sound of {} ends at {:.3} s{}: clip {:?} is silent from {} on",
            media.source.display(),
            (Ratio::whole(last) / rate).to_f64(),
            claimed.map_or_else(String::new, |claimed| format!(", not at {:.3} s", (claimed / rate).to_f64())),
            line.clip.clip,
            self.plan.timecode(grid.time(silent).floor(self.plan.rate)),
        );
        self.plan.overrun.substitute(|| what.clone())?;
        if let Some(voice) = &mut line.voice {
            voice.ended = true;
        }
        notes.push(what);
        Ok(())
    }

    /// What keeps the pitch of a line, where that is asked for. It goes on from where the cut begins to play the clip, so
    /// that shots join without a seam.
    fn stretch(&self, line: &ClipInWindow<'_>, grid: SampleGrid) -> Result<Option<TimeStretch>> {
        let ([run], Some(from)) = (line.runs.as_slice(), line.clip.stretched_from) else { return Ok(None) };
        if !line.clip.map.keeps_pitch() {
            return Ok(None);
        }
        let from = grid.sample(from).min(line.first);
        TimeStretch::begin(run.speed, self.format(), from, run.at(from)).map(Some)
    }

    /// Samples that are damaged: an error, or a note.
    fn check_damage(&self, line: &ClipInWindow<'_>, first: i64, end: i64, told: &mut MixNotes) -> Result<()> {
        let (low, high) = line.reach(first, end);
        let Some((start, stop, reason)) = line.voice.as_ref().and_then(|voice| voice.damage(low, high)) else {
            return Ok(());
        };
        let file = self.plan.media[line.clip.media].source.display();
        let rate = Ratio::whole(self.sound.rate.into());
        if self.plan.damaged == Damaged::Error && self.plan.media_missing.is_error() {
            let [start, stop] = [start, stop].map(|place| (place / rate).to_f64());
            let what = format!("the sound of {file} is damaged from {start:.3} s to {stop:.3} s: {reason}");
            return Err(Error::new(ErrorKind::Decode, what));
        }
        let first = (first..end).find(|&sample| (start..stop).contains(&line.at(sample))).unwrap_or(first);
        let (object, clip) = (line.clip.object.clone(), line.clip.clip.clone());
        told.add(DamagedSamples { object, clip, file, media: (start, stop), first, reason }, rate / Ratio::whole(20));
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
                Err(error) if !self.plan.media_missing.is_error() => {
                    notes.push(format!("clip {:?} is silent: {error:#}", clip.clip));
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
        Voice::open(&self.heard[clip.media.index()], clip, &self.speakers, self.sound.rate)
    }

    fn rest(&mut self, clip: &SoundClip, mut voice: Voice) {
        voice.ended = false;
        if self.idle.len() >= IDLE {
            self.idle.remove(0);
        }
        self.idle.push((VoiceKey::of(clip), voice));
    }
}

/// What is heard of `clip` in the samples `window` of the cut.
fn line<'c>(clip: &'c SoundClip, grid: SampleGrid, window: &Range<i64>) -> ClipInWindow<'c> {
    let own = grid.samples(clip.range);
    let (first, end) = (own.start.max(window.start), own.end.min(window.end));
    let heard = clip.range.intersect(TimeRange::between(grid.time(window.start), grid.time(window.end)));
    // Whole frames: pieces of a curve start where they start in every window.
    let whole = match &clip.map.curve {
        Some(SoundCurve { rate, .. }) => {
            let at = |frame: i64| Time::from_frames(frame, *rate);
            let (first, last) = (heard.start.frames(*rate).floor(), heard.end().frames(*rate).ceil());
            TimeRange::between(at(first), at(last))
        }
        None => heard,
    };
    let zero = grid.time(0);
    let run = |(range, line): (TimeRange, SoundMap)| SpeedRun {
        first: grid.next(range.start),
        place: line.sample(zero, grid.rate()),
        speed: line.speed,
    };
    let runs = clip.map.pieces(whole).into_iter().map(run).collect();
    ClipInWindow { clip, first, end, runs, stretch: None, voice: None, opened: false }
}

impl ClipInWindow<'_> {
    /// The place in the media of sample `sample` of the cut.
    fn at(&self, sample: i64) -> Ratio {
        let run = self.runs.partition_point(|run| run.first <= sample).saturating_sub(1);
        self.runs.get(run).map_or(Ratio::ZERO, |run| run.at(sample))
    }

    /// The lowest and the highest place in the media that samples `first` to `end` of the cut go through.
    fn reach(&self, first: i64, end: i64) -> (Ratio, Ratio) {
        let inside = |run: &&SpeedRun| run.first > first && run.first < end;
        let turns = self.runs.iter().filter(inside).flat_map(|run| [run.first - 1, run.first]);
        let places = [first, end - 1].into_iter().chain(turns).map(|sample| self.at(sample));
        let (low, high) = places.fold((Ratio::whole(i64::MAX), Ratio::whole(i64::MIN)), |(low, high), place| {
            (low.min(place), high.max(place))
        });
        (low, high + Ratio::ONE)
    }
}

impl MixNotes {
    /// Runs of damaged samples that are listed at most.
    const MOST: usize = 50;

    /// Adds a run of damaged samples; what touches the one before belongs to it.
    fn add(&mut self, damage: DamagedSamples, slack: Ratio) {
        let touches = |last: &&mut DamagedSamples| {
            let (start, end) = last.media;
            last.object == damage.object && damage.media.0 <= end + slack && start <= damage.media.1 + slack
        };
        if let Some(last) = self.damage.last_mut().filter(touches) {
            last.media = (last.media.0.min(damage.media.0), last.media.1.max(damage.media.1));
        } else if self.damage.len() < MixNotes::MOST {
            self.damage.push(damage);
        } else {
            self.more += 1;
        }
    }
}

impl Mix<'_> {
    /// What did not turn out as planned: sentences for the report.
    pub(crate) fn notes(&self, plan: &Plan) -> Vec<String> {
        let seconds = |place: Ratio| (place / Ratio::whole(self.grid.rate().into())).to_f64();
        let damage = self.told.damage.iter().map(|DamagedSamples { clip, file, media, first, reason, .. }| {
            let (start, end) = (seconds(media.0), seconds(media.1));
            let from = plan.timecode(self.grid.time(*first).floor(plan.rate));
            format!(
                "clip {clip:?}: the sound of {file} is damaged from {start:.3} s to {end:.3} s, heard from {from} on, \
                 and was delivered: {reason}"
            )
        });
        let more = self.told.more;
        let more = (more > 0).then(|| format!("{more} more runs of damaged sound were delivered"));
        self.told.notes.iter().cloned().chain(damage).chain(more).collect()
    }

    /// How many samples there are altogether.
    pub(crate) fn len(&self) -> i64 {
        self.window.end - self.window.start
    }

    /// The sample of the cut that comes next.
    pub(crate) fn next(&self) -> i64 {
        self.done
    }

    /// Whether all samples were mixed.
    pub(crate) fn is_done(&self) -> bool {
        self.done >= self.window.end
    }

    /// The record time of sample `index` of the window.
    pub(crate) fn time(&self, index: u64) -> Time {
        self.grid.time(self.window.start.saturating_add(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// By how many decibels its loudest sample was made softer, and the first that was, if any was.
    pub(crate) fn limited(&self) -> Option<(f64, u64)> {
        self.limiter.as_ref()?.limiter.strongest()
    }
}

/// Moves sound between left and right, by one pan or one for each sample. One channel keeps its power; of more, the side it moves away from grows softer.
fn pan(samples: &mut Samples, speakers: &[Speaker], (fixed, moves): (f64, Option<&dyn Fn(usize) -> f64>), mono: bool) {
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, SQRT_2};
    let gain = |speaker: Speaker, pan: f64| match (speaker, mono) {
        (Speaker::Left, true) => SQRT_2 * ((1.0 + pan) * FRAC_PI_4).cos(),
        (Speaker::Left, false) => (pan.max(0.0) * FRAC_PI_2).cos(),
        (_, true) => SQRT_2 * ((1.0 + pan) * FRAC_PI_4).sin(),
        (_, false) => ((-pan).max(0.0) * FRAC_PI_2).cos(),
    };
    for (channel, &speaker) in speakers.iter().enumerate() {
        if !matches!(speaker, Speaker::Left | Speaker::Right) {
            continue;
        }
        let all = gain(speaker, fixed);
        for (index, sample) in samples.plane_mut(channel).iter_mut().enumerate() {
            let gain = moves.map_or(all, |moves| gain(speaker, moves(index)));
            #[allow(clippy::cast_possible_truncation, reason = "samples have the precision of a 32-bit float")]
            {
                *sample *= gain as f32;
            }
        }
    }
}

impl SpeedRun {
    /// The place in the media of sample `sample` of the cut.
    fn at(&self, sample: i64) -> Ratio {
        self.place + Ratio::whole(sample) * self.speed
    }
}

/// Samples `range` of the cut, which go through the media of `voice` as `runs` say.
fn along(voice: &mut Voice, runs: &[SpeedRun], range: Range<i64>) -> Result<Samples> {
    let on = runs.partition_point(|run| run.first <= range.start).saturating_sub(1);
    let mut samples: Option<Samples> = None;
    for (index, run) in
        runs.iter().enumerate().skip(on).take_while(|(index, run)| *index == on || run.first < range.end)
    {
        let first = if index == on { range.start } else { run.first };
        let end = runs.get(index + 1).map_or(range.end, |next| next.first.min(range.end));
        let part = heard(voice, run, first..end)?;
        match &mut samples {
            Some(samples) => samples.append(&part),
            None => samples = Some(part),
        }
    }
    Ok(samples.unwrap_or_default())
}

/// Samples `range` of the cut, which go through the media of `voice` as `run` says; silence where it stands still.
fn heard(voice: &mut Voice, run: &SpeedRun, range: Range<i64>) -> Result<Samples> {
    let (place, speed, len) = (run.at(range.start), run.speed, range.end - range.start);
    let count = usize::try_from(len).unwrap_or(0);
    // Halves go down: a file that starts where a shot does is heard from its first sample on.
    let nearest = (place - Ratio::new(1, 2)).ceil();
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
    let turned = if speed < Ratio::ZERO { Ratio::ONE } else { Ratio::ZERO };
    let (first, last) = (place - turned, run.at(range.end - 1) - turned);
    let reach = (Ratio::whole(i64::try_from(REACH).unwrap_or(0)) * speed.abs().max(Ratio::ONE)).ceil() + 1;
    let (low, high) = (first.min(last).floor() - reach, first.max(last).ceil() + reach);
    let source = voice.read(low, usize::try_from(high - low).unwrap_or(0))?;
    if i128::from(run.place.den()) * i128::from(speed.den()) <= EXACT {
        return Ok(at_speed(&source, first - Ratio::whole(low), speed, count));
    }
    // Places are rounded, from the same samples on wherever the window starts.
    let mut samples = voice.silence(0);
    let mut from = range.start;
    while from < range.end {
        let block = from.div_euclid(BLOCK) * BLOCK;
        let to = range.end.min(block + BLOCK);
        let (first, step) = (finest(run.at(block) - turned), finest(speed));
        let first = first + Ratio::whole(from - block) * step - Ratio::whole(low);
        samples.append(&at_speed(&source, first, step, usize::try_from(to - from).unwrap_or(0)));
        from = to;
    }
    Ok(samples)
}

fn len(samples: &Samples) -> i64 {
    i64::try_from(samples.len()).unwrap_or(0)
}
