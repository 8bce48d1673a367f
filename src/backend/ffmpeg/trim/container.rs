//! The containers that pieces are written as, and which codecs each of them holds.

use std::path::Path;

use super::super::sys::streams::muxer_holds;
use super::super::sys::write::has_muxer;
use crate::error::{Error, ErrorKind, Result};

/// Extension, and FFmpeg's name of the muxer. The first extension of each is the one that messages name.
const CONTAINERS: [(&str, &str); 11] = [
    ("mov", "mov"),
    ("mp4", "mp4"),
    ("mkv", "matroska"),
    ("mxf", "mxf"),
    ("avi", "avi"),
    ("webm", "webm"),
    ("ts", "mpegts"),
    ("m4v", "mp4"),
    ("qt", "mov"),
    ("m2ts", "mpegts"),
    ("mts", "mpegts"),
];

/// What a muxer stores that does not say so itself.
const UNSAID: [(&str, &[&str]); 2] = [
    ("mxf", &["mpeg2video", "dnxhd", "prores", "h264", "jpeg2000", "dvvideo", "pcm_s16le", "pcm_s24le"]),
    ("mpegts", &["h264", "hevc", "mpeg2video", "mpeg1video", "mpeg4", "aac", "mp2", "mp3", "ac3", "eac3", "opus"]),
];

/// FFmpeg's name of the muxer that the extension of `path` stands for.
pub(super) fn muxer_of(path: &Path) -> Result<&'static str> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let muxer = CONTAINERS.iter().find(|(own, _)| *own == extension).map(|(_, muxer)| *muxer).ok_or_else(|| {
        let known: Vec<_> = CONTAINERS.iter().map(|(extension, _)| *extension).collect();
        let what = format!("unsupported extension of {}; expected one of {}", path.display(), known.join(", "));
        Error::new(ErrorKind::Option, what).at_file(path)
    })?;
    if has_muxer(muxer) {
        return Ok(muxer);
    }
    Err(Error::new(ErrorKind::Unsupported, format!("this FFmpeg has no muxer {muxer}")).at_file(path))
}

/// Whether a muxer stores a codec.
pub(super) fn holds(muxer: &str, codec: &str) -> bool {
    match UNSAID.iter().find(|(name, _)| *name == muxer) {
        Some((_, codecs)) => codecs.contains(&codec),
        None => muxer_holds(muxer, codec).unwrap_or(false),
    }
}

/// The error of a container that does not store `codec`: it names those that do.
pub(super) fn refuse(path: &Path, codec: &str) -> Error {
    let mut named: Vec<&str> = Vec::new();
    let mut others: Vec<&str> = Vec::new();
    for (extension, muxer) in CONTAINERS {
        if !named.contains(&muxer) && has_muxer(muxer) && holds(muxer, codec) {
            others.push(extension);
        }
        named.push(muxer);
    }
    let what = format!("{} cannot hold {codec}; {} can", path.display(), others.join(", "));
    Error::new(ErrorKind::Option, what).at_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_says_the_container() {
        assert_eq!(muxer_of(Path::new("a.MOV")).ok(), Some("mov"));
        for bad in ["a.jpg", "a", "mov"] {
            let error = muxer_of(Path::new(bad)).expect_err("no movie");
            assert_eq!(error.kind(), ErrorKind::Option);
            assert!(format!("{error:#}").contains("mov, mp4"), "{error:#}");
        }
    }

    #[test]
    fn containers_hold_what_they_hold() {
        for (muxer, codec, held) in [
            ("mov", "prores", true),
            ("mp4", "prores", false),
            ("mp4", "h264", true),
            ("webm", "vp9", true),
            ("webm", "h264", false),
            ("mxf", "dnxhd", true),
            ("mxf", "vp9", false),
            ("mpegts", "ffv1", false),
            ("avi", "mpeg4", true),
            ("mov", "no such codec", false),
        ] {
            assert_eq!(holds(muxer, codec), held, "{codec} in {muxer}");
        }
        let error = refuse(Path::new("a.mp4"), "prores").to_string();
        assert!(error.contains("mov, mkv"), "{error:#}");
    }
}
