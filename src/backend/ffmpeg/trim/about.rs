//! What is written about a movie and goes along into its pieces.

use crate::time::Timecode;

/// Keys that speak of the file they lie in, and not of what it shows.
const OF_THE_FILE: [&str; 28] = [
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "duration",
    "timecode",
    "reel_name",
    "rotate",
    "time_reference",
    "uid",
    "generation_uid",
    "company_name",
    "product_name",
    "product_version",
    "product_version_num",
    "product_uid",
    "application_platform",
    "toolkit_version_num",
    "modification_date",
    "operational_pattern_ul",
    "material_package_umid",
    "material_package_name",
    "file_package_umid",
    "file_package_name",
    "source_package_umid",
    "source_package_name",
    "reel_umid",
    "data_type",
];
/// Beginnings of such keys: statistics that Matroska's muxers leave, with a language behind them.
const STATISTICS: [&str; 5] = ["bps", "duration-", "number_of_frames", "number_of_bytes", "_statistics_"];

/// Keys that QuickTime and its kin write for themselves.
const OF_QUICKTIME: [&str; 2] = ["handler_name", "vendor_id"];

/// The metadata of a stream or of a file that is true of a piece of it, too, in files of `muxer`. Who encoded it is true of
/// what is `copied`.
pub(in crate::backend::ffmpeg) fn of_piece(
    tags: &[(String, String)],
    muxer: &str,
    copied: bool,
) -> Vec<(String, String)> {
    let quicktime = matches!(muxer, "mov" | "mp4");
    let stays = |key: &str| {
        let of_the_file = OF_THE_FILE.contains(&key) && !(copied && key == "encoder");
        let own = !quicktime && OF_QUICKTIME.contains(&key);
        of_the_file || own || STATISTICS.iter().any(|start| key.starts_with(start))
    };
    let written = |(key, value): &(String, String)| match muxer == "mov" && key.eq_ignore_ascii_case("language") {
        true => (key.clone(), quicktime_language(value).to_owned()),
        false => (key.clone(), value.clone()),
    };
    tags.iter().filter(|(key, _)| !stays(&key.to_lowercase())).map(written).collect()
}

/// The code of a language that QuickTime's muxer knows: of languages with two codes (ISO 639-2), it knows one.
fn quicktime_language(code: &str) -> &str {
    const KNOWN: [(&str, &str); 20] = [
        ("sqi", "alb"),
        ("hye", "arm"),
        ("eus", "baq"),
        ("mya", "bur"),
        ("zho", "chi"),
        ("cze", "ces"),
        ("nld", "dut"),
        ("fre", "fra"),
        ("kat", "geo"),
        ("deu", "ger"),
        ("ell", "gre"),
        ("isl", "ice"),
        ("mkd", "mac"),
        ("msa", "may"),
        ("fas", "per"),
        ("rum", "ron"),
        ("slo", "slk"),
        ("bod", "tib"),
        ("cym", "wel"),
        ("swe", "sve"),
    ];
    KNOWN.iter().find(|(other, _)| *other == code).map_or(code, |(_, known)| known)
}

/// Timecode and reel name as metadata of the picture.
pub(super) fn labels(timecode: Option<Timecode>, reel: Option<&str>) -> Vec<(String, String)> {
    let timecode = timecode.map(|label| ("timecode".to_owned(), label.to_string()));
    timecode.into_iter().chain(reel.map(|reel| ("reel_name".to_owned(), reel.to_owned()))).collect()
}

/// Those of them that are metadata of the file, too: where `muxer` looks for them there, and where they were in the source,
/// of which these are the `tags`.
pub(super) fn of_the_file(
    muxer: &str,
    labels: &[(String, String)],
    tags: &[(String, String)],
) -> Vec<(String, String)> {
    let was = |label: &str| tags.iter().any(|(key, _)| key.eq_ignore_ascii_case(label));
    labels.iter().filter(|(label, _)| matches!(muxer, "mxf" | "avi") || was(label)).cloned().collect()
}
