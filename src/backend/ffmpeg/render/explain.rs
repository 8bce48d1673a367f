//! A program for people, and as data: how the frames of a shot will be made, and what that costs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::convert::same_meaning;
use super::super::info::MediaInfo;
use super::super::light_curve::curve_between;
use super::super::media::ResolvedMedia;
use super::super::pixels::full_range_twin;
use super::super::sys::pixel_info::PixelInfo;
use super::program::{Fetch, Mixing, Node, Program, Segment, WorkingFormat};
use super::scene::Scene;
use crate::plan::{Blend, ColorTags, MediaSource, Retime, Shot};
use crate::printable;

/// How the frames of one shot are made, decided before any of them is read.
///
/// [`FfmpegBackend::explain`](crate::backend::ffmpeg::FfmpegBackend::explain) tells it. Its text is one line for each run of
/// frames that are made alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShotProgram {
    /// The shot's name.
    pub shot: String,
    /// Whether it is delivered interlaced.
    pub interlaced: bool,
    /// Its frames, in order and without a gap.
    pub runs: Vec<FrameRun>,
    /// What it will take, with its representations.
    #[serde(default)]
    pub estimate: Estimate,
}

/// Frames of a shot that are all made in one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FrameRun {
    /// The number of the first.
    pub first: i64,
    /// The number of the last.
    pub last: i64,
    /// Which way their pictures take.
    pub path: PicturePath,
    /// What is seen in them, topmost first.
    pub layers: Vec<LayerUse>,
    /// The same in words.
    pub what: String,
    /// What one of them costs.
    pub cost: FrameCost,
}

/// The way that a picture takes from its media to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PicturePath {
    /// Packets are copied from file to file.
    Packets,
    /// One picture goes to the encoder as it is decoded.
    AsDecoded,
    /// In the output's own samples, without alpha; each layer is converted to them at most once.
    Output,
    /// As premultiplied RGBA of 16 bits.
    Rgba16,
    /// As premultiplied RGBA of 32-bit floats, in linear light.
    Linear,
    /// As premultiplied RGBA of 32-bit floats, in the colour space of the canvas.
    Managed,
}

/// A layer that is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayerUse {
    /// The clip's name.
    pub clip: String,
    /// The clip's path in the timeline.
    pub object: String,
    /// Its file or sequence, or what is made in its place.
    pub media: String,
    /// The pixel format it is decoded to, as FFmpeg names it; empty where it is made.
    pub format: String,
}

/// What one frame costs, in operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FrameCost {
    /// Frames that are decoded. A still counts as none: it is decoded once.
    pub decodes: u32,
    /// Pictures that are brought into another pixel format or size. A still counts as none, likewise.
    pub conversions: u32,
    /// Pictures that are encoded, those of representations that show every frame among them.
    pub encodes: u32,
}

/// What a shot is expected to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Bytes of all its files: pictures, sound and representations.
    pub bytes: u64,
    /// Seconds of CPU time, on one core of a desktop processor.
    pub cpu_seconds: f64,
}

/// Tells how the frames of `shot` are made; beside the shot, `others` outputs show every frame.
pub(in super::super) fn explain(scene: &Scene<'_>, shot: &Shot, program: &Program<'_>, others: u32) -> ShotProgram {
    let explainer = Explainer { scene, others };
    let number = |record: i64| shot.first_frame + (record - shot.start);
    let segments = program.segments.iter().filter(|segment| !segment.frames.is_empty());
    let mut runs: Vec<FrameRun> = Vec::new();
    for segment in segments {
        let mut run = explainer.run(segment);
        (run.first, run.last) = (number(segment.frames.start), number(segment.frames.end - 1));
        if program.packets.is_some() {
            run.path = PicturePath::Packets;
            run.what = format!("packets copied from {}", explainer.top_name(segment));
            // They are decoded all the same, so that nothing damaged is delivered.
            run.cost.encodes = others;
            run.cost.conversions = if others > 0 { run.cost.conversions } else { 0 };
        }
        match runs.last_mut() {
            Some(last) if (last.path, &last.layers, &last.what) == (run.path, &run.layers, &run.what) => {
                last.last = run.last;
            }
            _ => runs.push(run),
        }
    }
    ShotProgram { shot: shot.name.clone(), interlaced: program.fields.is_some(), runs, estimate: Estimate::default() }
}

