//! What a shot will take, estimated from the operations of its program: bytes on disk and CPU time.
//!
//! Sizes of ProRes and DNxHR are their codecs' targets. Everything else depends on the pictures; the figures are averages of
//! film, measured as docs/encoders.md tells, and pictures that are flatter or noisier may take several times less or more.

use super::super::representation::picture_size;
use super::super::sys::pixel_info::PixelInfo;
use super::explain::{Estimate, PicturePath, ShotProgram};
use super::scene::Scene;
use crate::codec::prores::Profile;
use crate::deliver::{Content, Preset, Representation};
use crate::plan::{MediaSource, Plan, Shot};

/// Milliseconds of CPU time that one megapixel takes to decode, and to bring into another format or size.
const DECODE: f64 = 4.0;
const CONVERT: f64 = 3.0;

/// What a codec makes of pictures.
struct Coding {
    /// Bytes of one picture of the size in question.
    bytes: f64,
    /// Milliseconds of CPU time to encode it.
    milliseconds: f64,
}

/// Estimates `program`, how the frames of `shot` are made, with its sound and `representations`.
pub(in super::super) fn estimate(
    scene: &Scene<'_>,
    shot: &Shot,
    program: &ShotProgram,
    representations: &[Representation],
) -> Estimate {
    let canvas = scene.canvas;
    let size = (canvas.width, canvas.height);
    let main = coding(scene.preset, size, PixelInfo::of(scene.format).as_ref());
    let mut bytes = 0.0;
    let mut milliseconds = 0.0;
    for run in &program.runs {
        let frames = (run.last - run.first + 1) as f64;
        let is_copied = run.path == PicturePath::Packets;
        let a_frame = if is_copied { copied(scene, shot).unwrap_or(main.bytes) } else { main.bytes };
        bytes += frames * a_frame;
        let operations = DECODE * f64::from(run.cost.decodes) + CONVERT * f64::from(run.cost.conversions);
        milliseconds += frames * (operations * megapixels(size) + if is_copied { 0.0 } else { main.milliseconds });
    }
    for representation in representations {
        let size = picture_size(representation, &canvas);
        let coding = coding(&representation.preset, size, None);
        let shown = representation.shown(shot.frame_count, (shot.head, shot.tail));
        let frames = representation.frame_count(shown.end - shown.start, scene.plan.rate) as f64;
        let sheet = match &representation.content {
            Content::ContactSheet(sheet) => f64::from(sheet.columns) * f64::from(sheet.rows),
            _ => 1.0,
        };
        bytes += frames * sheet * coding.bytes;
        milliseconds += frames * (coding.milliseconds + CONVERT * megapixels(size));
        bytes += sound_bytes(scene.plan, shot, &representation.preset);
    }
    bytes += sound_bytes(scene.plan, shot, scene.preset);
    Estimate { bytes: whole(bytes), cpu_seconds: milliseconds / 1000.0 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn whole(bytes: f64) -> u64 {
    bytes.round() as u64
}

fn megapixels((width, height): (u32, u32)) -> f64 {
    f64::from(width) * f64::from(height) / 1e6
}

/// Bytes of a frame whose packets are copied from the only medium of `shot`: its file's share.
fn copied(scene: &Scene<'_>, shot: &Shot) -> Option<f64> {
    let mut media = None;
    for element in shot.spans.iter().flat_map(|span| &span.stack) {
        element.for_each_layer(&mut |layer| media = Some(layer.media));
    }
    let media = media?;
    let MediaSource::File { path } = &scene.plan.media[media].source else { return None };
    let info = scene.found[media.index()].picture();
    let frames = scene.plan.media[media].frames.or(info.and_then(|info| info.frames)).filter(|frames| *frames > 0)?;
    Some(path.metadata().ok()?.len() as f64 / frames as f64)
}

/// Bytes of the sound that `preset` delivers with `shot`, its stems among them.
fn sound_bytes(plan: &Plan, shot: &Shot, preset: &Preset) -> f64 {
    let (Some(sound), Some(samples)) = (&plan.sound, plan.samples(shot)) else { return 0.0 };
    let samples = (samples.end - samples.start) as f64;
    let pcm = samples * f64::from(sound.layout.channels()) * 3.0;
    let muxed = match preset.audio.as_deref() {
        None => 0.0,
        Some(codec) if codec.starts_with("pcm") => pcm,
        // 192 kbit/s.
        Some(_) => samples / f64::from(sound.rate) * 24_000.0,
    };
    let files = if preset.delivers_sound() { sound.stems.len() as f64 } else { 0.0 } + f64::from(u8::from(preset.wav));
    muxed + files * pcm
}

/// What a codec makes of pictures of `size`; `format` is what they are encoded in, where that is known.
fn coding(preset: &Preset, size: (u32, u32), format: Option<&PixelInfo>) -> Coding {
    let area = megapixels(size);
    let depth = format.map_or(8, PixelInfo::depth);
    // Bytes of a megapixel and milliseconds to encode it.
    let (bytes, milliseconds) = match (preset.codec.as_str(), preset.name.as_str()) {
        ("prores", _) => {
            let macroblocks = size.0.div_ceil(16) as usize * size.1.div_ceil(16) as usize;
            let profile = preset_profile(preset);
            let milliseconds = if profile == Profile::P4444 { 7.0 } else { 4.5 };
            return Coding { bytes: profile.bytes(macroblocks) as f64, milliseconds: milliseconds * area };
        }
        ("dnxhd", "dnxhr-lb") => (91_000.0, 8.2),
        ("dnxhd", "dnxhr-sq") => (292_000.0, 9.2),
        ("dnxhd", _) => (442_000.0, 11.6),
        ("h264", _) => (24_000.0, 27.0),
        ("hevc", _) => (13_000.0, 80.0),
        ("vp9", _) => (18_500.0, 28.0),
        ("mjpeg", _) => (146_000.0, 5.8),
        ("ffv1", _) if depth <= 8 => (417_000.0, 30.0),
        ("ffv1", _) => (716_000.0 * f64::from(depth) / 10.0, 55.0),
        ("png", _) if depth <= 8 => (1_500_000.0, 7.0),
        ("png", _) => (3_000_000.0, 8.0),
        ("exr", _) => (3_000_000.0, 33.0),
        ("tiff", _) => (5_000_000.0, 40.0),
        _ => (1_500_000.0, 30.0),
    };
    Coding { bytes: bytes * area, milliseconds: milliseconds * area }
}

/// The profile of ProRes that a preset is of, whatever it is called.
fn preset_profile(preset: &Preset) -> Profile {
    let mut options = preset.encoders.iter().flat_map(|choice| &choice.options);
    match options.find(|(key, _)| key == "profile").map(|(_, value)| value.as_str()) {
        Some("0") => Profile::Proxy,
        Some("2") => Profile::Standard,
        Some("3") => Profile::Hq,
        Some("4") => Profile::P4444,
        _ => Profile::Lt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_has_its_profile_under_any_name() {
        let named = ["prores-proxy", "prores-lt", "prores-422", "prores-hq", "prores-4444"];
        let profiles = named.map(|name| {
            let mut preset = Preset::by_name(name).expect("built in");
            preset.name = "ours".to_owned();
            preset_profile(&preset)
        });
        assert_eq!(profiles, Profile::ALL);
    }
}
