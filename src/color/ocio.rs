//! Configurations through the crate `ocio`, a port of OpenColorIO. The only file that names it.
//!
//! Pixels go through exact arithmetic in singles (its `LOSSLESS`). Reading what a person wrote is done where a panic is an error
//! like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::ocio::builtins::configs;
use ::ocio::config::{ColorSpace, collect_context_variables, logging};
use ::ocio::{
    CdlTransform, ColorSpaceTransform, Config, Context, CpuProcessor, DisplayViewTransform, FileTransform,
    GroupTransform, Interpolation, LoggingLevel, LookTransform, OptimizationFlags, ProcessorCacheFlags,
    ReferenceSpaceType, Transform as OcioTransform, TransformDirection,
};

use super::{ColorTransform, CubeLut, Engine, Identity, Made, RuleMatch, SpaceInfo, Step, unknown};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{CdlStyle, ColorConfig};

/// The version of the arithmetic: a part of fingerprints.
const VERSION: &str = "ocio 0.3";
/// What stands in front of the name of a configuration that is built in.
const BUILT_IN: &str = "ocio://";
/// How large a LUT or a configuration may be.
const LARGEST: u64 = 1 << 28;

/// Does what may panic about a file, and makes an error of that.
fn caught<T>(what: &str, work: impl FnOnce() -> ::ocio::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::new(ErrorKind::Option, format!("{what}: {}", error.message()))),
        Err(_) => Err(Error::new(ErrorKind::Option, format!("{what}: it is damaged in a way that cannot be read"))),
    }
}

pub(super) fn named(text: &str) -> Result<ColorConfig> {
    if text == "env" {
        return match std::env::var_os("OCIO").filter(|value| !value.is_empty()) {
            Some(value) => match value.to_str() {
                Some(text) if text != "env" => named(text),
                _ => Ok(ColorConfig::File(absolute(Path::new(&value))?)),
            },
            None => Err(Error::new(ErrorKind::Option, "$OCIO is not set; name a configuration")),
        };
    }
    let Some(name) = text.strip_prefix(BUILT_IN) else { return Ok(ColorConfig::File(absolute(Path::new(text))?)) };
    let resolved = configs::resolve_config_path(text);
    let name = resolved.strip_prefix(BUILT_IN).unwrap_or(name);
    match configs::get_builtin_config(name) {
        Some(_) => Ok(ColorConfig::Builtin(name.to_owned())),
        None => Err(no_built_in(name)),
    }
}

fn no_built_in(name: &str) -> Error {
    let known: Vec<_> = configs::builtin_config_names().into_iter().map(|name| (name.to_owned(), vec![])).collect();
    unknown("built-in configuration", name, "this build", &known)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io("find", path, error))
}

pub(super) fn open(config: &ColorConfig) -> Result<Box<dyn Engine>> {
    // It writes to the error output, where programs say what they have to say.
    logging::set_logging_level(LoggingLevel::None);
    let (name, digest, config) = match config {
        ColorConfig::Raw => ("raw values".to_owned(), "raw".to_owned(), caught("raw", || Ok(Config::create_raw()))?),
        ColorConfig::Builtin(name) => {
            let text = configs::get_builtin_config(name).ok_or_else(|| no_built_in(name))?;
            (format!("{BUILT_IN}{name}"), name.clone(), caught(name, || Config::create_from_str(text))?)
        }
        ColorConfig::File(path) => {
            let metadata = path.metadata().map_err(|error| Error::io("read", path, error))?;
            let name = path.display().to_string();
            if !metadata.is_file() || metadata.len() > LARGEST {
                let what = format!("{name} is not a configuration: expected a file of at most {LARGEST} bytes");
                return Err(Error::new(ErrorKind::Option, what).at_file(path));
            }
            let data = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
            let digest = crate::digest::digest(&data, 64);
            let text = path.to_str().ok_or_else(|| {
                Error::new(ErrorKind::Option, format!("{name} is not UTF-8, which a configuration's path has to be"))
            })?;
            let config = caught(&name, || {
                let config = Config::create_from_file(text)?;
                validate(&config, &data).map(|()| config)
            });
            (name, digest, config.map_err(|error| error.at_file(path))?)
        }
    };
    // Two files that say the same would be one, and only the first of them known.
    config.set_processor_cache_flags(ProcessorCacheFlags::OFF);
    Ok(Box::new(OcioEngine { name, digest, config }))
}

