//! The grade on demand: on versions of our own, so that no grade of the project is changed.

use serde_json::{Value, json};

use super::bridge::{ResolveObject, whole};
use super::cut::{ResolveTimeline, TrackItem};
use super::guard::ResolveGuard;
use super::link::Link;
use super::names::{own_name, own_version};
use super::options::{Cdl, ResolveGrade};
use super::state::{Lut, Version};
use super::warning::warning;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Warning;

/// Grades every clip that is seen in record frames `ranges`.
///
/// # Errors
/// [`ErrorKind::Application`] when Resolve refuses, with the clip.
pub(super) fn apply(
    guard: &mut ResolveGuard<'_>,
    cut: &ResolveTimeline,
    ranges: &[(i64, i64)],
    grade: &ResolveGrade,
) -> Result<Vec<Warning>> {
    if *grade == ResolveGrade::AsIs {
        return Ok(Vec::new());
    }
    guard.open_page("color")?;
    if matches!(grade, ResolveGrade::Lut { .. }) {
        guard.link.project("RefreshLUTList", vec![])?.granted()?;
    }
    let layers = guard.link.project("GetSetting", vec![json!("nodeStackLayers")])?.text().ok();
    let layers = layers.and_then(|layers| layers.trim().parse::<i64>().ok()).unwrap_or(1);
    let ours = own_name();
    let over = matches!(grade, ResolveGrade::Lut { .. } | ResolveGrade::Cdl { .. });
    let mut warnings = Vec::new();
    // A still takes the place of the clip's grade; what else is done about that is under these.
    let beside = over || *grade == ResolveGrade::Bypass;
    if beside {
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
            let graded = match version(guard, place, &ours, over).map_err(at_clip)? {
                true => put(&guard.link, cut, item, layers, grade),
                false => match grade {
                    ResolveGrade::Lut { path, node } => lut_in_place(guard, place, path, *node),
                    _ => {
                        let what = "whether a new version of the grade is a copy cannot be told in this Resolve, or it is \
                            empty: nothing can be laid over the grade; expected Resolve 19.0 or newer, and copies";
                        Err(Error::new(ErrorKind::Application, what))
                    }
                },
            };
            graded.map_err(at_clip)?;
            if beside
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
pub(super) fn of_timeline(link: &Link, cut: &ResolveTimeline) -> Option<Warning> {
    let graph = link.call(&cut.timeline, "GetNodeGraph", vec![]).ok().and_then(|graph| graph.object());
    let tools = graph.and_then(|graph| tools(link, &graph).ok().flatten());
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

/// What the nodes of a clip are asked through: its graph, or before that came, the clip itself.
fn nodes(link: &Link, item: &TrackItem, layer: Option<i64>) -> Result<ResolveObject> {
    let arguments = layer.map(|layer| vec![json!(layer)]).unwrap_or_default();
    match link.call_if_there(&item.object, "GetNodeGraph", arguments)? {
        Some(graph) => graph.some(),
        None => Ok(item.object.clone()),
    }
}

/// Gives a clip a version of ours. Where `over` says so, it has to be a copy of the grade, since something is to be laid
/// over that; `false` where Resolve makes that an empty one, or does not tell.
fn version(guard: &mut ResolveGuard<'_>, (item, track): (&TrackItem, i64), ours: &str, over: bool) -> Result<bool> {
    let link = &guard.link;
    let call = |method: &str, arguments| link.call(&item.object, method, arguments);
    let current = call("GetCurrentVersion", vec![])?.value();
    let name = current.get("versionName").and_then(Value::as_str);
    let kind = current.get("versionType").and_then(whole);
    let Some((name, kind)) = name.zip(kind) else {
        return Err(Error::new(ErrorKind::Application, "Resolve does not tell the version of a clip's grade"));
    };
    let id = call("GetUniqueId", vec![])?.text()?;
    let tools = match over {
        true => self::tools(link, &nodes(link, item, None)?)?,
        false => Some(Vec::new()),
    };
    if tools.is_none() {
        return Ok(false);
    }
    let ours = own_version(ours, name, kind);
    let version = Version { track, item: id, name: name.to_owned(), kind, ours: ours.clone() };
    guard.note(|state| state.versions.push(version))?;
    let link = &guard.link;
    let call = |method: &str, arguments| link.call(&item.object, method, arguments);
    call("AddVersion", vec![json!(ours), json!(0)])?.granted()?;
    call("LoadVersionByName", vec![json!(ours), json!(0)])?.granted()?;
    if over && self::tools(link, &nodes(link, item, None)?)? != tools {
        call("LoadVersionByName", vec![json!(name), json!(kind)])?.granted()?;
        return Ok(false);
    }
    Ok(true)
}

/// Puts a LUT onto the clip's own version: that it has none is told, and can be put back.
fn lut_in_place(
    guard: &mut ResolveGuard<'_>,
    (item, track): (&TrackItem, i64),
    path: &str,
    node: Option<u32>,
) -> Result<()> {
    let graph = nodes(&guard.link, item, None)?;
    let node = free_node(&guard.link, &graph, node)?;
    let id = guard.link.call(&item.object, "GetUniqueId", vec![])?.text()?;
    guard.note(|state| state.luts.push(Lut { track, item: id, node, former: String::new() }))?;
    set_lut(&guard.link, &graph, node, path)
}

/// The node that a LUT goes onto: the one that is asked for, or the last one.
///
/// # Errors
/// [`ErrorKind::Application`] when it has a LUT, or nodes cannot be told; [`ErrorKind::Option`] when it is not there.
fn free_node(link: &Link, graph: &ResolveObject, node: Option<u32>) -> Result<u32> {
    let count = link.call(graph, "GetNumNodes", vec![])?.whole()?;
    let last = u32::try_from(count).ok().filter(|count| *count > 0).ok_or_else(|| {
        Error::new(
            ErrorKind::Application,
            format!("a grade with {count} nodes has none for a LUT; expected at least one"),
        )
    })?;
    let node = node.unwrap_or(last);
    if node > last {
        return Err(Error::new(
            ErrorKind::Option,
            format!("the grade has {last} nodes; there is no node {node} for a LUT"),
        ));
    }
    match link.call(graph, "GetLUT", vec![json!(node)])?.value().as_str() {
        Some("") => Ok(node),
        Some(lut) => {
            let what = format!(
                "node {node} has the LUT {lut:?} already, which another one would replace; expected a node without a LUT, \
                such as a last one that is made for it"
            );
            Err(Error::new(ErrorKind::Application, what))
        }
        None => {
            let what = format!("{}.GetLUT does not tell whether node {node} has a LUT already", graph.class());
            Err(Error::new(ErrorKind::Application, what))
        }
    }
}

fn set_lut(link: &Link, graph: &ResolveObject, node: u32, path: &str) -> Result<()> {
    let set = link.call(graph, "SetLUT", vec![json!(node), json!(path)])?.granted();
    set.map_err(|error| {
        let folders = lut_folders().join(", ");
        let what = format!(
            "Resolve does not know the LUT {path:?}; expected one in {folders}, or a folder of its preferences"
        );
        Error::new(ErrorKind::Application, what).at_file(path).because(error)
    })?;
    match link.call(graph, "GetLUT", vec![json!(node)])?.text() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.context(format!("Resolve took the LUT {path:?}, and node {node} does not have it"))),
    }
}

/// Where Resolve has its LUTs, when it was installed as usual.
fn lut_folders() -> Vec<String> {
    let home = std::env::var("HOME").unwrap_or_else(|_| "~".to_owned());
    let programs = std::env::var("PROGRAMDATA").unwrap_or_else(|_| "C:\\ProgramData".to_owned());
    if cfg!(windows) {
        vec![format!("{programs}\\Blackmagic Design\\DaVinci Resolve\\Support\\LUT")]
    } else if cfg!(target_os = "macos") {
        vec!["/Library/Application Support/Blackmagic Design/DaVinci Resolve/LUT".to_owned()]
    } else {
        vec!["/opt/resolve/LUT".to_owned(), format!("{home}/.local/share/DaVinciResolve/LUT")]
    }
}

/// What each node of a clip's grade holds, as far as Resolve tells.
pub(super) fn tools_of(link: &Link, item: &ResolveObject) -> Result<Option<Vec<Value>>> {
    match link.call_if_there(item, "GetNodeGraph", vec![])? {
        Some(graph) => tools(link, &graph.some()?),
        None => Ok(None),
    }
}

/// What each node of a graph holds, as far as Resolve tells; `None` before Resolve told that.
fn tools(link: &Link, graph: &ResolveObject) -> Result<Option<Vec<Value>>> {
    if graph.class() != "Graph" {
        return Ok(None);
    }
    let nodes = link.call(graph, "GetNumNodes", vec![])?.whole()?;
    (1..=nodes)
        .map(|node| Ok(link.call(graph, "GetToolsInNode", vec![json!(node)])?.value()))
        .collect::<Result<_>>()
        .map(Some)
}

/// Puts `grade` onto our version.
fn put(link: &Link, cut: &ResolveTimeline, item: &TrackItem, layers: i64, grade: &ResolveGrade) -> Result<()> {
    match grade {
        ResolveGrade::AsIs => Ok(()),
        ResolveGrade::Drx { path, mode } => {
            // Resolve is somewhere else.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            let path = json!(path.to_string_lossy());
            let graph = nodes(link, item, None)?;
            let applied = match graph.class() {
                "Graph" => link.call_if_there(&graph, "ApplyGradeFromDRX", vec![path.clone(), json!(mode)])?,
                _ => None,
            };
            match applied {
                Some(applied) => applied.granted(),
                // Until 19.0 it was the timeline's.
                None => {
                    let arguments = vec![path, json!(mode), json!([Value::from(&item.object)])];
                    link.call(&cut.timeline, "ApplyGradeFromDRX", arguments)?.granted()
                }
            }
        }
        ResolveGrade::Lut { path, node } => {
            // Layers of nodes lie over one another: over the grade is the last one's.
            let graph = nodes(link, item, (layers > 1).then_some(layers))?;
            let node = free_node(link, &graph, *node)?;
            set_lut(link, &graph, node, path)
        }
        ResolveGrade::Cdl { cdl, node } => link.call(&item.object, "SetCDL", vec![map(cdl, *node)])?.granted(),
        ResolveGrade::Bypass => {
            off(link, &link.call(&item.object, "GetNodeGraph", vec![])?.some()?)?;
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
fn off(link: &Link, graph: &ResolveObject) -> Result<()> {
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
