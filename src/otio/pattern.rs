//! Names of numbered files: patterns such as `sh.%04d.exr`, and the number in the name of one of them.

use crate::time::FrameName;

/// Endings of image files, which come one a frame.
const IMAGES: &[&str] = &[
    "apng", "ari", "arx", "avif", "bmp", "cin", "cr2", "cr3", "crw", "dds", "dib", "dng", "dpx", "exr", "gif", "hdr",
    "heic", "heif", "iff", "j2c", "j2k", "jp2", "jpe", "jpeg", "jpf", "jpg", "jls", "jxl", "nef", "pam", "pbm", "pcx",
    "pgm", "pic", "png", "pnm", "ppm", "psb", "psd", "rgb", "rgba", "sgi", "sxr", "tga", "tif", "tiff", "tx", "webp",
];

/// Endings of files of moving pictures and of sound.
const MOVIES: &[&str] = &[
    "3gp", "aac", "aif", "aifc", "aiff", "asf", "avi", "bwf", "caf", "cine", "crm", "dv", "f4v", "flac", "flv", "gxf",
    "insv", "ivf", "lrv", "lxf", "m2t", "m2ts", "m2v", "m4a", "m4v", "mj2", "mjpeg", "mka", "mkv", "mov", "mp2", "mp3",
    "mp4", "mpeg", "mpg", "mpv", "mts", "mxf", "nut", "oga", "ogg", "ogv", "opus", "qt", "r3d", "braw", "rf64", "rmf",
    "ts", "vob", "w64", "wav", "wave", "webm", "wma", "wmv", "y4m",
];

/// More digits than any frame number is padded to.
const MOST_DIGITS: u32 = 18;

/// A name with a number in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbered {
    pub(crate) prefix: String,
    pub(crate) suffix: String,
    /// How many digits the number has at least.
    pub(crate) padding: u32,
    /// The first and the last number, where the name says them.
    pub(crate) range: Option<(i64, i64)>,
    /// How many numbers lie from one frame to the next.
    pub(crate) step: i64,
}

/// The ending of a name in lower case, without the dot.
fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty()).then(|| ending.to_ascii_lowercase())
}

/// Whether a name ends as those of image files do.
pub(crate) fn is_image(name: &str) -> bool {
    ending(name).is_some_and(|ending| IMAGES.contains(&ending.as_str()))
}

/// Whether a name ends as those of files of moving pictures and of sound do.
pub(crate) fn is_movie(name: &str) -> bool {
    ending(name).is_some_and(|ending| MOVIES.contains(&ending.as_str()))
}

/// `name` without the endings of media files at its end, and without the pattern of a numbered sequence in front of
/// them. What is no known ending stays: `v1.2`.
pub(crate) fn without_media_endings(name: &str) -> &str {
    let mut rest = name.trim_end();
    while is_image(rest) || is_movie(rest) {
        rest = rest.rsplit_once('.').map_or(rest, |(stem, _)| stem);
    }
    // Patterns are told by the ending behind them.
    if let Some(pattern) = pattern(name.trim_end()) {
        let stem = pattern.prefix.trim_end_matches(['.', '_', '-', ' ']).len();
        rest = &rest[..stem.min(rest.len())];
    }
    if rest.trim().is_empty() { name } else { rest }
}

/// Reads the name of a file in which a pattern stands for the number: `%04d`, `{:04d}`, `[1001-1040]`, `$F4`,
/// `1001-1040#`, `####`, `@@@@`. `None` where there is none, or the file is a movie by its ending.
pub(super) fn pattern(name: &str) -> Option<Numbered> {
    if is_movie(name) {
        return None;
    }
    let strong = [printf, curly, bracket, houdini].into_iter().find_map(|read| find(name, read));
    // One character is no proof: it needs the ending of an image.
    strong.or_else(|| is_image(name).then(|| find(name, signs)).flatten())
}

/// What a pattern says: how many bytes it takes, digits, first and last number, step.
type PatternRead = (usize, u32, Option<(i64, i64)>, i64);

