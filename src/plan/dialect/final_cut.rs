//! Final Cut's XML, which Premiere writes, too, as its adapter keeps it in metadata under `fcp_xml`.

use super::keys::{Counts, Keys};
use super::levels::{LOUDEST, SoundPart, factor};
use super::look::LookReader;
use super::value::{is_empty, list, number, share, switch, text_at, text_of, whole};
use crate::geometry::Placement;
use crate::look::{Animated, Blend, Unit};
use crate::plan::{Gain, SourceChannel};
use crate::time::{Rate, Ratio, Time};
use crate::timeline::{Clip, Effect, Item, Map, Transition, Value, is_off};

/// What Final Cut calls an effect, in lower case.
pub(in crate::plan) fn final_cut_id(effect: &Effect) -> Option<String> {
    let id = effect.metadata.get("fcp_xml")?.get("effectid")?.as_str()?;
    Some(id.trim().to_ascii_lowercase())
}

/// Whether `effect` is read as a look.
pub(super) fn is_look(effect: &Effect) -> bool {
    final_cut_id(effect).is_some_and(|id| matches!(id.as_str(), "basic" | "opacity" | "crop"))
}

/// Whether `effect` is the retime of Final Cut and Premiere.
pub(in crate::plan) fn is_time_remap(effect: &Effect) -> bool {
    final_cut_id(effect).is_some_and(|id| id == "timeremap")
}

/// What a transition is called.
pub(super) fn transition_name(transition: &Transition) -> Option<&str> {
    text_at(&transition.metadata, &["fcp_xml", "effect", "name"])
}

/// Whether the name of `transition` is that of its effect: all that the adapter keeps of it.
pub(super) fn is_named_by_effect(transition: &Transition) -> bool {
    transition.metadata.contains_key("fcp_xml") && !transition.name.trim().is_empty()
}

/// The one frame of its media that a clip shows which is written as a still frame: the `stillframeoffset`, else the first
/// of its range.
pub(in crate::plan) fn still_frame(item: &Item) -> Option<Keys> {
    let xml = item.metadata.get("fcp_xml")?;
    if !xml.get("stillframe").is_some_and(switch) {
        return None;
    }
    let rate = item.source_range.map_or(Ratio::ONE, |range| range.duration.rate.nominal());
    let offset = xml.get("stillframeoffset").and_then(number).filter(|offset| offset.abs() < 1e9);
    let (counts, held) = match offset {
        Some(offset) => (Counts::Held, Ratio::nearest(offset) / rate),
        None => (Counts::Offset, Ratio::ZERO),
    };
    let points = vec![(Ratio::ZERO, held), (Ratio::ONE, held)];
    Some(Keys { points, counts, eased: false, blends: false })
}

/// Names and values of a generator's settings.
pub(super) fn generator_settings(metadata: &Map) -> impl Iterator<Item = (&str, &Value)> {
    let parameters = metadata.get("fcp_xml").and_then(|item| item.get("parameter")).map_or(&[][..], list);
    parameters.iter().filter_map(|one| Some((one.get("parameterid")?.as_str()?, one.get("value")?)))
}