struct Explainer<'e, 'a> {
    scene: &'e Scene<'a>,
    others: u32,
}

impl Explainer<'_, '_> {
    fn run(&self, segment: &Segment<'_>) -> FrameRun {
        let mut layers = Vec::new();
        let mut cost = FrameCost { encodes: 1 + self.others, ..FrameCost::default() };
        for node in segment.nodes.iter().rev() {
            node.for_each_fetch(false, &mut |fetch, _| {
                layers.push(self.layer(fetch));
                cost.decodes += self.decodes(fetch);
            });
            cost.conversions += self.conversions(node, segment.working);
        }
        if segment.working != WorkingFormat::Output {
            cost.conversions += 1;
        }
        let path = match (segment.working, segment.nodes.as_slice()) {
            (WorkingFormat::Output, [Node::Layer { fetch, fades: false }]) if !self.is_converted(fetch) => {
                PicturePath::AsDecoded
            }
            (WorkingFormat::Output, _) => PicturePath::Output,
            (WorkingFormat::Rgba16, _) => PicturePath::Rgba16,
            (WorkingFormat::Linear, _) => PicturePath::Linear,
            (WorkingFormat::Managed, _) => PicturePath::Managed,
        };
        let what = self.words(segment, path);
        FrameRun { first: 0, last: 0, path, layers, what, cost }
    }

    /// How many pictures are converted for a node in one frame.
    fn conversions(&self, node: &Node<'_>, working: WorkingFormat) -> u32 {
        let of = |node: &Node<'_>| self.conversions(node, working);
        let in_output = working == WorkingFormat::Output;
        match node {
            Node::Below => 0,
            // A still, and what is made, is converted once and kept.
            Node::Layer { fetch, .. } if self.decodes(fetch) == 0 => 0,
            Node::Layer { fetch, .. } => u32::from(!in_output || self.is_converted(fetch)),
            Node::Group { nodes, .. } => nodes.iter().map(of).sum(),
            // Two are mixed before they are converted.
            Node::Mix { from, style: Mixing::DissolveAsDecoded, .. } => of(from).min(1),
            Node::Mix { from, to, .. } => of(from) + of(to),
            // The colour is made as RGBA.
            Node::Dip { side, .. } => u32::from(in_output) + side.as_deref().map_or(0, of),
        }
    }

    fn layer(&self, fetch: &Fetch<'_>) -> LayerUse {
        let media = &self.scene.plan.media[fetch.layer.media];
        let info = self.scene.found[fetch.layer.media.index()].picture();
        LayerUse {
            clip: fetch.layer.clip.clone(),
            object: fetch.layer.object.clone(),
            media: media.source.display(),
            format: info.map(|info| info.pixel_format.clone()).unwrap_or_default(),
        }
    }

    fn decodes(&self, fetch: &Fetch<'_>) -> u32 {
        let blended = self.scene.plan.retime == Retime::Blend && fetch.layer.map.step.den() != 1;
        let is_sequence = matches!(self.scene.plan.media[fetch.layer.media].source, MediaSource::Sequence { .. });
        match &self.scene.found[fetch.layer.media.index()] {
            ResolvedMedia::Picture(info) if is_sequence || !info.is_still => 1 + u32::from(blended),
            _ => 0,
        }
    }

    /// Whether a layer's picture is brought into another format, size or place on its way into the output's samples, as far
    /// as its file tells: where its chroma lies, each frame says itself.
    fn is_converted(&self, fetch: &Fetch<'_>) -> bool {
        let (format, canvas) = (self.scene.format, &self.scene.canvas);
        let is_same = |info: &MediaInfo| {
            let (own, full) = full_range_twin(info.pixel_format.parse().ok()?);
            let own_color = self.scene.sample_tags(&fetch.layer, info.color);
            let color = ColorTags { full_range: own_color.full_range || full, ..own_color };
            let alike = same_meaning((&PixelInfo::of(own)?, color), (&PixelInfo::of(format)?, canvas.color));
            let curve = curve_between(color.transfer, canvas.color.transfer).is_ok_and(|curve| curve.is_some());
            Some(own == format && alike && !curve)
        };
        self.scene.pixel_for_pixel(&fetch.layer).and_then(is_same) != Some(true)
    }

