//! Creating, describing, listing and renaming keys.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    self as wire, BooleanType, CreateKeyRequest, CreateKeyResponse, DescribeKeyRequest,
    DescribeKeyResponse, KeyList, KeyListEntry, ListKeysRequest, ListKeysResponse, OriginType,
    ResourceOwnerType, UpdateKeyDescriptionRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_base::id::KeyId;
use strongroom_store::{Expect, Table};

use super::{Operation, paging, policies, tags};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse};
use crate::key::{CHANGEABLE, Key, KeyName};
use crate::material;
use crate::records::{
    KeyOrigin, KeyRecord, KeySpec, KeyState, KeyUsage, MaterialOwnerRecord, MultiRegionRecord,
    PolicyKind, PolicyRecord,
};
use crate::repository::Changes;
use crate::told;

/// Marks the markers of this list.
const KEYS_LIST: u8 = 1;
/// Of lists that would have the keys of other accounts, too.
const ALL_KEYS_LIST: u8 = 11;
const KEYS_DEFAULT: usize = 100;
const KEYS_MAX: usize = 1000;

/// KMS API, CreateKey.
pub(super) struct CreateKey;

impl Operation for CreateKey {
    type Input = CreateKeyRequest;
    type Output = CreateKeyResponse;

    fn check(input: &CreateKeyRequest) -> Result<(), Refusal> {
        let (spec, _) = spec_and_usage(input)?;
        require_origin(input, spec)?;
        tags::check(input.tags.as_ref())
    }

    fn targets(input: &CreateKeyRequest) -> Vec<Target<'_>> {
        let mut targets = vec![Target::Account];
        if tags::are_given(input.tags.as_ref()) {
            targets.push(Target::NewKey { region: None });
        }
        targets
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        // Refused by `check`, unless there are both.
        if let Ok((spec, usage)) = spec_and_usage(input) {
            let (spec, usage) = (spec.wire().as_str(), usage.wire().as_str());
            keys.one("kms:keyspec", spec);
            keys.one("kms:customermasterkeyspec", spec);
            keys.one("kms:keyusage", usage);
            keys.one("kms:customermasterkeyusage", usage);
        }
        let origin = input.origin.unwrap_or(OriginType::AwsKms);
        keys.one("kms:keyorigin", origin.as_str());
        let is_multi_region = input.multi_region.is_some_and(|given| given.0);
        keys.truth("kms:multiregion", Some(is_multi_region));
        keys.maybe(
            "kms:multiregionkeytype",
            is_multi_region.then_some("PRIMARY"),
        );
        policies::bypass_key(input.bypass_policy_lockout_safety_check, keys);
        keys.request_tags(input.tags.as_ref());
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateKeyResponse, Failure> {
        let input = request.input();
        let mut record = blank_record(&request)?;
        let document = match &input.policy {
            Some(document) => {
                let bypass = input.bypass_policy_lockout_safety_check;
                let key = Key::new(record.clone(), 0);
                let (kind, document) = policies::accept(&request, document, bypass, &key)?;
                record.policy = kind;
                Some(document)
            }
            None => None,
        };
        let _making = request.kms().making_token().await;
        if record.origin == KeyOrigin::AwsKms {
            let made = material::generate(request.kms(), &record).await?;
            record.materials.push(made);
        }
        let key = Key::new(record, 1);
        request.call().note_key(&key);
        let answer = CreateKeyResponse {
            key_metadata: Some(key.metadata()),
        };
        request.call().note_response(told::output(&answer));
        request.commit(creation(&key.record, document)).await?;
        Ok(answer)
    }
}

/// The record of the key that a request describes, still without material.
fn blank_record(request: &Authorized<'_, CreateKey>) -> Result<KeyRecord, Refusal> {
    let input = request.input();
    let (spec, usage) = spec_and_usage(input)?;
    let region = request.call().region.clone();
    if !spec.is_offered_in(&region) {
        return Err(Refusal::new(
            KmsException::UnsupportedOperation,
            text::spec_not_offered(spec.wire().as_str(), region.as_str()),
        ));
    }
    let is_multi_region = input
        .multi_region
        .is_some_and(|multi_region| multi_region.0);
    let random = &*request.env().random;
    let (origin, state) = match input.origin {
        Some(OriginType::External) => (KeyOrigin::External, KeyState::PendingImport),
        _ => (KeyOrigin::AwsKms, KeyState::Enabled),
    };
    Ok(KeyRecord {
        account: request.caller().account,
        id: if is_multi_region {
            KeyId::generate_multi_region(random)
        } else {
            KeyId::generate(random)
        },
        created: request.env().clock.now().into(),
        description: input
            .description
            .as_ref()
            .map_or_else(String::new, |text| text.as_str().to_owned()),
        state,
        deletion: None,
        tags: tags::records(input.tags.as_ref()),
        policy: PolicyKind::Default,
        materials: Vec::new(),
        spec,
        usage,
        origin,
        managed_for: None,
        rotation: None,
        multi_region: is_multi_region.then(|| MultiRegionRecord {
            primary: region.clone(),
            replicas: Vec::new(),
        }),
        pending_window_days: None,
        on_demand_rotations: 0,
        region,
    })
}

