//! The simulator: the service that ships and the real core of its key process on a machine whose clock, chance, store
//! and crashes come from one seed. Its replies are held to the [model](crate::model); docs/design/proof.md.

mod audit;
mod chance;
mod client;
mod clock;
mod disk;
mod draft;
mod history;
mod key_process;
mod machine;
mod run;
mod shrink;

pub use disk::{CrashAt, Fault, Flaw};
pub use history::{Draft, History, Step};
pub use run::{Counts, Failure, Report, Twist, run, run_with};
pub use shrink::shrink;