impl LookReader<'_> {
    /// What Final Cut and Premiere write on the clip item itself: its mode, and filters where they were kept there.
    pub(super) fn final_cut_item(&mut self) {
        let Some(item) = self.item.metadata.get("fcp_xml").and_then(Value::as_object) else { return };
        if let Some(offset) = item.get("subclipinfo").and_then(|info| number(info.get("startoffset")?))
            && offset != 0.0
        {
            self.warn(
                None,
                format!(
                    "it is a subclip that starts {offset} frames into its media: its source_range is taken to count from the \
                     media's first frame, and not from the subclip's"
                ),
            );
        }
        if let Some(mode) = item.get("compositemode").and_then(Value::as_str) {
            match Blend::by_name(mode) {
                Some(blend) => self.look.blend = blend,
                None => self.warn(None, format!("blend mode {mode:?} is not supported; using normal")),
            }
        }
        // The adapter keeps filters here and makes effects of them, too.
        let in_effects = self.item.effects.iter().any(|effect| effect.metadata.contains_key("fcp_xml"));
        let filters = item.get("filter").filter(|_| !in_effects);
        for filter in filters.map(list).into_iter().flatten() {
            if filter.get("enabled").is_some_and(is_off) {
                continue;
            }
            for effect in filter.get("effect").map(list).into_iter().flatten().filter_map(Value::as_object) {
                if !self.final_cut(None, effect) && effect.get("mediatype").and_then(Value::as_str) != Some("audio") {
                    let name = effect.get("name").or(effect.get("effectid")).map(text_of).unwrap_or_default();
                    self.warn(None, format!("effect {name} is not drawn"));
                }
            }
        }
    }

    /// One filter of Final Cut or Premiere; whether it is one that is read.
    pub(super) fn final_cut(&mut self, index: Option<usize>, effect: &Map) -> bool {
        let id = effect.get("effectid").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        if !matches!(id.as_str(), "basic" | "opacity" | "crop") {
            return false;
        }
        if effect.get("enabled").is_some_and(is_off) {
            return true;
        }
        if id == "basic" {
            // Its scale is of the media's own size, whatever the canvas's is.
            self.look.placement = Some(Placement::Native);
            self.transform().unit = Unit::Media;
        }
        for parameter in effect.get("parameter").map(list).into_iter().flatten() {
            let name = parameter.get("parameterid").map(text_of).unwrap_or_default();
            if !self.final_cut_parameter(index, &name.to_ascii_lowercase(), parameter) {
                self.warn(index, format!("{name:?} of {id:?} is not drawn"));
            }
        }
        true
    }

    fn final_cut_parameter(&mut self, index: Option<usize>, id: &str, parameter: &Value) -> bool {
        if matches!(id, "center" | "centeroffset") {
            for (axis, (name, sign)) in [("horiz", 1.0), ("vert", -1.0)].into_iter().enumerate() {
                let part = |value: &Value| value.get(name).and_then(number);
                let Some(value) = self.final_cut_value(index, id, parameter, part) else { return false };
                let value = value.map(|value| value * sign);
                let transform = self.transform();
                if id == "center" { transform.position[axis] = value } else { transform.anchor[axis] = value }
            }
            return true;
        }
        let Some(value) = self.final_cut_value(index, id, parameter, number) else {
            // Parameters that have no value at all change nothing.
            return parameter.get("value").is_none_or(is_empty);
        };
        let is_nothing = value == Animated::Constant(0.0);
        match id {
            "scale" => self.transform().zoom = [value.clone(), value].map(|value| value.map(|value| value / 100.0)),
            "rotation" => self.transform().rotation = value.map(|degrees| -degrees),
            "opacity" => self.look.opacity = self.opacity(index, value, 100.0),
            _ if is_nothing => {}
            "left" => self.crop().left = value.map(|value| share(value / 100.0)),
            "right" => self.crop().right = value.map(|value| share(value / 100.0)),
            "top" => self.crop().top = value.map(|value| share(value / 100.0)),
            "bottom" => self.crop().bottom = value.map(|value| share(value / 100.0)),
            _ => return false,
        }
        true
    }

    /// The value of a parameter, with its key frames, which count media frames from the media's first.
    fn final_cut_value(
        &mut self,
        index: Option<usize>,
        id: &str,
        parameter: &Value,
        read: impl Fn(&Value) -> Option<f64>,
    ) -> Option<Animated> {
        let constant = parameter.get("value").and_then(&read).map(Animated::Constant);
        let keys: Vec<&Value> = parameter.get("keyframe").map(list).into_iter().flatten().collect();
        if keys.is_empty() {
            return constant;
        }
        let map = self.map.filter(|map| map.curve.is_none() && self.clock.step != Ratio::ZERO);
        // Media frames in one record frame of the clip.
        let runs = map.map(|map| (map, map.step / self.clock.step)).filter(|(_, step)| *step > Ratio::ZERO);
        let Some((map, step)) = runs else {
            let why = "what does not run forwards through media at one speed";
            self.warn(index, format!("{id:?} is animated on {why}; it is not animated"));
            return constant;
        };
        let (frame, position) = (self.clock.position(map.record).to_f64(), map.position(map.record).to_f64());
        let key = |key: &&Value| {
            let when = number(key.get("when")?)?;
            Some((frame + (when - position) / step.to_f64(), read(key.get("value")?)?))
        };
        let Some(mut read) = keys.iter().map(key).collect::<Option<Vec<_>>>() else {
            self.warn(index, format!("the key frames of {id:?} cannot be read; it is not animated"));
            return constant;
        };
        let curved = |key: &&Value| key.get("inscale").or(key.get("outscale")).is_some();
        let eased = keys.iter().any(curved) || parameter.get("interpolation").is_some_and(|how| !is_linear(how));
        if eased {
            self.warn(index, format!("{id:?} moves along curves; straight lines are drawn from key to key"));
        }
        read.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Animated::Keys(read))
    }
}

