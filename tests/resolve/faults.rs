//! What goes wrong with Resolve: each fault is told as what it is, Resolve is as it was, and nothing is left behind.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use otio_conflate::backend::resolve::{Grade, ResolveBackend, ResolveOptions, Scope, Solo, TimelineChoice};
use otio_conflate::plan::{PlanOptions, Shot};
use otio_conflate::{
    CancelToken, Conflation, Delivery, Error, ErrorKind, NoObserver, Observer, Plan, Report, Result, Status,
};
use serde_json::{Value, json};

use crate::fake_resolve::FakeResolve;
use crate::rendering::{files, preset};
use crate::support::{Stage, other};

/// A stage, and an output folder in which nothing may be left.
struct Trial {
    stage: Stage,
    plan: Plan,
    out: PathBuf,
    before: Value,
}

impl Trial {
    fn new(change: impl FnOnce(&mut Value)) -> Trial {
        let stage = Stage::usual(change);
        let plan = stage.plan(&PlanOptions::default());
        let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let before = stage.fake.now();
        Trial { stage, plan, out, before }
    }

    fn conflation(&self, options: ResolveOptions) -> Conflation<'_, ResolveBackend> {
        let delivery = Delivery::new(&self.out).preset(preset("prores-lt"));
        Conflation::new(ResolveBackend::new(options), delivery)
    }

    fn run(&self, options: ResolveOptions) -> Result<Report> {
        self.conflation(options).run(&self.plan, &NoObserver)
    }

    /// Runs with `faults`, and expects an error of this kind that says all of `words`.
    #[track_caller]
    fn fails(&self, options: ResolveOptions, faults: Value, kind: ErrorKind, words: &[&str]) -> Error {
        self.stage.fake.set_faults(&faults);
        let error = self.run(options).expect_err("it goes wrong");
        self.check(&error, kind, words);
        error
    }

    #[track_caller]
    fn check(&self, error: &Error, kind: ErrorKind, words: &[&str]) {
        let text = whole_text(error);
        assert_eq!(error.kind(), kind, "{text}");
        for word in words {
            assert!(text.contains(word), "{word:?} is not said: {text}");
        }
        self.nothing_is_left();
    }

    /// Nothing is left of a run, in Resolve or elsewhere.
    #[track_caller]
    fn nothing_is_left(&self) {
        assert_eq!(self.stage.fake.now(), self.before, "Resolve is as it was");
        self.no_traces();
    }

    /// Nothing is left outside of Resolve.
    #[track_caller]
    fn no_traces(&self) {
        assert!(bridges(&self.stage.fake).is_empty(), "no process is left");
        let found: Vec<_> = files(&self.out).into_iter().filter(|file| file != "manifest.json").collect();
        assert!(found.is_empty(), "left in the output folder: {found:?}");
        let folders: Vec<_> =
            std::fs::read_dir(&self.out).into_iter().flatten().map(|entry| entry.expect("an entry")).collect();
        assert!(folders.iter().all(|entry| entry.path().is_file()), "left in the output folder: {folders:?}");
    }
}

fn whole_text(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}

/// The processes that can reach this Resolve: they have its folder in their environment.
fn bridges(fake: &FakeResolve) -> Vec<u32> {
    let wanted = format!("FAKE_RESOLVE={}\0", fake.folder().display());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let knows = |number: &u32| {
        let environment = std::fs::read(Path::new("/proc").join(number.to_string()).join("environ"));
        environment.is_ok_and(|text| text.windows(wanted.len()).any(|part| part == wanted.as_bytes()))
    };
    numbers.filter(knows).collect()
}

/// Does something once, as soon as Resolve renders.
struct WhileRendering<F: Fn() + Sync> {
    done: AtomicBool,
    what: F,
}

impl<F: Fn() + Sync> WhileRendering<F> {
    fn new(what: F) -> Self {
        WhileRendering { done: AtomicBool::new(false), what }
    }
}

