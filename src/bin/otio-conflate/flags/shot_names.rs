//! Names of shots in one value.

use std::collections::HashSet;

use clap::Args;
use otio_conflate::Plan;

/// Which shots are asked for.
#[derive(Args)]
pub(crate) struct OnlyArgs {
    /// Only these shots, called and numbered as in a run of all; several are separated by commas, or the flag is repeated
    #[arg(long, value_name = "NAME,...")]
    only: Vec<String>,
}

impl OnlyArgs {
    /// Names of shots of `plan`; `None` where all are asked for.
    pub(crate) fn names(&self, plan: &Plan) -> Option<Vec<String>> {
        (!self.only.is_empty()).then(|| shot_names(plan, &self.only))
    }
}

/// The names in `values`, each of which has one or several, separated by commas. Names of shots of `plan` may have commas in
/// them: at each place, the longest that names a shot is taken.
pub(crate) fn shot_names(plan: &Plan, values: &[String]) -> Vec<String> {
    let shots: HashSet<&str> = plan.shots.iter().map(|shot| shot.name.as_str()).collect();
    values.iter().flat_map(|value| split(value, &shots)).collect()
}

fn split(value: &str, shots: &HashSet<&str>) -> Vec<String> {
    // What is longer than any name needs no look.
    let most = shots.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut names = Vec::new();
    let mut rest = Some(value);
    while let Some(text) = rest {
        let ends = text.match_indices(',').map(|(at, _)| at);
        let near = ends.clone().chain([text.len()]).take_while(|&end| end <= most);
        let longest = near.filter(|&end| shots.contains(&text[..end])).last();
        let end = longest.or_else(|| ends.clone().next()).unwrap_or(text.len());
        names.push(text[..end].to_owned());
        rest = text.get(end + 1..);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_commas_are_found_before_values_are_split() {
        let shots = HashSet::from(["a", "b", "a,b", "x, y", ","]);
        let split = |value: &str| split(value, &shots);
        assert_eq!(split("a"), ["a"]);
        assert_eq!(split("b,a"), ["b", "a"]);
        assert_eq!(split("a,b"), ["a,b"]);
        assert_eq!(split("b,x, y,a,b,z"), ["b", "x, y", "a,b", "z"]);
        assert_eq!(split(","), [","]);
        assert_eq!(split("z,q,"), ["z", "q", ""]);
    }
}
