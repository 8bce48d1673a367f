//! `otio-conflate resolve` as a program: what it prints, what it ends with, and what it leaves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use otio_conflate::Report;
use otio_conflate::backend::resolve::{ResolveOptions, Scope};
use otio_conflate::plan::PlanOptions;
use serde_json::{Value, json};

use crate::rendering::files;
use crate::support::{NONE, Stage, WARM};

/// The subcommand.
fn resolve() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otio-conflate"));
    command.arg("resolve");
    command
}

/// Runs it on a stage, in a folder of the stage's.
struct Program<'s> {
    stage: &'s Stage,
    folder: PathBuf,
}

impl<'s> Program<'s> {
    fn new(stage: &'s Stage) -> Program<'s> {
        let folder = stage.media.path("out/x").with_file_name("here");
        std::fs::create_dir_all(&folder).expect("a folder");
        Program { stage, folder }.with(|_| ())
    }

    /// Writes options that reach this Resolve, changed, into `options.json`.
    fn with(self, change: impl FnOnce(&mut ResolveOptions)) -> Program<'s> {
        let options = serde_json::to_string(&self.stage.with(change)).expect("plain data");
        std::fs::write(self.folder.join("options.json"), options).expect("a new file");
        self
    }

    fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let folder = self.folder.join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = resolve();
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to the end in this folder, relative to the stage's own.
    fn run(&self, folder: &str, arguments: &[&str]) -> Output {
        self.command(folder, arguments).output().expect("the command starts")
    }

