//! Clips that are cut out of a movie of the whole cut. The movie shows the finished picture, so that what lies over and around
//! such a clip is in its frames already.

use super::context::Builder;
use crate::plan::mark::{cut_movie, is_baked};
use crate::plan::{Element, Layer, MediaSource, Span};
use crate::timeline::{Child, Clip, Composition, ROOT, child_path};

impl Builder<'_> {
    /// Notes which clips are cut out of such a movie.
    pub(super) fn find_from_movie(&mut self, root: &Composition) {
        for (index, child) in root.children.iter().enumerate() {
            let Child::Composition(track) = child else { continue };
            let path = child_path(ROOT, index);
            let clips = track.children.iter().enumerate();
            let marked = clips.filter(|(_, child)| matches!(child, Child::Clip(clip) if cut_movie(clip).is_some()));
            self.from_movie.extend(marked.map(|(index, _)| child_path(&path, index)));
        }
    }

    /// The movie's frame at record frame 0, where the clip at `path` is cut out of it.
    pub(super) fn movie_frame(&self, clip: &Clip, path: &str) -> Option<i64> {
        // What was delivered of it is counted by itself.
        cut_movie(clip).filter(|_| self.from_movie.contains(path) && !is_baked(clip))
    }

    /// Whether any clip of the track at `path` is cut out of such a movie.
    pub(super) fn holds_movie(&self, track: &Composition, path: &str) -> bool {
        let mut places = 0..track.children.len();
        !self.from_movie.is_empty() && places.any(|index| self.from_movie.contains(&child_path(path, index)))
    }

    /// Whether the movie shows a transition of the track at `path` already, which lies between these children of it. Where only
    /// one of them is cut out of it, that is said.
    pub(super) fn shows_transition(&mut self, track: &Composition, path: &str, sides: [Option<usize>; 2]) -> bool {
        let is_from_movie = |index: usize| self.from_movie.contains(&child_path(path, index));
        let (from_movie, others): (Vec<usize>, Vec<usize>) =
            sides.into_iter().flatten().partition(|&at| is_from_movie(at));
        let other = others.into_iter().find(|&at| !matches!(track.children[at], Child::Gap(_)));
        if let (Some(other), false) = (other, from_movie.is_empty()) {
            let message = "the transition to a clip that is cut out of the movie of the cut is not applied: the movie shows it, and \
                           this clip begins or ends with a cut";
            self.warn(&child_path(path, other), message.to_owned());
        }
        !from_movie.is_empty()
    }

    /// Makes `spans` show the movie alone: those of a shot whose own clip is cut out of it, `own`, everywhere, others where it is
    /// seen. What lay over it is named.
    pub(super) fn finish(&mut self, own: Option<&Layer>, spans: &mut Vec<Span>) {
        if self.from_movie.is_empty() {
            return;
        }
        let own = own.filter(|own| self.from_movie.contains(&own.object));
        let mut covered = Vec::new();
        let mut last: Option<Layer> = None;
        for span in &mut *spans {
            // Titles and the like are better in the movie than any card that stands for them.
            let is_made = |layer: &Layer| {
                let source = &self.media.media[layer.media].source;
                matches!(source, MediaSource::Generator { .. })
            };
            let seen = || {
                let visible = span.visible(&|layer, look| look.is_flat() && !layer.is_some_and(is_made));
                let mut layers = visible.into_iter().map(|visible| visible.layer);
                layers.find(|layer| self.from_movie.contains(&layer.object)).cloned()
            };
            let Some(movie) = own.cloned().or_else(seen) else { continue };
            let holds_it = |element: &Element| {
                let mut holds = false;
                element.for_each_layer(&mut |layer| holds |= layer.object == movie.object);
                holds
            };
            let above = span.stack.iter().rposition(holds_it).map_or(span.stack.len(), |place| place + 1);
            for element in &span.stack[above..] {
                element.for_each_layer(&mut |layer| {
                    if !self.from_movie.contains(&layer.object) && !covered.contains(&layer.object) {
                        covered.push(layer.object.clone());
                    }
                });
            }
            // The movie runs on through the clips that are cut out of it.
            let runs_on = |last: &Layer| last.media == movie.media && last.map == movie.map;
            let movie = last.take().filter(runs_on).unwrap_or(movie);
            span.stack = vec![Element::Layer(Box::new(movie.clone()))];
            last = Some(movie);
        }
        let shown = std::mem::take(spans);
        shown.into_iter().for_each(|span| super::spans::push_span(spans, span));
        for object in covered {
            let message = "it lies over a clip that is cut out of the movie of the cut, which shows it already: it is not laid over \
                           that again";
            self.warn(&object, message.to_owned());
        }
    }

    /// Whether `span` shows frames of such a movie alone.
    pub(super) fn is_finished(&self, span: &Span) -> bool {
        matches!(span.stack.as_slice(), [Element::Layer(layer)] if self.from_movie.contains(&layer.object))
    }
}
