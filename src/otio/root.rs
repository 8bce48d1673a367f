//! The root of a file, the timeline meant, and the compositions in it.

use std::borrow::Cow;

use super::json::{JsonNode, TokenKind};
use super::read::{ObjectReader, PathStep};
use super::schema::Schema;
use super::{MAX_NESTING, ReadOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::timeline::{
    Child, Composition, CompositionKind, Effect, Item, Map, Marker, MediaKind, MediaReference, Timeline,
};

/// Any object of a file.
#[derive(Debug)]
pub(super) enum AnyObject {
    Timeline(Box<Timeline>),
    Child(Child),
    Media(Box<MediaReference>),
    Effect(Box<Effect>),
    Marker(Box<Marker>),
}

/// What the root stack is called when it has no name of its own.
const ROOT_NAME: &str = "tracks";

/// How many timelines a message names.
const MOST_NAMES: usize = 20;

impl<'a> ObjectReader<'a> {
    /// The timeline that `options` ask for.
    pub(super) fn timeline(mut self, options: &ReadOptions) -> Result<Timeline> {
        let root = self.doc.root();
        let roots = self.candidates(root)?;
        let chosen = self.choose(&roots, options.timeline.as_deref())?;
        let label = self.label(chosen)?.filter(|label| label.schema == Some(Schema::Timeline));
        let mut timeline = match label {
            Some(label) => {
                self.note_version(&label);
                self.whole_timeline(chosen)?
            }
            None => self.wrapped(chosen)?,
        };
        timeline.notes = self.take_notes();
        Ok(timeline)
    }

    /// What can be taken for a timeline: the root itself, or the timelines in a collection, and in collections in it.
    fn candidates(&mut self, root: JsonNode) -> Result<Vec<JsonNode>> {
        if self.doc.kind(root) != TokenKind::Array {
            let label = self.object_label("the root", root)?;
            match label.schema {
                Some(Schema::Timeline | Schema::Stack | Schema::Track | Schema::Clip) => return Ok(vec![root]),
                Some(Schema::Collection) => {}
                _ => {
                    return Err(self.misplaced(
                        "the root",
                        root,
                        &label,
                        "a timeline, stack, track, clip or collection",
                    ));
                }
            }
        }
        let (mut found, mut pending) = (Vec::new(), vec![root]);
        while let Some(node) = pending.pop() {
            let list = match self.doc.kind(node) {
                TokenKind::Array => Some(node),
                TokenKind::Object => match self.label(node)?.and_then(|label| label.schema) {
                    Some(Schema::Timeline) => {
                        found.push(node);
                        None
                    }
                    Some(Schema::Collection) => {
                        let children = self.doc.member(node, "children").filter(|&children| !self.is_null(children));
                        if let Some(children) = children
                            && self.doc.kind(children) != TokenKind::Array
                        {
                            return Err(self.wrong_type("children", children, "a list"));
                        }
                        children
                    }
                    _ => None,
                },
                _ => None,
            };
            if let Some(list) = list {
                let first = pending.len();
                pending.extend(self.doc.elements(list));
                pending[first..].reverse();
            }
        }
        if found.is_empty() {
            return Err(self.error(ErrorKind::Schema, root, "the collection holds no timeline"));
        }
        Ok(found)
    }

    fn choose(&mut self, found: &[JsonNode], wanted: Option<&str>) -> Result<JsonNode> {
        let doc = self.doc;
        let name = |node: JsonNode| doc.member(node, "name").and_then(|name| doc.string(name)).unwrap_or_default();
        let names = || {
            let mut names: Vec<_> = found.iter().take(MOST_NAMES).map(|&node| format!("{:?}", name(node))).collect();
            if found.len() > MOST_NAMES {
                names.push(format!("and {} more", found.len() - MOST_NAMES));
            }
            names.join(", ")
        };
        match (found, wanted) {
            (&[only], None) => Ok(only),
            (_, None) => Err(Error::new(
                ErrorKind::Option,
                format!("the file holds {} timelines; choose one by its name: {}", found.len(), names()),
            )),
            (_, Some(wanted)) => {
                let mut same = found.iter().filter(|&&node| name(node) == wanted);
                let chosen = same.next().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Option,
                        format!("the file holds no timeline {wanted:?}; there are {}", names()),
                    )
                })?;
                if same.next().is_some() {
                    self.note(format!("the file holds several timelines called {wanted:?}; this is the first"));
                }
                Ok(*chosen)
            }
        }
    }

    fn whole_timeline(&mut self, node: JsonNode) -> Result<Timeline> {
        let mut timeline = empty_timeline();
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            match &*key {
                "name" => timeline.name = self.string("name", member)?,
                "metadata" => timeline.metadata = self.map("metadata", member)?,
                "global_start_time" => timeline.global_start_time = self.time("global_start_time", member)?,
                "tracks" if self.is_null(member) => {}
                "tracks" => {
                    timeline.tracks = *self.step(PathStep::Field("tracks"), |reader| reader.root_stack(member))?
                }
                _ => self.keep(&mut timeline.extra, key, member),
            }
        }
        Ok(timeline)
    }

    fn root_stack(&mut self, node: JsonNode) -> Result<Box<Composition>> {
        let label = self.object_label("tracks", node)?;
        match label.schema {
            Some(Schema::Stack) => self.composition(node, CompositionKind::Stack),
            _ => Err(self.misplaced("tracks", node, &label, "a stack")),
        }
    }

    /// A bare stack, track or clip, as what it would be in a timeline.
    fn wrapped(&mut self, node: JsonNode) -> Result<Timeline> {
        const FIRST: PathStep = PathStep::Element("children", 0);
        let mut timeline = empty_timeline();
        let schema = self.label(node)?.and_then(|label| label.schema);
        let child = self.step(PathStep::Field("tracks"), |reader| match schema {
            Some(Schema::Clip) => reader.step(FIRST, |reader| reader.step(FIRST, |reader| reader.child(node))),
            Some(Schema::Track) => {
                reader.nesting = 1;
                reader.step(FIRST, |reader| reader.child(node))
            }
            _ => reader.child(node),
        })?;
        child.name().clone_into(&mut timeline.name);
        match child {
            Child::Composition(stack) if stack.kind == CompositionKind::Stack => timeline.tracks = *stack,
            Child::Composition(_) => timeline.tracks.children.push(child),
            clip => timeline.tracks.children.push(Child::Composition(Box::new(Composition {
                kind: CompositionKind::Track(MediaKind::Video),
                item: Item::default(),
                children: vec![clip],
            }))),
        }
        self.note("the root of the file is not a timeline; it was wrapped in one");
        Ok(timeline)
    }

    fn composition(&mut self, node: JsonNode, kind: CompositionKind) -> Result<Box<Composition>> {
        if self.nesting >= MAX_NESTING {
            let message = format!("stacks and tracks are nested more than {MAX_NESTING} deep");
            return Err(self.error(ErrorKind::Schema, node, message));
        }
        let mut composition = Box::new(Composition { kind, item: Item::default(), children: Vec::new() });
        // What is read here is back from the stack before the children are read.
        if let Some(children) = self.composition_fields(&mut composition, node)? {
            self.nesting += 1;
            composition.children = self.each("children", children, ObjectReader::child)?;
            self.nesting -= 1;
        }
        Ok(composition)
    }

    fn composition_fields(&mut self, composition: &mut Composition, node: JsonNode) -> Result<Option<JsonNode>> {
        let mut children = None;
        let doc = self.doc;
        for (key, member) in doc.members(node) {
            let Some(key) = self.item_field(&mut composition.item, key, member)? else { continue };
            match (&*key, &mut composition.kind) {
                ("children", _) => children = Some(member),
                ("kind", CompositionKind::Track(kind)) => {
                    if !self.is_null(member) {
                        *kind =
                            media_kind(doc.string(member).ok_or_else(|| self.wrong_type("kind", member, "a string"))?);
                    }
                }
                _ => self.keep(&mut composition.item.extra, key, member),
            }
        }
        Ok(children)
    }

    /// An object of any schema but those of plain numbers.
    pub(super) fn any_object(&mut self, node: JsonNode) -> Result<AnyObject> {
        let label = self.object_label("metadata", node)?;
        Ok(match label.schema {
            Some(Schema::Timeline) => AnyObject::Timeline(Box::new(self.whole_timeline(node)?)),
            Some(
                Schema::ExternalReference
                | Schema::ImageSequenceReference
                | Schema::GeneratorReference
                | Schema::MissingReference,
            ) => AnyObject::Media(Box::new(self.media_reference("metadata", node)?)),
            Some(Schema::Effect | Schema::TimeEffect | Schema::LinearTimeWarp | Schema::FreezeFrame) => {
                AnyObject::Effect(Box::new(self.effect(node)?))
            }
            Some(Schema::Marker) => AnyObject::Marker(Box::new(self.marker(node)?)),
            _ => AnyObject::Child(self.child(node)?),
        })
    }

    fn child(&mut self, node: JsonNode) -> Result<Child> {
        let label = self.object_label("children", node)?;
        Ok(match label.schema {
            Some(Schema::Clip) => Child::Clip(self.clip(node)?),
            Some(Schema::Gap) => Child::Gap(self.gap(node)?),
            Some(Schema::Transition) => Child::Transition(self.transition(node)?),
            Some(Schema::Stack) => Child::Composition(self.composition(node, CompositionKind::Stack)?),
            Some(Schema::Track) => {
                Child::Composition(self.composition(node, CompositionKind::Track(MediaKind::Video))?)
            }
            Some(_) => return Err(self.misplaced("children", node, &label, "items and transitions")),
            None => Child::Unknown(Box::new(self.unknown(node, label))),
        })
    }
}

fn media_kind(text: Cow<'_, str>) -> MediaKind {
    match &*text {
        "Video" => MediaKind::Video,
        "Audio" => MediaKind::Audio,
        _ => MediaKind::Other(text.into_owned()),
    }
}

fn empty_timeline() -> Timeline {
    Timeline {
        name: String::new(),
        global_start_time: None,
        tracks: Composition {
            kind: CompositionKind::Stack,
            item: Item { name: ROOT_NAME.to_owned(), ..Item::default() },
            children: Vec::new(),
        },
        metadata: Map::new(),
        extra: Map::new(),
        path: None,
        notes: Vec::new(),
    }
}
