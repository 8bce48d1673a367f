//! Attributes of a file.

use std::collections::BTreeMap;

use exr::meta::attribute::{
    AttributeValue, ChannelDescription, Chromaticities, IntegerBounds, LineOrder, SampleType, Text, TimeCode,
};
use exr::meta::header::{Header, LayerAttributes, standard_names as names};
use exr::meta::{BlockDescription, attribute};

use super::ExrSetup;
use crate::codec::exr::ExrCompression;
use crate::error::{Error, ErrorKind, Result};
use crate::setters::setters;
use crate::time::Timecode;

/// What is said about all pictures of a sequence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExrDescription {
    /// Width of a pixel over its height.
    pub pixel_aspect: f32,
    /// Frames a second, as a fraction: `framesPerSecond`.
    pub rate: Option<(u32, u32)>,
    /// CIE x and y of red, green, blue and white: `chromaticities`.
    pub chromaticities: Option<[(f32, f32); 4]>,
    /// The program that wrote the file: `software`.
    pub software: Option<String>,
    /// Other texts by name, such as `owner`, `comments` and `capDate`.
    pub texts: BTreeMap<String, String>,
}

impl Default for ExrDescription {
    fn default() -> ExrDescription {
        ExrDescription { pixel_aspect: 1.0, rate: None, chromaticities: None, software: None, texts: BTreeMap::new() }
    }
}

setters!(ExrDescription {
    pixel_aspect: f32,
    rate: some (u32, u32),
    chromaticities: some [(f32, f32); 4],
    software: some into String,
    texts: BTreeMap<String, String>,
});

/// What is said about one picture.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ExrLabel {
    /// Its timecode: `timeCode`, where it counts 60 frames a second or fewer.
    pub timecode: Option<Timecode>,
    /// The reel that the timecode is of: `reelName`.
    pub reel: Option<String>,
}

impl ExrLabel {
    /// A label with this timecode and reel.
    pub fn new(timecode: Option<Timecode>, reel: Option<String>) -> ExrLabel {
        ExrLabel { timecode, reel }
    }
}

/// Texts that OpenEXR defines; its other names have values of other kinds.
const TEXTS: [&[u8]; 3] = [names::OWNER, names::COMMENTS, names::CAPTURE_DATE];

/// Whether `name` may be the name of a text in [`ExrDescription::texts`].
fn is_text(name: &str) -> bool {
    let bytes = name.as_bytes();
    let is_free = !names::ALL.contains(&bytes) && !ours().contains(&bytes);
    (1..=255).contains(&bytes.len()) && !bytes.contains(&0) && (is_free || TEXTS.contains(&bytes))
}

const REEL: &[u8] = b"reelName";

/// Names that this encoder writes itself.
fn ours() -> [&'static [u8]; 1] {
    [REEL]
}

/// The structure of the files: channels, size, compression.
pub(super) fn of(setup: &ExrSetup) -> Header {
    let all = ["A", "B", "G", "R"];
    let channels = &all[usize::from(!setup.alpha)..];
    let channels = channels.iter().map(|&name| ChannelDescription::named(name, SampleType::F16)).collect();
    let header = Header::new(Text::default(), (setup.width, setup.height), channels);
    let level = f32::from(setup.level.unwrap_or(setup.compression.usual_level()));
    let compression = match setup.compression {
        ExrCompression::None => exr::compression::Compression::Uncompressed,
        ExrCompression::Zips => exr::compression::Compression::ZIP1,
        ExrCompression::Zip16 => exr::compression::Compression::ZIP16,
        ExrCompression::Piz => exr::compression::Compression::PIZ,
        ExrCompression::Dwaa => exr::compression::Compression::DWAA(Some(level)),
    };
    header
        .with_encoding(compression, BlockDescription::ScanLines, LineOrder::Increasing)
        .with_attributes(LayerAttributes::default())
}

