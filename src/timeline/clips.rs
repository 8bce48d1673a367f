//! Every clip of a timeline, wherever it lies, and what paths lead to objects.

use super::{Child, Clip, Composition, Timeline};

/// The path of the root stack.
pub(crate) const ROOT: &str = "tracks";

/// The path of child number `index` of the composition at `path`: children of the root stack are called `tracks[0]`, those
/// below `….children[0]`.
pub(crate) fn child_path(path: &str, index: usize) -> String {
    if path == ROOT { format!("tracks[{index}]") } else { format!("{path}.children[{index}]") }
}

/// The path of an object by the numbers of its ancestors and its own, from the root stack on.
pub(crate) fn object_path(numbers: &[usize]) -> String {
    numbers.iter().fold(ROOT.to_owned(), |path, &index| child_path(&path, index))
}

impl Timeline {
    /// Every clip, nested ones among them, with its path such as `tracks[0].children[2]`, in the order of the file.
    pub fn clips(&self) -> Vec<(String, &Clip)> {
        let mut found = Vec::new();
        clips(&self.tracks, ROOT, &mut found);
        found
    }

    /// Every clip, nested ones among them, in the order of the file: to change them.
    pub fn clips_mut(&mut self) -> Vec<&mut Clip> {
        let mut found = Vec::new();
        clips_mut(&mut self.tracks, &mut found);
        found
    }

    /// The object at `path`, such as `tracks[0].children[2]`: what warnings, errors and shots name. `None` where there is
    /// none, and for the root stack, `tracks`.
    pub fn child(&self, path: &str) -> Option<&Child> {
        let rest = path.strip_prefix("tracks")?;
        let mut children = &self.tracks.children;
        let mut found = None;
        for part in rest.trim_start_matches('[').split("].children[") {
            let child = children.get(part.trim_end_matches(']').parse::<usize>().ok()?)?;
            found = Some(child);
            children = match child {
                Child::Composition(composition) => &composition.children,
                _ => const { &Vec::new() },
            };
        }
        found
    }
}

fn clips<'t>(composition: &'t Composition, path: &str, found: &mut Vec<(String, &'t Clip)>) {
    for (index, child) in composition.children.iter().enumerate() {
        let path = child_path(path, index);
        match child {
            Child::Clip(clip) => found.push((path, clip)),
            Child::Composition(composition) => clips(composition, &path, found),
            _ => {}
        }
    }
}

fn clips_mut<'t>(composition: &'t mut Composition, found: &mut Vec<&'t mut Clip>) {
    for child in &mut composition.children {
        match child {
            Child::Clip(clip) => found.push(clip),
            Child::Composition(composition) => clips_mut(composition, found),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Gap, MediaReference};
    use super::*;
    use crate::time::Rate;

    #[test]
    fn every_clip_is_found_under_the_path_that_leads_to_it() {
        let clip = |name| Clip::new(name, MediaReference::missing());
        let nest = Composition::stack("nest").with(Composition::video("inner").with(clip("b")).with(clip("c")));
        let track = Composition::video("V1").with(clip("a")).with(Gap::new(3, Rate::FPS_24)).with(nest);
        let mut cut = Timeline::new("cut").track(track).track(Composition::video("V2").with(clip("d")));
        let found: Vec<(String, String)> =
            cut.clips().into_iter().map(|(path, clip)| (path, clip.item.name.clone())).collect();
        let paths = ["tracks[0].children[0]", "tracks[0].children[2].children[0].children[0]"];
        assert_eq!((found.len(), found[0].0.as_str(), found[1].0.as_str()), (4, paths[0], paths[1]));
        for (path, name) in &found {
            assert_eq!(cut.child(path).map(Child::name), Some(name.as_str()));
        }
        assert!(
            ["tracks", "tracks[7]", "tracks[0].children[1].children[0]", "x[0]"]
                .iter()
                .all(|path| cut.child(path).is_none())
        );
        cut.clips_mut().into_iter().for_each(|clip| clip.item.name.push('!'));
        assert_eq!(cut.clips().iter().map(|(_, clip)| clip.item.name.as_str()).collect::<String>(), "a!b!c!d!");
    }
}
