//! The flags about colours that all programs share.

use clap::Args;
use otio_conflate::color::{self, Engine};
use otio_conflate::plan::{
    CdlStyle, ColorConfig, ColorPlan, LightLevel, LookStep, MasteringDisplay, OutputColor, Precision,
};
use otio_conflate::{Error, ErrorKind, Result};

/// What decides about colours.
#[derive(Args)]
pub(crate) struct ColorArgs {
    /// Manages colours by this OpenColorIO configuration: a .ocio or .ocioz file, ocio://NAME for one that is built in, or
    /// env for $OCIO; without it values are carried as they are
    #[arg(long, value_name = "CONFIG")]
    ocio: Option<String>,
    /// A context variable of the configuration; {shot}, {clip}, {track} and {timeline} are filled in; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    ocio_var: Vec<(String, String)>,
    /// The view that is baked into representations: VIEW or DISPLAY/VIEW
    #[arg(long, value_name = "[DISPLAY/]VIEW")]
    view: Option<String>,
    /// Looks of the configuration, such as "+shot, -show", instead of the view's own
    #[arg(long, value_name = "LOOKS", allow_hyphen_values = true)]
    looks: Option<String>,
    /// A LUT or colour decision, applied in SPACE (raw: the canvas's own values); {shot} and the like are filled in; may be
    /// repeated
    #[arg(long = "grade", value_name = "FILE[#ID]@SPACE")]
    grades: Vec<String>,
    /// How colour decisions are applied: asc (values are cut to 0 to 1), or no-clamp
    #[arg(long, value_name = "STYLE", default_value = "asc")]
    cdl_style: CdlStyle,
    /// How exact views are: exact, or fast, which lets a LUT stand for them in outputs of 8 bits wherever it is near enough
    #[arg(long, value_name = "PRECISION", default_value = "exact")]
    color_precision: Precision,
    /// The display that pictures in PQ or HLG were graded on, for movies of them: bt709, p3-d65 or bt2020 and cd/m², or as x265
    /// has it
    #[arg(long, value_name = "PRIMARIES:MIN-MAX")]
    mastering: Option<MasteringDisplay>,
    /// How bright pictures in PQ or HLG get, in cd/m²: of the brightest pixel, and the average of the brightest frame
    #[arg(long, value_name = "MAXCLL,MAXFALL")]
    max_cll: Option<LightLevel>,
}

impl ColorArgs {
    /// Whether anything is asked of colours.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.ocio.is_some()
            || !self.grades.is_empty()
            || self.looks.is_some()
            || self.view.is_some()
            || !self.ocio_var.is_empty()
            || self.mastering.is_some()
            || self.max_cll.is_some()
    }

    /// What these flags stand for, and the configuration that they name.
    pub(crate) fn plan(&self) -> Result<(ColorPlan, Box<dyn Engine>)> {
        let config = self.ocio.as_deref().map_or(Ok(ColorConfig::Raw), color::named)?;
        let engine = color::open(&config)?;
        if config == ColorConfig::Raw && (self.view.is_some() || self.looks.is_some()) {
            return Err(Error::new(
                ErrorKind::Option,
                "views and looks are those of a configuration: name one with --ocio",
            ));
        }
        let mut plan = ColorPlan::default();
        plan.config = config;
        plan.vars = self.ocio_var.iter().cloned().collect();
        plan.looks = self
            .grades
            .iter()
            .map(|grade| color::read_grade(&*engine, grade, self.cdl_style))
            .collect::<Result<_>>()?;
        plan.looks.extend(self.looks.clone().map(LookStep::Look));
        plan.decisions.style = self.cdl_style;
        plan.precision = self.color_precision;
        (plan.hdr.mastering, plan.hdr.light) = (self.mastering, self.max_cll);
        plan.representations.graded = true;
        plan.representations.color =
            self.view.as_deref().map_or(Ok(OutputColor::Canvas), |view| color::read_view(&*engine, view))?;
        Ok((plan, engine))
    }
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("{text:?} is not NAME=VALUE")),
    }
}
