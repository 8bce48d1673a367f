//! How Resolve is reached: a process that holds its objects, and calls their methods as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::calls::Calls;
use super::options::ResolveOptions;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};

/// The program that the process runs.
const SCRIPT: &str = include_str!("bridge.py");
/// How many of the process's last lines are shown when it ends.
const LAST_LINES: usize = 12;
/// How often one looks whether an answer is still waited for.
const LOOK: Duration = Duration::from_millis(20);
/// How long a process that was told to end may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One of Resolve's objects, which the bridge holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResolveObject {
    class: String,
    number: u64,
}

impl ResolveObject {
    /// Its class in the scripting interface.
    pub(super) fn class(&self) -> &str {
        &self.class
    }
}

impl From<&ResolveObject> for Value {
    fn from(object: &ResolveObject) -> Value {
        json!({"$object": object.number})
    }
}

/// The process. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Bridge {
    process: Mutex<Process>,
    limit: Duration,
    // Removed when the process no longer needs it.
    _script: NamedTempFile,
}

#[derive(Debug)]
struct Process {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    last_lines: Arc<Mutex<VecDeque<String>>>,
    readers: Vec<JoinHandle<()>>,
    /// The number of the request made last.
    requests: u64,
    /// Why it can be asked no more.
    lost: Option<String>,
}

/// Which Resolve is reached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Instance {
    /// The machine that it runs on.
    host: String,
    /// The module that reaches it, and what that is told; nothing for Resolve's own library, which reaches the one of the
    /// machine.
    module: String,
    told: BTreeMap<String, String>,
}

impl Instance {
    /// The same, reached with these variables: they count where it is not Resolve's own library that reads them.
    pub(super) fn with(mut self, variables: &BTreeMap<String, String>) -> Instance {
        if !self.module.is_empty() {
            self.told.extend(variables.clone());
        }
        self
    }

