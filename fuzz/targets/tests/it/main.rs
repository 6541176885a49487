//! The seeds as ordinary tests: every target over every committed input, whatever flags it is built with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests"
)]

use std::fs;
use std::path::{Path, PathBuf};

use strongroom_fuzz_targets::{CANARY, TARGETS, find, seeds};

const SEEDS_MAX: usize = 40;
const SEED_BYTES_MAX: u64 = 8 * 1024;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds")
}

fn inputs(target: &str) -> Vec<PathBuf> {
    let read = fs::read_dir(folder().join(target));
    let read = read.unwrap_or_else(|error| panic!("seeds of {target}: {error}"));
    let mut inputs: Vec<PathBuf> = read.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

fn check(target: &str) {
    let target = find(target).expect("a target");
    for input in inputs(target.name) {
        eprintln!("{}", input.display());
        (target.run)(&fs::read(&input).unwrap());
    }
    // What no reader may stumble over.
    for plain in [&[][..], &[0], &[0xff; 64]] {
        (target.run)(plain);
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test() {
            let tested = [$(stringify!($name)),*];
            let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(known, tested);
        }
    };
}

targets! {
    anchor arn attestation audit_log audit_record cbor commands condition digest form frame json oidc pattern policy private_key
    public_key record request seal sealed_value sigv4 token xml
}

#[test]
fn seeds_are_few_and_small() {
    for target in TARGETS {
        let inputs = inputs(target.name);
        let count = inputs.len();
        assert!(
            (1..=SEEDS_MAX).contains(&count),
            "{}: {count} seeds",
            target.name
        );
        for input in inputs {
            assert!(
                fs::metadata(&input).unwrap().len() <= SEED_BYTES_MAX,
                "{}",
                input.display()
            );
        }
    }
    let folders = fs::read_dir(folder()).unwrap();
    for entry in folders {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(find(&name).is_some(), "seeds/{name} belongs to no target");
    }
}

/// What encoders write differently now than when the seeds were made would leave the seeds behind.
#[test]
fn made_seeds_are_valid_still() {
    for seed in seeds::made() {
        (find(seed.target).expect("a target").run)(&seed.bytes);
    }
}

#[test]
fn the_canary_fails() {
    (CANARY.run)(b"BURDEN");
    assert!(std::panic::catch_unwind(|| (CANARY.run)(b"BURGLAR")).is_err());
}
