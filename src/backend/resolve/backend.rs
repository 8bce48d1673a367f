//! The backend as it is set up: how Resolve is reached, what is rendered there, and which shots.

use super::options::ResolveOptions;
use crate::deliver::Delivery;
use crate::plan::Plan;

/// Renders through DaVinci Resolve Studio: graded.
#[derive(Debug, Clone, Default)]
pub struct ResolveBackend {
    options: ResolveOptions,
    only: Option<Vec<String>>,
    /// What a run delivers, as far as it is known: by it, a render can be collected when the run is killed.
    pub(crate) whole: Option<WholeRun>,
}

/// A run as a whole.
#[derive(Debug, Clone)]
pub(crate) struct WholeRun {
    /// The plan, with the shots that are not asked for.
    pub(crate) plan: Plan,
    pub(crate) delivery: Delivery,
}

impl ResolveBackend {
    /// A backend that does as `options` say.
    pub fn new(options: ResolveOptions) -> ResolveBackend {
        ResolveBackend { options, only: None, whole: None }
    }

    /// Renders only the shots of these names in [`ResolveBackend::run_each`] and what is handed in, as
    /// [`Conflation::only`](crate::Conflation::only) does in a run.
    #[must_use]
    pub fn only(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> ResolveBackend {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The names of the shots that are rendered, where these are not all.
    pub(crate) fn wanted(&self) -> Option<&[String]> {
        self.only.as_deref()
    }

    /// How it reaches Resolve, and what it renders there.
    pub fn options(&self) -> &ResolveOptions {
        &self.options
    }
}
