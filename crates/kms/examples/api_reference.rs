//! Prints `docs/reference/api.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(strongroom_kms::ops::reference::page().as_bytes())
}
