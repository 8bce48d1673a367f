//! A movie's own codec as a preset: what pictures are encoded as where nothing else is asked for.

use super::super::sys::write::has_encoder;
use super::source::TrimSource;
use crate::deliver::{ColorRule, EncoderChoice, Preset, choice};
use crate::error::{Error, ErrorKind, Result};

/// FFmpeg's numbers of the orders of fields, as its encoders are told them.
const FIELDS: [(i32, &str); 4] = [(2, "tt"), (3, "bb"), (4, "tb"), (5, "bt")];

/// The preset that makes what `source` is made of, at a quality near to it, for files of `muxer`.
pub(super) fn preset(source: &TrimSource, muxer: &str) -> Result<Preset> {
    let (codec, format) = (source.info.codec.as_str(), source.info.pixel_format.clone());
    let mut preset = named(source).unwrap_or_else(|| Preset {
        name: format!("the source's {codec}"),
        codec: codec.to_owned(),
        encoders: choices(source),
        color: ColorRule::Keep,
        intra_only: source.info.intra_only,
        lossless: false,
        ..Preset::default()
    });
    preset.color = ColorRule::Keep;
    for choice in &mut preset.encoders {
        if !choice.formats.contains(&format) && generic(codec) {
            choice.formats.push(format.clone());
        }
        if source.info.intra_only {
            set(choice, "g", "1");
        }
        // AVI has no place for the times of frames that are stored before others shown earlier.
        if muxer == "avi" && matches!(codec, "h264" | "hevc") {
            set(choice, "bf", "0");
        }
        if let Some((_, order)) = FIELDS.iter().find(|(number, _)| *number == source.traits.fields) {
            set(choice, "field_order", order);
            let flags = if matches!(codec, "mpeg2video" | "mpeg4") { "+ildct+ilme" } else { "+ildct" };
            let own = choice.options.iter().find(|(key, _)| key == "flags").map(|(_, flags)| flags.clone());
            set(choice, "flags", &(own.unwrap_or_default() + flags));
        }
    }
    if preset.encoders.iter().any(|choice| has_encoder(&choice.encoder)) {
        return Ok(preset);
    }
    let what = format!("this FFmpeg cannot encode {codec}: a preset has to say what the piece is encoded as");
    Err(Error::new(ErrorKind::Unsupported, what).at_file(&source.path))
}

fn set(choice: &mut EncoderChoice, key: &str, value: &str) {
    choice.options.retain(|(own, _)| own != key);
    choice.options.push((key.to_owned(), value.to_owned()));
}

/// One of the presets that have names, if it makes this codec in this profile.
fn named(source: &TrimSource) -> Option<Preset> {
    let presets = Preset::NAMES.iter().filter_map(|name| Preset::by_name(name).ok());
    presets.into_iter().find(|preset| {
        let same = preset.codec == source.info.codec && !preset.is_sequence();
        same && (preset.has_profile(source.info.profile.as_deref()) || preset.codec == "mjpeg")
    })
}

/// Whether encoders of `codec` that go by its own name take the formats that its decoder gives.
fn generic(codec: &str) -> bool {
    !matches!(codec, "prores" | "h264" | "hevc" | "vp8" | "vp9" | "av1" | "mpeg4" | "mpeg2video" | "mjpeg" | "ffv1")
}

/// The encoders for codecs that no preset makes.
fn choices(source: &TrimSource) -> Vec<EncoderChoice> {
    let eight = ["yuv420p", "yuv422p", "yuv444p"];
    let ten = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10", "yuv422p10", "yuv444p10"];
    let closed = ("flags", "+cgop");
    let best = [("flags", "+qscale"), ("global_quality", "236")];
    match source.info.codec.as_str() {
        "h264" => vec![
            choice(
                "libx264",
                &[&ten[..], &["gray", "gray10"]].concat(),
                &[("crf", "12"), ("preset", "medium"), closed],
            ),
            choice("libopenh264", &eight[..1], &[("b", "40000000"), closed]),
            choice("h264_videotoolbox", &eight[..1], &[("b", "40000000"), closed]),
        ],
        "hevc" => vec![choice(
            "libx265",
            &[&ten[..], &["yuv420p12", "yuv422p12", "yuv444p12", "gray", "gray10"]].concat(),
            &[("crf", "14"), ("preset", "medium"), ("x265-params", "log-level=none:open-gop=0")],
        )],
        "vp9" => vec![choice(
            "libvpx-vp9",
            &[&ten[..], &["yuv420p12", "yuv422p12", "yuv444p12"]].concat(),
            &[("crf", "12"), ("b", "0"), ("deadline", "good"), ("cpu-used", "4"), ("row-mt", "1")],
        )],
        "vp8" => vec![choice("libvpx", &["yuv420p"], &[("crf", "4"), ("b", "50000000"), ("deadline", "good")])],
        "av1" => vec![
            choice("libsvtav1", &["yuv420p", "yuv420p10"], &[("crf", "18"), ("preset", "6")]),
            choice("libaom-av1", &ten, &[("crf", "16"), ("b", "0"), ("cpu-used", "6")]),
        ],
        "mpeg2video" => {
            let intra = [("intra_vlc", "1"), ("non_linear_quant", "1"), ("qmax", "28")];
            vec![choice("mpeg2video", &eight[..2], &[&best[..], &intra].concat())]
        }
        "mpeg4" => vec![choice("mpeg4", &eight[..1], &best)],
        "theora" => vec![choice("libtheora", &eight, &[("flags", "+qscale"), ("global_quality", "1180")])],
        "dnxhd" => vec![match source.info.profile.as_deref() {
            Some("DNXHR HQX") => choice("dnxhd", &[], &[("profile", "dnxhr_hqx")]),
            Some("DNXHR 444") => choice("dnxhd", &[], &[("profile", "dnxhr_444")]),
            _ => choice("dnxhd", &[], &[("profile", "dnxhd"), ("b", &source.traits.bits.to_string())]),
        }],
        "msmpeg4v3" => vec![choice("msmpeg4", &[], &best)],
        lossy @ ("mpeg1video" | "h263" | "flv1" | "msmpeg4v2" | "wmv1" | "wmv2") => vec![choice(lossy, &[], &best)],
        other => vec![choice(other, &[], &[])],
    }
}
