//! The policies of a simulation, each with its document, so that results can say where a statement stands.

use strongroom_aws::error::QueryException;
use strongroom_aws::iam::{
    ArnType, ColumnNumber, LineNumber, OrganizationPolicyListType, PolicyDocumentType,
    PolicyExclusionsListType, PolicyIdentifier, PolicyIdentifierPolicyType as Excluded,
    PolicySourceType, Position, SimulationPolicyListType, Statement,
};
use strongroom_aws::text::iam as text;
use strongroom_policy::{Arn, CompiledPolicy, Grammar, Policy, position, statement_places};

use super::super::subjects::Subject;
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::{
    Document, Holder, Policies, PolicyName, documents_of_group, documents_of_role,
    documents_of_user, group_arn, role_arn, user_arn,
};
use crate::records::{GroupRecord, RoleRecord, Unreadable, UserRecord};
use crate::repository::EntityName;

/// The most bytes that the documents of an input may have together.
const DOCUMENT_BYTES_MAX: usize = 131_072;

/// A policy of a simulation.
pub(super) struct Simulated {
    pub(super) policy: CompiledPolicy,
    /// The condition keys and variables it asks for, as written.
    pub(super) keys: Vec<String>,
    id: String,
    source: PolicySourceType,
    document: String,
}

impl Simulated {
    /// One that the input brings as `parameter`. Errors: InvalidInput.
    fn given(
        parameter: String,
        source: PolicySourceType,
        document: &str,
        grammar: Grammar,
    ) -> Result<Self, Failure> {
        let policy = Policy::parse(document, grammar)
            .map_err(|error| invalid(text::unreadable_policy(&parameter, &error.to_string())))?;
        Ok(Self::new(parameter, source, document.to_owned(), &policy))
    }

    fn stored(document: Document) -> Result<Self, Failure> {
        let policy =
            Policy::parse_kept(&document.text, Grammar::Identity).map_err(|_| Unreadable)?;
        let (id, source) = name_and_source(&document);
        Ok(Self::new(id, source, document.text, &policy))
    }

    fn new(id: String, source: PolicySourceType, document: String, policy: &Policy) -> Self {
        Self {
            policy: CompiledPolicy::new(policy),
            keys: policy.condition_keys().into_iter().collect(),
            id,
            source,
            document,
        }
    }

    /// The statement at `index`, as results refer to it. AWS CLI Reference, simulate-principal-policy, example: one of
    /// a list begins where what comes before it ends.
    pub(super) fn statement(&self, index: usize) -> Statement {
        let places = statement_places(&self.document).unwrap_or_default();
        let place = places.get(index);
        Statement {
            source_policy_id: Some(self.id.as_str().into()),
            source_policy_type: Some(self.source),
            start_position: place.map(|place| self.position(place.after)),
            end_position: place.map(|place| self.position(place.text.end)),
        }
    }

    fn position(&self, offset: usize) -> Position {
        let found = position(&self.document, offset);
        let number = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        Position {
            line: Some(LineNumber(number(found.line))),
            column: Some(ColumnNumber(number(found.column))),
        }
    }
}

/// All policies of a simulation.
#[derive(Default)]
pub(super) struct Set {
    pub(super) identity: Vec<Simulated>,
    pub(super) boundary: Option<Simulated>,
    /// Levels, in each of which some policy must allow.
    pub(super) guardrails: Vec<Vec<Simulated>>,
    pub(super) resource: Option<Simulated>,
    given_bytes: usize,
}

impl Set {
    /// The policies of a PolicyInputList. Errors: InvalidInput.
    pub(super) fn given(documents: &SimulationPolicyListType) -> Result<Self, Failure> {
        let mut set = Self::default();
        set.add_given(Some(documents))?;
        Ok(set)
    }

