//! JSON text to a flat list of tokens, and from there to [`Value`]s, on demand.
//!
//! OpenTimelineIO's dialect is wider than JSON: `NaN`, `Infinity` and `-Infinity` stand for themselves, and integers
//! may be longer than 64 bits. The tokens lie in one vector that refers to the text, so that reading a file copies
//! only what the model keeps, no nesting can overflow the stack, and every object knows its line and column.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::timeline::{Map, Value};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Null,
    True,
    False,
    /// A number without fraction and exponent.
    Int,
    /// A number with one of them.
    Float,
    NaN,
    Infinity,
    NegativeInfinity,
    /// A string that stands for itself.
    Plain,
    /// A string with escapes in it.
    Escaped,
    Array,
    Object,
}

impl TokenKind {
    /// What it is called in a message.
    pub(super) fn name(self) -> &'static str {
        match self {
            TokenKind::Null => "null",
            TokenKind::True | TokenKind::False => "a boolean",
            TokenKind::Int | TokenKind::Float | TokenKind::NaN | TokenKind::Infinity | TokenKind::NegativeInfinity => {
                "a number"
            }
            TokenKind::Plain | TokenKind::Escaped => "a string",
            TokenKind::Array => "a list",
            TokenKind::Object => "an object",
        }
    }
}

// Packed: there is one for each value and each key of a file.
#[derive(Debug, Clone, Copy)]
#[repr(Rust, packed)]
struct Token {
    /// Byte offset of its text; a string's quotes are not counted in.
    start: u32,
    /// Arrays and objects: the token after the last one inside. Anything else: the length of its text in bytes.
    link: u32,
    kind: TokenKind,
}

/// A value in a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JsonNode(u32);

/// Parsed text.
#[derive(Debug)]
pub(super) struct Document<'a> {
    text: &'a str,
    /// Depth first. In an object, keys and values take turns.
    tokens: Vec<Token>,
}

impl<'a> Document<'a> {
    /// Parses UTF-8 `bytes`, a byte order mark in front allowed, with at most `max_depth` arrays and objects nested.
    pub(super) fn parse(bytes: &'a [u8], max_depth: usize) -> Result<Document<'a>> {
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err(Error::new(ErrorKind::Json, "the text is UTF-16; it has to be UTF-8").at_line(1, 1));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if u32::try_from(bytes.len()).is_err() {
            return Err(Error::new(ErrorKind::Schema, "the file is larger than 4 GiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let (line, column) = line_column(good, good.len());
            Error::new(ErrorKind::Json, "the text is not UTF-8").at_line(line, column)
        })?;
        // Every token but the first follows on one of these: at most so many are needed, and most files have few of them
        // inside strings.
        let tokens = 1 + text.bytes().filter(|byte| b",:[{".contains(byte)).count();
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, tokens: Vec::with_capacity(tokens) };
        parser.document(max_depth)?;
        Ok(Document { text, tokens: parser.tokens })
    }

    /// The outermost value.
    pub(super) fn root(&self) -> JsonNode {
        JsonNode(0)
    }

    fn token(&self, node: JsonNode) -> Token {
        self.tokens[node.0 as usize]
    }

    pub(super) fn kind(&self, node: JsonNode) -> TokenKind {
        self.token(node).kind
    }

    /// Line and column, from 1, of where `node` starts.
    pub(super) fn line_column(&self, node: JsonNode) -> (usize, usize) {
        let token = self.token(node);
        let quote = usize::from(matches!(token.kind, TokenKind::Plain | TokenKind::Escaped));
        line_column(self.text, token.start as usize - quote)
    }

    fn raw(&self, token: Token) -> &'a str {
        &self.text[token.start as usize..token.start as usize + token.link as usize]
    }

    /// The token after `node` and everything in it.
    fn after(&self, node: JsonNode) -> JsonNode {
        let token = self.token(node);
        JsonNode(if matches!(token.kind, TokenKind::Array | TokenKind::Object) { token.link } else { node.0 + 1 })
    }