/// Everything that comes into being with a key.
pub(crate) fn creation(record: &KeyRecord, policy: Option<String>) -> Changes {
    let owner = MaterialOwnerRecord {
        account: record.account,
        key: record.id.clone(),
    };
    let mut changes = Changes::default().create_key(record);
    for material in &record.materials {
        changes = changes.put_material_owner(&record.region, &material.id, &owner);
    }
    if let Some(document) = policy {
        let name = KeyName::of(record);
        changes = changes.put_policy(&name, Expect::Absent, &PolicyRecord { document });
    }
    changes
}

/// KMS API, CreateKey: CustomerMasterKeySpec is the old name of KeySpec, and only symmetric encryption
/// keys have a usage by default.
fn spec_and_usage(input: &CreateKeyRequest) -> Result<(KeySpec, KeyUsage), Refusal> {
    let invalid = |text: &str| Refusal::new(KmsException::Validation, text);
    let synonym = input.customer_master_key_spec.map(wire::KeySpec::from);
    if synonym.is_some() && input.key_spec.is_some() {
        return Err(invalid(text::BOTH_KEY_SPECS));
    }
    let given = input.key_spec.or(synonym);
    let spec = given.map_or(KeySpec::SymmetricDefault, KeySpec::from);
    let usage = match input.key_usage {
        Some(usage) => KeyUsage::from(usage),
        None if spec == KeySpec::SymmetricDefault => KeyUsage::EncryptDecrypt,
        None => return Err(invalid(text::KEY_USAGE_REQUIRED)),
    };
    if !spec.usages().contains(&usage) {
        let (usage, spec) = (usage.wire(), spec.wire());
        return Err(invalid(&text::key_usage_incompatible(
            usage.as_str(),
            spec.as_str(),
        )));
    }
    Ok((spec, usage))
}

/// Refuses material from where there is none for this spec, or none on this server.
fn require_origin(input: &CreateKeyRequest, spec: KeySpec) -> Result<(), Refusal> {
    let unsupported = |text: String| Err(Refusal::new(KmsException::UnsupportedOperation, text));
    match input.origin {
        None | Some(OriginType::AwsKms) => {}
        Some(OriginType::External) if spec.can_be_imported() => {}
        Some(OriginType::External) => {
            let text = text::key_spec_without_origin(spec.wire().as_str(), "EXTERNAL");
            return Err(Refusal::new(KmsException::Validation, text));
        }
        Some(other @ (OriginType::AwsCloudHsm | OriginType::ExternalKeyStore)) => {
            return unsupported(text::not_supported("Origin", other.as_str()));
        }
    }
    if input.xks_key_id.is_some() {
        return unsupported(text::not_served("XksKeyId"));
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
        // A marker of one list of owners is none of another's, and the list of foreign keys has no pages.
        let list = if owners.contains(&ResourceOwnerType::OtherAccountsViaRam) {
            ALL_KEYS_LIST
        } else {
            KEYS_LIST
        };
        let cursor = paging::cursor(list, input.marker.as_ref())?;
        let (account, region) = (&request.caller().account, &request.call().region);
        let records = &request.kms().records;
        let lists_own = owners.contains(&ResourceOwnerType::SelfOwned);
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
                .map(|cursor| paging::marker(list, cursor.as_bytes())),
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
        key.require_state(CHANGEABLE)?;
        let mut record = key.record.clone();
        record.description = request.input().description.as_str().to_owned();
        request
            .commit(Changes::default().put_key(Expect::At(key.version), &record))
            .await?;
        Ok(NoOutput)
    }
}

#[cfg(test)]
mod tests;
