//! Creating, describing, listing and renaming keys.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BooleanType, CreateKeyRequest, CreateKeyResponse, DescribeKeyRequest, DescribeKeyResponse,
    KeyList, KeyListEntry, KeySpec, KeyUsageType, ListKeysRequest, ListKeysResponse, OriginType,
    ResourceOwnerType, UpdateKeyDescriptionRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_base::id::KeyId;
use strongroom_hsm_api::command::GenerateKey;
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_store::{Expect, Table};

use super::{Operation, paging, policies, tags};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse};
use crate::key::{Key, KeyName};
use crate::records::{
    KeyRecord, KeySpec as StoredSpec, KeyState, MaterialOwnerRecord, MaterialRecord, PolicyKind,
    PolicyRecord,
};
use crate::repository::Changes;

/// Marks the markers of this list.
const KEYS_LIST: u8 = 1;
const KEYS_DEFAULT: usize = 100;
const KEYS_MAX: usize = 1000;

/// KMS API, CreateKey.
pub(super) struct CreateKey;

impl Operation for CreateKey {
    type Input = CreateKeyRequest;
    type Output = CreateKeyResponse;

    fn check(input: &CreateKeyRequest) -> Result<(), Refusal> {
        let invalid = |text: &str| Refusal::new(KmsException::Validation, text);
        let synonym = input.customer_master_key_spec.map(KeySpec::from);
        if synonym.is_some() && input.key_spec.is_some() {
            return Err(invalid(text::BOTH_KEY_SPECS));
        }
        let spec = input
            .key_spec
            .or(synonym)
            .unwrap_or(KeySpec::SymmetricDefault);
        let usage = match input.key_usage {
            Some(usage) => usage,
            None if spec == KeySpec::SymmetricDefault => KeyUsageType::EncryptDecrypt,
            None => return Err(invalid(text::KEY_USAGE_REQUIRED)),
        };
        if !usages(spec).contains(&usage) {
            return Err(invalid(&text::key_usage_incompatible(
                usage.as_str(),
                spec.as_str(),
            )));
        }
        require_served(input, spec)?;
        tags::check(input.tags.as_ref())
    }

    fn targets(_: &CreateKeyRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateKeyResponse, Failure> {
        let input = request.input();
        let (account, region) = (request.caller().account, &request.call().region);
        let name = KeyName {
            account,
            region: region.clone(),
            id: KeyId::generate(&*request.env().random),
        };
        let (policy, document) = match &input.policy {
            Some(document) => {
                let bypass = input.bypass_policy_lockout_safety_check;
                let (kind, document) = policies::accept(&request, document, bypass, &name)?;
                (kind, Some(document))
            }
            None => (PolicyKind::Default, None),
        };
        let _making = request.kms().making_token().await;
        let material = generate_material(&request, &name).await?;
        let record = KeyRecord {
            account,
            region: region.clone(),
            id: name.id.clone(),
            created: request.env().clock.now().into(),
            description: input
                .description
                .as_ref()
                .map_or_else(String::new, |text| text.as_str().to_owned()),
            state: KeyState::Enabled,
            deletion: None,
            tags: tags::records(input.tags.as_ref()),
            policy,
            materials: vec![material],
            spec: StoredSpec::SymmetricDefault,
        };
        request.call().note_key(&Key::new(record.clone(), 1));
        request.commit(creation(&name, &record, document)).await?;
        Ok(CreateKeyResponse {
            key_metadata: Some(Key::new(record, 1).metadata()),
        })
    }
}

/// Everything that comes into being with a key.
fn creation(name: &KeyName, record: &KeyRecord, policy: Option<String>) -> Changes {
    let owner = MaterialOwnerRecord {
        account: name.account,
        key: name.id.clone(),
    };
    let mut changes = Changes::default().put_key(Expect::Absent, record);
    for material in &record.materials {
        changes = changes.put_material_owner(&name.region, &material.id, &owner);
    }
    if let Some(document) = policy {
        changes = changes.put_policy(name, Expect::Absent, &PolicyRecord { document });
    }
    changes
}

async fn generate_material(
    request: &Authorized<'_, CreateKey>,
    name: &KeyName,
) -> Result<MaterialRecord, Failure> {
    let attributes = Attributes {
        identity: &name.identity(),
        placement: name.region.as_str().as_bytes(),
        owner: 0,
        spec: Spec::Symmetric,
        usage: Usage::EncryptDecrypt,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
    };
    let made = request
        .kms()
        .key_process
        .call(&GenerateKey { attributes })
        .await?;
    Ok(MaterialRecord {
        id: made.material_id,
        token: made.token,
    })
}

/// KMS API, CreateKey: the usages that a spec allows.
fn usages(spec: KeySpec) -> &'static [KeyUsageType] {
    use KeyUsageType::{
        EncapsulateDecapsulate, EncryptDecrypt, GenerateVerifyMac, KeyAgreement, SignVerify,
    };
    match spec {
        KeySpec::SymmetricDefault => &[EncryptDecrypt],
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[EncryptDecrypt, SignVerify],
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 => {
            &[SignVerify, KeyAgreement]
        }
        KeySpec::EccSecgP256k1 | KeySpec::EccNistEdwards25519 => &[SignVerify],
        KeySpec::MlDsa44 | KeySpec::MlDsa65 | KeySpec::MlDsa87 => &[SignVerify],
        KeySpec::MlKem512 | KeySpec::MlKem768 | KeySpec::MlKem1024 => &[EncapsulateDecapsulate],
        KeySpec::Hmac224 | KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => {
            &[GenerateVerifyMac]
        }
        KeySpec::Sm2 => &[EncryptDecrypt, SignVerify, KeyAgreement],
    }
}

