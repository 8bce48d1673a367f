//! Names of files, taken apart.

use std::path::Path;

use crate::otio::{is_image, without_media_endings};

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

/// The last number before the ending of a name: what stands before it, the number, its digits, and the rest.
pub(super) fn numbered(name: &str) -> Option<(String, i64, usize, String)> {
    let (stem, ending) = name.rsplit_once('.')?;
    let digits = stem.len() - stem.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    let (prefix, number) = stem.split_at(stem.len() - digits);
    Some((prefix.to_owned(), number.parse().ok()?, digits, format!(".{ending}")))
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
    fn words_are_those_of_any_system() {
        assert_eq!(words(Path::new("C:\\Show\\A.mov")), ["a.mov", "show", "c:"]);
        assert_eq!(words(Path::new("/x//y/./Z.mov")), ["z.mov", "y", "x"]);
    }
}
