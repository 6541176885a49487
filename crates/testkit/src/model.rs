//! A model of KMS and IAM: small, slow and obvious, written from what AWS documents and was observed to do. Maps, no
//! cache, no concurrency, and nothing of the product's in it. docs/design/proof.md says what it leaves out.

mod call;
mod iam;
mod kms;
mod policy;
mod world;
mod worlds;

pub use call::{Call, Context, Key, Operations, Signer, Spec};
pub use policy::{Condition, Effect, Operator, Policy, Statement, Who};
pub use world::{Ciphertext, Memory, Place, State, World};
pub use worlds::{Answer, Times, Told, Worlds};
