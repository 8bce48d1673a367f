//! `trim`: frame-exact pieces of one movie, in one pass over it.
//!
//! Each piece is a file and the range that goes into it: the first and the last frame, counted from 0; the timecode of
//! the first frame and of the first one behind the piece; or seconds.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::deliver::{CopyMode, Piece, Preset, Trim, Trimmed, trim};
use otio_conflate::{CancelToken, Error, Result};
use serde_json::json;

use crate::flags::OverwriteArgs;
use crate::interrupt;
use crate::outcome::{self, CommandOutcome, Exit};

/// Cuts frame-exact pieces out of one movie
#[derive(Args)]
pub(crate) struct TrimFlags {
    /// The movie
    file: PathBuf,
    /// A piece: the file it becomes, and its range of the movie: 100-199, 01:00:04:00-01:00:08:00 or 4s-8.5s
    #[arg(value_name = "OUT=RANGE", value_parser = piece, required = true)]
    pieces: Vec<Piece>,
    /// How pictures get into the pieces: exact (packets are copied where that is exact) or never (all are encoded anew)
    #[arg(long, default_value = "exact", value_name = "HOW")]
    copy: CopyMode,
    /// What is encoded anew is encoded as, such as prores-hq (see `otio-conflate conflate --help`); by default as in the movie
    #[arg(long, value_name = "NAME", value_parser = Preset::by_name)]
    preset: Option<Preset>,
    #[command(flatten)]
    existing: OverwriteArgs,
}

pub(crate) fn run(flags: &TrimFlags, cancel: &CancelToken) -> Result<CommandOutcome> {
    let mut request = Trim::new(&flags.file).copy(flags.copy).overwrite(flags.existing.overwrite);
    request = request.overwrite_foreign(flags.existing.overwrite_foreign);
    request.pieces.clone_from(&flags.pieces);
    request.preset.clone_from(&flags.preset);
    interrupt::cancel_on_interrupt(cancel);
    let trimmed = trim(&request, cancel)?;
    Ok(summary(flags, &trimmed, cancel))
}

/// Says what came of every piece.
fn summary(flags: &TrimFlags, trimmed: &Trimmed, cancel: &CancelToken) -> CommandOutcome {
    let mut exit = Exit::Complete;
    let mut pieces = Vec::new();
    for (asked, made) in flags.pieces.iter().zip(&trimmed.pieces) {
        match made {
            Ok(piece) => {
                let how = match &piece.why {
                    _ if piece.copied => "copied".to_owned(),
                    Some(why) => format!("encoded, because {why}"),
                    None => "encoded".to_owned(),
                };
                let label = piece.start_timecode.as_deref().unwrap_or("no timecode");
                say!("{}: {} frames from {} ({label}), {how}", piece.path.display(), piece.count, piece.first);
                for note in &piece.notes {
                    say!("  {note}");
                }
                pieces.push(json!({ "target": asked.target.to_string_lossy(), "piece": piece, "error": null }));
            }
            Err(error) => {
                complain!("failed   {}: {error:#}", asked.target.display());
                exit = if cancel.is_cancelled() { Exit::Cancelled } else { Exit::SomeFailed };
                let error = outcome::error(error);
                pieces.push(json!({ "target": asked.target.to_string_lossy(), "piece": null, "error": error }));
            }
        }
    }
    CommandOutcome { exit, ..CommandOutcome::complete(json!({ "pieces": pieces })) }
}

fn piece(text: &str) -> Result<Piece, Error> {
    let (target, cut) = text.rsplit_once('=').unwrap_or((text, ""));
    Ok(Piece::new(cut.parse()?, target))
}
