//! Some shots of a plan: those that are asked for by name.

use std::borrow::Cow;
use std::collections::HashSet;

use super::model::Plan;
use crate::error::{Error, ErrorKind, Result};

impl Plan {
    /// The plan with the shots called `only`, if these are given.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for names of shots that there are not.
    pub(crate) fn part(&self, only: Option<&[String]>) -> Result<Cow<'_, Plan>> {
        let Some(only) = only else { return Ok(Cow::Borrowed(self)) };
        let known: HashSet<&str> = self.shots.iter().map(|shot| shot.name.as_str()).collect();
        let unknown: Vec<String> =
            only.iter().filter(|name| !known.contains(name.as_str())).map(|name| format!("{name:?}")).collect();
        if !unknown.is_empty() || only.is_empty() {
            let names: Vec<&str> = self.shots.iter().map(|shot| shot.name.as_str()).collect();
            let what = if unknown.is_empty() {
                "no shot is asked for".to_owned()
            } else {
                format!("no shot is called {}", unknown.join(", "))
            };
            let message = format!("{what}; expected names among {}", names.join(", "));
            return Err(Error::new(ErrorKind::Option, message));
        }
        let mut part = self.clone();
        part.shots.retain(|shot| only.contains(&shot.name));
        Ok(Cow::Owned(part))
    }
}
