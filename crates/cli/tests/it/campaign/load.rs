//! Mixed calls of several accounts' roots and users, right ones and refused ones, each written into the ledger.

use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use strongroom_testkit::{Client, Reply, Server, base64, eventually, from_base64};

use super::Dice;
use super::ledger::{Ledger, SUCCESS};
use super::person::{ACCOUNTS, IAM, Person, STS, Scene, THROTTLED, credentials};
use crate::load::{AWAY_MAX, Course};

const USERS_PER_ACCOUNT: usize = 2;
/// Roots call, too: one in each account.
pub(super) const CLIENTS: usize = ACCOUNTS.len() * (USERS_PER_ACCOUNT + 1);
const DENIED: &str = "AccessDeniedException";
/// The most ciphertexts that a client keeps to decrypt.
const CIPHERTEXTS_MAX: usize = 64;
/// The most aliases and users that a client leaves standing.
const STANDING_MAX: usize = 8;
/// Kinds of turns by their shares.
const TURNS: &[Turn] = &[
    (20, |worker| worker.encrypt()),
    (18, |worker| worker.decrypt()),
    (9, |worker| worker.data_key()),
    (6, |worker| worker.sign()),
    (6, |worker| worker.describe()),
    (6, |worker| worker.alias()),
    (4, |worker| worker.policy()),
    (4, |worker| worker.identity()),
    (4, |worker| worker.user()),
    (3, |worker| worker.user_policy()),
    (5, |worker| worker.across_accounts()),
    (5, |worker| worker.denied()),
    (3, |worker| worker.missing()),
    (3, |worker| worker.invalid()),
    (4, |worker| worker.stranger()),
];

/// A kind of turn, and how often it is taken among all.
type Turn = (usize, fn(&mut Worker<'_>));

/// What an account's clients work with.
struct Keys {
    /// Every account may use it.
    shared: String,
    /// The account alone may use it.
    private: String,
    signing: String,
}

/// The clients of a server, and what they were told.
pub(super) struct Load {
    pub(super) course: Course,
    ledger: Mutex<Ledger>,
    people: Vec<Person>,
    keys: Vec<Keys>,
    seed: u64,
}

impl Load {
    /// Makes users and keys on `server`, whose roots these are.
    pub(super) fn new(server: &Server, roots: &[Person; ACCOUNTS.len()], seed: u64) -> Self {
        let mut load = Self {
            course: Course::new(server.address()),
            ledger: Mutex::default(),
            people: Vec::new(),
            keys: Vec::new(),
            seed,
        };
        for root in roots.clone() {
            let mut caller = load.caller(root.clone());
            let keys = Keys::new(&mut caller);
            let users = (0..USERS_PER_ACCOUNT).map(|number| user(&mut caller, number));
            let users: Vec<Person> = users.collect();
            load.people.push(root);
            load.people.extend(users);
            load.keys.push(keys);
        }
        load
    }

    /// Runs client number `number` until the course ends.
    pub(super) fn run(&self, number: usize) {
        let _stop_the_others = self.course.stop_on_panic();
        let person = self.people[number].clone();
        let account = ACCOUNTS.iter().position(|known| *known == person.account);
        let mut worker = Worker {
            load: self,
            caller: self.caller(person),
            dice: Dice::of(self.seed, number),
            account: account.unwrap(),
            number,
            turn: 0,
            ciphertexts: Vec::new(),
            aliases: Vec::new(),
            users: Vec::new(),
        };
        while !self.course.is_stopped() {
            worker.turn();
        }
    }

    /// Waits until `more` calls succeeded.
    pub(super) fn go_on(&self, more: usize) {
        let until = self.ledger().successes() + more;
        eventually("progress of the clients", AWAY_MAX, || {
            assert!(!self.course.is_stopped(), "a client failed");
            (self.ledger().successes() >= until).then_some(())
        });
    }

    /// Where the server is, for clients of other kinds.
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            course: &self.course,
            ledger: &self.ledger,
        }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub(super) fn into_ledger(self) -> Ledger {
        self.ledger.into_inner().unwrap()
    }

    fn caller(&self, person: Person) -> Caller<'_> {
        let client = person.client(self.course.address(), 0);
        Caller {
            load: self,
            person,
            client,
        }
    }
}

