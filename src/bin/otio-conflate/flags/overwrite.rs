//! The flags about files that are there already, of subcommands that make single files.

use clap::Args;

/// What may be replaced.
#[derive(Args)]
pub(crate) struct OverwriteArgs {
    /// Replaces files that are there already and were made by these programs, as the manifest.json of their folder lists them
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Replaces existing files, whether or not this program made them
    #[arg(long)]
    pub(crate) overwrite_foreign: bool,
}
