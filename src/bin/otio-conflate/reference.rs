//! `reference`, hidden: the flags of every subcommand as Markdown. docs/cli.md holds what it prints; a test compares them.

use clap::{Arg, Args, Command};
use otio_conflate::Result;
use serde_json::json;

use crate::examples;
use crate::flags::TOPICS;
use crate::outcome::CommandOutcome;
use crate::say;

/// Prints the flags of every subcommand as Markdown
#[derive(Args)]
pub(crate) struct ReferenceFlags {}

pub(crate) fn run(_: &ReferenceFlags) -> Result<CommandOutcome> {
    let mut command = crate::command();
    command.build();
    let text = markdown(&command);
    say::print(&text)?;
    Ok(CommandOutcome::complete(json!({ "text": text })))
}

/// A flag that several subcommands have.
struct SharedFlag<'c> {
    topic: &'c str,
    arg: &'c Arg,
    users: Vec<&'c str>,
}

/// A section for each subcommand, after those for the topics of flags that several have.
fn markdown(command: &Command) -> String {
    let subcommands: Vec<&Command> =
        command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help").collect();
    let mut text = String::new();
    for subcommand in &subcommands {
        text += &section(subcommand);
    }
    let mut shared: Vec<SharedFlag<'_>> = Vec::new();
    for subcommand in &subcommands {
        for arg in shown(subcommand) {
            let Some(topic) = arg.get_help_heading() else { continue };
            match shared.iter_mut().find(|other| other.topic == topic && row(other.arg, "") == row(arg, "")) {
                Some(known) => known.users.push(subcommand.get_name()),
                None => shared.push(SharedFlag { topic, arg, users: vec![subcommand.get_name()] }),
            }
        }
    }
    let mut topics: Vec<&str> = shared.iter().map(|flag| flag.topic).collect();
    topics.sort_by_key(|topic| order(topic));
    topics.dedup();
    for topic in topics {
        text += &format!("## {topic}\n\n| flag | in | what it does | default |\n|---|---|---|---|\n");
        for flag in shared.iter().filter(|flag| flag.topic == topic) {
            text += &row(flag.arg, &format!(" {} |", flag.users.join(", ")));
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// A subcommand: what it does, how it is called, the flags that are its own, and examples.
fn section(subcommand: &Command) -> String {
    let usage = Command::clone(subcommand).render_usage().to_string();
    let mut text = format!(
        "## {}\n\n{}.\n\n```text\n{}\n```\n\n",
        subcommand.get_name(),
        escaped(&about(subcommand)),
        usage.trim_start_matches("Usage: ")
    );
    let own: String =
        shown(subcommand).filter(|arg| arg.get_help_heading().is_none()).map(|arg| row(arg, "")).collect();
    if !own.is_empty() {
        text += &format!("| flag | what it does | default |\n|---|---|---|\n{own}\n");
    }
    let mut topics: Vec<&str> = shown(subcommand).filter_map(Arg::get_help_heading).collect();
    topics.sort_by_key(|topic| order(topic));
    topics.dedup();
    if !topics.is_empty() {
        let links: Vec<String> =
            topics.iter().map(|topic| format!("[{topic}](#{})", topic.to_lowercase().replace(' ', "-"))).collect();
        text += &format!("Shared flags: {}.\n\n", links.join(", "));
    }
    if let Some(explanation) = examples::explanation(subcommand.get_name()) {
        text += &format!("{}\n\n", explanation.replace('<', "&lt;"));
    }
    let lines: String =
        examples::of(subcommand.get_name()).iter().map(|(line, what)| format!("# {what}\n{line}\n")).collect();
    if !lines.is_empty() {
        text += &format!("Examples:\n\n```sh\n{lines}```\n\n");
    }
    for what in subcommand.get_subcommands().filter(|what| what.get_name() != "help") {
        text += &format!("### {} {}\n\n{}.\n\n", subcommand.get_name(), what.get_name(), escaped(&about(what)));
        let rows: String = shown(what).filter(|arg| arg.get_help_heading().is_none()).map(|arg| row(arg, "")).collect();
        text += &format!("| flag | what it does | default |\n|---|---|---|\n{rows}\n");
    }
    text
}

/// The place of a topic among the others.
fn order(topic: &str) -> usize {
    TOPICS.iter().position(|first| *first == topic).unwrap_or(TOPICS.len())
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The arguments that help lists, positional ones first, without help and version.
fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    let listed = |arg: &&Arg| !arg.is_hide_set() && !["help", "version"].contains(&arg.get_id().as_str());
    let named = command.get_arguments().filter(|arg| !arg.is_positional());
    command.get_positionals().chain(named).filter(listed)
}

/// A line of a table; `more` are cells behind the first.
fn row(arg: &Arg, more: &str) -> String {
    let takes = arg.get_action().takes_values();
    let values = arg.get_value_names().filter(|_| takes).unwrap_or_default();
    let values = values.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let short = arg.get_short().map_or(String::new(), |short| format!("-{short}, "));
    let name = match arg.get_long() {
        Some(long) if values.is_empty() => format!("{short}--{long}"),
        Some(long) => format!("{short}--{long} {values}"),
        None => values,
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults = arg.get_default_values().iter().filter(|_| takes);
    let defaults: Vec<String> = defaults.map(|value| format!("`{}`", value.to_string_lossy())).collect();
    let default = if arg.is_required_set() { "required".to_owned() } else { defaults.join(", ") };
    format!("| `{}` |{more} {} | {} |\n", escaped(&name), escaped(&help), escaped(&default))
}

/// What would end a cell of a table, or begin a tag, is escaped.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").replace('<', "&lt;")
}
