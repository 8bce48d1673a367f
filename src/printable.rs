//! Text from files, made safe to print.

use std::borrow::Cow;

/// `text` with every character escaped that would act on a terminal or reorder a line instead of being seen: control
/// characters, ANSI escapes among them, line and paragraph separators, and Unicode's invisible formatting (bidirectional
/// overrides, zero-width spaces, byte order marks). A line feed becomes `\n`, U+202E becomes `\u{202e}`.
///
/// ```
/// use otio_conflate::printable;
///
/// assert_eq!(printable("sh010"), "sh010");
/// assert_eq!(printable("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match acts(character) {
            true => escaped.extend(character.escape_default()),
            false => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// `count` with `noun`, which takes an s where there is not one of it: `1 shot`, `2 shots`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Whether a character does something to a line of text instead of being seen in it.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// JSON text with the same characters written as JSON escapes, so that it means what it meant, and can be shown. Line feeds
/// and tabs between values stay.
///
/// ```
/// use otio_conflate::printable_json;
///
/// assert_eq!(printable_json("\"a\u{9b}b\"".to_owned()), r#""a\u009bb""#);
/// ```
pub fn printable_json(text: String) -> String {
    // Behind ASCII, JSON has characters in strings alone; in front of it, it escapes control characters itself.
    let has_to_go = |character: char| character > '\u{7e}' && acts(character);
    if !text.contains(has_to_go) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if has_to_go(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}
