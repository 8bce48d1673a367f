//! The flags that decide about a plan.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches, Id};
use otio_conflate::plan::{
    Crossfade, Damaged, HandleMode, Handles, MissingPolicy, OverrunPolicy, Pitch, Placement, PlanOptions, RateConform,
    Retime, ReverseConvention, ShotName, ShotOptions, ShotSelection, SoundLayout, StemSelection,
};
use otio_conflate::time::Rate;
use otio_conflate::timeline::MetadataPath;
use otio_conflate::{Error, ErrorKind, Plan, Result, Timeline};

use super::cut_color::CutColorArgs;
use super::{DeliveryArgs, ReadArgs};

/// What decides about a plan.
#[derive(Args)]
pub(crate) struct PlanArgs {
    // First: what is read of the arguments is taken from them.
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    pub(crate) source: ReadArgs,
    /// Which parts of the cut are shots: hero, all, flat, track:NAME, markers:COLOR or ranges:NAME=FIRST-LAST,... (record frames, 0 is the cut's first)
    #[arg(long, default_value = "hero", value_name = "WHICH")]
    pub(crate) shots: ShotSelection,
    /// What shots are called: clip (as their clips), metadata:PATH (the text at this path in a clip's metadata, keys separated
    /// by dots: metadata:ayon.shot) or regex:PATTERN (what its group matches in a clip's name: regex:(sh[0-9]+))
    #[arg(long, default_value = "clip", value_name = "BY")]
    pub(crate) shot_name: ShotName,
    /// A field for names, burn-ins ({fields.NAME}) and the manifest, from the metadata of shots' clips; may be repeated
    #[arg(long = "field", value_name = "NAME=PATH", value_parser = field)]
    pub(crate) fields: Vec<(String, MetadataPath)>,
    /// A .toml or .json file with options of single shots: a table for each shot's name with handles, handle_mode,
    /// first_frame, file and fields
    #[arg(long, value_name = "FILE")]
    pub(crate) per_shot: Option<PathBuf>,
    /// Extra frames on both sides of a shot: H, or HEAD:TAIL
    #[arg(long, default_value = "0", value_name = "H[:T]")]
    pub(crate) handles: Handles,
    /// What handles show: timeline (the cut) or source (the shot's own media)
    #[arg(long, default_value = "timeline", value_name = "MODE")]
    pub(crate) handle_mode: HandleMode,
    /// The frame number of a shot's first frame after its head handles
    #[arg(long, default_value_t = 1001, allow_negative_numbers = true, value_name = "N")]
    pub(crate) first_frame: i64,
    /// The record rate, where it is not the timeline's
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<Rate>,
    /// How media of another rate is played: time (at its own speed in seconds) or frame (one source frame per record frame)
    #[arg(long, default_value = "time", value_name = "HOW")]
    pub(crate) rate_conform: RateConform,
    /// What slow motion shows between two source frames: nearest, or blend (both)
    #[arg(long, default_value = "nearest", value_name = "HOW")]
    pub(crate) retime: Retime,
    /// Where a reversed clip's source_range starts: low-end (shown last) or playback-start (shown first)
    #[arg(long, default_value = "low-end", value_name = "HOW")]
    pub(crate) reverse: ReverseConvention,
    /// What to do about missing media: error, black or slate
    #[arg(long, default_value = "error", value_name = "DO")]
    pub(crate) media_missing: MissingPolicy,
    /// What to do about frames outside the media: hold, black or error
    #[arg(long, default_value = "hold", value_name = "DO")]
    pub(crate) overrun: OverrunPolicy,
    /// What to do about frames and sound that are damaged: error, or warn (deliver them, and say so)
    #[arg(long, default_value = "error", value_name = "DO")]
    pub(crate) damaged: Damaged,
    /// The most pixels that a picture of a medium may have; by default 16384 × 16384, and less in small files
    #[arg(long, value_name = "N")]
    pub(crate) max_pixels: Option<u64>,
    /// How media of another shape lies in the canvas: fit, fill, stretch or native
    #[arg(long, default_value = "fit", value_name = "HOW")]
    pub(crate) placement: Placement,
    /// Whether record timecode is drop-frame: yes, no, or auto (as the timeline or its media says, else no)
    #[arg(long, default_value = "auto", value_parser = ["auto", "yes", "no"], value_name = "DO")]
    pub(crate) drop_frame: String,
    /// Accept a plan without shots; by default it is an error
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Samples per second of the sound
    #[arg(long, default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(8_000..=384_000), value_name = "N")]
    pub(crate) sample_rate: u32,
    /// The channels of the sound: mono, stereo, 5.1 or 7.1
    #[arg(long, default_value = "stereo", value_name = "LAYOUT")]
    pub(crate) audio_layout: SoundLayout,
    /// How transitions between sounds fade: power (equal power) or linear
    #[arg(long, default_value = "power", value_name = "LAW")]
    pub(crate) crossfade: Crossfade,
    /// The pitch of sound at another speed: follow (as on a tape) or keep
    #[arg(long, default_value = "follow", value_name = "WHAT")]
    pub(crate) pitch: Pitch,
    /// Keep the mix at or below this level, in decibels of full scale
    #[arg(long, value_name = "DB", allow_negative_numbers = true)]
    pub(crate) limit: Option<f64>,
    /// WAV files beside each mix that add up to it: none, track (one for each audio track), or role:KEY (one for each text
    /// that metadata has under KEY; keys inside one another are separated by /)
    #[arg(long, default_value = "none", value_name = "WHICH")]
    pub(crate) stems: StemSelection,
    #[command(flatten)]
    color: CutColorArgs,
}

