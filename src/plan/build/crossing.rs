//! How the sounds of a track give way to one another: R9 for what is heard.

use crate::plan::{Crossfade, Gain};
use crate::time::{Time, TimeRange};
use crate::timeline::{Across, Placed, TrackLayout};

/// An item of a track while it is heard, in the track's own time.
#[derive(Debug, Clone)]
pub(super) struct AudibleItem {
    /// Its place in the track's layout.
    pub(super) place: usize,
    pub(super) range: TimeRange,
    /// What transitions do to it.
    pub(super) fades: Vec<Gain>,
}

impl AudibleItem {
    /// This and `next`, which follows on it, as one, where each may have the fades of both.
    fn join(&self, next: &AudibleItem) -> Option<AudibleItem> {
        let touch = self.place == next.place && self.range.end() == next.range.start;
        let unheard = |fade: &Gain, over: TimeRange| match fade {
            Gain::FadeIn { range, .. } => over.start >= range.end(),
            Gain::FadeOut { range, .. } => over.end() <= range.start,
            _ => false,
        };
        let mine = self.fades.iter().all(|fade| next.fades.contains(fade) || unheard(fade, next.range));
        let others: Vec<&Gain> = next.fades.iter().filter(|fade| !self.fades.contains(fade)).collect();
        let yours = others.iter().all(|fade| unheard(fade, self.range));
        (touch && mine && yours).then(|| AudibleItem {
            range: TimeRange::between(self.range.start, next.range.end()),
            fades: self.fades.iter().chain(others).cloned().collect(),
            place: self.place,
        })
    }
}

/// Which items of a track are heard when: the one that is on, and while `crossings` last, which lie in order, their
/// neighbours. (R9)
pub(super) fn parts(layout: &TrackLayout, crossings: &[Across], law: Crossfade) -> Vec<AudibleItem> {
    let items = layout.items();
    let ranges = items.iter().map(|item| item.range).chain(crossings.iter().map(|across| across.range));
    let mut edges: Vec<Time> = ranges.flat_map(|range| [range.start, range.end()]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut done, mut open): (Vec<AudibleItem>, Vec<AudibleItem>) = (Vec::new(), Vec::new());
    let (mut next, mut active): (usize, Vec<&Across>) = (0, Vec::new());
    for range in edges.windows(2).map(|pair| TimeRange::between(pair[0], pair[1])) {
        while let Some(across) = crossings.get(next).filter(|across| across.range.start <= range.start) {
            active.push(across);
            next += 1;
        }
        active.retain(|across| across.range.end() > range.start);
        let mut heard = Vec::new();
        let mut add =
            |place: Option<usize>, fades| heard.extend(place.map(|place| AudibleItem { place, range, fades }));
        match active.first() {
            None => add(on(items, range.start), Vec::new()),
            Some(first) => {
                let fade_in = |across: &Across| Gain::FadeIn { range: across.range, law };
                let fade_out = |across: &&Across| Gain::FadeOut { range: across.range, law };
                add(first.before, active.iter().map(fade_out).collect());
                // Where transitions overlap, the later one fades from what the earlier one leaves.
                for (index, across) in active.iter().enumerate() {
                    let later = active[index + 1..].iter().map(fade_out);
                    add(across.after, [fade_in(across)].into_iter().chain(later).collect());
                }
            }
        }
        for part in &mut heard {
            if let Some((index, joined)) = open.iter().enumerate().find_map(|(at, open)| Some((at, open.join(part)?))) {
                open.swap_remove(index);
                *part = joined;
            }
        }
        done.append(&mut open);
        open = heard;
    }
    done.append(&mut open);
    done
}

/// The place of the item that is on at `time`.
fn on(items: &[Placed], time: Time) -> Option<usize> {
    let place = items.partition_point(|item| item.range.end() <= time);
    items.get(place).filter(|item| item.range.start <= time).map(|_| place)
}
