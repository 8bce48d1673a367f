//! The media of a plan as they were found on disk: what each shows, and what is missing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::info::MediaInfo;
use super::options::DecodeOptions;
use super::probe::probe_within;
use super::sequence::SequenceReader;
use super::still;
use crate::color::interop_of_chromaticities;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, ColorConfig, Generated, Layer, Media, MediaSource, MissingPolicy, Plan, Warning};
use crate::threads;

/// A medium that is there and cannot be used: what every shot that needs it fails with.
#[derive(Debug)]
pub(crate) struct Broken {
    kind: ErrorKind,
    /// The whole of it.
    message: String,
    file: Option<PathBuf>,
}

impl Broken {
    pub(super) fn new(error: &Error) -> Broken {
        Broken { kind: error.kind(), message: format!("{error:#}"), file: error.place().file.clone() }
    }

    pub(super) fn error(&self) -> Error {
        let error = Error::new(self.kind, self.message.clone());
        match &self.file {
            Some(file) => error.at_file(file),
            None => error,
        }
    }
}

/// What a medium of the plan shows.
#[derive(Debug)]
pub(super) enum ResolvedMedia {
    /// Frames of this kind.
    Picture(Box<MediaInfo>),
    /// Black.
    Black,
    /// What a generator draws.
    Generated(Generated),
    /// A card with this title and this second line.
    Slate {
        /// The large line.
        title: &'static str,
        /// What is missing.
        what: String,
    },
    /// It is there, but cannot be decoded: shots that need it fail.
    Broken(Broken),
    /// It is not there, and nothing may be shown in its place. No run starts with one of these where it would be seen.
    Missing(String),
    /// No shot shows it.
    Unused,
}

impl ResolvedMedia {
    /// The picture's properties, if it is one.
    pub(super) fn picture(&self) -> Option<&MediaInfo> {
        match self {
            ResolvedMedia::Picture(info) => Some(info),
            _ => None,
        }
    }

    /// The error of a shot that needs it, if it cannot be shown.
    pub(super) fn error(&self) -> Option<Error> {
        match self {
            ResolvedMedia::Broken(broken) => Some(broken.error()),
            ResolvedMedia::Missing(what) => Some(Error::new(ErrorKind::MediaMissing, format!("{what} does not exist"))),
            _ => None,
        }
    }
}

/// Looks at every medium that a shot of `plan` shows; pictures have at most so many pixels.
pub(super) fn find(plan: &Plan, max_pixels: Option<u64>) -> Vec<ResolvedMedia> {
    let mut used = vec![false; plan.media.len()];
    for layer in layers(plan) {
        used[layer.media.index()] = true;
    }
    for &media in plan.canvas_media.iter().chain(&plan.format_media) {
        used[media.index()] = true;
    }
    let look = |(media, used)| if used { look(media, plan.media_missing, max_pixels) } else { ResolvedMedia::Unused };
    threads::map_all(plan.media.iter().zip(used).collect(), look)
}

fn look(media: &Media, policy: MissingPolicy, max_pixels: Option<u64>) -> ResolvedMedia {
    let source = &media.source;
    let options = DecodeOptions::default().damaged(plan::Damaged::Warn).max_pixels(max_pixels).exr_color(media.color);
    let missing = |what: String| match policy {
        MissingPolicy::Black => ResolvedMedia::Black,
        MissingPolicy::Slate => ResolvedMedia::Slate { title: "MEDIA MISSING", what },
        _ => ResolvedMedia::Missing(what),
    };
    let info = match source {
        MediaSource::File { path } => probe_within(path, max_pixels),
        MediaSource::Sequence { .. } => match first_of_sequence(source, &options) {
            Ok(Some(info)) => Ok(info),
            Ok(None) => return missing(source.display()),
            Err(error) => Err(error),
        },
        MediaSource::Generator { draws, .. } if draws.is_black() => return ResolvedMedia::Black,
        MediaSource::Generator { draws, .. } => return ResolvedMedia::Generated(draws.clone()),
        MediaSource::Missing { what } => return missing(what.clone()),
    };
    match info {
        Ok(info) if info.has_picture => ResolvedMedia::Picture(Box::new(info)),
        Ok(info) => {
            let what = format!("{} holds no picture", info.path.display());
            ResolvedMedia::Broken(Broken::new(&Error::new(ErrorKind::Decode, what).at_file(info.path)))
        }
        Err(error) if error.kind() == ErrorKind::MediaMissing => missing(source.display()),
        Err(error) => ResolvedMedia::Broken(Broken::new(&error)),
    }
}

/// How many pictures of a sequence are tried, if the first ones are broken.
const TRIED: usize = 4;

/// What the frames of a sequence are like, by the first that is there and whole.
fn first_of_sequence(source: &MediaSource, options: &DecodeOptions) -> Result<Option<MediaInfo>> {
    let MediaSource::Sequence { start, step, .. } = source else { return Ok(None) };
    let numbers = SequenceReader::new(source, &DecodeOptions::default())?.list()?;
    let in_steps = |number: &&i64| **number >= *start && (**number - start) % step == 0;
    let own: Vec<i64> = numbers.iter().filter(in_steps).copied().collect();
    let mut broken = None;
    for number in if own.is_empty() { numbers } else { own }.into_iter().take(TRIED) {
        let Some(file) = source.file((number - start) / step) else { return Ok(None) };
        match still::read_described(&file, options) {
            Ok((_, _, info)) => return Ok(Some(info)),
            // Who shows it will hear of it.
            Err(error) => broken = broken.or(Some(error)),
        }
    }
    broken.map_or(Ok(None), Err)
}

