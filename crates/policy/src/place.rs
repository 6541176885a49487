//! Where statements stand in the text of a document, for those who are shown which one decided. Never part of a
//! decision.

use std::ops::Range;

use crate::error::PolicyError;
use crate::json::Json;

/// Where a statement stands, in bytes from the beginning of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where what comes before it ends: the bracket or comma of a list. White space may follow.
    pub after: usize,
    /// The statement itself.
    pub text: Range<usize>,
}

/// A line and a column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where the statements of the document `text` stand, in their order. Fails for what is no document.
pub fn statement_places(text: &str) -> Result<Vec<Place>, PolicyError> {
    Ok(Json::places(text, "Statement")?)
}

/// The line and column of the byte at `offset` of `text`, or of its end.
pub fn position(text: &str, offset: usize) -> Position {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let in_line = before.get(line_start..).unwrap_or_default();
    Position {
        line: before.matches('\n').count() + 1,
        column: in_line.chars().count() + 1,
    }
}

#[cfg(test)]
mod tests;
