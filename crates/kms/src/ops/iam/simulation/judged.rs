//! The result for one action and resource: the decision of `policy::decide`, and what AWS tells beside it.

use std::collections::BTreeMap;

use strongroom_aws::iam::{
    BooleanType, EvalDecisionDetailsType, EvaluationResult, OrganizationsDecisionDetail,
    PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType as Answer,
    ResourceSpecificResult, ResourceSpecificResultListType, StatementListType,
};
use strongroom_policy::{
    self as policy, Caller, CallerKind, Case, CompiledPolicy, Decision, Denial, Effect, Outcome,
    Resource, ResourcePolicy,
};

use super::inputs::{Question, Simulation};
use super::policies::{Set, Simulated};
use super::{keys_asked_for, named};
use strongroom_policy::folded;

/// MEM: the keys of EvalDecisionDetails.
const IDENTITY_SIDE: &str = "IAM Policy";
const RESOURCE_SIDE: &str = "Resource Policy";

/// What decides, again and again.
pub(super) struct Judge<'s> {
    simulation: &'s Simulation<'s>,
    set: &'s Set,
    caller: Caller<'s>,
    identity: Vec<&'s CompiledPolicy>,
    /// Condition keys that the policies ask for and the input does not state.
    missing: Vec<String>,
}

impl<'s> Judge<'s> {
    /// What decides on the questions of `simulation` by `set`.
    pub(super) fn new(simulation: &'s Simulation<'s>, set: &'s Set) -> Self {
        let mut missing = keys_asked_for(set.all());
        missing.retain(|key| !simulation.stated.contains(&folded(key)));
        Self {
            simulation,
            set,
            caller: Caller {
                account: simulation.account,
                arn: &simulation.caller_arn,
                // Resource policies name the user by ARN here: they are not stored, and so not bound.
                kind: CallerKind::User { id: "" },
            },
            identity: set.identity.iter().map(|one| &one.policy).collect(),
            missing,
        }
    }

    /// The result for `question`.
    pub(super) fn result(&self, question: &Question<'_>) -> EvaluationResult {
        let case = self.case(question);
        let decision = policy::decide(&case);
        let (answer, organizations) = self.under_guardrails(&case, &decision);
        let boundary = self.boundary(&case);
        let details = self.details(question, &case);
        let statements = StatementListType(self.statements(&case, &decision, answer));
        let specific = question.resource.map(|resource| ResourceSpecificResult {
            eval_resource_name: resource.into(),
            eval_resource_decision: answer,
            matched_statements: Some(statements.clone()),
            missing_context_values: Some(named(&self.missing)),
            eval_decision_details: details.clone(),
            permissions_boundary_decision_detail: boundary.clone(),
        });
        // IAM API, EvaluationResult: with resources, missing keys are told for each of them.
        let missing = match question.resource {
            None => named(&self.missing),
            Some(_) => named(&[]),
        };
        EvaluationResult {
            eval_action_name: question.action.into(),
            eval_resource_name: Some(question.resource.unwrap_or("*").into()),
            eval_decision: answer,
            matched_statements: Some(statements),
            missing_context_values: Some(missing),
            organizations_decision_detail: organizations,
            permissions_boundary_decision_detail: boundary,
            eval_decision_details: details,
            resource_specific_results: specific
                .map(|one| ResourceSpecificResultListType(vec![one])),
        }
    }

    fn case<'c>(&'c self, question: &Question<'c>) -> Case<'c> {
        let resource_policy = match &self.set.resource {
            None => ResourcePolicy::None,
            Some(one) if is_key(question.resource) => ResourcePolicy::Sole(&one.policy),
            Some(one) => ResourcePolicy::Beside(&one.policy),
        };
        Case {
            action: question.action,
            resource: Resource {
                arn: question.resource,
                owner: self.simulation.owner,
            },
            caller: &self.caller,
            context: &self.simulation.context,
            guardrails: &[],
            resource_policy,
            identity: &self.identity,
            boundary: self.set.boundary.as_ref().map(|one| &one.policy),
            session: None,
            grants: &[],
        }
    }

