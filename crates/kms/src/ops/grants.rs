//! Creating, listing and ending grants. What a grant allows is decided in `authorize`, never here.

use std::collections::BTreeMap;

use strongroom_audit::Value;
use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    self as wire, BooleanType, CreateGrantRequest, CreateGrantResponse, DateType,
    EncryptionContextType, GrantConstraints, GrantIdType, GrantList, GrantListEntry,
    GrantOperationList, ListGrantsRequest, ListGrantsResponse, ListRetirableGrantsRequest,
    MarkerType, NullableBooleanType, PrincipalIdType, RetireGrantRequest, RevokeGrantRequest,
    ServicePrincipalType,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::{self, Symmetry};
use strongroom_base::UnixMillis;
use strongroom_policy::Principal;
use strongroom_store::Cursor;

use super::cryptography::would_have_succeeded;
use super::{Operation, paging};
use crate::authorize::{Authorized, Keys, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse, refuse_with};
use crate::grants;
use crate::iam::{self, Bound, Caller, Identity};
use crate::key::{Key, KeyName, USABLE};
use crate::records::{
    GrantOperation, GrantParty, GrantRecord, GrantTerms, KeySpec, KeyUsage, Millis,
};
use crate::repository::{Changes, Retiring};

/// Marks the markers of these lists.
const GRANTS_LIST: u8 = 6;
const RETIRABLE_GRANTS_LIST: u8 = 7;
const GRANTS_DEFAULT: usize = 50;
const GRANTS_MAX: usize = 100;

/// KMS API, GrantConstraints.
const CONTEXT_PAIRS_MAX: usize = 8;
const CONTEXT_VALUE_LENGTH_MAX: usize = 384;

fn invalid(text: impl Into<String>) -> Refusal {
    Refusal::new(KmsException::Validation, text)
}

/// KMS API, CreateGrant.
pub(super) struct CreateGrant;

impl Operation for CreateGrant {
    type Input = CreateGrantRequest;
    type Output = CreateGrantResponse;

    fn check(input: &CreateGrantRequest) -> Result<(), Refusal> {
        check_parties(input)?;
        if input.operations.0.is_empty() {
            return Err(invalid(text::GRANT_OPERATIONS_REQUIRED));
        }
        let constraints = input.constraints.iter();
        let mut contexts = constraints.flat_map(|constraints| contexts(constraints).into_iter());
        contexts.try_for_each(check_context_constraint)
    }

    fn targets(input: &CreateGrantRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    fn condition_keys<'i>(input: &'i Self::Input, _: usize, keys: &mut Keys<'i>) {
        let operations = input.operations.0.iter();
        let operations = operations.map(|operation| operation.as_str().into());
        keys.many("kms:grantoperations", operations.collect());
        party_keys(input, keys);
        if let Some(constraints) = &input.constraints {
            constraint_keys(constraints, keys);
        }
        keys.asks_for_grant(input);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateGrantResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        key.require_state(USABLE)?;
        require_fit(input, key)?;
        let terms = terms(&request)?;
        let records = &request.kms().records;
        let _turn = request.kms().grant_turns.take(&key.name).await;
        if let Some(grant) = records.named_grant(&key.name, &terms)? {
            would_have_succeeded(input.dry_run)?;
            request.call().note_response(told_answer(key, &grant));
            return Ok(created(&request, &grant));
        }
        let grant = GrantRecord {
            account: key.name.account,
            region: key.name.region.clone(),
            key: key.name.id.clone(),
            id: request.env().random_bytes(),
            created: whole_seconds(request.env().clock.now()),
            terms,
        };
        // The state and kind of the key were decided on, so the key must still be the same.
        let changes = Changes::default().relying_on_key(key);
        let changes = records.add_grant(changes, &grant)?;
        would_have_succeeded(input.dry_run)?;
        request.call().note_response(told_answer(key, &grant));
        request.commit(changes).await?;
        Ok(created(&request, &grant))
    }
}

fn party_keys<'i>(input: &'i CreateGrantRequest, keys: &mut Keys<'i>) {
    for (key, principal) in [
        ("kms:granteeprincipal", &input.grantee_principal),
        ("kms:retiringprincipal", &input.retiring_principal),
    ] {
        keys.maybe(key, principal.as_ref().map(PrincipalIdType::as_str));
    }
    for (key, service) in [
        (
            "kms:granteeserviceprincipal",
            &input.grantee_service_principal,
        ),
        (
            "kms:retiringserviceprincipal",
            &input.retiring_service_principal,
        ),
    ] {
        keys.maybe(key, service.as_ref().map(ServicePrincipalType::as_str));
    }
}