impl<F: Fn() + Sync> Observer for WhileRendering<F> {
    fn preparing(&self, share: f64) {
        if share > 0.0 && !self.done.swap(true, Ordering::Relaxed) {
            (self.what)();
        }
    }
}

#[test]
fn resolve_does_not_run() {
    let mut trial = Trial::new(|_| ());
    trial.fails(trial.stage.options(), json!({"not_running": true}), ErrorKind::Application, &["running"]);
    trial.stage.fake.kill();
    let error = trial.run(trial.stage.options()).expect_err("there is nobody");
    trial.check(&error, ErrorKind::Application, &["running"]);
}

#[test]
fn resolve_cannot_be_used() {
    let cases: [(&str, fn(&mut Value), ErrorKind, &[&str]); 6] = [
        ("the free version", |state| state["product"] = json!("DaVinci Resolve"), ErrorKind::Application, &["Studio"]),
        (
            "a free version that answers",
            |state| {
                state["product"] = json!("DaVinci Resolve");
                state["scripting"] = json!(true);
            },
            ErrorKind::Application,
            &["Studio"],
        ),
        ("scripting is off", |state| state["scripting"] = json!(false), ErrorKind::Application, &["scripting"]),
        ("no project", |state| state["project"] = Value::Null, ErrorKind::Application, &["project"]),
        ("no timeline", |state| state["project"] = json!({"name": "empty"}), ErrorKind::Application, &["timeline"]),
        ("another render", |state| state["project"]["rendering"] = json!(true), ErrorKind::Application, &["render"]),
    ];
    for (what, change, kind, words) in cases {
        let trial = Trial::new(change);
        let error = trial.run(trial.stage.options()).expect_err(what);
        trial.check(&error, kind, words);
    }
    let trial = Trial::new(|state| {
        other(state);
        state["project"] = Value::Null;
    });
    let error = trial.run(trial.stage.options()).expect_err("a project without a name of its own");
    trial.check(&error, ErrorKind::Application, &["timeline"]);
}

#[test]
fn the_cut_is_another_one() {
    let change = |state: &mut Value| {
        let items = json!([{"name": "a", "start": 0, "duration": 8}, {"name": "b", "start": 12, "duration": 6}]);
        state["project"]["timelines"] = json!([{"name": "cut", "rate": "25", "start": "02:00:00:00",
            "video": [{"items": items}]}]);
    };
    let trial = Trial::new(change);
    let words = ["rate", "25", "02:00:00:00"];
    trial.fails(trial.stage.options(), json!({}), ErrorKind::Mismatch, &words);
    assert!(trial.stage.fake.calls_of("Project.AddRenderJob").is_empty());
}

#[test]
fn a_job_fails() {
    let trial = Trial::new(|state| state["project"]["queued"] = json!(2));
    let error = "The render failed: GPU memory is full";
    let faults = json!({"render": {"fail_at": 40, "error": error}});
    trial.fails(trial.stage.options(), faults, ErrorKind::Application, &[error]);
    let faults = json!({"render": {"disk": 2000}});
    trial.fails(trial.stage.options(), faults, ErrorKind::Application, &["The disk may be full"]);
    let trial = Trial::new(other);
    trial.fails(trial.stage.options(), json!({"render": {"fail_at": 40}}), ErrorKind::Application, &["GPU"]);
}

#[test]
fn a_job_does_not_come_on() {
    let trial = Trial::new(|_| ());
    let limited = |change: fn(&mut ResolveOptions)| trial.stage.with(change);
    let stall = limited(|options| options.limits.stall = Duration::from_millis(300));
    trial.fails(stall, json!({"render": {"stall_at": 50}}), ErrorKind::Timeout, &["52 %"]);
    let total = limited(|options| options.limits.total = Some(Duration::from_millis(300)));
    trial.fails(total, json!({"render": {"pace": 0.05}}), ErrorKind::Timeout, &["render"]);
}