    /// The same, and it has to end well. Gives what it printed.
    #[track_caller]
    fn ok(&self, folder: &str, arguments: &[&str]) -> String {
        let output = self.run(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    }

    /// The same, and it has to fail.
    #[track_caller]
    fn fails(&self, folder: &str, arguments: &[&str], code: i32, words: &[&str]) {
        let output = self.run(folder, arguments);
        let text = said(&output);
        // 1 where something was begun, 2 for what was asked wrongly, 3 where nothing could be begun.
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(words.iter().all(|word| text.contains(word)), "{arguments:?}: {text}");
    }

    fn cut(&self) -> &str {
        self.stage.otio.to_str().expect("text")
    }

    fn there(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    #[track_caller]
    fn shots_are(&self, out: &str, tint: crate::support::Tint) {
        let report = Report::open(self.there(out).join("manifest.json")).expect("a manifest");
        self.stage.check_run(&report, self.stage.plan(&PlanOptions::default()), tint);
    }

    /// Nothing lies in its folder but its options and `but`.
    #[track_caller]
    fn left(&self, but: &[&str]) {
        let mut found: Vec<String> = std::fs::read_dir(&self.folder)
            .expect("it is there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name != "options.json" && !but.contains(&name.as_str()))
            .collect();
        found.sort();
        assert!(found.is_empty(), "{found:?}");
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every path in a ticket, by its place.
fn paths(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if text.contains('/') && !text.contains(' ') => {
            found.push((place.to_owned(), text.clone()))
        }
        Value::Array(list) => list.iter().for_each(|value| paths(value, place, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{place}.{key}"), found)),
        _ => {}
    }
}

#[test]
fn a_plain_run_delivers_and_leaves_nothing() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    program.ok(".", &[program.cut(), "--out", "shots", "--options", "options.json", "--ungraded", "plain"]);
    program.shots_are("shots", WARM);
    program.shots_are("plain", NONE);
    assert_eq!(files(&program.there("shots")), ["a.mov", "b.mov", "conflated.otio", "manifest.json"]);
    program.left(&["shots", "plain"]);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn some_shots_alone_are_rendered() {
    let stage = Stage::usual(|_| ());
    let program = Program::new(&stage).with(|options| options.scope = Scope::PerShot);
    let out = |name| ["--out", name, "--options", "options.json", "--name", "{index}_{shot}"];
    program.ok(".", &[&[program.cut(), "--only", "b"][..], &out("shots")].concat());
    assert_eq!(files(&program.there("shots")).iter().filter(|file| file.ends_with(".mov")).count(), 1);
    assert!(files(&program.there("shots"))[0].ends_with("2_b.mov"), "numbered as in a run of all");
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 1);
    program.fails(".", &[&[program.cut(), "--only", "c"][..], &out("no")].concat(), 2, &["\"c\"", "a, b"]);
    program.ok(".", &[&[program.cut(), "--only", "b", "--submit", "t"][..], &out("later")].concat());
    program.ok(".", &["collect", "t", "--options", "options.json"]);
    assert_eq!(
        files(&program.there("later")),
        ["0002_b.mov", "manifest.json"].map(|name| name.replace("0002", index(&program)))
    );
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), 2);
}

/// How shot 2 is numbered.
fn index<'s>(program: &Program<'_>) -> &'s str {
    let name = files(&program.there("shots"))[0].clone();
    name.split('_').next().expect("a number").to_owned().leak()
}

#[test]
fn a_ticket_is_collected_from_another_folder() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    // Where runs are noted is relative, too.
    let program = Program::new(&stage).with(|options| options.state = Some("state".into()));
    let media = stage.media.path("review.toml");
    std::fs::write(&media, "name = \"review\"\npreset = \"h264\"\n").expect("a new file");
    std::fs::copy(&media, program.there("review.toml")).expect("a new file");
    let cut = [program.cut(), "--out", "../shots", "--submit", "../tickets/one", "--options", "../options.json"];
    std::fs::create_dir(program.there("tickets")).expect("a folder");
    let more = ["--representation", "../review.toml", "--resolve-grade", "bypass"];
    let text = program.ok("work", &[&cut[..], &more].concat());
    assert!(text.contains("collect ../tickets/one"), "{text}");
    let ticket: Value =
        serde_json::from_slice(&std::fs::read(program.there("tickets/one")).expect("a ticket")).expect("JSON");
    let mut found = Vec::new();
    paths(&ticket, "", &mut found);
    assert!(found.len() > 5, "{found:?}");
    for (place, path) in found {
        assert!(
            path.starts_with('/') || ["text/", "%", "24/"].iter().any(|start| path.starts_with(start)),
            "{place}: {path}"
        );
    }
    let options = ["--options", "../../options.json"];
    let ticket = "../../tickets/one";
    while program.ok("deep/er", &[&["poll", ticket][..], &options].concat()).starts_with("rendering") {}
    assert!(program.ok("deep/er", &[&["poll", ticket][..], &options].concat()).contains("complete"));
    let text = program.ok("deep/er", &[&["collect", ticket][..], &options].concat());
    assert!(text.contains("2 done"), "{text}");
    program.shots_are("shots", NONE);
    assert_eq!(stage.fake.now(), before);
    assert!(
        files(&program.there("shots")).contains(&"a_review.mp4".to_owned()),
        "{:?}",
        files(&program.there("shots"))
    );
    // Where it was handed in, nothing is noted any more.
    let notes = std::fs::read_dir(program.there("work/state")).into_iter().flatten().count();
    assert_eq!(notes, 0);
    assert!(!program.there("deep/er/state").exists(), "a ticket knows where it was handed in");
}

#[test]
fn a_ticket_is_withdrawn_and_a_render_taken_by_its_path() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    let options = ["--options", "options.json"];
    let submit =
        |name: &str| program.ok(".", &[&[program.cut(), "--out", "shots", "--submit", name][..], &options].concat());
    stage.fake.set_faults(&json!({"render": {"stall_at": 50}}));
    submit("one");
    let begun = Instant::now();
    while !program.ok(".", &[&["poll", "one"][..], &options].concat()).contains("rendering, 5") {
        assert!(begun.elapsed() < Duration::from_secs(60), "it comes to a half");
    }
    program.ok(".", &[&["withdraw", "one"][..], &options].concat());
    assert_eq!(stage.fake.now(), before);
    program.fails(".", &[&["poll", "one"][..], &options].concat(), 3, &["no longer in Resolve's queue"]);
    stage.fake.set_faults(&json!({"render": {"output": "long"}}));
    submit("two");
    let output = program.run(".", &[&["collect", "two"][..], &options].concat());
    let text = said(&output);
    assert!(!output.status.success());
    let kept = text.split("collect --from ").nth(1).and_then(|rest| rest.split('`').next()).expect("where it is kept");
    program.ok(".", &[&["collect", "two", "--from", kept][..], &options].concat());
    program.shots_are("shots", WARM);
    assert!(!Path::new(kept).exists());
    assert_eq!(stage.fake.now(), before);
    program.left(&["one", "two", "shots"]);
}

