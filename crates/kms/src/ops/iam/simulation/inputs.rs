//! What both simulations are asked: who would call, for what, under which condition keys.

use std::collections::BTreeSet;

use strongroom_aws::iam::{
    self as wire, ActionNameListType, BooleanType, ContextEntryListType, ContextKeyTypeEnum,
    EvaluationResult, EvaluationResultsListType, MarkerType, MaxItemsType, PolicyDocumentType,
    ResourceNameListType, ResourceNameType, ResponseMarkerType, SimulateCustomPolicyRequest,
    SimulatePrincipalPolicyRequest,
};
use strongroom_aws::text::iam as text;
use strongroom_base::id::AccountId;
use strongroom_policy::{IdentityKind, MapContext, Principal, folded};

use super::super::inputs::{Lists, lists};
use super::policies::invalid;
use crate::failure::Failure;
use crate::iam::Caller;

/// The most pairs of an action and a resource in a simulation.
const QUESTIONS_MAX: usize = 10_000;

lists! {
    SimulateCustomPolicyRequest SimulatePolicyResponse evaluation_results: Vec<EvaluationResult> = results;
    SimulatePrincipalPolicyRequest SimulatePolicyResponse evaluation_results: Vec<EvaluationResult> = results;
}

fn results(results: Vec<EvaluationResult>) -> Option<EvaluationResultsListType> {
    Some(EvaluationResultsListType(results))
}

/// What a simulation is asked.
pub(super) struct Simulation<'i> {
    /// The account that would call.
    pub(super) account: AccountId,
    /// The ARN of the user who would call; "" when nothing asks for one.
    pub(super) caller_arn: String,
    /// The account that owns the resources.
    pub(super) owner: AccountId,
    /// The policy of the resources.
    pub(super) resource_policy: Option<&'i PolicyDocumentType>,
    /// The condition keys.
    pub(super) context: MapContext,
    /// Their names as they are compared.
    pub(super) stated: BTreeSet<String>,
    context_bytes: usize,
    actions: &'i ActionNameListType,
    resources: Option<&'i ResourceNameListType>,
}

/// One pair of an action and a resource.
pub(super) struct Question<'i> {
    /// Its place in the order of results, from 0.
    pub(super) number: usize,
    /// The action.
    pub(super) action: &'i str,
    /// The resource; `None` where none is named, or all are.
    pub(super) resource: Option<&'i str>,
}

impl<'i> Simulation<'i> {
    /// What SimulateCustomPolicy is asked. Errors: InvalidInput.
    pub(super) fn of_custom(
        input: &'i SimulateCustomPolicyRequest,
        caller: &Caller,
    ) -> Result<Self, Failure> {
        let asked = Asked {
            caller_arn: input.caller_arn.as_ref().map(ResourceNameType::as_str),
            owner: input.resource_owner.as_ref(),
            resource_policy: input.resource_policy.as_ref(),
            entries: input.context_entries.as_ref(),
            actions: &input.action_names,
            resources: input.resource_arns.as_ref(),
        };
        asked.simulation(caller)
    }

    /// What SimulatePrincipalPolicy is asked. Errors: InvalidInput.
    pub(super) fn of_principal(
        input: &'i SimulatePrincipalPolicyRequest,
        caller: &Caller,
    ) -> Result<Self, Failure> {
        let source = input.policy_source_arn.as_str();
        let stated = input.caller_arn.as_ref().map(ResourceNameType::as_str);
        let asked = Asked {
            caller_arn: stated.or(account_of_user(source).map(|_| source)),
            owner: input.resource_owner.as_ref(),
            resource_policy: input.resource_policy.as_ref(),
            entries: input.context_entries.as_ref(),
            actions: &input.action_names,
            resources: input.resource_arns.as_ref(),
        };
        asked.simulation(caller)
    }

