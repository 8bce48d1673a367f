//! One frame of a shot at a time, in any order: what would be encoded, and not encoded.

use ffmpeg_next::frame::Video;

use super::super::convert::{Converter, SourcePicture, TargetFormat};
use super::super::singles;
use super::super::viewed::Viewed;
use super::execute::Compositor;
use super::lower::lower;
use super::program::{Program, WorkingFormat};
use super::scene::Scene;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Canvas, ColorTags, Shot};

/// One thread's decoders and converters, and how the shots that were asked for are made.
pub(in super::super) struct CanvasReader<'s> {
    scene: &'s Scene<'s>,
    compositor: Compositor<'s>,
    converter: Converter,
    /// The shot that was asked for last, by its place in the plan.
    last: Option<(usize, Program<'s>)>,
    threads: usize,
}

/// A frame as it would be encoded.
pub(in super::super) struct CanvasFrame {
    pub(in super::super) frame: Video,
    pub(in super::super) color: ColorTags,
    pub(in super::super) premultiplied: bool,
}

impl<'s> CanvasReader<'s> {
    pub(in super::super) fn new(scene: &'s Scene<'s>, threads: usize) -> CanvasReader<'s> {
        let compositor = Compositor::new(scene, threads);
        CanvasReader { scene, compositor, converter: Converter::new(), last: None, threads }
    }

    pub(in super::super) fn canvas(&self) -> Canvas {
        self.scene.canvas
    }

    /// The frame of shot number `index` at record frame `record`, counted from the cut's first. What is interlaced is made
    /// whole.
    ///
    /// # Errors
    /// [`ErrorKind::Option`] where the shot has no such frame, and whatever decoding comes to.
    pub(in super::super) fn frame(&mut self, index: usize, record: i64) -> Result<CanvasFrame> {
        let scene = self.scene;
        let shot: &'s Shot = &scene.plan.shots[index];
        let variant = scene.main_variant(shot);
        if self.last.as_ref().is_none_or(|(last, _)| *last != index) {
            self.compositor.layers.clear();
            self.last = Some((index, lower(scene, shot, variant)));
        }
        let segment = self.last.as_ref().and_then(|(_, program)| program.at(record));
        let outside = || Error::new(ErrorKind::Option, format!("shot {:?} has no record frame {record}", shot.name));
        let segment = segment.ok_or_else(outside)?;
        let picture = self.compositor.frame(segment, record, false, variant.exact)?;
        let coding = scene.coding();
        let is_light = variant.exact && segment.working == WorkingFormat::Managed;
        let light = ColorTags { full_range: true, matrix: 0, ..coding.color };
        let color = if is_light { light } else { coding.color };
        let premultiplied = coding.premultiplied || is_light;
        let baked = scene.color.as_ref().and_then(|color| color.intermediate(shot)?.transform.clone());
        let Some(transform) = baked else { return Ok(CanvasFrame { frame: picture, color, premultiplied }) };
        let source = SourcePicture { frame: &picture, color, premultiplied };
        let size = (picture.width(), picture.height());
        let image = Viewed::default().picture((&source, record, false), size, &transform, self.threads)?;
        let color = scene.intermediate_tags(shot);
        let frame = singles::write(image, &TargetFormat { color, ..coding }, &mut self.converter)?;
        Ok(CanvasFrame { frame, color, premultiplied: coding.premultiplied })
    }
}
