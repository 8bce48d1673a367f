//! Every call that reaches Resolve is one of the table that is checked against the public stubs of its API.

use std::path::Path;

use otio_conflate::backend::resolve::{ResolveGrade, ResolveOptions, Scope, Solo, TimelineChoice};
use otio_conflate::plan::PlanOptions;
use serde_json::{Value, json};

use crate::support::Stage;

/// Whether an argument is of the form that the table gives: `str`, `[Timeline]`, `dict`.
fn fits(argument: &Value, form: &str) -> bool {
    if let Some(inner) = form.strip_prefix('[').and_then(|form| form.strip_suffix(']')) {
        return argument.as_array().is_some_and(|list| list.iter().all(|item| fits(item, inner)));
    }
    match form {
        "bool" => argument.is_boolean(),
        "int" => argument.is_i64(),
        "dict" => argument.is_object(),
        // As it comes to Resolve, a constant is a number.
        "constant" => argument.is_i64(),
        "str" => argument.as_str().is_some_and(|text| !text.starts_with('<')),
        kind => argument.as_str() == Some(&format!("<{kind}>")),
    }
}

#[test]
fn calls_are_those_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend/resolve/calls.json");
    let table: Value = serde_json::from_slice(&std::fs::read(path).expect("the table")).expect("JSON");
    let still = |stage: &Stage| {
        let still = stage.media.path("still.drx");
        std::fs::write(&still, r#"<still look="teal"/>"#).expect("a new file");
        ResolveGrade::Drx { path: still, mode: 0 }
    };
    let stage = Stage::usual(|_| ());
    let all = stage.with(|options| {
        options.command = ResolveOptions::default().command;
        options.timeline = TimelineChoice::Import;
        options.scope = Scope::PerShot;
        options.solo = Solo::Own;
        options.grade = still(&stage);
        options.settings = [("ExportAlpha".to_owned(), json!(false))].into();
    });
    let run = stage.try_run(all, stage.plan(&PlanOptions::default()), "prores-lt").expect("a run");
    assert!(run.report.succeeded());
    let calls = stage.fake.calls();
    assert!(calls.len() > 50, "{}", calls.len());
    for call in calls {
        let (kind, method) = (call["type"].as_str().expect("a class"), call["method"].as_str().expect("a method"));
        let arguments = call["arguments"].as_array().expect("arguments");
        let forms = table["calls"][kind][method].as_array().unwrap_or_else(|| panic!("{kind}.{method} is not there"));
        let fit = |form: &Value| {
            let form = form["args"].as_array().expect("forms of arguments");
            let pairs = || form.iter().zip(arguments);
            form.len() == arguments.len() && pairs().all(|(form, given)| fits(given, form.as_str().expect("a form")))
        };
        assert!(forms.iter().any(fit), "{call}");
        assert!(call.get("named").is_none(), "arguments go by place: {call}");
    }
}