#[test]
fn a_call_does_not_come_back() {
    let trial = Trial::new(|_| ());
    for method in
        ["Resolve.GetVersionString", "Timeline.GetItemListInTrack", "Project.AddRenderJob", "Project.StartRendering"]
    {
        let options = trial.stage.with(|options| options.limits.call = Duration::from_millis(700));
        let faults = json!({"calls": [{"method": method, "nth": 1, "do": "hang"}]});
        let name = method.split_once('.').expect("a class and a method").1;
        trial.fails(options, faults, ErrorKind::Timeout, &[name, "dialog"]);
    }
}

#[test]
fn a_dialog_is_open() {
    let trial = Trial::new(|_| ());
    let options = trial.stage.with(|options| options.limits.call = Duration::from_millis(700));
    trial.stage.fake.set_faults(&json!({"calls": [{"method": "Project.StartRendering", "do": "dialog"}]}));
    let error = trial.run(options).expect_err("nothing comes back any more");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let text = whole_text(&error);
    // What cannot be put back has to be said.
    assert!(text.contains("StartRendering") && text.contains("dialog") && text.contains("put back"), "{text}");
    trial.no_traces();
}

#[test]
fn resolve_is_killed_in_mid_render() {
    let trial = Trial::new(|_| ());
    for quirks in [json!({"set": "usual"}), json!({"set": "other"})] {
        let trial = Trial::new(|state| state["quirks"] = quirks);
        trial.stage.fake.set_faults(&json!({"render": {"die_at": 40}}));
        let error = trial.run(trial.stage.options()).expect_err("there is nobody any more");
        assert_eq!(error.kind(), ErrorKind::Application, "{error}");
        trial.no_traces();
    }
    trial.no_traces();
}

#[test]
fn the_bridge_is_killed_in_mid_render() {
    let trial = Trial::new(|_| ());
    trial.stage.fake.set_faults(&json!({"render": {"stall_at": 30}}));
    let kill = WhileRendering::new(|| {
        for number in bridges(&trial.stage.fake) {
            let killed = std::process::Command::new("kill").args(["-9", &number.to_string()]).status();
            assert!(killed.expect("kill is there").success());
        }
    });
    let error = trial.conflation(trial.stage.options()).run(&trial.plan, &kill).expect_err("the bridge is gone");
    assert!(kill.done.into_inner());
    trial.check(&error, ErrorKind::Application, &["bridge"]);
}

#[test]
fn a_render_that_is_complete_is_not() {
    let trial = Trial::new(|_| ());
    let cases: [(&str, ErrorKind, &[&str]); 6] = [
        ("none", ErrorKind::Verify, &["Complete"]),
        ("empty", ErrorKind::Verify, &[".mov"]),
        ("short", ErrorKind::Verify, &["16", "17"]),
        ("long", ErrorKind::Verify, &["18", "17"]),
        ("wrong_size", ErrorKind::Verify, &["128x80", "256x160"]),
        ("wrong_rate", ErrorKind::Verify, &["30", "24"]),
    ];
    for (output, kind, words) in cases {
        trial.fails(trial.stage.options(), json!({"render": {"output": output}}), kind, words);
    }
    let frames = trial.stage.with(|options| {
        options.format = Some("PNG".to_owned());
        options.codec = Some("RGB 8-bit".to_owned());
    });
    trial.fails(frames, json!({"render": {"output": "missing_frame"}}), ErrorKind::Verify, &["86408"]);
}

