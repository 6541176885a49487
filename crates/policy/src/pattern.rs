//! Wildcard patterns of the policy language: `*` is any run of characters, `?` any one. Never takes more
//! steps than the pattern's characters times the text's.

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// `*`.
    Run,
    /// `?`.
    One,
    /// Itself, also where it is a `*` that a variable brought in.
    Char(char),
}

/// The symbols of a pattern as written.
pub(crate) fn symbols(pattern: &str) -> impl Iterator<Item = Symbol> + Clone {
    pattern.chars().map(|character| match character {
        '*' => Symbol::Run,
        '?' => Symbol::One,
        other => Symbol::Char(other),
    })
}

/// Whether `text` as a whole fits `pattern`; `same` compares a character of the pattern with one of the text.
pub(crate) fn fits<P>(mut pattern: P, text: &str, same: fn(char, char) -> bool) -> bool
where
    P: Iterator<Item = Symbol> + Clone,
{
    let mut text = text.chars();
    // Where to go on after the last `*` when the present attempt fails: it then takes one more.
    let mut retry: Option<(P, std::str::Chars<'_>)> = None;
    loop {
        match (pattern.next(), text.clone().next()) {
            (Some(Symbol::Run), _) => retry = Some((pattern.clone(), text.clone())),
            (Some(wanted), Some(found)) if is(wanted, found, same) => {
                text.next();
            }
            (None, None) => return true,
            _ => {
                let Some((after_star, taken)) = &mut retry else {
                    return false;
                };
                if taken.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = taken.clone();
            }
        }
    }
}

fn is(wanted: Symbol, found: char, same: fn(char, char) -> bool) -> bool {
    match wanted {
        Symbol::Char(wanted) => same(wanted, found),
        Symbol::One | Symbol::Run => true,
    }
}

/// Whether `text` as a whole fits `pattern`, with case.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    fits(symbols(pattern), text, |wanted, found| wanted == found)
}

/// Whether `text` as a whole fits `pattern`, ignoring ASCII case, as actions are compared.
pub(crate) fn matches_ignoring_case(pattern: &str, text: &str) -> bool {
    fits(symbols(pattern), text, |wanted, found| {
        wanted.eq_ignore_ascii_case(&found)
    })
}

/// Whether `pattern` consists of `*` alone and so fits everything.
pub(crate) fn is_everything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

#[cfg(test)]
mod tests;
