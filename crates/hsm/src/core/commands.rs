//! What each command does, one file a subject. Every command decides for itself whether the key it is
//! given may be used so.

mod agreement;
mod anchor;
mod audit;
mod data_keys;
mod domain;
mod encapsulation;
mod encryption;
mod import;
mod keys;
mod mac;
mod signing;
mod signing_secret;
