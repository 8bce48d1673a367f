//! Which shot of one cut is which of another.

use std::collections::HashMap;
use std::hash::Hash;

use super::subject::Subject;

/// How many pairs of shots that overlap are looked at in one medium.
const PAIRS: usize = 200_000;

/// The shot of the later cut that each of the earlier is, if it is there.
pub(super) fn partners(old: &[Subject<'_>], new: &[Subject<'_>]) -> Vec<Option<usize>> {
    let mut matching = Matching { old, new, partners: vec![None; old.len()], taken: vec![false; new.len()] };
    // The same frames under the same name, then under another one; first where the neighbours are the same, too.
    matching
        .equal(|subject| Some((subject.media.as_str(), subject.source, subject.frames(), subject.shot.clip.as_str())));
    matching.equal(|subject| Some((subject.media.as_str(), subject.source, subject.frames())));
    matching.overlapping(|subject| &subject.media);
    // Another version of the same medium, then what has name and place alone.
    matching
        .equal(|subject| Some((subject.family.as_str(), subject.source, subject.frames(), subject.shot.clip.as_str())));
    matching.equal(|subject| Some((subject.family.as_str(), subject.source, subject.frames())));
    matching.overlapping(|subject| &subject.family);
    matching.in_place();
    matching.partners
}

/// Which shots of the later cut lie elsewhere among those that are in both, or in another track.
pub(super) fn moved(old: &[Subject<'_>], new: &[Subject<'_>], partners: &[Option<usize>]) -> Vec<bool> {
    let mut pairs: Vec<(usize, usize)> =
        partners.iter().enumerate().filter_map(|(index, place)| Some((index, (*place)?))).collect();
    pairs.sort_by_key(|(index, _)| (old[*index].record.0, *index));
    // Ranks by record time: shots of several tracks need not be listed in its order.
    let mut by_time: Vec<usize> = pairs.iter().map(|(_, place)| *place).collect();
    by_time.sort_by_key(|place| (new[*place].record.0, *place));
    let rank: HashMap<usize, usize> = by_time.into_iter().enumerate().map(|(rank, place)| (place, rank)).collect();
    let order: Vec<usize> = pairs.iter().map(|(_, place)| rank[place]).collect();
    let stays = longest_rising(&order);
    let mut moved = vec![false; new.len()];
    for ((index, place), stays) in pairs.into_iter().zip(stays) {
        moved[place] = !stays || old[index].shot.track != new[place].shot.track;
    }
    moved
}

/// Which of `values`, all different, belong to a longest part that rises.
fn longest_rising(values: &[usize]) -> Vec<bool> {
    // The last place of the best part of each length so far, and what stands in front of each place in its part.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; values.len()];
    for (place, value) in values.iter().enumerate() {
        let length = ends.partition_point(|&end| values[end] < *value);
        before[place] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(place);
        } else {
            ends[length] = place;
        }
    }
    let mut chosen = vec![false; values.len()];
    let mut next = ends.last().copied();
    while let Some(place) = next {
        chosen[place] = true;
        next = before[place];
    }
    chosen
}

