//! How a clip or a composition looks, on its way out of metadata.

use crate::look::{Animated, ColorNote, Crop, Look, Transform};
use crate::plan::Grade;
use crate::time::source_map::SourceMap;
use crate::timeline::{Item, Map};

/// A clip or a composition on its way to a [`Look`].
pub(super) struct LookReader<'r> {
    /// How many record frames it lasts.
    pub(super) frames: f64,
    /// Record frames since its first.
    pub(super) clock: &'r SourceMap,
    /// Where a clip's source frames lie.
    pub(super) map: Option<&'r SourceMap>,
    pub(super) look: Look,
    pub(super) color: Vec<ColorNote>,
    pub(super) grades: Vec<Grade>,
    pub(super) decisions: Vec<Grade>,
    pub(super) warnings: Vec<(Option<usize>, String)>,
    pub(super) item: &'r Item,
    /// What is known about a clip's media.
    pub(super) media: Option<&'r Map>,
}

/// What was read: the look, colour that is not applied, and sentences with the effects they are about.
#[derive(Default)]
pub(in crate::plan) struct LookRead {
    pub(in crate::plan) look: Look,
    pub(in crate::plan) color: Vec<ColorNote>,
    /// Colour decisions of effects, in order.
    pub(in crate::plan) grades: Vec<Grade>,
    /// Those of `cdl` in the metadata, which `color` has, too.
    pub(in crate::plan) decisions: Vec<Grade>,
    pub(in crate::plan) warnings: Vec<(Option<usize>, String)>,
}

impl<'r> LookReader<'r> {
    pub(super) fn new(
        item: &'r Item,
        media: Option<&'r Map>,
        frames: f64,
        clock: &'r SourceMap,
        map: Option<&'r SourceMap>,
    ) -> LookReader<'r> {
        let (look, color, warnings) = (Look::default(), Vec::new(), Vec::new());
        let (grades, decisions) = (Vec::new(), Vec::new());
        LookReader { frames, clock, map, look, color, grades, decisions, warnings, item, media }
    }
}

impl LookReader<'_> {
    pub(super) fn warn(&mut self, effect: Option<usize>, message: String) {
        self.warnings.push((effect, message));
    }

    /// An opacity of `whole` at most as a share.
    pub(super) fn opacity(&mut self, effect: Option<usize>, value: Animated, whole: f64) -> Animated {
        let outside = |value: f64| !(0.0..=whole).contains(&value);
        let any = match &value {
            Animated::Constant(value) => outside(*value),
            Animated::Keys(keys) => keys.iter().any(|(_, value)| outside(*value)),
        };
        if any {
            self.warn(effect, format!("an opacity outside 0 to {whole} is clamped"));
        }
        value.map(|value| (value / whole).clamp(0.0, 1.0))
    }

    pub(super) fn transform(&mut self) -> &mut Transform {
        self.look.transform.get_or_insert_default()
    }

    pub(super) fn crop(&mut self) -> &mut Crop {
        self.look.crop.get_or_insert_default()
    }

    /// What has been read.
    pub(super) fn done(mut self) -> LookRead {
        if self.look.is_animated() {
            self.look.clock = Some(Box::new(self.clock.clone()));
        }
        let LookReader { look, color, grades, decisions, warnings, .. } = self;
        LookRead { look, color, grades, decisions, warnings }
    }
}
