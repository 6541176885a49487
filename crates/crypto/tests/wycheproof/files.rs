//! Reading of the files.

use std::fs;
use std::path::Path;

use serde_json::Value;
use strongroom_base::hex;

/// What Wycheproof wants of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Valid,
    Invalid,
    /// Either: old or lax, but no attack.
    Acceptable,
}

/// Calls `check` with every group and each of its tests; returns how many there were.
pub(crate) fn each_test(file: &str, mut check: impl FnMut(&Value, &Value)) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/wycheproof");
    let text = fs::read(folder.join(file)).expect("the file exists");
    let document: Value = serde_json::from_slice(&text).expect("JSON");
    let groups = document["testGroups"].as_array().expect("groups");
    let mut tests = 0;
    for group in groups {
        for test in group["tests"].as_array().expect("tests") {
            check(group, test);
            tests += 1;
        }
    }
    tests
}

/// The bytes of a field, or `None` where it is missing.
pub(crate) fn field(object: &Value, name: &str) -> Option<Vec<u8>> {
    let text = object[name].as_str()?;
    Some(hex::decode(text).expect("hexadecimal"))
}

/// As [`field`], for one that is never missing.
pub(crate) fn bytes(object: &Value, name: &str) -> Vec<u8> {
    field(object, name).unwrap_or_else(|| panic!("no {name} in {object}"))
}

pub(crate) fn wanted(test: &Value) -> Wanted {
    match test["result"].as_str() {
        Some("valid") => Wanted::Valid,
        Some("invalid") => Wanted::Invalid,
        Some("acceptable") => Wanted::Acceptable,
        other => panic!("no such result: {other:?}"),
    }
}

pub(crate) fn has_flag(test: &Value, flag: &str) -> bool {
    let flags = test["flags"].as_array().expect("flags");
    flags.iter().any(|has| has == flag)
}
