//! Something that must not happen: how often it did, and a few examples.

/// The most examples that are kept.
const EXAMPLES_MAX: usize = 10;

/// How often something was found, and where.
#[derive(Clone, Debug, Default)]
pub(super) struct Finding {
    pub(super) count: usize,
    pub(super) examples: Vec<String>,
}

impl Finding {
    pub(super) fn note(&mut self, example: String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example);
        }
    }
}
