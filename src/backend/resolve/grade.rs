//! The grade on demand: on versions of our own, so that no grade of the project is changed.

use serde_json::{Value, json};

use super::bridge::{Object, whole};
use super::cut::{Cut, Item};
use super::link::Link;
use super::opening::warning;
use super::options::{Cdl, Grade};
use super::state::{Guard, Lut, Version, own_name, own_version};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Warning;

/// Grades every clip that is seen in record frames `ranges`.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve refuses, with the clip.
pub(super) fn apply(guard: &mut Guard<'_>, cut: &Cut, ranges: &[(i64, i64)], grade: &Grade) -> Result<Vec<Warning>> {
    if *grade == Grade::AsIs {
        return Ok(Vec::new());
    }
    guard.open_page("color")?;
    if matches!(grade, Grade::Lut { .. }) {
        guard.link.project("RefreshLUTList", vec![])?.granted()?;
    }
    let layers = guard.link.project("GetSetting", vec![json!("nodeStackLayers")])?.text().ok();
    let layers = layers.and_then(|layers| layers.trim().parse::<i64>().ok()).unwrap_or(1);
    let ours = own_name();
    let over = matches!(grade, Grade::Lut { .. } | Grade::Cdl { .. });
    let mut warnings = Vec::new();
    if *grade == Grade::Bypass {
        warnings.extend(of_timeline(&guard.link, cut));
    }
    for track in &cut.tracks {
        for item in &track.items {
            // Titles and generators have no grade of their own that could be told.
            if !item.has_media() || !ranges.iter().any(|&(start, end)| item.start < end && item.end > start) {
                continue;
            }
            let at_clip = |error: Error| error.at_clip(&item.name);
            let place = (item, track.number);
            let graded = version(guard, place, &ours, over).and_then(|graph| match (graph, grade) {
                (Some(graph), _) => put(&guard.link, item, &graph, layers, grade),
                (None, Grade::Lut { path, node }) => lut_in_place(guard, place, path, *node),
                (None, _) => {
                    let what =
                        "a new version of the grade is empty in this Resolve: nothing can be laid over the grade";
                    Err(Error::new(ErrorKind::Application, what))
                }
            });
            graded.map_err(at_clip)?;
            if *grade == Grade::Bypass
                && guard.link.call(&item.object, "GetColorGroup", vec![]).is_ok_and(|group| group.object().is_some())
            {
                let message = format!("the grade of the group that {:?} belongs to stays", item.name);
                warnings.push(warning(message));
            }
        }
    }
    Ok(warnings)
}

/// What is to be said of the grade that the timeline has as a whole: it stays.
fn of_timeline(link: &Link, cut: &Cut) -> Option<Warning> {
    let graph = link.call(&cut.timeline, "GetNodeGraph", vec![]).ok().and_then(|graph| graph.object());
    let tools = graph.and_then(|graph| tools(link, &graph).ok());
    let is_empty = |tools: &Value| tools.as_array().map(Vec::is_empty);
    match tools.map(|tools| tools.iter().map(is_empty).collect::<Option<Vec<bool>>>()) {
        Some(Some(empty)) if empty.iter().all(|empty| *empty) => None,
        Some(Some(_)) => Some(warning("the grade of the timeline as a whole stays".to_owned())),
        _ => {
            let what = "the grade of the timeline as a whole stays, if it has one: Timeline.GetNodeGraph and \
                Graph.GetToolsInNode do not tell";
            Some(warning(what.to_owned()))
        }
    }
}

