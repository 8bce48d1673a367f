//! What runs leave that are killed, what tickets need, and one user of Resolve at a time.

use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{ResolveBackend, ResolveGrade, ResolveOptions, Scope, Solo, Ticket, TicketState};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Conflation, Delivery, ErrorKind, NoObserver, Observer, Report, Result, Status};
use serde_json::json;

use crate::rendering::preset;
use crate::support::{NONE, Stage, WARM};

/// Where the process that gets killed finds what it is to do.
const TASK: &str = "OTIO_CONFLATE_TEST_TASK";

fn out(stage: &Stage, name: &str) -> PathBuf {
    stage.media.path("out/x").with_file_name(name)
}

fn run(stage: &Stage, options: ResolveOptions, observer: &dyn Observer) -> Result<Report> {
    let delivery = Delivery::new(out(stage, "run")).preset(preset("prores-lt"));
    Conflation::new(ResolveBackend::new(options), delivery).run(&stage.plan(&PlanOptions::default()), observer)
}

/// Not a test of its own: the process that others kill.
#[test]
#[ignore = "other tests run it as a process of its own, which ends in the middle of a render"]
fn killed() {
    struct Ends;
    impl Observer for Ends {
        fn preparing(&self, share: f64) {
            if share > 0.0 {
                std::process::abort();
            }
        }
    }
    let Some(task) = std::env::var_os(TASK) else { return };
    let task: serde_json::Value = serde_json::from_slice(&std::fs::read(task).expect("a task")).expect("JSON");
    let options: ResolveOptions = serde_json::from_value(task["options"].clone()).expect("options");
    let plan = serde_json::from_value(task["plan"].clone()).expect("a plan");
    let folder = task["out"].as_str().expect("a folder");
    let run = Conflation::new(ResolveBackend::new(options), Delivery::new(folder)).run(&plan, &Ends);
    unreachable!("it was to end while Resolve renders: {run:?}");
}

/// Not a test of its own: the process that others kill once it cuts shots.
#[test]
#[ignore = "other tests run it as a process of its own, which ends while it cuts shots"]
fn killed_while_cutting() {
    struct Ends;
    impl Observer for Ends {
        fn frame(&self, _: &otio_conflate::plan::Shot, _: i64, _: i64) {
            std::process::abort();
        }
    }
    let Some(task) = std::env::var_os(TASK) else { return };
    let task: serde_json::Value = serde_json::from_slice(&std::fs::read(task).expect("a task")).expect("JSON");
    let options: ResolveOptions = serde_json::from_value(task["options"].clone()).expect("options");
    let plan = serde_json::from_value(task["plan"].clone()).expect("a plan");
    let delivery = Delivery::new(task["out"].as_str().expect("a folder"));
    let backend = ResolveBackend::new(options);
    let run = match task["whole"].as_bool() {
        Some(true) => {
            let deliveries = vec![(ResolveGrade::Bypass, delivery)];
            backend.run_each(&plan, None, deliveries, &Ends, &CancelToken::new()).map(|_| ())
        }
        _ => Conflation::new(backend, delivery).run(&plan, &Ends).map(|_| ()),
    };
    unreachable!("it was to end while it cuts: {run:?}");
}

#[test]
fn a_run_that_is_killed_while_it_cuts_loses_no_render() {
    for whole in [true, false] {
        let stage = Stage::usual(|_| ());
        let before = stage.fake.now();
        let plan = stage.plan(&PlanOptions::default());
        let task = stage.media.path("task.json");
        let options = stage.with(|options| options.grade = ResolveGrade::Bypass);
        let text = json!({"options": options, "plan": plan, "out": out(&stage, "killed"), "whole": whole}).to_string();
        std::fs::write(&task, text).expect("a new file");
        let killed = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "leftovers::killed_while_cutting", "--ignored"])
            .env(TASK, task)
            .output()
            .expect("this test can be run");
        assert!(!killed.status.success(), "{killed:?}");
        assert_eq!(stage.fake.now(), before, "Resolve was put back before");
        let kept = folders(&out(&stage, "killed"));
        assert_eq!((kept.len(), journals(&stage).len()), (1, 1), "{kept:?}");
        assert!(kept[0].join("0001/render.mov").is_file());
        // Another run tells of it and leaves it alone, as often as it is there.
        for _ in 0..2 {
            let _ = std::fs::remove_dir_all(out(&stage, "run"));
            let report = run(&stage, stage.options(), &NoObserver).expect("a run");
            let path = kept[0].display().to_string();
            assert!(report.warnings.iter().any(|warning| warning.message.contains(&path)), "{:?}", report.warnings);
            assert!(kept[0].join("0001/render.mov").is_file());
        }
        let backend = ResolveBackend::new(stage.options());
        let restored = backend.restore().expect("Resolve runs");
        assert!(restored.kept.len() == 1 && restored.left.is_empty() && restored.done.is_empty(), "{restored:?}");
        let ticket = kept[0].join("ticket.json");
        assert_eq!(ticket.is_file(), whole);
        if whole {
            assert!(restored.kept[0].contains(&ticket.display().to_string()), "{restored:?}");
            let ticket = Ticket::open(ticket).expect("a ticket");
            let report = backend.collect_from(&ticket, &kept[0], &NoObserver, &CancelToken::new()).expect("shots");
            stage.check_run(&report, plan, NONE);
            assert!(!report.warnings.iter().any(|warning| warning.message.contains("left as it was")));
        } else {
            std::fs::remove_dir_all(&kept[0]).expect("it is ours");
        }
        assert!(!kept[0].exists());
        assert_eq!(backend.restore().expect("Resolve runs").kept, Vec::<String>::new());
        assert_eq!(journals(&stage), Vec::<PathBuf>::new());
        assert_eq!(stage.fake.now(), before);
    }
}

