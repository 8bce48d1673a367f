//! The Deliver page: preset, mode, format and codec, and what light its files hold.

use serde_json::{Value, json};

use super::guard::ResolveGuard;
use super::light::{ColorSettings, Light};
use super::link::Link;
use super::options::{RenderPreset, ResolveOptions};
use crate::deliver::Preset;
use crate::error::{Error, ErrorKind, Result};

/// Sets the Deliver page up: preset, mode, format and codec.
///
/// # Errors
/// [`ErrorKind::Option`] for a preset, format or codec that Resolve does not have, with those it has;
/// [`ErrorKind::Application`] when it refuses one.
pub(super) fn set_up(guard: &mut ResolveGuard<'_>, options: &ResolveOptions, delivery: &Preset) -> Result<()> {
    guard.open_page("deliver")?;
    load_preset(guard, &options.preset)?;
    let link = &guard.link;
    link.project("SetCurrentRenderMode", vec![json!(1)])?.granted()?;
    match &options.format {
        Some(format) => {
            let format = format_named(link, format)?;
            let codecs = codecs_of(link, &format)?;
            match &options.codec {
                Some(codec) => choose(link, &format, &pick(&codecs, codec, "codec")?),
                None => first_taken(link, &format, &codecs, delivery),
            }
        }
        None if options.preset != RenderPreset::None => match &options.codec {
            None => Ok(()),
            Some(codec) => {
                let current = link.project("GetCurrentRenderFormatAndCodec", vec![])?.value();
                let format = current.get("format").and_then(Value::as_str).unwrap_or_default();
                let codecs = codecs_of(link, format)?;
                choose(link, format, &pick(&codecs, codec, "codec")?)
            }
        },
        None => {
            let formats = labels(link, "GetRenderFormats", vec![])?;
            let first =
                ["QuickTime", "mov", "MXF OP1A"].iter().find_map(|format| pick(&formats, format, "format").ok());
            let format = first.map_or_else(|| pick(&formats, "QuickTime", "format"), Ok)?;
            let codecs = codecs_of(link, &format)?;
            first_taken(link, &format, &codecs, delivery)
        }
    }
}

fn load_preset(guard: &mut ResolveGuard<'_>, preset: &RenderPreset) -> Result<()> {
    let link = &guard.link;
    match preset {
        RenderPreset::None => Ok(()),
        RenderPreset::Named(name) => {
            let known = link.render_presets()?;
            if !known.contains(name) {
                let what = format!("Resolve has no render preset {name:?}; it has {}", known.join(", "));
                return Err(Error::new(ErrorKind::Option, what));
            }
            link.project("LoadRenderPreset", vec![json!(name)])?.granted()
        }
        RenderPreset::File(path) => {
            if !path.is_file() {
                let what = format!("the render preset {} is not there", path.display());
                return Err(Error::new(ErrorKind::MediaMissing, what).at_file(path));
            }
            let before = link.render_presets()?;
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            guard.note(|state| state.importing = Some((name, before.clone())))?;
            let link = &guard.link;
            // Resolve is somewhere else.
            let file = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            link.call(&link.app, "ImportRenderPreset", vec![json!(file.to_string_lossy())])?
                .granted()
                .map_err(|error| error.at_file(path))?;
            // It is called as the file says, and loaded already.
            let after = link.render_presets()?;
            let preset = after.into_iter().find(|name| !before.contains(name));
            guard.note(|state| state.preset = preset)
        }
    }
}

/// A dictionary from labels to names.
fn labels(link: &Link, method: &str, arguments: Vec<Value>) -> Result<Vec<(String, String)>> {
    let value = link.project(method, arguments)?.value();
    let pair = |(label, name): (&String, &Value)| Some((label.clone(), name.as_str()?.to_owned()));
    let pairs: Vec<_> = value.as_object().into_iter().flatten().filter_map(pair).collect();
    match pairs.is_empty() {
        true => Err(Error::new(ErrorKind::Application, format!("Project.{method} lists nothing"))),
        false => Ok(pairs),
    }
}

/// The name that Resolve uses for the format of this label.
fn format_named(link: &Link, label: &str) -> Result<String> {
    pick(&labels(link, "GetRenderFormats", vec![])?, label, "format")
}

/// The codecs of a format. What it is asked by is not documented: by its name, and where that gives nothing by its label.
fn codecs_of(link: &Link, format: &str) -> Result<Vec<(String, String)>> {
    labels(link, "GetRenderCodecs", vec![json!(format)]).or_else(|error| {
        let formats = if link.is_lost() { Vec::new() } else { labels(link, "GetRenderFormats", vec![])? };
        let label = formats.iter().find(|(_, name)| name == format).map(|(label, _)| label);
        label.map_or(Err(error), |label| labels(link, "GetRenderCodecs", vec![json!(label)]))
    })
}

/// The name behind a label; a name itself is taken, too.
fn pick(labels: &[(String, String)], wanted: &str, what: &str) -> Result<String> {
    let by_label = labels.iter().find(|(label, _)| label.eq_ignore_ascii_case(wanted));
    let found = by_label.or_else(|| labels.iter().find(|(_, name)| name == wanted));
    found.map(|(_, name)| name.clone()).ok_or_else(|| {
        let mut known: Vec<&str> = labels.iter().map(|(label, _)| label.as_str()).collect();
        known.sort_unstable();
        let what = format!("Resolve renders no {what} {wanted:?}; it has {}", known.join(", "));
        Error::new(ErrorKind::Option, what)
    })
}