    /// The answer, and what the guardrails have to do with it: each level has to allow.
    fn under_guardrails(
        &self,
        case: &Case<'_>,
        decision: &Decision,
    ) -> (Answer, Option<OrganizationsDecisionDetail>) {
        let levels = &self.set.guardrails;
        let own = answer(decision);
        if levels.is_empty() {
            return (own, None);
        }
        let denies = levels
            .iter()
            .flatten()
            .any(|one| has(one, Effect::Deny, case));
        let allows = |level: &Vec<Simulated>| level.iter().any(|one| has(one, Effect::Allow, case));
        let passes = !denies && levels.iter().all(allows);
        let answer = match own {
            _ if denies => Answer::ExplicitDeny,
            Answer::Allowed if !passes => Answer::ImplicitDeny,
            own => own,
        };
        let allowed_by_organizations = Some(BooleanType(passes));
        let detail = OrganizationsDecisionDetail {
            allowed_by_organizations,
        };
        (answer, Some(detail))
    }

    fn boundary(&self, case: &Case<'_>) -> Option<PermissionsBoundaryDecisionDetail> {
        let boundary = self.set.boundary.as_ref()?;
        let allows = side([boundary], case) == Answer::Allowed;
        Some(PermissionsBoundaryDecisionDetail {
            allowed_by_permissions_boundary: Some(BooleanType(allows)),
        })
    }

    /// IAM API, EvalDecisionDetails: of two accounts each has its say; within one there is nothing to tell, and without
    /// a resource not even that.
    fn details(&self, question: &Question<'_>, case: &Case<'_>) -> Option<EvalDecisionDetailsType> {
        question.resource?;
        let mut details = BTreeMap::new();
        if self.simulation.owner != self.simulation.account {
            details.insert(IDENTITY_SIDE.into(), side(&self.set.identity, case));
            details.insert(RESOURCE_SIDE.into(), side(&self.set.resource, case));
        }
        Some(EvalDecisionDetailsType(details))
    }

    /// IAM API, MatchedStatements: the statements that made the decision; of a Deny nothing else.
    fn statements(
        &self,
        case: &Case<'_>,
        decision: &Decision,
        answer: Answer,
    ) -> Vec<strongroom_aws::iam::Statement> {
        let matched = &decision.matched;
        let (effect, policies): (_, Vec<&Simulated>) = match answer {
            Answer::ImplicitDeny => return Vec::new(),
            Answer::ExplicitDeny => (Effect::Deny, self.set.all().collect()),
            Answer::Allowed => {
                let identity = matched.identity.map(|_| &self.set.identity);
                let resource = matched.resource.and(self.set.resource.as_ref());
                (
                    Effect::Allow,
                    identity.into_iter().flatten().chain(resource).collect(),
                )
            }
        };
        let policies = policies.into_iter();
        policies
            .flat_map(|one| statements_of(one, effect, case))
            .collect()
    }
}

fn statements_of(
    one: &Simulated,
    effect: Effect,
    case: &Case<'_>,
) -> Vec<strongroom_aws::iam::Statement> {
    let matching = one.policy.matches(case).unwrap_or_default();
    let matching = matching.into_iter();
    matching
        .filter(|index| one.policy.effect(*index) == Some(effect))
        .map(|index| one.statement(index))
        .collect()
}

fn has(one: &Simulated, effect: Effect, case: &Case<'_>) -> bool {
    matches!(one.policy.first_match(effect, case), Ok(Some(_)))
}

/// What these policies decide by themselves.
fn side<'p>(policies: impl IntoIterator<Item = &'p Simulated> + Clone, case: &Case<'_>) -> Answer {
    let any = |effect| {
        policies
            .clone()
            .into_iter()
            .any(|one| has(one, effect, case))
    };
    if any(Effect::Deny) {
        Answer::ExplicitDeny
    } else if any(Effect::Allow) {
        Answer::Allowed
    } else {
        Answer::ImplicitDeny
    }
}

fn answer(decision: &Decision) -> Answer {
    match decision.outcome {
        Outcome::Allowed => Answer::Allowed,
        Outcome::Denied(Denial::Explicit(_)) => Answer::ExplicitDeny,
        Outcome::Denied(Denial::Missing(_) | Denial::Undetermined) => Answer::ImplicitDeny,
    }
}

/// Whether nobody has access to the resource but through its policy.
fn is_key(resource: Option<&str>) -> bool {
    let mut parts = resource.unwrap_or_default().split(':');
    parts.nth(2) == Some("kms")
}