/// The last place in `name` that `read` knows as a pattern.
fn find(name: &str, read: impl Fn(&str, &str) -> Option<PatternRead>) -> Option<Numbered> {
    name.char_indices().rev().find_map(|(place, _)| {
        let (before, rest) = name.split_at(place);
        let (length, padding, range, step) = read(rest, before)?;
        let suffix = rest[length..].to_owned();
        (padding <= MOST_DIGITS).then(|| Numbered { prefix: before.to_owned(), suffix, padding, range, step })
    })
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn printf(text: &str, _: &str) -> Option<PatternRead> {
    let rest = text.strip_prefix('%')?;
    let count = digits(rest);
    let width = &rest[..count];
    // `%4d` is an encoded letter or pads with spaces, `%2504d` is an encoded `%04d`.
    let padding = if width.is_empty() { 0 } else { width.strip_prefix('0')?.parse().ok()? };
    (rest[count..].starts_with('d') && count <= 3).then_some((count + 2, padding, None, 1))
}

fn curly(text: &str, _: &str) -> Option<PatternRead> {
    let end = text.strip_prefix('{')?.find('}')?;
    let (_, format) = text[1..=end].split_once(':').unwrap_or(("", ""));
    let width = format.strip_suffix('d').unwrap_or(format);
    let padding = match width {
        "" => 0,
        width if digits(width) == width.len() => width.strip_prefix('0')?.parse().ok()?,
        _ => return None,
    };
    let field = &text[1..1 + text[1..].find([':', '}'])?];
    let is_field =
        field.is_empty() || field.bytes().all(|byte| byte.is_ascii_digit()) || field == "frame" || field == "n";
    (is_field && (text[1..=end].contains(':') || end == 0 || field == "frame")).then_some((end + 2, padding, None, 1))
}

/// A whole number with its sign, and how many digits it is padded to.
fn number(text: &str) -> Option<(usize, i64, u32)> {
    let sign = usize::from(text.starts_with('-'));
    let count = digits(&text[sign..]);
    let value = text[..sign + count].parse().ok()?;
    Some((sign + count, value, u32::try_from(count).ok()?))
}

/// `1001-1040`, with a step `x2` behind it: how many bytes, how many digits, the first number, the step.
fn range(text: &str) -> Option<PatternRead> {
    let (length, first, padding) = number(text)?;
    let rest = text[length..].strip_prefix('-')?;
    let (last_length, last, _) = number(rest)?;
    let mut end = length + 1 + last_length;
    let mut step = 1;
    if let Some(by) = text[end..].strip_prefix('x') {
        let count = digits(by);
        step = by[..count].parse().ok().filter(|step| *step > 0)?;
        end += 1 + count;
    }
    (first <= last).then_some((end, padding, Some((first, last)), step))
}

fn bracket(text: &str, _: &str) -> Option<PatternRead> {
    let (length, padding, first, step) = range(text.strip_prefix('[')?)?;
    text[1 + length..].starts_with(']').then_some((length + 2, padding, first, step))
}

fn houdini(text: &str, _: &str) -> Option<PatternRead> {
    let (rest, close) = match text.strip_prefix("${F") {
        Some(rest) => (rest, "}"),
        None => (text.strip_prefix("$F")?, ""),
    };
    let count = digits(rest);
    let padding = if count == 0 { 0 } else { rest[..count].parse().ok()? };
    let behind = &rest[count..];
    // A letter behind it makes it another variable: `$FF`.
    let ends = behind.strip_prefix(close)?.chars().next().is_none_or(|next| !next.is_ascii_alphanumeric());
    ends.then_some((text.len() - behind.len() + close.len(), padding, None, 1))
}

/// Runs of `#` or `@`, and a range in front of them as RV writes it: `1001-1040####`.
fn signs(text: &str, before: &str) -> Option<PatternRead> {
    if let Some((length, _, first, step)) = range(text) {
        let preceded = before.ends_with(|last: char| last.is_ascii_digit() || last == '-');
        let run = signs_run(&text[length..])?;
        return (!preceded).then_some((length + run.0, run.1, first, step));
    }
    let run = signs_run(text)?;
    let inside = before.ends_with(text.chars().next()?);
    // The range in front is read from its own start.
    let of_range = before.ends_with(|last: char| last.is_ascii_digit()) && range_before(before);
    (!inside && !of_range).then_some((run.0, run.1, None, 1))
}

fn signs_run(text: &str) -> Option<(usize, u32)> {
    let sign = text.chars().next().filter(|sign| matches!(sign, '#' | '@'))?;
    let count = text.chars().take_while(|next| *next == sign).count();
    // A single `#` stands for four digits, as in RV and most of its kin.
    let padding = if sign == '#' && count == 1 { 4 } else { u32::try_from(count).ok()? };
    Some((count, padding))
}

fn range_before(before: &str) -> bool {
    let start = before.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, '-' | 'x')).len();
    range(&before[start..]).is_some_and(|(length, ..)| start + length == before.len())
}