    /// Keys and values of an object, in order; nothing for anything else.
    pub(super) fn members(&self, node: JsonNode) -> impl Iterator<Item = (Cow<'a, str>, JsonNode)> + use<'a, '_> {
        let object = self.token(node);
        let end = if object.kind == TokenKind::Object { object.link } else { 0 };
        let mut at = JsonNode(node.0 + 1);
        std::iter::from_fn(move || {
            (at.0 < end).then(|| {
                let value = JsonNode(at.0 + 1);
                let key = self.string(at).unwrap_or_default();
                at = self.after(value);
                (key, value)
            })
        })
    }

    /// The values of an array, in order; nothing for anything else.
    pub(super) fn elements(&self, node: JsonNode) -> impl Iterator<Item = JsonNode> + use<'a, '_> {
        let array = self.token(node);
        let end = if array.kind == TokenKind::Array { array.link } else { 0 };
        let mut at = JsonNode(node.0 + 1);
        std::iter::from_fn(move || {
            (at.0 < end).then(|| {
                let value = at;
                at = self.after(value);
                value
            })
        })
    }

    /// The value of `key` in an object; the last one, should there be several.
    pub(super) fn member(&self, node: JsonNode, key: &str) -> Option<JsonNode> {
        let object = self.token(node);
        let end = if object.kind == TokenKind::Object { object.link } else { 0 };
        let (mut at, mut found) = (JsonNode(node.0 + 1), None);
        while at.0 < end {
            let value = JsonNode(at.0 + 1);
            if self.is_text(at, key) {
                found = Some(value);
            }
            at = self.after(value);
        }
        found
    }

    /// Whether `node` is the string `text`.
    fn is_text(&self, node: JsonNode, text: &str) -> bool {
        let token = self.token(node);
        match token.kind {
            TokenKind::Plain => token.link as usize == text.len() && self.raw(token) == text,
            TokenKind::Escaped => unescape(self.raw(token)) == text,
            _ => false,
        }
    }

    /// Whether one of the strings in `node`, keys included, is `text`.
    pub(super) fn mentions(&self, node: JsonNode, text: &str) -> bool {
        (node.0..self.after(node).0).any(|inside| self.is_text(JsonNode(inside), text))
    }

    /// The text of a string.
    pub(super) fn string(&self, node: JsonNode) -> Option<Cow<'a, str>> {
        let token = self.token(node);
        match token.kind {
            TokenKind::Plain => Some(Cow::Borrowed(self.raw(token))),
            TokenKind::Escaped => Some(Cow::Owned(unescape(self.raw(token)))),
            _ => None,
        }
    }

    /// The nearest double to a number; it may be infinite or NaN.
    pub(super) fn number(&self, node: JsonNode) -> Option<f64> {
        let token = self.token(node);
        match token.kind {
            TokenKind::Int | TokenKind::Float => self.raw(token).parse().ok(),
            TokenKind::NaN => Some(f64::NAN),
            TokenKind::Infinity => Some(f64::INFINITY),
            TokenKind::NegativeInfinity => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }

    /// An integer that fits 64 bits.
    pub(super) fn integer(&self, node: JsonNode) -> Option<i64> {
        let token = self.token(node);
        if token.kind == TokenKind::Int { self.raw(token).parse().ok() } else { None }
    }

    /// `node` and everything in it. It recurses as deep as the text is nested, which `max_depth` has bounded.
    pub(super) fn value(&self, node: JsonNode) -> Value {
        let token = self.token(node);
        match token.kind {
            TokenKind::Null => Value::Null,
            TokenKind::True => Value::Bool(true),
            TokenKind::False => Value::Bool(false),
            TokenKind::Int => {
                let digits = self.raw(token);
                digits.parse().map_or_else(|_| Value::BigInt(digits.into()), Value::Int)
            }
            TokenKind::Float | TokenKind::NaN | TokenKind::Infinity | TokenKind::NegativeInfinity => {
                Value::Float(self.number(node).unwrap_or(f64::NAN))
            }
            TokenKind::Plain | TokenKind::Escaped => Value::String(self.string(node).unwrap_or_default().into_owned()),
            TokenKind::Array => self.array(node),
            TokenKind::Object => Value::Object(self.map(node)),
        }
    }

    fn array(&self, node: JsonNode) -> Value {
        // Counted first, so that nothing is allocated twice.
        let mut values = Vec::with_capacity(self.elements(node).count());
        values.extend(self.elements(node).map(|element| self.value(element)));
        Value::Array(values.into())
    }

    /// The members of an object. Of a key that stands there twice, the last value counts.
    pub(super) fn map(&self, node: JsonNode) -> Map {
        let mut members = Vec::with_capacity(self.members(node).count());
        members.extend(self.members(node).map(|(key, value)| (key.into_owned().into_boxed_str(), self.value(value))));
        members.into_iter().collect()
    }
}

