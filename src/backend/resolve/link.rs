//! The connection: a Resolve that can be asked, with a project open.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::bridge::{Answer, Bridge, Instance, ResolveObject};
use super::calls::Calls;
use super::options::ResolveOptions;
use crate::backend::CancelToken;
use crate::error::{Error, ErrorKind, Result};

/// The oldest version whose scripting interface has what is asked for.
const OLDEST: u32 = 18;
/// How often one looks whether something has happened that is waited for.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// A connection to Resolve and its open project.
#[derive(Debug)]
pub(super) struct Link {
    bridge: Bridge,
    pub(super) app: ResolveObject,
    pub(super) project: ResolveObject,
    /// Its version, as it says it.
    pub(super) version: String,
    /// Which Resolve it is.
    pub(super) instance: Instance,
    /// What ends whatever is asked, as long as it is heeded.
    pub(super) cancel: CancelToken,
    ignores_cancel: AtomicBool,
}

/// What tells a project or a timeline from others: its identifier, and its name for messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
    id: String,
}

impl Named {
    /// Whether both are the same, whatever it is called by now.
    pub(super) fn is(&self, other: &Named) -> bool {
        self.id == other.id
    }
}

impl Link {
    /// Connects, starting Resolve where that is asked for, and checks what is there.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not run, does not let itself be scripted, is too old, or has no
    /// project open; [`ErrorKind::Timeout`] when it does not answer; [`ErrorKind::Cancelled`], at once.
    pub(super) fn open(options: &ResolveOptions, cancel: &CancelToken) -> Result<Link> {
        let bridge = Bridge::start(options, cancel)?;
        let app = match (bridge.connect(cancel)?, &options.start) {
            (Some(app), _) => app,
            (None, Some(command)) => started(&bridge, command, options.limits.start, cancel)?,
            (None, None) => return Err(unreachable_application()),
        };
        let instance = bridge.identify(cancel)?.with(&options.environment);
        let ask = |on: &ResolveObject, method: &str| bridge.call_until(on, method, vec![], Some(cancel));
        let product = ask(&app, "GetProductName")?.text()?;
        if !product.contains("Studio") {
            let what = format!("{product} is running; scripts from outside need DaVinci Resolve Studio");
            return Err(Error::new(ErrorKind::Application, what));
        }
        let version = ask(&app, "GetVersionString")?.text()?;
        let major: u32 = version.split('.').next().and_then(|major| major.trim().parse().ok()).unwrap_or(0);
        if major < OLDEST {
            let what = format!("{product} {version} is running; {OLDEST} or newer is needed");
            return Err(Error::new(ErrorKind::Application, what));
        }
        let manager = ask(&app, "GetProjectManager")?.some()?;
        let Some(project) = ask(&manager, "GetCurrentProject")?.object() else {
            return Err(Error::new(ErrorKind::Application, "no project is open in Resolve"));
        };
        let ignores_cancel = AtomicBool::new(false);
        Ok(Link { bridge, app, project, version, instance, cancel: cancel.clone(), ignores_cancel })
    }

    /// From here on, everything is asked to the end: something is put back.
    pub(super) fn ignore_cancel(&self) {
        self.ignores_cancel.store(true, Ordering::Relaxed);
    }