fn is_linear(interpolation: &Value) -> bool {
    let name = interpolation.get("name").unwrap_or(interpolation);
    name.as_str().is_some_and(|name| name.to_ascii_lowercase().contains("linear"))
}

/// `Time Remap`: key frames of `graphdict`, each a frame of play and a frame of the media, counted at the clip's rate;
/// where there are none, `speed` in percent.
pub(super) fn keys(parameters: &[Value], item: &Item) -> Result<Keys, &'static str> {
    let named = |name: &str| {
        let is = |one: &&Value| one.get("parameterid").and_then(Value::as_str).is_some_and(|id| id.trim() == name);
        parameters.iter().find(is)
    };
    let value = |name: &str| named(name)?.get("value");
    let reverse = value("reverse").is_some_and(switch);
    let rate = item.source_range.map_or(Ratio::ONE, |range| range.duration.rate.nominal());
    let seconds = |frame: f64| Ratio::nearest(frame) / rate;
    let frame = |key: &Value, name: &str| number(key.get(name)?).filter(|frame| frame.abs() < 1e9);
    let written = named("graphdict").and_then(|graph| graph.get("keyframe")).map_or(&[][..], list);
    let pair = |key: &Value| Some((frame(key, "when")?, frame(key, "value")?));
    let mut keys = written.iter().map(pair).collect::<Option<Vec<_>>>().ok_or("a key frame is not a pair of frames")?;
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    keys.dedup_by(|a, b| a == b);
    if keys.len() < 2 {
        let speed = value("speed").and_then(number).filter(|speed| speed.abs() <= 1e6);
        let speed = speed.ok_or("it has neither key frames nor a speed")? / 100.0;
        if reverse || speed < 0.0 {
            return Err("it runs backwards, and has no key frames to say from where");
        }
        keys = vec![(0.0, 0.0), (100.0, 100.0 * speed)];
    } else if reverse {
        as_shown(&mut keys, named("graphdict").and_then(|graph| number(graph.get("valuemax")?)));
    }
    let curved = |key: &Value| ["inscale", "outscale", "inbez", "outbez"].iter().any(|part| key.get(part).is_some());
    Ok(Keys {
        points: keys.into_iter().map(|(when, value)| (seconds(when), seconds(value))).collect(),
        counts: Counts::Play,
        eased: written.iter().any(curved),
        blends: value("frameblending").is_some_and(switch),
    })
}

/// Makes of the values of a reversed graph the frames that are shown. Both applications write the last frame of the media,
/// from which it runs back, as if it lay behind the media's end: Premiere all values by two frames, told by the first
/// being one more than `valuemax`; Final Cut those at the graph's ends by two and the others by one, the first being two
/// more. Anything else is taken as it is.
fn as_shown(keys: &mut [(f64, f64)], largest: Option<f64>) {
    let (Some(largest), Some(&(_, first))) = (largest, keys.first()) else { return };
    let ends = keys.len() - 1;
    let beyond = first - largest;
    for (place, (_, value)) in keys.iter_mut().enumerate() {
        if (beyond - 1.0).abs() < 1e-6 {
            *value -= 2.0;
        } else if (beyond - 2.0).abs() < 1e-6 {
            *value -= if place == 0 || place == ends { 2.0 } else { 1.0 };
        }
    }
}