/// How many bytes stand in front of the first quote, backslash or control character.
///
/// Eight at a time: in each of three sums the top bit of a byte is set where that byte is one of them, and never below
/// the first such byte.
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = ONES << 7;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, &word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(word);
        let is = |byte: u8| {
            let other = word ^ (ONES * u64::from(byte));
            other.wrapping_sub(ONES) & !other
        };
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (is(b'"') | is(b'\\') | control) & TOPS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let plain = |byte: &&u8| **byte >= 0x20 && **byte != b'"' && **byte != b'\\';
    bytes.len() - rest.len() + rest.iter().take_while(plain).count()
}

/// Line and column, from 1 and in characters, of a byte offset.
fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    tokens: Vec<Token>,
}

impl Parser<'_> {
    fn document(&mut self, max_depth: usize) -> Result<()> {
        // The arrays and objects we are in.
        let mut open: Vec<usize> = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(byte @ (b'{' | b'[')) => {
                    if open.len() >= max_depth {
                        return Err(self.error(ErrorKind::Schema, format!("nested more than {max_depth} levels deep")));
                    }
                    open.push(self.tokens.len());
                    self.push(if byte == b'{' { TokenKind::Object } else { TokenKind::Array }, self.at, 0);
                    self.at += 1;
                    self.skip_blanks();
                    match (byte, self.peek()) {
                        (b'{', Some(b'}')) | (b'[', Some(b']')) => {}
                        (b'{', _) => {
                            self.key()?;
                            continue;
                        }
                        _ => continue,
                    }
                }
                _ => self.scalar()?,
            }
            // A value is complete, or an empty array or object waits for its end.
            loop {
                self.skip_blanks();
                let Some(&container) = open.last() else {
                    return match self.peek() {
                        None => Ok(()),
                        Some(_) => Err(self.expected("the end of the file")),
                    };
                };
                let is_object = self.tokens[container].kind == TokenKind::Object;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if is_object {
                            self.skip_blanks();
                            self.key()?;
                        }
                        break;
                    }
                    Some(b'}') if is_object => {}
                    Some(b']') if !is_object => {}
                    _ => return Err(self.expected(if is_object { "',' or '}'" } else { "',' or ']'" })),
                }
                self.at += 1;
                self.tokens[container].link = to_u32(self.tokens.len());
                open.pop();
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn push(&mut self, kind: TokenKind, start: usize, link: usize) {
        self.tokens.push(Token { start: to_u32(start), link: to_u32(link), kind });
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
            // Indentation is half of what applications write.
            while self.bytes[self.at..].starts_with(b"        ") {
                self.at += 8;
            }
        }
    }

    /// A key and the colon behind it.
    fn key(&mut self) -> Result<()> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        self.string()?;
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.expected("':'"));
        }
        self.at += 1;
        Ok(())
    }

    fn scalar(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') if !self.is_word() => self.number(),
            _ => self.word(),
        }
    }

    /// Whether a minus sign stands before a letter.
    fn is_word(&self) -> bool {
        self.peek() == Some(b'-') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_alphabetic)
    }

    fn word(&mut self) -> Result<()> {
        let rest = &self.bytes[self.at..];
        let sign = usize::from(rest.first() == Some(&b'-'));
        let length = sign + rest[sign..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let kind = match &rest[..length] {
            b"null" => TokenKind::Null,
            b"true" => TokenKind::True,
            b"false" => TokenKind::False,
            b"NaN" | b"-NaN" => TokenKind::NaN,
            b"Infinity" | b"Inf" => TokenKind::Infinity,
            b"-Infinity" | b"-Inf" => TokenKind::NegativeInfinity,
            _ => return Err(self.expected("a value")),
        };
        self.push(kind, self.at, length);
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        let start = self.at;
        let mut kind = TokenKind::Int;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits()?;
        if leading_zero && digits > 1 {
            self.at = start;
            return Err(self.error(ErrorKind::Json, "a number may not start with a zero"));
        }
        if self.peek() == Some(b'.') {
            kind = TokenKind::Float;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            kind = TokenKind::Float;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(kind, start, self.at - start);
        Ok(())
    }

    fn digits(&mut self) -> Result<usize> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.expected("a digit"));
        }
        self.at += count;
        Ok(count)
    }

    fn string(&mut self) -> Result<()> {
        self.at += 1;
        let start = self.at;
        let mut kind = TokenKind::Plain;
        loop {
            self.at += plain_run(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    kind = TokenKind::Escaped;
                    self.escape()?;
                }
                Some(_) => return Err(self.error(ErrorKind::Json, "a control character in a string has to be escaped")),
                None => return Err(self.error(ErrorKind::Json, "the file ends inside a string")),
            }
        }
        self.push(kind, start, self.at - start);
        self.at += 1;
        Ok(())
    }

    /// Steps over one escape, which [`unescape`] can then rely on.
    fn escape(&mut self) -> Result<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let hex = self.bytes.get(self.at + 2..self.at + 6);
                if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.error(ErrorKind::Json, "\\u needs four hexadecimal digits"));
                }
                self.at += 6;
            }
            _ => return Err(self.error(ErrorKind::Json, "no such escape in a string")),
        }
        Ok(())
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.text[self.at..].chars().next() {
            None => "the file ends here".to_owned(),
            Some(found) => format!("found {found:?}"),
        };
        self.error(ErrorKind::Json, format!("expected {what}, but {found}"))
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        let (line, column) = line_column(self.text, self.at);
        Error::new(kind, message).at_line(line, column)
    }
}

