//! From a draft to a call: chosen from what answers told of, by chance of the draft's own. Most calls are such as may
//! succeed; the rest name what is gone, forbidden, elsewhere or somebody else's.

use std::collections::BTreeMap;

use super::chance::Chance;
use super::history::Draft;
use crate::model::{
    Call, Context, Effect, Operations as Op, Operator, Policy, Signer, Spec, Statement, Who,
};

/// The accounts of every history.
pub(super) const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
/// The Regions of every history.
pub(super) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
/// The users of every history, each with its account.
pub(super) const USERS: [(&str, &str); 3] = [
    (ACCOUNTS[0], "alice"),
    (ACCOUNTS[0], "bob"),
    (ACCOUNTS[1], "carol"),
];
/// A user who comes and goes, and signs nothing.
const COMES_AND_GOES: (&str, &str) = (ACCOUNTS[0], "dave");
const ALIASES: [&str; 3] = ["alias/red", "alias/blue", "alias/green"];
/// Of the access keys of an account, so many are more likely than others.
const NEWEST: usize = 3;
const TEAMS: [&str; 2] = ["red", "blue"];
const POLICIES: [&str; 2] = ["first", "second"];
const NOBODYS_KEY: &str = "00000000-0000-4000-8000-00000000dead";

/// An access key that an answer told of.
#[derive(Clone, Debug)]
pub(super) struct KnownAccessKey {
    pub account: String,
    /// Nothing of a root.
    pub user: Option<String>,
    pub signer: Signer,
}

/// A key that an answer told of.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    pub account: String,
    pub region: String,
    pub id: String,
    pub spec: Spec,
}

impl KnownKey {
    pub(super) fn arn(&self) -> String {
        format!(
            "arn:aws:kms:{}:{}:key/{}",
            self.region, self.account, self.id
        )
    }
}

/// A ciphertext, MAC or signature that an answer gave.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub key: KnownKey,
    /// What it was made of.
    pub of: Vec<u8>,
    pub context: Context,
    pub bytes: Vec<u8>,
}

/// What answers told of, in the order in which they did, whether it is still there or not.
#[derive(Default)]
pub(super) struct Known {
    pub access_keys: Vec<KnownAccessKey>,
    pub keys: Vec<KnownKey>,
    pub ciphertexts: Vec<Made>,
    pub marks: Vec<Made>,
    /// Keys whose deletion was scheduled.
    pub scheduled: Vec<KnownKey>,
    /// Keys and ids of grants.
    pub grants: Vec<(KnownKey, String)>,
}

impl Known {
    /// The root of `account`.
    pub(super) fn root(&self, account: &str) -> Signer {
        let roots = self.access_keys.iter();
        let root = roots
            .filter(|key| key.user.is_none())
            .find(|key| key.account == account);
        root.expect("every account has a root").signer.clone()
    }

    /// The call of `draft`.
    pub(super) fn call(&self, draft: Draft) -> Call {
        let mut chance = Chance::new(draft);
        match chance.weighed(&[80, 20]) {
            0 => self.kms_call(&mut chance),
            _ => self.iam_call(&mut chance),
        }
    }

    fn kms_call(&self, chance: &mut Chance) -> Call {
        if let (true, Some(key)) = (chance.one_in(40), self.scheduled.last()) {
            return Call {
                signer: self.signer(chance, &key.account),
                region: key.region.clone(),
                operation: Op::CancelKeyDeletion(key.arn()),
            };
        }
        if chance.one_in(16) && !self.marks.is_empty() {
            return self.verification(chance);
        }
        let made = (chance.one_in(5) && !self.ciphertexts.is_empty())
            .then(|| chance.pick(&self.ciphertexts));
        // Rather the newer keys, which are more likely to be there.
        let newest = self.keys.len().saturating_sub(7);
        let key = match (made, chance.one_in(4)) {
            (Some(made), _) => &made.key,
            (None, true) => chance.pick(&self.keys),
            (None, false) => chance.pick(&self.keys[newest..]),
        };
        let signer = self.signer(chance, &key.account);
        let region = match chance.one_in(25) {
            true => (*chance.pick(&REGIONS)).to_owned(),
            false => key.region.clone(),
        };
        let operation = match made {
            Some(made) => self.decryption(chance, made),
            None => self.kms_operation(chance, key),
        };
        Call {
            signer,
            region,
            operation,
        }
    }