/// Refuses what the model knows and this server does not serve yet.
fn require_served(input: &CreateKeyRequest, spec: KeySpec) -> Result<(), Refusal> {
    let unserved = |member, value| {
        Err(Refusal::new(
            KmsException::UnsupportedOperation,
            text::not_supported(member, value),
        ))
    };
    if spec != KeySpec::SymmetricDefault {
        return unserved("KeySpec", spec.as_str());
    }
    match input.origin {
        None | Some(OriginType::AwsKms) => {}
        Some(other) => return unserved("Origin", other.as_str()),
    }
    if input
        .multi_region
        .is_some_and(|multi_region| multi_region.0)
    {
        return unserved("MultiRegion", "true");
    }
    if input.xks_key_id.is_some() {
        return Err(Refusal::new(
            KmsException::UnsupportedOperation,
            text::not_served("XksKeyId"),
        ));
    }
    match &input.custom_key_store_id {
        Some(_) => Err(Refusal::bare(KmsException::CustomKeyStoreNotFound)),
        None => Ok(()),
    }
}

/// KMS API, DescribeKey.
pub(super) struct DescribeKey;

impl Operation for DescribeKey {
    type Input = DescribeKeyRequest;
    type Output = DescribeKeyResponse;

    fn check(input: &DescribeKeyRequest) -> Result<(), Refusal> {
        super::refuse_grant_tokens(input.grant_tokens.as_ref())
    }

    fn targets(input: &DescribeKeyRequest) -> Vec<Target<'_>> {
        vec![Target::key_or_alias(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<DescribeKeyResponse, Failure> {
        Ok(DescribeKeyResponse {
            key_metadata: Some(request.key()?.metadata()),
        })
    }
}

/// KMS API, ListKeys. No key is shared, so the list of foreign keys is empty.
pub(super) struct ListKeys;

impl Operation for ListKeys {
    type Input = ListKeysRequest;
    type Output = ListKeysResponse;

    fn targets(_: &ListKeysRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListKeysResponse, Failure> {
        let input = request.input();
        let owners = input
            .resource_owners
            .as_ref()
            .map_or(&[ResourceOwnerType::SelfOwned][..], |owners| &owners.0);
        let cursor = paging::cursor(KEYS_LIST, input.marker.as_ref())?;
        let (account, region) = (&request.caller().account, &request.call().region);
        let records = &request.kms().records;
        let lists_own = owners.contains(&ResourceOwnerType::SelfOwned);
        // A marker of one list of owners is none of another's, and the list of foreign keys has no pages.
        if cursor.as_ref().is_some_and(|cursor| {
            !lists_own || !records.is_cursor_of(Table::Keys, account, region, cursor)
        }) {
            return Err(refuse(KmsException::InvalidMarker));
        }
        if !lists_own {
            return Ok(ListKeysResponse {
                keys: Some(KeyList(Vec::new())),
                next_marker: None,
                truncated: Some(BooleanType(false)),
            });
        }
        let limit = paging::limit(input.limit, KEYS_DEFAULT, KEYS_MAX);
        let page = records.list_keys(account, region, cursor.as_ref(), limit)?;
        Ok(ListKeysResponse {
            truncated: Some(BooleanType(page.next.is_some())),
            next_marker: page
                .next
                .map(|cursor| paging::marker(KEYS_LIST, cursor.as_bytes())),
            keys: Some(KeyList(page.records.into_iter().map(entry).collect())),
        })
    }
}

fn entry(record: KeyRecord) -> KeyListEntry {
    let key = Key::new(record, 0);
    KeyListEntry {
        key_id: Some(key.name.id.as_str().into()),
        key_arn: Some(key.arn.into()),
    }
}

/// KMS API, UpdateKeyDescription.
pub(super) struct UpdateKeyDescription;

impl Operation for UpdateKeyDescription {
    type Input = UpdateKeyDescriptionRequest;
    type Output = NoOutput;

    fn targets(input: &UpdateKeyDescriptionRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key()?;
        key.require_not_pending_deletion()?;
        let mut record = key.record.clone();
        record.description = request.input().description.as_str().to_owned();
        request
            .commit(Changes::default().put_key(Expect::At(key.version), &record))
            .await?;
        Ok(NoOutput)
    }
}
