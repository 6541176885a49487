//! Aliases: names of keys in one account and Region.

use strongroom_aws::error::{KmsException, Refusal};
use strongroom_aws::kms::{
    AliasList, AliasListEntry, AliasNameType, BooleanType, CreateAliasRequest, DateType,
    DeleteAliasRequest, KeyIdType, ListAliasesRequest, ListAliasesResponse, UpdateAliasRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_base::id::{AccountId, Region};
use strongroom_store::{Cursor, Expect, Table};

use super::{Operation, paging};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse, refuse_with};
use crate::key::{CHANGEABLE, Key, KeyName, alias_arn};
use crate::managed_keys;
use crate::records::AliasRecord;
use crate::repository::{AliasName, Changes, Repository};
use crate::resolve::{self, Naming, Reference};

/// KMS quotas: aliases per key.
const ALIASES_PER_KEY_MAX: usize = 50;
/// Marks the markers of these lists.
const ALIASES_LIST: u8 = 2;
const KEY_ALIASES_LIST: u8 = 5;
const ALIASES_DEFAULT: usize = 50;
const ALIASES_MAX: usize = 100;

/// Refuses names that no customer's alias may have.
fn check_name(name: &AliasNameType) -> Result<(), Refusal> {
    let name = name.as_str();
    let invalid = |text: String| Err(Refusal::new(KmsException::Validation, text));
    match name.strip_prefix("alias/") {
        None => invalid(text::ALIAS_PREFIX.to_owned()),
        Some(rest) if rest.starts_with("aws/") => Err(Refusal::bare(KmsException::NotAuthorized)),
        Some(rest) if rest.is_empty() || rest.contains(':') => {
            invalid(text::alias_invalid_characters(name))
        }
        Some(_) => Ok(()),
    }
}

fn check_target(target: &KeyIdType) -> Result<(), Refusal> {
    let target = target.as_str();
    if target.starts_with("alias/") || target.contains(":alias/") {
        return Err(Refusal::new(KmsException::Validation, text::ALIAS_OF_ALIAS));
    }
    Ok(())
}

/// Refuses one alias more than a key may have.
fn require_room(records: &Repository, key: &Key) -> Result<(), Failure> {
    let aliases = records
        .list_key_aliases(&key.name, None, ALIASES_PER_KEY_MAX)?
        .records
        .len();
    if aliases >= ALIASES_PER_KEY_MAX {
        return Err(refuse(KmsException::LimitExceeded));
    }
    Ok(())
}

/// KMS API, UpdateAlias: what an alias names stays of one kind and usage, or ciphertext and signatures
/// would silently stop to fit.
fn require_likeness(old: &Key, new: &Key) -> Result<(), Failure> {
    let kind = |key: &Key| (key.record.spec.family(), key.record.usage);
    if kind(old) == kind(new) {
        return Ok(());
    }
    Err(refuse_with(
        KmsException::Validation,
        text::alias_target_unlike(&old.arn, &new.arn),
    ))
}

/// KMS API, CreateAlias.
pub(super) struct CreateAlias;

impl Operation for CreateAlias {
    type Input = CreateAliasRequest;
    type Output = NoOutput;

    fn check(input: &CreateAliasRequest) -> Result<(), Refusal> {
        check_name(&input.alias_name)?;
        check_target(&input.target_key_id)
    }

    fn targets(input: &CreateAliasRequest) -> Vec<Target<'_>> {
        vec![
            Target::NewAlias {
                name: input.alias_name.as_str(),
            },
            Target::key(&input.target_key_id),
        ]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let key = request.key_at(1)?;
        key.require_state(CHANGEABLE)?;
        let records = &request.kms().records;
        let name = AliasName {
            account: key.name.account,
            region: key.name.region.clone(),
            name: request.input().alias_name.as_str().to_owned(),
        };
        if records.alias(&name)?.is_some() {
            let arn = alias_arn(&name.region, &name.account, &name.name);
            return Err(refuse_with(
                KmsException::AlreadyExists,
                text::alias_exists(&arn),
            ));
        }
        require_room(records, key)?;
        let now = request.env().clock.now().into();
        let alias = AliasRecord {
            name: name.name.clone(),
            target: key.name.id.clone(),
            created: now,
            updated: now,
        };
        let changes = Changes::default()
            .put_alias(&name, Expect::Absent, &alias)
            .put_key_alias(&key.name, &name.name)
            // Every alias changes its key's version: two cannot both be the last one there is room for,
            // and the key cannot begin to be deleted meanwhile.
            .put_key(Expect::At(key.version), &key.record);
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// KMS API, UpdateAlias.
pub(super) struct UpdateAlias;

impl Operation for UpdateAlias {
    type Input = UpdateAliasRequest;
    type Output = NoOutput;