    /// Rather somebody of `account`, rather its root; now and then a forger.
    fn signer(&self, chance: &mut Chance, account: &str) -> Signer {
        let known = match chance.weighed(&[40, 45, 15]) {
            0 => return self.root(account),
            1 => {
                let own = self.access_keys.iter().filter(|key| key.account == account);
                let own: Vec<_> = own.collect();
                // Those of the beginning, and the newest: others may be gone.
                let newest = own.len().saturating_sub(NEWEST);
                let likely = [&own[..own.len().min(NEWEST)], &own[newest..]].concat();
                (*chance.pick(&likely)).clone()
            }
            _ => chance.pick(&self.access_keys).clone(),
        };
        let mut signer = known.signer;
        if chance.one_in(60) {
            signer.secret = format!("not {}", signer.secret);
        }
        signer
    }

    fn kms_operation(&self, chance: &mut Chance, key: &KnownKey) -> Op {
        let account = key.account.as_str();
        let name = name(chance, key);
        let bare = bare_name(chance, key);
        let state_changes = [
            Op::DisableKey(bare.clone()),
            Op::EnableKey(bare.clone()),
            Op::EnableKey(bare.clone()),
            Op::ScheduleKeyDeletion(bare.clone(), *chance.pick(&[7, 7, 8, 30, 5])),
            Op::CancelKeyDeletion(bare.clone()),
            Op::CancelKeyDeletion(bare.clone()),
        ];
        match chance.weighed(&[26, 15, 10, 12, 10, 9, 9]) {
            0 => Self::use_of(chance, key, name),
            1 => chance.pick(&state_changes).clone(),
            2 => match chance.weighed(&[3, 2]) {
                0 => Op::PutKeyPolicy(bare, key_policy(chance, account)),
                _ => Op::GetKeyPolicy(bare),
            },
            3 => self.grant_operation(chance, key, bare),
            4 => alias_operation(chance, bare),
            5 => match chance.weighed(&[3, 2, 2, 2, 1, 1]) {
                0 => Op::CreateKey {
                    spec: *chance.pick(&[
                        Spec::Symmetric,
                        Spec::Symmetric,
                        Spec::Hmac,
                        Spec::MlDsa,
                    ]),
                    policy: chance.one_in(3).then(|| key_policy(chance, account)),
                    tags: tags(chance),
                },
                1 => Op::TagResource(bare, one_tag(chance)),
                2 => Op::UntagResource(bare, vec!["team".to_owned()]),
                3 => Op::ListResourceTags(bare),
                4 => Op::UpdateKeyDescription(bare, format!("of {}", chance.below(9))),
                _ => Op::ListKeys,
            },
            _ => match chance.weighed(&[4, 2, 1, 2, 2]) {
                0 => Op::DescribeKey(name),
                1 => Op::EnableKeyRotation(bare, *chance.pick(&[None, Some(90), Some(365)])),
                2 => Op::DisableKeyRotation(bare),
                3 => Op::GetKeyRotationStatus(bare),
                _ => Op::RotateKeyOnDemand(bare),
            },
        }
    }

    /// What the key is for; seldom what another is for.
    fn use_of(chance: &mut Chance, key: &KnownKey, name: String) -> Op {
        let spec = match chance.one_in(20) {
            true => *chance.pick(&[Spec::Symmetric, Spec::Hmac]),
            false => key.spec,
        };
        let message = vec![u8::try_from(chance.below(4)).expect("small"); 3];
        match spec {
            Spec::Symmetric if chance.one_in(3) => Op::GenerateDataKey {
                key: name,
                context: context(chance),
            },
            Spec::Symmetric => Op::Encrypt {
                key: name,
                plaintext: message,
                context: context(chance),
            },
            Spec::Hmac => Op::GenerateMac(name, message),
            Spec::MlDsa => Op::Sign(name, message),
        }
    }

