//! Frame-exact pieces of one file.

use crate::backend::{CancelToken, ffmpeg};
use crate::deliver::{Trim, Trimmed};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::trace;

/// Cuts the pieces of `request` out of its movie, to the frame, with all of its sound, to the sample.
///
/// What belongs to the file goes along: its timecode, moved by the cut, its reel name, colour tags, pixel aspect, rotation
/// and metadata. Sound is encoded anew, because its packets do not end where frames do: PCM and lossless codecs with the
/// samples they had, up to 24 bits; others in their own codec where the container can say where its sound begins, else in
/// one that it can. Frames of variable rate keep the times they are shown at. What is different is told for each piece.
///
/// A piece that fails does not stop the others: its error lies in its place. Pieces are listed in the `manifest.json` of their
/// folder; where something else has that name, it stays, and a note says so.
///
/// # Errors
/// Where there can be no piece at all: [`ErrorKind::MediaMissing`] without the file, [`ErrorKind::Decode`] where it holds
/// no picture, [`ErrorKind::Option`] for a still picture, without pieces, and with a preset that makes no movies,
/// [`ErrorKind::Cancelled`] when `cancel` says so. For a piece: [`ErrorKind::Overrun`] outside of the movie,
/// [`ErrorKind::Time`] for timecode that is not the file's, [`ErrorKind::Option`] for an empty piece, a container that
/// does not hold the codec, and a target that is the source or another piece's, [`ErrorKind::Exists`],
/// [`ErrorKind::Locked`] while another process writes it, [`ErrorKind::Decode`] where frames are damaged, [`ErrorKind::Encode`], [`ErrorKind::Unsupported`] and [`ErrorKind::Io`].
pub fn trim(request: &Trim, cancel: &CancelToken) -> Result<Trimmed> {
    let _span = trace::span!("trim", file = trace::shown(request.source.display()), pieces = request.pieces.len());
    ffmpeg::trim(request, cancel)
}
