//! Texts of policies with variables (IAM User Guide, "IAM policy elements: Variables and tags"). What a
//! variable brings in is never a wildcard.

use std::borrow::Cow;

use crate::context::{Context, Undetermined, Values, folded};
use crate::document::Version;
use crate::pattern::{Symbol, fits, matches, symbols};

/// A text with a `${` that begins no variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidVariable;

/// A text of a policy, its variables found.
#[derive(Debug)]
pub(crate) enum Template {
    Plain(Box<str>),
    Pieces(Box<[Piece]>),
}

#[derive(Debug)]
pub(crate) enum Piece {
    /// As written: wildcards count where the place knows them.
    Text(Box<str>),
    /// `${*}`, `${?}`, `${$}`: the character itself.
    Literal(Box<str>),
    Variable(Variable),
}

#[derive(Debug)]
pub(crate) struct Variable {
    /// As written.
    pub(crate) name: Box<str>,
    key: Box<str>,
    default: Option<Box<str>>,
}

/// A text whose variables have their values.
pub(crate) enum Resolved<'t> {
    Plain(&'t str),
    Symbols(Vec<Symbol>),
}

impl Template {
    /// Finds the variables of `text`, which version 2008-10-17 does not have.
    pub(crate) fn parse(text: &str, version: Version) -> Result<Self, InvalidVariable> {
        if version == Version::V2008 || !text.contains("${") {
            return Ok(Self::Plain(text.into()));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            let (piece, behind) = variable(after)?;
            pieces.push(piece);
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self::Pieces(pieces.into()))
    }

    /// The names of the variables, as written.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match self {
            Self::Plain(_) => &[],
            Self::Pieces(pieces) => pieces,
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(&*variable.name),
            Piece::Text(_) | Piece::Literal(_) => None,
        })
    }

    /// The text, wildcards being characters like others; `None` when a variable does not resolve or the text
    /// has more bytes than there is `room`.
    pub(crate) fn text(
        &self,
        context: &dyn Context,
        room: usize,
    ) -> Result<Option<Cow<'_, str>>, Undetermined> {
        let pieces = match self {
            Self::Plain(text) => return Ok(Some(Cow::Borrowed(text))),
            Self::Pieces(pieces) => pieces,
        };
        let mut whole = String::new();
        for piece in pieces {
            let value = piece.value(context)?;
            let Some(value) = value.filter(|value| whole.len() + value.len() <= room) else {
                return Ok(None);
            };
            whole.push_str(&value);
        }
        Ok(Some(Cow::Owned(whole)))
    }

    /// The text as a pattern; `None` when a variable does not resolve or brings in more bytes than there is
    /// `room`, which are those of the text to fit.
    pub(crate) fn pattern(
        &self,
        context: &dyn Context,
        room: usize,
    ) -> Result<Option<Resolved<'_>>, Undetermined> {
        let pieces = match self {
            Self::Plain(text) => return Ok(Some(Resolved::Plain(text))),
            Self::Pieces(pieces) => pieces,
        };
        let mut whole = Vec::new();
        let mut room = room;
        for piece in pieces {
            if let Piece::Text(text) = piece {
                whole.extend(symbols(text));
                continue;
            }
            let Some(value) = piece.value(context)? else {
                return Ok(None);
            };
            // Many variables with long values must not add up to more than could ever fit.
            let Some(left) = room.checked_sub(value.len()) else {
                return Ok(None);
            };
            room = left;
            whole.extend(value.chars().map(Symbol::Char));
        }
        Ok(Some(Resolved::Symbols(whole)))
    }
}

impl Piece {
    fn value<'v>(&'v self, context: &'v dyn Context) -> Result<Option<Cow<'v, str>>, Undetermined> {
        match self {
            Self::Text(text) | Self::Literal(text) => Ok(Some(Cow::Borrowed(text))),
            Self::Variable(variable) => variable.value(context),
        }
    }
}

impl Variable {
    /// A key with several values does not resolve, default or not.
    fn value<'v>(&'v self, context: &'v dyn Context) -> Result<Option<Cow<'v, str>>, Undetermined> {
        Ok(match context.values(&self.key)? {
            Values::One(value) => Some(value),
            Values::Absent => self.default.as_deref().map(Cow::Borrowed),
            Values::Many(_) => None,
        })
    }
}

/// The piece that begins after `${`, and what follows its `}`.
fn variable(text: &str) -> Result<(Piece, &str), InvalidVariable> {
    for literal in ["*", "?", "$"] {
        let after = text.strip_prefix(literal);
        if let Some(behind) = after.and_then(|after| after.strip_prefix('}')) {
            return Ok((Piece::Literal(literal.into()), behind));
        }
    }
    let end = text.find([',', '}', '\'', '{', '$', '*', '?']);
    let (name, rest) = end
        .and_then(|end| text.split_at_checked(end))
        .ok_or(InvalidVariable)?;
    let (default, behind) = default(rest)?;
    let name = name.trim();
    if name.is_empty() {
        return Err(InvalidVariable);
    }
    let variable = Variable {
        name: name.into(),
        key: folded(name).into(),
        default,
    };
    Ok((Piece::Variable(variable), behind))
}

/// After a variable's name: `}`, or `, 'default'}`.
fn default(rest: &str) -> Result<(Option<Box<str>>, &str), InvalidVariable> {
    if let Some(behind) = rest.strip_prefix('}') {
        return Ok((None, behind));
    }
    let quoted = rest.strip_prefix(',').ok_or(InvalidVariable)?.trim_start();
    let quoted = quoted.strip_prefix('\'').ok_or(InvalidVariable)?;
    let (text, rest) = quoted.split_once('\'').ok_or(InvalidVariable)?;
    let behind = rest.trim_start().strip_prefix('}').ok_or(InvalidVariable)?;
    Ok((Some(text.into()), behind))
}

impl Resolved<'_> {
    /// Whether `text` as a whole fits, with case.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Plain(pattern) => matches(pattern, text),
            Self::Symbols(pattern) => symbols_fit(pattern, text),
        }
    }
}

/// Whether `text` as a whole fits `pattern`, with case.
pub(crate) fn symbols_fit(pattern: &[Symbol], text: &str) -> bool {
    fits(pattern.iter().copied(), text, |wanted, found| {
        wanted == found
    })
}

#[cfg(test)]
mod tests;
