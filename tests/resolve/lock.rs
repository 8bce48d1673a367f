//! One user of a Resolve at a time, whoever it is and wherever the state of runs is kept.

use std::path::{Path, PathBuf};
use std::process::Command;

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{ResolveBackend, ResolveGrade, ResolveOptions, Ticket, TicketState};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Conflation, Delivery, ErrorKind, NoObserver, Observer, Report, Result};
use serde_json::{Value, json};

use crate::rendering::preset;
use crate::support::{NONE, Stage, WARM};

fn out(stage: &Stage, name: &str) -> PathBuf {
    stage.media.path("out/x").with_file_name(name)
}

fn run(stage: &Stage, options: ResolveOptions, name: &str, observer: &dyn Observer) -> Result<Report> {
    let delivery = Delivery::new(out(stage, name)).preset(preset("prores-lt"));
    Conflation::new(ResolveBackend::new(options), delivery).run(&stage.plan(&PlanOptions::default()), observer)
}

/// Options of somebody who keeps the state of runs in another folder.
fn elsewhere(stage: &Stage) -> ResolveOptions {
    stage.with(|options| options.state = Some(stage.fake.folder().join("another state")))
}

/// The lock of the only Resolve that has one in this folder.
fn lock_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("an entry").path()).find(|path| path.extension().is_some_and(|end| end == "lock"))
}

/// Where the lock of this stage lies while somebody has it.
fn lock_of(stage: &Stage) -> PathBuf {
    struct Looks<'s>(&'s Stage, std::sync::Mutex<Option<PathBuf>>);
    impl Observer for Looks<'_> {
        fn preparing(&self, _: f64) {
            let found = lock_in(&self.0.fake.folder().join("locks"));
            self.1.lock().expect("nobody panicked").get_or_insert(found.expect("it is locked"));
        }
    }
    let looks = Looks(stage, std::sync::Mutex::new(None));
    assert!(run(stage, stage.options(), "first", &looks).expect("a run").succeeded());
    let path = looks.1.into_inner().expect("nobody panicked").expect("it was looked");
    assert!(!path.exists(), "nothing is left of a lock that nobody needs");
    path
}

/// Tries to use Resolve from a folder of its own, as soon as somebody else renders.
struct Second<'s> {
    stage: &'s Stage,
    options: ResolveOptions,
}

impl Observer for Second<'_> {
    fn preparing(&self, share: f64) {
        if share < 1.0 {
            let jobs = self.stage.fake.calls_of("Project.AddRenderJob").len();
            let error = run(self.stage, self.options.clone(), "second", &NoObserver).expect_err("Resolve is in use");
            assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
            let text = format!("{error:#}");
            assert!(text.contains("another run") && text.contains(&std::process::id().to_string()), "{text}");
            assert_eq!(self.stage.fake.calls_of("Project.AddRenderJob").len(), jobs);
            let error = ResolveBackend::new(self.options.clone()).restore().expect_err("Resolve is in use");
            assert!(format!("{error:#}").contains("another run"), "{error:#}");
        }
    }
}

#[test]
fn two_folders_of_state_share_one_lock() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
    let second = Second { stage: &stage, options: elsewhere(&stage) };
    assert!(run(&stage, stage.options(), "first", &second).expect("a run").succeeded());
    assert!(run(&stage, elsewhere(&stage), "second", &NoObserver).expect("it is free").succeeded());
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn the_lock_lies_where_every_user_finds_it() {
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
    let usual = |mut options: ResolveOptions| {
        options.lock = None;
        options
    };
    let second = Second { stage: &stage, options: usual(elsewhere(&stage)) };
    assert!(run(&stage, usual(stage.options()), "first", &second).expect("a run").succeeded());
}

#[test]
fn two_resolves_are_used_at_once() {
    struct Other<'s>(&'s Stage);
    impl Observer for Other<'_> {
        fn preparing(&self, share: f64) {
            if share == 0.0 {
                assert!(run(self.0, self.0.options(), "other", &NoObserver).expect("another Resolve").succeeded());
            }
        }
    }
    let (stage, mut other) = (Stage::usual(|_| ()), Stage::usual(|_| ()));
    other.lock = Some(stage.fake.folder().join("locks"));
    assert!(run(&stage, stage.options(), "first", &Other(&other)).expect("a run").succeeded());
}