/// Every layer that has a share of some shot's picture, whatever lies over it.
pub(super) fn layers(plan: &Plan) -> Vec<&Layer> {
    let spans = plan.shots.iter().flat_map(|shot| &shot.spans);
    spans.flat_map(|span| span.visible(&|_, _| false)).map(|visible| visible.layer).collect()
}

/// The error that lists everything missing among `seen`, the layers that are seen in some shot, and everything that is
/// not there to be heard: what it is, and the clip.
pub(super) fn refuse_missing(seen: &[&Layer], found: &[ResolvedMedia], unheard: &[(&str, &str)]) -> Result<()> {
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let unseen = seen.iter().filter_map(|layer| match &found[layer.media.index()] {
        ResolvedMedia::Missing(what) => Some((what.as_str(), layer.clip.as_str())),
        _ => None,
    });
    for (what, clip) in unseen.chain(unheard.iter().copied()) {
        let clips = missing.entry(what).or_default();
        if !clips.contains(&clip) {
            clips.push(clip);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = missing.iter().map(|(what, clips)| format!("\n  {what} (clip {})", few(clips))).collect();
    let media = match missing.len() {
        1 => "1 medium is missing".to_owned(),
        count => format!("{count} media are missing"),
    };
    let message = format!("{media}; nothing was rendered:{}", lines.concat());
    Err(Error::new(ErrorKind::MediaMissing, message).about_files(missing.keys().map(PathBuf::from)))
}

fn few(clips: &[&str]) -> String {
    let named = clips.iter().take(3).map(|clip| format!("{clip:?}")).collect::<Vec<_>>().join(", ");
    if clips.len() > 3 { format!("{named} and {} more", clips.len() - 3) } else { named }
}

/// What is noteworthy about the media of the layers that are seen.
pub(super) fn warnings(
    plan: &Plan,
    seen: &[&Layer],
    found: &[ResolvedMedia],
    canvas: &crate::plan::Canvas,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for layer in seen {
        let mut warn = |message: String| {
            let warning = Warning::new(&layer.object, message);
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        };
        let media = &plan.media[layer.media];
        match &found[layer.media.index()] {
            ResolvedMedia::Picture(info) => {
                let ratio = info.rate.map_or(1.0, |rate| rate.nominal().to_f64() / media.rate.nominal().to_f64());
                if (ratio - 1.0).abs() > 0.002 && !info.is_still {
                    warn(format!(
                        "{} runs at {}, the timeline says {}: frames are picked by time",
                        info.path.display(),
                        info.rate.map_or_else(String::new, |rate| rate.to_string()),
                        media.rate
                    ));
                }
                let (own, out) = (info.color, canvas.color);
                // Where colours are managed, they are converted.
                let is_managed = plan.color.as_ref().is_some_and(|color| color.config != ColorConfig::Raw);
                let others = (own.primaries, own.transfer) != (out.primaries, out.transfer);
                let wide = is_wide(own.primaries) != is_wide(out.primaries)
                    || (is_wide(own.primaries) && own.primaries != out.primaries);
                if !is_managed && others && (wide || !curves(own.transfer, out.transfer)) {
                    warn(format!(
                        "{} has primaries {} and transfer {}, the canvas {} and {}: values are carried over unchanged",
                        info.path.display(),
                        own.primaries,
                        own.transfer,
                        out.primaries,
                        out.transfer
                    ));
                }
                if let Some(light) = other_light(info).filter(|_| !is_managed) {
                    warn(format!(
                        "{} is {light} by its header: its values are read as BT.709 unless a colour \
                         configuration converts them (PlanOptions::color, --ocio)",
                        info.path.display()
                    ));
                }
            }
            ResolvedMedia::Slate { what, .. } => warn(format!("{what} is missing; a card is shown")),
            ResolvedMedia::Black if !matches!(media.source, MediaSource::Generator { .. }) => {
                warn(format!("{} is missing; black is shown", media.source.display()));
            }
            _ => {}
        }
    }
    warnings
}

/// Whether primaries are so much wider than BT.709's that nobody takes the one for the other: BT.2020, P3, XYZ.
fn is_wide(primaries: u8) -> bool {
    matches!(primaries, 9..=12)
}

/// What an EXR file says that its values are, where that is not light in BT.709's primaries.
fn other_light(info: &MediaInfo) -> Option<String> {
    let color = info.header_color.as_ref()?;
    let told = color.interop.clone().filter(|id| !matches!(id.as_str(), "" | "unknown" | "data" | "lin_rec709_scene"));
    let aces = color.aces_container.then(|| "lin_ap0_scene".to_owned());
    let primaries = || color.chromaticities.and_then(interop_of_chromaticities).map(str::to_owned);
    aces.or(told).or_else(primaries)
}

/// Whether two transfer characteristics are converted into one another, or are so near that nobody asks: BT.709 and
/// the same curve of BT.601 and BT.2020, and sRGB graphics in video.
fn curves(from: u8, to: u8) -> bool {
    let video = |code: u8| matches!(code, 1 | 2 | 6 | 13 | 14 | 15);
    let linear = crate::plan::ColorTags::LINEAR;
    from == linear || to == linear || (video(from) && video(to))
}
