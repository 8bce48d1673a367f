//! What generators draw, from their kinds and settings as OpenTimelineIO and applications write them.

use crate::look::{BLACK, Bars, Generated, Rgba, WHITE};
use crate::timeline::{Map, MediaCommon, Value};

/// What a generator of this kind draws for the clip `clip`, and what is to be said about it.
pub(super) fn generated(kind: &str, parameters: &Map, common: &MediaCommon, clip: &str) -> (Generated, Option<String>) {
    let settings = Settings { parameters, common };
    let name: String = kind
        .to_lowercase()
        .replace("colour", "color")
        .chars()
        .filter(|c| c.is_alphanumeric() || "%+".contains(*c))
        .collect();
    let solid = |color| (Generated::Solid { color }, None);
    let bars = |bars| (Generated::Bars { bars }, None);
    match name.trim_end_matches("generator") {
        "black" | "blackvideo" | "fullblack" => solid(BLACK),
        // They change what is below them, and show nothing of their own.
        kind if kind.contains("adjustment") || (kind == "slug" && is_adjustment(&common.name)) => {
            let message = "an adjustment of what lies below is not applied; nothing is shown in its place";
            (Generated::Solid { color: [0; 4] }, Some(message.to_owned()))
        }
        "slug" if common.name.to_lowercase().contains("transparent") => solid([0; 4]),
        // What Premiere cannot write as anything else becomes a slug, under its own name.
        "slug" if names_nothing(&common.name) => solid(BLACK),
        "white" | "whitevideo" => solid(WHITE),
        "transparent" | "transparentvideo" => solid([0; 4]),
        "solidcolor" | "solid" | "color" | "colormatte" | "matte" | "colorsolid" => {
            match settings.colors().as_slice() {
                [] => (
                    Generated::Solid { color: BLACK },
                    Some(format!("the colour of {kind:?} is not said; it is black")),
                ),
                [color, ..] => solid(*color),
            }
        }
        "smptebars" | "smptecolorbar" | "smptecolorbars" | "colorbar" | "colorbars" | "bars" | "barsandtone"
        | "smpte" | "colorbarsandtone" | "barsandtonentsc" => bars(Bars::Smpte),
        "smptehdbars" | "hdbars" | "hdcolorbars" | "hdbarsandtone" | "hdtvbars" | "smpterp219" | "rp219"
        | "aribbars" | "hdtvcolorbars" => bars(Bars::SmpteHd),
        "ebucolorbar" | "ebucolorbars" | "ebubars" | "75%colorbar" | "75%colorbars" | "palbars" | "barsandtonepal" => {
            bars(Bars::Ebu)
        }
        "100%colorbar" | "100%colorbars" | "fullbars" => bars(Bars::Full),
        "greyscale" | "grayscale" | "ramp" | "gradient" | "lineargradient" | "greyramp" | "grayramp" => {
            let colors = match settings.colors().as_slice() {
                [from, to, ..] => [*from, *to],
                _ => [BLACK, WHITE],
            };
            (Generated::Gradient { colors }, None)
        }
        "fourcolorgradient" | "4colorgradient" => match settings.colors().as_slice() {
            [a, b, c, d, ..] => (Generated::Corners { colors: [*a, *b, *c, *d] }, None),
            _ => (
                Generated::slate("GENERATOR", kind),
                Some(format!("the colours of {kind:?} are not said; a card is shown")),
            ),
        },
        "checker" | "checkers" | "checkerboard" => {
            let colors = match settings.colors().as_slice() {
                [from, to, ..] => [*from, *to],
                _ => [WHITE, BLACK],
            };
            (Generated::Checker { colors }, None)
        }
        "slate" => {
            let title = parameters.get("title").and_then(Value::as_str).map(plain_text);
            let text = settings.text().filter(|text| Some(text) != title.as_ref());
            let title = title.as_deref().filter(|title| !title.is_empty()).unwrap_or("SLATE");
            (Generated::slate(title, &text.unwrap_or_else(|| clip.to_owned())), None)
        }
        "slug" => (
            Generated::slate("TITLE", &common.name),
            Some(format!("the slug {:?} stands for something that was not written; a card is shown", common.name)),
        ),
        _ if is_title(&name) => {
            let text = settings.text().unwrap_or_else(|| [clip, kind][usize::from(clip.trim().is_empty())].to_owned());
            (Generated::slate("TITLE", &text), Some(format!("the title {text:?} is shown as a card")))
        }
        _ => (Generated::slate("GENERATOR", kind), Some(format!("generator {kind:?} is not known; a card is shown"))),
    }
}

fn names_nothing(name: &str) -> bool {
    matches!(name.trim().to_lowercase().as_str(), "" | "slug" | "black" | "black video")
}

fn is_adjustment(name: &str) -> bool {
    name.to_lowercase().contains("adjustment")
}

