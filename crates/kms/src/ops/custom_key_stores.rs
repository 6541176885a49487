//! The operations on custom key stores: this server has none, and says so to whoever may ask. They
//! never keep what a request carries, which may be a password.

use std::marker::PhantomData;

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::shape::{NoOutput, Shape};
use strongroom_aws::text;

use super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;

/// Any operation on custom key stores whose request is `I`. Errors: UnsupportedOperationException, once
/// the request is a valid one.
pub(super) struct CustomKeyStores<I>(PhantomData<I>);

impl<I: Shape + Send + Sync + 'static> Operation for CustomKeyStores<I> {
    type Input = I;
    type Output = NoOutput;

    fn targets(_: &I) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(_: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let text = text::CUSTOM_KEY_STORES_NOT_SUPPORTED;
        Err(Refusal::new(KmsException::UnsupportedOperation, text).into())
    }
}

#[cfg(test)]
mod tests;