fn constraint_keys<'i>(constraints: &'i GrantConstraints, keys: &mut Keys<'i>) {
    let source = constraints.source_arn.as_ref();
    let source = source.map(wire::GrantConstraintSourceArnType::as_str);
    keys.maybe("kms:grantconstraintsourcearn", source);
    let [equals, subset] = contexts(constraints);
    keys.encryption_context(equals);
    keys.encryption_context(subset);
    keys.constraint_type(equals.is_some(), subset.is_some());
}

fn created(request: &Authorized<'_, CreateGrant>, grant: &GrantRecord) -> CreateGrantResponse {
    let token = grants::new_token(&request.kms().records, grant);
    CreateGrantResponse {
        grant_token: Some(token.into()),
        grant_id: Some(grants::id_text(&grant.id).into()),
    }
}

/// The answer without its token.
fn told_answer(key: &Key, grant: &GrantRecord) -> Value {
    Value::texts([
        ("grantId", grants::id_text(&grant.id).as_str()),
        ("keyId", &key.arn),
    ])
}

/// KMS API, CreateGrant: one grantee, at most one who retires, and a service as grantee only for one
/// resource and with someone to retire the grant.
fn check_parties(input: &CreateGrantRequest) -> Result<(), Refusal> {
    if input.grantee_principal.is_some() == input.grantee_service_principal.is_some() {
        let text = text::exactly_one_of("GranteePrincipal", "GranteeServicePrincipal");
        return Err(invalid(text));
    }
    check_retiring(input)?;
    if input.grantee_service_principal.is_none() {
        return Ok(());
    }
    let constraints = input.constraints.as_ref();
    if constraints.is_none_or(|constraints| constraints.source_arn.is_none()) {
        return Err(invalid(text::required_with(
            "SourceArn",
            "GranteeServicePrincipal",
        )));
    }
    if input.retiring_principal.is_none() && input.retiring_service_principal.is_none() {
        return Err(invalid(text::required_with(
            "RetiringPrincipal or RetiringServicePrincipal",
            "GranteeServicePrincipal",
        )));
    }
    Ok(())
}

fn check_retiring(input: &CreateGrantRequest) -> Result<(), Refusal> {
    if input.retiring_principal.is_some() && input.retiring_service_principal.is_some() {
        let text = text::at_most_one_of("RetiringPrincipal", "RetiringServicePrincipal");
        return Err(invalid(text));
    }
    Ok(())
}

fn contexts(constraints: &GrantConstraints) -> [Option<&EncryptionContextType>; 2] {
    [
        constraints.encryption_context_equals.as_ref(),
        constraints.encryption_context_subset.as_ref(),
    ]
}

fn check_context_constraint(context: Option<&EncryptionContextType>) -> Result<(), Refusal> {
    let Some(EncryptionContextType(pairs)) = context else {
        return Ok(());
    };
    let is_long = |value: &str| value.chars().count() > CONTEXT_VALUE_LENGTH_MAX;
    if pairs.len() > CONTEXT_PAIRS_MAX || pairs.values().any(|value| is_long(value.as_str())) {
        return Err(invalid(text::CONTEXT_CONSTRAINT_TOO_LARGE));
    }
    Ok(())
}

/// Refuses operations that the key cannot do, and encryption context where there is none.
fn require_fit(input: &CreateGrantRequest, key: &Key) -> Result<(), Refusal> {
    let valid = grantable(key);
    let asked = &input.operations.0;
    let is_unfit = |operation: &&wire::GrantOperation| !valid.contains(operation);
    let unfit = names(asked.iter().filter(is_unfit));
    if !unfit.is_empty() {
        let usage = key.record.usage.wire().as_str();
        let valid = names(valid.iter());
        let text = text::grant_operations_unfit(&unfit, symmetry(key.record.spec), usage, &valid);
        return Err(invalid(text));
    }
    let constraints = input.constraints.iter();
    let has_context = constraints.flat_map(contexts).any(|one| one.is_some());
    if has_context && key.record.spec != KeySpec::SymmetricDefault {
        return Err(invalid(text::CONTEXT_CONSTRAINT_UNFIT));
    }
    Ok(())
}

