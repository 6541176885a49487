//! The fuzzer: runs the target that the variable STRONGROOM_FUZZ_TARGET names under libFuzzer, whose options and corpus
//! folders are its arguments. Started by `cargo xtask fuzz`; never part of what is shipped.

#![no_main]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "libFuzzer has the command line, so the target comes in a variable"
)]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use strongroom_fuzz_targets::{Target, find};

const VARIABLE: &str = "STRONGROOM_FUZZ_TARGET";

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn chosen() -> &'static Target {
    let name = std::env::var(VARIABLE).unwrap_or_default();
    find(&name).unwrap_or_else(|| {
        eprintln!("{VARIABLE}={name}: there is no such target");
        std::process::exit(2)
    })
}

fuzz_target!(
    init: {
        TARGET.get_or_init(chosen);
    },
    |data: &[u8]| {
        (TARGET.get_or_init(chosen).run)(data);
    }
);
