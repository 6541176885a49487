//! The shapes of the Security Token Service, version 2011-06-15, named and limited as in botocore's model.
//! They carry no meaning of ours.

mod identity;

pub use identity::*;
