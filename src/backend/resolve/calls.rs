//! Every call that may be made, with its argument forms: nothing else is sent to Resolve.
//!
//! The table is `calls.json`, so that it can be held against a description of the scripting interface.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

/// The table as it is written.
const TABLE: &str = include_str!("calls.json");

/// What may be called.
#[derive(Debug, Deserialize)]
pub(super) struct Calls {
    /// The keys that dictionaries given to a method may have, by the method's name.
    keys: BTreeMap<String, Vec<String>>,
    /// The version of Resolve that a method came with, by class and name; the others are in every version that is used.
    since: BTreeMap<String, String>,
    /// The forms of each method, by class and name.
    calls: BTreeMap<String, BTreeMap<String, Vec<CallForm>>>,
}

/// One way to call a method.
#[derive(Debug, Deserialize)]
pub(super) struct CallForm {
    /// What each argument is: `str`, `int`, `bool`, `dict`, `constant` (one of Resolve's, by name), a class, or one of these in brackets for a list.
    args: Vec<String>,
    /// What it gives.
    returns: String,
}

impl Calls {
    /// The table.
    pub(super) fn table() -> &'static Calls {
        static CALLS: OnceLock<Calls> = OnceLock::new();
        CALLS.get_or_init(|| {
            serde_json::from_str(TABLE).expect("calls.json is part of this crate, and checked by its tests")
        })
    }

    /// The names of all methods, of whatever class.
    pub(super) fn methods(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.calls.values().flat_map(|methods| methods.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What `class.method(arguments)` gives: a class's name, or a plain type.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when there is no such call.
    pub(super) fn returns(&self, class: &str, method: &str, arguments: &[Value]) -> Result<&str> {
        let forms = self.calls.get(class).and_then(|methods| methods.get(method)).map_or(&[][..], Vec::as_slice);
        let fits = |form: &&CallForm| {
            form.args.len() == arguments.len() && form.args.iter().zip(arguments).all(|(kind, value)| is(kind, value))
        };
        forms.iter().find(fits).map(|form| form.returns.as_str()).ok_or_else(|| {
            let what = format!("{class}.{method} cannot be called with {}", Value::from(arguments));
            Error::new(ErrorKind::Unsupported, what)
        })
    }

    /// The version of Resolve that `class.method` came with, where that is not the oldest that is used.
    pub(super) fn since(&self, class: &str, method: &str) -> Option<&str> {
        self.since.get(&format!("{class}.{method}")).map(String::as_str)
    }

    /// The keys that the dictionary for `method` may have.
    pub(super) fn keys(&self, method: &str) -> &[String] {
        self.keys.get(method).map_or(&[], Vec::as_slice)
    }
}

/// Whether `value` is of this kind.
fn is(kind: &str, value: &Value) -> bool {
    if let Some(kind) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return value.as_array().is_some_and(|list| list.iter().all(|item| is(kind, item)));
    }
    match kind {
        "str" => value.is_string(),
        "int" => value.is_i64(),
        "bool" => value.is_boolean(),
        "constant" => value.get("$constant").is_some(),
        "dict" => value.is_object(),
        _ => value.get("$object").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_in_the_table_can_be_called() {
        let calls = Calls::table();
        let returns = |class, method, arguments: Value| {
            calls.returns(class, method, arguments.as_array().expect("a list")).map_err(|error| error.kind())
        };
        assert_eq!(returns("Project", "AddRenderJob", json!([])), Ok("str"));
        assert_eq!(returns("Project", "StartRendering", json!([["a"], false])), Ok("bool"));
        assert_eq!(returns("Project", "SetCurrentTimeline", json!([{"$object": 3}])), Ok("bool"));
        assert_eq!(returns("MediaPool", "DeleteTimelines", json!([[{"$object": 3}]])), Ok("bool"));
        for (class, method, arguments) in [
            ("Project", "StartRendering", json!(["a", false])),
            ("Project", "StartRendering", json!([[1], false])),
            ("Project", "SetCurrentTimeline", json!([3])),
            ("Project", "GetRenderSettings", json!([])),
            ("Timeline", "AddRenderJob", json!([])),
            ("Nothing", "GetName", json!([])),
        ] {
            assert_eq!(returns(class, method, arguments), Err(ErrorKind::Unsupported), "{class}.{method}");
        }
    }
}
