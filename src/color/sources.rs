//! Which space a medium is in: the first that answers, of the caller's rules, the timeline, the file and the configuration.

use super::pipeline::{find_space, find_view};
use super::tags::interop_of_chromaticities;
use super::{Engine, SpaceInfo};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{ColorConfig, ColorPlan, ColorTags, RAW, SampleRange, SourceSpace, WrittenSpace};

/// What a file says about its colours.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct FileColor {
    /// Whether an EXR file says that it is an ACES container (`acesImageContainer` is 1).
    pub aces_container: bool,
    /// The interop ID that an EXR file has.
    pub interop: Option<String>,
    /// The chromaticities of an EXR file: x and y of red, green, blue and white.
    pub chromaticities: Option<[f32; 8]>,
    /// The tags of a movie.
    pub tags: Option<ColorTags>,
}

/// The space that a medium turned out to be in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediumSpace {
    /// The space, by the configuration's own name.
    pub space: SourceSpace,
    /// The range that its samples are said to have, against what the file says.
    pub range: Option<SampleRange>,
    /// What said so.
    pub by: String,
    /// What should be looked at.
    pub warning: Option<String>,
}

impl MediumSpace {
    fn new(space: SourceSpace, by: impl Into<String>) -> MediumSpace {
        MediumSpace { space, range: None, by: by.into(), warning: None }
    }
}

/// The space of the medium at `path`, about which the timeline says `written` and the file itself `file`.
///
/// # Errors
/// [`ErrorKind::Option`] for names that the configuration does not know; the message says who wrote them, and what there is.
pub fn medium_space(
    engine: &dyn Engine,
    plan: &ColorPlan,
    path: &str,
    written: Option<&WrittenSpace>,
    file: &FileColor,
) -> Result<MediumSpace> {
    if plan.config == ColorConfig::Raw {
        let range = plan.rules.iter().find(|rule| rule.matches(path)).and_then(|rule| rule.range);
        return Ok(MediumSpace { range, ..MediumSpace::new(SourceSpace::Space(RAW.to_owned()), "no configuration") });
    }
    let rule = plan.rules.iter().find(|rule| rule.matches(path));
    let mut medium = match rule.and_then(|rule| rule.source.as_ref().map(|source| (rule, source))) {
        Some((rule, source)) => {
            let by = format!("rule {}", rule.path);
            let space = known(engine, source).map_err(|error| error.context(&by))?;
            MediumSpace::new(space, by)
        }
        None => unruled(engine, path, written, file)?,
    };
    medium.range = rule.and_then(|rule| rule.range);
    Ok(medium)
}

/// The same names as the configuration has them.
fn known(engine: &dyn Engine, source: &SourceSpace) -> Result<SourceSpace> {
    Ok(match source {
        SourceSpace::Space(name) => SourceSpace::Space(find_space(engine, name)?.name),
        SourceSpace::View { display, view } => {
            let (display, view) = find_view(engine, Some(display), Some(view))?;
            SourceSpace::View { display, view }
        }
        SourceSpace::Data => SourceSpace::Data,
    })
}

fn unruled(engine: &dyn Engine, path: &str, written: Option<&WrittenSpace>, file: &FileColor) -> Result<MediumSpace> {
    if let Some(WrittenSpace { name, key }) = written {
        let space = engine.space(name).or_else(|| {
            // Several names, the first of which is known.
            name.split(':').map(str::trim).filter(|name| !name.is_empty()).find_map(|name| engine.space(name))
        });
        return match space {
            Some(space) => Ok(MediumSpace::new(SourceSpace::Space(space.name), key.as_str())),
            None => find_space(engine, name)
                .map(|space| MediumSpace::new(SourceSpace::Space(space.name), key.as_str()))
                .map_err(|error| error.context(key)),
        };
    }
    if file.aces_container
        && let Some(space) = by_interop(engine, "lin_ap0_scene")
    {
        return Ok(MediumSpace::new(SourceSpace::Space(space.name), "acesImageContainer"));
    }
    let mut unknown = None;
    match file.interop.as_deref() {
        Some("data") => return Ok(MediumSpace::new(SourceSpace::Data, "colorInteropID data")),
        None | Some("unknown" | "") => {}
        Some(id) => match by_interop(engine, id) {
            Some(space) => {
                return Ok(MediumSpace::new(SourceSpace::Space(space.name), format!("colorInteropID {id}")));
            }
            None => unknown = Some(format!("its colorInteropID {id:?} is not a colour space of {}", engine.name())),
        },
    }
    let rule = engine.rule_for(path);
    let tagged = tagged(engine, file);
    let mut medium = match (rule, tagged) {
        (Some(rule), Some((space, says))) if (rule.is_default || rule.is_generic) && rule.space != space.name => {
            let warning = format!(
                "{says}, {}'s file rule {:?} says {:?}; using {:?}",
                engine.name(),
                rule.rule,
                rule.space,
                space.name
            );
            MediumSpace { warning: Some(warning), ..MediumSpace::new(SourceSpace::Space(space.name), says) }
        }
        (Some(rule), tagged) if rule.is_default && tagged.is_none() => {
            let warning =
                format!("its colour space is not specified: using {:?}, the default of {}", rule.space, engine.name());
            MediumSpace { warning: Some(warning), ..MediumSpace::new(SourceSpace::Space(rule.space), "default rule") }
        }
        (Some(rule), _) => MediumSpace::new(SourceSpace::Space(rule.space), format!("file rule {}", rule.rule)),
        (None, Some((space, says))) => MediumSpace::new(SourceSpace::Space(space.name), says),
        (None, None) => {
            let what = "its colour space is not specified, and the configuration has no file rules";
            return Err(Error::new(ErrorKind::Option, what));
        }
    };
    if let Some(unknown) = unknown {
        medium.warning =
            Some(medium.warning.map_or_else(|| unknown.clone(), |warning| format!("{unknown}; {warning}")));
    }
    Ok(medium)
}

/// The space with this interop ID.
pub(crate) fn by_interop(engine: &dyn Engine, id: &str) -> Option<SpaceInfo> {
    let spaces = engine.spaces();
    let own = spaces.iter().find(|space| space.interop.as_deref() == Some(id)).cloned();
    own.or_else(|| spaces.into_iter().find(|space| space.interop_id() == Some(id))).or_else(|| engine.space(id))
}

/// What chromaticities or tags that nobody writes by accident say, and the space they mean.
fn tagged(engine: &dyn Engine, file: &FileColor) -> Option<(SpaceInfo, String)> {
    if let Some(id) = file.chromaticities.and_then(interop_of_chromaticities) {
        return by_interop(engine, id).map(|space| (space, format!("its chromaticities say {id}")));
    }
    let id = match file.tags.map(|tags| (tags.transfer, tags.primaries))? {
        (16, 9) => "pq_rec2020_display",
        (16, 12) => "pq_p3d65_display",
        (18, 9) => "hlg_rec2020_display",
        _ => return None,
    };
    by_interop(engine, id).map(|space| (space, format!("its tags say {id}")))
}
