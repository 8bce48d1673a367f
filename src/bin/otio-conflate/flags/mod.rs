//! The flags that several subcommands share.

mod color;
mod cut;
mod cut_color;
mod delivery;
mod explain;
mod limits;
mod overwrite;
mod plan;
mod read;
mod shot_names;

use clap::{Args as _, Command};
use otio_conflate::deliver::Representation;

use cut_color::CutColorArgs;

pub(crate) use color::ColorArgs;
pub(crate) use cut::CutArgs;
pub(crate) use delivery::DeliveryArgs;
pub(crate) use explain::ExplainArgs;
pub(crate) use limits::LimitArgs;
pub(crate) use overwrite::OverwriteArgs;
pub(crate) use plan::PlanArgs;
pub(crate) use read::ReadArgs;
pub(crate) use shot_names::{OnlyArgs, shot_names};

/// A representation by its name, or in a file. What is wrong is said with its causes: clap prints the error alone.
pub(crate) fn representation(text: &str) -> Result<Representation, String> {
    Representation::by_name_or_file(text).map_err(|error| format!("{error:#}"))
}

/// The topics that shared flags belong to, in the order of help and docs/cli.md.
pub(crate) const TOPICS: [&str; 5] = ["Reading", "Planning", "Colour", "Delivery", "Limits"];

/// The topics, each with the flags that belong to it and to none before.
fn topics() -> [(&'static str, Command); 5] {
    let none = || Command::new("");
    let [reading, planning, colour, delivery, limits] = TOPICS;
    [
        (reading, ReadArgs::augment_args(none())),
        (colour, CutColorArgs::augment_args(none())),
        (planning, PlanArgs::augment_args(none())),
        (delivery, DeliveryArgs::augment_args(none())),
        (limits, LimitArgs::augment_args(none())),
    ]
}

/// Lists shared flags of `command` under their topics in help.
pub(crate) fn with_topics(command: Command) -> Command {
    let topics = topics();
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| {
            let is_arg = |other: &clap::Arg| {
                other.get_id() == arg.get_id()
                    && other.get_help().map(ToString::to_string) == arg.get_help().map(ToString::to_string)
            };
            let topic = topics.iter().find(|(_, flags)| flags.get_arguments().any(is_arg)).map(|(topic, _)| *topic);
            match topic {
                Some(topic) => arg.help_heading(topic),
                None => arg,
            }
        })
    })
}
