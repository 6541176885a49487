//! Reading of the vectors' files.

use std::path::Path;

use serde_json::Value;
use strongroom_base::hex;

/// A file as published by Wycheproof or ACVP: groups of tests with shared parameters.
pub(crate) struct Vectors(Value);

/// How many tests expect success and how many expect refusal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) valid: usize,
    pub(crate) invalid: usize,
}

/// One test or its group.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Value);

impl Vectors {
    /// Reads `vectors/` + `name`.
    pub(crate) fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
        let text = std::fs::read(folder.join(name)).expect("the file is there");
        Self(serde_json::from_slice(&text).expect("the file is JSON"))
    }

    /// Every group and test.
    pub(crate) fn tests(&self) -> impl Iterator<Item = (Fields<'_>, Fields<'_>)> {
        array(&self.0, "testGroups").iter().flat_map(|group| {
            let tests = array(group, "tests").iter();
            tests.map(move |test| (Fields(group), Fields(test)))
        })
    }

    /// Runs `check` on every test; its second argument says whether success is expected.
    pub(crate) fn check(&self, mut check: impl FnMut(Fields<'_>, Fields<'_>, bool)) -> Counts {
        let mut counts = Counts::default();
        for (group, test) in self.tests() {
            let valid = match test.text("result") {
                "valid" => true,
                "invalid" => false,
                other => panic!("{}: {other} is neither", test.id()),
            };
            check(group, test, valid);
            counts.count(valid);
        }
        counts
    }
}

impl Counts {
    fn count(&mut self, valid: bool) {
        if valid {
            self.valid += 1;
        } else {
            self.invalid += 1;
        }
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn text(self, field: &str) -> &'a str {
        self.0[field].as_str().expect("a text")
    }

    pub(crate) fn bytes(self, field: &str) -> Vec<u8> {
        hex::decode(self.text(field)).expect("hexadecimal")
    }

    pub(crate) fn number(self, field: &str) -> usize {
        let number = self.0[field].as_u64().expect("a number");
        usize::try_from(number).expect("a small number")
    }

    pub(crate) fn id(self) -> u64 {
        self.0["tcId"].as_u64().expect("an id")
    }
}

fn array<'a>(value: &'a Value, field: &str) -> &'a Vec<Value> {
    value[field].as_array().expect("an array")
}