    fn check(input: &UpdateAliasRequest) -> Result<(), Refusal> {
        check_name(&input.alias_name)?;
        check_target(&input.target_key_id)
    }

    fn targets(input: &UpdateAliasRequest) -> Vec<Target<'_>> {
        vec![
            Target::Alias {
                name: input.alias_name.as_str(),
            },
            Target::key(&input.target_key_id),
        ]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (name, alias, old) = request.alias()?;
        let new = request.key_at(1)?;
        new.require_state(CHANGEABLE)?;
        let mut record = alias.record.clone();
        record.updated = request.env().clock.now().into();
        let mut changes = Changes::default().put_key(Expect::At(new.version), &new.record);
        if old.name != new.name {
            require_likeness(old, new)?;
            require_room(&request.kms().records, new)?;
            record.target = new.name.id.clone();
            changes = changes
                .delete_key_alias(&old.name, &name.name)
                .put_key_alias(&new.name, &name.name);
        }
        request
            .commit(changes.put_alias(name, Expect::At(alias.version), &record))
            .await?;
        Ok(NoOutput)
    }
}

/// KMS API, DeleteAlias. The key's state does not matter.
pub(super) struct DeleteAlias;

impl Operation for DeleteAlias {
    type Input = DeleteAliasRequest;
    type Output = NoOutput;

    fn check(input: &DeleteAliasRequest) -> Result<(), Refusal> {
        check_name(&input.alias_name)
    }

    fn targets(input: &DeleteAliasRequest) -> Vec<Target<'_>> {
        vec![Target::Alias {
            name: input.alias_name.as_str(),
        }]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (name, alias, key) = request.alias()?;
        let changes = Changes::default()
            .delete_alias(name, alias.version)
            .delete_key_alias(&key.name, &name.name);
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// KMS API, ListAliases, of the account or of one key.
pub(super) struct ListAliases;

impl Operation for ListAliases {
    type Input = ListAliasesRequest;
    type Output = ListAliasesResponse;

    fn targets(_: &ListAliasesRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListAliasesResponse, Failure> {
        let (aliases, next_marker) = match &request.input().key_id {
            Some(key_id) => aliases_of_key(&request, key_id)?,
            None => aliases_of_account(&request)?,
        };
        Ok(ListAliasesResponse {
            aliases: Some(AliasList(aliases)),
            truncated: Some(BooleanType(next_marker.is_some())),
            next_marker,
        })
    }
}

type Page = (Vec<AliasListEntry>, Option<strongroom_aws::kms::MarkerType>);

fn aliases_of_account(request: &Authorized<'_, ListAliases>) -> Result<Page, Failure> {
    let (input, records) = (request.input(), &request.kms().records);
    let (account, region) = (&request.caller().account, &request.call().region);
    let cursor = paging::cursor(ALIASES_LIST, input.marker.as_ref())?;
    if cursor
        .as_ref()
        .is_some_and(|cursor| !records.is_cursor_of(Table::Aliases, account, region, cursor))
    {
        return Err(refuse(KmsException::InvalidMarker));
    }
    let limit = paging::limit(input.limit, ALIASES_DEFAULT, ALIASES_MAX);
    let page = records.list_aliases(account, region, cursor.as_ref(), limit)?;
    let mut shown = Vec::new();
    for alias in &page.records {
        let place = records.place_of_alias(&name_of(account, region, &alias.name))?;
        shown.push((place, entry(account, region, alias)));
    }
    let span = Span {
        after: cursor.as_ref(),
        last: page.next.as_ref(),
    };
    add_absent(records, account, region, &span, &mut shown)?;
    shown.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    let is_cut = page.next.is_some() || shown.len() > limit;
    shown.truncate(limit);
    let last = shown.last().filter(|_| is_cut);
    let next = last.map(|(place, _)| paging::marker(ALIASES_LIST, place.as_bytes()));
    Ok((shown.into_iter().map(|(_, entry)| entry).collect(), next))
}

/// A part of the list of aliases, which is open where a bound is absent.
struct Span<'s> {
    after: Option<&'s Cursor>,
    last: Option<&'s Cursor>,
}

impl Span<'_> {
    fn contains(&self, place: &Cursor) -> bool {
        let place = place.as_bytes();
        self.after.is_none_or(|after| after.as_bytes() < place)
            && self.last.is_none_or(|last| place <= last.as_bytes())
    }
}