/// Lets a run be killed while Resolve renders without a grade, each track alone.
fn kill_a_run(stage: &Stage) {
    let options = stage.with(|options| {
        (options.grade, options.scope, options.solo) = (ResolveGrade::Bypass, Scope::PerShot, Solo::Own);
    });
    let plan = stage.plan(&PlanOptions::default());
    let task = stage.media.path("task.json");
    let text = json!({"options": options, "plan": plan, "out": out(stage, "killed")}).to_string();
    std::fs::write(&task, text).expect("a new file");
    stage.fake.set_faults(&json!({"render": {"pace": 0.2}}));
    let before = stage.fake.now();
    let killed = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "leftovers::killed", "--ignored"])
        .env(TASK, task)
        .output()
        .expect("this test can be run");
    assert!(!killed.status.success(), "{killed:?}");
    stage.fake.set_faults(&json!({}));
    assert_ne!(stage.fake.now(), before, "it left something");
    assert_eq!(journals(stage).len(), 1);
}

fn journals(stage: &Stage) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(stage.state()).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten();
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
}

#[test]
fn what_a_killed_run_left_is_put_back_before_the_next_renders() {
    let stage = Stage::usual(|state| {
        state["project"]["timelines"][0]["marks"] = json!({"video": {"in": 2, "out": 5}, "audio": {"in": 2, "out": 5}});
    });
    let before = stage.fake.now();
    kill_a_run(&stage);
    let report = run(&stage, stage.options(), &NoObserver).expect("a run");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), WARM);
    let told = report.warnings.iter().any(|warning| warning.message.contains("earlier run"));
    assert!(told, "{:?}", report.warnings);
    assert_eq!(stage.fake.now(), before);
    assert_eq!(journals(&stage), Vec::<PathBuf>::new());
    assert_eq!(folders(&out(&stage, "killed")), Vec::<PathBuf>::new(), "its render is of no use");
}

#[test]
fn restore_puts_back_what_a_killed_run_left() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    kill_a_run(&stage);
    let backend = ResolveBackend::new(stage.options());
    let restored = backend.restore().expect("Resolve runs");
    assert!(restored.done.len() == 1 && restored.left.is_empty(), "{restored:?}");
    assert_eq!(stage.fake.now(), before);
    let again = backend.restore().expect("Resolve runs");
    assert!(again.done.is_empty() && again.left.is_empty(), "{again:?}");
}

#[test]
fn versions_of_ours_that_no_journal_knows_are_not_rendered() {
    let stage = Stage::usual(|_| ());
    kill_a_run(&stage);
    std::fs::remove_dir_all(stage.state()).expect("it is there");
    let jobs = stage.fake.calls_of("Project.AddRenderJob").len();
    let mut error = run(&stage, stage.options(), &NoObserver).expect_err("the wrong look");
    // The killed run's render has to end first.
    while format!("{error:#}").contains("rendering something else") {
        std::thread::sleep(std::time::Duration::from_millis(100));
        error = run(&stage, stage.options(), &NoObserver).expect_err("the wrong look");
    }
    assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
    assert!(format!("{error:#}").contains("\"a\" shows \"otio-conflate "), "{error:#}");
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), jobs);
    let restored = ResolveBackend::new(stage.options()).restore().expect("Resolve runs");
    assert!(restored.done.iter().any(|done| done.contains("\"a\" shows \"Version 1\"")), "{restored:?}");
    let report = run(&stage, stage.options(), &NoObserver).expect("a run");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), WARM);
}

#[test]
fn one_run_at_a_time_uses_resolve() {
    struct Second<'s>(&'s Stage);
    impl Observer for Second<'_> {
        fn preparing(&self, share: f64) {
            if share < 1.0 {
                let error = run(self.0, self.0.options(), &NoObserver).expect_err("Resolve is in use");
                assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
                assert!(format!("{error:#}").contains("another run"), "{error:#}");
            }
        }
    }
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
    assert!(run(&stage, stage.options(), &Second(&stage)).expect("a run").succeeded());
}

