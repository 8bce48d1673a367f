//! What all parts of the reader share: where we are, what we noticed, and plain values with errors that say where.

use std::borrow::Cow;
use std::fmt::Write as _;

use indexmap::IndexMap;

use super::json::{Document, JsonNode, TokenKind};
use super::schema::{self, Schema};
use crate::error::{Error, ErrorKind, Result};
use crate::timeline::{Map, Note};

/// One step from an object to something in it.
#[derive(Debug)]
pub(super) enum PathStep<'a> {
    /// To the value of a field.
    Field(&'static str),
    /// To an element of the list in a field.
    Element(&'static str, usize),
    /// To the value of a key of the dictionary in a field.
    Member(&'static str, Cow<'a, str>),
}

/// What an object says it is.
#[derive(Debug)]
pub(super) struct SchemaLabel<'a> {
    /// Its schema as written.
    pub(super) text: Cow<'a, str>,
    /// The schema, if it is known.
    pub(super) schema: Option<Schema>,
    /// Where this is no version of it that is known: the one it is read as.
    instead: Option<String>,
}

/// Reads a parsed file.
pub(super) struct ObjectReader<'a> {
    pub(super) doc: &'a Document<'a>,
    /// From the timeline to where we are.
    path: Vec<PathStep<'a>>,
    /// What was noticed: where first, and how often.
    notes: IndexMap<Note, (String, usize)>,
    /// How many compositions we are in.
    pub(super) nesting: usize,
    /// How many objects inside metadata we are in.
    pub(super) embedded: usize,
}