/// The arguments that were given, by their ids, whatever they say.
struct Given(Vec<String>);

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Given, clap::Error> {
        let is_given = |id: &&Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
        Ok(Given(matches.ids().filter(is_given).map(ToString::to_string).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Given::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

impl PlanArgs {
    /// The options for a plan that these flags stand for.
    pub(crate) fn options(&self) -> Result<PlanOptions> {
        let mut options = PlanOptions::default();
        options.shots = self.shots.clone();
        options.shot_name = self.shot_name.clone();
        options.fields = self.fields.iter().cloned().collect();
        if let Some(file) = &self.per_shot {
            options.per_shot = ShotOptions::load(file)?;
        }
        options.handles = self.handles;
        options.handle_mode = self.handle_mode;
        options.first_frame = self.first_frame;
        options.rate = self.rate;
        options.rate_conform = self.rate_conform;
        options.retime = self.retime;
        options.prefer = self.source.prefer.clone();
        options.drop_frame = match self.drop_frame.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        options.allow_empty = self.allow_empty;
        options.reverse = self.reverse;
        options.media_missing = self.media_missing;
        options.overrun = self.overrun;
        options.damaged = self.damaged;
        options.placement = self.placement;
        options.sound.rate = self.sample_rate;
        options.sound.layout = self.audio_layout;
        options.sound.crossfade = self.crossfade;
        options.sound.pitch = self.pitch;
        options.sound.limit = self.limit;
        options.sound.stems = self.stems.clone();
        options.path_map = self.source.maps.clone();
        options.color = self.color.plan()?;
        Ok(options)
    }

    /// The plan that a run with `delivery` renders, its timeline, and the options it was made with. A plan that was stored as
    /// JSON has no timeline, and flags that would change it are refused.
    pub(crate) fn read(&self, delivery: &DeliveryArgs) -> Result<(Plan, Option<Timeline>, PlanOptions)> {
        let mut options = self.options()?;
        if let Some(plan) = self.stored(delivery)? {
            return Ok((plan, None, options));
        }
        let timeline = self.source.read()?;
        delivery.change(&mut options);
        let plan = self.plan(&timeline, &options)?;
        Ok((plan, Some(timeline), options))
    }

    /// The plan in the file, if that holds one.
    fn stored(&self, delivery: &DeliveryArgs) -> Result<Option<Plan>> {
        let Some(plan) = self.source.stored_plan()? else { return Ok(None) };
        plan.validate()?;
        // The file itself, and what is about opening media.
        let others = ["file", "max_pixels"];
        let all = PlanArgs::augment_args(clap::Command::new(""));
        let is_given = |id: &str| self.given.0.iter().any(|given| given == id) && !others.contains(&id);
        let given = all.get_arguments().filter(|arg| is_given(arg.get_id().as_str())).filter_map(clap::Arg::get_long);
        let given: Vec<String> =
            given.chain(delivery.changes_plan().then_some("size")).map(|flag| format!("--{flag}")).collect();
        if !given.is_empty() {
            let what = format!(
                "{} is a plan, which flags about reading and planning do not change; expected none of them, found {}; \
                 nothing was rendered",
                self.source.file.display(),
                given.join(", ")
            );
            return Err(Error::new(ErrorKind::Option, what).at_file(&self.source.file));
        }
        Ok(Some(plan))
    }

    /// Plans `timeline`; media is opened only where the timeline does not say enough.
    pub(crate) fn plan(&self, timeline: &Timeline, options: &PlanOptions) -> Result<Plan> {
        let lookup = otio_conflate::backend::ffmpeg::FfmpegLookup::new().max_pixels(self.max_pixels);
        Plan::with_media(timeline, options, &lookup)
    }
}

fn field(text: &str) -> Result<(String, MetadataPath), String> {
    let (name, path) =
        text.split_once('=').ok_or_else(|| format!("{text:?} is not NAME=PATH, such as sequence=ayon.sequence"))?;
    Ok((name.to_owned(), path.parse().map_err(|error: otio_conflate::Error| format!("{error:#}"))?))
}
