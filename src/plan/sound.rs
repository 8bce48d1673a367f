//! Sound in the plan: which samples of which media are heard when, and how loud, as plain data. (R14)

use serde::{Deserialize, Serialize};

use super::sound_map::SoundMap;
use super::{MediaId, SampleGrid, StemSelection};
use crate::setters::setters;
use crate::time::keys::between;
use crate::time::{Rate, Ratio, Time, TimeRange};
use crate::words::word_enum;

word_enum! {
    /// The channels of the mix.
    SoundLayout, "layout" {
        /// One channel.
        Mono = "mono",
        /// Left and right.
        #[default]
        Stereo = "stereo",
        /// Left, right, centre, low frequencies, left and right surround.
        Surround51 = "5.1",
        /// As 5.1, with another pair of surrounds behind.
        Surround71 = "7.1",
    }
}

word_enum! {
    /// How one sound gives way to another where a transition lies between them.
    Crossfade, "crossfade" {
        /// By the sine and cosine of a quarter turn: two sounds that have nothing to do with each other keep their
        /// loudness.
        #[default]
        EqualPower = "power",
        /// By straight lines: a sound that fades to itself keeps its level.
        Linear = "linear",
    }
}

word_enum! {
    /// What becomes of the pitch of sound that is not at its own speed. Default: [`Pitch::Follow`], as on a tape.
    Pitch, "pitch" {
        /// It follows the speed, as on a tape.
        #[default]
        Follow = "follow",
        /// It is kept, where the speed does not change on the way.
        Keep = "keep",
    }
}

/// What a caller decides about sound.
///
/// ```
/// use otio_conflate::plan::{PlanOptions, SoundLayout, SoundOptions, StemSelection};
///
/// let sound = SoundOptions::default().layout(SoundLayout::Surround51).limit(-1.0).stems(StemSelection::Tracks);
/// let options = PlanOptions::default().sound(sound);
/// assert_eq!(options.sound.rate, 48_000);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SoundOptions {
    /// Whether sound is planned at all. Default: `true`.
    pub enabled: bool,
    /// Samples per second of the mix. Default: 48 000.
    pub rate: u32,
    /// Its channels. Default: [`SoundLayout::Stereo`].
    pub layout: SoundLayout,
    /// How transitions fade. Default: [`Crossfade::EqualPower`].
    pub crossfade: Crossfade,
    /// What becomes of the pitch of sound that is not at its own speed.
    pub pitch: Pitch,
    /// The level that the mix is kept below, in decibels of full scale: at most 0. Default: `None`, nothing is
    /// limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Which stems are written beside each mix. Default: [`StemSelection::None`].
    #[serde(skip_serializing_if = "is_default")]
    pub stems: StemSelection,
}

impl Default for SoundOptions {
    fn default() -> SoundOptions {
        SoundOptions {
            enabled: true,
            rate: 48_000,
            layout: SoundLayout::default(),
            crossfade: Crossfade::default(),
            pitch: Pitch::default(),
            limit: None,
            stems: StemSelection::None,
        }
    }
}

setters!(SoundOptions {
    enabled: bool,
    rate: u32,
    layout: SoundLayout,
    crossfade: Crossfade,
    pitch: Pitch,
    limit: some f64,
    stems: StemSelection,
});

/// The sound of the whole cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sound {
    /// Samples per second of the mix.
    pub rate: u32,
    /// Its channels.
    pub layout: SoundLayout,
    /// What becomes of the pitch of what is not at its own speed.
    #[serde(default)]
    pub pitch: Pitch,
    /// The level that the mix is kept below, in decibels of full scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// By how many decibels all of it is made louder, before it is limited: one gain for the whole cut, so that shots
    /// join. `backend::ffmpeg::bring_to_loudness` sets it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub gain: f64,
    /// The integrated loudness in LUFS that [`Sound::gain`] brings the whole cut to, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudness: Option<f64>,
    /// Names of the stems that are written beside each mix, all different; empty: none are. The samples of a mix are then
    /// the sums of those of its stems, each rounded to 24 bits, where nothing is limited and nothing clips.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stems: Vec<String>,
    /// How far in front of the cut's first frame the grid of samples starts. Sample *n* of the cut lies *n* / rate
    /// seconds behind that.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub origin: Time,
    /// What is heard, in the order in which it begins. All of it is added up.
    pub clips: Vec<SoundClip>,
}

impl Sound {
    /// The grid of the samples of the cut.
    pub fn grid(&self) -> SampleGrid {
        SampleGrid::new(self.rate, self.origin)
    }
}

