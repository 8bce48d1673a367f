//! Frame-exact pieces of one movie, in one pass over it.
//!
//! ```text
//! cargo run --release --example trim -- render.mov sh010.mov=100-199 sh020.mov=01:00:08:00-01:00:12:00 tail.mov=12s-14.5s
//! ```
//!
//! Each piece is a file and the stretch that goes into it: the first and the last frame, counted from 0; the timecode of
//! the first frame and of the first one behind the piece; or seconds.

#[macro_use]
#[path = "shared/say.rs"]
mod say;
#[path = "shared/limits.rs"]
mod limits;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use otio_conflate::deliver::{Copy, Piece, Preset, Trim, Trimmed, trim};
use otio_conflate::{CancelToken, Error, Result};

#[derive(Parser)]
#[command(about = "Cuts frame-exact pieces out of one movie")]
struct Flags {
    /// The movie
    file: PathBuf,
    /// A piece: the file it becomes, and its stretch of the movie: 100-199, 01:00:04:00-01:00:08:00 or 4s-8.5s
    #[arg(value_name = "OUT=STRETCH", value_parser = piece, required = true)]
    pieces: Vec<Piece>,
    /// How pictures get into the pieces: exact (packets are copied where that is exact) or never (all are encoded anew)
    #[arg(long, default_value = "exact")]
    copy: Copy,
    /// What is encoded anew is encoded as; by default as in the movie
    #[arg(long, value_name = "NAME", value_parser = Preset::by_name)]
    preset: Option<Preset>,
    /// Replaces files that are there and were made by these programs, as the manifest.json of their folder lists them
    #[arg(long)]
    overwrite: bool,
    /// Replaces files that are there, whoever made them
    #[arg(long)]
    overwrite_foreign: bool,
}

fn main() -> ExitCode {
    limits::file_size_limit_is_an_error();
    let flags = Flags::parse();
    match run(&flags) {
        Ok(trimmed) => summary(&flags, &trimmed),
        Err(error) => {
            tell!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &Flags) -> Result<Trimmed> {
    let mut request = Trim::new(&flags.file).copy(flags.copy).overwrite(flags.overwrite);
    request = request.overwrite_foreign(flags.overwrite_foreign);
    request.pieces.clone_from(&flags.pieces);
    request.preset.clone_from(&flags.preset);
    let cancel = CancelToken::new();
    let handler = cancel.clone();
    ctrlc::set_handler(move || handler.cancel())
        .unwrap_or_else(|error| tell!("warning: Ctrl-C will leave temporary files behind: {error}"));
    trim(&request, &cancel)
}

/// Says what came of every piece.
fn summary(flags: &Flags, trimmed: &Trimmed) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
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
            }
            Err(error) => {
                tell!("failed   {}: {error}", asked.target.display());
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn piece(text: &str) -> Result<Piece, Error> {
    let (target, cut) = text.rsplit_once('=').unwrap_or((text, ""));
    Ok(Piece { cut: cut.parse()?, target: target.into() })
}
