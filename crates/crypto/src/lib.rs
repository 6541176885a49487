//! Every algorithm: the only crate that sees the cryptographic back end.
