//! Plans that are put together by hand: of cuts that are in no timeline, and for tests of a backend.

use super::{
    Background, CanvasRequest, Damaged, Element, Layer, Media, MediaId, MediaSource, MissingPolicy, OverrunPolicy,
    Placement, Plan, Retime, Shot, Sound, SoundClip, SoundCurve, SoundLayout, SoundMap, SourceChannel, SourceMap, Span,
};
use crate::time::source_map::Curve;
use crate::time::{Rate, Ratio, Time, TimeRange};

impl Plan {
    /// A plan without shots, to be filled by hand: [`Plan::add_media`], [`Plan::add_shot`]. Everything else has the values that
    /// [`PlanOptions::default`](super::PlanOptions) leads to. Whether what was put together holds, [`Plan::validate`] says.
    ///
    /// ```
    /// use otio_conflate::backend::RecordBackend;
    /// use otio_conflate::plan::{Layer, Media, MediaSource, Shot, SourceMap, Span};
    /// use otio_conflate::time::{Rate, Ratio};
    /// use otio_conflate::{Conflation, Delivery, NoObserver, Plan};
    ///
    /// let mut plan = Plan::empty("reel 2", Rate::FPS_24);
    /// let source = MediaSource::File { path: "/media/a.mov".into() };
    /// let media = plan.add_media(Media::new(source, Rate::FPS_24).frames(240));
    /// // From record frame 0 on, frame 100 and those behind it, one a frame.
    /// let layer = Layer::new("a", media, SourceMap::new(0, Ratio::whole(100), Ratio::ONE));
    /// plan.add_shot(Shot::new("sh010", vec![Span::new(0, 48, vec![layer.into()])]));
    /// plan.validate()?;
    /// let row = plan.frames(&plan.shots[0]).last().expect("a frame");
    /// assert_eq!((row.shot, row.layers[0].source, plan.duration), ("sh010", 147, 48));
    ///
    /// # let folder = std::env::temp_dir().join(format!("otio-conflate-by-hand-{}", std::process::id()));
    /// let report = Conflation::new(RecordBackend::new(), Delivery::new(&folder)).run(&plan, &NoObserver)?;
    /// assert!(report.succeeded());
    /// # std::fs::remove_dir_all(&folder).expect("it was just made");
    /// # Ok::<(), otio_conflate::Error>(())
    /// ```
    pub fn empty(name: impl Into<String>, rate: Rate) -> Plan {
        Plan {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            timeline: None,
            name: name.into(),
            rate,
            global_start: 0,
            duration: 0,
            drop_frame: false,
            hero_track: String::new(),
            canvas: CanvasRequest::default(),
            canvas_media: Vec::new(),
            format_media: Vec::new(),
            placement: Placement::default(),
            color: None,
            background: Background::default(),
            overrun: OverrunPolicy::default(),
            damaged: Damaged::default(),
            media_missing: MissingPolicy::default(),
            retime: Retime::default(),
            media: Vec::new(),
            other_media: Vec::new(),
            sound: None,
            shots: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Adds a piece of media, unless it is there, and returns what layers and sounds refer to it by.
    pub fn add_media(&mut self, media: Media) -> MediaId {
        let known = self.media.iter().position(|known| *known == media);
        let index = known.unwrap_or_else(|| {
            self.media.push(media);
            self.media.len() - 1
        });
        MediaId::new(index, &self.media[index])
    }

    /// Adds a shot. The cut becomes as long as it takes to hold the shot without its tail handles, and the media of its layers
    /// are asked for the canvas behind those of shots that were added before.
    pub fn add_shot(&mut self, shot: Shot) {
        self.duration = self.duration.max(shot.start.saturating_add(shot.frame_count).saturating_sub(shot.tail));
        for element in shot.spans.iter().flat_map(|span| &span.stack) {
            element.for_each_layer(&mut |layer| {
                if !self.canvas_media.contains(&layer.media) {
                    self.canvas_media.push(layer.media);
                }
            });
        }
        self.shots.push(shot);
    }
}

impl Shot {
    /// A shot without handles that shows `spans`, its first frame being number 1001. It is named after itself where clips are
    /// asked for.
    pub fn new(name: impl Into<String>, spans: Vec<Span>) -> Shot {
        let name = name.into();
        Shot {
            clip: name.clone(),
            name,
            track: String::new(),
            object: String::new(),
            first_frame: 1001,
            frame_count: spans.iter().fold(0, |sum, span| sum.saturating_add(span.count)),
            head: 0,
            tail: 0,
            start: spans.first().map_or(0, |span| span.start),
            spans,
            sound: Vec::new(),
            file: None,
            fields: std::collections::BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}

impl Span {
    /// `count` record frames from `start` on, counted from the cut's first, that show `stack`, bottom to top.
    pub fn new(start: i64, count: i64, stack: Vec<Element>) -> Span {
        Span { start, count, stack }
    }
}

impl Layer {
    /// The medium `media` of the clip `clip`, its frames as `map` says, with no look of its own.
    pub fn new(clip: impl Into<String>, media: MediaId, map: SourceMap) -> Layer {
        Layer {
            track: String::new(),
            clip: clip.into(),
            object: String::new(),
            media,
            map,
            look: super::Look::default(),
            grade: Vec::new(),
            color: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl From<Layer> for Element {
    fn from(layer: Layer) -> Element {
        Element::Layer(Box::new(layer))
    }
}

impl Media {
    /// A piece of media whose frames are counted at `rate`, and of which nothing else is known.
    pub fn new(source: MediaSource, rate: Rate) -> Media {
        Media { source, rate, frames: None, size: None, pixel_aspect: None, color: None, space: None, bounds: None }
    }

    /// With so many frames.
    #[must_use]
    pub fn frames(self, frames: i64) -> Media {
        Media { frames: Some(frames), ..self }
    }
}

impl Curve {
    /// `values` to be added from record frame `record` on, one a frame; without any, nothing is added.
    pub fn new(record: i64, values: impl IntoIterator<Item = Ratio>) -> Curve {
        let mut values = values.into_iter().peekable();
        match values.peek() {
            Some(_) => Curve { record, values: values.collect() },
            None => Curve { record, values: std::sync::Arc::new([Ratio::ZERO]) },
        }
    }
}

impl Sound {
    /// A mix of nothing yet: [`Sound::clips`].
    pub fn new(rate: u32, layout: SoundLayout) -> Sound {
        Sound {
            rate,
            layout,
            pitch: super::Pitch::default(),
            limit: None,
            gain: 0.0,
            loudness: None,
            stems: Vec::new(),
            origin: Time::ZERO,
            clips: Vec::new(),
        }
    }
}

impl SoundClip {
    /// The medium `media` of the clip `clip`, heard over `range` of record time, its samples as `map` says, as loud as they are.
    pub fn new(clip: impl Into<String>, media: MediaId, range: TimeRange, map: SoundMap) -> SoundClip {
        SoundClip {
            track: String::new(),
            clip: clip.into(),
            object: String::new(),
            media,
            range,
            stretched_from: None,
            map,
            gains: Vec::new(),
            pan: 0.0,
            pan_keys: Vec::new(),
            channels: Vec::new(),
            output: None,
            stem: 0,
            notes: Vec::new(),
        }
    }
}

impl SoundCurve {
    /// `seconds` to be added, a value for each frame of record rate `rate`.
    pub fn new(rate: Rate, seconds: Curve) -> SoundCurve {
        SoundCurve { rate, seconds }
    }
}

impl SourceChannel {
    /// Channel `channel` of the file's sound `stream`, both counted from 0.
    pub fn new(stream: u32, channel: u32) -> SourceChannel {
        SourceChannel { stream, channel }
    }
}