    /// Of a MAC or signature, seldom of one that was changed or is the other.
    fn verification(&self, chance: &mut Chance) -> Call {
        let made = chance.pick(&self.marks);
        let mut bytes = made.bytes.clone();
        if chance.one_in(6) {
            bytes[0] ^= 1;
        }
        let name = name(chance, &made.key);
        let takes_for_mac = (made.key.spec == Spec::Hmac) != chance.one_in(12);
        Call {
            signer: self.signer(chance, &made.key.account),
            region: made.key.region.clone(),
            operation: match takes_for_mac {
                true => Op::VerifyMac(name, made.of.clone(), bytes),
                false => Op::Verify(name, made.of.clone(), bytes),
            },
        }
    }

    fn decryption(&self, chance: &mut Chance, made: &Made) -> Op {
        let mut ciphertext = made.bytes.clone();
        if chance.one_in(25) {
            let at = chance.below(ciphertext.len());
            ciphertext[at] ^= 1;
        }
        let named = match chance.weighed(&[10, 6, 1]) {
            0 => None,
            1 => Some(name(chance, &made.key)),
            _ => Some(chance.pick(&self.keys).arn()),
        };
        let from = match chance.one_in(10) {
            true => context(chance),
            false => made.context.clone(),
        };
        if chance.one_in(3) {
            let fit = self.keys.iter();
            let fit: Vec<_> = fit
                .filter(|key| key.region == made.key.region && key.spec == Spec::Symmetric)
                .collect();
            let destination = match chance.one_in(8) {
                true => chance.pick(&self.keys),
                false => chance.pick(&fit),
            };
            return Op::ReEncrypt {
                source: named,
                ciphertext,
                from,
                destination: name(chance, destination),
                to: context(chance),
            };
        }
        Op::Decrypt {
            key: named,
            ciphertext,
            context: from,
        }
    }

    fn grant_operation(&self, chance: &mut Chance, key: &KnownKey, bare: String) -> Op {
        let own = self.grants.iter().filter(|(of, _)| of.id == key.id);
        let own: Vec<_> = own.collect();
        match chance.weighed(&[5, 2, 2, 2]) {
            1 => Op::ListGrants(bare),
            2 if !own.is_empty() => Op::RetireGrant(key.arn(), chance.pick(&own).1.clone()),
            3 if !own.is_empty() => Op::RevokeGrant(bare, chance.pick(&own).1.clone()),
            _ => grant(chance, key, bare),
        }
    }

    fn iam_call(&self, chance: &mut Chance) -> Call {
        if chance.one_in(6) {
            let (account, user) = COMES_AND_GOES;
            let user = user.to_owned();
            return Call {
                signer: self.root(account),
                region: REGIONS[0].to_owned(),
                operation: match chance.one_in(3) {
                    true => Op::DeleteUser(user),
                    false => Op::CreateUser(user),
                },
            };
        }
        let (account, user) = *chance.pick(&USERS);
        let signer = match chance.one_in(6) {
            true => self.signer(chance, account),
            false => self.root(account),
        };
        let user_name = user.to_owned();
        let own = self.access_keys.iter();
        let own: Vec<_> = own
            .filter(|key| key.account == account && key.user.as_deref() == Some(user))
            .collect();
        let policy_name = (*chance.pick(&POLICIES)).to_owned();
        let operation = match chance.weighed(&[6, 2, 2, 3, 2, 1, 1, 1]) {
            0 => Op::PutUserPolicy(
                user_name,
                policy_name,
                identity_policy(chance, account, user),
            ),
            1 => Op::DeleteUserPolicy(user_name, policy_name),
            2 => Op::CreateAccessKey(user_name),
            3 if !own.is_empty() => {
                let id = chance.pick(&own).signer.access_key_id.clone();
                Op::UpdateAccessKey(user_name, id, !chance.one_in(3))
            }
            4 if !own.is_empty() => {
                Op::DeleteAccessKey(user_name, chance.pick(&own).signer.access_key_id.clone())
            }
            5 => Op::DeleteUser(user_name),
            6 => Op::CreateUser(user_name),
            _ => Op::ListAccessKeys(user_name),
        };
        Call {
            signer,
            region: REGIONS[0].to_owned(),
            operation,
        }
    }
}

