//! What generators draw, from their kinds and settings as OpenTimelineIO and applications write them.

use super::color::color;
use super::{final_cut, resolve};
use crate::look::{BLACK, Bars, Generated, Rgba, WHITE};
use crate::timeline::{Map, MediaCommon, Value};

/// What a generator of this kind draws for the clip `clip`, and what is to be said about it.
pub(in crate::plan) fn generated(
    kind: &str,
    parameters: &Map,
    common: &MediaCommon,
    clip: &str,
) -> (Generated, Option<String>) {
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
                [] => (Generated::Solid { color: BLACK }, Some(format!("{kind:?} has no colour; using black"))),
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
                Some(format!("the colours of {kind:?} are not specified; a card is shown")),
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
        _ => (Generated::slate("GENERATOR", kind), Some(format!("unknown generator {kind:?}; a card is shown"))),
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
        let own = self.parameters.iter().chain(resolve::generator_settings(self.parameters));
        own.chain(final_cut::generator_settings(&self.common.metadata)).collect()
    }

    /// Every colour among the settings.
    fn colors(&self) -> Vec<Rgba> {
        let named = |name: &str| ["color", "colour", "fill"].iter().any(|word| name.to_lowercase().contains(word));
        self.all().into_iter().filter(|(name, _)| named(name)).filter_map(|(_, value)| rgba(value)).collect()
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

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 65535")]
fn rgba(value: &Value) -> Option<Rgba> {
    Some(color(value)?.map(|share| (share.min(1.0) * 65535.0).round() as u16))
}
