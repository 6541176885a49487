//! Writes the seeds that are made by encoders into `fuzz/seeds`. Keys among them are new ones every time.
#![allow(clippy::print_stdout, reason = "a command of developers")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds"));
    println!("{} seeds", strongroom_fuzz_targets::seeds::write(folder)?);
    Ok(())
}
