//! `template.yaml`: a job template of Open Job Description, specification version 2023-09.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use super::job::Job;
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};
use crate::printable::counted;

/// The folder in a bundle that tasks read: the plan, the delivery, what shots cost, the timeline.
pub const DATA: &str = "data";

/// Most characters of a job's name (the specification allows 128) and of any other text.
const LONGEST_NAME: usize = 100;
/// Most characters of a parameter's value.
const LONGEST_VALUE: usize = 1024;
/// How a job is run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobOptions {
    /// The job's name. Default: `None`, that of the cut.
    pub name: Option<String>,
    /// How many tasks the step that renders has. Default: `None`, as [`Job::task_count`] says.
    pub chunks: Option<usize>,
    /// The command on the workers. Default: `otio-conflate`.
    pub command: String,
    /// Where FFmpeg's libraries are on the workers. Default: `None`, where the system looks for them.
    pub ffmpeg: Option<PathBuf>,
    /// Threads that a task may use. Default: 0, as many as there are cores.
    pub threads: u32,
    /// MiB of memory that a task may use. Default: 0, no limit.
    pub memory: u64,
    /// Whether a last step joins a review of all shots. Default: `false`.
    pub review: bool,
    /// Seconds from the notice that a task is cancelled to its end. Default: 60.
    pub notice: u32,
}

impl Default for JobOptions {
    fn default() -> JobOptions {
        JobOptions {
            name: None,
            chunks: None,
            command: "otio-conflate".to_owned(),
            ffmpeg: None,
            threads: 0,
            memory: 0,
            review: false,
            notice: 60,
        }
    }
}