/// Every reading of the name of an image file as that of one numbered frame, the last number first.
pub(crate) fn frames(name: &str) -> Vec<Numbered> {
    let Some((stem, _)) = name.rsplit_once('.').filter(|_| is_image(name)) else { return Vec::new() };
    let bytes = stem.as_bytes();
    let mut found = Vec::new();
    let mut end = bytes.len();
    while let Some(last) = bytes[..end].iter().rposition(u8::is_ascii_digit) {
        let start = bytes[..last].iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |place| place + 1);
        // A minus is a sign where nothing but a separator is in front of it.
        let is_sign = start > 0
            && bytes[start - 1] == b'-'
            && (start == 1 || matches!(bytes[start - 2], b'.' | b'_' | b'-' | b' '));
        let from = if is_sign { start - 1 } else { start };
        if let (Ok(number), Ok(padding)) = (stem[from..=last].parse(), u32::try_from(last + 1 - start))
            && padding <= MOST_DIGITS
        {
            found.push(Numbered {
                prefix: name[..from].to_owned(),
                suffix: name[last + 1..].to_owned(),
                padding,
                range: Some((number, number)),
                step: 1,
            });
        }
        end = start;
    }
    found
}

/// The number in `name`, if it is one of the files of the sequence.
pub(super) fn number_in(name: &str, of: &Numbered) -> Option<i64> {
    FrameName { prefix: &of.prefix, suffix: &of.suffix, padding: of.padding as usize }.number(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<(String, String, u32, Option<i64>, i64)> {
        pattern(name)
            .map(|found| (found.prefix, found.suffix, found.padding, found.range.map(|range| range.0), found.step))
    }

    #[test]
    fn patterns_of_every_kind_are_read() {
        for (name, padding, first, step) in [
            ("sh.%04d.exr", 4, None, 1),
            ("sh.%d.exr", 0, None, 1),
            ("sh.####.exr", 4, None, 1),
            ("sh.#.exr", 4, None, 1),
            ("sh.@@@@.exr", 4, None, 1),
            ("sh.@.exr", 1, None, 1),
            ("sh.$F4.exr", 4, None, 1),
            ("sh.$F.exr", 0, None, 1),
            ("sh.${F4}.exr", 4, None, 1),
            ("sh.{:04d}.exr", 4, None, 1),
            ("sh.{0:04d}.exr", 4, None, 1),
            ("sh.{frame:05d}.exr", 5, None, 1),
            ("sh.{}.exr", 0, None, 1),
            ("sh.[1001-1040].exr", 4, Some(1001), 1),
            ("sh.[0001-0040x2].exr", 4, Some(1), 2),
            ("sh.[-010-020].exr", 3, Some(-10), 1),
            ("sh.1001-1040####.exr", 4, Some(1001), 1),
            ("sh.1001-1040#.exr", 4, Some(1001), 1),
        ] {
            assert_eq!(read(name), Some(("sh.".to_owned(), ".exr".to_owned(), padding, first, step)), "{name}");
        }
        let two = read("a#1_v02.%04d.dpx").expect("a pattern");
        assert_eq!((two.0.as_str(), two.1.as_str()), ("a#1_v02.", ".dpx"));
    }

    #[test]
    fn what_is_no_pattern_is_none() {
        let none = [
            "sh.exr",
            "a#1.mov",
            "me@home.mp4",
            "50%.exr",
            "a%20b.exr",
            "a[1].exr",
            "a[b-c].exr",
            "{x}.exr",
            "%2504d.exr",
            "%4d.exr",
            "$FF.exr",
            "a#1",
            "[10-1].exr",
            "sh.%04d.mov",
        ];
        for name in none {
            assert_eq!(read(name), None, "{name}");
        }
    }

    #[test]
    fn the_numbers_in_a_name_are_read_from_the_end() {
        let numbers = |name: &str| {
            let read = frames(name).into_iter();
            read.map(|found| (found.prefix, found.range.expect("a number").0, found.padding)).collect::<Vec<_>>()
        };
        assert_eq!(numbers("sh.1001.exr"), [("sh.".to_owned(), 1001, 4)]);
        assert_eq!(numbers("s2_v03.-005.exr")[0], ("s2_v03.".to_owned(), -5, 3));
        assert_eq!(numbers("s2_v03.-005.exr").len(), 3);
        assert_eq!(numbers("sh-12.exr")[0], ("sh-".to_owned(), 12, 2));
        assert_eq!(numbers("0001_a.png")[0], (String::new(), 1, 4));
        assert!(numbers("sh.1001.mov").is_empty() && numbers("a.exr").is_empty());
    }

    #[test]
    fn media_endings_and_patterns_are_no_part_of_a_name() {
        for (name, bare) in [
            ("A003C007.mov", "A003C007"),
            ("A003C007.mov.mov", "A003C007"),
            ("A003C007.MXF", "A003C007"),
            ("v1.2", "v1.2"),
            ("sh010 v1.2.mov", "sh010 v1.2"),
            ("sh.%04d.exr", "sh"),
            ("sh_####.dpx", "sh"),
            ("sh.[1001-1040].exr", "sh"),
            ("sh.1001.exr", "sh.1001"),
            (".mov", ".mov"),
            ("####.exr", "####.exr"),
            ("", ""),
        ] {
            assert_eq!(without_media_endings(name), bare, "{name}");
        }
    }
}
