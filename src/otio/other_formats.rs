//! Files that are given in place of a timeline by mistake, told by their first bytes.

/// What kind of file begins with `bytes`, if it is a kind that is often taken for a timeline; for those that OpenTimelineIO's
/// adapters read, how they become one.
pub(super) fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let is_box = |name: &&[u8]| bytes.get(4..8) == Some(*name);
    let movie_boxes: [&[u8]; 6] = [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"];
    if movie_boxes.iter().any(is_box) {
        return Some("a QuickTime or MP4 movie");
    }
    let starts: [(&[u8], &str); 9] = [
        (b"\x1a\x45\xdf\xa3", "a Matroska or WebM movie"),
        (b"\x06\x0e\x2b\x34", "an MXF file"),
        (b"RIFF", "an AVI or WAV file"),
        (b"PK\x03\x04", "a ZIP archive (a bundle has to end in .otioz)"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"\x76\x2f\x31\x01", "an EXR picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an AAF file (otioconvert makes a timeline of it)"),
        (b"TITLE:", "an EDL (otioconvert makes a timeline of it)"),
    ];
    let known = starts.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, what)| *what);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    known.or_else(|| text.starts_with(b"<").then_some("XML (otioconvert makes a timeline of it)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn movies_edit_lists_and_xml_are_told_from_json() {
        assert_eq!(other_format(b"\0\0\0\x14ftypqt  "), Some("a QuickTime or MP4 movie"));
        assert!(other_format(b"TITLE: CUT\n").is_some_and(|what| what.starts_with("an EDL")));
        assert!(other_format(b"\xef\xbb\xbf\n<?xml version=\"1.0\"?>").is_some_and(|what| what.starts_with("XML")));
        for json in [&b"{\"OTIO_SCHEMA\": \"Timeline.1\"}"[..], b"", b"{", b"\xff{}", b"[1]"] {
            assert_eq!(other_format(json), None);
        }
    }
}