impl Job {
    /// How many tasks the step that renders has: as many as `options` ask for, up to one a shot. By default at most 1000, and
    /// so few that each is estimated to take 4 s of CPU time at least: a task adds about 0.1 s, for a process, libraries and
    /// media that are opened once more.
    pub fn task_count(&self, options: &JobOptions) -> usize {
        const MOST: usize = 1000;
        const LEAST_SECONDS: f64 = 4.0;
        let seconds: f64 = self.costs.iter().map(|cost| cost.cpu_seconds).sum();
        let default = || match seconds > 0.0 {
            true => (1..MOST).take_while(|&tasks| (tasks + 1) as f64 * LEAST_SECONDS <= seconds).count() + 1,
            false => MOST,
        };
        options.chunks.unwrap_or_else(default).clamp(1, self.plan.shots.len().max(1))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Template {
    specification_version: &'static str,
    name: String,
    description: String,
    parameter_definitions: Vec<Parameter>,
    job_environments: Vec<Environment>,
    steps: Vec<JobStep>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_flow: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_value: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<TextOrNumber>,
    user_interface: Interface,
    description: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Interface {
    control: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Environment {
    name: &'static str,
    description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<EnvironmentScript>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct EnvironmentScript {
    actions: EnvironmentActions,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EnvironmentActions {
    on_enter: TaskAction,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobStep {
    name: &'static str,
    description: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Dependency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host_requirements: Option<HostRequirements>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter_space: Option<ParameterSpace>,
    script: Script,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    depends_on: &'static str,
}

#[derive(Debug, Serialize)]
struct HostRequirements {
    amounts: Vec<Amount>,
}

#[derive(Debug, Serialize)]
struct Amount {
    name: &'static str,
    min: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ParameterSpace {
    task_parameter_definitions: Vec<TaskParameter>,
}

#[derive(Debug, Serialize)]
struct TaskParameter {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    range: &'static str,
}

#[derive(Debug, Serialize)]
struct Script {
    actions: Actions,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Actions {
    on_run: TaskAction,
}

#[derive(Debug, Serialize)]
struct TaskAction {
    command: &'static str,
    args: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<u32>,
    cancelation: Cancelation,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelation {
    mode: &'static str,
    notify_period_in_seconds: u32,
}

impl Template {
    /// The template of `job`.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for texts that are too long.
    pub(super) fn of(job: &Job, bundle: &Path, options: &JobOptions) -> Result<Template> {
        let count = job.plan.shots.len();
        let name = options.name.as_deref().unwrap_or(&job.plan.name);
        let name = plain(name, LONGEST_NAME);
        let name = if name.trim().is_empty() { "otio-conflate".to_owned() } else { name };
        let frames = job.plan.frame_count();
        let mut steps = vec![render(options), merge(options)];
        if options.review {
            steps.push(review(options));
        }
        Ok(Template {
            specification_version: "jobtemplate-2023-09",
            name,
            description: format!(
                "{}, {frames} frames, written by otio-conflate {}",
                counted(count, "shot"),
                env!("CARGO_PKG_VERSION")
            ),
            parameter_definitions: parameters(job, bundle, options)?,
            job_environments: environments(options),
            steps,
        })
    }
}

/// `text` in a line without what is special to the templates, at most so long.
fn plain(text: &str, longest: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut plain = String::new();
    for c in text.chars() {
        if matches!(c, '{' | '}') && plain.ends_with(c) {
            plain.push(' ');
        }
        plain.push(c);
    }
    plain.chars().take(longest).collect()
}

fn value(what: &str, text: &str) -> Result<String> {
    let length = text.chars().count();
    if length <= LONGEST_VALUE && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let what = format!(
        "{what} has {length} characters; expected at most {LONGEST_VALUE}, none of which is a control character; \
         nothing was written"
    );
    Err(Error::new(ErrorKind::Option, what))
}

fn parameters(job: &Job, bundle: &Path, options: &JobOptions) -> Result<Vec<Parameter>> {
    let shots = job.plan.shots.len();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let own = job.delivery.preset.name.clone();
    let mut presets: Vec<String> = Preset::NAMES.iter().map(|name| (*name).to_owned()).collect();
    if !presets.contains(&own) {
        presets = vec![own.clone()];
    }
    let folder = &job.delivery.folder;
    let path = |name, data_flow, default: Option<String>, control, description| Parameter {
        name,
        kind: "PATH",
        object_type: Some("DIRECTORY"),
        data_flow: Some(data_flow),
        default: default.map(TextOrNumber::Text),
        user_interface: Interface { control, label: None },
        description,
        ..Parameter::default()
    };
    let count = |name, (min, max): (u64, Option<u64>), default, label, description| Parameter {
        name,
        kind: "INT",
        min_value: Some(min),
        max_value: max,
        default: Some(TextOrNumber::Number(default)),
        user_interface: Interface { control: "SPIN_BOX", label: Some(label) },
        description,
        ..Parameter::default()
    };
    let mut parameters = vec![
        path(
            "JobData",
            "IN",
            Some(DATA.to_owned()),
            "HIDDEN",
            "The plan, the delivery, what shots cost, the timeline.",
        ),
        path("OutputFolder", "OUT", below(folder, bundle), "CHOOSE_DIRECTORY", "Where shots go, with their manifest."),
        Parameter {
            name: "Preset",
            kind: "STRING",
            allowed_values: presets,
            default: Some(TextOrNumber::Text(own)),
            user_interface: Interface { control: "DROPDOWN_LIST", label: None },
            description: "What shots are written as.",
            ..Parameter::default()
        },
        count(
            "Chunks",
            (1, Some(number(shots))),
            number(job.task_count(options)),
            "Tasks",
            "How many tasks the shots are split into, at about equal cost.",
        ),
        count(
            "Threads",
            (0, Some(1024)),
            options.threads.into(),
            "Threads of a task",
            "Threads that a task may use; 0 is as many as there are cores.",
        ),
        count(
            "Memory",
            (0, None),
            options.memory,
            "MiB of a task",
            "MiB of memory that a task may use; 0 is no limit.",
        ),
        Parameter {
            name: "Command",
            kind: "STRING",
            default: Some(TextOrNumber::Text(value("the command", &options.command)?)),
            user_interface: Interface { control: "LINE_EDIT", label: None },
            description: "The command otio-conflate on the workers.",
            ..Parameter::default()
        },
    ];
    if let Some(ffmpeg) = &options.ffmpeg {
        // Of the workers alone: no rule maps it.
        parameters.push(Parameter {
            name: "FfmpegLibraries",
            kind: "STRING",
            default: Some(TextOrNumber::Text(value("the folder of FFmpeg's libraries", &ffmpeg.to_string_lossy())?)),
            user_interface: Interface { control: "LINE_EDIT", label: Some("FFmpeg's libraries") },
            description: "Where FFmpeg's libraries are on the workers.",
            ..Parameter::default()
        });
    }
    Ok(parameters)
}

/// `folder` as a default: those of paths are relative to the template, and lead nowhere above it.
fn below(folder: &Path, bundle: &Path) -> Option<String> {
    let rest = folder.strip_prefix(bundle).ok().filter(|rest| !rest.as_os_str().is_empty())?;
    let names = rest.components().map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    Some(names.collect::<Option<Vec<_>>>()?.join("/"))
}

/// `parameter_values.yaml`, as the job bundles of AWS Deadline Cloud have it: what has no default in the template.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParameterValues {
    parameter_values: Vec<ParameterValue>,
}

#[derive(Debug, Serialize)]
struct ParameterValue {
    name: &'static str,
    value: String,
}

impl ParameterValues {
    /// Those of `job`, whose bundle is to lie at `bundle`; `None` where everything has a default.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] for texts that are too long, [`ErrorKind::Location`] for paths that are no text.
    pub(super) fn of(job: &Job, bundle: &Path) -> Result<Option<ParameterValues>> {
        let folder = &job.delivery.folder;
        if below(folder, bundle).is_some() {
            return Ok(None);
        }
        let text = folder.to_str().ok_or_else(|| {
            let what = format!("{} is not valid UTF-8, which a job requires", folder.display());
            Error::new(ErrorKind::Location, what).at_file(folder)
        })?;
        let value = ParameterValue { name: "OutputFolder", value: value("the output folder", text)? };
        Ok(Some(ParameterValues { parameter_values: vec![value] }))
    }
}

fn environments(options: &JobOptions) -> Vec<Environment> {
    let mut environments = Vec::new();
    if options.ffmpeg.is_some() {
        let names = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
        environments.push(Environment {
            name: "FFmpeg",
            description: "Where FFmpeg's libraries are found.",
            script: None,
            variables: names.into_iter().map(|name| (name, "{{Param.FfmpegLibraries}}".to_owned())).collect(),
        });
    }
    environments.push(Environment {
        name: "Version",
        description: "The worker has the version that wrote the job.",
        script: Some(EnvironmentScript {
            actions: EnvironmentActions {
                on_enter: action(&["task", "check", "--written-by", env!("CARGO_PKG_VERSION")], options, Some(300)),
            },
        }),
        variables: BTreeMap::new(),
    });
    environments
}

/// A call of the command.
fn action(args: &[&str], options: &JobOptions, timeout: Option<u32>) -> TaskAction {
    TaskAction {
        command: "{{Param.Command}}",
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        timeout,
        cancelation: Cancelation {
            mode: "NOTIFY_THEN_TERMINATE",
            notify_period_in_seconds: options.notice.clamp(1, 600),
        },
    }
}

fn render(options: &JobOptions) -> JobStep {
    let args = [
        "task",
        "render",
        "{{Param.JobData}}",
        "--folder",
        "{{Param.OutputFolder}}",
        "--chunk",
        "{{Task.Param.Chunk}}",
        "--chunks",
        "{{Param.Chunks}}",
        "--preset",
        "{{Param.Preset}}",
        "--path-rules",
        "{{Session.PathMappingRulesFile}}",
        "--threads",
        "{{Param.Threads}}",
        "--memory",
        "{{Param.Memory}}M",
    ];
    let mut amounts = Vec::new();
    if options.threads > 0 {
        amounts.push(Amount { name: "amount.worker.vcpu", min: options.threads.into() });
    }
    if options.memory > 0 {
        amounts.push(Amount { name: "amount.worker.memory", min: options.memory });
    }
    let chunk = TaskParameter { name: "Chunk", kind: "INT", range: "1-{{Param.Chunks}}" };
    JobStep {
        name: "Render",
        description: "Renders shots and delivers them under their final names, each with a part manifest.",
        dependencies: Vec::new(),
        host_requirements: (!amounts.is_empty()).then_some(HostRequirements { amounts }),
        parameter_space: Some(ParameterSpace { task_parameter_definitions: vec![chunk] }),
        script: Script { actions: Actions { on_run: action(&args, options, None) } },
    }
}

fn merge(options: &JobOptions) -> JobStep {
    let args =
        ["task", "merge", "{{Param.JobData}}", "--folder", "{{Param.OutputFolder}}", "--preset", "{{Param.Preset}}"];
    JobStep {
        name: "Merge",
        description: "Joins part manifests into manifest.json, and writes conflated.otio.",
        dependencies: vec![Dependency { depends_on: "Render" }],
        host_requirements: None,
        parameter_space: None,
        script: Script { actions: Actions { on_run: action(&args, options, None) } },
    }
}

fn review(options: &JobOptions) -> JobStep {
    let args = ["review", "{{Param.OutputFolder}}/manifest.json", "--out", "{{Param.OutputFolder}}"];
    JobStep {
        name: "Review",
        description: "Joins the shots into one movie.",
        dependencies: vec![Dependency { depends_on: "Merge" }],
        host_requirements: None,
        parameter_space: None,
        script: Script { actions: Actions { on_run: action(&args, options, None) } },
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn no_name_holds_what_is_special_to_templates() {
        for (name, expected) in [
            ("{{x}}", "{ {x} }"),
            ("{{{x}}}", "{ { {x} } }"),
            ("{{{{", "{ { { {"),
            ("{x} {y}", "{x} {y}"),
            ("a\nb", "a b"),
        ] {
            assert_eq!(plain(name, 100), expected, "{name}");
        }
        assert_eq!(plain("{{{{", 3), "{ {");
    }
}
