//! Names of files that every file system takes.

use std::path::{Component, Path};

/// Why `file` cannot be what a shot's files are called, if it cannot.
pub(super) fn wrong_file(file: &str) -> Option<String> {
    let is_wrong = |part: &str| part.trim().is_empty() || matches!(part.trim(), "." | "..");
    if file.contains('\\') || file.split('/').any(is_wrong) {
        let expected = "expected a path inside the output folder, with / and without extension";
        return Some(format!("invalid file {file:?}; {expected}"));
    }
    if is_reserved(file) {
        return Some(format!("invalid file {file:?}; that is a name of the run's own files, expected another"));
    }
    let safe: Vec<String> = file.split('/').map(safe).collect();
    let safe = safe.join("/");
    (safe != file)
        .then(|| format!("invalid file {file:?}; expected names that every file system takes, such as {safe:?}"))
}

/// Whether `path`, without extension, is that of a file in the output folder's root that is not for shots.
pub(crate) fn is_reserved(path: &str) -> bool {
    let text = path.to_lowercase();
    text == "manifest.json" || text == "conflated.otio"
}

/// A file name may have 255 bytes; what is left is for the extension, a frame number and the temporary prefix.
pub(crate) const LONGEST: usize = 180;

/// One path component that every usual file system takes and that means nothing to any of them.
pub(crate) fn safe(name: &str) -> String {
    let mut text: String = name
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            // Characters that turn the direction of text or have no width hide what a name says.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect();
    text = cut_to(text.trim(), LONGEST).to_owned();
    // Windows drops dots and spaces at the end; a dot in front hides a file.
    let end = text.trim_end_matches(['.', ' ']).len();
    text = text[..end].to_owned() + &"_".repeat(usize::from(end < text.len()));
    if text.starts_with(['.', '-', '~']) {
        text.replace_range(..1, "_");
    }
    let stem = text.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let device = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(|c: char| c.is_ascii_digit()));
    if device || text.is_empty() {
        text.insert(0, '_');
    }
    debug_assert!(Path::new(&text).components().all(|part| matches!(part, Component::Normal(_))), "{text:?}");
    text
}

/// The longest start of `text` with at most `bytes` bytes.
pub(crate) fn cut_to(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless_whatever_a_clip_is_called() {
        for (name, expected) in [
            ("sh010", "sh010"),
            ("../../etc/passwd", "_._.._etc_passwd"),
            ("..", "_"),
            (".", "_"),
            ("", "_"),
            ("a/b\\c:d", "a_b_c_d"),
            ("nul", "_nul"),
            ("COM1.mov", "_COM1.mov"),
            ("trailing. .", "trailing_"),
            ("-rf", "_rf"),
            ("line\nbreak\0", "line_break_"),
            ("Ünïcode 北京", "Ünïcode 北京"),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
        let long = safe(&"é".repeat(500));
        assert!(long.len() <= LONGEST && long.chars().all(|c| c == 'é'));
    }

    #[test]
    fn files_of_shots_are_called_what_was_asked_for_or_refused() {
        assert!(["sh010", "sq/sh010_v2", "a b", "x/manifest.json"].iter().all(|file| wrong_file(file).is_none()));
        for (file, why) in [
            ("", "inside the output folder"),
            ("/a", "inside the output folder"),
            ("a/", "inside the output folder"),
            ("a//b", "inside the output folder"),
            ("../a", "inside the output folder"),
            ("a/..", "inside the output folder"),
            (".", "inside the output folder"),
            ("a\\b", "inside the output folder"),
            ("a:b", "\"a_b\""),
            ("sq/ a", "\"sq/a\""),
            ("nul/a", "\"_nul/a\""),
            ("a.", "\"a_\""),
            (&"a".repeat(200), "every file system"),
            ("Manifest.json", "the run's own"),
            ("conflated.otio", "the run's own"),
        ] {
            assert!(wrong_file(file).is_some_and(|what| what.contains(why)), "{file:?}: {:?}", wrong_file(file));
        }
    }
}
