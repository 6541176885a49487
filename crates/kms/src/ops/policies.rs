//! Key policies: kept, checked and shown. What they allow is decided in `authorize`.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    BooleanType, GetKeyPolicyRequest, GetKeyPolicyResponse, ListKeyPoliciesRequest,
    ListKeyPoliciesResponse, PolicyNameList, PolicyNameType, PolicyType, PutKeyPolicyRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_policy::{
    CompiledPolicy, Grammar, Policy, PolicyError, Principal, default_key_policy,
};
use strongroom_store::Expect;

use super::{Operation, paging};
use crate::authorize::{Asked, Authorized, Keys, Target, Thing, Verdict};
use crate::failure::{Failure, refuse_with};
use crate::iam::{bind, show};
use crate::key::{Key, KeyName};
use crate::kms::Kms;
use crate::managed_keys;
use crate::records::{PolicyKind, PolicyRecord};
use crate::repository::Changes;

const DEFAULT_NAME: &str = "default";
const RAM_NAME: &str = "AWS_RAM";
/// Marks the markers of this list.
const POLICIES_LIST: u8 = 3;
const POLICIES_DEFAULT: usize = 100;
const POLICIES_MAX: usize = 1000;

/// Checks a policy that the caller wants on `key`, which may still be to be made: what to note in the key's
/// record, and the document to store. Errors: MalformedPolicyDocumentException, LimitExceededException.
pub(super) fn accept<O: Operation>(
    request: &Authorized<'_, O>,
    document: &PolicyType,
    bypass_lockout_check: Option<BooleanType>,
    key: &Key,
) -> Result<(PolicyKind, String), Failure> {
    let malformed = |text| refuse_with(KmsException::MalformedPolicyDocument, text);
    let policy = Policy::parse(document.as_str(), Grammar::Key).map_err(|error| refusal(&error))?;
    let can_be_named = |principal: &Principal| match principal {
        Principal::Federated(_) | Principal::CanonicalUser(_) => false,
        Principal::Anyone
        | Principal::Account { .. }
        | Principal::Identity { .. }
        | Principal::UniqueId(_)
        | Principal::Service(_) => true,
    };
    let bound = match policy.principals().all(can_be_named) {
        true => bind(request.kms(), &policy, key.name.region.partition())?,
        false => None,
    };
    let policy = bound.ok_or_else(|| malformed(text::POLICY_INVALID_PRINCIPALS))?;
    let bypass = bypass_lockout_check.is_some_and(|bypass| bypass.0);
    if !bypass && !keeps_policy_writable(request, &policy, key)? {
        return Err(malformed(text::POLICY_LOCKS_OUT));
    }
    let kind = if policy.delegates_everything_to(&key.name.account) {
        PolicyKind::EquivalentToDefault
    } else {
        PolicyKind::Custom
    };
    Ok((kind, policy.to_pretty()))
}

/// KMS API, PutKeyPolicy, BypassPolicyLockoutSafetyCheck: whether the caller could replace `policy` once it
/// is that of `key`.
fn keeps_policy_writable<O: Operation>(
    request: &Authorized<'_, O>,
    policy: &Policy,
    key: &Key,
) -> Result<bool, Failure> {
    let asked = Asked::of_call(request.call())?;
    let compiled = CompiledPolicy::new(policy);
    let thing = Thing::KeyUnder(key, &compiled);
    let verdict = asked.decide("kms:PutKeyPolicy", &thing, &|keys| {
        keys.one("kms:policyname", DEFAULT_NAME);
    })?;
    Ok(matches!(verdict, Verdict::Allowed))
}

fn refusal(error: &PolicyError) -> Refusal {
    match error {
        PolicyError::TooLarge { .. } => {
            Refusal::new(KmsException::LimitExceeded, error.to_string())
        }
        PolicyError::Principal { .. } => Refusal::new(
            KmsException::MalformedPolicyDocument,
            text::POLICY_INVALID_PRINCIPALS,
        ),
        _ => Refusal::new(KmsException::MalformedPolicyDocument, error.to_string()),
    }
}

/// The policy of `key` as GetKeyPolicy shows it.
pub(crate) fn document(kms: &Kms, key: &Key) -> Result<String, Failure> {
    let stored = match key.record.policy {
        PolicyKind::Default | PolicyKind::AwsManaged => None,
        PolicyKind::EquivalentToDefault | PolicyKind::Custom => kms.records.policy(&key.name)?,
    };
    match (stored, key.record.policy) {
        (Some(stored), _) => {
            let policy = Policy::parse_kept(&stored.record.document, Grammar::Key);
            let policy = policy.map_err(|_| crate::records::Unreadable)?;
            Ok(show(&kms.records, &policy, key.name.region.partition())?.to_pretty())
        }
        (None, PolicyKind::Default) => Ok(default_document(&key.name)),
        (None, PolicyKind::AwsManaged) => {
            let service = key.record.managed_for.as_ref();
            let service = service.ok_or(crate::records::Unreadable)?;
            Ok(managed_keys::policy(service, &key.name))
        }
        // The key's record and its policy are written together.
        (None, PolicyKind::EquivalentToDefault | PolicyKind::Custom) => {
            Err(crate::records::Unreadable.into())
        }
    }
}