/// Validates a configuration, whose file holds `data`. Context variables that nobody has set yet stand for something: they may
/// come with a shot.
fn validate(config: &Config, data: &[u8]) -> ::ocio::Result<()> {
    config.validate().or_else(|error| {
        let unset = |name: &String| config.current_context().string_var(name).is_empty();
        let names: Vec<String> = variables(&String::from_utf8_lossy(data)).into_iter().filter(unset).collect();
        if names.is_empty() {
            return Err(error);
        }
        let mut config = config.clone();
        names.iter().for_each(|name| config.add_environment_var(name, Some(name)));
        config.validate()
    })
}

/// Names of the context variables in a text: `$NAME`, `${NAME}` and `%NAME%`.
fn variables(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let name_at = |rest: &str| rest.split(|letter| !is_part(letter)).next().unwrap_or_default().to_owned();
    let mut names = BTreeSet::new();
    for (at, mark) in text.char_indices().filter(|(_, letter)| matches!(letter, '$' | '%')) {
        let rest = &text[at + 1..];
        let name = name_at(rest.strip_prefix('{').unwrap_or(rest));
        let is_closed = mark == '$' || rest[name.len()..].starts_with('%');
        if is_closed && !name.is_empty() {
            names.insert(name);
        }
    }
    names
}

/// Whether what `transforms` do cannot be undone, though they are asked to: a colour decision that makes one value of all.
fn is_singular(transforms: &[OcioTransform], inverse: bool) -> bool {
    transforms.iter().any(|transform| match transform {
        OcioTransform::Cdl(cdl) => {
            let inverse = inverse != (cdl.direction == TransformDirection::Inverse);
            inverse && (cdl.slope.contains(&0.0) || cdl.sat == 0.0)
        }
        OcioTransform::Group(group) => {
            is_singular(&group.transforms, inverse != (group.direction == TransformDirection::Inverse))
        }
        _ => false,
    })
}

struct OcioEngine {
    name: String,
    /// What tells that its text is the same.
    digest: String,
    config: Config,
}

impl std::fmt::Debug for OcioEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OcioEngine").field("name", &self.name).finish_non_exhaustive()
    }
}

fn info(space: &ColorSpace) -> SpaceInfo {
    SpaceInfo {
        name: space.name().to_owned(),
        aliases: space.aliases().to_vec(),
        family: space.family().to_owned(),
        encoding: space.encoding().to_owned(),
        interop: Some(space.interop_id().to_owned()).filter(|id| !id.is_empty()),
        is_data: space.is_data(),
        is_display: space.reference_space_type() == ReferenceSpaceType::Display,
    }
}

impl Engine for OcioEngine {
    fn name(&self) -> &str {
        &self.name
    }

    fn spaces(&self) -> Vec<SpaceInfo> {
        let names = (0..self.config.num_color_spaces()).map(|index| self.config.color_space_name_by_index(index));
        names.filter_map(|name| self.config.get_color_space(name)).map(info).collect()
    }

    fn space(&self, name: &str) -> Option<SpaceInfo> {
        if name.is_empty() {
            return None;
        }
        self.config.get_color_space(name).map(info)
    }

    fn roles(&self) -> Vec<(String, String)> {
        let role = |index| {
            let (role, space) = (self.config.role_name(index), self.config.role_color_space_by_index(index));
            (role.to_owned(), space.to_owned())
        };
        (0..self.config.num_roles()).map(role).collect()
    }

    fn displays(&self) -> Vec<(String, Vec<String>)> {
        let views = |display: String| {
            let views = (0..self.config.num_views(&display)).map(|index| self.config.view(&display, index)).collect();
            (display, views)
        };
        (0..self.config.num_displays()).map(|index| views(self.config.display(index))).collect()
    }

    fn view_space(&self, display: &str, view: &str) -> Option<String> {
        let space = self.config.display_view_color_space_name(display, view);
        // A view that all displays share comes out in the display's own.
        let space = if space.eq_ignore_ascii_case("<USE_DISPLAY_NAME>") { display } else { space };
        self.config.get_color_space(space).map(|space| space.name().to_owned())
    }

    fn looks(&self) -> Vec<String> {
        (0..self.config.num_looks()).map(|index| self.config.look_name_by_index(index).to_owned()).collect()
    }