fn choose(link: &Link, format: &str, codec: &str) -> Result<()> {
    let arguments = vec![json!(format), json!(codec)];
    link.project("SetCurrentRenderFormatAndCodec", arguments)?
        .granted()
        .map_err(|error| error.context(format!("Resolve lists the codec {codec} for {format} and does not take it")))
}

/// Takes the first codec that suits the delivery and that Resolve takes: not every codec it lists can be had everywhere.
fn first_taken(link: &Link, format: &str, codecs: &[(String, String)], delivery: &Preset) -> Result<()> {
    let mut refused = Vec::new();
    for wanted in suitable(delivery) {
        let exactly = |(label, name): &&(String, String)| plain(label) == wanted || plain(name) == wanted;
        // Some labels say more, such as the depth.
        let roughly = |(label, name): &&(String, String)| plain(label).contains(wanted) || plain(name).contains(wanted);
        let Some((label, name)) = codecs.iter().find(exactly).or_else(|| codecs.iter().find(roughly)) else {
            continue;
        };
        match choose(link, format, name) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Application && link.is_alive() => refused.push(label.as_str()),
            Err(error) => return Err(error),
        }
    }
    let known: Vec<&str> = codecs.iter().map(|(label, _)| label.as_str()).collect();
    let refused = if refused.is_empty() { String::new() } else { format!(" (it refused {})", refused.join(", ")) };
    let what = format!(
        "Resolve has no codec for {format} that suits {}{refused}: choose one of {}",
        delivery.name,
        known.join(", ")
    );
    Err(Error::new(ErrorKind::Option, what))
}

/// Letters and digits alone, in lower case: labels differ in spaces and dashes from version to version.
fn plain(label: &str) -> String {
    label.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The codecs that suit a delivery, best first, as [`plain`] has them: the delivery's own, whose packets are then copied,
/// and those that lose least.
fn suitable(delivery: &Preset) -> Vec<&'static str> {
    let own: &[&str] = match delivery.name.as_str() {
        "prores-proxy" => &["prores422p", "appleprores422proxy"],
        "prores-lt" => &["prores422lt", "appleprores422lt"],
        "prores-422" => &["prores422", "appleprores422"],
        "prores-hq" => &["prores422hq", "appleprores422hq"],
        "prores-4444" => &["prores4444", "appleprores4444"],
        "dnxhr-lb" => &["dnxhrlb", "dnxhrlb8bit"],
        "dnxhr-sq" => &["dnxhrsq", "dnxhrsq8bit"],
        "dnxhr-hq" => &["dnxhrhq", "dnxhrhq8bit"],
        _ => &[],
    };
    let best = [
        "prores4444",
        "appleprores4444",
        "dnxhr44412bit",
        "dnxhr444",
        "prores422hq",
        "appleprores422hq",
        "dnxhrhqx",
        "dnxhrhqx10bit",
        "dnxhrhqx12bit",
        "prores422",
        "dnxhrhq",
        "dnxhrhq8bit",
    ];
    own.iter().chain(&best).copied().collect()
}

/// What EXR holds, where that is what is rendered: `None` for other formats, and for EXR `Err` with a sentence where Resolve
/// does not tell.
///
/// # Errors
/// As [`Link::call`].
pub(super) fn light_of_exr(
    link: &Link,
    settings: &ColorSettings,
    options: &ResolveOptions,
) -> Result<Option<std::result::Result<Light, String>>> {
    let current = link.project("GetCurrentRenderFormatAndCodec", vec![])?.value();
    let format = current.get("format").and_then(Value::as_str).unwrap_or_default();
    if !format.to_ascii_lowercase().contains("exr") {
        return Ok(None);
    }
    Ok(Some(settings.light(options).ok_or_else(|| {
        "Resolve writes EXR in the project's output colours, which Project.GetSetting does not tell, and EXR is read as linear \
        light; expected a project that tells them (colorSpaceOutput), color_space and gamma in the options of Resolve, or \
        another format"
            .to_owned()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_taken_for_names() {
        let labels = [("QuickTime".to_owned(), "mov".to_owned()), ("MXF OP1A".to_owned(), "mxf_op1a".to_owned())];
        assert_eq!(pick(&labels, "quicktime", "format").ok().as_deref(), Some("mov"));
        assert_eq!(pick(&labels, "mxf_op1a", "format").ok().as_deref(), Some("mxf_op1a"));
        let error = pick(&labels, "Betacam", "format").expect_err("no such format");
        assert_eq!(error.kind(), ErrorKind::Option);
        assert!(format!("{error:#}").contains("MXF OP1A, QuickTime"), "{error:#}");
    }

    #[test]
    fn every_preset_has_codecs_that_suit_it() {
        for name in Preset::NAMES {
            let preset = Preset::by_name(name).expect("a listed name");
            let codecs = suitable(&preset);
            assert!(codecs.len() > 5 && codecs.iter().all(|codec| plain(codec) == *codec), "{name}");
        }
    }
}
