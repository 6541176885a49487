//! What clients were promised of keys, ciphertexts and records: made call by call, and asked back from a server that
//! had a mishap. Each key has one writer, so its story is a list of shapes.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Reply, base64, from_base64};

use super::Dice;
use super::person::{THROTTLED, is_unwell};

/// An account whose calls all wait until their records are on the disk.
pub(super) const STRICT: &str = "444455556666";
/// The accounts, one writer each.
pub(super) const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", STRICT];
/// Beyond so many keys a writer changes those it has.
const KEYS_MAX: usize = 12;
/// The most aliases of one key.
const ALIASES_MAX: usize = 3;
/// Large enough that some records need pages of their own.
const DESCRIPTION_CHARACTERS_MAX: usize = 8000;

/// What a refusal says that may be relied on.
const NOTHING_CHANGED: &str = "Nothing was changed.";

/// Whether a call changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reads,
    Changes,
}

/// A call that was answered.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) request: String,
    pub(super) account: &'static str,
    pub(super) kind: Kind,
}

/// What can be asked of a key.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Shape {
    description: String,
    is_enabled: bool,
    policy: String,
    tags: Vec<(String, String)>,
    aliases: BTreeSet<String>,
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            description,
            is_enabled,
            policy,
            tags,
            aliases,
        } = self;
        let length = description.len();
        write!(
            out,
            "{{{length} characters, enabled {is_enabled}, {policy} {tags:?} {aliases:?}}}"
        )
    }
}

/// A change of a key: what it is afterwards. Without a request it is not known whether it happened.
#[derive(Clone, Debug)]
struct Change {
    request: Option<String>,
    shape: Shape,
}

#[derive(Clone, Debug)]
struct Ciphertext {
    request: String,
    bytes: Value,
    plaintext: String,
}

/// One key and what became of it.
#[derive(Clone, Debug)]
struct Story {
    key: String,
    changes: Vec<Change>,
    ciphertexts: Vec<Ciphertext>,
}

/// One account's client, and all it was promised.
pub(super) struct Writer {
    account: &'static str,
    client: Client,
    dice: Dice,
    turn: usize,
    stories: Vec<Story>,
    told: Vec<Told>,
    /// Calls that the server failed or did not answer.
    pub(super) failed: usize,
    /// Of those, the ones that it said to have changed nothing.
    refused: usize,
}

/// Which requests count as answered.
pub(super) type Answered<'a> = dyn Fn(&str) -> bool + 'a;

impl Writer {
    pub(super) fn new(address: SocketAddr, number: usize, seed: u64) -> Self {
        let account = ACCOUNTS[number];
        Self {
            account,
            client: Client::new(address, account, "test"),
            dice: Dice::of(seed, number),
            turn: 0,
            stories: Vec::new(),
            told: Vec::new(),
            failed: 0,
            refused: 0,
        }
    }

    /// Goes on with a server elsewhere. Changes that were not answered are asked for first, so that the story is sure.
    pub(super) fn go_on_at(&mut self, address: SocketAddr) {
        self.client = Client::new(address, self.account, "test");
        for story in &mut self.stories {
            if story
                .changes
                .last()
                .is_some_and(|change| change.request.is_none())
            {
                let found = read(&mut self.client, &story.key).unwrap();
                story.settle(found);
            }
        }
    }

    /// Goes on with a server elsewhere that may be ill: what is not sure stays so.
    pub(super) fn come_to(&mut self, address: SocketAddr) {
        self.client = Client::new(address, self.account, "test");
    }

    pub(super) fn told(&self) -> &[Told] {
        &self.told
    }

    pub(super) fn turn(&mut self) {
        self.turn += 1;
        let is_sure = |story: &Story| {
            story
                .changes
                .last()
                .is_some_and(|change| change.request.is_some())
        };
        let sure: Vec<usize> = (0..self.stories.len())
            .filter(|at| is_sure(&self.stories[*at]))
            .collect();
        if sure.is_empty() || (self.stories.len() < KEYS_MAX && self.dice.below(3) == 0) {
            return self.make();
        }
        let at = *self.dice.pick(&sure);
        match self.dice.below(10) {
            0 | 1 => self.encrypt(at),
            2 => self.decrypt(at),
            3 => self.describe(at),
            _ => self.change(at),
        }
    }

