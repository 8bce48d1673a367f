//! How the frames of a shot are made, as plain data: nothing is left to be decided while they are.

use std::ops::{Deref, Range};

use super::color::ColorId;
use super::placing::{Drawing, drawing};
use crate::picture::{Area, Rect, Rotation};
use crate::plan::{Canvas, Layer, Look, Weight};

/// Which pictures of a shot are made, where colours are managed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Variant {
    /// Layers have their colour decisions.
    pub(in super::super) graded: bool,
    /// As exact as can be, since they are converted once more: floats, wherever anything was done to them.
    pub(in super::super) exact: bool,
}

/// How the frames of one shot are made.
#[derive(Debug, Clone)]
pub(in super::super) struct Program<'p> {
    /// Packets of one file that are the shot as they are, if there are. Where that file turns out to end before the last of
    /// them, the segments hold.
    pub(super) packets: Option<Packets<'p>>,
    /// Where the shot stays interlaced: whether the field with the first line is shown first.
    pub(in super::super) fields: Option<bool>,
    /// The pictures, in order and without a gap.
    pub(super) segments: Vec<Segment<'p>>,
}

/// Packets that are copied from file to file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packets<'p> {
    pub(super) layer: &'p Layer,
    /// The first frame of the file.
    pub(super) first: i64,
    pub(super) count: i64,
}

/// Record frames that are all made in the same way.
#[derive(Debug, Clone)]
pub(super) struct Segment<'p> {
    /// Counted from the cut's first frame.
    pub(super) frames: Range<i64>,
    pub(super) working: WorkingFormat,
    /// What is laid over the background, bottom to top. Nothing in it is hidden in any of the frames.
    pub(super) nodes: Vec<Node<'p>>,
    /// What is seen in some frame of the span that it is a part of: decoders of these stay open.
    pub(super) needed: Vec<Same<'p, Layer>>,
}

/// What pictures are laid over one another as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkingFormat {
    /// The output's own samples, without alpha: everything is opaque.
    Output,
    /// Premultiplied RGBA of 16 bits.
    Rgba16,
    /// Premultiplied RGBA of 32-bit floats, in linear light.
    Linear,
    /// Premultiplied RGBA of 32-bit floats, in the space of the canvas, where colours are managed.
    Managed,
}

impl WorkingFormat {
    /// A word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            WorkingFormat::Output => "output",
            WorkingFormat::Rgba16 => "rgba16",
            WorkingFormat::Linear => "linear",
            WorkingFormat::Managed => "managed",
        }
    }
}

/// A part of a picture: something over what is below it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node<'p> {
    /// Nothing: what is below.
    Below,
    /// A layer.
    Layer {
        fetch: Fetch<'p>,
        /// Whether its opacity is below 1.
        fades: bool,
    },
    /// Nodes over one another, bottom to top, that are laid over what is below as one.
    Group {
        nodes: Vec<Node<'p>>,
        /// How they look as one, if at all.
        look: Option<Same<'p, Look>>,
        /// What is done to the colours of what they make together.
        color: Option<ColorId>,
        /// Whether its opacity is below 1.
        fades: bool,
    },
    /// A transition between two parts, neither of which has all of the picture.
    Mix {
        from: Box<Node<'p>>,
        to: Box<Node<'p>>,
        weight: Same<'p, Weight>,
        style: Mixing,
        /// Whether both parts lie over what is below, because one of them is blended with it.
        over_below: bool,
    },
    /// A dissolve to a colour, or from it.
    Dip {
        /// Straight RGBA, 0 to 1.
        color: [f64; 4],
        /// The part that has a share of the picture, if one has.
        side: Option<Box<Node<'p>>>,
        /// Whether that is the outgoing one.
        outgoing: bool,
        weight: Same<'p, Weight>,
        /// As in a mix.
        over_below: bool,
    },
}

/// How a transition mixes two pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mixing {
    Dissolve,
    /// The same, before anything is converted: both are decoded alike, and fill the canvas as they are.
    DissolveAsDecoded,
    /// A wipe that is known.
    Wipe {
        code: u16,
        reverse: bool,
    },
}

/// A layer's picture, and where it goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fetch<'p> {
    pub(super) layer: Same<'p, Layer>,
    /// The rectangle of the canvas that it fills, before crop and transform.
    pub(super) rect: Rect,
    /// Where it is drawn, to a part of a pixel; `None` where it is scaled into its rectangle.
    pub(super) drawn: Option<Area>,
    /// How its picture is turned.
    pub(super) rotation: Rotation,
    /// Whether it is interlaced.
    pub(super) interlaced: bool,
    /// What is done to its colours before it is placed.
    pub(super) color: Option<ColorId>,
}

impl Fetch<'_> {
    /// How a picture of `size` (width, height) is drawn at record frame `record`, if it is not scaled into its rectangle.
    pub(super) fn drawing(&self, canvas: &Canvas, record: i64, size: (u32, u32)) -> Option<Drawing> {
        self.drawn.map(|area| drawing(canvas, area, &self.layer.look, record, size))
    }
}

/// A part of the plan, which is equal to itself alone.
#[derive(Debug)]
pub(super) struct Same<'p, T>(pub(super) &'p T);

impl<T> Clone for Same<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Same<'_, T> {}

impl<T> PartialEq for Same<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl<T> Deref for Same<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0
    }
}

impl<'p> Node<'p> {
    /// Calls `visit` for every layer that is fetched, with whether it lies in a group that is drawn as a whole.
    pub(super) fn for_each_fetch<'n>(&'n self, drawn: bool, visit: &mut impl FnMut(&'n Fetch<'p>, bool)) {
        match self {
            Node::Below => {}
            Node::Layer { fetch, .. } => visit(fetch, drawn),
            Node::Group { nodes, look, .. } => {
                let drawn = drawn || look.is_some_and(|look| look.crop.is_some() || look.transform.is_some());
                nodes.iter().for_each(|node| node.for_each_fetch(drawn, visit));
            }
            Node::Mix { from, to, .. } => [from, to].into_iter().for_each(|side| side.for_each_fetch(drawn, visit)),
            Node::Dip { side, .. } => side.iter().for_each(|side| side.for_each_fetch(drawn, visit)),
        }
    }
}

impl<'p> Program<'p> {
    /// Whether it is packets of one file, as they are.
    pub(in super::super) fn copies_packets(&self) -> bool {
        self.packets.is_some()
    }

    /// The segment that record frame `record` lies in.
    pub(super) fn at(&self, record: i64) -> Option<&Segment<'p>> {
        let index = self.segments.partition_point(|segment| segment.frames.end <= record);
        self.segments.get(index).filter(|segment| segment.frames.contains(&record))
    }

    /// Every layer that is seen in some frame, with whether it lies in a group that is drawn as a whole; a layer may come
    /// several times.
    pub(super) fn fetches(&self) -> Vec<(&Fetch<'p>, bool)> {
        let mut all = Vec::new();
        for node in self.segments.iter().flat_map(|segment| &segment.nodes) {
            node.for_each_fetch(false, &mut |fetch, drawn| all.push((fetch, drawn)));
        }
        all
    }
}