    fn rules(&self) -> Vec<(String, String, String)> {
        let rules = self.config.file_rules();
        let rule = |index| {
            let text = |value: ::ocio::Result<&str>| value.map(str::to_owned).unwrap_or_default();
            let (pattern, extension, regex) =
                (text(rules.pattern(index)), text(rules.extension(index)), text(rules.regex(index)));
            let what = match (pattern.is_empty() && extension.is_empty(), regex.is_empty()) {
                (true, true) => String::new(),
                (true, false) => regex,
                (false, _) => format!("{pattern}.{extension}"),
            };
            (text(rules.name(index)), what, text(rules.color_space(index)))
        };
        (0..rules.num_entries()).map(rule).collect()
    }

    fn rule_for(&self, path: &str) -> Option<RuleMatch> {
        let found = catch_unwind(AssertUnwindSafe(|| self.config.color_space_from_filepath_with_index(path))).ok()?;
        let (space, index) = found;
        let space = self.config.get_color_space(&space)?.name().to_owned();
        let rules = self.config.file_rules();
        let rule = rules.name(index).unwrap_or_default().to_owned();
        let is_default = index + 1 >= rules.num_entries();
        let is_generic = rules.pattern(index).is_ok_and(|pattern| pattern == "*");
        Some(RuleMatch { space, rule, is_default, is_generic })
    }

    fn transform(&self, steps: &[Step], vars: &BTreeMap<String, String>) -> Result<Made> {
        let mut context = self.config.current_context().clone();
        for (name, value) in vars {
            context.set_string_var(name, Some(value));
        }
        let here = std::env::current_dir().unwrap_or_default();
        if let Some(here) = here.to_str().filter(|here| !here.is_empty()) {
            context.add_search_path(here);
        }
        let builder = ProcessorBuilder { engine: self, context: &context };
        builder.make(steps)
    }

    fn fingerprint(&self) -> String {
        format!("{VERSION} {}", self.digest)
    }
}

struct ProcessorBuilder<'b> {
    engine: &'b OcioEngine,
    context: &'b Context,
}

impl ProcessorBuilder<'_> {
    fn make(&self, steps: &[Step]) -> Result<Made> {
        let (mut parts, mut group, mut files) = (Vec::new(), Vec::new(), Vec::new());
        let mut used = Context::new();
        for step in steps {
            if let Step::File { path, .. } = step {
                let file = self.file(path)?;
                self.check_size(&file)?;
                if let Some(cube) = self.cube(&file) {
                    self.flush(&mut group, &mut parts, &mut files)?;
                    self.collect(&FileTransform::new(path).into(), &mut used)?;
                    parts.push(Arc::new(cube) as Arc<dyn ColorTransform>);
                    files.push(PathBuf::from(file));
                    continue;
                }
            }
            let transform = transform_of(step);
            self.collect(&transform, &mut used)?;
            group.push(transform);
        }
        self.flush(&mut group, &mut parts, &mut files)?;
        parts.retain(|part| !part.is_identity());
        let transform: Arc<dyn ColorTransform> = match parts.len() {
            0 => Arc::new(Identity),
            1 => parts.remove(0),
            _ => Arc::new(Chain(parts)),
        };
        files.sort();
        files.dedup();
        let vars = used.string_vars().map(|(name, _)| (name.to_owned(), self.context.string_var(name).to_owned()));
        Ok(Made { transform, files, vars: vars.collect() })
    }

    /// The file that `path` names.
    fn file(&self, path: &str) -> Result<String> {
        caught("a LUT or colour decision", || self.context.resolve_file_location(path)).or_else(|error| {
            // Files in an archive are found by the configuration itself.
            if self.engine.config.ocioz_archive().is_some() { Ok(path.to_owned()) } else { Err(error) }
        })
    }

    fn check_size(&self, file: &str) -> Result<()> {
        match std::fs::metadata(file) {
            Ok(metadata) if !metadata.is_file() || metadata.len() > LARGEST => {
                let what = format!("{file} is not a LUT: expected a file of at most {LARGEST} bytes");
                Err(Error::new(ErrorKind::Option, what).at_file(file))
            }
            _ => Ok(()),
        }
    }

    /// The file as a LUT of our own, if it is one.
    fn cube(&self, file: &str) -> Option<CubeLut> {
        if !file.to_ascii_lowercase().ends_with(".cube") {
            return None;
        }
        CubeLut::parse(&std::fs::read_to_string(file).ok()?)
    }

    fn collect(&self, transform: &OcioTransform, used: &mut Context) -> Result<()> {
        let config = &self.engine.config;
        caught(&self.engine.name, || collect_context_variables(config, self.context, transform, used)).map(drop)
    }

    /// Makes a part of what was collected in `group`.
    fn flush(
        &self,
        group: &mut Vec<OcioTransform>,
        parts: &mut Vec<Arc<dyn ColorTransform>>,
        files: &mut Vec<PathBuf>,
    ) -> Result<()> {
        if group.is_empty() {
            return Ok(());
        }
        let group: OcioTransform = GroupTransform::from_transforms(std::mem::take(group)).into();
        let made = caught(&self.engine.name, || {
            let config = &self.engine.config;
            let processor = config.get_processor_with_context(self.context, &group, TransformDirection::Forward)?;
            Ok((processor.optimized_cpu_processor(OptimizationFlags::LOSSLESS), processor))
        });
        let (cpu, processor) = made?;
        if is_singular(&processor.create_group_transform().transforms, false) {
            let what = "a colour decision with a slope or a saturation of 0 is to be undone, which is not possible";
            return Err(Error::new(ErrorKind::Option, format!("{}: {what}", self.engine.name)));
        }
        let read = processor.processor_metadata().files().iter();
        files.extend(
            read.map(|file| PathBuf::from(self.context.resolve_file_location(file).unwrap_or_else(|_| file.clone()))),
        );
        if !cpu.is_no_op() {
            parts.push(Arc::new(Processed(cpu)));
        }
        Ok(())
    }
}

