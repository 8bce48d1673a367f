//! The flags about deliveries: where shots go and what they are written as.

use std::path::PathBuf;

use clap::Args;
use otio_conflate::deliver::{
    AudioDelivery, EncoderSource, ExrCompression, NameTemplate, Preset, Representation, TimecodeSource,
};
use otio_conflate::plan::PlanOptions;
use otio_conflate::{Delivery, Existing};

use super::representation;

/// What decides about a delivery.
#[derive(Args)]
pub(crate) struct DeliveryArgs {
    /// The output folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// What shots are written as, such as prores-hq, dnxhr-hq, h264 or exr; all are listed by `otio-conflate conflate --help`
    #[arg(long, default_value = "prores-lt", value_parser = Preset::by_name, value_name = "NAME")]
    preset: Preset,
    /// Which encoder is used: own (this library's, where it has one: ProRes 422 and 4444, EXR, PNG) or ffmpeg
    #[arg(long, default_value = "own", value_name = "SOURCE")]
    encoder: EncoderSource,
    /// How EXR files are compressed: none, zips, zip16, piz or dwaa
    #[arg(long, value_name = "METHOD")]
    compression: Option<ExrCompression>,
    /// The level of compression of EXR files (zips and zip16: 1 to 12, dwaa: 1 to 1000) and PNG files (1 to 9)
    #[arg(long, value_name = "N")]
    level: Option<u16>,
    /// The timecode of movies and EXR files: the record's, or the source's
    #[arg(long, default_value = "record", value_name = "WHOSE")]
    timecode: TimecodeSource,
    /// What else is made of each shot: a name such as h264, proxy-half, poster or contact-sheet, or a .toml or .json file;
    /// may be repeated
    #[arg(long = "representation", value_name = "NAME|FILE", value_parser = representation)]
    representations: Vec<Representation>,
    /// The canvas; by default that of the hero track's first clip
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(u32, u32)>,
    /// How many shots are rendered at once; by default as many as there are cores
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// What to do when an output exists already: error; overwrite or skip, where the manifest lists it; overwrite-foreign
    /// (files that it does not list, too)
    #[arg(long, default_value = "error", value_name = "DO")]
    existing: Existing,
    /// What files are called: text with {shot}, {clip}, {track}, {timeline}, {index}, {timecode} or
    /// {fields.NAME} in it
    #[arg(long, default_value = "{shot}", value_name = "TEMPLATE")]
    name: NameTemplate,
    /// Where the sound of shots goes: none, mux (into each movie), wav (a file per shot) or both
    #[arg(long, default_value = "mux", value_name = "WHERE")]
    pub(crate) audio: AudioDelivery,
    /// Bring the whole cut to this integrated loudness (EBU R 128) with one gain, shots and stems with the same
    #[arg(long, value_name = "LUFS", allow_negative_numbers = true)]
    pub(crate) loudness: Option<f64>,
    /// Whether sound is wanted wherever that of shots goes.
    #[arg(skip)]
    pub(crate) is_heard: bool,
}

impl DeliveryArgs {
    /// What these flags say about the plan.
    pub(crate) fn change(&self, options: &mut PlanOptions) {
        options.canvas.size = self.size;
        options.sound.enabled = self.is_heard || self.audio != AudioDelivery::None;
    }

    /// Whether any of them changes the plan.
    pub(crate) fn changes_plan(&self) -> bool {
        self.size.is_some()
    }

    /// The delivery that these flags stand for.
    pub(crate) fn delivery(self) -> Delivery {
        let preset = self.preset.with_audio(self.audio).with_encoder(self.encoder).with_timecode(self.timecode);
        let preset = preset.with_compression(self.compression, self.level);
        let mut delivery = Delivery::new(self.out).preset(preset).name(self.name).existing(self.existing);
        delivery.representations = self.representations;
        delivery.jobs = self.jobs;
        delivery
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once(['x', 'X']).map(|(width, height)| (width.parse(), height.parse()));
    match parts {
        Some((Ok(width), Ok(height))) if (1..=32_768).contains(&width) && (1..=32_768).contains(&height) => {
            Ok((width, height))
        }
        _ => Err(format!("{text:?} is not WIDTHxHEIGHT, such as 1920x1080")),
    }
}