    /// Calls `method` of `on`.
    ///
    /// # Errors
    /// As [`Bridge::call`]; [`ErrorKind::Cancelled`] instead of calling when it is to stop.
    pub(super) fn call(&self, on: &ResolveObject, method: &str, arguments: Vec<Value>) -> Result<Answer> {
        if self.cancel.is_cancelled() && !self.ignores_cancel.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
        }
        let called = self.bridge.call(on, method, arguments);
        called.map_err(|error| match (error.kind(), Calls::table().since(on.class(), method)) {
            (ErrorKind::Unsupported, Some(since)) => {
                let what = format!("{}.{method} needs DaVinci Resolve {since} or newer", on.class());
                Error::new(ErrorKind::Unsupported, format!("{what}; {} is running", self.version)).because(error)
            }
            _ => error,
        })
    }

    /// Calls `method` of `on`, where this Resolve has it.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn call_if_there(
        &self,
        on: &ResolveObject,
        method: &str,
        arguments: Vec<Value>,
    ) -> Result<Option<Answer>> {
        match self.call(on, method, arguments) {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            called => called.map(Some),
        }
    }

    /// Calls `method` of the project.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn project(&self, method: &str, arguments: Vec<Value>) -> Result<Answer> {
        self.call(&self.project, method, arguments)
    }

    /// Whether nothing more can be asked through it.
    pub(super) fn is_lost(&self) -> bool {
        self.bridge.is_lost()
    }

    /// Whether Resolve answers: calls to one that has ended give nothing.
    pub(super) fn is_alive(&self) -> bool {
        self.call(&self.app, "GetProductName", vec![]).and_then(Answer::text).is_ok()
    }

    /// Whether anything is being rendered.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn is_rendering(&self) -> Result<bool> {
        Ok(self.project("IsRenderingInProgress", vec![])?.truth())
    }

    /// What tells `object`, a project or a timeline, from others.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn named(&self, object: &ResolveObject) -> Result<Named> {
        let name = self.call(object, "GetName", vec![])?.text()?;
        let id = match self.call_if_there(object, "GetUniqueId", vec![])? {
            Some(id) => id.text()?,
            None => name.clone(),
        };
        Ok(Named { name, id })
    }

    /// Every timeline of the project.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn timelines(&self) -> Result<Vec<(ResolveObject, Named)>> {
        let count = self.project("GetTimelineCount", vec![])?.whole()?;
        let mut all = Vec::new();
        for index in 1..=count {
            let timeline = self.project("GetTimelineByIndex", vec![json!(index)])?.some()?;
            let named = self.named(&timeline)?;
            all.push((timeline, named));
        }
        Ok(all)
    }

    /// The timeline that is open, if any is.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn current_timeline(&self) -> Result<Option<ResolveObject>> {
        Ok(self.project("GetCurrentTimeline", vec![])?.object())
    }

    /// Opens `timeline`, if it is not open.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn open_timeline(&self, timeline: &ResolveObject) -> Result<()> {
        let open = self.current_timeline()?.map(|open| self.named(&open)).transpose()?;
        let wanted = self.named(timeline)?;
        if open.is_some_and(|open| open.is(&wanted)) {
            return Ok(());
        }
        self.project("SetCurrentTimeline", vec![timeline.into()])?.granted()
    }

    /// The clips in a bin, with their identifiers.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn clips(&self, bin: &ResolveObject) -> Result<Vec<(ResolveObject, String)>> {
        // Nothing must not be taken for an empty bin: what is not known to have been there gets deleted.
        let clips = self.call(bin, "GetClipList", vec![])?.listed()?;
        clips.into_iter().map(|clip| Ok((clip.clone(), self.call(&clip, "GetUniqueId", vec![])?.text()?))).collect()
    }

    /// The names of all render presets.
    ///
    /// # Errors
    /// As [`Bridge::call`].
    pub(super) fn render_presets(&self) -> Result<Vec<String>> {
        let list = self.project("GetRenderPresetList", vec![])?.value();
        let text = |name: &Value| name.as_str().map(str::to_owned);
        Ok(list.as_array().map(|list| list.iter().filter_map(text).collect()).unwrap_or_default())
    }

    /// Switches to a page.
    ///
    /// # Errors
    /// [`ErrorKind::Application`] when Resolve does not.
    pub(super) fn open_page(&self, page: &str) -> Result<()> {
        // Older versions open it and give nothing.
        let opened = self.call(&self.app, "OpenPage", vec![json!(page)])?;
        if opened.is_nothing() { Ok(()) } else { opened.granted() }
    }
}

fn unreachable_application() -> Error {
    let what = "DaVinci Resolve cannot be reached: it is not running, or it is not the Studio version, or external \
        scripting is not set to Local in its preferences (System, General)";
    Error::new(ErrorKind::Application, what)
}

/// Starts Resolve and waits until it can be reached.
fn started(bridge: &Bridge, command: &[String], limit: Duration, cancel: &CancelToken) -> Result<ResolveObject> {
    let [program, arguments @ ..] = command else {
        return Err(Error::new(ErrorKind::Option, "the command that starts Resolve is empty"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|error| Error::new(ErrorKind::Application, format!("cannot start {program}")).because(error))?;
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(app) = bridge.connect(cancel)? {
            // It is not ours to end; whoever waits for it may.
            drop(std::thread::Builder::new().spawn(move || child.wait()));
            return Ok(app);
        }
        pause(Duration::from_millis(500), cancel)?;
    }
    let what = format!("{program} was started, but Resolve cannot be reached within {} s", limit.as_secs_f64());
    Err(Error::new(ErrorKind::Timeout, what).because(unreachable_application()))
}

/// Waits so long, unless it is to stop.
///
/// # Errors
/// [`ErrorKind::Cancelled`] when it is.
pub(super) fn pause(length: Duration, cancel: &CancelToken) -> Result<()> {
    let deadline = Instant::now() + length;
    loop {
        if cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Cancelled, "cancelled"));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}