fn is_title(name: &str) -> bool {
    ["text", "title", "credits", "lowerthird", "subtitle", "caption", "crawl"].iter().any(|word| name.contains(word))
}

/// What a generator was given, wherever it was written.
struct Settings<'a> {
    parameters: &'a Map,
    common: &'a MediaCommon,
}

impl Settings<'_> {
    /// Name and value of every setting, in the order they were written.
    fn all(&self) -> Vec<(&str, &Value)> {
        let mut all: Vec<(&str, &Value)> = self.parameters.iter().collect();
        // Resolve: a list of effects with parameters. Final Cut: a parameter, or a list of them.
        let effects = self.parameters.get("Resolve_OTIO").and_then(Value::as_array).unwrap_or_default();
        let resolve = effects.iter().filter_map(|effect| effect.get("Parameters").and_then(Value::as_array)).flatten();
        all.extend(resolve.filter_map(|one| Some((one.get("Parameter ID")?.as_str()?, one.get("Parameter Value")?))));
        let final_cut = self.common.metadata.get("fcp_xml").and_then(|item| item.get("parameter"));
        let final_cut = match final_cut {
            Some(Value::Array(list)) => &**list,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        all.extend(final_cut.iter().filter_map(|one| Some((one.get("parameterid")?.as_str()?, one.get("value")?))));
        all
    }

    /// Every colour among the settings.
    fn colors(&self) -> Vec<Rgba> {
        let named = |name: &str| ["color", "colour", "fill"].iter().any(|word| name.to_lowercase().contains(word));
        self.all().into_iter().filter(|(name, _)| named(name)).filter_map(|(_, value)| color(value)).collect()
    }

    /// What is to be written.
    fn text(&self) -> Option<String> {
        let named = |name: &str| {
            let name = name.to_lowercase();
            name == "str" || name.contains("text") || name == "title" || name == "name"
        };
        let texts = self.all().into_iter().filter(|(name, _)| named(name)).filter_map(|(_, value)| value.as_str());
        texts.map(plain_text).find(|text| !text.is_empty())
    }
}

/// Text without the marks of rich text.
fn plain_text(rich: &str) -> String {
    // What a style sheet says is not written.
    let mut rest = match (rich.find("<body"), rich.starts_with('<')) {
        (Some(body), true) => &rich[body..],
        _ => rich,
    };
    let mut text = String::new();
    while let Some(open) = rest.find('<') {
        let Some(close) = rest[open..].find('>') else { break };
        text.push_str(&rest[..open]);
        text.push(' ');
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A colour: `#rrggbb` or `#aarrggbb`, a list of three or four numbers, or an object with red, green, blue and perhaps
/// alpha. Numbers go to 1, or to 255 where one of them is larger. Where channels are text they come from the XML of Final
/// Cut or Premiere: they go to 255, and what is written as alpha, mostly 0, means nothing.
fn color(value: &Value) -> Option<Rgba> {
    let mut of_xml = false;
    let parts = match value {
        Value::String(text) => return hex(text.trim().strip_prefix('#')?),
        Value::Array(values) if matches!(values.len(), 3 | 4) => values.iter().map(Value::as_f64).collect(),
        Value::Object(map) => {
            let mut part = |names: [&str; 2]| {
                let named = |key: &str| names.iter().any(|name| key.trim().eq_ignore_ascii_case(name));
                let value = map.iter().find(|(key, _)| named(key)).map(|(_, value)| value)?;
                of_xml |= matches!(value, Value::String(_));
                value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
            };
            let alpha = part(["alpha", "a"]).map(Some);
            let colors = [part(["red", "r"]), part(["green", "g"]), part(["blue", "b"])];
            colors.into_iter().chain(alpha.filter(|_| !of_xml)).collect::<Option<Vec<f64>>>()
        }
        _ => None,
    }?;
    if parts.iter().any(|part| !part.is_finite() || *part < 0.0) {
        return None;
    }
    let is_share = parts.iter().all(|part| *part <= 1.0) && (!of_xml || parts.iter().any(|part| part.fract() > 0.0));
    let whole = if is_share { 1.0 } else { 255.0 };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65535")]
    let sample = |part: f64| ((part / whole).min(1.0) * 65535.0).round() as u16;
    let alpha = parts.get(3).map_or(u16::MAX, |alpha| sample(*alpha));
    Some([sample(parts[0]), sample(parts[1]), sample(parts[2]), alpha])
}

fn hex(digits: &str) -> Option<Rgba> {
    if !digits.is_ascii() || !matches!(digits.len(), 6 | 8) {
        return None;
    }
    let byte = |at: usize| Some(u16::from(u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?) * 257);
    // With alpha, that comes first.
    let (alpha, at) = if digits.len() == 8 { (byte(0)?, 2) } else { (u16::MAX, 0) };
    Some([byte(at)?, byte(at + 2)?, byte(at + 4)?, alpha])
}
