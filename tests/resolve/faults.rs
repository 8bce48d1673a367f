//! What goes wrong with Resolve: each fault is told as what it is, Resolve is as it was, and nothing is left behind.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use otio_conflate::backend::resolve::{ResolveBackend, ResolveGrade, ResolveOptions, Scope, Solo, TimelineChoice};
use otio_conflate::plan::{PlanOptions, Shot};
use otio_conflate::{
    CancelToken, Conflation, Delivery, Error, ErrorKind, NoObserver, Observer, Plan, Report, Result, Status,
};
use serde_json::{Value, json};

use crate::fake_resolve::FakeResolve;
use crate::rendering::{Media, clip, file, files, preset, range, time, track};
use crate::support::{PRORES, Stage, other};

/// A stage, and an output folder in which nothing may be left.
struct Trial {
    stage: Stage,
    plan: Plan,
    out: PathBuf,
    before: Value,
}

impl Trial {
    fn new(change: impl FnOnce(&mut Value)) -> Trial {
        Trial::of(Stage::usual(change))
    }

    fn of(stage: Stage) -> Trial {
        let plan = stage.plan(&PlanOptions::default());
        let out = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let before = stage.fake.now();
        Trial { stage, plan, out, before }
    }

    /// With a cut of three frames.
    fn short() -> Trial {
        let mut media = Media::new();
        let a = media.numbered("a.mov", 6, "24", PRORES);
        let clips = [clip("a", file(&a, range(0, 6, 24.0)), range(2, 3, 24.0))];
        Trial::of(Stage::open(media, time(86_400, 24.0), vec![track("V1", clips)], |_| ()))
    }