fn transform_of(step: &Step) -> OcioTransform {
    match step {
        Step::Convert { from, to } => ColorSpaceTransform::new(from, to).into(),
        Step::View { from, display, view, without_looks } => {
            let mut transform = DisplayViewTransform::new(from, display, view);
            transform.looks_bypass = *without_looks;
            transform.into()
        }
        Step::FromView { display, view, to } => {
            let mut transform = DisplayViewTransform::new(to, display, view);
            transform.direction = TransformDirection::Inverse;
            transform.into()
        }
        Step::Looks { looks, space } => LookTransform::new(space, space, looks).into(),
        Step::File { path, id, style } => {
            let mut transform = FileTransform::new(path);
            transform.ccc_id = id.clone().unwrap_or_default();
            transform.cdl_style = of_style(*style);
            transform.interpolation = Interpolation::Best;
            transform.into()
        }
        Step::Cdl { slope, offset, power, saturation, style } => {
            let mut transform = CdlTransform::new();
            (transform.slope, transform.offset, transform.power) = (*slope, *offset, *power);
            transform.sat = *saturation;
            transform.style = of_style(*style);
            transform.into()
        }
    }
}

fn of_style(style: CdlStyle) -> ::ocio::CdlStyle {
    match style {
        CdlStyle::NoClamp => ::ocio::CdlStyle::NoClamp,
        _ => ::ocio::CdlStyle::Asc,
    }
}

/// What the crate made.
struct Processed(CpuProcessor);

impl std::fmt::Debug for Processed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Processed")
    }
}

impl ColorTransform for Processed {
    fn apply(&self, pixels: &mut [[f32; 4]]) {
        self.0.apply_pixels(pixels);
    }

    fn is_identity(&self) -> bool {
        self.0.is_no_op()
    }
}

/// Several, one after the other.
#[derive(Debug)]
struct Chain(Vec<Arc<dyn ColorTransform>>);

impl ColorTransform for Chain {
    fn apply(&self, pixels: &mut [[f32; 4]]) {
        for block in pixels.chunks_mut(1024) {
            self.0.iter().for_each(|part| part.apply(block));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_variables_are_told_by_their_marks() {
        let names = variables("src: $SHOT/${LOOK}_x.cc\nsearch: luts/%SEQ%:100%\n# $ and 5%\n");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["LOOK", "SEQ", "SHOT"]);
    }

    #[test]
    fn decisions_that_make_one_value_of_all_cannot_be_undone() {
        let mut cdl = CdlTransform::new();
        cdl.slope = [1.0, 0.0, 1.0];
        assert!(!is_singular(&[cdl.clone().into()], false));
        cdl.direction = TransformDirection::Inverse;
        assert!(is_singular(&[cdl.clone().into()], false));
        let mut group = GroupTransform::from_transforms(vec![cdl.into()]);
        group.direction = TransformDirection::Inverse;
        assert!(!is_singular(&[group.into()], false));
    }
}
