//! A look at JSON before the library gets it, which has no limits of its own.

use crate::error::{Error, ErrorKind, Result};

/// Refuses `text` where arrays and objects are nested deeper than `max_depth`, and where a string holds a zero
/// character. Whether it is JSON at all is for its reader to say.
///
/// Returns how many integers there are that 63 bits and a sign cannot hold.
pub(super) fn check(text: &str, max_depth: usize) -> Result<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut at, mut in_string, mut long) = (0_usize, 0, false, 0);
    while let Some(&byte) = bytes.get(at) {
        match (in_string, byte) {
            // Behind this the library would take the text for ended.
            (_, 0) => return Err(Error::new(ErrorKind::Json, "there is a zero byte in the text")),
            (true, b'\\') => {
                if bytes[at + 1..].starts_with(b"u0000") {
                    return Err(Error::new(
                        ErrorKind::Schema,
                        "a string holds a zero character (\\u0000), where OpenTimelineIO would cut it",
                    ));
                }
                at += 1;
            }
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > max_depth {
                    return Err(Error::new(
                        ErrorKind::Schema,
                        format!("arrays and objects are nested more than {max_depth} deep"),
                    ));
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b'-' | b'0'..=b'9') => {
                let number = bytes[at..]
                    .iter()
                    .take_while(|byte| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'e' | b'E'));
                let number = &text[at..at + number.count()];
                if number.len() > 18 && !number.contains(['.', 'e', 'E']) && number.parse::<i64>().is_err() {
                    long += 1;
                }
                at += number.len() - 1;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        assert!(check(r#"[{"a": "[[[[\"[[["}, []]"#, 2).is_ok());
        assert_eq!(check("[[[]]]", 2).expect_err("too deep").kind(), ErrorKind::Schema);
        assert!(check("]]]][[", 2).is_ok());
    }

    #[test]
    fn zeros_are_refused_and_what_only_looks_like_one_is_not() {
        assert_eq!(check("[\0]", 9).expect_err("a zero byte").kind(), ErrorKind::Json);
        assert_eq!(check(r#"["a\u0000"]"#, 9).expect_err("a zero character").kind(), ErrorKind::Schema);
        assert!(check(r#"["a\\u0000"]"#, 9).is_ok());
        assert!(check(r#"["a\"#, 9).is_ok());
    }

    #[test]
    fn long_integers_are_counted() {
        let text = r#"[9223372036854775807, -9223372036854775808, 9223372036854775808, 1e30, "9223372036854775808",
            -9223372036854775809, 0.1234567890123456789012, 123456789012345678901234567890]"#;
        assert_eq!(check(text, 9).expect("shallow"), 3);
    }
}