#[test]
fn what_cannot_be_handed_in_leaves_no_file() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    let with = |more: &[&'static str]| {
        let mut arguments = vec![program.cut().to_owned(), "--options".to_owned(), "options.json".to_owned()];
        arguments.extend(more.iter().map(|&text| text.to_owned()));
        arguments
    };
    let fails = |more: &[&'static str], code: i32, words: &[&str]| {
        let arguments = with(more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        program.fails(".", &arguments, code, words);
        program.left(&["kept"]);
        assert_eq!(stage.fake.now(), before, "{more:?}");
        assert!(stage.fake.calls_of("Project.StartRendering").len() <= 1);
    };
    // The call that starts it fails; a timeline that is another cut; Resolve that is not there.
    stage.fake.set_faults(&json!({"calls": [{"method": "Project.StartRendering", "do": "none"}]}));
    fails(&["--out", "deep/shots", "--submit", "ticket"], 3, &["StartRendering"]);
    stage.fake.set_faults(&json!({}));
    fails(&["--out", "shots", "--submit", "ticket", "--resolve-timeline", "name:no"], 2, &["\"no\""]);
    stage.fake.set_faults(&json!({"not_running": true}));
    fails(&["--out", "shots", "--submit", "ticket"], 3, &["running"]);
    stage.fake.set_faults(&json!({}));
    // Where the ticket may not lie.
    fails(&["--out", "shots", "--submit", "no/ticket"], 3, &["no/ticket"]);
    fails(&["--out", "shots", "--submit", "options.json"], 3, &["options.json is the input"]);
    fails(&["--out", "shots", "--submit", "manifest.json"], 2, &["manifests"]);
    std::fs::create_dir(program.there("kept")).expect("a folder");
    fails(&["--out", "kept", "--submit", "kept/a.mov"], 2, &["kept/a.mov is the name of an output"]);
    std::fs::write(program.there("kept/ticket"), "somebody's").expect("a new file");
    fails(&["--out", "shots", "--submit", "kept/ticket"], 3, &["there already"]);
    assert_eq!(std::fs::read_to_string(program.there("kept/ticket")).expect("it is there"), "somebody's");
    for (name, what) in [("a.mov", "is the medium"), ("cut.otio", "is the timeline")] {
        let path = stage.media.path(name);
        let bytes = std::fs::read(&path).expect("it is there");
        let arguments = with(&["--out", "shots", "--existing", "overwrite-foreign", "--submit"]);
        let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        arguments.push(path.to_str().expect("text"));
        program.fails(".", &arguments, 3, &[what]);
        assert_eq!(std::fs::read(&path).expect("it is there"), bytes, "{name}");
    }
    program.left(&["kept"]);
}

#[test]
fn an_interrupt_ends_what_is_handed_in_and_leaves_nothing() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    // It is connecting when it is interrupted.
    stage.fake.set_faults(&json!({"connecting": "hang"}));
    let arguments = [program.cut(), "--out", "shots", "--submit", "ticket", "--options", "options.json"];
    let child = program.command(".", &arguments).spawn().expect("the command starts");
    let begun = Instant::now();
    while !program.there("ticket").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the ticket is made first");
        std::thread::sleep(Duration::from_millis(10));
    }
    let stopped = Instant::now();
    let number =
        i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process has a number");
    rustix::process::kill_process(number, rustix::process::Signal::INT).expect("it is ours");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(stopped.elapsed() < Duration::from_secs(20), "{:?}", stopped.elapsed());
    program.left(&[]);
    assert_eq!(stage.fake.now(), before);
}