/// A key by one of its names, its aliases among them.
fn name(chance: &mut Chance, key: &KnownKey) -> String {
    match chance.weighed(&[3, 6, 2, 1]) {
        0 | 1 => bare_name(chance, key),
        2 => (*chance.pick(&ALIASES)).to_owned(),
        _ => {
            let alias = chance.pick(&ALIASES);
            format!("arn:aws:kms:{}:{}:{alias}", key.region, key.account)
        }
    }
}

/// A key by id or ARN; seldom one that is not there, or not in this Region.
fn bare_name(chance: &mut Chance, key: &KnownKey) -> String {
    match chance.weighed(&[30, 60, 2, 2, 2]) {
        0 => key.id.clone(),
        1 => key.arn(),
        2 => key
            .arn()
            .replace(&key.region, chance.pick::<&str>(&REGIONS)),
        3 => key.arn().replace(&key.id, NOBODYS_KEY),
        _ => (*chance.pick(&ALIASES)).to_owned(),
    }
}

fn alias_operation(chance: &mut Chance, key: String) -> Op {
    let alias = (*chance.pick(&ALIASES)).to_owned();
    match chance.weighed(&[4, 3, 2, 1]) {
        // What an alias is an alias of has an exception of its own, which is not modelled.
        0 | 1 if key.starts_with("alias/") => Op::ListAliases,
        0 => Op::CreateAlias(alias, key),
        1 => Op::UpdateAlias(alias, key),
        2 => Op::DeleteAlias(alias),
        _ => Op::ListAliases,
    }
}

fn context(chance: &mut Chance) -> Context {
    let pair = |key: &str, value: &str| Context::from([(key.to_owned(), value.to_owned())]);
    match chance.below(5) {
        0 => pair("purpose", "a"),
        1 => pair("purpose", "b"),
        2 => pair("Purpose", "a"),
        3 => {
            let mut both = pair("purpose", "a");
            both.extend(pair("tenant", "x"));
            both
        }
        _ => Context::new(),
    }
}

fn tags(chance: &mut Chance) -> BTreeMap<String, String> {
    match chance.one_in(3) {
        true => one_tag(chance),
        false => BTreeMap::new(),
    }
}

fn one_tag(chance: &mut Chance) -> BTreeMap<String, String> {
    BTreeMap::from([("team".to_owned(), (*chance.pick(&TEAMS)).to_owned())])
}

fn user(chance: &mut Chance) -> Who {
    let (account, name) = match chance.one_in(8) {
        true => COMES_AND_GOES,
        false => *chance.pick(&USERS),
    };
    Who::User(account.to_owned(), name.to_owned())
}

fn grant(chance: &mut Chance, key: &KnownKey, bare: String) -> Op {
    let fit: &[&str] = match key.spec {
        Spec::Symmetric => &[
            "Encrypt",
            "Decrypt",
            "GenerateDataKey",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        Spec::Hmac => &["GenerateMac", "VerifyMac"],
        Spec::MlDsa => &["Sign", "Verify"],
    };
    let all = fit
        .iter()
        .chain(&["DescribeKey", "CreateGrant", "RetireGrant"]);
    let mut operations: Vec<String> = all
        .filter(|_| chance.one_in(2))
        .map(|operation| (*operation).to_owned())
        .collect();
    if operations.is_empty() || chance.one_in(30) {
        operations.push("Encrypt".to_owned());
    }
    let kind = chance.below(4);
    let constraint = Some(context(chance)).filter(|context| !context.is_empty());
    Op::CreateGrant {
        key: bare,
        grantee: user(chance),
        retiring: chance.one_in(3).then(|| user(chance)),
        operations,
        equals: constraint.clone().filter(|_| kind == 0),
        subset: constraint.filter(|_| kind == 1),
        name: chance.one_in(3).then(|| "named".to_owned()),
    }
}

const USES: [&str; 6] = [
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncrypt*",
    "kms:GenerateDataKey",
    "kms:GenerateMac",
    "kms:Describe*",
];

fn some_uses(chance: &mut Chance) -> Vec<&'static str> {
    let mut uses = vec![*chance.pick(&USES)];
    uses.extend(USES.iter().filter(|_| chance.one_in(3)));
    uses
}

