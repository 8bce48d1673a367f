//! Names of files, taken apart.

use std::path::Path;

use crate::otio::{is_image, numbered_names, without_media_endings};

/// What parts of a name stand between.
pub(super) fn is_separator(letter: char) -> bool {
    matches!(letter, '_' | '-' | '.' | ' ')
}

/// The name of a file.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Folders and the name of a path in lower case, the last first.
pub(super) fn words(path: &Path) -> Vec<String> {
    let text = path.to_string_lossy().to_lowercase();
    text.rsplit(['/', '\\']).filter(|word| !word.is_empty() && *word != ".").map(str::to_owned).collect()
}

/// A file's name in lower case without its ending, and without the number of a frame or a pattern for it.
pub(super) fn stem(name: &str) -> String {
    let mut stem = without_media_endings(name);
    let ends_in_number = |stem: &str| stem.ends_with(|letter: char| letter.is_ascii_digit());
    if is_image(name) && name.rsplit_once('.').is_some_and(|(stem, _)| ends_in_number(stem)) {
        let bare = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
        // A number alone is a name.
        if bare.len() < stem.len() && !bare.trim_end_matches(is_separator).is_empty() {
            stem = bare;
        }
    }
    let trimmed = stem.trim_end_matches(is_separator);
    if trimmed.is_empty() { stem } else { trimmed }.to_lowercase()
}

/// The name of an image file whose last letters before the ending are a number: the run that it belongs to, and the number.
pub(super) fn numbered(name: &str) -> Option<(NumberedNames, i64)> {
    let read = numbered_names(name).into_iter().next()?;
    let (number, _) = read.range?;
    // Such as `.exr`, and nothing else.
    let is_last = read.suffix.rfind('.') == Some(0);
    is_last.then_some((NumberedNames { prefix: read.prefix, suffix: read.suffix, digits: read.padding }, number))
}

/// What names of a run of numbered frames have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NumberedNames {
    pub(super) prefix: String,
    pub(super) suffix: String,
    /// Of the number, zeros in front included.
    pub(super) digits: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_lose_endings_and_numbers() {
        let cases = [
            ("A001C003.mov", "a001c003"),
            ("sh010.1001.exr", "sh010"),
            ("sh010_v012.%04d.exr", "sh010_v012"),
            ("sh010_v012.mov", "sh010_v012"),
            ("1001.exr", "1001"),
            ("plate", "plate"),
            ("a.wav", "a"),
            ("v1.2", "v1.2"),
        ];
        for (name, wanted) in cases {
            assert_eq!(stem(name), wanted, "{name}");
        }
    }

    #[test]
    fn only_image_files_are_numbered() {
        let run = |name: &str| numbered(name).map(|(run, number)| (run.prefix, run.digits, number));
        assert_eq!(run("plate.1001.exr"), Some(("plate.".to_owned(), 4, 1001)));
        for name in ["sh010.mov", "A001.wav", "plate.1001.left.exr", "plate.exr", "plate.%04d.exr"] {
            assert_eq!(run(name), None, "{name}");
        }
    }

    #[test]
    fn words_are_those_of_any_system() {
        assert_eq!(words(Path::new("C:\\Show\\A.mov")), ["a.mov", "show", "c:"]);
        assert_eq!(words(Path::new("/x//y/./Z.mov")), ["z.mov", "y", "x"]);
    }
}
