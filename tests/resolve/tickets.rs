//! Renders that nobody waits for.

use otio_conflate::backend::CancelToken;
use otio_conflate::backend::resolve::{ResolveBackend, ResolveGrade, Scope, Solo, Ticket, TicketState};
use otio_conflate::deliver::Representation;
use otio_conflate::plan::{Handles, PlanOptions, ShotSelection};
use otio_conflate::{Delivery, ErrorKind, NoObserver, Status};
use serde_json::{Value, json};

use crate::rendering::{files, options};
use crate::support::{NONE, Stage};

/// A ticket as another process would find it.
fn stored(ticket: &Ticket) -> Ticket {
    let text = serde_json::to_string(ticket).expect("plain data");
    let back: Ticket = serde_json::from_str(&text).expect("it was just written");
    assert_eq!(&back, ticket);
    back
}

/// Looks until the render is no longer going on.
fn wait(backend: &ResolveBackend, ticket: &Ticket) -> TicketState {
    loop {
        match backend.poll(ticket).expect("Resolve runs") {
            TicketState::Rendering(share) => assert!((0.0..=1.0).contains(&share), "{share}"),
            state => return state,
        }
    }
}

#[test]
fn a_ticket_is_collected_by_somebody_else() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let plan = stage.plan(&options(|options| options.handles = Handles::both(2)));
    let submitter = ResolveBackend::new(stage.with(|options| {
        options.grade = ResolveGrade::Bypass;
        options.scope = Scope::PerShot;
    }));
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let ticket = submitter.submit(&plan, &Delivery::new(&folder)).expect("a ticket");
    drop(submitter);
    let ticket = stored(&ticket);
    let backend = ResolveBackend::new(stage.options());
    assert_eq!(wait(&backend, &ticket), TicketState::Complete);
    let report = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect("shots");
    assert_eq!(report.count(Status::Done), 2, "{report:#?}");
    stage.check_run(&report, plan, NONE);
    assert_eq!(stage.fake.now(), before);
    assert_eq!(files(&folder), ["a.mov", "b.mov", "manifest.json"]);
    assert!(!ticket.folder().exists());
}

#[test]
fn a_wait_that_is_cancelled_leaves_the_render_to_others() {
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"stall_at": 50}}));
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(&folder)).expect("a ticket");
    let cancel = CancelToken::new();
    cancel.cancel();
    let error = backend.collect(&ticket, &NoObserver, &cancel).expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:#}");
    assert!(ticket.folder().exists());
    assert!(matches!(backend.poll(&ticket), Ok(TicketState::Rendering(_))));
    assert_eq!(backend.withdraw(&ticket).expect("Resolve runs"), Vec::<String>::new());
    assert_eq!(stage.fake.now(), before);
    assert_eq!(files(&folder), Vec::<String>::new());
    let error = backend.poll(&ticket).expect_err("the job is gone");
    assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
}

#[test]
fn a_render_that_fails_is_cleared_up_when_it_is_collected() {
    let stage = Stage::usual(|_| ());
    stage.fake.set_faults(&json!({"render": {"fail_at": 40, "error": "GPU is on fire"}}));
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(&folder)).expect("a ticket");
    let state = wait(&backend, &ticket);
    assert!(matches!(&state, TicketState::Failed(what) if what.contains("GPU is on fire")), "{state:?}");
    let error = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect_err("it failed");
    assert!(error.kind() == ErrorKind::Application && format!("{error:#}").contains("GPU is on fire"), "{error:#}");
    assert_eq!(stage.fake.now(), before);
    assert!(!ticket.folder().exists());
}

