//! Names of a configuration as people write them in one word: they may hold blanks, `/`, `:`, `=`, `@` and `#`, so they are told
//! apart by the names that the configuration has, from the right.

use super::Engine;
use super::pipeline::{find_space, find_view};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{CdlStyle, LookStep, OutputColor, RAW, SampleRange, SourceSpace, SpaceRule};

/// Reads `VIEW` or `DISPLAY/VIEW`.
///
/// # Errors
/// [`ErrorKind::Option`] where there is no such view; the message lists those there are.
pub fn read_view(engine: &dyn Engine, text: &str) -> Result<OutputColor> {
    let (display, view) = view_of(engine, text)?;
    Ok(OutputColor::View { display: Some(display), view: Some(view) })
}

fn view_of(engine: &dyn Engine, text: &str) -> Result<(String, String)> {
    for (display, views) in engine.displays() {
        for view in views {
            if text.eq_ignore_ascii_case(&format!("{display}/{view}")) {
                return Ok((display, view));
            }
        }
    }
    let is_display = |name: &str| engine.displays().iter().any(|(display, _)| display.eq_ignore_ascii_case(name));
    let split = text.char_indices().filter(|(_, letter)| *letter == '/').map(|(at, _)| (&text[..at], &text[at + 1..]));
    match split.into_iter().rev().find(|(display, _)| is_display(display)) {
        Some((display, view)) => find_view(engine, Some(display), Some(view)),
        None => find_view(engine, None, Some(text)),
    }
}

/// Reads what a medium is: a space, `view:DISPLAY/VIEW` for what a view shows, or `data`; with `:full` or `:limited` behind it
/// for the range of its samples. `:full` alone leaves the space open.
///
/// # Errors
/// [`ErrorKind::Option`] for names that the configuration does not know.
pub fn read_source(engine: &dyn Engine, text: &str) -> Result<(Option<SourceSpace>, Option<SampleRange>)> {
    if let Some(space) = engine.space(text) {
        return Ok((Some(SourceSpace::Space(space.name)), None));
    }
    let (name, range) = match text.rsplit_once(':').and_then(|(name, range)| Some((name, range.parse().ok()?))) {
        Some((name, range)) => (name, Some(range)),
        None => (text, None),
    };
    let source = match (name, name.strip_prefix("view:")) {
        ("", _) if range.is_some() => None,
        (_, Some(view)) => {
            let (display, view) = view_of(engine, view)?;
            Some(SourceSpace::View { display, view })
        }
        ("data", _) if engine.space("data").is_none() => Some(SourceSpace::Data),
        (name, _) => Some(SourceSpace::Space(find_space(engine, name)?.name)),
    };
    Ok((source, range))
}

/// Reads `GLOB=SPACE`, the space as [`read_source`] does.
///
/// # Errors
/// As [`read_source`], and [`ErrorKind::Option`] without `=`.
pub fn read_rule(engine: &dyn Engine, text: &str) -> Result<SpaceRule> {
    let splits: Vec<(&str, &str)> = text
        .char_indices()
        .filter(|(_, letter)| *letter == '=')
        .map(|(at, _)| (&text[..at], &text[at + 1..]))
        .collect();
    let Some(&first) = splits.first() else {
        return Err(Error::new(ErrorKind::Option, format!("{text:?} is not GLOB=SPACE")));
    };
    let known = splits.iter().rev().find_map(|(path, name)| Some((*path, read_source(engine, name).ok()?)));
    let (path, (source, range)) = match known {
        Some(known) => known,
        None => (first.0, read_source(engine, first.1)?),
    };
    Ok(SpaceRule { path: path.to_owned(), source, range })
}

/// Reads `FILE[#ID]@SPACE`; the space `raw` stands for the canvas's own values.
///
/// # Errors
/// As [`read_source`], and [`ErrorKind::Option`] without `@`.
pub fn read_grade(engine: &dyn Engine, text: &str, style: CdlStyle) -> Result<LookStep> {
    let splits: Vec<(&str, &str)> = text
        .char_indices()
        .filter(|(_, letter)| *letter == '@')
        .map(|(at, _)| (&text[..at], &text[at + 1..]))
        .collect();
    let Some(&last) = splits.last() else {
        let what = format!(
            "{text:?} is not FILE[#ID]@SPACE: in which space it applies has to be said; raw is the canvas's own"
        );
        return Err(Error::new(ErrorKind::Option, what));
    };
    let space = |name: &str| match name.eq_ignore_ascii_case(RAW) {
        true => Ok(RAW.to_owned()),
        false => find_space(engine, name).map(|space| space.name),
    };
    let known = splits.iter().rev().find_map(|(file, name)| Some((*file, space(name).ok()?)));
    let (file, space) = match known {
        Some(known) => known,
        None => (last.0, space(last.1)?),
    };
    let (path, id) = match file.rsplit_once('#') {
        Some((path, id)) if !id.contains('/') && path.contains('.') => (path, Some(id.to_owned())),
        _ => (file, None),
    };
    Ok(LookStep::File { path: path.to_owned(), id, space, style })
}
