//! Options of a command: `--name value`, each at most once.

use crate::Outcome;

/// What was given.
pub(crate) struct Options<'w>(Vec<(&'w str, &'w str)>);

impl<'w> Options<'w> {
    /// Reads `words`, which may name only what is `known`.
    pub(crate) fn read(words: &[&'w str], known: &[&str]) -> Outcome<Self> {
        let mut given: Vec<(&str, &str)> = Vec::new();
        for pair in words.chunks(2) {
            let &[name, value] = pair else {
                return Err(format!("{} lacks a value", pair.concat()));
            };
            if !known.contains(&name) || given.iter().any(|(earlier, _)| *earlier == name) {
                return Err(format!("{name}: options are {}", known.join(", ")));
            }
            given.push((name, value));
        }
        Ok(Self(given))
    }

    /// The value of an option.
    pub(crate) fn text(&self, name: &str) -> Option<&'w str> {
        let found = self.0.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| *value)
    }

    /// The value of an option that is a number.
    pub(crate) fn number(&self, name: &str) -> Outcome<Option<u64>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number = text.parse();
        number
            .map(Some)
            .map_err(|_| format!("{name} {text}: not a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_are_read() {
        let known = ["--minutes", "--seed"];
        let options = Options::read(&["--seed", "7"], &known).map_err(drop);
        let options = options.map(|given| (given.number("--seed"), given.number("--minutes")));
        assert_eq!(options, Ok((Ok(Some(7)), Ok(None))));
        for wrong in [
            &["--other", "7"][..],
            &["--seed"],
            &["--seed", "1", "--seed", "2"],
        ] {
            assert!(Options::read(wrong, &known).is_err(), "{wrong:?}");
        }
    }
}
