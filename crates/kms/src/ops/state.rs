//! Enabling and disabling keys. The state lies in the key's tokens too, where the key process
//! enforces it.

use strongroom_aws::kms::{DisableKeyRequest, EnableKeyRequest};
use strongroom_aws::shape::NoOutput;
use strongroom_hsm_api::key::State;

use super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::key::Key;
use crate::kms::Kms;
use crate::material;
use crate::records::{KeyRecord, KeyState};
use crate::repository::Changes;

/// KMS API, EnableKey.
pub(super) struct EnableKey;

impl Operation for EnableKey {
    type Input = EnableKeyRequest;
    type Output = NoOutput;

    fn targets(input: &EnableKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        switch(&request, KeyState::Enabled).await
    }
}

/// KMS API, DisableKey.
pub(super) struct DisableKey;

impl Operation for DisableKey {
    type Input = DisableKeyRequest;
    type Output = NoOutput;

    fn targets(input: &DisableKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        switch(&request, KeyState::Disabled).await
    }
}

async fn switch<O: Operation>(
    request: &Authorized<'_, O>,
    state: KeyState,
) -> Result<NoOutput, Failure> {
    let key = request.key()?;
    key.require_state(&[KeyState::Enabled, KeyState::Disabled])?;
    if key.record.state != state {
        let records = &request.kms().records;
        let record = with_state(request.kms(), key, state).await?;
        let changes = records.change_key(Changes::default(), key, &record)?;
        request.commit(changes).await?;
    }
    Ok(NoOutput)
}

/// The key's record with another state, in its tokens too.
pub(super) async fn with_state(
    kms: &Kms,
    key: &Key,
    state: KeyState,
) -> Result<KeyRecord, Failure> {
    material::in_state(kms, key.record.clone(), state).await
}

/// What a key's tokens say of its state: the key process need not know why a key is refused.
pub(crate) fn token_state(state: KeyState) -> State {
    match state {
        KeyState::Enabled => State::Enabled,
        KeyState::Disabled | KeyState::PendingImport => State::Disabled,
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => State::PendingDeletion,
    }
}
