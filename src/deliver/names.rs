//! File names for shots: from a template, safe for every file system, unique, never outside the output folder.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::template;
use crate::error::{Error, Result};
use crate::plan::{LONGEST, Plan, Shot, cut_to, is_reserved, safe};

/// A template for the names of shots' files, without extension: text with `{shot}`, `{clip}`, `{track}`, `{timeline}`,
/// `{index}` (from 1, four digits), `{timecode}` and `{fields.NAME}` (the shot's own field of that name) in it. A `/` makes a
/// folder. Shots that have a [`file`](Shot::file) are called that.
///
/// ```
/// # use otio_conflate::time::Rate;
/// # use otio_conflate::timeline::{Clip, Composition, MediaReference, RawTimeRange};
/// # let media = MediaReference::file("/media/a.mov").available(RawTimeRange::frames(0, 240, Rate::FPS_24));
/// # let clip = |name: &str, first| Clip::new(name, media.clone()).range(RawTimeRange::frames(first, 48, Rate::FPS_24));
/// # let track = Composition::video("V1").with(clip("sh010", 100)).with(clip("sh020", 20));
/// # let timeline = otio_conflate::Timeline::new("reel 2").track(track);
///
/// use otio_conflate::deliver::NameTemplate;
/// use otio_conflate::{Plan, PlanOptions};
///
/// let plan = Plan::new(&timeline, &PlanOptions::default())?;
/// let template: NameTemplate = "{timeline}/{index}_{shot}".parse()?;
/// assert_eq!(template.names(&plan)[1], std::path::Path::new("reel 2/0002_sh020"));
/// # Ok::<(), otio_conflate::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameTemplate(String);

const FIELDS: [&str; 6] = ["shot", "clip", "track", "timeline", "index", "timecode"];

impl Default for NameTemplate {
    fn default() -> NameTemplate {
        NameTemplate("{shot}".to_owned())
    }
}

impl FromStr for NameTemplate {
    type Err = Error;
    fn from_str(text: &str) -> Result<NameTemplate> {
        NameTemplate::try_from(text.to_owned())
    }
}

impl TryFrom<String> for NameTemplate {
    type Error = Error;
    fn try_from(text: String) -> Result<NameTemplate> {
        template::check("name template", &text, &FIELDS)?;
        Ok(NameTemplate(text))
    }
}

impl std::fmt::Display for NameTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<NameTemplate> for String {
    fn from(template: NameTemplate) -> String {
        template.0
    }
}

impl NameTemplate {
    /// A relative path for every shot of `plan`, without extension: in order, each unique even where case does not
    /// count, none reserved.
    pub fn names(&self, plan: &Plan) -> Vec<PathBuf> {
        self.names_with(plan, &[]).into_iter().map(|(name, _)| name).collect()
    }

    /// The same, each with the paths of its representations of these names: the shot's, an underscore and the name.
    pub(crate) fn names_with(&self, plan: &Plan, representations: &[&str]) -> Vec<(PathBuf, Vec<PathBuf>)> {
        let mut taken = TakenNames::default();
        // What was asked for by name comes before what is made.
        let mut own: Vec<Option<PathBuf>> = plan.shots.iter().map(own_file).collect();
        own.iter_mut().flatten().for_each(|name| *name = taken.unique(std::mem::take(name)));
        let fill = |(index, shot)| self.fill(plan, shot, index);
        let made = plan.shots.iter().enumerate().map(fill).zip(own);
        let names: Vec<PathBuf> = made.map(|(made, own)| own.unwrap_or_else(|| taken.unique(made))).collect();
        let beside = |name: PathBuf| {
            let others = representations.iter().map(|other| taken.beside(&name, other)).collect();
            (name, others)
        };
        names.into_iter().map(beside).collect()
    }

    /// The names of shots' own fields in it.
    pub(super) fn own_fields(&self) -> impl Iterator<Item = &str> {
        template::own_fields(&self.0)
    }