fn is_zero(time: &Time) -> bool {
    *time == Time::ZERO
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A piece of media that is heard for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SoundClip {
    /// The name of the track it lies in.
    pub track: String,
    /// The clip's name.
    pub clip: String,
    /// The clip's path in the timeline.
    pub object: String,
    /// Which of [`Plan::media`](super::Plan::media).
    pub media: MediaId,
    /// When it is heard: record time, counted from the cut's first frame. Where the mix is limited, that of a shot
    /// reaches beyond the shot by what the limiter looks at.
    pub range: TimeRange,
    /// Where its pitch is kept at another speed: record time from which on it is stretched, which is where the cut
    /// begins to play the clip, inside or in front of `range`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretched_from: Option<Time>,
    /// Record time → source time.
    pub map: SoundMap,
    /// How loud it is: the product of all these.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub gains: Vec<Gain>,
    /// Where it is heard between left, −1, and right, 1.
    #[serde(skip_serializing_if = "is_center", default)]
    pub pan: f64,
    /// What is added to `pan` at these record times, in order, straight lines between them; the ends hold.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pan_keys: Vec<(Time, f64)>,
    /// The channels of the media that are heard, in the order of the layout that as many channels have. Empty: all that
    /// the media's first sound has.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub channels: Vec<SourceChannel>,
    /// The channel of the mix that a single channel goes to as it is, counted from 1; `None`: as the layouts say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub output: Option<u32>,
    /// Which of [`Sound::stems`] it belongs to; 0 where there are none.
    #[serde(skip_serializing_if = "is_default", default)]
    pub stem: usize,
    /// Rules that had to guess: what was assumed, and why.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

impl SoundClip {
    /// How loud it is at record time `time`, as a factor.
    pub fn gain(&self, time: Time) -> f64 {
        self.gains.iter().map(|gain| gain.at(time)).product()
    }

    /// Where it is heard at record time `time`: between left, −1, and right, 1.
    pub fn pan_at(&self, time: Time) -> f64 {
        (self.pan + at_time(&self.pan_keys, time)).clamp(-1.0, 1.0)
    }
}

fn is_center(pan: &f64) -> bool {
    *pan == 0.0
}

/// A channel of a piece of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SourceChannel {
    /// Which of the file's sounds, counted from 0.
    pub stream: u32,
    /// Which of that one's channels, counted from 0; one beyond its last lies in the sounds behind it.
    pub channel: u32,
}

/// How loud something is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gain {
    /// Always this factor.
    Constant(f64),
    /// It comes up from nothing over `range`, and is fully there behind it.
    FadeIn {
        /// When it does.
        range: TimeRange,
        /// By which law.
        law: Crossfade,
    },
    /// It goes down to nothing over `range`, and is not there behind it.
    FadeOut {
        /// When it does.
        range: TimeRange,
        /// By which law.
        law: Crossfade,
    },
    /// Decibels at record times, in order, straight lines between them. In front of the first and behind the last it
    /// stays as it is there.
    Decibels(Vec<(Time, f64)>),
    /// The same with factors.
    Factors(Vec<(Time, f64)>),
}

impl Gain {
    /// The factor at record time `time`.
    pub fn at(&self, time: Time) -> f64 {
        match self {
            Gain::Constant(factor) => *factor,
            Gain::FadeIn { range, law } => law.rising(progress(*range, time)),
            Gain::FadeOut { range, law } => law.rising(1.0 - progress(*range, time)),
            Gain::Decibels(keys) => 10f64.powf(at_time(keys, time) / 20.0),
            Gain::Factors(keys) => at_time(keys, time),
        }
    }

    /// This gain, whose times are those that `clock` takes record time to, over the record time `window`.
    pub(super) fn through(self, clock: &SoundMap, window: TimeRange, rate: Rate) -> Gain {
        if let Gain::Constant(_) = self {
            return self;
        }
        if clock.curve.is_some() {
            let frames = window.start.floor(rate).saturating_add(1)..window.end().ceil(rate);
            let inner = frames.map(|frame| Time::from_frames(frame, rate)).filter(|time| *time > window.start);
            let times = [window.start].into_iter().chain(inner).chain([window.end()]);
            let factor = |time: Time| (time, self.at(Time::from_seconds(clock.place(time))));
            return Gain::Factors(times.map(factor).collect());
        }
        let when = |time: Time| clock.when(time.samples(1));
        let reversed = clock.speed < Ratio::ZERO;
        let over = |range: TimeRange| {
            let (start, end) = (when(range.start), when(range.end()));
            TimeRange::between(start.min(end), start.max(end))
        };
        let moved = |keys: Vec<(Time, f64)>| {
            let mut keys: Vec<_> = keys.into_iter().map(|(time, value)| (when(time), value)).collect();
            if reversed {
                keys.reverse();
            }
            keys
        };
        match self {
            Gain::Constant(factor) => Gain::Constant(factor),
            Gain::FadeIn { range, law } if reversed => Gain::FadeOut { range: over(range), law },
            Gain::FadeOut { range, law } if reversed => Gain::FadeIn { range: over(range), law },
            Gain::FadeIn { range, law } => Gain::FadeIn { range: over(range), law },
            Gain::FadeOut { range, law } => Gain::FadeOut { range: over(range), law },
            Gain::Decibels(keys) => Gain::Decibels(moved(keys)),
            Gain::Factors(keys) => Gain::Factors(moved(keys)),
        }
    }
}

impl Crossfade {
    /// The factor of the side that comes up when `part` of the way is done.
    fn rising(self, part: f64) -> f64 {
        match self {
            _ if part <= 0.0 => 0.0,
            _ if part >= 1.0 => 1.0,
            Crossfade::Linear => part,
            Crossfade::EqualPower => (part * std::f64::consts::FRAC_PI_2).sin(),
        }
    }
}

fn progress(range: TimeRange, time: Time) -> f64 {
    if range.duration <= Time::ZERO {
        return if time < range.start { 0.0 } else { 1.0 };
    }
    ((time - range.start).seconds() / range.duration.seconds()).clamp(0.0, 1.0)
}

/// The value of `keys` at `time`; 0 where there are none.
fn at_time(keys: &[(Time, f64)], time: Time) -> f64 {
    let line = |(from, low): (Time, f64), (to, high): (Time, f64)| {
        low + (high - low) * ((time - from).seconds() / (to - from).seconds())
    };
    between(keys, time, line).unwrap_or(0.0)
}
