//! Enabling and disabling keys. The state lies in the key's tokens too, where the key process
//! enforces it.

use strongroom_aws::kms::{DisableKeyRequest, EnableKeyRequest};
use strongroom_aws::shape::NoOutput;
use strongroom_hsm_api::command::SetState;
use strongroom_hsm_api::key::State;
use strongroom_store::Expect;

use super::Operation;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::key::Key;
use crate::kms::Kms;
use crate::records::{KeyRecord, KeyState, MaterialRecord};
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
    key.require_not_pending_deletion()?;
    if key.record.state != state {
        let record = with_state(request.kms(), key, state).await?;
        request
            .commit(Changes::default().put_key(Expect::At(key.version), &record))
            .await?;
    }
    Ok(NoOutput)
}

/// The key's record with another state, in its tokens too.
pub(super) async fn with_state(
    kms: &Kms,
    key: &Key,
    state: KeyState,
) -> Result<KeyRecord, Failure> {
    let token_state = match state {
        KeyState::Enabled => State::Enabled,
        KeyState::Disabled => State::Disabled,
        KeyState::PendingDeletion => State::PendingDeletion,
    };
    let mut record = key.record.clone();
    record.state = state;
    record.materials = Vec::with_capacity(key.record.materials.len());
    for material in &key.record.materials {
        let changed = kms
            .key_process
            .call(&SetState {
                token: &material.token,
                state: token_state,
            })
            .await?;
        record.materials.push(MaterialRecord {
            id: material.id,
            token: changed.token,
        });
    }
    Ok(record)
}