    /// The bytes that the patterns of policies may meet in one question: condition keys, a resource and an action.
    pub(super) fn text_bytes(&self) -> usize {
        let resources = self.resources.iter().flat_map(|list| &list.0);
        let resource = resources.map(|resource| resource.as_str().len()).max();
        let actions = self.actions.0.iter();
        let action = actions.map(|action| action.as_str().len()).max();
        [
            self.context_bytes,
            resource.unwrap_or_default(),
            action.unwrap_or_default(),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }

    /// Every pair of an action and a resource, in the order of results. Errors: InvalidInput.
    pub(super) fn questions(&self) -> Result<Vec<Question<'i>>, Failure> {
        let resources = self.resources.map_or(&[][..], |list| &list.0);
        let actions = &self.actions.0;
        if actions.len().saturating_mul(resources.len().max(1)) > QUESTIONS_MAX {
            let text = text::simulation_too_large("actions and resources", QUESTIONS_MAX);
            return Err(invalid(text));
        }
        let named = resources.iter().map(|name| Some(name.as_str()));
        let resources: Vec<Option<&str>> = match resources {
            [] => vec![None],
            _ => named.map(|name| name.filter(|name| *name != "*")).collect(),
        };
        let pairs = actions.iter().flat_map(|action| {
            let resources = resources.iter();
            resources.map(move |resource| (action.as_str(), *resource))
        });
        let numbered = pairs.enumerate();
        Ok(numbered
            .map(|(number, (action, resource))| Question {
                number,
                action,
                resource,
            })
            .collect())
    }
}

/// The parameters that both simulations have.
struct Asked<'i> {
    caller_arn: Option<&'i str>,
    owner: Option<&'i ResourceNameType>,
    resource_policy: Option<&'i PolicyDocumentType>,
    entries: Option<&'i ContextEntryListType>,
    actions: &'i ActionNameListType,
    resources: Option<&'i ResourceNameListType>,
}

impl<'i> Asked<'i> {
    fn simulation(self, caller: &Caller) -> Result<Simulation<'i>, Failure> {
        let account = match self.caller_arn {
            Some(arn) => {
                account_of_user(arn).ok_or_else(|| invalid(text::caller_is_no_user(arn)))?
            }
            // IAM API, CallerArn: a resource policy speaks of somebody.
            None if self.resource_policy.is_some() => {
                return Err(invalid(text::CALLER_ARN_REQUIRED.to_owned()));
            }
            None => caller.account,
        };
        let (context, stated) = self.context()?;
        Ok(Simulation {
            account,
            caller_arn: self.caller_arn.unwrap_or_default().to_owned(),
            owner: self.owner()?.unwrap_or(account),
            resource_policy: self.resource_policy,
            context,
            stated,
            context_bytes: self.context_bytes(),
            actions: self.actions,
            resources: self.resources,
        })
    }

    fn owner(&self) -> Result<Option<AccountId>, Failure> {
        let Some(owner) = self.owner.map(ResourceNameType::as_str) else {
            return Ok(None);
        };
        match Principal::parse("AWS", owner) {
            Some(Principal::Account { account, .. }) => Ok(Some(account)),
            _ => Err(invalid(text::owner_is_no_account(owner))),
        }
    }

    fn context_bytes(&self) -> usize {
        let entries = self.entries.iter().flat_map(|entries| &entries.0);
        let lists = entries.filter_map(|entry| entry.context_key_values.as_ref());
        let values = lists.flat_map(|values| &values.0);
        values.map(|value| value.as_str().len()).sum()
    }

    fn context(&self) -> Result<(MapContext, BTreeSet<String>), Failure> {
        let (mut context, mut stated) = (MapContext::new(), BTreeSet::new());
        for entry in self.entries.iter().flat_map(|entries| &entries.0) {
            let Some(name) = &entry.context_key_name else {
                return Err(invalid(text::CONTEXT_ENTRY_WITHOUT_NAME.to_owned()));
            };
            let values = entry.context_key_values.iter().flat_map(|values| &values.0);
            let mut values: Vec<String> = values.map(|value| value.as_str().to_owned()).collect();
            match values.pop() {
                Some(only) if values.is_empty() && !is_list(entry.context_key_type) => {
                    context.set_one(name.as_str(), only);
                }
                last => {
                    values.extend(last);
                    context.set_many(name.as_str(), values);
                }
            }
            stated.insert(folded(name.as_str()));
        }
        Ok((context, stated))
    }
}

fn is_list(kind: Option<ContextKeyTypeEnum>) -> bool {
    kind.is_some_and(|kind| kind.as_str().ends_with("List"))
}

/// IAM API, CallerArn: only users can be simulated as callers.
fn account_of_user(arn: &str) -> Option<AccountId> {
    match Principal::parse("AWS", arn)? {
        Principal::Identity {
            kind: IdentityKind::User,
            account,
            ..
        } => Some(account),
        _ => None,
    }
}
