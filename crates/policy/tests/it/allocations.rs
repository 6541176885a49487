//! A plain decision allocates nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use strongroom_base::id::AccountId;
use strongroom_policy::{
    Caller, CallerKind, Case, CompiledPolicy, Grammar, MapContext, Policy, Resource,
    ResourcePolicy, decide,
};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: forwards to the system's allocator, whose contract is the same.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is that of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from the system's allocator.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const KEY_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/ann"]},
        "Action":"kms:*","Resource":"*"},
    {"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"}]}"#;

const IDENTITY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Deny","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/forbidden*",
        "Condition":{"StringEqualsIgnoreCase":{"aws:username":"bob"}}},
    {"Effect":"Allow","Action":["kms:Dec*","kms:Enc*"],"Resource":"arn:aws:kms:us-*:111122223333:key/*",
        "Condition":{"StringLike":{"aws:username":"a*"},"NumericLessThan":{"k:number":1e5},
            "DateGreaterThan":{"k:date":"2026-01-01"},"IpAddress":{"k:ip":["::/0","10.0.0.0/8"]},
            "Bool":{"k:bool":"true"},"BinaryEquals":{"k:bytes":"QUJD"},"Null":{"k:none":"true"},
            "ArnLike":{"k:arn":"arn:aws:s3:::*"}}}]}"#;

#[test]
fn a_plain_decision_allocates_nothing() {
    let compile = |text, grammar| CompiledPolicy::new(&Policy::parse(text, grammar).unwrap());
    let key = compile(KEY_POLICY, Grammar::Key);
    let identity = [&compile(IDENTITY, Grammar::Identity)];
    let mut context = MapContext::new();
    for (name, value) in [
        ("aws:username", "ann"),
        ("k:number", "5"),
        ("k:date", "2026-11-22T06:56:11Z"),
        ("k:ip", "10.0.0.1"),
        ("k:bool", "TRUE"),
        ("k:bytes", "QUJD"),
        ("k:arn", "arn:aws:s3:::b"),
    ] {
        context.set_one(name, value);
    }
    let account: AccountId = "111122223333".parse().unwrap();
    let caller = Caller {
        account,
        arn: "arn:aws:iam::111122223333:user/ann",
        kind: CallerKind::User {
            id: "AIDACKCEVSQ6C2EXAMPLE",
        },
    };
    let case = Case {
        action: "kms:Encrypt",
        resource: Resource {
            arn: Some("arn:aws:kms:us-east-1:111122223333:key/x"),
            owner: account,
        },
        caller: &caller,
        context: &context,
        guardrails: &[],
        resource_policy: ResourcePolicy::Sole(&key),
        identity: &identity,
        boundary: Some(identity[0]),
        session: Some(&identity),
        grants: &[],
    };
    let before = COUNT.with(Cell::get);
    let decision = decide(&case);
    assert_eq!(COUNT.with(Cell::get), before);
    assert!(decision.is_allowed(), "{decision:?}");
}