impl Keys {
    fn new(root: &mut Caller<'_>) -> Self {
        let mut key = |input: Value| {
            let made = root.json("CreateKey", &input, &[]).unwrap();
            made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        };
        Self {
            shared: key(json!({"Policy": open_policy("first")})),
            private: key(json!({})),
            signing: key(json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})),
        }
    }
}

/// A key policy that leaves every account to its own policies.
fn open_policy(sid: &str) -> String {
    let roots = ACCOUNTS.map(|account| format!("arn:aws:iam::{account}:root"));
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": roots}, "Action": "kms:*", "Resource": "*"},
    ]});
    policy.to_string()
}

/// A new user who may do everything but disable keys and list roles.
fn user(root: &mut Caller<'_>, number: usize) -> Person {
    let name = format!("user-{number}");
    root.iam("CreateUser", &format!("&UserName={name}"), &[])
        .unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["kms:*", "iam:*", "sts:*"], "Resource": "*"},
        {"Effect": "Deny", "Action": ["kms:DisableKey", "iam:ListRoles"], "Resource": "*"},
    ]});
    let put = format!("&UserName={name}&PolicyName=all&PolicyDocument={policy}");
    root.iam("PutUserPolicy", &put, &[]).unwrap();
    let key = root.iam("CreateAccessKey", &format!("&UserName={name}"), &[]);
    credentials(&key.unwrap(), root.person.account, &name)
}

/// One connection of one person.
struct Caller<'l> {
    load: &'l Load,
    person: Person,
    client: Client,
}

impl Caller<'_> {
    /// The output of a call of KMS, unless it failed as it may: as `refusals` say, or because the server was ill.
    fn json(&mut self, operation: &'static str, input: &Value, refusals: &[&str]) -> Option<Value> {
        let reply = self.client.try_call(operation, input);
        Some(self.noted(operation, reply, refusals)?.json())
    }

    fn iam(&mut self, action: &'static str, members: &str, refusals: &[&str]) -> Option<Reply> {
        self.form(IAM, action, members, refusals)
    }

    fn form(
        &mut self,
        service: (&str, &str),
        action: &'static str,
        members: &str,
        refusals: &[&str],
    ) -> Option<Reply> {
        let reply = self.send_form(service, action, members);
        self.noted(action, reply, refusals)
    }

    fn send_form(
        &mut self,
        (service, version): (&str, &str),
        action: &str,
        members: &str,
    ) -> std::io::Result<Reply> {
        let body = format!("Action={action}&Version={version}{members}");
        self.client.try_query_of(service, &body)
    }

    /// Whether what `input` names is gone for certain, and not only perhaps: deleted, or `absent`.
    fn delete(&mut self, operation: &'static str, input: &Value, absent: &str) -> bool {
        let reply = self.client.try_call(operation, input);
        self.is_gone(operation, reply, absent)
    }

    /// [`Caller::delete`], of IAM.
    fn delete_by_form(&mut self, action: &'static str, members: &str, absent: &str) -> bool {
        let reply = self.send_form(IAM, action, members);
        self.is_gone(action, reply, absent)
    }

    fn is_gone(
        &mut self,
        operation: &'static str,
        reply: std::io::Result<Reply>,
        absent: &str,
    ) -> bool {
        let gone = [SUCCESS, absent];
        self.heard(operation, reply, &gone)
            .is_some_and(|(outcome, _)| gone.contains(&outcome.as_str()))
    }

    fn noted(
        &mut self,
        operation: &'static str,
        reply: std::io::Result<Reply>,
        refusals: &[&str],
    ) -> Option<Reply> {
        let (outcome, reply) = self.heard(operation, reply, refusals)?;
        (outcome == SUCCESS).then_some(reply)
    }

    fn heard(
        &mut self,
        operation: &'static str,
        reply: std::io::Result<Reply>,
        refusals: &[&str],
    ) -> Option<(String, Reply)> {
        let Ok(reply) = reply else {
            self.load.ledger().note_unanswered();
            self.client = self.person.client(self.load.course.address(), 0);
            return None;
        };
        let outcome = self.load.ledger().note(operation, &reply);
        let expected = match refusals {
            [] => outcome == SUCCESS,
            refusals => refusals.contains(&outcome.as_str()),
        };
        assert!(
            expected || outcome == THROTTLED || reply.status >= 500,
            "{operation} of {}: {}",
            self.person.account,
            reply.text()
        );
        if reply.status == 503 {
            self.load.course.rest();
        }
        Some((outcome, reply))
    }
}

