//! Sentences about names that a configuration does not know: those that are near, and all there are.

use crate::error::{Error, ErrorKind};

/// How many names are listed.
const LISTED: usize = 100;
/// How many near ones are.
const NEAR: usize = 3;

/// The error that `config` has no `what` called `name`; `known` are all it has, with their aliases.
pub(crate) fn unknown(what: &str, name: &str, config: &str, known: &[(String, Vec<String>)]) -> Error {
    let mut message = format!("there is no {what} {name:?} in {config}");
    let near = near(name, known);
    if !near.is_empty() {
        message.push_str(&format!(". Near: {}", near.join(", ")));
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
    match names.len() {
        0 => message.push_str("; it has none"),
        count => {
            let more = count.saturating_sub(LISTED);
            let listed = names[..count - more].join(", ");
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            message.push_str(&format!(". There are {count}: {listed}{rest}"));
        }
    }
    Error::new(ErrorKind::Option, message)
}

/// The names that are most like `name`.
fn near<'k>(name: &str, known: &'k [(String, Vec<String>)]) -> Vec<&'k str> {
    let wanted = plain(name);
    let score = |(own, aliases): &(String, Vec<String>)| {
        let names = std::iter::once(own).chain(aliases);
        let of = |known: &String| {
            let known = plain(known);
            // How long it is beyond what begins alike does not matter much.
            let start: String = known.chars().take(wanted.chars().count()).collect();
            // One within the other is nearer than one that is as far and not.
            let inside = !known.is_empty() && (wanted.contains(&known) || known.contains(&wanted));
            2 * distance(&wanted, &known).min(distance(&wanted, &start) + 1) + usize::from(!inside)
        };
        names.map(of).min().unwrap_or(usize::MAX)
    };
    let mut scored: Vec<(usize, &str)> = known.iter().map(|known| (score(known), known.0.as_str())).collect();
    scored.sort_by_key(|(score, _)| *score);
    let most = wanted.chars().count().max(4) + 1;
    scored.into_iter().filter(|(score, _)| *score <= most).take(NEAR).map(|(_, name)| name).collect()
}

/// Letters and digits in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).take(200).collect()
}

/// How many letters have to be changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut line: Vec<usize> = (0..=b.len()).collect();
    for (row, letter) in a.chars().enumerate() {
        let mut corner = line[0];
        line[0] = row + 1;
        for column in 0..b.len() {
            let change = corner + usize::from(b[column] != letter);
            corner = line[column + 1];
            line[column + 1] = change.min(corner + 1).min(line[column] + 1);
        }
    }
    line[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first_and_all_are_listed() {
        let known: Vec<(String, Vec<String>)> = ["ACES2065-1", "ACEScct", "ACEScg", "Linear Rec.709 (sRGB)", "Raw"]
            .map(|name| (name.to_owned(), vec![]))
            .into();
        let text = unknown("colour space", "ACES - ACEScg", "c.ocio", &known).to_string();
        assert!(text.contains("no colour space \"ACES - ACEScg\" in c.ocio. Near: ACEScg, "), "{text}");
        assert!(text.contains("There are 5: ACES2065-1, ACEScct, "), "{text}");
        let text = unknown("look", "x", "c.ocio", &[]).to_string();
        assert!(text.ends_with("it has none"), "{text}");
        let many: Vec<_> = (0..250).map(|number| (format!("space {number}"), vec!["a".to_owned()])).collect();
        let text = unknown("colour space", "zzz", "c", &many).to_string();
        assert!(text.contains("space 99 and 150 more") && !text.contains("space 100,"), "{text}");
    }
}