/// Final Cut's interchange format, which Premiere writes too: a factor, and pan from −1 to 1.
/// `speed` tells how fast the item runs, where that is one speed forwards.
pub(super) fn sound(xml: &Value, item: &Item, rate: Rate, speed: &dyn Fn() -> Option<Ratio>) -> Option<Vec<SoundPart>> {
    let kind = xml.get("effectid")?.as_str()?;
    let parameter = xml.get("parameter")?;
    let all = parameter.as_array().unwrap_or(std::slice::from_ref(parameter));
    let wanted = match kind {
        "audiolevels" => "level",
        "audiopan" => "pan",
        _ => return None,
    };
    let part = |parameter: &Value| {
        let id = parameter.get("parameterid").and_then(Value::as_str).unwrap_or_default();
        let text = || parameter.get("value")?.as_str()?.trim().parse().ok();
        let value = text().or_else(|| parameter.get("value")?.as_f64()).filter(|value: &f64| value.is_finite());
        let known = match value {
            _ if parameter.get("keyframe").is_some() && id == wanted => {
                let keys =
                    |least, most| final_cut_keys(parameter.get("keyframe")?, (item, speed()?), (rate, least, most));
                match kind {
                    "audiolevels" => keys(0.0, factor(LOUDEST)).map(|keys| SoundPart::Gain(Gain::Factors(keys))),
                    _ => keys(-1.0, 1.0).map(SoundPart::PanKeys),
                }
            }
            _ if parameter.get("keyframe").is_some() => None,
            Some(value) if id == wanted && kind == "audiopan" => Some(SoundPart::Pan(value.clamp(-1.0, 1.0))),
            Some(value) if id == wanted && value >= 0.0 => {
                Some(SoundPart::Gain(Gain::Constant(value.min(factor(LOUDEST)))))
            }
            _ => None,
        };
        known.unwrap_or_else(|| SoundPart::Unknown(format!("parameter {id:?}")))
    };
    Some(all.iter().map(part).collect())
}

/// Key frames of Final Cut's levels and pans, between `least` and `most`: at media frames, as `source_range` counts them.
fn final_cut_keys(
    keys: &Value,
    (item, speed): (&Item, Ratio),
    (rate, least, most): (Rate, f64, f64),
) -> Option<Vec<(Time, f64)>> {
    let number = |value: &Value| {
        let text = || value.as_str()?.trim().parse().ok();
        text().or_else(|| value.as_f64()).filter(|value: &f64| value.is_finite())
    };
    let start = item.source_range?.start_time.time().ok()?;
    let key = |key: &Value| {
        let time = Time::from_value(number(key.get("when")?)?, rate).ok()?;
        let elapsed = Time::from_seconds((time - start).samples(1) / speed);
        Some((elapsed, number(key.get("value")?)?.clamp(least, most)))
    };
    let all = keys.as_array().unwrap_or(std::slice::from_ref(keys));
    let mut read = all.iter().map(key).collect::<Option<Vec<_>>>()?;
    read.sort_by_key(|(time, _)| *time);
    read.dedup_by_key(|(time, _)| *time);
    (!read.is_empty()).then_some(read)
}

/// The channel of its media that `clip` plays, as Final Cut's interchange format counts them; `None` where it does not
/// say so, and for a stereo clip of Premiere, which stands for both of its channels.
pub(in crate::plan) fn source_track(clip: &Clip) -> Option<SourceChannel> {
    let xml = clip.item.metadata.get("fcp_xml")?;
    let track = xml.get("sourcetrack")?;
    let audio = track.get("mediatype").and_then(Value::as_str).is_none_or(|kind| kind.eq_ignore_ascii_case("audio"));
    let stereo = xml.get("@premiereChannelType").and_then(Value::as_str) == Some("stereo");
    let number = whole(track.get("trackindex")?)?;
    (audio && !stereo).then_some(SourceChannel { stream: 0, channel: number.checked_sub(1)? })
}

/// The channel of the mix that a track of Final Cut's interchange format goes to, counted from 1.
pub(in crate::plan) fn output_channel(item: &Item) -> Option<u32> {
    let xml = item.metadata.get("fcp_xml")?;
    whole(xml.get("outputchannelindex")?).filter(|channel| *channel > 0)
}
