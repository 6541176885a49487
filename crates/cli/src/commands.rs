//! The commands, one file each.

pub(crate) mod account;
pub(crate) mod anchor;
pub(crate) mod audit;
pub(crate) mod dev;
pub(crate) mod domain;
pub(crate) mod explain;
pub(crate) mod hsm;
pub(crate) mod init;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod unseal;
pub(crate) mod usage;