    /// A number that is the same for everybody who reaches this Resolve, and another for every other one.
    pub(super) fn key(&self) -> u64 {
        let is_here = ["", "127.0.0.1", "localhost", "::1"].contains(&self.host.as_str());
        let host = if is_here { "here" } else { &self.host };
        let told = self.told.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        // FNV-1a, which is the same in every build.
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for part in [host, &self.module].into_iter().chain(told) {
            for byte in part.bytes().chain([0]) {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        sum
    }
}

/// What the process says to a request.
#[derive(Debug, Deserialize)]
struct Reply {
    id: u64,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    error: Option<String>,
    /// What kind of error, by its name in the bridge.
    #[serde(default)]
    kind: String,
}

impl Bridge {
    /// Starts the process.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when it cannot be started or ends at once, [`ErrorKind::Timeout`] when it says nothing,
    /// [`ErrorKind::Cancelled`].
    pub(super) fn start(options: &ResolveOptions, cancel: &CancelToken) -> Result<Bridge> {
        let failed =
            |error: std::io::Error| Error::new(ErrorKind::Io, "cannot write the bridge's script").because(error);
        let mut script = tempfile::Builder::new().prefix("otio-conflate-").suffix(".py").tempfile().map_err(failed)?;
        script.write_all(SCRIPT.as_bytes()).and_then(|()| script.flush()).map_err(failed)?;
        let [program, arguments @ ..] = options.command.as_slice() else {
            return Err(Error::new(ErrorKind::Option, "the command that runs the bridge is empty"));
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(script.path()).envs(&options.environment);
        let process = Process::start(&mut command)?;
        let bridge = Bridge { process: Mutex::new(process), limit: options.limits.call, _script: script };
        bridge.ask("the bridge", json!({"methods": Calls::table().methods()}), Some(cancel))?;
        Ok(bridge)
    }

    /// Resolve itself, where it runs and lets itself be scripted.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve's module cannot be loaded; [`ErrorKind::Cancelled`].
    pub(super) fn connect(&self, cancel: &CancelToken) -> Result<Option<ResolveObject>> {
        let value = self.ask("the connection to Resolve", json!({"connect": true}), Some(cancel))?;
        Ok(object(&value, "Resolve"))
    }

    /// Which Resolve is reached.
    ///
    /// # Errors
    /// As [`Bridge::connect`].
    pub(super) fn identify(&self, cancel: &CancelToken) -> Result<Instance> {
        let value = self.ask("the connection to Resolve", json!({"identify": true}), Some(cancel))?;
        let unknown = |error| {
            Error::new(ErrorKind::Application, "the bridge does not tell which Resolve it reaches").because(error)
        };
        serde_json::from_value(value).map_err(unknown)
    }

    /// Calls `method` of `on`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a call that is not in the table or that this Resolve does not have,
    /// [`ErrorKind::Application`] when it raises an error or the bridge is gone; [`ErrorKind::Timeout`] when there is no
    /// answer: the bridge is ended then, since a call cannot be taken back.
    pub(super) fn call(&self, on: &ResolveObject, method: &str, arguments: Vec<Value>) -> Result<Answer> {
        self.call_until(on, method, arguments, None)
    }

    /// The same; where `cancel` says so, the answer is not waited for, and the bridge is ended. For calls that change
    /// nothing.
    ///
    /// # Errors
    /// As [`Bridge::call`]; [`ErrorKind::Cancelled`].
    pub(super) fn call_until(
        &self,
        on: &ResolveObject,
        method: &str,
        arguments: Vec<Value>,
        cancel: Option<&CancelToken>,
    ) -> Result<Answer> {
        let returns = Calls::table().returns(&on.class, method, &arguments)?;
        let what = format!("{}.{method}", on.class);
        let value = self.ask(&what, json!({"on": on.number, "call": method, "arguments": arguments}), cancel)?;
        Ok(Answer { what, value, returns: returns.trim_matches(['[', ']']).to_owned() })
    }

    fn ask(&self, what: &str, request: Value, cancel: Option<&CancelToken>) -> Result<Value> {
        self.lock().ask(what, request, self.limit, cancel)
    }

    /// Whether it can be asked no more.
    pub(super) fn is_lost(&self) -> bool {
        self.lock().lost.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    fn start(command: &mut Command) -> Result<Process> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn();
        let mut child = started.map_err(|error| {
            let program = command.get_program().to_string_lossy().into_owned();
            Error::new(ErrorKind::Application, format!("cannot start {program}, which runs the bridge to Resolve"))
                .because(error)
        })?;
        let (sender, answers) = channel();
        let last_lines = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = Vec::new();
        if let Some(output) = child.stdout.take() {
            readers.push(Builder::new().spawn(move || each_line(output, |line| sender.send(line).is_ok())));
        }
        if let Some(errors) = child.stderr.take() {
            let kept = Arc::clone(&last_lines);
            readers.push(Builder::new().spawn(move || {
                each_line(errors, |line| {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.len() == LAST_LINES {
                        kept.pop_front();
                    }
                    kept.push_back(line);
                    true
                });
            }));
        }
        let readers = readers.into_iter().collect::<std::io::Result<Vec<_>>>().map_err(|cause| {
            // It has been started for nothing; should it have ended by itself, so much the better.
            drop(child.kill());
            drop(child.wait());
            Error::new(ErrorKind::Application, "cannot start threads that listen to the bridge to Resolve")
                .because(cause)
        })?;
        let input = child.stdin.take();
        Ok(Process { child, input, answers, last_lines, readers, requests: 0, lost: None })
    }

    fn ask(&mut self, what: &str, mut request: Value, limit: Duration, cancel: Option<&CancelToken>) -> Result<Value> {
        if let Some(lost) = &self.lost {
            return Err(Error::new(ErrorKind::Application, format!("{what} cannot be asked for: {lost}")));
        }
        self.requests += 1;
        request["id"] = self.requests.into();
        let mut line = request.to_string();
        line.push('\n');
        let written = self.input.as_mut().map(|input| input.write_all(line.as_bytes()).and_then(|()| input.flush()));
        if !matches!(written, Some(Ok(()))) {
            return Err(self.died(what));
        }
        let deadline = Instant::now() + limit;
        loop {
            if cancel.is_some_and(CancelToken::is_cancelled) {
                self.end(Duration::ZERO);
                self.lost = Some("the bridge was ended when the run was cancelled".to_owned());
                return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(cancel.map_or(left, |_| left.min(LOOK))) {
                Ok(line) => match self.reply(what, &line) {
                    // What is printed into the answers by somebody else is no answer.
                    None => {}
                    Some(reply) => return reply,
                },
                Err(RecvTimeoutError::Disconnected) => return Err(self.died(what)),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.gave_up(what, limit)),
            }
        }
    }

    fn reply(&self, what: &str, line: &str) -> Option<Result<Value>> {
        let reply = serde_json::from_str::<Reply>(line).ok().filter(|reply| reply.id == self.requests)?;
        Some(match reply.error {
            Some(error) => {
                let kind = if reply.kind == "Missing" { ErrorKind::Unsupported } else { ErrorKind::Application };
                Err(Error::new(kind, format!("{what} failed: {error:#}")))
            }
            None => Ok(reply.value),
        })
    }

    fn died(&mut self, what: &str) -> Error {
        self.end(FAREWELL);
        let lines = self.last_lines.lock().unwrap_or_else(PoisonError::into_inner);
        let said: Vec<&str> = lines.iter().map(String::as_str).collect();
        let said = if said.is_empty() { String::new() } else { format!(":\n  {}", said.join("\n  ")) };
        self.lost = Some("the bridge to Resolve has ended".to_owned());
        Error::new(ErrorKind::Application, format!("the bridge to Resolve ended during {what}{said}"))
    }

    fn gave_up(&mut self, what: &str, limit: Duration) -> Error {
        self.end(Duration::ZERO);
        self.lost = Some(format!("{what} did not return, and the bridge was ended"));
        let what = format!(
            "{what} gave no answer within {} s; a dialog may be open in Resolve, which blocks it",
            limit.as_secs_f64()
        );
        Error::new(ErrorKind::Timeout, what)
    }

    /// Lets the process end by itself for so long, and ends it then.
    fn end(&mut self, patience: Duration) {
        self.input = None;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Either it has ended already, or nobody can do more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The last lines are read, but a grandchild may hold the pipes open for ever.
        let deadline = Instant::now() + FAREWELL;
        while Instant::now() < deadline && !self.readers.iter().all(JoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(FAREWELL);
    }
}

/// Calls `with` for every line, until there are no more or it says no.
fn each_line(pipe: impl std::io::Read, mut with: impl FnMut(String) -> bool) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
        if !with(String::from_utf8_lossy(&line).trim_end().to_owned()) {
            return;
        }
        line.clear();
    }
}

/// What a call gave.
#[derive(Debug)]
pub(super) struct Answer {
    /// The call, for messages.
    what: String,
    value: Value,
    /// The class of the objects in it.
    returns: String,
}

impl Answer {
    /// It has to be true.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when it is not: Resolve refused, and does not say why.
    pub(super) fn granted(self) -> Result<()> {
        if self.value == Value::Bool(true) { Ok(()) } else { Err(self.refused("true")) }
    }

    /// Whether nothing came.
    pub(super) fn is_nothing(&self) -> bool {
        self.value.is_null()
    }

    /// Whether it is true. Nothing counts as no.
    pub(super) fn truth(&self) -> bool {
        self.value == Value::Bool(true) || self.value.as_f64().is_some_and(|number| number != 0.0)
    }

    /// It has to be true or false: what is put back later.
    pub(super) fn switch(self) -> Result<bool> {
        match &self.value {
            Value::Bool(on) => Ok(*on),
            Value::Number(number) => Ok(number.as_f64() != Some(0.0)),
            _ => Err(self.refused("true or false")),
        }
    }

    /// It has to be a text that is not empty.
    pub(super) fn text(self) -> Result<String> {
        match &self.value {
            Value::String(text) if !text.is_empty() => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.refused("a text")),
        }
    }

    /// It has to be a whole number.
    pub(super) fn whole(self) -> Result<i64> {
        whole(&self.value).ok_or_else(|| self.refused("a whole number"))
    }

    /// The object, if it is one.
    pub(super) fn object(&self) -> Option<ResolveObject> {
        object(&self.value, &self.returns)
    }

    /// It has to be an object.
    pub(super) fn some(self) -> Result<ResolveObject> {
        self.object().ok_or_else(|| self.refused("an object"))
    }

    /// The objects in a list; nothing counts as an empty one.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when it is something else.
    pub(super) fn objects(self) -> Result<Vec<ResolveObject>> {
        if self.value.is_null() { Ok(Vec::new()) } else { self.listed() }
    }

    /// The objects in a list, where nothing is no list: an empty one would be acted on.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when it is something else.
    pub(super) fn listed(self) -> Result<Vec<ResolveObject>> {
        match &self.value {
            Value::Array(list) if list.iter().all(|item| object(item, &self.returns).is_some()) => {
                Ok(list.iter().filter_map(|item| object(item, &self.returns)).collect())
            }
            _ => Err(self.refused("a list of objects")),
        }
    }

    /// As it came.
    pub(super) fn value(self) -> Value {
        self.value
    }

    fn refused(&self, wanted: &str) -> Error {
        let got = match &self.value {
            Value::Null => "nothing".to_owned(),
            value => value.to_string(),
        };
        Error::new(ErrorKind::Application, format!("{} gave {got}, not {wanted}", self.what))
    }
}

fn object(value: &Value, class: &str) -> Option<ResolveObject> {
    value.get("$object").and_then(Value::as_u64).map(|number| ResolveObject { class: class.to_owned(), number })
}

/// A whole number, which may come as a float, or as text.
pub(super) fn whole(value: &Value) -> Option<i64> {
    if let Value::String(text) = value {
        return whole(&serde_json::from_str(text.trim()).ok().filter(Value::is_number)?);
    }
    let from_float = || {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15)?;
        #[allow(clippy::cast_possible_truncation, reason = "whole, and small enough for a double to be exact")]
        Some(number as i64)
    };
    value.as_i64().or_else(from_float)
}