    /// Takes another Resolve, in this state.
    fn reopen(&mut self, state: &Value) {
        self.stage.fake = FakeResolve::start(state);
        self.before = self.stage.fake.now();
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
    fn fails(&self, options: ResolveOptions, faults: Value, kind: ErrorKind, words: &[&str]) {
        self.stage.fake.set_faults(&faults);
        let error = self.run(options).expect_err("it goes wrong");
        self.check(&error, kind, words);
    }

    /// Runs with `faults`, and expects a render that cannot be used and is kept where the error says.
    #[track_caller]
    fn keeps(&self, options: ResolveOptions, faults: Value, words: &[&str]) {
        self.stage.fake.set_faults(&faults);
        let error = self.run(options).expect_err("it goes wrong");
        let text = whole_text(&error);
        let entries = std::fs::read_dir(&self.out).into_iter().flatten();
        let kept = entries.map(|entry| entry.expect("an entry").path()).find(|path| path.is_dir());
        assert_eq!(kept.is_some(), !text.contains("no file"), "{text}");
        if let Some(kept) = kept {
            assert!(text.contains(&format!("kept in {}", kept.display())), "{text}");
            std::fs::remove_dir_all(kept).expect("it can be removed");
        }
        self.check(&error, ErrorKind::Verify, words);
    }

    /// The error is of this kind and says all of `words`, and nothing is left of the run.
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

/// What is the matter, how Resolve gets so, and what an error says of it.
type Case = (&'static str, fn(&mut Value), &'static [&'static str]);

fn whole_text(error: &Error) -> String {
    let mut text = format!("{error:#}");
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}

/// The processes that can reach this Resolve: they have its folder in their environment.
fn bridges(fake: &FakeResolve) -> Vec<i32> {
    let wanted = format!("FAKE_RESOLVE={}\0", fake.folder().display());
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let knows = |number: &i32| {
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
    let cases: [Case; 7] = [
        ("the free version", |state| state["product"] = json!("DaVinci Resolve"), &["Studio"]),
        (
            "a free version that answers",
            |state| {
                state["product"] = json!("DaVinci Resolve");
                state["scripting"] = json!(true);
            },
            &["Studio"],
        ),
        ("scripting is off", |state| state["scripting"] = json!(false), &["scripting"]),
        ("no project", |state| state["project"] = Value::Null, &["project"]),
        (
            "a project of no name",
            |state| {
                other(state);
                state["project"] = Value::Null;
            },
            &["timeline"],
        ),
        ("no timeline", |state| state["project"] = json!({"name": "empty"}), &["timeline"]),
        ("another render", |state| state["project"]["rendering"] = json!(true), &["render"]),
    ];
    let mut trial = Trial::short();
    for (what, change, words) in cases {
        let mut state = json!({"project": {"timelines": [{"otio": trial.stage.otio}]}});
        change(&mut state);
        trial.reopen(&state);
        let error = trial.run(trial.stage.options()).expect_err(what);
        trial.check(&error, ErrorKind::Application, words);
    }
}

#[test]
fn the_cut_is_another_one() {
    let mut trial = Trial::new(|_| ());
    let [a, b] = ["a.mov", "b.mov"].map(|name| trial.stage.media.path(name));
    let cut = json!({"name": "cut", "rate": "24", "video": [{"items": [
        {"name": "a", "start": 0, "duration": 8, "media": a, "source_start": 4},
        {"name": "b", "start": 11, "duration": 6, "media": b, "source_start": 7}]}]});
    let changed = |change: fn(&mut Value)| {
        let mut cut = cut.clone();
        change(&mut cut);
        json!({"project": {"timelines": [cut]}})
    };
    let cases: [Case; 8] = [
        (
            "the speed",
            |cut| cut["video"][0]["items"][0]["speed"] = json!(2),
            &["\"a\" runs through 14 source frames", "8"],
        ),
        (
            "a little of the speed",
            |cut| cut["video"][0]["items"][0]["speed"] = json!(0.75),
            &["\"a\" runs through", "through 8 in the plan"],
        ),
        ("the rate", |cut| cut["rate"] = json!("25"), &["runs at 25"]),
        ("the start", |cut| cut["start"] = json!("02:00:00:00"), &["02:00:00:00"]),
        ("a clip is moved", |cut| cut["video"][0]["items"][1]["start"] = json!(12), &["\"b\""]),
        ("a clip is slipped by a frame", |cut| cut["video"][0]["items"][1]["source_start"] = json!(8), &["\"b\"", "8"]),
        ("a clip is off", |cut| cut["video"][0]["items"][0]["enabled"] = json!(false), &["\"a\""]),
        (
            "another clip above",
            |cut| {
                let above = json!({"items": [{"name": "title", "start": 2, "duration": 3}]});
                cut["video"].as_array_mut().expect("tracks").push(above);
            },
            &["\"title\""],
        ),
    ];
    // The same cut, described and not read from the file.
    trial.reopen(&changed(|_| ()));
    assert!(trial.run(trial.stage.options()).expect("the same cut").succeeded());
    let _ = std::fs::remove_dir_all(&trial.out);
    trial.reopen(&changed(|cut| {
        cut["video"][0]["items"][0]["media"] = cut["video"][0]["items"][1]["media"].clone();
        cut["video"][0]["items"][1]["media"] = Value::Null;
    }));
    let warnings = format!("{:?}", trial.run(trial.stage.options()).expect("the same cut of other media").warnings);
    assert!(warnings.contains("b.mov") && warnings.contains("no media"), "{warnings}");
    let _ = std::fs::remove_dir_all(&trial.out);
    for (what, change, words) in cases {
        trial.reopen(&changed(change));
        let error = trial.run(trial.stage.options()).expect_err(what);
        trial.check(&error, ErrorKind::Mismatch, words);
        assert!(trial.stage.fake.calls_of("Project.AddRenderJob").is_empty(), "{what}");
    }
}

#[test]
fn a_job_fails() {
    let trial = Trial::new(|state| state["project"]["queued"] = json!(2));
    let error = "The render failed: GPU memory is full";
    let faults = json!({"render": {"fail_at": 40, "error": error}});
    trial.fails(trial.stage.options(), faults, ErrorKind::Application, &[error]);
    let faults = json!({"render": {"disk": 2000}});
    trial.fails(trial.stage.options(), faults, ErrorKind::Application, &["The disk may be full"]);
}

#[test]
fn a_job_does_not_come_on() {
    let trial = Trial::new(|_| ());
    let limited = |change: fn(&mut ResolveOptions)| trial.stage.with(change);
    let stall = limited(|options| options.limits.stall = Duration::from_millis(300));
    trial.fails(stall, json!({"render": {"stall_at": 50}}), ErrorKind::Timeout, &["made no progress"]);
    let total = limited(|options| options.limits.total = Some(Duration::from_millis(300)));
    trial.fails(total, json!({"render": {"pace": 0.05}}), ErrorKind::Timeout, &["render"]);
}

#[test]
fn a_call_does_not_come_back() {
    let trial = Trial::new(|_| ());
    for method in ["Timeline.GetItemListInTrack", "Project.StartRendering"] {
        let options = trial.stage.with(|options| options.limits.call = Duration::from_secs(3));
        let faults = json!({"calls": [{"method": method, "nth": 1, "do": "hang"}]});
        let name = method.split_once('.').expect("a class and a method").1;
        trial.fails(options, faults, ErrorKind::Timeout, &[name, "dialog"]);
    }
}

#[test]
fn a_dialog_is_open() {
    let trial = Trial::new(|_| ());
    let options = trial.stage.with(|options| options.limits.call = Duration::from_secs(3));
    trial.stage.fake.set_faults(&json!({"calls": [{"method": "Project.StartRendering", "do": "dialog"}]}));
    let error = trial.run(options).expect_err("nothing comes back any more");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:#}");
    let text = whole_text(&error);
    // What cannot be put back has to be said.
    assert!(
        text.contains("StartRendering") && text.contains("dialog") && text.contains("left as it was rendering"),
        "{text}"
    );
    trial.no_traces();
}

#[test]
fn resolve_is_killed_in_mid_render() {
    let mut trial = Trial::short();
    for quirks in ["usual", "other"] {
        trial.reopen(&json!({"quirks": quirks, "project": {"timelines": [{"otio": trial.stage.otio}]}}));
        trial.stage.fake.set_faults(&json!({"render": {"die_at": 40}}));
        let error = trial.run(trial.stage.options()).expect_err("there is nobody any more");
        assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
        trial.no_traces();
    }
}

// Elsewhere, nothing tells the bridge's number.
#[cfg(target_os = "linux")]
#[test]
fn the_bridge_is_killed_in_mid_render() {
    let trial = Trial::new(|_| ());
    trial.stage.fake.set_faults(&json!({"render": {"stall_at": 30}}));
    let kill = WhileRendering::new(|| {
        for number in bridges(&trial.stage.fake) {
            let process = rustix::process::Pid::from_raw(number).expect("a process has a number");
            rustix::process::kill_process(process, rustix::process::Signal::KILL).expect("it is ours");
        }
    });
    let error = trial.conflation(trial.stage.options()).run(&trial.plan, &kill).expect_err("the bridge is gone");
    assert!(kill.done.into_inner());
    trial.check(&error, ErrorKind::Application, &["bridge"]);
}

#[test]
fn a_render_that_is_complete_is_not() {
    let trial = Trial::new(|_| ());
    let cases: [(&str, &[&str]); 6] = [
        ("none", &["no file"]),
        ("empty", &[".mov"]),
        ("short", &["16", "17"]),
        ("long", &["18", "17"]),
        ("wrong_size", &["128 × 80", "256 × 160"]),
        ("wrong_rate", &["30", "24"]),
    ];
    for (output, words) in cases {
        trial.keeps(trial.stage.options(), json!({"render": {"output": output}}), words);
    }
    let frames = trial.stage.with(|options| {
        options.format = Some("PNG".to_owned());
        options.codec = Some("RGB 8-bit".to_owned());
    });
    trial.keeps(frames, json!({"render": {"output": "missing_frame"}}), &["86408"]);
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
    for method in ["GetProductName", "GetItemListInTrack", "AddRenderJob", "StartRendering"] {
        let token = CancelToken::new();
        let seen = || trial.stage.fake.calls().iter().filter(|call| call["method"] == method).count();
        let earlier = seen();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // So that a run that never comes there ends.
                let given_up = Instant::now() + Duration::from_secs(60);
                while seen() == earlier && Instant::now() < given_up {
                    std::thread::sleep(Duration::from_millis(1));
                }
                token.cancel();
            });
            cancelled(&token, &NoObserver);
        });
        assert!(seen() > earlier, "{method}");
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
    let report = run.expect("a report of the shots that were not cut");
    assert_eq!(report.count(Status::Cancelled), 2, "{:?}", report.shots);
    trial.nothing_is_left();
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

/// Without the answer of these a run is what it would have been.
const NEEDLESS: &[&str] = &[
    // They are asked once more, in another way.
    "Timeline.GetSetting",
    "Project.GetRenderCodecs",
    "TimelineItem.GetEnd",
    "TimelineItem.GetVersionNameList",
    "TimelineItem.GetStart",
    // Nothing is open then.
    "Project.GetCurrentTimeline",
    "Project.GetRenderJobList",
    "Project.IsRenderingInProgress",
    // Another codec that suits is tried.
    "Project.SetCurrentRenderFormatAndCodec",
    "TimelineItem.GetColorGroup",
    "TimelineItem.GetName",
    // Either of them tells where in its medium a clip begins.
    "TimelineItem.GetLeftOffset",
    "TimelineItem.GetSourceStartFrame",
    "Project.GetSetting",
    // Where what is exported cannot be had, or a clip says something else, every clip is asked.
    "Timeline.Export",
    "TimelineItem.GetMediaPoolItem",
    "TimelineItem.GetClipEnabled",
    // Only what it says of a job that waits is not known then.
    "Project.GetRenderJobStatus",
];

/// How an error says that a call gave nothing, where it does not name the call.
const SAID: &[(&str, &str)] = &[
    ("Graph.GetNumNodes", "Graph.GetToolsInNode do not tell"),
    ("MediaPoolItem.GetClipProperty", "does not tell which file"),
    ("Project.GetRenderFormats", "GetRenderFormats"),
    ("Timeline.GetItemListInTrack", "not the plan's cut"),
    ("Timeline.GetMarkInOut", "marks"),
    ("Timeline.GetTrackName", "no video track \"V1\""),
    ("ProjectManager.GetCurrentProject", "no project is open"),
    ("Project.GetCurrentTimeline", "no timeline is open"),
    ("Project.GetTimelineCount", "timeline"),
    ("Project.GetTimelineByIndex", "timeline"),
    ("Resolve.GetCurrentPage", "page"),
    ("Project.GetCurrentRenderFormatAndCodec", "format"),
    ("TimelineItem.GetCurrentVersion", "version"),
];

/// One run after the other, in each of which the first call of one method fails, until every method had its turn. A run
/// that fails says which call it was; whatever could not be put back in Resolve is said, too.
fn each_call_fails_in(plan: &PlanOptions, methods: usize, needless: &[&str], change: impl Fn(&mut ResolveOptions)) {
    let trial = || {
        let mut trial = Trial::short();
        trial.plan = trial.stage.plan(plan);
        let rows = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 0 1\n1 0 1\n0 1 1\n1 1 1\n";
        let lut = trial.stage.fake.folder().join("LUT/none.cube");
        std::fs::write(lut, format!("LUT_3D_SIZE 2\n{rows}")).expect("a new file");
        trial
    };
    let mut trial_now = trial();
    let run = |trial: &Trial| trial.run(trial.stage.with(&change));
    let said_of = |report: Report| {
        let errors = report.shots.iter().flat_map(|shot| shot.error.iter().chain(&shot.warnings)).cloned();
        errors.chain(report.warnings.into_iter().map(|warning| warning.message)).collect::<Vec<_>>().join("; ")
    };
    let report = run(&trial_now).expect("nothing is wrong yet");
    assert!(report.succeeded());
    // What is said when nothing is wrong.
    let usual = said_of(report);
    let calls = trial_now.stage.fake.calls();
    let name = |call: &Value| format!("{}.{}", call["type"], call["method"]).replace('"', "");
    // A method that says whether it did something says no; any other gives nothing.
    let answer = |call: &Value| match call["result"].is_boolean() && !name(call).contains(".Get") {
        true => "false",
        false => "none",
    };
    let answers: BTreeMap<String, &str> = calls.iter().map(|call| (name(call), answer(call))).collect();
    assert!(answers.len() > methods, "{answers:?}");
    let mut wrong = Vec::new();
    for (method, answer) in answers {
        // A run that failed early has not made it.
        let _ = std::fs::remove_dir_all(&trial_now.out);
        // What one run could not put back is told by the next one; here each is on its own.
        let _ = std::fs::remove_dir_all(trial_now.stage.state());
        trial_now.stage.fake.set_faults(&json!({"calls": [{"method": method, "nth": 1, "do": answer}]}));
        let told = match run(&trial_now) {
            Err(error) => whole_text(&error),
            Ok(report) => said_of(report),
        };
        let said = SAID.iter().find(|(call, _)| *call == method).map_or(method.as_str(), |(_, words)| words);
        // Of several words, the call's own name tells, too.
        let is_told = told.contains(said)
            || told.contains(&method)
            || told == usual && NEEDLESS.iter().chain(needless).any(|call| *call == method);
        let is_restored = trial_now.stage.fake.now() == trial_now.before;
        let bridges = bridges(&trial_now.stage.fake);
        if !is_told || !is_restored && !told.contains("could not be restored") || !bridges.is_empty() {
            wrong.push(format!("{method} gives {answer}: {told:?}, restored: {is_restored}"));
        }
        if !is_restored {
            trial_now = trial();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_call_fails() {
    each_call_fails_in(&PlanOptions::default(), 40, &[], |options| {
        options.timeline = TimelineChoice::Import;
        options.scope = Scope::PerShot;
        options.solo = Solo::Own;
        options.grade = ResolveGrade::Bypass;
    });
}

#[test]
fn each_call_fails_with_source_handles() {
    let mut handles = PlanOptions::default();
    handles.handles = otio_conflate::plan::Handles::both(1);
    handles.handle_mode = otio_conflate::plan::HandleMode::Source;
    // No track is asked for by its name.
    each_call_fails_in(&handles, 40, &["Timeline.GetTrackName"], |options| options.scope = Scope::PerShot);
}

#[test]
fn each_call_fails_with_a_lut_over_the_grade() {
    // The whole timeline is rendered, all its tracks, without marks.
    each_call_fails_in(&PlanOptions::default(), 30, &["Timeline.GetTrackName", "Timeline.GetMarkInOut"], |options| {
        options.grade = ResolveGrade::Lut { path: "none.cube".to_owned(), node: None };
    });
}
