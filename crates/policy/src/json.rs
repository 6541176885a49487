//! A strict reader of small JSON texts that keeps member order and numbers as written, and a writer
//! in the pretty style AWS answers with. Refuses duplicate members and more than [`DEPTH_MAX`] levels.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::place::Place;

/// The deepest nesting of arrays and objects. A complete policy needs six.
pub(crate) const DEPTH_MAX: usize = 8;

/// A JSON value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The digits as they stood in the text, so that `1.0` stays `1.0`.
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Not JSON (RFC 8259) from this byte on.
    Syntax { offset: usize },
    /// An object has two members of this name.
    Duplicate { name: String },
    /// Nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

impl Json {
    /// Reads `text`, all of it.
    pub(crate) fn parse(text: &str) -> Result<Self, JsonError> {
        let mut reader = Reader { text, offset: 0 };
        let value = reader.value(0)?;
        reader.skip_space();
        if reader.offset < text.len() {
            return Err(reader.syntax());
        }
        Ok(value)
    }

    /// Where the items of the member `name` of the object that is `text` stand; one that is no list stands for the
    /// list of itself.
    pub(crate) fn places(text: &str, name: &str) -> Result<Vec<Place>, JsonError> {
        let mut reader = Reader { text, offset: 0 };
        reader.skip_space();
        reader.expect("{")?;
        loop {
            reader.skip_space();
            let member = reader.string()?;
            reader.skip_space();
            reader.expect(":")?;
            if member == name {
                return reader.item_places();
            }
            reader.value(1)?;
            if reader.ends("}")? {
                return Ok(Vec::new());
            }
        }
    }

    /// The value as Jackson's default pretty printer writes it: two spaces, `"key" : value`, arrays on
    /// one line.
    pub(crate) fn to_pretty(&self) -> String {
        let mut out = String::new();
        write_value(&mut out, self, 0);
        out
    }

    /// Whether every decoded string and member name satisfies `test`.
    pub(crate) fn all_text(&self, test: fn(&str) -> bool) -> bool {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => true,
            Self::String(text) => test(text),
            Self::Array(items) => items.iter().all(|item| item.all_text(test)),
            Self::Object(members) => members
                .iter()
                .all(|(name, value)| test(name) && value.all_text(test)),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    /// INVARIANT: at most `text.len()` and on a character boundary.
    offset: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.rest().bytes().next()
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax {
            offset: self.offset,
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.offset += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), JsonError> {
        if self.take(token) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn take_while(&mut self, test: fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| test(*byte)).count();
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.skip_space();
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => Err(JsonError::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(Json::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, JsonError> {
        for (word, value) in [
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("null", Json::Null),
        ] {
            if self.take(word) {
                return Ok(value);
            }
        }
        Err(self.syntax())
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.expect("{")?;
        let mut members = Vec::new();
        let mut names = BTreeSet::new();
        self.skip_space();
        if self.take("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(JsonError::Duplicate { name });
            }
            self.skip_space();
            self.expect(":")?;
            members.push((name, self.value(depth)?));
            if self.ends("}")? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.expect("[")?;
        let mut items = Vec::new();
        self.skip_space();
        if self.take("]") {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.ends("]")? {
                return Ok(Json::Array(items));
            }
        }
    }

    /// After an element: whether the list closes here; otherwise a comma must follow.
    fn ends(&mut self, close: &str) -> Result<bool, JsonError> {
        self.skip_space();
        if self.take(close) {
            return Ok(true);
        }
        self.expect(",")?;
        Ok(false)
    }

    fn item_places(&mut self) -> Result<Vec<Place>, JsonError> {
        self.skip_space();
        if self.peek() != Some(b'[') {
            return Ok(vec![self.place()?]);
        }
        self.expect("[")?;
        let mut places = Vec::new();
        loop {
            places.push(self.place()?);
            if self.ends("]")? {
                return Ok(places);
            }
        }
    }

    fn place(&mut self) -> Result<Place, JsonError> {
        let after = self.offset;
        self.skip_space();
        let start = self.offset;
        self.value(1)?;
        Ok(Place {
            after,
            text: start..self.offset,
        })
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.offset;
        self.take("-");
        let whole = self.take_while(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 1 && whole.starts_with('0') {
            return Err(self.syntax());
        }
        if self.take(".") {
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            let _signed = self.take("+") || self.take("-");
            self.digits()?;
        }
        let text = self.text.get(start..self.offset).unwrap_or_default();
        Ok(Json::Number(text.to_owned()))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        if self.take_while(|byte| byte.is_ascii_digit()).is_empty() {
            return Err(self.syntax());
        }
        Ok(())
    }

    /// RFC 8259 §7.
    fn string(&mut self) -> Result<String, JsonError> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\'));
            if self.take("\"") {
                return Ok(text);
            }
            self.expect("\\")?;
            text.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let short = match self.peek() {
            Some(b'u') => return self.unicode_escape(),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            _ => return Err(self.syntax()),
        };
        self.offset += 1;
        Ok(short)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let high = self.code_unit()?;
        let code = match high {
            0xd800..0xdc00 => {
                self.expect("\\")?;
                let low = self.code_unit()?;
                let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400);
                let low = low.ok_or_else(|| self.syntax())?;
                0x10000 + ((high - 0xd800) << 10) + low
            }
            _ => high,
        };
        char::from_u32(code).ok_or_else(|| self.syntax())
    }

    fn code_unit(&mut self) -> Result<u32, JsonError> {
        self.expect("u")?;
        let digits = self.rest().get(..4).unwrap_or_default();
        let all_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = u32::from_str_radix(digits, 16).ok().filter(|_| all_hex);
        let unit = unit.ok_or_else(|| self.syntax())?;
        self.offset += digits.len();
        Ok(unit)
    }
}

fn write_value(out: &mut String, value: &Json, indent: usize) {
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(text) => out.push_str(text),
        Json::String(text) => write_string(out, text),
        Json::Array(items) => write_array(out, items, indent),
        Json::Object(members) => write_object(out, members, indent),
    }
}

fn write_array(out: &mut String, items: &[Json], indent: usize) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { " " } else { ", " });
        write_value(out, item, indent);
    }
    out.push_str(" ]");
}

fn write_object(out: &mut String, members: &[(String, Json)], indent: usize) {
    if members.is_empty() {
        out.push_str("{ }");
        return;
    }
    out.push('{');
    for (index, (name, value)) in members.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { "," });
        new_line(out, indent + 1);
        write_string(out, name);
        out.push_str(" : ");
        write_value(out, value, indent + 1);
    }
    new_line(out, indent);
    out.push('}');
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", indent));
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a String cannot fail.
            '\0'..' ' => _ = write!(out, "\\u{:04X}", u32::from(character)),
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