    fn fill(&self, plan: &Plan, shot: &Shot, index: usize) -> PathBuf {
        let value = |field: &str| match field {
            "shot" => shot.name.clone(),
            "clip" => shot.clip.clone(),
            "track" => shot.track.clone(),
            "timeline" => plan.name.clone(),
            "index" => format!("{:04}", index + 1),
            own if own.starts_with(template::OWN) => {
                shot.fields.get(&own[template::OWN.len()..]).cloned().unwrap_or_default()
            }
            _ => plan.timecode(shot.start).to_string().replace([':', ';'], "-"),
        };
        // Only the template's own slashes make folders; a clip called ../../etc stays one name.
        let parts = self.0.split('/').map(|part| template::fill(part, value));
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).map(|part| safe(&part)).collect();
        if parts.is_empty() { PathBuf::from("shot") } else { parts.iter().collect() }
    }
}

/// What `shot` is called by its own.
fn own_file(shot: &Shot) -> Option<PathBuf> {
    Some(shot.file.as_deref()?.split('/').map(safe).collect())
}

/// Names for the representations of a file called `name`: that, an underscore and each one's own name, all different.
#[cfg(feature = "ffmpeg")]
pub(crate) fn beside(name: &str, representations: &[&str]) -> Vec<PathBuf> {
    let (name, mut taken) = (PathBuf::from(safe(name)), TakenNames::default());
    representations.iter().map(|other| taken.beside(&name, other)).collect()
}

/// Paths of the stems of a mix in the file `path`: its name, an underscore and each one's own, all different.
#[cfg(feature = "ffmpeg")]
pub(crate) fn stem_paths(path: &Path, stems: &[String]) -> Vec<PathBuf> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut taken = TakenNames { names: HashSet::from([name.to_lowercase()]), numbers: HashMap::new() };
    let file = |stem: &String| {
        let name = taken.unique(PathBuf::from(format!(
            "{}_{}",
            cut_to(&name, LONGEST / 2),
            cut_to(&safe(stem), LONGEST / 2 - 4)
        )));
        path.with_file_name(format!("{}.wav", name.display()))
    };
    stems.iter().map(file).collect()
}

/// The names given so far, in lower case, and with each that was taken when it was asked for the last number behind it.
#[derive(Default)]
struct TakenNames {
    names: HashSet<String>,
    numbers: HashMap<String, usize>,
}

impl TakenNames {
    /// A name for the representation `other` of what is called `name`.
    fn beside(&mut self, name: &Path, other: &str) -> PathBuf {
        self.unique(with_suffix(name, &format!("_{}", safe(other))))
    }

    /// `name`, or with a number behind it where that is taken or reserved.
    fn unique(&mut self, name: PathBuf) -> PathBuf {
        let lower = |name: &Path| name.to_string_lossy().to_lowercase();
        let mut candidate = name.clone();
        while is_reserved(&candidate.to_string_lossy()) || !self.names.insert(lower(&candidate)) {
            let number = self.numbers.entry(lower(&name)).or_insert(1);
            *number += 1;
            candidate = with_suffix(&name, &format!("_{number}"));
        }
        candidate
    }
}

fn with_suffix(name: &Path, suffix: &str) -> PathBuf {
    let file = name.file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    name.with_file_name(cut_to(&file, LONGEST.saturating_sub(suffix.len())).to_owned() + suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_know_their_fields() {
        assert!("{shot}_v001".parse::<NameTemplate>().is_ok());
        assert!("{track}/{shot}".parse::<NameTemplate>().is_ok());
        let error = "{frame}".parse::<NameTemplate>().expect_err("no such field").to_string();
        assert!(error.contains("{shot}, {clip}"), "{error:#}");
        for bad in ["", " ", "{shot", "shot}", "{}"] {
            assert!(bad.parse::<NameTemplate>().is_err(), "{bad:?}");
        }
    }
}