#[test]
fn a_killed_program_is_put_back_by_another() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    stage.fake.set_faults(&json!({"render": {"stall_at": 40}}));
    let arguments = [program.cut(), "--out", "shots", "--options", "options.json", "--resolve-grade", "bypass"];
    let mut child = program.command(".", &arguments).spawn().expect("the command starts");
    let begun = Instant::now();
    while stage.fake.calls_of("Project.StartRendering").is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it renders at last");
        std::thread::sleep(Duration::from_millis(20));
    }
    // While it renders, nobody else does, wherever the state is kept.
    let other = Program::new(&stage).with(|options| options.state = Some("other state".into()));
    other.fails(
        ".",
        &[other.cut(), "--out", "other", "--options", "options.json"],
        3,
        &["another run", &child.id().to_string()],
    );
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    assert_ne!(stage.fake.now(), before);
    let text = other.ok(".", &["restore", "--options", "options.json"]);
    assert!(text.contains("put back"), "{text}");
    assert_eq!(stage.fake.now(), before);
    assert!(other.ok(".", &["restore", "--options", "options.json"]).contains("nothing to put back"));
    let hidden = std::fs::read_dir(program.there("shots")).into_iter().flatten().count();
    assert_eq!(hidden, 0, "nothing is left of the render");
}

#[test]
fn a_program_that_is_killed_while_it_cuts_loses_no_render() {
    let stage = Stage::usual(|_| ());
    let before = stage.fake.now();
    let program = Program::new(&stage);
    // Cutting waits for the lock that this has.
    let out = program.there("shots");
    let arguments = [program.cut(), "--out", "shots", "--options", "options.json", "--jobs", "1"];
    let mut child = program.command(".", &arguments).spawn().expect("the command starts");
    let begun = Instant::now();
    // Everything is put back, and the render is there: it cuts.
    let ticket = loop {
        assert!(begun.elapsed() < Duration::from_secs(60), "it cuts at last");
        let folders = std::fs::read_dir(&out).into_iter().flatten().map(|entry| entry.expect("an entry").path());
        let found = folders.map(|folder| folder.join("ticket.json")).find(|ticket| ticket.is_file());
        if let Some(ticket) = found {
            break ticket;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
    let kept = ticket.parent().expect("a folder").to_str().expect("text").to_owned();
    let text = program.ok(".", &["restore", "--options", "options.json"]);
    assert_eq!(stage.fake.now(), before);
    if !Path::new(&kept).exists() {
        // It had cut everything by then.
        return;
    }
    assert!(text.contains(&format!("collect {} --from {kept}", ticket.display())), "{text}");
    let jobs = stage.fake.calls_of("Project.AddRenderJob").len();
    let text =
        program.ok(".", &["collect", ticket.to_str().expect("text"), "--from", &kept, "--options", "options.json"]);
    assert!(text.contains("done"), "{text}");
    program.shots_are("shots", WARM);
    assert_eq!(stage.fake.calls_of("Project.AddRenderJob").len(), jobs);
    assert!(!Path::new(&kept).exists());
    assert!(program.ok(".", &["restore", "--options", "options.json"]).contains("nothing to put back"));
}

#[test]
fn help_names_every_word() {
    let help = resolve().arg("--help").output().expect("the command starts");
    let text = said(&help);
    for word in ["poll", "collect", "withdraw", "restore", "--only", "--submit", "--options"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    for word in ["poll", "collect", "withdraw", "restore"] {
        let help = resolve().args([word, "--help"]).output().expect("the command starts");
        assert!(help.status.success() && said(&help).contains("--options"), "{word}");
    }
}
