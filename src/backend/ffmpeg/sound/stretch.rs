//! Sound at another speed with its pitch kept, through FFmpeg's `atempo`.

use std::ops::Range;

use ffmpeg_next::filter::{self, Graph};
use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::frame::Audio;
use ffmpeg_next::{ChannelLayout, Error as Ffmpeg};

use super::channels::layout_name;
use super::source::Voice;
use crate::audio::Samples;
use crate::error::{Error, ErrorKind, Result};
use crate::time::Ratio;

/// How many samples go in at once.
const CHUNK: usize = 4096;
/// How many are passed over at once.
const SKIP: i64 = 1 << 16;
const PACKED: Sample = Sample::F32(Type::Packed);
const INPUT: &str = "in";
const OUTPUT: &str = "out";

/// Makes sound longer or shorter. What comes out depends on what went in before: it is read from its start on.
pub(super) struct TimeStretch {
    graph: Graph,
    rate: u32,
    channels: u16,
    /// The sample of the media that it began with, and whether it goes back from there.
    origin: i64,
    backwards: bool,
    /// The sample of the window that it has come to.
    at: i64,
    /// What came out and was not asked for yet.
    ready: Samples,
    /// How many samples went in.
    fed: i64,
    output: Audio,
}

impl TimeStretch {
    /// Sound that goes by `speed` times as fast, backwards if that is negative, in a window of so many samples a second and
    /// channels. It begins at sample `at` of the window with sample `place` of the media.
    pub(super) fn begin(speed: Ratio, (rate, channels): (u32, u16), at: i64, place: Ratio) -> Result<TimeStretch> {
        let failed = |cause: Ffmpeg| failed().because(cause);
        let find = |name: &str| {
            filter::find(name)
                .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no filter {name:?}")))
        };
        let mut graph = Graph::new();
        let layout = layout_name(channels)?;
        let format = format!("sample_rate={rate}:sample_fmt=flt:channel_layout={layout}:time_base=1/{rate}");
        graph.add(&find("abuffer")?, INPUT, &format).map_err(failed)?;
        graph.add(&find("abuffersink")?, OUTPUT, "").map_err(failed)?;
        // Slower than half it is refused, and faster than twice it leaves sound out: several of them share the way.
        let (backwards, speed) = (speed < Ratio::ZERO, speed.abs().to_f64());
        let steps = speed.log2().abs().ceil().clamp(1.0, 16.0);
        let step = format!("atempo={:.12}", speed.powf(steps.recip()).clamp(0.5, 2.0));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 16")]
        let chain = vec![step; steps as usize].join(",") + ",aformat=sample_fmts=flt";
        let parsed = graph.output(INPUT, 0).and_then(|parser| parser.input(OUTPUT, 0)?.parse(&chain));
        parsed.and_then(|()| graph.validate()).map_err(failed)?;
        let ready = Samples::silence(channels.into(), 0);
        let origin = (place + Ratio::new(1, 2)).floor();
        Ok(TimeStretch { graph, rate, channels, origin, backwards, at, ready, fed: 0, output: Audio::empty() })
    }

    /// Samples `range` of the window, made of what `voice` has. What lies between them and those before is passed over.
    pub(super) fn read(&mut self, voice: &mut Voice, range: Range<i64>) -> Result<Samples> {
        while self.at < range.start {
            self.next(voice, SKIP.min(range.start - self.at))?;
        }
        self.next(voice, range.end - range.start)
    }

    fn next(&mut self, voice: &mut Voice, count: i64) -> Result<Samples> {
        self.at += count;
        let count = usize::try_from(count).unwrap_or(0);
        while self.ready.len() < count {
            let len = i64::try_from(CHUNK).unwrap_or(0);
            let from = if self.backwards { self.origin - self.fed - len } else { self.origin + self.fed };
            let mut input = voice.read(from, CHUNK)?;
            if self.backwards {
                input.reverse();
            }
            self.feed(&input)?;
            self.fed += len;
            self.drain()?;
        }
        let samples = self.ready.part(0..count);
        self.ready.drop_front(count);
        Ok(samples)
    }

    fn feed(&mut self, input: &Samples) -> Result<()> {
        let channels = usize::from(self.channels);
        let mut frame = Audio::new(PACKED, input.len(), ChannelLayout::default(i32::from(self.channels)));
        frame.set_rate(self.rate);
        frame.set_pts(Some(self.fed));
        for channel in 0..channels {
            let packed = frame.plane_mut::<f32>(0).iter_mut().skip(channel).step_by(channels);
            packed.zip(input.plane(channel)).for_each(|(to, sample)| *to = *sample);
        }
        let mut source = self.graph.get(INPUT).ok_or_else(failed)?;
        source.source().add(&frame).map_err(|cause| failed().because(cause))
    }

    fn drain(&mut self) -> Result<()> {
        let mut sink = self.graph.get(OUTPUT).ok_or_else(failed)?;
        let channels = usize::from(self.channels);
        loop {
            match sink.sink().frame(&mut self.output) {
                Ok(()) => {}
                Err(Ffmpeg::Eof | Ffmpeg::Other { errno: ffmpeg_next::error::EAGAIN }) => return Ok(()),
                Err(cause) => return Err(failed().because(cause)),
            }
            let mut samples = Samples::silence(channels, self.output.samples());
            for channel in 0..channels {
                let packed = self.output.plane::<f32>(0).iter().skip(channel).step_by(channels);
                samples.plane_mut(channel).iter_mut().zip(packed).for_each(|(to, sample)| *to = *sample);
            }
            self.ready.append(&samples);
        }
    }
}

fn failed() -> Error {
    Error::new(ErrorKind::Decode, "changing the speed of sound failed")
}