fn names<'o>(operations: impl Iterator<Item = &'o wire::GrantOperation>) -> Vec<&'static str> {
    operations.map(|operation| operation.as_str()).collect()
}

fn symmetry(spec: KeySpec) -> Symmetry {
    match spec {
        KeySpec::SymmetricDefault
        | KeySpec::Hmac224
        | KeySpec::Hmac256
        | KeySpec::Hmac384
        | KeySpec::Hmac512 => Symmetry::Symmetric,
        _ => Symmetry::Asymmetric,
    }
}

/// KMS Developer Guide, "Grant operations": those that keys of this kind can do, in the order in which
/// messages list them.
fn grantable(key: &Key) -> Vec<wire::GrantOperation> {
    use wire::GrantOperation as Op;
    let mut operations = vec![Op::CreateGrant, Op::RetireGrant, Op::DescribeKey];
    if symmetry(key.record.spec) == Symmetry::Asymmetric {
        operations.push(Op::GetPublicKey);
    }
    let of_usage: &[Op] = match (key.record.usage, key.record.spec) {
        (KeyUsage::EncryptDecrypt, KeySpec::SymmetricDefault) => &[
            Op::Decrypt,
            Op::Encrypt,
            Op::GenerateDataKey,
            Op::GenerateDataKeyWithoutPlaintext,
            Op::ReEncryptFrom,
            Op::ReEncryptTo,
            Op::GenerateDataKeyPair,
            Op::GenerateDataKeyPairWithoutPlaintext,
        ],
        (KeyUsage::EncryptDecrypt, _) => {
            &[Op::Decrypt, Op::Encrypt, Op::ReEncryptFrom, Op::ReEncryptTo]
        }
        (KeyUsage::SignVerify, _) => &[Op::Sign, Op::Verify],
        (KeyUsage::GenerateVerifyMac, _) => &[Op::GenerateMac, Op::VerifyMac],
        (KeyUsage::KeyAgreement, _) => &[Op::DeriveSharedSecret],
        (KeyUsage::EncapsulateDecapsulate, _) => &[Op::Encapsulate, Op::Decapsulate],
    };
    operations.extend(of_usage);
    operations
}