#[cfg(unix)]
#[test]
fn what_lies_in_the_place_of_the_lock_is_never_touched() {
    let stage = Stage::usual(|_| ());
    let path = lock_of(&stage);
    let foreign = stage.media.path("foreign.txt");
    std::fs::write(&foreign, "somebody's").expect("a new file");
    let refused = |what: &str| {
        let jobs = stage.fake.calls_of("Project.AddRenderJob").len();
        let error = run(&stage, stage.options(), "refused", &NoObserver).expect_err(what);
        assert!(format!("{error:#}").contains(&path.display().to_string()), "{what}: {error:#}");
        assert_eq!(error.kind(), ErrorKind::Exists, "{what}: {error:#}");
        assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), jobs, "{what}");
        assert_eq!(std::fs::read_to_string(&foreign).expect("it is there"), "somebody's", "{what}");
    };
    std::os::unix::fs::symlink(&foreign, &path).expect("a link");
    refused("a link to a file");
    std::fs::remove_file(&path).expect("the link");
    let absent = stage.media.path("absent.txt");
    std::os::unix::fs::symlink(&absent, &path).expect("a link");
    refused("a link to nothing");
    assert!(!absent.exists());
    std::fs::remove_file(&path).expect("the link");
    std::fs::hard_link(&foreign, &path).expect("a link");
    refused("another name of a file");
    std::fs::remove_file(&path).expect("the link");
    std::fs::create_dir(&path).expect("a folder");
    refused("a folder");
    std::fs::remove_dir(&path).expect("the folder");
    std::fs::copy(&foreign, &path).expect("a file");
    refused("another file");
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), "somebody's");
    std::fs::remove_file(&path).expect("the file");
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
    assert!(made.success());
    refused("a FIFO");
    std::fs::remove_file(&path).expect("the FIFO");
    assert!(run(&stage, stage.options(), "again", &NoObserver).expect("nothing is in the way").succeeded());
}

#[cfg(unix)]
#[test]
fn everybody_may_lock_and_what_is_not_put_back_is_listed() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"pace": 0.1}}));
    let ticket = submit(&stage, stage.options()).expect("a ticket");
    let lock = lock_in(&stage.fake.folder().join("locks")).expect("a ticket is listed");
    assert_eq!(lock.metadata().expect("it is there").permissions().mode() & 0o777, 0o666);
    let listed: Value = serde_json::from_slice(&std::fs::read(&lock).expect("it can be read")).expect("JSON");
    assert_eq!((&listed["holder"], listed["changes"].as_array().map(Vec::len)), (&Value::Null, Some(1)));
    ResolveBackend::new(stage.options()).withdraw(&ticket).expect("Resolve runs");
    assert!(!lock.exists());
}

fn submit(stage: &Stage, mut options: ResolveOptions) -> Result<Ticket> {
    options.grade = ResolveGrade::Bypass;
    let backend = ResolveBackend::new(options);
    backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(out(stage, "ticket")))
}

#[test]
fn a_ticket_of_another_folder_of_state_keeps_what_it_needs() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    stage.fake.set_faults(&json!({"render": {"pace": 0.1}}));
    let ticket = submit(&stage, stage.options()).expect("a ticket");
    let meanwhile = stage.fake.now();
    let error = run(&stage, elsewhere(&stage), "second", &NoObserver).expect_err("it needs Resolve as it is");
    assert!(format!("{error:#}").contains("collect or withdraw"), "{error:#}");
    let backend = ResolveBackend::new(elsewhere(&stage));
    assert_eq!(backend.restore().expect("Resolve runs").left.len(), 1);
    assert_eq!(stage.fake.now(), meanwhile);
    while let TicketState::Rendering(_) = backend.poll(&ticket).expect("Resolve runs") {}
    // Its own user's, it is put back once it is rendered.
    let report = run(&stage, elsewhere(&stage), "second", &NoObserver).expect("a run");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), WARM);
    // Whoever collects it, what it noted where it was handed in is gone.
    let report = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect("shots");
    stage.check_run(&report, stage.plan(&PlanOptions::default()), NONE);
    assert_eq!(stage.fake.now(), before);
    let left = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().count();
    assert_eq!((left(&stage.state()), left(&stage.fake.folder().join("locks"))), (0, 0));
}

