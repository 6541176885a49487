//! The one decision about a request (docs/design/authorization.md, "The decision"). Every error on the way
//! means no.

use crate::case::{CallerKind, Case, GrantMatch, ResourcePolicy, Word};
use crate::compiled::{CompiledPolicy, Question};
use crate::context::Undetermined;
use crate::decision::{At, Decision, Denial, Matched, Outcome, PolicyType};
use crate::document::Effect;

/// Decides `case`. Pure: the same case always has the same decision.
pub fn decide(case: &Case<'_>) -> Decision {
    let weighing = Weighing {
        case,
        question: Question::of(case),
    };
    match weighing.decide() {
        Ok(matched) => Decision {
            outcome: Outcome::Allowed,
            matched,
        },
        Err(denial) => Decision {
            outcome: Outcome::Denied(denial),
            matched: Matched::default(),
        },
    }
}

struct Weighing<'c> {
    case: &'c Case<'c>,
    question: Question<'c>,
}

impl Weighing<'_> {
    fn decide(&self) -> Result<Matched, Denial> {
        if let Some(at) = self.explicit_deny()? {
            return Err(Denial::Explicit(at));
        }
        let guardrail = self.guardrails()?;
        let matched = match self.combine() {
            Err(Denial::Missing(missing)) => self.grants(missing)?,
            decided => decided?,
        };
        Ok(Matched {
            guardrail,
            ..matched
        })
    }

    /// Step 1.
    fn explicit_deny(&self) -> Result<Option<At>, Undetermined> {
        let case = self.case;
        let boundary = case.boundary.as_slice();
        let resource = case.resource_policy.policy();
        for (policy_type, policies) in [
            (PolicyType::Guardrail, self.own_policies(case.guardrails)),
            (PolicyType::Resource, resource.as_slice()),
            (PolicyType::Identity, self.own_policies(case.identity)),
            (PolicyType::Boundary, self.own_policies(boundary)),
            (
                PolicyType::Session,
                self.own_policies(case.session.unwrap_or_default()),
            ),
        ] {
            let found = self.first(Effect::Deny, policy_type, policies)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Services and web identities have no policies of their own.
    fn own_policies<'p>(&self, policies: &'p [&'p CompiledPolicy]) -> &'p [&'p CompiledPolicy] {
        if self.case.caller.kind.is_outside_accounts() {
            return &[];
        }
        policies
    }

    /// Step 2: each must allow; the last one's statement is shown.
    fn guardrails(&self) -> Result<Option<At>, Denial> {
        if self.case.caller.kind.is_outside_accounts() {
            return Ok(None);
        }
        let mut last = None;
        for (policy, compiled) in self.case.guardrails.iter().enumerate() {
            let policy_type = PolicyType::Guardrail;
            let statement = compiled.first_matching(Effect::Allow, &self.question)?;
            let statement = statement.ok_or(Denial::Missing(policy_type))?;
            last = Some(At {
                policy_type,
                policy,
                statement,
            });
        }
        Ok(last)
    }

    /// Steps 3 and 4.
    fn combine(&self) -> Result<Matched, Denial> {
        let Some(policy) = self.case.resource_policy.policy() else {
            return self.without_resource_policy();
        };
        let Some((word, statement)) = policy.word(&self.question)? else {
            return self.unnamed();
        };
        let path = self.path(word)?;
        let beside = matches!(self.case.resource_policy, ResourcePolicy::Beside(_));
        if beside && path == Path::Own && self.is_owners() {
            return self.own();
        }
        let policy_type = PolicyType::Resource;
        let resource = Some(At {
            policy_type,
            policy: 0,
            statement,
        });
        Ok(Matched {
            resource,
            word: Some(word),
            ..self.follow(path)?
        })
    }

    fn without_resource_policy(&self) -> Result<Matched, Denial> {
        if self.is_owners() {
            return self.own();
        }
        Err(Denial::Missing(PolicyType::Resource))
    }

    /// The resource policy does not name the caller.
    fn unnamed(&self) -> Result<Matched, Denial> {
        match self.case.resource_policy {
            ResourcePolicy::Beside(_) => self.without_resource_policy(),
            ResourcePolicy::Sole(_) | ResourcePolicy::None => {
                Err(Denial::Missing(PolicyType::Resource))
            }
        }
    }

    /// What a resource policy's word still leaves to be asked.
    fn path(&self, word: Word) -> Result<Path, Denial> {
        if self.case.caller.kind.is_outside_accounts() {
            return match word {
                Word::Direct => Ok(Path::Yes),
                Word::Role | Word::Account => Err(Denial::Missing(PolicyType::Resource)),
            };
        }
        if self.is_owners() {
            Ok(Path::at_home(word))
        } else {
            Ok(Path::Own)
        }
    }

    /// Step 5; `missing` is why step 4 says no.
    fn grants(&self, missing: PolicyType) -> Result<Matched, Denial> {
        let mut reason = missing;
        for (index, grant) in self.case.grants.iter().enumerate() {
            match self.follow(self.grant_path(grant)) {
                Err(Denial::Missing(missing)) => reason = missing,
                decided => {
                    return Ok(Matched {
                        grant: Some(index),
                        ..decided?
                    });
                }
            }
        }
        Err(Denial::Missing(reason))
    }

    fn grant_path(&self, grant: &GrantMatch) -> Path {
        let outside = self.case.caller.kind.is_outside_accounts();
        let own_issuer = grant.issuer == self.case.caller.account;
        if outside || self.is_owners() || own_issuer {
            Path::at_home(grant.speaks)
        } else {
            Path::Own
        }
    }

    fn follow(&self, path: Path) -> Result<Matched, Denial> {
        match path {
            Path::Yes => Ok(Matched::default()),
            Path::Limits => self.limits(),
            Path::Own => self.own(),
        }
    }

    fn own(&self) -> Result<Matched, Denial> {
        let identity = self.identity()?;
        Ok(Matched {
            identity,
            ..self.limits()?
        })
    }

    fn limits(&self) -> Result<Matched, Denial> {
        let boundary = match &self.case.boundary {
            Some(boundary) => Some(self.allow(PolicyType::Boundary, &[boundary])?),
            None => None,
        };
        let session = match self.case.session {
            Some(policies) => Some(self.allow(PolicyType::Session, policies)?),
            None => None,
        };
        Ok(Matched {
            boundary,
            session,
            ..Matched::default()
        })
    }

    fn identity(&self) -> Result<Option<At>, Denial> {
        match self.case.caller.kind {
            CallerKind::Root => Ok(None),
            CallerKind::Service { .. } | CallerKind::WebIdentity { .. } => {
                Err(Denial::Missing(PolicyType::Resource))
            }
            CallerKind::User { .. }
            | CallerKind::RoleSession { .. }
            | CallerKind::FederatedUser => self
                .allow(PolicyType::Identity, self.case.identity)
                .map(Some),
        }
    }

    fn allow(&self, policy_type: PolicyType, policies: &[&CompiledPolicy]) -> Result<At, Denial> {
        let found = self.first(Effect::Allow, policy_type, policies)?;
        found.ok_or(Denial::Missing(policy_type))
    }

    fn first(
        &self,
        effect: Effect,
        policy_type: PolicyType,
        policies: &[&CompiledPolicy],
    ) -> Result<Option<At>, Undetermined> {
        for (policy, compiled) in policies.iter().enumerate() {
            if let Some(statement) = compiled.first_matching(effect, &self.question)? {
                return Ok(Some(At {
                    policy_type,
                    policy,
                    statement,
                }));
            }
        }
        Ok(None)
    }

    /// Whether the caller belongs to the account that owns the resource.
    fn is_owners(&self) -> bool {
        self.case.caller.account == self.case.resource.owner
    }
}

/// What must still allow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    /// Nothing.
    Yes,
    /// Boundary, then session.
    Limits,
    /// Identity, then boundary, then session.
    Own,
}

impl Path {
    /// The path of a word inside one account.
    fn at_home(word: Word) -> Self {
        match word {
            Word::Direct => Self::Yes,
            Word::Role => Self::Limits,
            Word::Account => Self::Own,
        }
    }
}

#[cfg(test)]
mod tests;
