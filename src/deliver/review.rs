//! Delivered shots joined into one movie, in cut order.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::cut::{reference, written_color};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{CanvasRequest, ColorPlan, Plan, PlanOptions, ShotSelection};
use crate::report::{OutputKind, Report, ShotReport, Status};
use crate::setters::setters;
use crate::time::{Rate, Time};
use crate::timeline::{
    Child, Clip, Composition, CompositionKind, Gap, Item, Map, MediaCommon, MediaKind, MediaReference, RationalTime,
    RawTimeRange, Timeline, Value,
};
use crate::trace;

/// How the shots of a run are joined into one movie to be watched.
///
/// The shots come in the order of the cut, without their handles. In the place of one that failed, or that was delivered
/// as nothing that can be shown, there is a card with its name, as long as the shot.
///
#[cfg_attr(feature = "ffmpeg", doc = "```no_run")]
#[cfg_attr(not(feature = "ffmpeg"), doc = "```ignore")]
/// use otio_conflate::backend::ffmpeg::FfmpegBackend;
/// use otio_conflate::deliver::{Preset, Review, ReviewSlate};
/// use otio_conflate::{Conflation, Delivery, NoObserver, Report};
///
/// let report = Report::open("shots/manifest.json")?;
/// let review = Review::default().slate(ReviewSlate::default().title("Reel 2, Tuesday"));
/// let delivery = Delivery::new("review").preset(Preset::by_name("h264")?);
/// Conflation::new(FfmpegBackend::new(), delivery).run(&review.plan(&report)?, &NoObserver)?;
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Review {
    /// What the movie is called. Default: `review`.
    pub name: String,
    /// A card in front of the shots. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slate: Option<ReviewSlate>,
    /// Whether the shots are heard: their WAV files, or else what is in their movies. Default: `true`.
    pub sound: bool,
    /// What is asked of colours; what is baked into intermediates is baked into the movie. The space of shots is what their
    /// run's manifest says, unless a rule says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<ColorPlan>,
}

/// The card in front of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ReviewSlate {
    /// The large line. Default: `None`, the name of the cut.
    pub title: Option<String>,
    /// What is written below it. Default: `None`, how many shots follow.
    pub text: Option<String>,
    /// How many frames it is shown. Default: 48.
    pub frames: i64,
}

setters!(Review { name: into String, color: some ColorPlan });
setters!(ReviewSlate { title: some into String, text: some into String, frames: i64 });

impl Default for Review {
    fn default() -> Review {
        Review { name: "review".to_owned(), slate: None, sound: true, color: None }
    }
}

impl Default for ReviewSlate {
    fn default() -> ReviewSlate {
        ReviewSlate { title: None, text: None, frames: 48 }
    }
}

impl Review {
    /// With this card in front.
    #[must_use]
    pub fn slate(mut self, slate: ReviewSlate) -> Review {
        self.slate = Some(slate);
        self
    }

    /// With or without sound.
    #[must_use]
    pub fn sound(mut self, sound: bool) -> Review {
        self.sound = sound;
        self
    }

    /// The plan of a movie that joins the shots of `report`: its only shot, which any backend renders, in any preset, with
    /// any representations. It has the canvas of the shots, and timecode in which the first shot keeps its own.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] without shots, and for a slate that is shown for no frame.
    pub fn plan(&self, report: &Report) -> Result<Plan> {
        let _span = trace::span!("review", name = self.name.as_str(), shots = joined(report).count());
        let timeline = self.timeline(report)?;
        let frames = self.slate.as_ref().map_or(0, |slate| slate.frames);
        let frames = joined(report).fold(frames, |sum, shot| sum.saturating_add(length(shot)));
        let mut options = PlanOptions {
            shots: ShotSelection::Ranges(vec![(self.name.clone(), 0, frames)]),
            canvas: CanvasRequest {
                size: Some((report.canvas.width, report.canvas.height)),
                pixel_aspect: Some(report.canvas.pixel_aspect),
                color: Some(report.canvas.color),
            },
            ..PlanOptions::default()
        };
        options.sound.enabled = self.sound;
        options.color.clone_from(&self.color);
        let mut plan = Plan::new(&timeline, &options)?;
        if let Some(sound) = &mut plan.sound {
            // On the grid of the cut that the shots were made of: they join in samples.
            let first = plan.global_start.saturating_sub(report.start);
            sound.origin = Time::from_frames(first, plan.rate);
        }
        Ok(plan)
    }

