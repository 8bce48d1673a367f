//! What `inspect --ocio` prints: the names that a configuration has.

use clap::Parser;
use otio_conflate::color::{self, Engine};
use otio_conflate::{Result, printable};

/// Shows the names that a configuration of OpenColorIO has.
#[derive(Debug, Parser)]
pub(crate) struct OcioArgs {
    /// The configuration: a .ocio or .ocioz file, ocio://NAME for one that is built in, or env for $OCIO
    #[arg(long, value_name = "CONFIG")]
    ocio: String,
}

impl OcioArgs {
    /// Whether a configuration, and no timeline, is asked for.
    pub(crate) fn are_given() -> bool {
        std::env::args().skip(1).any(|argument| argument == "--ocio" || argument.starts_with("--ocio="))
    }

    /// Everything that can be named.
    pub(crate) fn text(&self) -> Result<String> {
        let engine = color::open(&color::named(&self.ocio)?)?;
        let lines = listed(&*engine);
        Ok(lines.iter().map(|line| printable(line).into_owned() + "\n").collect())
    }
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