    fn make(&mut self) {
        let policy = self.policy();
        let (name, text) = (format!("made-{}", self.turn), "x".repeat(self.turn % 200));
        let shape = Shape {
            description: name,
            is_enabled: true,
            policy: policy.clone(),
            tags: vec![("made".to_owned(), text.clone())],
            aliases: BTreeSet::new(),
        };
        let input = json!({"Description": shape.description, "Policy": policy,
            "Tags": [{"TagKey": "made", "TagValue": text}]});
        let Some((request, made)) = self.call("CreateKey", &input, Kind::Changes) else {
            return;
        };
        self.stories.push(Story {
            key: made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned(),
            changes: vec![Change {
                request: Some(request),
                shape,
            }],
            ciphertexts: Vec::new(),
        });
    }

    fn change(&mut self, at: usize) {
        let key = self.stories[at].key.clone();
        let mut shape = self.stories[at].changes.last().unwrap().shape.clone();
        let (operation, input) = match self.dice.below(6) {
            0 => {
                shape.description = "d".repeat(self.dice.below(DESCRIPTION_CHARACTERS_MAX));
                (
                    "UpdateKeyDescription",
                    json!({"KeyId": key, "Description": shape.description}),
                )
            }
            1 if shape.is_enabled => {
                shape.is_enabled = false;
                ("DisableKey", json!({"KeyId": key}))
            }
            1 => {
                shape.is_enabled = true;
                ("EnableKey", json!({"KeyId": key}))
            }
            2 => {
                shape.policy = self.policy();
                (
                    "PutKeyPolicy",
                    json!({"KeyId": key, "PolicyName": "default", "Policy": shape.policy}),
                )
            }
            3 => {
                shape.tags[0].1 = self.turn.to_string();
                let tag = json!({"TagKey": "made", "TagValue": shape.tags[0].1});
                ("TagResource", json!({"KeyId": key, "Tags": [tag]}))
            }
            _ if shape.aliases.len() < ALIASES_MAX => {
                let alias = format!("alias/{}-{}", self.account, self.turn);
                shape.aliases.insert(alias.clone());
                (
                    "CreateAlias",
                    json!({"AliasName": alias, "TargetKeyId": key}),
                )
            }
            _ => {
                let alias = shape.aliases.pop_first().unwrap();
                ("DeleteAlias", json!({"AliasName": alias}))
            }
        };
        let was_refused = self.refused;
        let called = self.call(operation, &input, Kind::Changes);
        if self.refused > was_refused {
            return;
        }
        let request = called.map(|(request, _)| request);
        self.stories[at].changes.push(Change { request, shape });
    }

    fn encrypt(&mut self, at: usize) {
        let story = &self.stories[at];
        if !story.changes.last().unwrap().shape.is_enabled {
            return;
        }
        let (key, plaintext) = (story.key.clone(), format!("{}:{}", self.account, self.turn));
        let input = json!({"KeyId": key, "Plaintext": base64(plaintext.as_bytes())});
        let Some((request, mut made)) = self.call("Encrypt", &input, Kind::Reads) else {
            return;
        };
        self.stories[at].ciphertexts.push(Ciphertext {
            request,
            bytes: made["CiphertextBlob"].take(),
            plaintext,
        });
    }

    fn decrypt(&mut self, at: usize) {
        let story = &self.stories[at];
        let Some(ciphertext) = story.ciphertexts.last().cloned() else {
            return;
        };
        if !story.changes.last().unwrap().shape.is_enabled {
            return;
        }
        let input = json!({"CiphertextBlob": ciphertext.bytes});
        if let Some((_, opened)) = self.call("Decrypt", &input, Kind::Reads) {
            assert_eq!(plaintext(&opened), ciphertext.plaintext);
        }
    }

    fn describe(&mut self, at: usize) {
        let input = json!({"KeyId": self.stories[at].key});
        self.call("DescribeKey", &input, Kind::Reads);
    }

    fn policy(&self) -> String {
        let root = format!("arn:aws:iam::{}:root", self.account);
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": format!("turn{}", self.turn), "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        ]});
        policy.to_string()
    }

    /// The request id and the output of a call, unless the server was ill.
    fn call(&mut self, operation: &str, input: &Value, kind: Kind) -> Option<(String, Value)> {
        let Ok(reply) = self.client.try_call(operation, input) else {
            self.failed += 1;
            return None;
        };
        if is_unwell(&reply) {
            self.failed += 1;
            // A store that cannot be opened once more, as when descriptors run out, is too busy.
            let untouched = [NOTHING_CHANGED, THROTTLED];
            let is_untouched = untouched.iter().any(|told| reply.text().contains(told));
            self.refused += usize::from(is_untouched);
            return None;
        }
        assert_eq!(reply.status, 200, "{operation} {input}: {}", reply.text());
        let request = reply.request_id().to_owned();
        self.told.push(Told {
            request: request.clone(),
            account: self.account,
            kind,
        });
        Some((request, reply.json()))
    }

    /// What is wrong with a server that must remember what `answered` says was answered.
    pub(super) fn check(&self, address: SocketAddr, answered: &Answered<'_>) -> Vec<String> {
        let mut client = Client::new(address, self.account, "test");
        let stories = self.stories.iter();
        stories
            .flat_map(|story| story.check(&mut client, answered))
            .collect()
    }
}