/// The policy of a key that was made without one.
pub(super) fn default_document(key: &KeyName) -> String {
    default_key_policy(key.region.partition(), &key.account)
}

/// kms:PolicyName, whose default is the only name there is.
fn name_key<'i>(name: Option<&'i PolicyNameType>, keys: &mut Keys<'i>) {
    let name = name.map_or(DEFAULT_NAME, PolicyNameType::as_str);
    keys.one("kms:policyname", name);
}

/// kms:BypassPolicyLockoutSafetyCheck, which is absent unless the request has it.
pub(super) fn bypass_key(bypass: Option<BooleanType>, keys: &mut Keys<'_>) {
    let bypass = bypass.map(|bypass| bypass.0);
    keys.truth("kms:bypasspolicylockoutsafetycheck", bypass);
}

/// KMS API, GetKeyPolicy.
pub(super) struct GetKeyPolicy;

impl Operation for GetKeyPolicy {
    type Input = GetKeyPolicyRequest;
    type Output = GetKeyPolicyResponse;

    fn targets(input: &GetKeyPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        name_key(input.policy_name.as_ref(), keys);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetKeyPolicyResponse, Failure> {
        let name = request
            .input()
            .policy_name
            .as_ref()
            .map_or(DEFAULT_NAME, PolicyNameType::as_str);
        if name != DEFAULT_NAME {
            return Err(refuse_with(KmsException::NotFound, text::NO_SUCH_POLICY));
        }
        let document = document(request.kms(), request.key()?)?;
        Ok(GetKeyPolicyResponse {
            policy: Some(document.into()),
            policy_name: Some(DEFAULT_NAME.into()),
        })
    }
}

/// KMS API, PutKeyPolicy.
pub(super) struct PutKeyPolicy;

impl Operation for PutKeyPolicy {
    type Input = PutKeyPolicyRequest;
    type Output = NoOutput;

    fn targets(input: &PutKeyPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        name_key(input.policy_name.as_ref(), keys);
        bypass_key(input.bypass_policy_lockout_safety_check, keys);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (input, key) = (request.input(), request.key()?);
        require_default_name(input.policy_name.as_ref())?;
        let (kind, document) = accept(
            &request,
            &input.policy,
            input.bypass_policy_lockout_safety_check,
            key,
        )?;
        let old = request.kms().records.policy(&key.name)?;
        let expect = old.map_or(Expect::Absent, |stored| Expect::At(stored.version));
        let mut record = key.record.clone();
        record.policy = kind;
        let changes = Changes::default()
            .put_key(Expect::At(key.version), &record)
            .put_policy(&key.name, expect, &PolicyRecord { document });
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

fn require_default_name(name: Option<&PolicyNameType>) -> Result<(), Refusal> {
    match name.map_or(DEFAULT_NAME, PolicyNameType::as_str) {
        DEFAULT_NAME => Ok(()),
        RAM_NAME => Err(Refusal::new(KmsException::Validation, text::AWS_RAM_POLICY)),
        _ => Err(Refusal::new(KmsException::NotFound, text::NO_SUCH_POLICY)),
    }
}

/// KMS API, ListKeyPolicies.
pub(super) struct ListKeyPolicies;

impl Operation for ListKeyPolicies {
    type Input = ListKeyPoliciesRequest;
    type Output = ListKeyPoliciesResponse;

    fn targets(input: &ListKeyPoliciesRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListKeyPoliciesResponse, Failure> {
        let input = request.input();
        let limit = paging::limit(input.limit, POLICIES_DEFAULT, POLICIES_MAX);
        let list = paging::List {
            kind: POLICIES_LIST,
            owner: &request.key()?.arn,
        };
        let (names, next) =
            list.page(&[DEFAULT_NAME], |name| name, input.marker.as_ref(), limit)?;
        Ok(ListKeyPoliciesResponse {
            policy_names: Some(PolicyNameList(
                names.into_iter().map(PolicyNameType::from).collect(),
            )),
            truncated: Some(BooleanType(next.is_some())),
            next_marker: next,
        })
    }
}

#[cfg(test)]
mod tests;
