//! Key material as the service handles it: made or taken in by the key process, seen here as tokens only.

use strongroom_hsm_api::command::{GenerateKey, SetState};
use strongroom_hsm_api::key::{Attributes, Origin};

use crate::failure::Failure;
use crate::key::KeyName;
use crate::kms::Kms;
use crate::ops::token_state;
use crate::records::{KeyRecord, KeyState, MaterialRecord};

/// What a new token of the key is bound to. `identity` is [`KeyName::identity`].
pub(crate) fn attributes<'a>(
    record: &'a KeyRecord,
    identity: &'a [u8],
    origin: Origin,
) -> Attributes<'a> {
    Attributes {
        identity,
        placement: record.region.as_str().as_bytes(),
        owner: 0,
        spec: record.spec.token(),
        usage: record.usage.token(),
        origin,
        state: token_state(record.state),
        version: 1,
        wrapping: None,
    }
}

/// Has the key process make material for the key that `record` describes. The caller holds
/// [`Kms::making_token`].
pub(crate) async fn generate(kms: &Kms, record: &KeyRecord) -> Result<MaterialRecord, Failure> {
    let identity = KeyName::of(record).identity();
    let command = GenerateKey {
        attributes: attributes(record, &identity, Origin::Generated),
    };
    let made = kms.key_process.call(&command).await?;
    Ok(MaterialRecord::new(made.material_id, made.token))
}

/// `record` with another state, in its tokens too.
pub(crate) async fn in_state(
    kms: &Kms,
    mut record: KeyRecord,
    state: KeyState,
) -> Result<KeyRecord, Failure> {
    let told = token_state(record.state);
    record.state = state;
    if told == token_state(state) {
        return Ok(record);
    }
    for material in &mut record.materials {
        let Some(token) = &material.token else {
            continue;
        };
        let command = SetState {
            token,
            state: token_state(state),
        };
        material.token = Some(kms.key_process.call(&command).await?.token);
    }
    Ok(record)
}