impl Story {
    /// The change that was answered last is there, or the one after it: nobody waits for more than one answer.
    fn check(&self, client: &mut Client, answered: &Answered<'_>) -> Vec<String> {
        let is_answered = |change: &Change| change.request.as_deref().is_some_and(answered);
        let last = self.changes.iter().rposition(is_answered);
        let possible = match last {
            None => &self.changes[..1],
            Some(last) => &self.changes[last..self.changes.len().min(last + 2)],
        };
        let found = match read(client, &self.key) {
            Err(failure) => return vec![failure],
            Ok(found) => found,
        };
        let Some(shape) = found else {
            return last
                .map(|_| format!("{} is gone", self.key))
                .into_iter()
                .collect();
        };
        if !possible.iter().any(|change| change.shape == shape) {
            return vec![format!(
                "{} is {shape:?}, not one of {possible:?}",
                self.key
            )];
        }
        if !shape.is_enabled {
            return Vec::new();
        }
        let known = self
            .ciphertexts
            .iter()
            .filter(|ciphertext| answered(&ciphertext.request));
        known
            .filter_map(|ciphertext| ciphertext.check(client))
            .collect()
    }

    fn settle(&mut self, found: Option<Shape>) {
        let shape = found.expect("a key that was promised");
        let possible = &self.changes[self.changes.len().saturating_sub(2)..];
        assert!(
            possible.iter().any(|change| change.shape == shape),
            "{shape:?}: not one of {possible:?}"
        );
        let sure = self
            .changes
            .len()
            .checked_sub(2)
            .and_then(|at| self.changes[at].request.clone());
        self.changes.push(Change {
            request: sure,
            shape,
        });
    }
}

impl Ciphertext {
    fn check(&self, client: &mut Client) -> Option<String> {
        let input = json!({"CiphertextBlob": self.bytes});
        let (status, opened) = client.call("Decrypt", &input);
        let is_right = status == 200 && plaintext(&opened) == self.plaintext;
        (!is_right).then(|| format!("{} opens to {opened}", self.plaintext))
    }
}

fn plaintext(opened: &Value) -> String {
    let bytes = from_base64(opened["Plaintext"].as_str().unwrap_or_default());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What the server tells of a key: every part of it, or that there is none.
fn read(client: &mut Client, key: &str) -> Result<Option<Shape>, String> {
    let input = json!({"KeyId": key});
    let mut ask = |operation: &str, input: &Value| -> Result<Reply, String> {
        let asked = client.try_call(operation, input);
        asked.map_err(|error| format!("{operation} {key}: {error}"))
    };
    let told = ask("DescribeKey", &input)?;
    if told.error() == "NotFoundException" {
        return Ok(None);
    }
    let metadata = told.json()["KeyMetadata"].clone();
    let policy = ask("GetKeyPolicy", &input)?;
    let tags = ask("ListResourceTags", &input)?;
    let aliases = ask("ListAliases", &input)?;
    for reply in [&told, &policy, &tags, &aliases] {
        if reply.status != 200 {
            return Err(format!("{key}: {} {}", reply.status, reply.text()));
        }
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each =
        |reply: &Reply, name: &str| reply.json()[name].as_array().cloned().unwrap_or_default();
    let tags = each(&tags, "Tags")
        .iter()
        .map(|tag| (text(&tag["TagKey"]), text(&tag["TagValue"])))
        .collect();
    let aliases = each(&aliases, "Aliases")
        .iter()
        .map(|alias| text(&alias["AliasName"]))
        .collect();
    Ok(Some(Shape {
        description: text(&metadata["Description"]),
        is_enabled: metadata["KeyState"] == "Enabled",
        // It is told in another layout than it was put.
        policy: serde_json::from_str::<Value>(&text(&policy.json()["Policy"]))
            .unwrap_or_default()
            .to_string(),
        tags,
        aliases,
    }))
}
