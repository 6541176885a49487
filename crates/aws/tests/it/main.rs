//! Tests of this crate through its public API.

#[cfg(test)]
mod model;
#[cfg(test)]
mod signing_mutations;
#[cfg(test)]
mod signing_suite;
