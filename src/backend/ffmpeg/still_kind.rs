//! The formats of single pictures, told by how a file begins.

use std::ffi::CStr;
use std::io::Read as _;
use std::path::Path;

use super::orientation::png_chunks;
use crate::error::{Error, Result};
use crate::otio::MediaFile;

/// A format of single pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StillKind {
    Png,
    Jpeg,
    Tiff,
    Exr,
    Dpx,
}

impl StillKind {
    /// The format that these first bytes of a file belong to.
    pub(super) fn of_bytes(head: &[u8]) -> Option<StillKind> {
        match head {
            [0x89, b'P', b'N', b'G', ..] => Some(StillKind::Png),
            [0xff, 0xd8, 0xff, ..] => Some(StillKind::Jpeg),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(StillKind::Tiff),
            [0x76, 0x2f, 0x31, 0x01, ..] => Some(StillKind::Exr),
            [b'S', b'D', b'P', b'X', ..] | [b'X', b'P', b'D', b'S', ..] => Some(StillKind::Dpx),
            _ => None,
        }
    }

    pub(super) fn decoder(self) -> &'static CStr {
        match self {
            StillKind::Png => c"png",
            StillKind::Jpeg => c"mjpeg",
            StillKind::Tiff => c"tiff",
            StillKind::Exr => c"exr",
            StillKind::Dpx => c"dpx",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            StillKind::Png => "png",
            StillKind::Jpeg => "mjpeg",
            StillKind::Tiff => "tiff",
            StillKind::Exr => "exr",
            StillKind::Dpx => "dpx",
        }
    }
}

/// Which still format a file is, judged by its first bytes; `None` for anything else, movies included.
pub(crate) fn kind_of(path: &Path) -> Result<Option<StillKind>> {
    let head = head(path)?;
    // A stream of JPEG pictures begins like a single one.
    let stream = path
        .extension()
        .is_some_and(|extension| ["mjpeg", "mjpg"].iter().any(|name| extension.eq_ignore_ascii_case(name)));
    let kind = StillKind::of_bytes(&head).filter(|_| !stream);
    if kind == Some(StillKind::Png) && is_animated(path)? {
        return Ok(None);
    }
    Ok(kind)
}

/// Whether a PNG file holds an animation of more than one frame: its control chunk lies in front of the picture.
fn is_animated(path: &Path) -> Result<bool> {
    const ENOUGH: u64 = 256 << 10;
    let mut data = Vec::new();
    MediaFile::open(path)?.take(ENOUGH).read_to_end(&mut data).map_err(|cause| Error::io("read", path, cause))?;
    let mut chunks = png_chunks(&data).take_while(|(kind, _)| *kind != b"IDAT");
    let control = chunks.find(|(kind, _)| *kind == b"acTL").map(|(_, control)| control);
    Ok(control.is_some_and(|control| control.len() >= 4 && control[..4] > [0, 0, 0, 1][..]))
}

/// A file's first bytes.
pub(super) fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    MediaFile::open(path)?.take(4).read_to_end(&mut head).map_err(|cause| Error::io("read", path, cause))?;
    Ok(head)
}
