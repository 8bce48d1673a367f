//! What `inspect --ocio` prints: the names that a configuration has.

use otio_conflate::color::{self, Engine};
use otio_conflate::{Result, printable};
use serde_json::json;

use crate::outcome::CommandOutcome;
use crate::say;

/// Prints everything in a configuration that can be named.
pub(crate) fn run(config: &str) -> Result<CommandOutcome> {
    let engine = color::open(&color::named(config)?)?;
    let lines = listed(&*engine);
    say::print(&lines.iter().map(|line| printable(line).into_owned() + "\n").collect::<String>())?;
    let views = |views: Vec<String>| json!(views);
    let displays = engine.displays().into_iter().map(|(display, its)| (display, views(its)));
    Ok(CommandOutcome::complete(json!({
        "configuration": engine.name(),
        "spaces": engine.spaces().iter().map(|space| &space.name).collect::<Vec<_>>(),
        "displays": displays.collect::<serde_json::Map<_, _>>(),
        "looks": engine.looks(),
        "roles": engine.roles().into_iter().map(|(role, space)| (role, json!(space))).collect::<serde_json::Map<_, _>>(),
    })))
}

fn listed(engine: &dyn Engine) -> Vec<String> {
    let mut lines = vec![format!("configuration {}", engine.name()), String::new(), "colour spaces".to_owned()];
    for space in engine.spaces() {
        let kind = match (space.is_data, space.is_display, space.encoding.as_str()) {
            (true, ..) => "data".to_owned(),
            (_, true, encoding) => format!("display, {encoding}"),
            (_, _, encoding) => encoding.to_owned(),
        };
        let aliases = if space.aliases.is_empty() { String::new() } else { format!("; {}", space.aliases.join(", ")) };
        lines.push(format!("  {} ({kind}{aliases})", space.name));
    }
    lines.extend([String::new(), "displays and their views".to_owned()]);
    for (display, views) in engine.displays() {
        lines.extend(views.iter().map(|view| format!("  {display}/{view}")));
    }
    let looks = engine.looks();
    if !looks.is_empty() {
        lines.extend([String::new(), "looks".to_owned()]);
        lines.extend(looks.iter().map(|look| format!("  {look}")));
    }
    lines.extend([String::new(), "roles".to_owned()]);
    lines.extend(engine.roles().iter().map(|(role, space)| format!("  {role}: {space}")));
    lines.extend([String::new(), "file rules".to_owned()]);
    for (name, pattern, space) in engine.rules() {
        let pattern = if pattern.is_empty() { String::new() } else { format!(" ({pattern})") };
        lines.push(format!("  {name}{pattern}: {space}"));
    }
    lines
}