struct Worker<'l> {
    load: &'l Load,
    caller: Caller<'l>,
    dice: Dice,
    account: usize,
    number: usize,
    turn: usize,
    ciphertexts: Vec<(Value, Vec<u8>)>,
    aliases: Vec<String>,
    users: Vec<String>,
}

impl<'l> Worker<'l> {
    fn turn(&mut self) {
        self.turn += 1;
        let all = TURNS.iter().map(|(share, _)| share).sum();
        let mut drawn = self.dice.below(all);
        for (share, take) in TURNS {
            if drawn < *share {
                return take(self);
            }
            drawn -= share;
        }
    }

    fn keys(&self) -> &'l Keys {
        &self.load.keys[self.account]
    }

    fn other_keys(&self) -> &'l Keys {
        &self.load.keys[(self.account + 1) % ACCOUNTS.len()]
    }

    fn context(&self) -> Value {
        json!({"client": self.number.to_string()})
    }

    fn encrypt(&mut self) {
        let keys = self.keys();
        let key = *self.dice.pick(&[&keys.shared, &keys.private]);
        self.encrypt_with(key);
    }

    fn across_accounts(&mut self) {
        self.encrypt_with(&self.other_keys().shared);
    }

    fn encrypt_with(&mut self, key: &str) {
        let plaintext = format!("{}:{}", self.number, self.turn).into_bytes();
        let input = json!({"KeyId": key, "Plaintext": base64(&plaintext), "EncryptionContext": self.context()});
        let Some(mut made) = self.caller.json("Encrypt", &input, &[]) else {
            return;
        };
        if self.ciphertexts.len() >= CIPHERTEXTS_MAX {
            let old = self.dice.below(CIPHERTEXTS_MAX);
            self.ciphertexts.swap_remove(old);
        }
        let ciphertext = made["CiphertextBlob"].take();
        self.ciphertexts.push((ciphertext, plaintext));
    }

    fn decrypt(&mut self) {
        if self.ciphertexts.is_empty() {
            return;
        }
        let (ciphertext, plaintext) = self.dice.pick(&self.ciphertexts);
        let input = json!({"CiphertextBlob": ciphertext, "EncryptionContext": self.context()});
        if let Some(made) = self.caller.json("Decrypt", &input, &[]) {
            assert_eq!(from_base64(made["Plaintext"].as_str().unwrap()), *plaintext);
        }
    }

    fn data_key(&mut self) {
        let input = json!({"KeyId": self.keys().private, "KeySpec": "AES_256"});
        self.caller.json("GenerateDataKey", &input, &[]);
    }

    fn sign(&mut self) {
        let input = json!({"KeyId": self.keys().signing, "Message": "QUJD", "SigningAlgorithm": "ECDSA_SHA_256"});
        self.caller.json("Sign", &input, &[]);
    }

    fn describe(&mut self) {
        let input = json!({"KeyId": self.keys().shared});
        self.caller.json("DescribeKey", &input, &[]);
    }

    /// An alias more or one less. Whether a lost call made or removed one is not known, so what may be there is kept
    /// in mind: a key has 50 at most.
    fn alias(&mut self) {
        if self.aliases.len() >= STANDING_MAX {
            let alias = self.aliases.remove(0);
            let input = json!({"AliasName": alias});
            if !(self.caller).delete("DeleteAlias", &input, "NotFoundException") {
                self.aliases.push(alias);
            }
            return;
        }
        let alias = format!("alias/{}-{}", self.number, self.turn);
        let input = json!({"AliasName": alias, "TargetKeyId": self.keys().private});
        self.caller.json("CreateAlias", &input, &[]);
        self.aliases.push(alias);
    }

    fn policy(&mut self) {
        let policy = open_policy(&format!("turn{}", self.turn));
        let input = json!({"KeyId": self.keys().shared, "PolicyName": "default", "Policy": policy});
        self.caller.json("PutKeyPolicy", &input, &[]);
    }

    fn identity(&mut self) {
        let action = *self.dice.pick(&["GetCallerIdentity", "GetSessionToken"]);
        self.caller.form(STS, action, "", &[]);
    }

    /// A user more or one less.
    fn user(&mut self) {
        if self.users.len() >= STANDING_MAX {
            let user = self.users.remove(0);
            let named = format!("&UserName={user}");
            if !(self.caller).delete_by_form("DeleteUser", &named, "NoSuchEntity") {
                self.users.push(user);
            }
            return;
        }
        let user = format!("made-{}-{}", self.number, self.turn);
        self.caller
            .iam("CreateUser", &format!("&UserName={user}"), &[]);
        self.users.push(user);
    }

    fn user_policy(&mut self) {
        let policy = json!({"Version": "2012-10-17", "Statement":
            {"Sid": format!("turn{}", self.turn), "Effect": "Allow", "Action": "kms:List*", "Resource": "*"}});
        let members = format!(
            "&UserName=user-0&PolicyName=more-{}&PolicyDocument={policy}",
            self.number
        );
        self.caller.iam("PutUserPolicy", &members, &[]);
    }

    fn denied(&mut self) {
        let other = json!({"KeyId": self.other_keys().private, "Plaintext": "QUJD"});
        let own = json!({"KeyId": self.keys().private});
        match (self.dice.below(3), &self.caller.person.name) {
            (0, Some(_)) => self.caller.json("DisableKey", &own, &[DENIED]),
            (1, Some(_)) => {
                self.caller.iam("ListRoles", "", &[DENIED]);
                None
            }
            _ => self.caller.json("Encrypt", &other, &[DENIED]),
        };
    }

    fn missing(&mut self) {
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let refusals = ["NotFoundException"];
        match self.dice.below(2) {
            0 => {
                self.caller
                    .json("DescribeKey", &json!({"KeyId": key}), &refusals);
            }
            _ => {
                let refusals = ["NoSuchEntity"];
                self.caller.iam("GetUser", "&UserName=nobody", &refusals);
            }
        }
    }

    fn invalid(&mut self) {
        let (operation, input, refusal) = match self.dice.below(3) {
            0 => (
                "Encrypt",
                json!({"KeyId": self.keys().private}),
                "ValidationException",
            ),
            1 => (
                "GenerateRandom",
                json!({"NumberOfBytes": 0}),
                "ValidationException",
            ),
            _ => (
                "Decrypt",
                json!({"CiphertextBlob": "QUJD"}),
                "InvalidCiphertextException",
            ),
        };
        self.caller.json(operation, &input, &[refusal]);
    }

    /// A call whose signature is wrong.
    fn stranger(&mut self) {
        let person = Person {
            secret: "wrong".to_owned(),
            ..self.caller.person.clone()
        };
        let mut client = person.client(self.load.course.address(), 0);
        if let Ok(reply) = client.try_call("ListKeys", &json!({})) {
            assert_ne!(reply.status, 200);
            self.load.ledger().note_nobodys(&reply);
        }
    }
}
