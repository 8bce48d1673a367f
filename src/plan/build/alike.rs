//! Which compositions hold the same, and what they have shown so far. Files write nested compositions whole at every use, so
//! they are told by what they hold.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::layout::Lane;
use crate::plan::warning::Said;
use crate::timeline::{Child, Composition};

/// What is known about compositions that hold the same.
#[derive(Debug, Default)]
pub(super) struct CompositionReuse<'t> {
    /// The nested compositions that may hold the same, since they look alike at a glance.
    alike: HashMap<Glance<'t>, Vec<&'t Composition>>,
    /// The address of each composition that was compared, to that of the first that holds the same.
    same: HashMap<usize, usize>,
    /// What the first of them has shown so far, in its own time, by the name of the track around it and whether
    /// transitions count.
    pub(super) lanes: HashMap<(usize, String, bool), SharedPlan>,
}

/// With how many that look alike and differ a composition is compared.
const COMPARED: usize = 8;

/// How many children there are, and what the first is called.
type Glance<'t> = (usize, &'t str);

fn glance(composition: &Composition) -> Glance<'_> {
    (composition.children.len(), composition.children.first().map_or("", Child::name))
}

#[derive(Debug)]
pub(super) enum SharedPlan {
    /// So many frames have been asked for, and planned each time.
    Asked(i64),
    Planned(Rc<Planned>),
}

/// A composition in its own time, planned as if it lay at `path`.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) path: String,
    pub(super) lane: Lane,
    pub(super) said: Vec<(Range<i64>, Said)>,
}

/// What is said while a composition is planned for all its uses: each use repeats what concerns the frames it shows.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The frames of the object at hand.
    pub(super) seen: Range<i64>,
    pub(super) said: Vec<(Range<i64>, Said)>,
}

/// Tells compositions of one timeline apart.
pub(super) fn address(composition: &Composition) -> usize {
    std::ptr::from_ref(composition).addr()
}

impl<'t> CompositionReuse<'t> {
    /// Looks at every composition nested in the tracks of `root`.
    pub(super) fn new(root: &'t Composition) -> CompositionReuse<'t> {
        let mut reuse = CompositionReuse::default();
        for track in nested(root) {
            nested(track).for_each(|inner| reuse.look_at(inner));
        }
        reuse.alike.retain(|_, alike| alike.len() > 1);
        reuse
    }

    fn look_at(&mut self, composition: &'t Composition) {
        self.alike.entry(glance(composition)).or_default().push(composition);
        nested(composition).for_each(|inner| self.look_at(inner));
    }

    /// A number that `composition` shares with those that hold the same, whatever their own ranges and effects; `None`
    /// where none looks alike.
    pub(super) fn identity(&mut self, composition: &Composition) -> Option<usize> {
        let own = address(composition);
        if let Some(known) = self.same.get(&own) {
            return Some(*known);
        }
        let alike = self.alike.get(&glance(composition))?;
        let is_first = |other: &&&Composition| self.same.get(&address(other)) == Some(&address(other));
        let holds_the_same =
            |other: &&&Composition| other.kind == composition.kind && other.children == composition.children;
        let first = alike.iter().filter(is_first).take(COMPARED).find(holds_the_same);
        let first = first.map_or(own, |other| address(other));
        self.same.insert(own, first);
        Some(first)
    }
}

fn nested(composition: &Composition) -> impl Iterator<Item = &Composition> {
    composition.children.iter().filter_map(|child| match child {
        Child::Composition(inner) => Some(inner.as_ref()),
        _ => None,
    })
}
