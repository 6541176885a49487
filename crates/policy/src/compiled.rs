//! Policies made ready for evaluation: nothing is parsed when a request is decided.

use crate::case::{Caller, Case, Word};
use crate::clause::Clause;
use crate::context::{Context, Undetermined};
use crate::document::{Effect, Listed, Statement};
use crate::names::Names;
use crate::pattern::matches_ignoring_case;
use crate::policy::{Grammar, Policy};
use crate::resource::{Cut, ResourcePattern, cut};

/// A policy as decisions read it.
#[derive(Debug)]
pub struct CompiledPolicy {
    statements: Box<[CompiledStatement]>,
}

#[derive(Debug)]
struct CompiledStatement {
    sid: Option<Box<str>>,
    effect: Effect,
    principals: Option<Names>,
    actions: Option<Listed<Box<str>>>,
    resources: Resources,
    clauses: Box<[Clause]>,
}

#[derive(Debug)]
enum Resources {
    /// The grammar has none: whatever the policy belongs to.
    Implied,
    /// The grammar lets them be absent, and then nothing matches.
    Nothing,
    Listed(Listed<ResourcePattern>),
}

/// The side of a case that statements are held against.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    action: &'q str,
    resource: Option<Cut<'q>>,
    caller: &'q Caller<'q>,
    context: &'q dyn Context,
}

impl<'q> Question<'q> {
    pub(crate) fn of(case: &Case<'q>) -> Self {
        Self {
            action: case.action,
            resource: case.resource.arn.and_then(cut),
            caller: case.caller,
            context: case.context,
        }
    }
}

impl CompiledPolicy {
    /// Prepares `policy`.
    pub fn new(policy: &Policy) -> Self {
        let statements = policy.statements().iter();
        Self {
            statements: statements
                .map(|statement| CompiledStatement::new(policy, statement))
                .collect(),
        }
    }

    /// How many statements there are; at least one.
    pub fn statement_count(&self) -> usize {
        self.statements.len()
    }

    /// The Sid of the statement at `index`, counted from 0; `None` where it has none.
    pub fn sid(&self, index: usize) -> Option<&str> {
        self.statements.get(index)?.sid.as_deref()
    }

    /// The effect of the statement at `index`, counted from 0; `None` past the last one.
    pub fn effect(&self, index: usize) -> Option<Effect> {
        Some(self.statements.get(index)?.effect)
    }

    /// The first statement of this effect that matches the caller, action, resource and conditions of `case`;
    /// the policies of the case do not count. Statements are counted from 0.
    pub fn first_match(
        &self,
        effect: Effect,
        case: &Case<'_>,
    ) -> Result<Option<usize>, Undetermined> {
        self.first_matching(effect, &Question::of(case))
    }

    /// Every statement, of either effect, that matches as in [`Self::first_match`], in their order.
    pub fn matches(&self, case: &Case<'_>) -> Result<Vec<usize>, Undetermined> {
        let question = Question::of(case);
        let mut found = Vec::new();
        for (index, statement) in self.statements.iter().enumerate() {
            if statement.matches(&question)?.is_some() {
                found.push(index);
            }
        }
        Ok(found)
    }

    pub(crate) fn first_matching(
        &self,
        effect: Effect,
        question: &Question<'_>,
    ) -> Result<Option<usize>, Undetermined> {
        for (index, statement) in self.of(effect) {
            if statement.matches(question)?.is_some() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    pub(crate) fn word(
        &self,
        question: &Question<'_>,
    ) -> Result<Option<(Word, usize)>, Undetermined> {
        let mut best: Option<(Word, usize)> = None;
        for (index, statement) in self.of(Effect::Allow) {
            // An identity policy in the wrong place must not speak of everyone.
            if statement.principals.is_none() {
                continue;
            }
            let Some(word) = statement.matches(question)? else {
                continue;
            };
            if best.is_none_or(|(so_far, _)| word > so_far) {
                best = Some((word, index));
            }
        }
        Ok(best)
    }

    fn of(&self, effect: Effect) -> impl Iterator<Item = (usize, &CompiledStatement)> {
        let statements = self.statements.iter().enumerate();
        statements.filter(move |(_, statement)| statement.effect == effect)
    }
}

impl CompiledStatement {
    fn new(policy: &Policy, statement: &Statement) -> Self {
        let clauses = statement.conditions.iter();
        Self {
            sid: statement.sid.as_deref().map(Box::from),
            effect: statement.effect,
            principals: statement.principals.as_ref().map(Names::new),
            actions: statement.actions.as_ref().map(lower_case),
            resources: resources(policy, statement),
            clauses: clauses
                .map(|condition| Clause::new(condition, policy.version()))
                .collect(),
        }
    }

    /// Whether the statement matches, and how closely it names the caller; without principals, directly.
    fn matches(&self, question: &Question<'_>) -> Result<Option<Word>, Undetermined> {
        let Some(word) = self.names(question.caller) else {
            return Ok(None);
        };
        let matches = self.has_action(question.action)
            && self.has_resource(question)?
            && self.holds(question.context)?;
        Ok(matches.then_some(word))
    }

    fn names(&self, caller: &Caller<'_>) -> Option<Word> {
        match &self.principals {
            Some(names) => names.word(self.effect, caller),
            None => Some(Word::Direct),
        }
    }

    fn has_action(&self, action: &str) -> bool {
        let fits = |patterns: &[Box<str>]| {
            let mut patterns = patterns.iter();
            patterns.any(|pattern| matches_ignoring_case(pattern, action))
        };
        match &self.actions {
            None => false,
            Some(Listed::These(patterns)) => fits(patterns),
            Some(Listed::AllBut(patterns)) => !fits(patterns),
        }
    }

    fn has_resource(&self, question: &Question<'_>) -> Result<bool, Undetermined> {
        match &self.resources {
            Resources::Implied => Ok(true),
            Resources::Nothing => Ok(false),
            Resources::Listed(Listed::These(patterns)) => any_fits(patterns, question),
            Resources::Listed(Listed::AllBut(patterns)) => Ok(!any_fits(patterns, question)?),
        }
    }

    fn holds(&self, context: &dyn Context) -> Result<bool, Undetermined> {
        for clause in &self.clauses {
            if !clause.holds(context)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn any_fits(patterns: &[ResourcePattern], question: &Question<'_>) -> Result<bool, Undetermined> {
    for pattern in patterns {
        if pattern.fits(question.resource.as_ref(), question.context)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn resources(policy: &Policy, statement: &Statement) -> Resources {
    match &statement.resources {
        None if policy.grammar() == Grammar::Trust => Resources::Implied,
        None => Resources::Nothing,
        Some(listed) => {
            Resources::Listed(listed.map(|pattern| ResourcePattern::new(pattern, policy.version())))
        }
    }
}

fn lower_case(actions: &Listed<String>) -> Listed<Box<str>> {
    actions.map(|action| action.to_ascii_lowercase().into())
}