    /// The shots of `report` as a timeline, one clip behind the other.
    ///
    /// # Errors
    /// As [`Review::plan`].
    pub fn timeline(&self, report: &Report) -> Result<Timeline> {
        let mut shots: Vec<&ShotReport> = joined(report).filter(|shot| length(shot) > 0).collect();
        shots.sort_by_key(|shot| shot.record.start.saturating_add(shot.head));
        let Some(first) = shots.first() else {
            return Err(Error::new(ErrorKind::Option, "there are no shots to join"));
        };
        let mut start = first.record.start.saturating_add(first.head);
        let (mut pictures, mut sounds) = (Vec::new(), Vec::new());
        if let Some(slate) = &self.slate {
            if slate.frames < 1 {
                let what = format!("invalid slate of {} frames; expected at least 1", slate.frames);
                return Err(Error::new(ErrorKind::Option, what));
            }
            let count = || format!("{} shots", shots.len());
            let (title, text) = (slate.title.as_ref().unwrap_or(&report.name), slate.text.clone());
            pictures.push(card("slate", title, &text.unwrap_or_else(count), slate.frames, report.rate));
            sounds.push(silence(slate.frames, report.rate));
            start = start.saturating_sub(slate.frames);
        }
        for shot in shots {
            pictures.push(picture(shot, report.rate));
            sounds.push(sound(shot, report.rate));
        }
        let mut tracks = vec![track("V1", MediaKind::Video, pictures)];
        if self.sound {
            tracks.push(track("A1", MediaKind::Audio, sounds));
        }
        Ok(Timeline {
            name: self.name.clone(),
            global_start_time: Some(frames(start, report.rate)),
            tracks: composition(CompositionKind::Stack, "tracks", tracks),
            metadata: Map::default(),
            extra: Map::default(),
            // Locations in a report start at its folder.
            path: Some(report.folder.join("review.otio")),
            notes: Vec::new(),
        })
    }
}

/// The shots of the run itself: its manifest may list others, too.
fn joined(report: &Report) -> impl Iterator<Item = &ShotReport> {
    report.shots.iter().filter(|shot| shot.of.is_none())
}

/// How many frames a shot has without its handles.
fn length(shot: &ShotReport) -> i64 {
    shot.frame_count.saturating_sub(shot.head).saturating_sub(shot.tail).max(0)
}

/// Whether there is something of it to be shown.
fn is_delivered(shot: &ShotReport) -> bool {
    matches!(shot.status, Status::Done | Status::Skipped)
}

fn picture(shot: &ShotReport, rate: Rate) -> Child {
    let shown = shot.output.as_ref().filter(|_| is_delivered(shot));
    let metadata = shot.color.as_ref().map(|color| written_color(&color.output)).unwrap_or_default();
    match shown.filter(|output| matches!(output.kind, OutputKind::Movie | OutputKind::Sequence)) {
        Some(output) => delivered(shot, rate, |common| {
            reference(output, shot.first_frame, rate, MediaCommon { metadata, ..common })
        }),
        None => card(&shot.shot, "NOT RENDERED", &shot.shot, length(shot), rate),
    }
}

fn sound(shot: &ShotReport, rate: Rate) -> Child {
    let movie = shot.output.as_ref().filter(|output| output.kind == OutputKind::Movie);
    match shot.sound.as_ref().or(movie).filter(|_| is_delivered(shot)) {
        Some(output) => delivered(shot, rate, |common| reference(output, shot.first_frame, rate, common)),
        None => silence(length(shot), rate),
    }
}

/// A clip of what was delivered of a shot, without handles.
fn delivered(shot: &ShotReport, rate: Rate, reference: impl FnOnce(MediaCommon) -> MediaReference) -> Child {
    let available_range = Some(range(0, shot.frame_count, rate));
    let media = reference(MediaCommon { available_range, ..MediaCommon::default() });
    clip(&shot.shot, media, range(shot.head, length(shot), rate))
}

fn card(name: &str, title: &str, text: &str, count: i64, rate: Rate) -> Child {
    let said = [("text", text), ("title", title)];
    let media = MediaReference::Generator {
        generator_kind: "slate".to_owned(),
        parameters: said.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value.to_owned()))).collect(),
        common: MediaCommon { available_range: Some(range(0, count, rate)), ..MediaCommon::default() },
    };
    clip(name, media, range(0, count, rate))
}

fn silence(count: i64, rate: Rate) -> Child {
    let item = Item { source_range: Some(range(0, count, rate)), ..Item::default() };
    Child::Gap(Box::new(Gap { item }))
}

fn clip(name: &str, media: MediaReference, source_range: RawTimeRange) -> Child {
    let key = Clip::DEFAULT_MEDIA_KEY.to_owned();
    Child::Clip(Box::new(Clip {
        item: Item { name: name.to_owned(), source_range: Some(source_range), ..Item::default() },
        media_references: IndexMap::from([(key.clone(), media)]),
        active_media_reference_key: key,
    }))
}

fn track(name: &str, kind: MediaKind, children: Vec<Child>) -> Child {
    Child::Composition(Box::new(composition(CompositionKind::Track(kind), name, children)))
}

fn composition(kind: CompositionKind, name: &str, children: Vec<Child>) -> Composition {
    Composition { kind, item: Item { name: name.to_owned(), ..Item::default() }, children }
}

fn range(start: i64, count: i64, rate: Rate) -> RawTimeRange {
    RawTimeRange { start_time: frames(start, rate), duration: frames(count, rate) }
}

#[allow(clippy::cast_precision_loss, reason = "frame numbers are far below 2^53")]
fn frames(value: i64, rate: Rate) -> RationalTime {
    RationalTime::new(value as f64, rate)
}