struct Matching<'m, 'p> {
    old: &'m [Subject<'p>],
    new: &'m [Subject<'p>],
    partners: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'m> Matching<'m, '_> {
    fn pair(&mut self, old: usize, new: usize) {
        self.partners[old] = Some(new);
        self.taken[new] = true;
    }

    fn groups<K: Hash + Eq>(&self, key: impl Fn(&'m Subject<'m>) -> Option<K>) -> Vec<(Vec<usize>, Vec<usize>)>
    where
        Self: 'm,
    {
        let (old, new): (&'m [Subject<'_>], &'m [Subject<'_>]) = (self.old, self.new);
        let mut places: HashMap<K, usize> = HashMap::new();
        let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (index, subject) in old.iter().enumerate().filter(|(index, _)| self.partners[*index].is_none()) {
            let Some(key) = key(subject) else { continue };
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Default::default());
            }
            groups[place].0.push(index);
        }
        for (index, subject) in new.iter().enumerate().filter(|(index, _)| !self.taken[*index]) {
            if let Some(&place) = key(subject).and_then(|key| places.get(&key)) {
                groups[place].1.push(index);
            }
        }
        groups.retain(|(_, new)| !new.is_empty());
        groups
    }

    /// Pairs shots whose key is equal.
    fn equal<K: Hash + Eq>(&mut self, key: impl Fn(&'m Subject<'m>) -> Option<K>) {
        for (old, new) in self.groups(key) {
            if old.len() == new.len() {
                old.iter().zip(&new).for_each(|(&old, &new)| self.pair(old, new));
                continue;
            }
            // Repeats, of which some are not there any more, or more are.
            let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
            for (rank, &index) in old.iter().enumerate() {
                for (place, &other) in new.iter().enumerate().take(PAIRS / old.len().max(1)) {
                    let apart = i64::try_from(rank.abs_diff(place)).unwrap_or(i64::MAX);
                    pairs.push((
                        apart.saturating_sub(self.neighbours(index, other).saturating_mul(1 << 32)),
                        index,
                        other,
                    ));
                }
            }
            self.best(pairs);
        }
    }

    /// Pairs shots of equal media of whose frames some are the same.
    fn overlapping(&mut self, medium: impl for<'s> Fn(&'s Subject<'_>) -> &'s String) {
        let groups = self.groups(|subject| (subject.hero.is_some()).then(|| medium(subject).as_str()));
        for (mut old, mut new) in groups {
            old.sort_by_key(|&index| self.old[index].shows());
            new.sort_by_key(|&index| self.new[index].shows());
            let mut pairs: Vec<(i64, usize, usize)> = Vec::new();
            let mut start = 0;
            for &index in &old {
                let (low, high) = self.old[index].shows();
                while start < new.len() && self.new[new[start]].shows().1 < low {
                    start += 1;
                }
                for &other in &new[start..] {
                    let (from, to) = self.new[other].shows();
                    if from > high || pairs.len() >= PAIRS {
                        break;
                    }
                    let shared = high.min(to) - low.max(from) + 1;
                    if shared > 0 {
                        let longer = (high - low + 1).max(to - from + 1);
                        let share = shared.saturating_mul(1000) / longer;
                        let named = i64::from(self.old[index].shot.clip == self.new[other].shot.clip) * 500;
                        let near = self.neighbours(index, other) * 200;
                        pairs.push((-(share + named + near), index, other));
                    }
                }
            }
            self.best(pairs);
        }
    }

    /// Pairs what is left by its name, where it lies between the same shots.
    fn in_place(&mut self) {
        let before_old = gaps(self.partners.iter().copied());
        let before_new = gaps(self.taken.iter().enumerate().map(|(place, taken)| taken.then_some(place)));
        let (mut old_at, mut new_at): (HashMap<(Option<usize>, &str), usize>, HashMap<_, _>) = Default::default();
        for (index, subject) in self.old.iter().enumerate().filter(|(index, _)| self.partners[*index].is_none()) {
            old_at.insert((before_old[index], subject.shot.clip.as_str()), index);
        }
        for (index, subject) in self.new.iter().enumerate().filter(|(index, _)| !self.taken[*index]) {
            new_at.insert((before_new[index], subject.shot.clip.as_str()), index);
        }
        let pairs: Vec<(usize, usize)> =
            old_at.into_iter().filter_map(|(key, old)| Some((old, *new_at.get(&key)?))).collect();
        pairs.into_iter().for_each(|(old, new)| self.pair(old, new));
    }

    /// Takes the pairs with the lowest rank first.
    fn best(&mut self, mut pairs: Vec<(i64, usize, usize)>) {
        pairs.sort_unstable();
        for (_, old, new) in pairs {
            if self.partners[old].is_none() && !self.taken[new] {
                self.pair(old, new);
            }
        }
    }

    /// How many of the two neighbours of both show the same media.
    fn neighbours(&self, old: usize, new: usize) -> i64 {
        let alike = |a: Option<&Subject<'_>>, b: Option<&Subject<'_>>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => a.media == b.media && (a.shot.clip == b.shot.clip || a.source == b.source),
            _ => false,
        };
        let before = |at: usize| at.checked_sub(1);
        let behind = alike(self.old.get(old + 1), self.new.get(new + 1));
        let front = alike(before(old).map(|at| &self.old[at]), before(new).map(|at| &self.new[at]));
        i64::from(behind) + i64::from(front)
    }
}

/// For each place, the last of `anchors` in front of it.
fn gaps(anchors: impl Iterator<Item = Option<usize>>) -> Vec<Option<usize>> {
    let mut last = None;
    anchors
        .map(|anchor| {
            let before = last;
            last = anchor.or(last);
            before
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rising_part_is_found() {
        for (values, longest) in [
            (vec![], 0),
            (vec![0], 1),
            (vec![0, 1, 2], 3),
            (vec![2, 1, 0], 1),
            (vec![3, 0, 1, 2], 3),
            (vec![1, 2, 3, 0], 3),
            (vec![4, 0, 5, 1, 2, 3], 4),
        ] {
            let chosen = longest_rising(&values);
            let part: Vec<usize> =
                values.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(value, _)| *value).collect();
            assert_eq!(part.len(), longest, "{values:?}");
            assert!(part.is_sorted());
        }
    }
}
