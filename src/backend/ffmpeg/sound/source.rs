//! What is heard of a medium: its channels, at the rate and in the layout of the mix.

use std::path::{Path, PathBuf};

use super::super::damage::Reason;
use super::super::media::Broken;
use super::convert::RateConverter;
use super::reader::SoundReader;
use crate::audio::{Matrix, Samples, Speaker, default_speakers};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{MediaId, MediaSource, MissingPolicy, Plan, SoundClip, SourceChannel, Warning};
use crate::threads;
use crate::time::Ratio;

/// What a medium of the plan sounds like.
#[derive(Debug)]
pub(crate) enum SoundMedium {
    /// It is there, in this file.
    File(PathBuf),
    /// It is silent: this is why.
    Silent(String),
    /// It is there, but cannot be heard: shots that need it fail.
    Broken(Broken),
    /// It is not there, and nothing may be heard in its place. No run starts with one of these.
    Missing(String),
    /// No shot needs it.
    Unused,
}

impl SoundMedium {
    /// The error of a shot that needs it, if it cannot be heard.
    fn error(&self) -> Option<Error> {
        match self {
            SoundMedium::Broken(broken) => Some(broken.error()),
            SoundMedium::Missing(what) => Some(Error::new(ErrorKind::MediaMissing, format!("{what} does not exist"))),
            _ => None,
        }
    }
}

/// Looks at every medium of `plan` that is heard in `clips`.
pub(crate) fn find<'p>(plan: &'p Plan, clips: impl Iterator<Item = &'p SoundClip>) -> Vec<SoundMedium> {
    let mut used = vec![false; plan.media.len()];
    for clip in clips {
        used[clip.media.index()] = true;
    }
    let look = |(media, used): (&crate::plan::Media, bool)| match used {
        true => look(&media.source, plan.media_missing),
        false => SoundMedium::Unused,
    };
    threads::map_all(plan.media.iter().zip(used).collect(), look)
}

/// Everything that is heard in some shot, or in the whole cut.
pub(crate) fn clips(plan: &Plan) -> impl Iterator<Item = &SoundClip> {
    let whole = plan.sound.iter().flat_map(|sound| &sound.clips);
    plan.shots.iter().flat_map(|shot| &shot.sound).chain(whole)
}

fn look(source: &MediaSource, policy: MissingPolicy) -> SoundMedium {
    let silent = !policy.is_error();
    let missing = |what: String| {
        if silent { SoundMedium::Silent(format!("{what} does not exist")) } else { SoundMedium::Missing(what) }
    };
    let broken = |error: Error| match silent {
        true => SoundMedium::Silent(format!("{error:#}")),
        false => SoundMedium::Broken(Broken::new(&error)),
    };
    // Editors put the silent takes of a camera into audio tracks, too: nothing is lost that was ever there.
    let no_sound = |what: String| SoundMedium::Silent(format!("{what} holds no sound"));
    match source {
        MediaSource::File { path } => match SoundReader::count(path) {
            Ok(0) => no_sound(path.display().to_string()),
            Ok(_) => SoundMedium::File(path.clone()),
            Err(error) if error.kind() == ErrorKind::MediaMissing => missing(source.display()),
            Err(error) => broken(error),
        },
        MediaSource::Sequence { .. } => no_sound(source.display()),
        MediaSource::Generator { generator_kind, .. } => {
            SoundMedium::Silent(format!("generator {generator_kind:?} makes no sound"))
        }
        // No file is missing here that anybody could bring.
        MediaSource::Missing { what } => SoundMedium::Silent(what.clone()),
    }
}

/// What is noteworthy about the media that are heard in `clips`.
pub(crate) fn warnings<'p>(clips: impl Iterator<Item = &'p SoundClip>, heard: &[SoundMedium]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for clip in clips {
        if let SoundMedium::Silent(why) = &heard[clip.media.index()] {
            let warning = Warning::new(&clip.object, format!("{why}: the clip is silent"));
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    warnings
}

/// What is not there among the media of `clips`, and the clip that needs it.
pub(crate) fn missing<'h, 'p: 'h>(
    clips: impl Iterator<Item = &'p SoundClip>,
    heard: &'h [SoundMedium],
) -> Vec<(&'h str, &'h str)> {
    let missing = |clip: &'p SoundClip| match &heard[clip.media.index()] {
        SoundMedium::Missing(what) => Some((what.as_str(), clip.clip.as_str())),
        _ => None,
    };
    clips.filter_map(missing).collect()
}