    /// The policies of a user, group or role of the caller's account, but for those excluded. Errors: InvalidInput
    /// for an ARN of something else, NoSuchEntity.
    pub(super) fn of_principal(
        call: &Call<'_>,
        arn: &ArnType,
        excluded: Option<&PolicyExclusionsListType>,
    ) -> Result<Self, Failure> {
        let mut documents = documents_at(call, arn.as_str())?;
        let exclusions = excluded.map_or(&[][..], |list| &list.0);
        let is_kept = |one: &Document| !exclusions.iter().any(|excluded| excludes(excluded, one));
        documents.identity.retain(is_kept);
        let whole = |kind| exclusions.iter().any(|one| one.policy_type == Some(kind));
        let boundary = documents
            .boundary
            .filter(|one| is_kept(one) && !whole(Excluded::PermissionBoundary));
        let stored = documents.identity.into_iter().map(Simulated::stored);
        let mut set = Self {
            identity: stored.collect::<Result<_, _>>()?,
            boundary: boundary.map(Simulated::stored).transpose()?,
            ..Self::default()
        };
        if !whole(Excluded::Scp) {
            set.guardrail_of(call)?;
        }
        Ok(set)
    }

    fn guardrail_of(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let account = call.kms.records.account(&call.caller.account)?;
        if let Some(document) = account.and_then(|stored| stored.record.guardrail) {
            let policy =
                Policy::parse_kept(&document, Grammar::Identity).map_err(|_| Unreadable)?;
            let id = "guardrail".to_owned();
            let one = Simulated::new(id, PolicySourceType::None, document, &policy);
            self.guardrails.push(vec![one]);
        }
        Ok(())
    }

    /// Adds the policies of a PolicyInputList. Errors: InvalidInput.
    pub(super) fn add_given(
        &mut self,
        documents: Option<&SimulationPolicyListType>,
    ) -> Result<(), Failure> {
        let documents = self.read("PolicyInputList", documents)?;
        self.identity.extend(documents);
        Ok(())
    }

    /// Puts the policy of a PermissionsBoundaryPolicyInputList in place of the boundary. Errors: InvalidInput.
    pub(super) fn boundary_given(
        &mut self,
        documents: Option<&SimulationPolicyListType>,
    ) -> Result<(), Failure> {
        let mut documents = self.read("PermissionsBoundaryPolicyInputList", documents)?;
        if documents.len() > 1 {
            return Err(invalid(text::MORE_THAN_ONE_BOUNDARY.to_owned()));
        }
        self.boundary = documents.pop().or(self.boundary.take());
        Ok(())
    }

    /// Takes the levels of an OrderedOrganizationPolicyInputList. Errors: InvalidInput.
    pub(super) fn guardrails_given(
        &mut self,
        levels: Option<&OrganizationPolicyListType>,
    ) -> Result<(), Failure> {
        let levels = levels.iter().flat_map(|levels| &levels.0);
        for level in levels {
            let documents = level.service_control_policy_input_list.as_ref();
            let read = self.read("ServiceControlPolicyInputList", documents)?;
            self.guardrails.push(read);
        }
        Ok(())
    }

    /// Takes the policy of the resources. Errors: InvalidInput.
    pub(super) fn resource_given(
        &mut self,
        document: Option<&PolicyDocumentType>,
    ) -> Result<(), Failure> {
        let Some(document) = document else {
            return Ok(());
        };
        let parameter = "ResourcePolicy".to_owned();
        let source = PolicySourceType::Resource;
        let one = Simulated::given(parameter, source, document.as_str(), Grammar::Key)?;
        self.resource = Some(one);
        Ok(())
    }

    fn read(
        &mut self,
        parameter: &str,
        documents: Option<&SimulationPolicyListType>,
    ) -> Result<Vec<Simulated>, Failure> {
        let documents = documents.map_or(&[][..], |list| &list.0);
        let mut read = Vec::new();
        for (number, document) in documents.iter().enumerate() {
            let document = document.as_str();
            self.given_bytes = self.given_bytes.saturating_add(document.len());
            if self.given_bytes > DOCUMENT_BYTES_MAX {
                let text = text::simulation_too_large("bytes of policies", DOCUMENT_BYTES_MAX);
                return Err(invalid(text));
            }
            let parameter = format!("{parameter}.{}", number + 1);
            let source = PolicySourceType::None;
            read.push(Simulated::given(
                parameter,
                source,
                document,
                Grammar::Identity,
            )?);
        }
        Ok(read)
    }