/// What the request says of the grant, with principals that exist. Errors: InvalidArnException.
fn terms(request: &Authorized<'_, CreateGrant>) -> Result<GrantTerms, Failure> {
    let (input, call) = (request.input(), request.call());
    let grantee = party(
        call,
        "GranteePrincipal",
        input.grantee_principal.as_ref(),
        input.grantee_service_principal.as_ref(),
    )?;
    let retiring = party(
        call,
        "RetiringPrincipal",
        input.retiring_principal.as_ref(),
        input.retiring_service_principal.as_ref(),
    )?;
    let missing = || invalid(text::required_member("granteePrincipal"));
    let constraints = input.constraints.clone().unwrap_or_default();
    let mut operations: Vec<GrantOperation> = Vec::new();
    for operation in input.operations.0.iter().copied().map(GrantOperation::from) {
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    Ok(GrantTerms {
        issuer: request.caller().account,
        name: input.name.as_ref().map(|name| name.as_str().to_owned()),
        grantee: grantee.ok_or_else(missing)?,
        retiring,
        operations,
        context_equals: constraints.encryption_context_equals.map(pairs),
        context_subset: constraints.encryption_context_subset.map(pairs),
        source_arn: constraints
            .source_arn
            .map(wire::GrantConstraintSourceArnType::into_string),
    })
}

fn pairs(EncryptionContextType(pairs): EncryptionContextType) -> BTreeMap<String, String> {
    let texts = pairs.iter();
    texts
        .map(|(key, value)| (key.as_str().to_owned(), value.as_str().to_owned()))
        .collect()
}

/// Why nobody is named. What each is called depends on who asks.
enum Unnamed {
    /// A unique id that nobody has, or has any more.
    UniqueId,
    Refused(Refusal),
}

/// Whom CreateGrant names under `member`, or as a service.
fn party(
    call: &Call<'_>,
    member: &str,
    principal: Option<&PrincipalIdType>,
    service: Option<&ServicePrincipalType>,
) -> Result<Option<GrantParty>, Failure> {
    if let Some(service) = service {
        return Ok(Some(GrantParty::Service(service.as_str().to_owned())));
    }
    let Some(principal) = principal else {
        return Ok(None);
    };
    let named = named(call, principal)?.map_err(|unnamed| match unnamed {
        Unnamed::UniqueId => Refusal::new(
            KmsException::InvalidArn,
            text::principal_member_not_valid(member),
        ),
        Unnamed::Refused(refusal) => refusal,
    })?;
    Ok(Some(named))
}

/// The principal with this ARN or unique id, if there is one now; a role's session need not have begun.
fn named(
    call: &Call<'_>,
    principal: &PrincipalIdType,
) -> Result<Result<GrantParty, Unnamed>, Failure> {
    let text = principal.as_str();
    let invalid = |text: String| Unnamed::Refused(Refusal::new(KmsException::InvalidArn, text));
    let (account, absent) = match Principal::parse("AWS", text) {
        Some(Principal::Account {
            account,
            partition: Some(_),
        })
        | Some(Principal::Identity { account, .. }) => {
            (Some(account), invalid(text::principal_not_valid(text)))
        }
        Some(Principal::UniqueId(_)) => (None, Unnamed::UniqueId),
        _ => return Ok(Err(invalid(text::principal_arn_not_valid(text)))),
    };
    let bound = iam::bound(call.kms, "AWS", text, call.region.partition())?;
    Ok(match (bound, account) {
        (Bound::ById(account, id), _) => Ok(GrantParty::Identity(account, id)),
        (Bound::AsWritten, Some(account)) => Ok(GrantParty::Principal(account, text.to_owned())),
        (Bound::AsWritten, None) | (Bound::Absent, _) => Err(absent),
    })
}

/// KMS API, ListGrants.
pub(super) struct ListGrants;

impl Operation for ListGrants {
    type Input = ListGrantsRequest;
    type Output = ListGrantsResponse;

    fn check(input: &ListGrantsRequest) -> Result<(), Refusal> {
        if input.grantee_principal.is_some() && input.grantee_service_principal.is_some() {
            let text = text::at_most_one_of("GranteePrincipal", "GranteeServicePrincipal");
            return Err(invalid(text));
        }
        Ok(())
    }

    fn targets(input: &ListGrantsRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListGrantsResponse, Failure> {
        let (input, key) = (request.input(), request.key()?);
        let grantee = filter(&request)?;
        if let Some(id) = &input.grant_id {
            let grant = existing(&request, &key.name, id)?;
            let is_wanted = grantee.is_none_or(|wanted| wanted == grant.terms.grantee);
            let grant = Some(grant).filter(|_| is_wanted);
            return listed(request.call(), grant.into_iter().collect(), None);
        }
        let records = &request.kms().records;
        let cursor = paging::cursor(GRANTS_LIST, input.marker.as_ref())?;
        require_own(cursor.as_ref(), |cursor| match &grantee {
            Some(grantee) => records.is_cursor_of_grants_to(&key.name, grantee, cursor),
            None => records.is_cursor_of_grants(&key.name, cursor),
        })?;
        let limit = paging::limit(input.limit, GRANTS_DEFAULT, GRANTS_MAX);
        let page = match &grantee {
            Some(grantee) => records.list_grants_to(&key.name, grantee, cursor.as_ref(), limit)?,
            None => records.list_grants(&key.name, cursor.as_ref(), limit)?,
        };
        let next = marker(GRANTS_LIST, page.next);
        listed(request.call(), page.records, next)
    }
}

/// The grantee whose grants are asked for.
fn filter(request: &Authorized<'_, ListGrants>) -> Result<Option<GrantParty>, Failure> {
    let (input, caller) = (request.input(), request.caller());
    if let Some(service) = &input.grantee_service_principal {
        return service_itself(caller, service).map(Some);
    }
    let Some(principal) = &input.grantee_principal else {
        return Ok(None);
    };
    match named(request.call(), principal)? {
        Ok(named) => Ok(Some(named)),
        Err(Unnamed::Refused(refusal)) => Err(refusal.into()),
        Err(Unnamed::UniqueId) => Err(refuse_with(
            KmsException::InvalidArn,
            text::GRANTEE_FILTER_NOT_VALID,
        )),
    }
}

/// KMS API, ListGrants: only a service may ask what is granted to a service.
fn service_itself(caller: &Caller, service: &ServicePrincipalType) -> Result<GrantParty, Failure> {
    if matches!(caller.identity, Identity::Service) && caller.arn == service.as_str() {
        return Ok(GrantParty::Service(caller.arn.clone()));
    }
    let text = text::denied_by_identity(&caller.arn, "kms:ListGrants", service.as_str());
    Err(refuse_with(KmsException::AccessDenied, text))
}

fn require_own(
    cursor: Option<&Cursor>,
    is_own: impl FnOnce(&Cursor) -> bool,
) -> Result<(), Failure> {
    match cursor {
        Some(cursor) if !is_own(cursor) => Err(refuse(KmsException::InvalidMarker)),
        Some(_) | None => Ok(()),
    }
}

fn marker(list: u8, cursor: Option<Cursor>) -> Option<MarkerType> {
    cursor.map(|cursor| paging::marker(list, cursor.as_bytes()))
}

fn listed(
    call: &Call<'_>,
    grants: Vec<GrantRecord>,
    next_marker: Option<MarkerType>,
) -> Result<ListGrantsResponse, Failure> {
    let entries = grants.into_iter().map(|grant| entry(call, grant));
    let entries: Result<Vec<_>, Failure> = entries.collect();
    Ok(ListGrantsResponse {
        grants: Some(GrantList(entries?)),
        truncated: Some(BooleanType(next_marker.is_some())),
        next_marker,
    })
}

/// The grant with this id on the key. Errors: InvalidGrantIdException.
fn existing<O: Operation>(
    request: &Authorized<'_, O>,
    key: &KeyName,
    id: &GrantIdType,
) -> Result<GrantRecord, Failure> {
    let grant = match grants::parse_id(id.as_str()) {
        Some(id) => request.kms().records.grant(key, &id)?,
        None => None,
    };
    grant.ok_or_else(|| refuse(KmsException::InvalidGrantId))
}

fn entry(call: &Call<'_>, grant: GrantRecord) -> Result<GrantListEntry, Failure> {
    let key = grant.key_name();
    let grantee = Some(grant.terms.grantee);
    let (grantee_principal, grantee_service_principal) = wire_party(call, grantee)?;
    let (retiring_principal, retiring_service_principal) = wire_party(call, grant.terms.retiring)?;
    let operations = grant.terms.operations.iter().map(|one| one.wire());
    let constraints = GrantConstraints {
        encryption_context_subset: grant.terms.context_subset.map(wire_context),
        encryption_context_equals: grant.terms.context_equals.map(wire_context),
        source_arn: grant.terms.source_arn.map(Into::into),
    };
    let issuer = grant.terms.issuer;
    let root = iam::root_arn(key.region.partition(), &issuer);
    Ok(GrantListEntry {
        key_id: Some(key.arn().into()),
        grant_id: Some(grants::id_text(&grant.id).into()),
        name: grant.terms.name.map(Into::into),
        creation_date: Some(DateType(grant.created.into())),
        grantee_principal,
        retiring_principal,
        issuing_account: Some(root.into()),
        operations: Some(GrantOperationList(operations.collect())),
        constraints: Some(constraints).filter(|given| *given != GrantConstraints::default()),
        grantee_service_principal,
        retiring_service_principal,
    })
}

type WireParty = (Option<PrincipalIdType>, Option<ServicePrincipalType>);

/// Who has a unique id is shown by the ARN of today, and who has none any more by the id.
fn wire_party(call: &Call<'_>, party: Option<GrantParty>) -> Result<WireParty, Failure> {
    Ok(match party {
        Some(GrantParty::Principal(_, arn)) => (Some(arn.into()), None),
        Some(GrantParty::Identity(_, id)) => {
            let partition = call.region.partition();
            let arn = iam::principal_with_id(&call.kms.records, &id, partition)?;
            (Some(arn.unwrap_or(id).into()), None)
        }
        Some(GrantParty::Service(service)) => (None, Some(service.into())),
        None => (None, None),
    })
}

fn wire_context(pairs: BTreeMap<String, String>) -> EncryptionContextType {
    let pairs = pairs.into_iter();
    EncryptionContextType(
        pairs
            .map(|(key, value)| (key.into(), value.into()))
            .collect(),
    )
}

/// Observed of AWS: grants are dated in whole seconds.
fn whole_seconds(time: UnixMillis) -> Millis {
    Millis(time.seconds().saturating_mul(1000))
}

/// KMS API, ListRetirableGrants, of principals of the caller's account.
pub(super) struct ListRetirableGrants;

impl Operation for ListRetirableGrants {
    type Input = ListRetirableGrantsRequest;
    type Output = ListGrantsResponse;

    fn check(input: &ListRetirableGrantsRequest) -> Result<(), Refusal> {
        if input.retiring_principal.is_some() == input.retiring_service_principal.is_some() {
            let text = text::exactly_one_of("RetiringPrincipal", "RetiringServicePrincipal");
            return Err(invalid(text));
        }
        Ok(())
    }

    fn targets(_: &ListRetirableGrantsRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListGrantsResponse, Failure> {
        let input = request.input();
        let principal = own_principal(&request)?;
        let records = &request.kms().records;
        let retiring = Retiring {
            account: &request.caller().account,
            region: &request.call().region,
            principal: principal.index_name(),
        };
        let cursor = paging::cursor(RETIRABLE_GRANTS_LIST, input.marker.as_ref())?;
        require_own(cursor.as_ref(), |cursor| {
            records.is_cursor_of_retirable_grants(&retiring, cursor)
        })?;
        let limit = paging::limit(input.limit, GRANTS_DEFAULT, GRANTS_MAX);
        let page = records.list_retirable_grants(&retiring, cursor.as_ref(), limit)?;
        let next = marker(RETIRABLE_GRANTS_LIST, page.next);
        listed(request.call(), page.records, next)
    }
}

/// The principal that the request names. Those of other accounts are as absent as those of none.
fn own_principal(request: &Authorized<'_, ListRetirableGrants>) -> Result<GrantParty, Failure> {
    let (input, caller) = (request.input(), request.caller());
    let Some(principal) = &input.retiring_principal else {
        // KMS API, ListRetirableGrants: only a service may ask what a service retires, and services have no
        // identity policy that would let them.
        let service = input.retiring_service_principal.as_ref();
        let service = service.map_or("*", ServicePrincipalType::as_str);
        return Err(refuse_with(
            KmsException::AccessDenied,
            text::denied_by_identity(&caller.arn, "kms:ListRetirableGrants", service),
        ));
    };
    match named(request.call(), principal)? {
        Ok(named) if named.account() == Some(&caller.account) => Ok(named),
        Ok(_) | Err(Unnamed::UniqueId) => Err(refuse_with(
            KmsException::NotFound,
            text::retiring_principal_not_found(principal.as_str()),
        )),
        Err(Unnamed::Refused(refusal)) => Err(refusal.into()),
    }
}

/// KMS API, RetireGrant. Whether the caller may is decided by the grant itself.
pub(super) struct RetireGrant;

impl Operation for RetireGrant {
    type Input = RetireGrantRequest;
    type Output = NoOutput;

    fn check(input: &RetireGrantRequest) -> Result<(), Refusal> {
        match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => Ok(()),
            _ => Err(invalid(text::GRANT_NOT_NAMED)),
        }
    }

    fn targets(input: &RetireGrantRequest) -> Vec<Target<'_>> {
        let target = match (&input.grant_token, &input.key_id, &input.grant_id) {
            (Some(token), _, _) => Target::GrantOfToken {
                token: token.as_str(),
            },
            (None, Some(key), Some(grant)) => Target::Grant {
                key_arn: key.as_str(),
                id: grant.as_str(),
            },
            // Refused by `check`; and without a target there is no grant to retire.
            (None, _, _) => return Vec::new(),
        };
        vec![target]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let grant = request.grant()?;
        let id = grants::id_text(&grant.id);
        request.call().note_additional("grantId", id.into());
        end(&request, grant, request.input().dry_run).await
    }
}

/// KMS API, RevokeGrant.
pub(super) struct RevokeGrant;

impl Operation for RevokeGrant {
    type Input = RevokeGrantRequest;
    type Output = NoOutput;

    fn targets(input: &RevokeGrantRequest) -> Vec<Target<'_>> {
        vec![Target::key(&input.key_id)]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let input = request.input();
        let grant = existing(&request, &request.key()?.name, &input.grant_id)?;
        end(&request, &grant, input.dry_run).await
    }
}

async fn end<O: Operation>(
    request: &Authorized<'_, O>,
    grant: &GrantRecord,
    dry_run: Option<NullableBooleanType>,
) -> Result<NoOutput, Failure> {
    would_have_succeeded(dry_run)?;
    let key = grant.key_name();
    let _turn = request.kms().grant_turns.take(&key).await;
    let ended = std::slice::from_ref(grant);
    let records = &request.kms().records;
    let changes = records.remove_grants(Changes::default(), &key, ended)?;
    request.commit(changes).await?;
    Ok(NoOutput)
}