fn to_u32(index: usize) -> u32 {
    u32::try_from(index).expect("the text is at most 4 GiB long, and every token takes at least one byte of it")
}

/// Resolves the escapes of a string that the parser has checked. Half a surrogate pair becomes U+FFFD.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
        rest = rest.get(at + 2..).unwrap_or_default();
        text.push(match escape {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = take_hex(&mut rest);
                let mut character = char::from_u32(high);
                if (0xd800..0xdc00).contains(&high) && rest.starts_with("\\u") {
                    let mut behind = &rest[2..];
                    let low = take_hex(&mut behind);
                    if (0xdc00..0xe000).contains(&low) {
                        character = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
                        rest = behind;
                    }
                }
                character.unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            itself => char::from(itself),
        });
    }
    text.push_str(rest);
    text
}

fn take_hex(rest: &mut &str) -> u32 {
    let (hex, behind) = rest.split_at_checked(4).unwrap_or((rest, ""));
    *rest = behind;
    u32::from_str_radix(hex, 16).unwrap_or(0xd800)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let document = Document::parse(text.as_bytes(), 100).expect(text);
        document.value(document.root())
    }

    fn error(text: &str) -> (String, (usize, usize)) {
        let error = Document::parse(text.as_bytes(), 100).expect_err(text);
        let place = error.place().line_column.expect("a place");
        (format!("{error:#}"), place)
    }

    #[test]
    fn numbers_keep_what_they_are() {
        assert_eq!(value("9223372036854775807"), Value::Int(i64::MAX));
        assert_eq!(value("9223372036854775808"), Value::BigInt("9223372036854775808".into()));
        assert_eq!(value("-1234567890123456789012"), Value::BigInt("-1234567890123456789012".into()));
        assert_eq!(value("24.0"), Value::Float(24.0));
        assert_eq!(value("1E2"), Value::Float(100.0));
        assert_eq!(value("23.976024627685547"), Value::Float(23.976024627685547));
        assert_eq!(value("[NaN, Infinity,-Infinity]").as_array().map(<[Value]>::len), Some(3));
        assert_eq!(value("-Infinity"), Value::Float(f64::NEG_INFINITY));
    }

    #[test]
    fn plain_bytes_end_at_the_first_that_is_not() {
        let slow =
            |bytes: &[u8]| bytes.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count();
        for odd in 0..=255_u8 {
            for (place, filler) in
                (0..20).flat_map(|place| [(place, b'a'), (place, 0xff), (place, 0x80), (place, b'!')])
            {
                let mut bytes = vec![filler; 20];
                bytes[place] = odd;
                assert_eq!(plain_run(&bytes), slow(&bytes), "{odd:#x} at {place} among {filler:#x}");
                bytes[19] = b'"';
                assert_eq!(plain_run(&bytes), slow(&bytes), "{odd:#x} at {place} among {filler:#x} and a quote");
            }
        }
    }

    #[test]
    fn strings_resolve_their_escapes() {
        assert_eq!(value(r#""a\"\\\/\b\f\n\r\té\ud83d\ude00z""#).as_str(), Some("a\"\\/\u{8}\u{c}\n\r\té😀z"));
        assert_eq!(value(r#""\ud83dx""#).as_str(), Some("\u{fffd}x"));
        assert_eq!(value(r#""\ude00\ud83d\u0041""#).as_str(), Some("\u{fffd}\u{fffd}A"));
        assert_eq!(value(r#""\ud83d\ud83d\ude00""#).as_str(), Some("\u{fffd}😀"));
    }

    #[test]
    fn objects_keep_the_order_of_their_keys_and_the_last_of_twins() {
        let object = value("\u{feff} {\"b\": 1, \"a\": [], \"b\": {}}");
        let map = object.as_object().expect("an object");
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(map["b"], Value::Object(Map::new()));
    }

    #[test]
    fn errors_know_line_and_column_in_characters() {
        assert_eq!(error("{\n \"é\": tru}").1, (2, 7));
        assert_eq!(error("[1, 2").1, (1, 6));
        assert!(error("[1, 2").0.contains("the file ends here"));
        assert_eq!(error("").1, (1, 1));
        for text in [
            "01",
            "-",
            "1.",
            "1e",
            "+1",
            ".5",
            "nul",
            "nan",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\" 1}",
            "[1}",
            "{\"a\":1]",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u12",
            "\"a\tb\"",
            "\"a",
            "1 2",
            "[",
            "{\"a\":",
            "// no\n1",
            "\0",
        ] {
            error(text);
        }
        let broken = Document::parse(b"\"ab\xff\"", 10).expect_err("not UTF-8");
        assert_eq!((broken.kind(), broken.place().line_column), (ErrorKind::Json, Some((1, 4))));
    }

    #[test]
    fn depth_is_bounded_whatever_the_depth_of_the_text() {
        let deep = "[".repeat(1_000_000);
        let error = Document::parse(deep.as_bytes(), 1000).expect_err("too deep");
        assert_eq!((error.kind(), error.place().line_column), (ErrorKind::Schema, Some((1, 1001))));
        let fits = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert!(Document::parse(fits.as_bytes(), 1000).is_ok());
    }
}