#[test]
fn what_another_user_has_not_put_back_is_not_rendered_over() {
    let stage = Stage::usual(|_| ());
    let path = lock_of(&stage);
    stage.fake.set_faults(&json!({"render": {"pace": 0.1}}));
    let ticket = submit(&stage, stage.options()).expect("a ticket");
    let text = std::fs::read_to_string(&path).expect("a ticket is listed");
    let listed: Value = serde_json::from_str(&text).expect("JSON");
    // What is there and no file of this user's stands for one of somebody else.
    let theirs = stage.media.path("theirs.json");
    std::fs::create_dir(&theirs).expect("a folder");
    let of = |project: Value| {
        let change = json!({"journal": theirs, "user": "anna", "owner": "ticket", "project": project});
        format!("{{\"otio-conflate\":1,\"holder\":null,\"changes\":[{change}]}}")
    };
    let project = listed["changes"][0]["project"].clone();
    assert!(project["name"] == "show" && listed["changes"][0]["owner"] == "ticket", "{text}");
    ResolveBackend::new(stage.options()).withdraw(&ticket).expect("Resolve runs");
    std::fs::write(&path, of(project)).expect("everybody may write it");
    let error = run(&stage, stage.options(), "second", &NoObserver).expect_err("anna needs it");
    assert!(format!("{error:#}").contains("user anna has handed in"), "{error:#}");
    let restored = ResolveBackend::new(stage.options()).restore().expect("Resolve runs");
    assert!(restored.left.iter().any(|left| left.contains("user anna")), "{restored:?}");
    // Of another project, it is nobody's concern here; and what is gone needs nothing.
    let another = json!({"name": "another", "id": "another"});
    std::fs::write(&path, of(another)).expect("everybody may write it");
    assert!(run(&stage, stage.options(), "second", &NoObserver).expect("a run").succeeded());
    std::fs::write(&path, of(Value::Null)).expect("everybody may write it");
    std::fs::remove_dir(&theirs).expect("it is empty");
    assert!(run(&stage, stage.options(), "third", &NoObserver).expect("a run").succeeded());
    assert!(!path.exists());
}

#[test]
fn a_lock_that_is_damaged_still_locks() {
    let stage = Stage::usual(|_| ());
    let path = lock_of(&stage);
    for text in ["", "{\"otio-conflate\":", "{\"otio-conflate\":1,\"holder\":null,\"changes\":[]}}]rest"] {
        std::fs::write(&path, text).expect("everybody may write it");
        stage.fake.set_faults(&json!({"render": {"pace": 0.02}}));
        let second = Second { stage: &stage, options: elsewhere(&stage) };
        let name = format!("after {}", text.len());
        assert!(run(&stage, stage.options(), &name, &second).expect(text).succeeded(), "{text}");
    }
}

#[test]
fn folders_of_ours_lie_inside_nothing_that_is_read() {
    let stage = Stage::usual(|_| ());
    let bundle = stage.media.path("cut.otiod");
    std::fs::create_dir(&bundle).expect("a folder");
    std::fs::write(bundle.join("content.otio"), std::fs::read(&stage.otio).expect("the cut")).expect("a new file");
    let mut plan = stage.plan(&PlanOptions::default());
    plan.timeline = Some(bundle.join("content.otio"));
    let inside = bundle.join("deep");
    let set: [fn(&mut ResolveOptions, PathBuf); 3] = [
        |options, folder| options.folder = Some(folder),
        |options, folder| options.state = Some(folder),
        |options, folder| options.lock = Some(folder),
    ];
    for set in set {
        let options = stage.with(|options| set(options, inside.clone()));
        let error = stage.try_run(options.clone(), plan.clone(), "prores-lt").err().expect("it is inside a bundle");
        assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
        let delivery = Delivery::new(out(&stage, "ticket"));
        let error = ResolveBackend::new(options).submit(&plan, &delivery).expect_err("it is inside a bundle");
        assert!(format!("{error:#}").contains("cut.otiod"), "{error:#}");
        assert!(!inside.exists() && !out(&stage, "ticket").exists());
    }
}
