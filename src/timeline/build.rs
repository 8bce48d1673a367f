//! A cut built in code: constructors for the objects of a timeline.

use indexmap::IndexMap;

use super::{
    Child, Clip, Composition, CompositionKind, Effect, EffectKind, Gap, Item, Map, Marker, MediaCommon, MediaKind,
    MediaReference, MissingFramePolicy, RationalTime, RawTimeRange, Timeline, Transition,
};
use crate::time::Rate;

impl RawTimeRange {
    /// `count` frames at `rate` from frame `first` on.
    pub const fn frames(first: i64, count: i64, rate: Rate) -> RawTimeRange {
        // Frame numbers are far below 2^53.
        RawTimeRange {
            start_time: RationalTime::new(first as f64, rate),
            duration: RationalTime::new(count as f64, rate),
        }
    }
}

impl Default for Timeline {
    fn default() -> Timeline {
        Timeline::new("")
    }
}

impl Timeline {
    /// An empty timeline called `name`.
    ///
    /// ```
    /// use otio_conflate::time::Rate;
    /// use otio_conflate::timeline::{Clip, Composition, Gap, MediaReference, RationalTime, RawTimeRange, Timeline};
    /// use otio_conflate::{Plan, PlanOptions};
    ///
    /// let rate = Rate::FPS_24;
    /// let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, rate));
    /// let shot = |name, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, rate));
    /// let track = Composition::video("V1").with(shot("sh010", 12)).with(Gap::new(12, rate)).with(shot("sh020", 96));
    /// let cut = Timeline::new("reel 2").start(RationalTime::new(86_400.0, rate)).track(track);
    ///
    /// let plan = Plan::new(&cut, &PlanOptions::default())?;
    /// assert_eq!((plan.shots.len(), plan.duration), (2, 108));
    /// # Ok::<(), otio_conflate::Error>(())
    /// ```
    pub fn new(name: impl Into<String>) -> Timeline {
        Timeline {
            name: name.into(),
            global_start_time: None,
            tracks: Composition { item: Item::named("tracks"), ..Composition::default() },
            metadata: Map::new(),
            extra: Map::new(),
            path: None,
            notes: Vec::new(),
        }
    }

    /// With this record time of its first frame, which gives the record rate.
    #[must_use]
    pub fn start(mut self, start: RationalTime) -> Timeline {
        self.global_start_time = Some(start);
        self
    }

    /// With `track` over those that are there.
    #[must_use]
    pub fn track(mut self, track: Composition) -> Timeline {
        self.tracks.children.push(track.into());
        self
    }
}

impl Item {
    /// An item called `name`, all of it.
    pub fn named(name: impl Into<String>) -> Item {
        Item { name: name.into(), ..Item::default() }
    }
}

/// An empty stack.
impl Default for Composition {
    fn default() -> Composition {
        Composition { kind: CompositionKind::Stack, item: Item::default(), children: Vec::new() }
    }
}

impl Composition {
    /// An empty track of pictures.
    pub fn video(name: impl Into<String>) -> Composition {
        let kind = CompositionKind::Track(MediaKind::Video);
        Composition { kind, item: Item::named(name), children: Vec::new() }
    }

    /// An empty track of sound.
    pub fn audio(name: impl Into<String>) -> Composition {
        let kind = CompositionKind::Track(MediaKind::Audio);
        Composition { kind, item: Item::named(name), children: Vec::new() }
    }

    /// An empty stack, whose children lie over one another, bottom to top.
    pub fn stack(name: impl Into<String>) -> Composition {
        Composition { item: Item::named(name), ..Composition::default() }
    }

    /// With one more child, behind those that are there, or over them.
    #[must_use]
    pub fn with(mut self, child: impl Into<Child>) -> Composition {
        self.children.push(child.into());
        self
    }

    /// With this part of it used, in its own time.
    #[must_use]
    pub fn range(mut self, source_range: RawTimeRange) -> Composition {
        self.item.source_range = Some(source_range);
        self
    }
}

/// A clip without media.
impl Default for Clip {
    fn default() -> Clip {
        Clip::new("", MediaReference::missing())
    }
}

impl Clip {
    /// A clip of all of `media`.
    pub fn new(name: impl Into<String>, media: MediaReference) -> Clip {
        Clip {
            item: Item::named(name),
            media_references: IndexMap::from([(Clip::DEFAULT_MEDIA_KEY.to_owned(), media)]),
            active_media_reference_key: Clip::DEFAULT_MEDIA_KEY.to_owned(),
        }
    }