/// Gives a clip a version of ours; returns its graph. Where `over` says so, it has to be a copy of the grade, since
/// something is to be laid over that; `None` where Resolve makes it an empty one.
fn version(guard: &mut Guard<'_>, (item, track): (&Item, i64), ours: &str, over: bool) -> Result<Option<Object>> {
    let link = &guard.link;
    let call = |method: &str, arguments| link.call(&item.object, method, arguments);
    let current = call("GetCurrentVersion", vec![])?.value();
    let name = current.get("versionName").and_then(Value::as_str);
    let kind = current.get("versionType").and_then(whole);
    let Some((name, kind)) = name.zip(kind) else {
        return Err(Error::new(ErrorKind::Application, "Resolve does not tell the version of a clip's grade"));
    };
    let id = call("GetUniqueId", vec![])?.text()?;
    let before = call("GetNodeGraph", vec![])?.some()?;
    let tools = if over { tools(link, &before)? } else { Vec::new() };
    let ours = own_version(ours, name, kind);
    let version = Version { track, item: id, name: name.to_owned(), kind, ours: ours.clone() };
    guard.note(|state| state.versions.push(version))?;
    let link = &guard.link;
    let call = |method: &str, arguments| link.call(&item.object, method, arguments);
    call("AddVersion", vec![json!(ours), json!(0)])?.granted()?;
    call("LoadVersionByName", vec![json!(ours), json!(0)])?.granted()?;
    let graph = call("GetNodeGraph", vec![])?.some()?;
    if over && self::tools(link, &graph)? != tools {
        call("LoadVersionByName", vec![json!(name), json!(kind)])?.granted()?;
        return Ok(None);
    }
    Ok(Some(graph))
}

/// Puts a LUT onto the clip's own version: what was in its place can be told, and put back.
fn lut_in_place(guard: &mut Guard<'_>, (item, track): (&Item, i64), path: &str, node: u32) -> Result<()> {
    let link = &guard.link;
    let graph = link.call(&item.object, "GetNodeGraph", vec![])?.some()?;
    let former = link.call(&graph, "GetLUT", vec![json!(node)])?.value();
    let id = link.call(&item.object, "GetUniqueId", vec![])?.text()?;
    let former = former.as_str().unwrap_or_default().to_owned();
    guard.note(|state| state.luts.push(Lut { track, item: id, node, former }))?;
    guard.link.call(&graph, "SetLUT", vec![json!(node), json!(path)])?.granted()
}

/// What each node of a graph holds, as far as Resolve tells.
fn tools(link: &Link, graph: &Object) -> Result<Vec<Value>> {
    let nodes = link.call(graph, "GetNumNodes", vec![])?.whole()?;
    (1..=nodes).map(|node| Ok(link.call(graph, "GetToolsInNode", vec![json!(node)])?.value())).collect()
}

/// Puts `grade` onto our version.
fn put(link: &Link, item: &Item, graph: &Object, layers: i64, grade: &Grade) -> Result<()> {
    match grade {
        Grade::AsIs => Ok(()),
        Grade::Drx { path, mode } => {
            let path = path.to_string_lossy();
            link.call(graph, "ApplyGradeFromDRX", vec![json!(path), json!(mode)])?.granted()
        }
        Grade::Lut { path, node } => link.call(graph, "SetLUT", vec![json!(node), json!(path)])?.granted(),
        Grade::Cdl { cdl, node } => link.call(&item.object, "SetCDL", vec![map(cdl, *node)])?.granted(),
        Grade::Bypass => {
            off(link, graph)?;
            for layer in 2..=layers {
                if let Some(graph) = link.call(&item.object, "GetNodeGraph", vec![json!(layer)])?.object() {
                    off(link, &graph)?;
                }
            }
            Ok(())
        }
    }
}

/// Switches every node off.
fn off(link: &Link, graph: &Object) -> Result<()> {
    let nodes = link.call(graph, "GetNumNodes", vec![])?.whole()?;
    for node in 1..=nodes {
        link.call(graph, "SetNodeEnabled", vec![json!(node), json!(false)])?.granted()?;
    }
    Ok(())
}

/// A colour decision as Resolve takes it: texts.
fn map(cdl: &Cdl, node: u32) -> Value {
    let triple = |values: [f64; 3]| values.map(|value| value.to_string()).join(" ");
    json!({
        "NodeIndex": node.to_string(), "Slope": triple(cdl.slope), "Offset": triple(cdl.offset),
        "Power": triple(cdl.power), "Saturation": cdl.saturation.to_string(),
    })
}
