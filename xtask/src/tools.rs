//! Programs that tests need and that no list of packages brings. Never replaces one that is there.

use std::process::Command;

use crate::Outcome;
use crate::run::{exists, run};

/// Makes sure of strace, by which the campaigns record what a server does to its disk and let calls fail. Where it is
/// missing, Debian's package is installed, which takes root.
pub(crate) fn install_strace() -> Outcome<()> {
    if exists(Command::new("strace").arg("-V")) {
        return Ok(());
    }
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends", "strace"]);
    run(&mut install).map_err(|error| format!("strace 6 or newer is missing: install it ({error})"))
}