/// What a [`Voice`] is opened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VoiceKey {
    media: MediaId,
    channels: Vec<SourceChannel>,
    output: Option<u32>,
}

impl VoiceKey {
    pub(super) fn of(clip: &SoundClip) -> VoiceKey {
        VoiceKey { media: clip.media, channels: clip.channels.clone(), output: clip.output }
    }
}

/// A medium as it goes into the mix: sample *n* lies *n* / rate seconds behind its start.
pub(super) struct Voice {
    parts: Vec<VoiceStream>,
    rate: u32,
    channels: usize,
    mono: bool,
    /// Where reading would go on.
    pub(super) next: i64,
    /// What had to be assumed about its channels.
    pub(super) notes: Vec<String>,
    /// Whether it was said that its file ends early.
    pub(super) ended: bool,
}

/// One of the file's streams, and where its channels go.
struct VoiceStream {
    reader: SoundReader,
    matrix: Matrix,
    converter: RateConverter,
}

impl Voice {
    /// Opens the medium of `clip`; `None` if it is silent.
    pub(super) fn open(heard: &SoundMedium, clip: &SoundClip, to: &[Speaker], rate: u32) -> Result<Option<Voice>> {
        if let Some(error) = heard.error() {
            return Err(error);
        }
        let SoundMedium::File(path) = heard else { return Ok(None) };
        let mut notes = Vec::new();
        let streams = match clip.channels.as_slice() {
            [] => all(path, to, &mut notes)?,
            chosen => chosen_channels(path, chosen, clip.output, to)?,
        };
        Ok(Some(Voice::new(streams, clip.channels.len(), to, rate, notes)))
    }

    /// Opens everything that the file at `path` plays by itself.
    pub(super) fn of_file(path: &Path, to: &[Speaker], rate: u32) -> Result<Voice> {
        let mut notes = Vec::new();
        let streams = all(path, to, &mut notes)?;
        Ok(Voice::new(streams, 0, to, rate, notes))
    }

    /// A stream as it is: its channels at its rate.
    pub(super) fn of_reader(reader: SoundReader) -> Voice {
        let (rate, speakers) = (reader.rate(), reader.speakers().to_vec());
        let identity = Matrix::identity(speakers.len());
        Voice::new(vec![(reader, identity)], 0, &speakers, rate, Vec::new())
    }

    /// A voice of these streams, of which so many channels were chosen, or 0 where none were.
    fn new(streams: Vec<(SoundReader, Matrix)>, chosen: usize, to: &[Speaker], rate: u32, notes: Vec<String>) -> Voice {
        let part = |(reader, matrix): (SoundReader, Matrix)| {
            let converter = RateConverter::new(reader.rate(), rate, to.len());
            VoiceStream { reader, matrix, converter }
        };
        let parts: Vec<VoiceStream> = streams.into_iter().map(part).collect();
        let mono = match (chosen, parts.as_slice()) {
            (0, [only]) => only.reader.speakers().len() == 1,
            (chosen, _) => chosen == 1,
        };
        Voice { parts, rate, channels: to.len(), mono, next: 0, notes, ended: false }
    }

    /// The `count` samples from place `at` on.
    pub(super) fn read(&mut self, at: i64, count: usize) -> Result<Samples> {
        self.next = at.saturating_add(i64::try_from(count).unwrap_or(0));
        let mut sum: Option<Samples> = None;
        for VoiceStream { reader, matrix, converter } in &mut self.parts {
            let samples = converter.read(at, count, |at, count| Ok(matrix.apply(reader.read(at, count)?)))?;
            match &mut sum {
                Some(sum) => sum.mix(&samples, 0),
                None => sum = Some(samples),
            }
        }
        Ok(sum.unwrap_or_else(|| self.silence(count)))
    }

