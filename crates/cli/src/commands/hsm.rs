//! `strongroom hsm`: the key process, on the socket that is its standard input.

use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::OnceLock;

use strongroom_hsm::arena::Heap;
use strongroom_hsm::process::{self, Start};

/// Standard input, for as long as the process lives.
static CHANNEL: OnceLock<std::io::Stdin> = OnceLock::new();

pub(crate) fn run(heap: &'static Heap) -> ExitCode {
    let channel = CHANNEL.get_or_init(std::io::stdin).as_fd();
    match process::run(&Start { heap, channel }) {
        Err(error) => {
            eprintln!("strongroom: the key process cannot start: {error:?}");
            ExitCode::FAILURE
        }
    }
}