/// Adds the aliases of AWS managed keys that do not exist yet, where they will be once they do: so paging
/// shows none twice when one comes into being meanwhile.
fn add_absent(
    records: &Repository,
    account: &AccountId,
    region: &Region,
    span: &Span<'_>,
    shown: &mut Vec<(Cursor, AliasListEntry)>,
) -> Result<(), Failure> {
    for name in managed_keys::alias_names() {
        let place = records.place_of_alias(&name_of(account, region, &name))?;
        let is_shown = shown.iter().any(|(known, _)| *known == place);
        if is_shown || !span.contains(&place) {
            continue;
        }
        let absent = AliasListEntry {
            alias_arn: Some(alias_arn(region, account, &name).into()),
            alias_name: Some(name.into()),
            ..AliasListEntry::default()
        };
        shown.push((place, absent));
    }
    Ok(())
}

fn name_of(account: &AccountId, region: &Region, name: &str) -> AliasName {
    AliasName {
        account: *account,
        region: region.clone(),
        name: name.to_owned(),
    }
}

/// A key has few aliases: they are sorted by name and paged in memory.
fn aliases_of_key(
    request: &Authorized<'_, ListAliases>,
    key_id: &KeyIdType,
) -> Result<Page, Failure> {
    let (input, records) = (request.input(), &request.kms().records);
    let reference = Reference::parse(
        key_id.as_str(),
        Naming::Key,
        request.caller(),
        &request.call().region,
    )?;
    if reference.account() != request.caller().account {
        let text = text::denied_unseen(&request.caller().arn, "kms:ListAliases");
        return Err(refuse_with(KmsException::AccessDenied, text));
    }
    let key: KeyName = resolve::key(records, &reference)?.name.clone();
    let mut aliases = Vec::new();
    for listed in records
        .list_key_aliases(&key, None, ALIASES_PER_KEY_MAX)?
        .records
    {
        let name = AliasName {
            account: key.account,
            region: key.region.clone(),
            name: listed.name,
        };
        aliases.extend(records.alias(&name)?.map(|alias| alias.record.clone()));
    }
    aliases.sort_by(|one, other| one.name.cmp(&other.name));
    let limit = paging::limit(input.limit, ALIASES_DEFAULT, ALIASES_MAX);
    let arn = key.arn();
    let list = paging::List {
        kind: KEY_ALIASES_LIST,
        owner: &arn,
    };
    let (page, next) = list.page(&aliases, |alias| &alias.name, input.marker.as_ref(), limit)?;
    Ok((
        page.iter()
            .map(|alias| entry(&key.account, &key.region, alias))
            .collect(),
        next,
    ))
}

fn entry(account: &AccountId, region: &Region, alias: &AliasRecord) -> AliasListEntry {
    AliasListEntry {
        alias_name: Some(alias.name.as_str().into()),
        alias_arn: Some(alias_arn(region, account, &alias.name).into()),
        target_key_id: Some(alias.target.as_str().into()),
        creation_date: Some(DateType(alias.created.into())),
        last_updated_date: Some(DateType(alias.updated.into())),
    }
}