    /// The bytes of all their documents.
    pub(super) fn bytes(&self) -> usize {
        self.all().map(|one| one.document.len()).sum()
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Simulated> {
        let guardrails = self.guardrails.iter().flatten();
        let one = self.boundary.iter().chain(&self.resource);
        self.identity.iter().chain(one).chain(guardrails)
    }
}

fn documents_at(call: &Call<'_>, arn: &str) -> Result<Policies<Document>, Failure> {
    let unclear = || invalid(text::unclear_entity(arn));
    let parsed: Arn = arn.parse().map_err(|_| unclear())?;
    let (kind, path) = parsed.resource().split_once('/').ok_or_else(unclear)?;
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (records, caller) = (&call.kms.records, &call.caller);
    let place = EntityName::new(caller.account, name);
    let partition = caller.partition();
    let absent = |text| refuse_with(QueryException::NoSuchEntity, text);
    match (parsed.service(), kind) {
        ("iam", "user") => {
            let user = records.user(&place)?;
            let user = user.filter(|user| user_arn(partition, &user.record.entity) == arn);
            let user = user.ok_or_else(|| absent(UserRecord::absent(name)))?;
            documents_of_user(records, caller, &user)
        }
        ("iam", "group") => {
            let group = records.group(&place)?;
            let group = group.filter(|group| group_arn(partition, &group.record.entity) == arn);
            let group = group.ok_or_else(|| absent(GroupRecord::absent(name)))?;
            documents_of_group(records, caller, &group)
        }
        ("iam", "role") => {
            let role = records.role(&place)?;
            let role = role.filter(|role| role_arn(partition, &role.record.entity) == arn);
            let role = role.ok_or_else(|| absent(RoleRecord::absent(name)))?;
            documents_of_role(records, caller, &role)
        }
        _ => Err(unclear()),
    }
}

fn name_and_source(document: &Document) -> (String, PolicySourceType) {
    match (&document.name, &document.holder) {
        (PolicyName::Managed(arn), _) => {
            let (_, name) = arn.rsplit_once('/').unwrap_or(("", arn));
            let source = match is_aws_managed(arn) {
                true => PolicySourceType::AwsManaged,
                false => PolicySourceType::UserManaged,
            };
            (name.to_owned(), source)
        }
        (PolicyName::Inline(name), Holder::User(_)) => (name.clone(), PolicySourceType::User),
        (PolicyName::Inline(name), Holder::Group(_)) => (name.clone(), PolicySourceType::Group),
        (PolicyName::Inline(name), Holder::Role(_)) => (name.clone(), PolicySourceType::Role),
        (PolicyName::Inline(name), Holder::Session | Holder::Root) => {
            (name.clone(), PolicySourceType::None)
        }
        (PolicyName::Session, _) => ("session".to_owned(), PolicySourceType::None),
    }
}

fn is_aws_managed(arn: &str) -> bool {
    arn.split(':').nth(4) == Some("aws")
}

/// IAM API, PolicyExclusionList: by kind, by ARN, or an inline policy by name and holder.
fn excludes(excluded: &PolicyIdentifier, document: &Document) -> bool {
    match &document.name {
        PolicyName::Managed(arn) => {
            let by_kind = match excluded.policy_type {
                Some(Excluded::AwsManaged) => is_aws_managed(arn),
                Some(Excluded::UserManaged) => !is_aws_managed(arn),
                _ => false,
            };
            let by_arn = excluded.policy_arn.as_ref();
            by_kind || by_arn.is_some_and(|excluded| excluded.as_str() == arn)
        }
        PolicyName::Inline(name) => {
            let by_name = excluded.inline_policy_identifier.as_ref();
            excluded.policy_type == Some(Excluded::Inline)
                || by_name.is_some_and(|one| {
                    let holder = (one.attachment_type.as_str(), one.attachment_name.as_str());
                    one.policy_name.as_str() == name && holder == holder_of(document)
                })
        }
        PolicyName::Session => false,
    }
}

fn holder_of(document: &Document) -> (&str, &str) {
    match &document.holder {
        Holder::User(name) => ("user", name),
        Holder::Group(name) => ("group", name),
        Holder::Role(name) => ("role", name),
        Holder::Session | Holder::Root => ("", ""),
    }
}

pub(super) fn invalid(text: String) -> Failure {
    refuse_with(QueryException::InvalidInput, text)
}
