//! Texts of requests that do not have the shape of their operation. Sources as in the parent.

use std::fmt::{self, Display};

use crate::shape::{Constraint, Malformed, Path};

/// LS: one violated constraint, and the value that violates it.
pub fn violation(path: &Path<'_>, value: &dyn Display, constraint: &Constraint) -> String {
    format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}")
}

/// LS: the same of a blob, whose value is not shown.
pub fn hidden_violation(path: &Path<'_>, constraint: &Constraint) -> String {
    format!("Value at '{path}' failed to satisfy constraint: {constraint}")
}

/// MEM: a required member is absent.
pub fn null_violation(path: &Path<'_>) -> String {
    format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
}

/// MEM: all violations of a request.
pub fn violations(violations: &[String], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let plural = if violations.len() == 1 { "" } else { "s" };
    let all = violations.join("; ");
    write!(
        out,
        "{} validation error{plural} detected: {all}",
        violations.len()
    )
}

/// LS; the forms for items and values MEM.
pub fn constraint(constraint: &Constraint, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match constraint {
        Constraint::NotNull => out.write_str("Member must not be null"),
        Constraint::LengthMin(min) => write!(
            out,
            "Member must have length greater than or equal to {min}"
        ),
        Constraint::LengthMax(max) => {
            write!(out, "Member must have length less than or equal to {max}")
        }
        Constraint::ValueMin(min) => {
            write!(out, "Member must have value greater than or equal to {min}")
        }
        Constraint::ValueMax(max) => {
            write!(out, "Member must have value less than or equal to {max}")
        }
        Constraint::OneOf(names) => write!(
            out,
            "Member must satisfy enum value set: [{}]",
            names.join(", ")
        ),
        Constraint::Pattern(pattern) => write!(
            out,
            "Member must satisfy regular expression pattern: {pattern}"
        ),
        Constraint::Items(all) => {
            write!(out, "Member must satisfy constraint: [{}]", joined(all))
        }
        Constraint::Values(all) => {
            write!(out, "Map value must satisfy constraint: [{}]", joined(all))
        }
    }
}

fn joined(constraints: &[Constraint]) -> String {
    let texts: Vec<String> = constraints.iter().map(Constraint::to_string).collect();
    texts.join(", ")
}

/// MEM: a value of another JSON type than its shape.
pub fn wrong_json_type(error: &Malformed) -> String {
    format!("{} cannot be converted to {}", error.found, error.expected)
}

/// MEM, ValidationException: a member that is required only sometimes is absent; `member` is its path.
pub fn required_member(member: &str) -> String {
    format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )
}

/// OWN, ValidationException: neither or both of two members that stand for each other.
pub fn exactly_one_of(one: &str, other: &str) -> String {
    format!("Exactly one of {one} and {other} must be specified.")
}

/// OWN, ValidationException: both of two members that exclude each other.
pub fn at_most_one_of(one: &str, other: &str) -> String {
    format!("{one} and {other} cannot be specified in the same request.")
}

/// OWN, ValidationException: a member without another that it needs.
pub fn required_with(member: &str, with: &str) -> String {
    format!("{member} must be specified with {with}.")
}

/// OWN, UnsupportedOperationException: a value of the model that this server does not serve.
pub fn not_supported(member: &str, value: &str) -> String {
    format!("{member} {value} is not supported.")
}

/// OWN, UnsupportedOperationException: a member of the model that this server does not serve.
pub fn not_served(member: &str) -> String {
    format!("{member} is not supported.")
}
