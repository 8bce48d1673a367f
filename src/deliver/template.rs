//! Text with `{fields}` in it.

use crate::error::{Error, ErrorKind, Result};

/// What the names of shots' own fields begin with.
pub(crate) const OWN: &str = "fields.";

/// Whether `text`, which is called `what` in messages, is not empty and has none but these fields and `fields.NAME` in it.
pub(super) fn check(what: &str, text: &str, fields: &[&str]) -> Result<()> {
    let bad = |why: String| Err(Error::new(ErrorKind::Option, format!("{what} {text:?}: {why}")));
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let Some(close) = rest[open..].find('}').filter(|_| rest[open..].starts_with('{')) else {
            return bad("unbalanced brace".to_owned());
        };
        let field = &rest[open + 1..open + close];
        let is_own = field.strip_prefix(OWN).is_some_and(|name| !name.trim().is_empty());
        if !is_own && !fields.contains(&field) {
            let known: Vec<String> =
                fields.iter().chain([&"fields.NAME"]).map(|field| format!("{{{field}}}")).collect();
            return bad(format!("unknown field {{{field}}}; expected one of {}", known.join(", ")));
        }
        rest = &rest[open + close + 1..];
    }
    if text.trim().is_empty() { bad("it is empty".to_owned()) } else { Ok(()) }
}

/// The names of shots' own fields in `text`.
pub(super) fn own_fields(text: &str) -> impl Iterator<Item = &str> {
    let fields = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    fields.filter_map(|(field, _)| field.strip_prefix(OWN))
}

/// `text` with `value(field)` in the place of each field.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(&value(field));
        rest = after;
    }
    filled + rest
}
