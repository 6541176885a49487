//! What policies would decide (IAM API, SimulateCustomPolicy, SimulatePrincipalPolicy): by the code that decides on
//! requests, on nothing but what the input brings. Key policies and grants are never looked up.

mod inputs;
mod judged;
mod policies;

use std::collections::BTreeSet;

use strongroom_aws::iam::{
    ContextKeyNamesResultListType, GetContextKeysForCustomPolicyRequest,
    GetContextKeysForPolicyResponse, GetContextKeysForPrincipalPolicyRequest,
    SimulateCustomPolicyRequest, SimulatePolicyResponse, SimulatePrincipalPolicyRequest,
};
use strongroom_aws::text::iam as text;
use strongroom_policy::folded;

use super::pages;
use crate::authorize::{Authorized, Entity, Target};
use crate::failure::Failure;
use crate::ops::Operation;
use inputs::Simulation;
use judged::Judge;
use policies::{Set, Simulated, invalid};

/// The most questions on a page (IAM API, MaxItems).
const PAGE_MAX: usize = 1000;
/// The most steps that the answers of a page may take: some seconds.
const STEPS_MAX: usize = 1 << 33;

/// IAM API, SimulateCustomPolicy.
pub(in crate::ops) struct SimulateCustomPolicy;

impl Operation for SimulateCustomPolicy {
    type Input = SimulateCustomPolicyRequest;
    type Output = SimulatePolicyResponse;

    fn targets(_: &SimulateCustomPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<SimulatePolicyResponse, Failure> {
        let input = request.input();
        let mut set = Set::given(&input.policy_input_list)?;
        set.boundary_given(input.permissions_boundary_policy_input_list.as_ref())?;
        set.guardrails_given(input.ordered_organization_policy_input_list.as_ref())?;
        let simulation = Simulation::of_custom(input, request.caller())?;
        answer(input, &simulation, set)
    }
}

/// IAM API, SimulatePrincipalPolicy.
pub(in crate::ops) struct SimulatePrincipalPolicy;

impl Operation for SimulatePrincipalPolicy {
    type Input = SimulatePrincipalPolicyRequest;
    type Output = SimulatePolicyResponse;

    fn targets(input: &SimulatePrincipalPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Arn(
            input.policy_source_arn.as_str(),
        ))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<SimulatePolicyResponse, Failure> {
        let input = request.input();
        let mut set = Set::of_principal(
            request.call(),
            &input.policy_source_arn,
            input.policy_exclusion_list.as_ref(),
        )?;
        set.add_given(input.policy_input_list.as_ref())?;
        set.boundary_given(input.permissions_boundary_policy_input_list.as_ref())?;
        let simulation = Simulation::of_principal(input, request.caller())?;
        answer(input, &simulation, set)
    }
}

fn answer<I>(
    input: &I,
    simulation: &Simulation<'_>,
    mut set: Set,
) -> Result<SimulatePolicyResponse, Failure>
where
    I: super::inputs::Lists<
            Items = Vec<strongroom_aws::iam::EvaluationResult>,
            Output = SimulatePolicyResponse,
        >,
{
    set.resource_given(simulation.resource_policy)?;
    let judge = Judge::new(simulation, &set);
    let questions = simulation.questions()?;
    require_affordable(set.bytes(), simulation.text_bytes(), questions.len())?;
    // Only what is on the page is decided.
    let page = pages::of_list(input, questions, |question| {
        format!("{:08}", question.number)
    })?;
    Ok(page.answer::<I>(|questions| {
        let questions = questions.iter();
        questions.map(|question| judge.result(question)).collect()
    }))
}

/// Refuses a simulation that could take a processor for minutes: every character of a pattern may meet every one of
/// the texts, for each question of a page. Errors: InvalidInput.
fn require_affordable(policies: usize, texts: usize, questions: usize) -> Result<(), Failure> {
    let on_page = questions.min(PAGE_MAX);
    let steps = policies.saturating_mul(texts).saturating_mul(on_page);
    if steps <= STEPS_MAX {
        return Ok(());
    }
    let what = "steps: bytes of policies times bytes of texts times questions";
    Err(invalid(text::simulation_too_large(what, STEPS_MAX)))
}

/// IAM API, GetContextKeysForCustomPolicy.
pub(in crate::ops) struct GetContextKeysForCustomPolicy;

impl Operation for GetContextKeysForCustomPolicy {
    type Input = GetContextKeysForCustomPolicyRequest;
    type Output = GetContextKeysForPolicyResponse;

    fn targets(_: &GetContextKeysForCustomPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::Account]
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GetContextKeysForPolicyResponse, Failure> {
        let set = Set::given(&request.input().policy_input_list)?;
        Ok(context_keys(&set))
    }
}

/// IAM API, GetContextKeysForPrincipalPolicy.
pub(in crate::ops) struct GetContextKeysForPrincipalPolicy;

impl Operation for GetContextKeysForPrincipalPolicy {
    type Input = GetContextKeysForPrincipalPolicyRequest;
    type Output = GetContextKeysForPolicyResponse;

    fn targets(input: &GetContextKeysForPrincipalPolicyRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Arn(
            input.policy_source_arn.as_str(),
        ))]
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<GetContextKeysForPolicyResponse, Failure> {
        let input = request.input();
        let mut set = Set::of_principal(request.call(), &input.policy_source_arn, None)?;
        set.add_given(input.policy_input_list.as_ref())?;
        Ok(context_keys(&set))
    }
}

fn context_keys(set: &Set) -> GetContextKeysForPolicyResponse {
    GetContextKeysForPolicyResponse {
        context_key_names: Some(named(&keys_asked_for(&set.identity))),
    }
}

/// The condition keys of `policies`, each in the first of its spellings.
fn keys_asked_for<'p>(policies: impl IntoIterator<Item = &'p Simulated>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let keys = policies.into_iter().flat_map(|policy| policy.keys.clone());
    keys.filter(|key| seen.insert(folded(key))).collect()
}

fn named(keys: &[String]) -> ContextKeyNamesResultListType {
    ContextKeyNamesResultListType(keys.iter().map(|key| key.as_str().into()).collect())
}

#[cfg(test)]
mod tests;