/// A policy for a key of `account`: mostly what a key has anyway, and more.
fn key_policy(chance: &mut Chance, account: &str) -> Policy {
    let root = Who::Account(account.to_owned());
    let mut policy = Policy::delegating_to(account);
    if chance.one_in(12) {
        // Nobody may put another one after this.
        policy.statements[0].actions = vec!["kms:Encrypt".to_owned()];
    }
    if chance.one_in(10) {
        policy.statements[0] = Statement::new(
            Effect::Allow,
            &[root],
            &["kms:*Key*", "kms:*Grant*"],
            &["*"],
        );
    }
    for _ in 0..chance.below(3) {
        policy.statements.push(key_statement(chance));
    }
    policy
}

fn key_statement(chance: &mut Chance) -> Statement {
    let (allow, deny) = (Effect::Allow, Effect::Deny);
    let who = [user(chance)];
    let elsewhere = [Who::Account((*chance.pick(&ACCOUNTS)).to_owned())];
    let uses = some_uses(chance);
    match chance.below(9) {
        0 | 1 => Statement::new(allow, &who, &uses, &["*"]),
        2 => Statement::new(allow, &elsewhere, &["kms:*"], &["*"]),
        3 => Statement::new(allow, &[Who::Anyone], &uses, &["*"]).when(
            Operator::StringEquals,
            "kms:CallerAccount",
            &[ACCOUNTS[1]],
        ),
        4 => Statement::new(deny, &who, &uses, &["*"]).when(
            Operator::StringNotEquals,
            "kms:EncryptionContext:purpose",
            &["a"],
        ),
        5 => Statement::new(
            deny,
            &[Who::Anyone],
            &["kms:ScheduleKeyDeletion", "KMS:disablekey"],
            &["*"],
        ),
        6 => Statement::new(deny, &[Who::Anyone], &uses, &["*"]).when(
            Operator::StringLike,
            "aws:ResourceTag/team",
            &["r?d"],
        ),
        7 => Statement::new(allow, &who, &uses, &["*"]).when(
            Operator::AnyStringEquals,
            "kms:ResourceAliases",
            &["alias/blue"],
        ),
        _ => Statement::new(
            allow,
            &who,
            &["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            &["*"],
        ),
    }
}

/// An inline policy for `user`.
fn identity_policy(chance: &mut Chance, account: &str, user: &str) -> Policy {
    let mut statements = vec![identity_statement(chance, account, user)];
    if chance.one_in(2) {
        statements.push(identity_statement(chance, account, user));
    }
    Policy { statements }
}

fn identity_statement(chance: &mut Chance, account: &str, user: &str) -> Statement {
    let (allow, deny) = (Effect::Allow, Effect::Deny);
    let uses = some_uses(chance);
    let here = format!("arn:aws:kms:us-east-1:{account}:key/*");
    let itself = Who::User(account.to_owned(), user.to_owned()).arn();
    match chance.below(9) {
        0..=2 => Statement::new(allow, &[], &["kms:*"], &["*"]),
        3 => Statement::new(allow, &[], &uses, &[&here]),
        4 => Statement::new(allow, &[], &["kms:*crypt*"], &["*"]).when(
            Operator::StringEquals,
            "kms:encryptioncontext:PURPOSE",
            &["a", "c"],
        ),
        5 => Statement::new(deny, &[], &uses, &["*"]).when(
            Operator::Null,
            "kms:EncryptionContext:purpose",
            &["true"],
        ),
        6 => Statement::new(allow, &[], &["kms:*"], &["*"]).when(
            Operator::StringEquals,
            "aws:ResourceTag/team",
            &["blue"],
        ),
        7 => Statement::new(allow, &[], &["kms:*"], &["*"]).when(
            Operator::Null,
            "kms:ViaService",
            &["true"],
        ),
        _ => Statement::new(allow, &[], &["iam:*AccessKey*"], &[&itself]),
    }
}
