//! What is fuzzed: a target for each parser and for each reader of bytes that others wrote. A target takes any bytes,
//! and panics when something that must hold does not. It decides by its input alone: no clock, no disk but a folder of
//! its own, no randomness but counted bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target fails as tests do"
)]

mod anchor;
mod arn;
mod attestation;
mod audit_log;
mod audit_record;
mod canary;
mod cbor;
mod commands;
mod condition;
mod digest;
mod form;
mod frame;
mod json;
mod oidc;
mod pattern;
mod policy;
mod private_key;
mod public_key;
mod record;
mod request;
mod seal;
mod sealed_value;
mod sigv4;
mod token;
mod xml;

mod decided;
mod hsm;
mod split;

pub mod seeds;

/// Something that reads bytes.
pub struct Target {
    /// Its name; its seeds are in `fuzz/seeds/NAME`.
    pub name: &'static str,
    /// Reads the bytes, and panics when it finds a fault.
    pub run: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        /// Every target, in the order of their names.
        pub const TARGETS: &[Target] = &[$(Target { name: stringify!($name), run: $name::run }),*];
    };
}

targets!(
    anchor,
    arn,
    attestation,
    audit_log,
    audit_record,
    cbor,
    commands,
    condition,
    digest,
    form,
    frame,
    json,
    oidc,
    pattern,
    policy,
    private_key,
    public_key,
    record,
    request,
    seal,
    sealed_value,
    sigv4,
    token,
    xml,
);

/// A target that a working fuzzer makes fail within seconds. It is none of [`TARGETS`].
pub const CANARY: Target = Target {
    name: "canary",
    run: canary::run,
};

/// The target with this name.
pub fn find(name: &str) -> Option<&'static Target> {
    let canary = std::iter::once(&CANARY);
    let mut all = TARGETS.iter().chain(canary);
    all.find(|target| target.name == name)
}
