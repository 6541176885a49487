//! What the machinery of proof counted: lines `counts: key=value …` of campaigns, fuzz targets and the bug bank, added
//! up to one. Some counts must be nothing.

use std::collections::BTreeMap;
use std::fmt;

use crate::Outcome;

const TITLE: &str = "counts:";
/// What must be counted as 0, whoever counts it.
const MUST_BE_NOTHING: &[&str] = &[
    "lost",
    "wrong",
    "admitted",
    "panics",
    "undetected",
    "early",
    "escaped",
];

/// Sums by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(BTreeMap<String, u64>);

impl Counts {
    /// The sums of all such lines in `output`.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(crate) fn read(output: &str) -> Outcome<Self> {
        let mut counts = Self::default();
        for line in output.lines() {
            let Some(pairs) = line.trim().strip_prefix(TITLE) else {
                continue;
            };
            for pair in pairs.split_whitespace() {
                counts
                    .note(pair)
                    .ok_or_else(|| format!("not counts: {line}"))?;
            }
        }
        Ok(counts)
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }

    /// Whether anything was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something was counted that must not happen.
    pub(crate) fn has_faults(&self) -> bool {
        MUST_BE_NOTHING
            .iter()
            .any(|name| self.0.get(*name).is_some_and(|count| *count > 0))
    }

    fn note(&mut self, pair: &str) -> Option<()> {
        let (name, count) = pair.split_once('=')?;
        *self.0.entry(name.to_owned()).or_default() += count.parse::<u64>().ok()?;
        Some(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(TITLE)?;
        for (name, count) in &self.0 {
            write!(out, " {name}={count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn lines_are_added_up() {
        let output = "seed 7\ncounts: kills=3 lost=0\nother\n  counts: kills=4 forged=9\n";
        let counts = Counts::read(output);
        let text = counts.as_ref().map(ToString::to_string);
        assert_eq!(text, Ok("counts: forged=9 kills=7 lost=0".to_owned()));
        assert_eq!(counts.map(|counts| counts.has_faults()), Ok(false));
    }

    #[test]
    fn faults_are_seen() {
        let counts = Counts::read("counts: kills=3 lost=1");
        assert_eq!(counts.map(|counts| counts.has_faults()), Ok(true));
    }

    #[test]
    fn what_is_no_count_is_refused() {
        for line in ["counts: kills", "counts: kills=many", "counts: kills=-1"] {
            assert!(Counts::read(line).is_err(), "{line}");
        }
    }
}