/// Hands a render in with this grade, to be delivered under this name.
fn submit(stage: &Stage, grade: ResolveGrade, name: &str) -> Result<Ticket> {
    let backend = ResolveBackend::new(stage.with(|options| options.grade = grade));
    backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(out(stage, name)))
}

fn wait(backend: &ResolveBackend, ticket: &Ticket) {
    while let TicketState::Rendering(_) = backend.poll(ticket).expect("Resolve runs") {}
}

#[test]
fn a_render_that_was_handed_in_keeps_what_it_needs() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    stage.fake.set_faults(&json!({"render": {"pace": 0.1}}));
    let ticket = submit(&stage, ResolveGrade::Bypass, "ticket").expect("a ticket");
    let meanwhile = stage.fake.now();
    let error = run(&stage, stage.options(), &NoObserver).expect_err("it needs Resolve as it is");
    assert!(format!("{error:#}").contains("collect or withdraw"), "{error:#}");
    let restored = backend.restore().expect("Resolve runs");
    assert!(restored.done.is_empty() && restored.left.len() == 1, "{restored:?}");
    assert_eq!(stage.fake.now(), meanwhile);
    wait(&backend, &ticket);
    // Once it is rendered, nothing of it is needed, and a run shows the clips' own grades.
    let report = run(&stage, stage.options(), &NoObserver).expect("a run");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), WARM);
    let report = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect("shots");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), NONE);
    assert_eq!(stage.fake.now(), before);
    assert!(journals(&stage).is_empty() && !ticket.folder().exists());
}

#[test]
fn two_tickets_in_any_order_leave_resolve_as_it_was() {
    for first_first in [true, false] {
        let stage = Stage::usual(|state| {
            state["project"]["timelines"][0]["marks"] = json!({"video": {"in": 2, "out": 5}});
        });
        let before = stage.fake.now();
        let backend = ResolveBackend::new(stage.options());
        let first = submit(&stage, ResolveGrade::Bypass, "first").expect("a ticket");
        wait(&backend, &first);
        let second = submit(&stage, ResolveGrade::AsIs, "second").expect("a ticket");
        let mut order = [(&first, NONE), (&second, WARM)];
        if !first_first {
            order.reverse();
        }
        for (ticket, tint) in order {
            let report = backend.collect(ticket, &NoObserver, &CancelToken::new()).expect("shots");
            assert_eq!(report.count(Status::Done), 2, "{report:#?}");
            stage.check_run(&report, stage.plan(&PlanOptions::default()), tint);
        }
        assert_eq!(stage.fake.now(), before, "the first one first: {first_first}");
        assert_eq!(journals(&stage), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_ticket_that_cannot_be_stored_is_not_rendered() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let plan = stage.plan(&PlanOptions::default());
    let folder = out(&stage, "deep/er");
    let cancel = CancelToken::new();
    let full = |_: &Ticket| Err(otio_conflate::Error::new(ErrorKind::Io, "the disk is full"));
    let error = backend.submit_with(&plan, &Delivery::new(&folder), &cancel, full).expect_err("it cannot be stored");
    assert_eq!(error.kind(), ErrorKind::Io, "{error:#}");
    let stop = |_: &Ticket| {
        cancel.cancel();
        Ok(())
    };
    let error = backend.submit_with(&plan, &Delivery::new(&folder), &cancel, stop).expect_err("it is cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
    let error = backend.submit_with(&plan, &Delivery::new(&folder), &cancel, |_| Ok(())).expect_err("it was cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
    assert!(stage.fake.calls_of("Project.StartRendering").is_empty());
    assert_eq!(stage.fake.now(), before);
    assert!(journals(&stage).is_empty() && !folder.parent().expect("a folder").exists());
}

#[test]
fn paths_in_a_ticket_are_absolute() {
    let stage = Stage::usual(|_| ());
    let backend = ResolveBackend::new(stage.options());
    let folder = out(&stage, "relative");
    let here = std::env::current_dir().expect("a folder");
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(folder.strip_prefix("/").expect("an absolute path"));
    let mut plan = stage.plan(&PlanOptions::default());
    plan.timeline = Some(up.join(stage.otio.strip_prefix("/").expect("an absolute path")));
    let ticket = backend.submit(&plan, &Delivery::new(&relative)).expect("a ticket");
    let (timeline, to) = (ticket.plan().timeline.as_deref().expect("a file"), &ticket.delivery().folder);
    assert!(timeline.is_absolute() && to.is_absolute() && ticket.folder().is_absolute(), "{timeline:?} {to:?}");
    backend.withdraw(&ticket).expect("Resolve runs");
}
