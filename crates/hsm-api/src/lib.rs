//! The command table of the key process: frames, messages and codes, in a hand-written bounded
//! codec. Both processes link this crate; it does no I/O and knows nothing of AWS.

pub mod anchor;
pub mod checkpoint;
pub mod command;
pub mod context;
pub mod frame;
pub mod key;
pub mod scheme;
pub mod status;
pub mod wire;

mod code;

pub use code::Code;
