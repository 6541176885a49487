//! Properties of all decisions.

use std::cell::Cell;

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use strongroom_policy::{
    CompiledPolicy, Context, Denial, Grammar, Outcome, Policy, Undetermined, Values,
};

use crate::world::{Failing, Reading, Same, document, scene};

/// A context that fails for one key, and notes whether it was asked for it.
struct FailsFor<'k> {
    key: &'k str,
    asked: Cell<bool>,
}

impl Context for FailsFor<'_> {
    fn values(&self, key: &str) -> Result<Values<'_>, Undetermined> {
        if key == self.key {
            self.asked.set(true);
            return Err(Undetermined);
        }
        Ok(Values::Absent)
    }
}

fn deny(action: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": "*"})
}

proptest! {
    #[test]
    fn a_policy_as_shown_decides_as_written(scene in scene()) {
        prop_assert_eq!(scene.decide(Reading::AsWritten), scene.decide(Reading::AsShown));
    }

    #[test]
    fn a_deny_more_never_makes_a_yes(scene in scene(), action in "kms:(\\*|Encrypt|De\\*)", place in 0..5_usize) {
        let before = scene.decide(Reading::AsWritten);
        let mut more = scene;
        let own = deny(&action);
        let mut key = deny(&action);
        key["Principal"] = json!("*");
        match place {
            0 => more.guardrails.iter_mut().for_each(|policy| policy.insert(0, own.clone())),
            1 => more.resource.push(key),
            2 => more.identity.push(vec![own]),
            3 => more.boundary.iter_mut().for_each(|policy| policy.push(own.clone())),
            _ => more.session.iter_mut().for_each(|policies| policies.push(vec![own.clone()])),
        }
        prop_assert!(before.is_allowed() || !more.decide(Reading::AsWritten).is_allowed());
    }

    #[test]
    fn an_allow_more_never_makes_a_no(scene in scene(), place in 0..3_usize) {
        let before = scene.decide(Reading::AsWritten);
        let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let mut more = scene;
        match place {
            0 => more.identity.push(vec![allow]),
            1 => more.boundary.iter_mut().for_each(|policy| policy.push(allow.clone())),
            _ => more.session.iter_mut().for_each(|policies| policies.push(vec![allow.clone()])),
        }
        prop_assert!(!before.is_allowed() || more.decide(Reading::AsWritten).is_allowed());
    }

    #[test]
    fn a_key_that_cannot_be_had_denies_once_it_is_asked_for(
        scene in scene(),
        key in "k:(a|b|many|none)",
    ) {
        let context = FailsFor { key: &key, asked: Cell::new(false) };
        let decision = scene.decide_in(Reading::AsWritten, &context);
        let undetermined = decision.outcome == Outcome::Denied(Denial::Undetermined);
        prop_assert_eq!(context.asked.get(), undetermined);
        prop_assert!(!undetermined || !decision.is_allowed());
        prop_assert!(scene.decide_in(Reading::AsWritten, &Failing).outcome == Outcome::Denied(Denial::Undetermined)
            || scene.decide(Reading::AsWritten) == scene.decide_in(Reading::AsWritten, &Failing));
    }

    #[test]
    fn no_value_panics(scene in scene(), value in any::<String>()) {
        scene.decide_in(Reading::AsWritten, &Same(value));
    }

    #[test]
    fn no_broken_document_panics(
        scene in scene(),
        at in any::<proptest::sample::Index>(),
        junk in r#"[{}\[\]",:*?a0-9.$']{0,4}"#,
    ) {
        let text = document(&scene.resource);
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let (head, tail) = text.split_at(*at.get(&places));
        for broken in [format!("{head}{junk}{tail}"), head.to_owned() + &junk] {
            for grammar in [Grammar::Identity, Grammar::Key, Grammar::Trust] {
                if let Ok(policy) = Policy::parse(&broken, grammar) {
                    let _ = (CompiledPolicy::new(&policy), policy.condition_keys());
                    let same = policy.map_principals(|_, _| None);
                    prop_assert_eq!(same.as_ref(), Ok(&policy));
                }
            }
        }
    }
}

/// The properties above would say nothing if scenes were all alike.
#[test]
fn scenes_have_every_outcome() {
    let mut runner = TestRunner::deterministic();
    let mut counts = [0_usize; 3];
    for _ in 0..2000 {
        let scene = scene().new_tree(&mut runner).unwrap().current();
        let kind = match scene.decide(Reading::AsWritten).outcome {
            Outcome::Allowed => 0,
            Outcome::Denied(Denial::Explicit(_)) => 1,
            Outcome::Denied(_) => 2,
        };
        counts[kind] += 1;
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
