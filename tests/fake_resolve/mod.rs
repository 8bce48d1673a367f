//! Starts the simulated Resolve (see README.md here), changes what goes wrong, and reads what it was asked.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part of this")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A simulated Resolve, which runs until this is dropped or killed.
pub struct FakeResolve {
    folder: TempDir,
    process: Option<Child>,
}

impl FakeResolve {
    /// Starts one in the state that `state` describes.
    pub fn start(state: &Value) -> FakeResolve {
        let mut fake = FakeResolve::installed(state);
        fake.launch();
        fake
    }

    /// One that is installed and not running.
    pub fn installed(state: &Value) -> FakeResolve {
        let folder = tempfile::Builder::new().prefix("fr").tempdir().expect("a folder");
        let modules = folder.path().join("Modules");
        std::fs::create_dir(&modules).expect("a new folder");
        std::fs::create_dir(folder.path().join("LUT")).expect("a new folder");
        let client = "DaVinciResolveScript.py";
        std::fs::copy(home().join(client), modules.join(client)).expect("the module is there");
        let fake = FakeResolve { folder, process: None };
        fake.write("state.json", state);
        fake
    }

    /// Starts the application.
    pub fn launch(&mut self) {
        let [program, arguments @ ..] = &self.command()[..] else { unreachable!("a program and its arguments") };
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tests need python3");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it says that it is ready");
        assert_eq!(line, "ready\n", "the simulated Resolve did not start");
        self.process = Some(process);
    }

    /// What starts the application: a program and its arguments.
    pub fn command(&self) -> Vec<String> {
        let script = home().join("server.py");
        [python(), "-B".into(), script.display().to_string(), self.folder.path().display().to_string()].into()
    }

    /// The environment in which scripts find it.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let folder = self.folder.path().display().to_string();
        ["RESOLVE_SCRIPT_API", "FAKE_RESOLVE"].map(|name| (name.to_owned(), folder.clone())).into()
    }

    /// Its own folder; LUT files of its own lie in `LUT` there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is to go wrong from now on.
    pub fn set_faults(&self, faults: &Value) {
        self.write("faults.json", faults);
    }

    /// What a script can read of it and put back: page, current timeline, tracks, marks, queue, grades, bins.
    pub fn now(&self) -> Value {
        self.read("now.json")
    }

    /// Every call so far: `{"type", "method", "arguments", "named"?, "result"}`.
    pub fn calls(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("calls.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The calls of one method, such as `Project.AddRenderJob`.
    pub fn calls_of(&self, name: &str) -> Vec<Value> {
        let (kind, method) = name.split_once('.').expect("a class and a method");
        self.calls().into_iter().filter(|call| call["type"] == kind && call["method"] == method).collect()
    }

    /// Ends it, as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it is a child of this process");
            process.wait().expect("it is a child of this process");
        }
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.try_wait().expect("it is a child").is_none())
    }

    fn write(&self, name: &str, value: &Value) {
        // Under its name at once: it may be read at any time.
        let (path, fresh) = (self.folder.path().join(name), self.folder.path().join("fresh.json"));
        std::fs::write(&fresh, value.to_string()).expect("the folder can be written to");
        std::fs::rename(fresh, path).expect("the folder can be written to");
    }

    fn read(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.folder.path().join(name)).expect("the application wrote it");
        serde_json::from_str(&text).expect("JSON")
    }
}

impl Drop for FakeResolve {
    fn drop(&mut self) {
        self.kill();
        // For scripts/check-resolve-api.
        if let Some(logs) = std::env::var_os("FAKE_RESOLVE_LOGS") {
            let name = self.folder.path().file_name().expect("it has a name").to_owned();
            let kept = Path::new(&logs).join(name).with_extension("jsonl");
            // A test that never called anything has none.
            let _ = std::fs::copy(self.folder.path().join("calls.jsonl"), kept);
        }
    }
}

/// The Python that `python3` stands for, which may be a script that looks for it each time.
pub fn python() -> String {
    static FOUND: OnceLock<String> = OnceLock::new();
    let find = || {
        let output = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        String::from_utf8(output.expect("the tests need python3").stdout).expect("a path").trim().to_owned()
    };
    FOUND.get_or_init(find).clone()
}

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fake_resolve")
}

/// A project whose one timeline is that of an OTIO file.
pub fn project_of(cut: &Path) -> Value {
    json!({"project": {"name": "show", "timelines": [{"otio": cut}]}})
}
