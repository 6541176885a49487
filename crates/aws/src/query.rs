//! The Query protocol: a form of `Action`, `Version` and parameters. A form that two readers could
//! understand differently is refused.

mod input;

pub use input::{SKIPPED_MAX, to_json};

/// Parameters that one form may have, `Action` and `Version` included.
pub const PARAMETERS_MAX: usize = 1024;

/// A form. The values of `Action` and `Version` are not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The operation.
    pub action: String,
    /// The version of the API.
    pub version: String,
    /// The other parameters in the order they were sent; names are unique.
    pub parameters: Vec<(String, String)>,
}

impl Form {
    /// The value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let known = self.parameters.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value.as_str())
    }
}

/// Why a body is not a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotForm {
    /// It cannot be read, or in more than one way.
    Malformed,
    /// It has too many parameters.
    TooManyParameters,
    /// It has no `Action`.
    NoAction,
}

/// Reads a form, as HTML 5 writes it (`application/x-www-form-urlencoded`). Without `Version` it is
/// empty.
pub fn parse(body: &[u8]) -> Result<Form, NotForm> {
    let mut form = Form {
        action: String::new(),
        version: String::new(),
        parameters: parameters(body)?,
    };
    if has_duplicates(&form.parameters) {
        return Err(NotForm::Malformed);
    }
    form.action = take(&mut form.parameters, "Action").ok_or(NotForm::NoAction)?;
    form.version = take(&mut form.parameters, "Version").unwrap_or_default();
    Ok(form)
}

fn parameters(body: &[u8]) -> Result<Vec<(String, String)>, NotForm> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&[u8]> = body
        .split(|byte| *byte == b'&')
        .take(PARAMETERS_MAX + 1)
        .collect();
    if parts.len() > PARAMETERS_MAX {
        return Err(NotForm::TooManyParameters);
    }
    parts
        .into_iter()
        .map(|part| parameter(part).ok_or(NotForm::Malformed))
        .collect()
}

fn parameter(part: &[u8]) -> Option<(String, String)> {
    let mut halves = part.splitn(2, |byte| *byte == b'=');
    let name = decode(halves.next()?)?;
    let value = decode(halves.next().unwrap_or_default())?;
    (!name.is_empty()).then_some((name, value))
}

fn has_duplicates(parameters: &[(String, String)]) -> bool {
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.array_windows().any(|[one, next]| one == next)
}

fn take(parameters: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let index = parameters.iter().position(|(known, _)| known == name)?;
    Some(parameters.remove(index).1)
}

/// `+` is a space and `%XX` a byte; the bytes are UTF-8.
fn decode(mut bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    loop {
        bytes = match bytes {
            [] => return String::from_utf8(out).ok(),
            [b'+', rest @ ..] => {
                out.push(b' ');
                rest
            }
            [b'%', rest @ ..] => {
                let (digits, rest) = rest.split_at_checked(2)?;
                let digits = std::str::from_utf8(digits).ok()?;
                out.extend(strongroom_base::hex::decode(digits)?);
                rest
            }
            [byte, rest @ ..] => {
                out.push(*byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests;
