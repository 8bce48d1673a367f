//! Timelines out of arbitrary bytes: what every part of the planner reads, with values that files should not have.

use std::fmt::Write as _;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use otio_conflate::PlanOptions;
use otio_conflate::plan::{
    HandleMode, Handles, MediaFacts, MediaLookup, MediaSource, MissingPolicy, OverrunPolicy, Pitch, RateConform, Retime,
    ReverseConvention, ShotSelection,
};
use otio_conflate::time::Rate;

/// Objects in a timeline, at most: it stays about as small as the files that a limit of a kilobyte is meant for.
const OBJECTS: usize = 40;
/// Compositions inside one another, at most.
const DEPTH: usize = 12;

/// Writes the JSON of a timeline.
pub struct Maker<'u, 'b> {
    bytes: &'u mut Unstructured<'b>,
    objects: usize,
    json: String,
}

/// The text of a timeline that `bytes` stand for.
pub fn timeline(bytes: &mut Unstructured<'_>) -> Result<String> {
    let mut maker = Maker { bytes, objects: OBJECTS, json: String::new() };
    maker.push(r#"{"OTIO_SCHEMA":"Timeline.1","name":"cut","global_start_time":"#);
    maker.maybe(Maker::time)?;
    maker.push(r#","metadata":{},"tracks":"#);
    maker.composition("Stack.1", DEPTH)?;
    maker.push("}");
    Ok(maker.json)
}

impl Maker<'_, '_> {
    fn push(&mut self, text: &str) {
        self.json.push_str(text);
    }

    fn coin(&mut self) -> Result<bool> {
        self.bytes.ratio(1, 3)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Result<T> {
        self.bytes.choose(of).copied()
    }

    fn maybe(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.coin()? {
            return write(self);
        }
        self.push("null");
        Ok(())
    }

    fn list(&mut self, most: usize, write: impl Fn(&mut Self) -> Result<()>) -> Result<()> {
        self.push("[");
        let count = self.bytes.int_in_range(0..=most)?;
        for place in 0..count {
            if place > 0 {
                self.push(",");
            }
            write(self)?;
        }
        self.push("]");
        Ok(())
    }

    /// Mostly a number that files have, else one they should not.
    fn number(&mut self) -> Result<()> {
        const NASTY: &[&str] = &[
            "0", "-0.0", "1", "-1", "0.5", "1e-9", "1e-300", "1e9", "-1e9", "1e15", "-1e15", "1e18", "1e300", "-1e300",
            "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "NaN", "Infinity",
            "-Infinity", "0.001", "100000000", "2147483648", "null", "\"1\"",
        ];
        match self.bytes.int_in_range(0..=9u8)? {
            0 => {
                let nasty = self.pick(NASTY)?;
                self.push(nasty);
            }
            1 => {
                let value: i16 = self.bytes.arbitrary()?;
                let _ = write!(self.json, "{}", f64::from(value) / 16.0);
            }
            _ => {
                let value = self.bytes.int_in_range(0..=96i32)?;
                let _ = write!(self.json, "{value}");
            }
        }
        Ok(())
    }

    fn rate(&mut self) -> Result<()> {
        if self.bytes.ratio(1, 12)? {
            return self.number();
        }
        let rate = self.pick(&["24", "24", "24", "25", "23.976", "29.97", "30", "60", "1", "48000", "1000", "0.1"])?;
        self.push(rate);
        Ok(())
    }

    fn time(&mut self) -> Result<()> {
        self.push(r#"{"OTIO_SCHEMA":"RationalTime.1","value":"#);
        self.number()?;
        self.push(r#","rate":"#);
        self.rate()?;
        self.push("}");
        Ok(())
    }

    fn range(&mut self) -> Result<()> {
        self.push(r#"{"OTIO_SCHEMA":"TimeRange.1","start_time":"#);
        self.time()?;
        self.push(r#","duration":"#);
        self.time()?;
        self.push("}");
        Ok(())
    }

    fn item(&mut self, schema: &str) -> Result<()> {
        let name = self.pick(&["", "a", "b", "A", "a.mov", "x/../y", "sh.%04d.exr", "\\u0000", "\\ud83d\\ude00"])?;
        let _ = write!(self.json, r#"{{"OTIO_SCHEMA":"{schema}","name":"{name}","source_range":"#);
        match self.bytes.ratio(2, 3)? {
            true => self.range()?,
            false => self.push("null"),
        }
        self.push(r#","enabled":"#);
        let enabled = self.pick(&["true", "true", "true", "true", "false", "null"])?;
        self.push(enabled);
        self.push(r#","effects":"#);
        if self.bytes.ratio(1, 4)? {
            self.list(3, Maker::effect)?;
        } else {
            self.push("[]");
        }
        self.push(r#","markers":"#);
        if self.bytes.ratio(1, 8)? {
            self.list(3, Maker::marker)?;
        } else {
            self.push("[]");
        }
        self.push(r#","metadata":"#);
        if self.bytes.ratio(1, 6)? {
            return self.metadata();
        }
        self.push("{}");
        Ok(())
    }

    fn marker(&mut self) -> Result<()> {
        self.push(r#"{"OTIO_SCHEMA":"Marker.2","name":"m","color":"RED","marked_range":"#);
        self.range()?;
        self.push("}");
        Ok(())
    }

    fn effect(&mut self) -> Result<()> {
        match self.bytes.int_in_range(0..=5u8)? {
            0 | 1 => {
                self.push(r#"{"OTIO_SCHEMA":"LinearTimeWarp.1","effect_name":"LinearTimeWarp","time_scalar":"#);
                self.number()?;
            }
            2 => self.push(r#"{"OTIO_SCHEMA":"FreezeFrame.1","effect_name":"FreezeFrame","time_scalar":0"#),
            3 => {
                self.push(r#"{"OTIO_SCHEMA":"TimeEffect.1","effect_name":"TimeCurve","metadata":{"lookup":"#);
                self.list(12, Maker::number)?;
                self.push("}");
            }
            4 => {
                self.push(r#"{"OTIO_SCHEMA":"Effect.1","effect_name":"Time Remap","metadata":{"fcp_xml":"#);
                self.push(r#"{"effecttype":"motion","effectid":"timeremap","parameter":"#);
                self.list(4, Maker::final_cut)?;
                self.push("}}");
            }
            _ => {
                self.push(r#"{"OTIO_SCHEMA":"Effect.1","effect_name":"Resolve Effect","metadata":{"Resolve_OTIO":"#);
                let name = self.pick(&[
                    "Transform", "Composite", "Cropping", "Video Faders", "Retime and Scaling", "Fairlight Clip Pan",
                    "Fairlight Clip Volume and Fades",
                ])?;
                let _ = write!(self.json, r#"{{"Effect Name":"{name}","Enabled":true,"Parameters":"#);
                self.list(3, Maker::resolve)?;
                self.push("}}");
            }
        }
        self.push("}");
        Ok(())
    }

    fn final_cut(&mut self) -> Result<()> {
        let id = self.pick(&["speed", "reverse", "graphdict", "variablespeed", "frameblending"])?;
        let _ = write!(self.json, r#"{{"parameterid":"{id}","valuemin":"#);
        self.number()?;
        self.push(r#","valuemax":"#);
        self.number()?;
        self.push(r#","value":"#);
        self.number()?;
        self.push(r#","keyframe":"#);
        self.list(4, |maker| {
            maker.push(r#"{"when":"#);
            maker.number()?;
            maker.push(r#","value":"#);
            maker.number()?;
            maker.push("}");
            Ok(())
        })?;
        self.push("}");
        Ok(())
    }

    fn resolve(&mut self) -> Result<()> {
        let id = self.pick(&[
            "opacity", "composite mode", "transformationZoomX", "transformationPan", "transformationRotationAngle",
            "cropLeft", "cropRight", "faderIn", "faderOut", "volume", "pan", "speed", "scale",
        ])?;
        let _ = write!(self.json, r#"{{"Parameter ID":"{id}","Parameter Value":"#);
        self.number()?;
        self.push(r#","Key Frames":{"#);
        for place in 0..self.bytes.int_in_range(0..=3u8)? {
            if place > 0 {
                self.push(",");
            }
            let frame: i32 = self.bytes.int_in_range(-50..=500)?;
            let _ = write!(self.json, r#""{}":{{"Value":"#, frame + i32::from(place));
            self.number()?;
            self.push("}");
        }
        self.push("}}");
        Ok(())
    }

    fn metadata(&mut self) -> Result<()> {
        match self.bytes.int_in_range(0..=4u8)? {
            0 => {
                self.push(r#"{"cdl":{"asc_sat":"#);
                self.number()?;
                self.push(r#","asc_sop":{"slope":"#);
                self.list(4, Maker::number)?;
                self.push("}}}");
            }
            1 => {
                self.push(r#"{"opacity":"#);
                self.number()?;
                self.push("}");
            }
            2 => {
                self.push(r#"{"AAF":{"OperationGroup":{"Operation":{"Name":"Dissolve"}},"PARAM_SPEED_OFFSET_MAP_U":"#);
                self.list(4, Maker::number)?;
                self.push("}}");
            }
            3 => {
                let rate = self.pick(&["TRUE", "FALSE"])?;
                let _ = write!(self.json, r#"{{"fcp_xml":{{"enabled":"{rate}","compositemode":"add","#);
                self.push(r#""outputchannelindex":"1","sourcetrack":{"trackindex":"2","mediatype":"audio"}}}"#);
            }
            _ => self.push(r#"{"cmx_3600":{"reel":"A","transitions":"W001"}}"#),
        }
        Ok(())
    }

    fn composition(&mut self, schema: &str, depth: usize) -> Result<()> {
        self.item(schema)?;
        if schema.starts_with("Track") {
            let kind = self.pick(&["Video", "Video", "Video", "Audio", "Subtitle"])?;
            let _ = write!(self.json, r#","kind":"{kind}""#);
        }
        self.push(r#","children":["#);
        let (mut first, tracks) = (true, schema.starts_with("Stack"));
        while self.objects > 0 && !self.bytes.is_empty() && self.bytes.ratio(4, 5)? {
            if !std::mem::take(&mut first) {
                self.push(",");
            }
            self.child(tracks, depth)?;
        }
        self.push("]}");
        Ok(())
    }

    fn child(&mut self, in_stack: bool, depth: usize) -> Result<()> {
        self.objects -= 1;
        let kind = self.bytes.int_in_range(0..=11u8)?;
        match kind {
            0..=3 if in_stack && depth > 0 => return self.composition("Track.1", depth - 1),
            0 if depth > 0 => return self.composition("Stack.1", depth - 1),
            1 if depth > 0 => return self.composition("Track.1", depth - 1),
            2 => self.item("Gap.1")?,
            3 | 4 => {
                let kind = self.pick(&["SMPTE_Dissolve", "Custom_Transition", "SMPTE_Wipe", ""])?;
                let _ = write!(self.json, r#"{{"OTIO_SCHEMA":"Transition.1","transition_type":"{kind}","in_offset":"#);
                self.time()?;
                self.push(r#","out_offset":"#);
                self.time()?;
            }
            5 => self.push(r#"{"OTIO_SCHEMA":"Subtitle.1","name":"s""#),
            _ => {
                self.item("Clip.2")?;
                self.push(r#","active_media_reference_key":"DEFAULT_MEDIA","media_references":{"DEFAULT_MEDIA":"#);
                self.reference()?;
                if self.bytes.ratio(1, 10)? {
                    self.push(r#","proxy":"#);
                    self.reference()?;
                }
                self.push("}");
            }
        }
        self.push("}");
        Ok(())
    }

    fn reference(&mut self) -> Result<()> {
        match self.bytes.int_in_range(0..=7u8)? {
            0 => self.push(r#"{"OTIO_SCHEMA":"MissingReference.1""#),
            1 => {
                let kind = self.pick(&["black", "SMPTEBars", "SolidColor", "checker", "?"])?;
                let _ = write!(self.json, r#"{{"OTIO_SCHEMA":"GeneratorReference.1","generator_kind":"{kind}""#);
            }
            2 => {
                self.push(r#"{"OTIO_SCHEMA":"ImageSequenceReference.1","target_url_base":"file:///no/","name_prefix":"#);
                self.push(r#""s.","name_suffix":".exr","start_frame":"#);
                self.number()?;
                self.push(r#","frame_step":"#);
                self.number()?;
                self.push(r#","frame_zero_padding":"#);
                self.number()?;
                self.push(r#","rate":"#);
                self.rate()?;
            }
            _ => {
                let location = self.pick(&[
                    "file:///no/a.mov", "file:///no/b.mov", "/no/s.%04d.exr", "/no/s.[-5-9].exr", "a.png", "", "..",
                    "http://h/a.mov", "C:\\\\a.mov", "/no/s.1001.exr", "/no/%00.mov",
                ])?;
                let _ = write!(self.json, r#"{{"OTIO_SCHEMA":"ExternalReference.1","target_url":"{location}""#);
            }
        }
        self.push(r#","available_range":"#);
        match self.bytes.ratio(1, 2)? {
            true => self.range()?,
            false => self.push("null"),
        }
        self.push("}");
        Ok(())
    }
}

/// Options of every kind.
pub fn options(bytes: &mut Unstructured<'_>) -> Result<PlanOptions> {
    let mut options = PlanOptions::default();
    options.allow_empty = true;
    options.shots = match bytes.int_in_range(0..=6u8)? {
        0 => ShotSelection::All,
        1 => ShotSelection::Flat,
        2 => ShotSelection::Markers("RED".to_owned()),
        3 => ShotSelection::Ranges(vec![("r".to_owned(), bytes.arbitrary()?, bytes.int_in_range(1..=1 << 40)?)]),
        4 => ShotSelection::Ranges(vec![("r".to_owned(), 0, bytes.int_in_range(1..=100)?)]),
        _ => ShotSelection::Hero,
    };
    let frames = |bytes: &mut Unstructured<'_>| Ok(*bytes.choose(&[0u32, 0, 1, 8, 100, 1_000_000])?);
    options.handles = Handles { head: frames(bytes)?, tail: frames(bytes)? };
    options.handle_mode = *bytes.choose(&[HandleMode::Timeline, HandleMode::Source])?;
    options.first_frame = *bytes.choose(&[1001, 1001, 0, -5, 1_000_000_000_000])?;
    options.media_missing = *bytes.choose(&[MissingPolicy::Black, MissingPolicy::Error, MissingPolicy::Slate])?;
    options.overrun = *bytes.choose(&[OverrunPolicy::Hold, OverrunPolicy::Black, OverrunPolicy::Error])?;
    options.rate_conform = *bytes.choose(&[RateConform::Time, RateConform::FrameForFrame])?;
    options.retime = *bytes.choose(&[Retime::Nearest, Retime::Blend])?;
    options.reverse = *bytes.choose(&[ReverseConvention::default(), ReverseConvention::PlaybackStart])?;
    options.sound.pitch = *bytes.choose(&[Pitch::Follow, Pitch::Keep])?;
    options.sound.limit = *bytes.choose(&[None, Some(-1.0)])?;
    options.rate = match bytes.ratio(1, 6)? {
        true => Rate::new(*bytes.choose(&[24.0, 23.976, 0.001, 1e6])?).ok(),
        false => None,
    };
    Ok(options)
}

/// Says the same of every medium.
pub struct Facts(pub Option<MediaFacts>);

impl MediaLookup for Facts {
    fn look_up(&self, _: &MediaSource) -> Option<MediaFacts> {
        self.0.clone()
    }
}

/// What a medium might claim of itself.
pub fn facts(bytes: &mut Unstructured<'_>) -> Result<Facts> {
    let most = [0, 1, 10, 1 << 40, i64::MAX, i64::MIN];
    Ok(Facts(match bytes.int_in_range(0..=3u8)? {
        0 => Some(MediaFacts::still()),
        1 | 2 => {
            let rate = Rate::new(*bytes.choose(&[24.0, 25.0, 48000.0, 1e-3])?).ok();
            Some(MediaFacts::new(rate, Some(*bytes.choose(&most)?), Some(*bytes.choose(&most)?)))
        }
        _ => None,
    }))
}