    fn words(&self, segment: &Segment<'_>, path: PicturePath) -> String {
        let output = self.scene.format.descriptor().map_or("the output's format", |format| format.name());
        let seen = self.over(&segment.nodes);
        let alone = matches!(segment.nodes.as_slice(), [Node::Layer { fades: false, .. }]);
        match path {
            _ if segment.nodes.is_empty() => "the background alone".to_owned(),
            PicturePath::AsDecoded => format!("{seen} as decoded"),
            PicturePath::Output if alone => format!("{seen}, converted to {output}"),
            PicturePath::Output => format!("{seen}, in {output}"),
            PicturePath::Managed => {
                let space = self.scene.color.as_ref().map_or("", |color| color.canvas.as_str());
                format!("{seen}, in RGBA of 32-bit floats in {}, converted to {output}", printable(space))
            }
            PicturePath::Linear => format!("{seen}, in RGBA of 32-bit floats, converted to {output}"),
            _ => format!("{seen}, in RGBA of 16 bits, converted to {output}"),
        }
    }

    /// Nodes that lie over one another, topmost first.
    fn over(&self, nodes: &[Node<'_>]) -> String {
        let names: Vec<String> = nodes.iter().rev().map(|node| self.node(node)).collect();
        names.join(" over ")
    }

    fn node(&self, node: &Node<'_>) -> String {
        let faded = |fades: bool| if fades { ", in part" } else { "" };
        match node {
            Node::Below => "what is below".to_owned(),
            Node::Layer { fetch, fades } => {
                let drawn = if fetch.drawn.is_some() { ", cropped or transformed" } else { "" };
                let color = fetch.color.zip(self.scene.color.as_ref());
                let color = color.map_or(String::new(), |(id, color)| format!(" ({})", printable(color.words(id))));
                format!("{}{color}{drawn}{}{}", self.name(fetch), faded(*fades), blended(fetch.layer.look.blend))
            }
            Node::Group { nodes, look, color, fades } => {
                let is_drawn = look.is_some_and(|look| look.crop.is_some() || look.transform.is_some());
                let drawn = if is_drawn { ", cropped or transformed as one" } else { "" };
                let blend = look.map_or(String::new(), |look| blended(look.blend));
                let graded = if color.is_some() { ", graded as one" } else { "" };
                match (nodes.as_slice(), is_drawn || *fades || color.is_some() || !blend.is_empty()) {
                    ([only], false) => self.node(only),
                    _ => format!("({}){graded}{drawn}{}{blend}", self.over(nodes), faded(*fades)),
                }
            }
            Node::Mix { from, to, style, .. } => {
                let style = match style {
                    Mixing::Dissolve => "dissolve".to_owned(),
                    Mixing::DissolveAsDecoded => "dissolve, as decoded,".to_owned(),
                    Mixing::Wipe { code, .. } => format!("wipe {code}"),
                };
                format!("{style} from {} to {}", self.node(from), self.node(to))
            }
            Node::Dip { side: Some(side), outgoing: true, .. } => format!("dip from {} to a colour", self.node(side)),
            Node::Dip { side: Some(side), .. } => format!("dip from a colour to {}", self.node(side)),
            Node::Dip { side: None, .. } => "a colour".to_owned(),
        }
    }

    /// The name of a layer's file, or what is made in its place.
    fn name(&self, fetch: &Fetch<'_>) -> String {
        let path = self.scene.plan.media[fetch.layer.media].source.display();
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        printable(name).to_string()
    }

    fn top_name(&self, segment: &Segment<'_>) -> String {
        let mut name = String::new();
        for node in &segment.nodes {
            node.for_each_fetch(false, &mut |fetch, _| name = self.name(fetch));
        }
        name
    }
}

fn blended(blend: Blend) -> String {
    if blend.is_normal() { String::new() } else { format!(", blended ({blend:?})").to_lowercase() }
}

impl fmt::Display for ShotProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", printable(&self.shot), if self.interlaced { " (interlaced)" } else { "" })?;
        for run in &self.runs {
            write!(f, "\n  {run}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FrameRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FrameRun { first, last, what, cost, .. } = self;
        match first == last {
            true => write!(f, "{first}: {what}; {cost}"),
            false => write!(f, "{first}–{last}: {what}; {cost}"),
        }
    }
}

impl fmt::Display for FrameCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.decodes, "decode"), (self.conversions, "conversion"), (self.encodes, "encode")];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if parts.is_empty() { write!(f, "nothing to do") } else { write!(f, "{} a frame", parts.join(", ")) }
    }
}