    /// With this part of its media used, in the time of its `available_range`.
    #[must_use]
    pub fn range(mut self, source_range: RawTimeRange) -> Clip {
        self.item.source_range = Some(source_range);
        self
    }

    /// With one more effect, after those that are there.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Clip {
        self.item.effects.push(effect);
        self
    }

    /// With one more marker.
    #[must_use]
    pub fn marker(mut self, marker: Marker) -> Clip {
        self.item.markers.push(marker);
        self
    }
}

impl Gap {
    /// Nothing for `count` frames at `rate`.
    pub fn new(count: i64, rate: Rate) -> Gap {
        Gap { item: Item { source_range: Some(RawTimeRange::frames(0, count, rate)), ..Item::default() } }
    }
}

impl Transition {
    /// A dissolve that begins `before` frames in front of the cut and ends `after` frames behind it.
    pub fn dissolve(before: i64, after: i64, rate: Rate) -> Transition {
        Transition {
            name: String::new(),
            transition_type: "SMPTE_Dissolve".to_owned(),
            in_offset: RationalTime::new(before as f64, rate),
            out_offset: RationalTime::new(after as f64, rate),
            metadata: Map::new(),
            extra: Map::new(),
        }
    }
}

impl Effect {
    /// A constant speed: 2 is twice as fast, negative is reverse.
    pub fn speed(speed: f64) -> Effect {
        Effect::of("LinearTimeWarp", EffectKind::LinearTimeWarp { time_scalar: speed })
    }

    /// The first frame, held.
    pub fn freeze() -> Effect {
        Effect::of("FreezeFrame", EffectKind::FreezeFrame { time_scalar: 0.0 })
    }

    fn of(effect_name: &str, kind: EffectKind) -> Effect {
        let effect_name = effect_name.to_owned();
        Effect { name: String::new(), effect_name, kind, enabled: true, metadata: Map::new(), extra: Map::new() }
    }
}

/// A marker without a place.
impl Default for Marker {
    fn default() -> Marker {
        Marker {
            name: String::new(),
            color: String::new(),
            marked_range: None,
            comment: String::new(),
            metadata: Map::new(),
            extra: Map::new(),
        }
    }
}

impl MediaReference {
    /// A file at a path or a `file:` URL; relative ones start at [`Timeline::path`]'s folder.
    pub fn file(location: impl Into<String>) -> MediaReference {
        MediaReference::External { target_url: location.into(), common: MediaCommon::default() }
    }

    /// Numbered frames in `folder`, called `prefix`, the number with at least `padding` digits, and `suffix`; the first
    /// has the number `first`.
    pub fn sequence(
        folder: impl Into<String>,
        (prefix, padding, suffix): (&str, u32, &str),
        first: i64,
        rate: Rate,
    ) -> MediaReference {
        let mut target_url_base = folder.into();
        if !target_url_base.is_empty() && !target_url_base.ends_with('/') {
            target_url_base.push('/');
        }
        MediaReference::ImageSequence {
            target_url_base,
            name_prefix: prefix.to_owned(),
            name_suffix: suffix.to_owned(),
            start_frame: first,
            frame_step: 1,
            rate: rate.written(),
            frame_zero_padding: padding,
            missing_frame_policy: MissingFramePolicy::Error,
            common: MediaCommon::default(),
        }
    }

    /// With this whole range: where in source time its first frame lies, and how long it is. Nothing changes in references
    /// of schemas that are not known.
    #[must_use]
    pub fn available(mut self, range: RawTimeRange) -> MediaReference {
        match &mut self {
            MediaReference::External { common, .. }
            | MediaReference::ImageSequence { common, .. }
            | MediaReference::Generator { common, .. }
            | MediaReference::Missing { common } => common.available_range = Some(range),
            MediaReference::Unknown(_) => {}
        }
        self
    }
}

impl From<Clip> for Child {
    fn from(clip: Clip) -> Child {
        Child::Clip(Box::new(clip))
    }
}

impl From<Gap> for Child {
    fn from(gap: Gap) -> Child {
        Child::Gap(Box::new(gap))
    }
}

impl From<Transition> for Child {
    fn from(transition: Transition) -> Child {
        Child::Transition(Box::new(transition))
    }
}

impl From<Composition> for Child {
    fn from(composition: Composition) -> Child {
        Child::Composition(Box::new(composition))
    }
}