#[test]
fn what_cannot_be_handed_in_leaves_nothing() {
    let stage = Stage::usual(|state| {
        let cut: Value = state["project"]["timelines"][0].clone();
        state["project"]["timelines"] = json!([cut]);
    });
    let before = stage.fake.now();
    let folder = stage.media.path("out/a.mov").parent().expect("a folder").to_owned();
    let plan = stage.plan(&PlanOptions::default());
    let submit = |options| ResolveBackend::new(options).submit(&plan, &Delivery::new(&folder));
    stage.fake.set_faults(&json!({"calls": [{"method": "Project.StartRendering", "do": "false"}]}));
    let error = submit(stage.options()).expect_err("it does not start");
    assert_eq!(error.kind(), ErrorKind::Application, "{error:#}");
    stage.fake.set_faults(&json!({}));
    assert_eq!(stage.fake.now(), before);
    assert_eq!(files(&folder), Vec::<String>::new());
    let none = stage.plan(&options(|options| {
        options.shots = ShotSelection::Markers("Pink".to_owned());
        options.allow_empty = true;
    }));
    assert!(none.shots.is_empty());
    let error = ResolveBackend::new(stage.options()).submit(&none, &Delivery::new(&folder)).expect_err("no shots");
    assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
    assert_eq!(stage.fake.now(), before);
    assert_eq!(stage.fake.calls_of("Project.StartRendering").len(), 1, "the one that failed before");
    std::fs::write(folder.join("a.mov"), "something").expect("a new file");
    let error = submit(stage.options()).expect_err("something is in the way");
    assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
    std::fs::rename(folder.join("a.mov"), folder.join("a_poster.jpg")).expect("nothing has this name");
    let mut delivery = Delivery::new(&folder);
    delivery.representations = vec![Representation::by_name("poster").expect("a representation")];
    let submit = |delivery: &Delivery| {
        ResolveBackend::new(stage.options()).submit(&stage.plan(&PlanOptions::default()), delivery)
    };
    let error = submit(&delivery).expect_err("the poster is in the way");
    assert_eq!(error.kind(), ErrorKind::Exists, "{error:#}");
    delivery.representations[0].letterbox = Some(f64::NAN);
    assert_eq!(submit(&delivery).expect_err("no aspect").kind(), ErrorKind::Option);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_render_of_somebody_else_goes_on() {
    for set in ["usual", "other"] {
        let stage = Stage::usual(|state| state["quirks"] = json!({"set": set, "stuck_at_the_end": false}));
        let before = stage.fake.now();
        let plan = stage.plan(&PlanOptions::default());
        let backend = ResolveBackend::new(stage.options());
        let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
        let ticket = backend.submit(&plan, &Delivery::new(&folder)).expect("a ticket");
        assert_eq!(wait(&backend, &ticket), TicketState::Complete);
        stage.fake.set_faults(&json!({"render": {"somebody": true}}));
        assert_eq!(backend.poll(&ticket).expect("Resolve runs"), TicketState::Complete, "{set}");
        let report = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect("shots");
        assert!(report.succeeded());
        stage.fake.set_faults(&json!({}));
        std::fs::remove_dir_all(&folder).expect("it is there");
        let ticket = backend.submit(&plan, &Delivery::new(&folder)).expect("a ticket");
        assert_eq!(wait(&backend, &ticket), TicketState::Complete);
        stage.fake.set_faults(&json!({"render": {"somebody": true}}));
        assert_eq!(backend.withdraw(&ticket).expect("Resolve runs"), Vec::<String>::new());
        assert!(stage.fake.calls_of("Project.StopRendering").is_empty(), "{set}");
        assert_eq!(stage.fake.now(), before, "{set}");
    }
}

#[test]
fn a_render_that_is_stopped_before_it_began_has_failed_in_every_language() {
    let words =
        json!({"Ready": "待機中", "Rendering": "レンダリング中", "Complete": "完了", "Cancelled": "キャンセル"});
    let stage = Stage::usual(|state| state["quirks"] = json!({"status": words}));
    stage.fake.set_faults(&json!({"render": {"stall_at": 0}}));
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(&folder)).expect("a ticket");
    stage.script("project.StopRendering()");
    let state = wait(&backend, &ticket);
    assert!(matches!(&state, TicketState::Failed(what) if what.contains("キャンセル")), "{state:?}");
    assert!(backend.collect(&ticket, &NoObserver, &CancelToken::new()).is_err());
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_render_that_cannot_be_verified_is_kept_and_taken_when_it_is_named() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    stage.fake.set_faults(&json!({"render": {"output": "long"}}));
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(&folder)).expect("a ticket");
    let error = backend.collect(&ticket, &NoObserver, &CancelToken::new()).expect_err("a frame too many");
    assert_eq!(error.kind(), ErrorKind::Verify, "{error:#}");
    let kept = ticket.folder();
    assert!(format!("{error:#}").contains(&format!("collect --from {}", kept.display())), "{error:#}");
    assert_eq!(stage.fake.now(), before);
    assert!(kept.join("0001/render.mov").is_file());
    let report = backend.collect_from(&ticket, kept, &NoObserver, &CancelToken::new()).expect("shots");
    assert!(report.succeeded());
    let told = report.warnings.iter().any(|warning| warning.message.contains("was taken as it is"));
    assert!(told, "{:?}", report.warnings);
    assert_eq!((stage.fake.now(), kept.exists()), (before, false));
}

#[test]
fn a_collection_that_fails_can_be_made_again() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let backend = ResolveBackend::new(stage.options());
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let ticket = backend.submit(&stage.plan(&PlanOptions::default()), &Delivery::new(&folder)).expect("a ticket");
    assert_eq!(wait(&backend, &ticket), TicketState::Complete);
    struct Stops(CancelToken);
    impl otio_conflate::Observer for Stops {
        fn frame(&self, _: &otio_conflate::plan::Shot, _: i64, _: i64) {
            self.0.cancel();
        }
    }
    let cancel = CancelToken::new();
    let report = backend.collect(&ticket, &Stops(cancel.clone()), &cancel).expect("a report");
    assert!(!report.succeeded());
    assert!(ticket.folder().exists());
    let mut again = ticket.clone();
    again = stored(&again);
    let report = backend.collect(&again, &NoObserver, &CancelToken::new()).expect("shots");
    assert!(report.succeeded(), "{report:#?}");
    assert_eq!((stage.fake.now(), ticket.folder().exists()), (before, false));
}

#[test]
fn tracks_that_are_seen_alone_are_handed_in_one_by_one() {
    let stage = crate::scopes::covered(|_| ());
    let before = stage.fake.now();
    let plan = stage.plan(&options(|options| options.shots = ShotSelection::All));
    let backend = ResolveBackend::new(stage.with(|options| options.solo = Solo::Own));
    let folder = stage.media.path("out/x").parent().expect("a folder").to_owned();
    let error = backend.submit(&plan, &Delivery::new(&folder)).expect_err("two tracks");
    assert_eq!(error.kind(), ErrorKind::Option, "{error:#}");
    assert_eq!(stage.fake.now(), before);
}
