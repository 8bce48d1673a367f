//! `man`: the manual page, in roff.

use clap::{Args, Command};
use otio_conflate::{Error, Result};
use serde_json::json;

use crate::outcome::CommandOutcome;
use crate::{examples, say};

/// Prints the manual page, in roff
#[derive(Args)]
pub(crate) struct ManFlags {}

pub(crate) fn run(_: &ManFlags) -> Result<CommandOutcome> {
    let failed = |error| Error::io("write", "the manual page", error);
    let mut command = crate::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        section(subcommand, &mut page).map_err(failed)?;
    }
    let page = String::from_utf8_lossy(&page).into_owned();
    say::print(&page)?;
    Ok(CommandOutcome::complete(json!({ "text": page })))
}

/// The flags of a subcommand, below its name: one page holds all of them.
fn section(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    use std::io::Write as _;
    let name = command.get_name().to_uppercase();
    writeln!(page, ".SH \"OTIO-CONFLATE {name}\"")?;
    let man = clap_mangen::Man::new(command.clone());
    let mut body = Vec::new();
    man.render_description_section(&mut body)?;
    man.render_synopsis_section(&mut body)?;
    man.render_options_section(&mut body)?;
    if !examples::of(command.get_name()).is_empty() {
        writeln!(body, ".SH EXAMPLES")?;
    }
    for (line, what) in examples::of(command.get_name()) {
        writeln!(body, ".PP\n{}:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi", roff(what), roff(line))?;
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    // Sections of its own are below this one's.
    page.extend(body.lines().flat_map(|line| (line.replacen(".SH ", ".SS ", 1) + "\n").into_bytes()));
    Ok(())
}

/// `text` with what roff would read otherwise escaped; no line of an example starts with a dot or a quote.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")
}