/// Writes everything in front of the table of chunks. Attributes lie in the order of their names.
pub(super) fn write(header: &Header, about: &ExrDescription, label: &ExrLabel, file: &mut Vec<u8>) -> Result<()> {
    let mut all: BTreeMap<Vec<u8>, AttributeValue> = BTreeMap::new();
    let mut add = |name: &[u8], value| all.insert(name.to_vec(), value);
    // A value is UTF-8, as newer versions of OpenEXR recommend.
    let text = |text: &str| AttributeValue::Text(Text::from_slice_unchecked(text.as_bytes()));
    for (name, value) in about.texts.iter().filter(|(name, _)| is_text(name)) {
        add(name.as_bytes(), text(value));
    }
    let window = IntegerBounds::new((0, 0), header.layer_size);
    add(names::CHANNELS, AttributeValue::ChannelList(header.channels.clone()));
    add(names::COMPRESSION, AttributeValue::Compression(header.compression));
    if let exr::compression::Compression::DWAA(Some(level)) = header.compression {
        add(names::DWA_COMPRESSION_LEVEL, AttributeValue::F32(level));
    }
    add(names::DATA_WINDOW, AttributeValue::IntegerBounds(window));
    add(names::DISPLAY_WINDOW, AttributeValue::IntegerBounds(window));
    add(names::LINE_ORDER, AttributeValue::LineOrder(header.line_order));
    add(names::PIXEL_ASPECT, AttributeValue::F32(about.pixel_aspect));
    add(names::WINDOW_CENTER, AttributeValue::FloatVec2(exr::math::Vec2(0.0, 0.0)));
    add(names::WINDOW_WIDTH, AttributeValue::F32(1.0));
    if let Some((num, den)) = about.rate
        && let Ok(num) = i32::try_from(num)
    {
        add(names::FRAMES_PER_SECOND, AttributeValue::Rational((num, den)));
    }
    if let Some(points) = about.chromaticities {
        let [red, green, blue, white] = points.map(|(x, y)| exr::math::Vec2(x, y));
        add(names::CHROMATICITIES, AttributeValue::Chromaticities(Chromaticities { red, green, blue, white }));
    }
    if let Some(software) = &about.software {
        add(names::SOFTWARE, text(software));
    }
    if let Some(timecode) = label.timecode.and_then(time_code) {
        add(names::TIME_CODE, AttributeValue::TimeCode(timecode));
    }
    if let Some(reel) = &label.reel {
        add(REEL, text(reel));
    }
    // Version 2; a bit says that there are names of more than 31 bytes.
    let has_long_names = all.keys().any(|name| name.len() > 31);
    file.extend([0x76, 0x2f, 0x31, 0x01, 2, if has_long_names { 4 } else { 0 }, 0, 0]);
    for (name, value) in &all {
        attribute::write(name, value, file)
            .map_err(|error| Error::new(ErrorKind::Encode, format!("EXR attribute cannot be written: {error:#}")))?;
    }
    file.push(0);
    Ok(())
}

/// A timecode as SMPTE ST 12-1 stores it: at more than 30 frames a second it counts pairs of frames, and a flag tells the
/// second of a pair.
fn time_code(timecode: Timecode) -> Option<TimeCode> {
    let base = timecode.rate().timecode_base();
    let [hours, minutes, seconds, frame] = timecode.fields().map(|field| u8::try_from(field).unwrap_or(u8::MAX));
    let (frame, field_phase) = match base {
        ..=30 => (frame, false),
        31..=60 => (frame / 2, frame % 2 == 1),
        _ => return None,
    };
    let drop_frame = timecode.is_drop();
    Some(TimeCode { hours, minutes, seconds, frame, drop_frame, field_phase, ..TimeCode::default() })
}

/// Gives a file that [`write`] began another timecode, if it has one.
///
/// # Errors
/// [`ErrorKind::Encode`] where it has a timecode and is to have none, or its header is broken.
pub(crate) fn set_timecode(file: &mut [u8], timecode: Option<Timecode>) -> Result<()> {
    let broken = || Error::new(ErrorKind::Encode, "the header of the EXR file ends early");
    if !file.starts_with(&[0x76, 0x2f, 0x31, 0x01]) {
        return Ok(());
    }
    let mut at = 8;
    loop {
        let text = |from: usize| {
            let rest = file.get(from..).ok_or_else(broken)?;
            let end = rest.iter().position(|byte| *byte == 0).ok_or_else(broken)?;
            Ok((&rest[..end], from + end + 1))
        };
        let (name, behind) = text(at)?;
        if name.is_empty() {
            return Ok(());
        }
        let (_, behind) = text(behind)?;
        let size = file.get(behind..behind + 4).and_then(|size| size.try_into().ok()).ok_or_else(broken)?;
        let size = usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX);
        let value = behind + 4..(behind + 4).saturating_add(size);
        if name == names::TIME_CODE && size == 8 {
            let none = || Error::new(ErrorKind::Encode, "the EXR file has a timecode and is to have none");
            let code = timecode.and_then(time_code).ok_or_else(none)?;
            let time = code.pack_time_as_tv60_u32().map_err(|_| none())?;
            let value = file.get_mut(value).ok_or_else(broken)?;
            value[..4].copy_from_slice(&time.to_le_bytes());
            return Ok(());
        }
        at = value.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Rate;

    fn packed(text: &str, rate: f64) -> Option<u32> {
        let rate = Rate::new(rate).expect("a rate");
        let timecode = Timecode::parse(text, rate).expect("a timecode");
        time_code(timecode).map(|code| code.pack_time_as_tv60_u32().expect("valid"))
    }

    #[test]
    fn timecode_is_stored_in_binary_coded_decimals() {
        assert_eq!(packed("01:23:45:17", 24.0), Some(0x0123_4517));
        assert_eq!(packed("23:59:59:29", 30.0), Some(0x2359_5929));
        // Drop-frame is bit 6.
        assert_eq!(packed("01:00:00;02", 29.97), Some(0x0100_0042));
        // The second of a pair is bit 15.
        assert_eq!(packed("01:00:00:59", 60.0), Some(0x0100_8029));
        assert_eq!(packed("01:00:00:48", 50.0), Some(0x0100_0024));
        assert_eq!(packed("01:00:00:00", 120.0), None);
    }

    #[test]
    fn texts_take_nobody_elses_name() {
        for name in ["owner", "comments", "capDate", "shot", "a name of more than thirty-one bytes"] {
            assert!(is_text(name), "{name}");
        }
        for name in ["channels", "timeCode", "reelName", "xDensity", "", "a\0b"] {
            assert!(!is_text(name), "{name}");
        }
    }
}