    /// The place behind its last sample; `None` as long as reading has not come there.
    pub(super) fn end(&self) -> Option<i64> {
        let ends = self.parts.iter().map(|part| {
            let end = Ratio::new(part.reader.end()?, i64::from(part.reader.rate()).max(1));
            Some((end * Ratio::whole(self.rate.into())).ceil())
        });
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// `count` samples of nothing.
    pub(super) fn silence(&self, count: usize) -> Samples {
        Samples::silence(self.channels, count)
    }

    /// How many of the file's sounds it is made from.
    pub(super) fn streams(&self) -> usize {
        self.parts.len()
    }

    /// Whether it is made from one channel.
    pub(super) fn is_mono(&self) -> bool {
        self.mono
    }

    /// What is damaged of the samples between the places `low` and `high`, of those that were read: from where to where,
    /// and what FFmpeg says of it.
    pub(super) fn damage(&self, low: Ratio, high: Ratio) -> Option<(Ratio, Ratio, Reason)> {
        self.parts.iter().find_map(|part| {
            let scale = Ratio::new(part.reader.rate().into(), i64::from(self.rate).max(1));
            let (run, reason) = part.reader.damage((low * scale).floor()..(high * scale).ceil())?;
            Some((Ratio::whole(run.start) / scale, Ratio::whole(run.end) / scale, reason))
        })
    }
}

/// Everything that a file plays by itself: the sound that players choose, or where there are several of one channel
/// each, those as the channels of one.
fn all(path: &Path, to: &[Speaker], notes: &mut Vec<String>) -> Result<Vec<(SoundReader, Matrix)>> {
    let first = SoundReader::open(path, None)?;
    let count = first.siblings();
    if first.speakers().len() != 1 || count == 1 {
        let mut speakers = first.speakers().to_vec();
        if speakers.len() > 2 && speakers.iter().all(|speaker| *speaker == Speaker::Unknown) {
            notes.push(format!(
                "{} has {} channels without a layout: the first two are used as left and right",
                path.display(),
                speakers.len()
            ));
            speakers[..2].copy_from_slice(&[Speaker::Left, Speaker::Right]);
        }
        let matrix = Matrix::between(&speakers, to);
        return Ok(vec![(first, matrix)]);
    }
    let mut readers = vec![first];
    for stream in 1..count {
        readers.push(SoundReader::open(path, Some(stream))?);
    }
    readers.retain(|reader| reader.speakers().len() == 1);
    let labels: Vec<Speaker> = readers.iter().map(|reader| reader.speakers()[0]).collect();
    let labelled = labels.iter().any(|speaker| *speaker != Speaker::Center);
    let speakers = match readers.len() {
        _ if labelled => labels,
        count @ (1 | 2 | 6) => default_speakers(count),
        count => {
            notes
                .push(format!("{} has {count} mono streams: the first two are used as left and right", path.display()));
            readers.truncate(2);
            default_speakers(2)
        }
    };
    let matrix = Matrix::between(&speakers, to);
    let own = |column| matrix.column(column);
    Ok(readers.into_iter().enumerate().map(|(column, reader)| (reader, own(column))).collect())
}

/// The channels of `chosen` as those of a layout that has as many, or a single one at the speaker of channel `output` of
/// the mix.
fn chosen_channels(
    path: &Path,
    chosen: &[SourceChannel],
    output: Option<u32>,
    to: &[Speaker],
) -> Result<Vec<(SoundReader, Matrix)>> {
    let mut speakers = default_speakers(chosen.len());
    if chosen.len() > 2 && speakers[0] == Speaker::Unknown {
        speakers[..2].copy_from_slice(&[Speaker::Left, Speaker::Right]);
    }
    if let ([speaker], Some(output)) = (speakers.as_mut_slice(), output) {
        // Outputs beyond those of the layout are the sides of further pairs.
        let side = if output % 2 == 1 { Speaker::Left } else { Speaker::Right };
        let own = usize::try_from(output).ok().and_then(|output| to.get(output.checked_sub(1)?));
        *speaker = own.copied().filter(|_| to.len() > 1).unwrap_or(side);
    }
    let matrix = Matrix::between(&speakers, to);
    let mut parts: Vec<(SoundReader, Matrix, usize)> = Vec::new();
    for (column, channel) in chosen.iter().enumerate() {
        let (mut stream, mut wanted) = (channel.stream as usize, channel.channel as usize);
        loop {
            let known = parts.iter().position(|(_, _, number)| *number == stream);
            let place = match known {
                Some(place) => place,
                None => {
                    let reader = SoundReader::open(path, Some(stream))?;
                    let own = Matrix::silent(to.len(), reader.speakers().len());
                    parts.push((reader, own, stream));
                    parts.len() - 1
                }
            };
            let (reader, own, _) = &mut parts[place];
            let channels = reader.speakers().len();
            if wanted < channels {
                own.route(wanted, &matrix, column);
                break;
            }
            if stream + 1 >= reader.siblings() {
                let SourceChannel { stream, channel } = channel;
                let what = format!("{} has no channel {channel} in sound stream {stream} or after it", path.display());
                return Err(Error::new(ErrorKind::Decode, what).at_file(path));
            }
            (stream, wanted) = (stream + 1, wanted - channels);
        }
    }
    parts.retain(|(_, own, _)| !own.is_silent());
    Ok(parts.into_iter().map(|(reader, own, _)| (reader, own)).collect())
}