#[test]
fn a_run_is_cancelled() {
    let trial = Trial::new(|_| ());
    trial.stage.fake.set_faults(&json!({"render": {"stall_at": 40}}));
    let token = CancelToken::new();
    token.cancel();
    let cancelled = |token: &CancelToken, observer: &dyn Observer| {
        let options = trial.stage.options();
        let error = trial.conflation(options).cancel(token.clone()).run(&trial.plan, observer).expect_err("cancelled");
        trial.check(&error, ErrorKind::Cancelled, &[]);
    };
    cancelled(&token, &NoObserver);
    let token = CancelToken::new();
    cancelled(&token, &WhileRendering::new(|| token.cancel()));
    assert_eq!(trial.stage.fake.calls_of("Project.StopRendering").len(), 1);
    // At whatever the run is when a call of this name is made.
    for method in ["GetProductName", "GetItemListInTrack", "SetRenderSettings", "AddRenderJob", "StartRendering"] {
        let token = CancelToken::new();
        let seen = || trial.stage.fake.calls().iter().filter(|call| call["method"] == method).count();
        let earlier = seen();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while seen() == earlier {
                    std::thread::sleep(Duration::from_millis(1));
                }
                token.cancel();
            });
            cancelled(&token, &NoObserver);
        });
    }
}

#[test]
fn a_run_is_cancelled_while_shots_are_cut() {
    struct AtFrame(CancelToken);
    impl Observer for AtFrame {
        fn frame(&self, _: &Shot, _: i64, _: i64) {
            self.0.cancel();
        }
    }
    let trial = Trial::new(|_| ());
    let token = CancelToken::new();
    let run = trial.conflation(trial.stage.options()).cancel(token.clone()).run(&trial.plan, &AtFrame(token));
    trial.check(&run.expect_err("cancelled"), ErrorKind::Cancelled, &[]);
}

#[test]
fn an_observer_panics() {
    let trial = Trial::new(|_| ());
    trial.stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
    let observer = WhileRendering::new(|| panic!("on purpose"));
    let run = catch_unwind(AssertUnwindSafe(|| trial.conflation(trial.stage.options()).run(&trial.plan, &observer)));
    assert!(run.is_err(), "the panic comes through");
    trial.nothing_is_left();
}

/// One run after the other, in each of which the first call of one method fails, until every method had its turn. A run
/// may succeed without it; else it says which call it was.
fn each_call_fails(answer: &str, change: fn(&mut ResolveOptions), state: fn(&mut Value)) {
    let trial = Trial::new(state);
    let options = || trial.stage.with(change);
    let run = trial.run(options()).expect("nothing is wrong yet");
    assert!(run.succeeded());
    let name = |call: &Value| format!("{}.{}", call["type"], call["method"]).replace('"', "");
    let methods: BTreeSet<String> = trial.stage.fake.calls().iter().map(name).collect();
    assert!(methods.len() > 30, "{methods:?}");
    let mut survived = Vec::new();
    for method in methods {
        std::fs::remove_dir_all(&trial.out).expect("only this test writes there");
        trial.stage.fake.set_faults(&json!({"calls": [{"method": method, "nth": 1, "do": answer}]}));
        let (failed, told) = match trial.run(options()) {
            Err(error) => (true, whole_text(&error)),
            Ok(report) => {
                let errors = report.shots.iter().flat_map(|shot| &shot.error);
                let told = errors.cloned().chain(report.warnings.iter().map(|warning| warning.message.clone()));
                (report.count(Status::Failed) > 0, told.collect::<Vec<_>>().join("; "))
            }
        };
        let same = trial.stage.fake.now() == trial.before;
        println!("{method} -> {answer}: failed {failed}, same {same}, {told}");
        assert!(bridges(&trial.stage.fake).is_empty(), "{method}");
        if !failed && told.is_empty() {
            survived.push(method);
        }
    }
    println!("SURVIVED {survived:?}");
}

#[test]
fn each_call_returns_nothing() {
    each_call_fails("none", |_| (), |_| ());
}

#[test]
fn each_call_returns_false() {
    let change = |options: &mut ResolveOptions| {
        options.timeline = TimelineChoice::Import;
        options.scope = Scope::PerShot;
        options.solo = Solo::Own;
        options.grade = Grade::Bypass;
    };
    each_call_fails("false", change, |_| ());
}