impl<'a> ObjectReader<'a> {
    pub(super) fn new(doc: &'a Document<'a>) -> ObjectReader<'a> {
        ObjectReader { doc, path: Vec::new(), notes: IndexMap::new(), nesting: 0, embedded: 0 }
    }

    /// Runs `read` one step further in. After an error nobody reads on, so the step may stay then.
    pub(super) fn step<T>(&mut self, step: PathStep<'a>, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.path.push(step);
        let result = read(self)?;
        self.path.pop();
        Ok(result)
    }

    /// Runs `read`, and goes on where it finds times that cannot be counted with or objects of the wrong kind: gives what is
    /// wrong, then.
    pub(super) fn or_wrong<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<Result<T, String>> {
        let depth = self.path.len();
        match read(self) {
            Ok(read) => Ok(Ok(read)),
            Err(error) if matches!(error.kind(), ErrorKind::Time | ErrorKind::Schema) => {
                self.path.truncate(depth);
                Ok(Err(format!("{error:#}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Runs `read` for each element of the list `node` in `field`; `null` is an empty list.
    pub(super) fn each<T>(
        &mut self,
        field: &'static str,
        node: JsonNode,
        mut read: impl FnMut(&mut Self, JsonNode) -> Result<T>,
    ) -> Result<Vec<T>> {
        let doc = self.doc;
        if !matches!(doc.kind(node), TokenKind::Array | TokenKind::Null) {
            return Err(self.wrong_type(field, node, "a list"));
        }
        let mut list = Vec::new();
        for (index, element) in doc.elements(node).enumerate() {
            list.push(self.step(PathStep::Element(field, index), |reader| read(reader, element))?);
        }
        Ok(list)
    }

    /// Where we are: the root stack's children are `tracks[i]`, those of anything deeper `children[i]`.
    fn path(&self) -> String {
        let mut text = String::new();
        for (depth, step) in self.path.iter().enumerate() {
            let in_root = depth == 1 && matches!(self.path[0], PathStep::Field("tracks"));
            let dot = if depth == 0 { "" } else { "." };
            // Writing to a string does not fail.
            let _ = match step {
                PathStep::Field(name) => write!(text, "{dot}{name}"),
                PathStep::Element("children", index) if in_root => write!(text, "[{index}]"),
                PathStep::Element(name, index) => write!(text, "{dot}{name}[{index}]"),
                PathStep::Member(name, key) => write!(text, "{dot}{name}[{key:?}]"),
            };
        }
        text
    }

    /// Remembers something a user should know about the object we are at. Of what is noticed again and again, the
    /// first place and the count are kept.
    pub(super) fn note(&mut self, message: impl Into<Note>) {
        let note = message.into();
        if let Some((_, more)) = self.notes.get_mut(&note) {
            *more += 1;
        } else {
            self.notes.insert(note, (self.path(), 0));
        }
    }

    /// The notes, each with its place.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        let placed = |(note, (place, more)): (Note, (String, usize))| {
            let place = if place.is_empty() { "timeline".to_owned() } else { place };
            let text = match more {
                0 => format!("{place}: {note}"),
                more => format!("{place}: {note} (and {more} more like it)"),
            };
            Note { text, ..note }
        };
        std::mem::take(&mut self.notes).into_iter().map(placed).collect()
    }

    /// An error about `node`, which lies where we are.
    pub(super) fn error(&self, kind: ErrorKind, node: JsonNode, message: impl Into<String>) -> Error {
        self.place(Error::new(kind, message), node)
    }

    /// Says where the error is: at `node`, which lies where we are.
    pub(super) fn place(&self, error: Error, node: JsonNode) -> Error {
        let (line, column) = self.doc.line_column(node);
        let error = error.at_line(line, column);
        let path = self.path();
        if path.is_empty() { error } else { error.at_object(path) }
    }

    pub(super) fn wrong_type(&self, field: &str, node: JsonNode, expected: &str) -> Error {
        let found = match self.doc.string(node) {
            Some(text) => format!("the string {:?}", shortened(&text)),
            None => self.doc.kind(node).name().to_owned(),
        };
        self.error(ErrorKind::Schema, node, format!("`{field}` has to be {expected}, not {found}"))
    }

    /// What `node` says it is; `None` when it is no object or says nothing.
    pub(super) fn label(&self, node: JsonNode) -> Result<Option<SchemaLabel<'a>>> {
        let Some(value) = self.doc.member(node, schema::KEY) else {
            return Ok(None);
        };
        let Some(text) = self.doc.string(value) else {
            return Err(self.wrong_type("OTIO_SCHEMA", value, "a string"));
        };
        let (name, version) = schema::split(&text);
        let known = Schema::named(name);
        let instead = known
            .filter(|(_, newest)| version.is_none_or(|version| version > *newest))
            .map(|(_, newest)| format!("{name}.{newest}"));
        Ok(Some(SchemaLabel { schema: known.map(|(schema, _)| schema), text, instead }))
    }

    /// Remembers a version of a schema that is not known.
    pub(super) fn note_version(&mut self, label: &SchemaLabel) {
        if let Some(instead) = &label.instead {
            self.note(format!("the schema {:?} is read as {instead}", shortened(&label.text)));
        }
    }

    /// What `node`, an object that has to have a schema, says it is.
    pub(super) fn object_label(&mut self, field: &str, node: JsonNode) -> Result<SchemaLabel<'a>> {
        if self.doc.kind(node) != TokenKind::Object {
            return Err(self.wrong_type(field, node, "an object"));
        }
        match self.label(node)? {
            Some(label) => {
                self.note_version(&label);
                Ok(label)
            }
            None => Err(self.error(ErrorKind::Schema, node, "object has no OTIO_SCHEMA")),
        }
    }

    /// An error that says that an object of this schema cannot stand here.
    pub(super) fn misplaced(&self, field: &str, node: JsonNode, label: &SchemaLabel, expected: &str) -> Error {
        let found = shortened(&label.text);
        self.error(
            ErrorKind::Schema,
            node,
            format!("`{field}` has to be {expected}, not an object of schema {found:?}"),
        )
    }

    /// A string; `null` is the empty one.
    pub(super) fn string(&self, field: &str, node: JsonNode) -> Result<String> {
        match self.doc.string(node) {
            Some(text) => Ok(text.into_owned()),
            None if self.is_null(node) => Ok(String::new()),
            None => Err(self.wrong_type(field, node, "a string")),
        }
    }

    /// A boolean; `null` is `default`.
    pub(super) fn bool(&self, field: &str, node: JsonNode, default: bool) -> Result<bool> {
        match self.doc.kind(node) {
            TokenKind::True => Ok(true),
            TokenKind::False => Ok(false),
            TokenKind::Null => Ok(default),
            _ => Err(self.wrong_type(field, node, "true or false")),
        }
    }

    /// Any number; `null` is `default`.
    pub(super) fn number(&self, field: &str, node: JsonNode, default: f64) -> Result<f64> {
        match self.doc.number(node) {
            Some(number) => Ok(number),
            None if self.is_null(node) => Ok(default),
            None => Err(self.wrong_type(field, node, "a number")),
        }
    }

    /// A whole number, be it written `1001` or `1001.0`; `null` is `default`.
    pub(super) fn integer(&self, field: &str, node: JsonNode, default: i64) -> Result<i64> {
        if let Some(integer) = self.doc.integer(node) {
            return Ok(integer);
        }
        match self.doc.number(node) {
            #[allow(clippy::cast_possible_truncation, reason = "whole numbers below 2^53 are exact")]
            Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(number as i64),
            None if self.is_null(node) => Ok(default),
            _ => Err(self.wrong_type(field, node, "a whole number of 64 bits")),
        }
    }

    /// A dictionary of anything; `null` is an empty one.
    pub(super) fn map(&self, field: &str, node: JsonNode) -> Result<Map> {
        match self.doc.kind(node) {
            TokenKind::Object | TokenKind::Null => Ok(self.values(node)),
            _ => Err(self.wrong_type(field, node, "a dictionary")),
        }
    }

    /// Keeps a field that the schema does not name.
    pub(super) fn keep(&self, extra: &mut Map, key: Cow<'a, str>, node: JsonNode) {
        if key != schema::KEY {
            extra.insert(key.into_owned(), self.value(node));
        }
    }

    pub(super) fn is_null(&self, node: JsonNode) -> bool {
        self.doc.kind(node) == TokenKind::Null
    }
}

/// `text`, cut to a length that a message can bear.
pub(super) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
