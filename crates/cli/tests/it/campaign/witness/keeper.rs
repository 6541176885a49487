//! A client that alone changes some things, and looks at them when it will: at once after the server was away.

use serde_json::{Value, json};
use strongroom_testkit::{base64, from_base64};

use super::super::Dice;
use super::super::history::{ABSENT, ENABLED, Ending, History, Kept, Opened, Thing};
use super::super::person::{Answer, Caller, IAM, OTHER_TIME, element};

const DISABLED: &str = "Disabled";
const PENDING: &str = "PendingDeletion";
const ACTIVE: &str = "Active";
const INACTIVE: &str = "Inactive";
const THERE: &str = "there";
/// What the one grant of a key is called.
const GRANT: &str = "kept";
const POLICY: &str = "kept";
/// The most ciphertexts that one keeps; beyond them a new one takes the place of an old one.
const KEPT_MAX: usize = 128;
/// Keys whose state stays, so that everything else can be changed.
const STEADY_KEYS: usize = 2;
const ALIASES: usize = 2;
/// How many looks at one thing are refused or unanswered until it is left for another time.
const LOOKS_MAX: usize = 100;

/// What one client keeps.
pub(super) struct Keeper {
    number: usize,
    turn: usize,
    /// The life of the server in which everything was looked at last.
    life: usize,
    things: Vec<Thing>,
    steady: Vec<String>,
    /// Keys whose state changes, too.
    all: Vec<String>,
    kept: Vec<Kept>,
}

/// A call that changes something.
enum Change {
    Kms(&'static str, Value),
    Iam(&'static str, String),
}

impl Keeper {
    pub(super) fn new(root: &mut Caller<'_>, history: &History, number: usize) -> Self {
        let steady: Vec<String> = (0..STEADY_KEYS).map(|_| new_key(root, "first")).collect();
        let moody = new_key(root, "moody");
        let mut keeper = Self {
            number,
            turn: 0,
            life: root.life(),
            things: Vec::new(),
            all: [steady.as_slice(), std::slice::from_ref(&moody)].concat(),
            steady,
            kept: Vec::new(),
        };
        for key in keeper.steady.clone() {
            keeper.begin(history, Thing::Description(key.clone()), "first");
            keeper.begin(history, Thing::Tag(key.clone()), ABSENT);
            keeper.begin(history, Thing::Policy(key.clone()), "first");
            keeper.begin(history, Thing::Grant(key.clone()), ABSENT);
            history.begin(&Thing::State(key), ENABLED);
        }
        keeper.begin(history, Thing::State(moody), ENABLED);
        for alias in 0..ALIASES {
            let alias = format!("alias/kept-{number}-{alias}");
            keeper.begin(history, Thing::Alias(alias), ABSENT);
        }
        keeper.begin(history, Thing::User(format!("kept-{number}")), ABSENT);
        keeper.begin_user(root, history);
        keeper
    }

    fn begin(&mut self, history: &History, thing: Thing, value: &str) {
        history.begin(&thing, value);
        self.things.push(thing);
    }

    /// A user who stays, with an access key and a policy that do not.
    fn begin_user(&mut self, root: &mut Caller<'_>, history: &History) {
        let name = format!("keeper-{}", self.number);
        root.iam_ok("CreateUser", &format!("&UserName={name}"));
        let made = root.iam_ok("CreateAccessKey", &format!("&UserName={name}"));
        let id = element(&made, "AccessKeyId");
        self.begin(history, Thing::AccessKey(name.clone(), id), ACTIVE);
        self.begin(history, Thing::UserPolicy(name), ABSENT);
    }

    /// One call or two.
    pub(super) fn turn(&mut self, root: &mut Caller<'_>, history: &History, dice: &mut Dice) {
        self.turn += 1;
        if root.life() != self.life {
            self.life = root.life();
            return self.look_at_all(root, history);
        }
        match dice.below(10) {
            0..4 => self.change(root, history, dice),
            4..6 => {
                let thing = dice.pick(&self.things).clone();
                look(&thing, root, history);
            }
            6 | 7 => self.encrypt(root, dice),
            8 => self.replace(root, history),
            _ => self.open(root, history, dice),
        }
    }

    /// Looks at everything, and opens every ciphertext.
    pub(super) fn look_at_all(&self, root: &mut Caller<'_>, history: &History) {
        for thing in &self.things {
            look(thing, root, history);
        }
        for key in &self.steady {
            look(&Thing::State(key.clone()), root, history);
        }
        for kept in &self.kept {
            open(kept, root, history);
        }
    }

    fn change(&mut self, root: &mut Caller<'_>, history: &History, dice: &mut Dice) {
        let thing = dice.pick(&self.things).clone();
        if history.settled(&thing).is_none() {
            look(&thing, root, history);
        }
        let Some(now) = history.settled(&thing) else {
            return;
        };
        let value = self.next(&thing, &now, dice);
        let Some(change) = self.call_for(&thing, &now, &value, root) else {
            return;
        };
        let number = history.attempt(&thing, &value);
        let answer = match change {
            Change::Kms(operation, input) => root.kms(operation, &input),
            Change::Iam(action, members) => root.form(IAM, action, &members),
        };
        let ending = match answer {
            Answer::Done(_) => Ending::Acknowledged,
            Answer::Failed => Ending::Failed,
            Answer::Unanswered(life) => Ending::Unanswered(life),
            Answer::Refused(why) => {
                if why != OTHER_TIME {
                    history.contradict(format!("{thing:?} from {now:?} to {value:?}: {why}"));
                }
                Ending::Refused
            }
        };
        history.end(&thing, number, ending);
    }

    /// What it becomes after it was `now`.
    fn next(&self, thing: &Thing, now: &str, dice: &mut Dice) -> String {
        let new = || format!("turn{}", self.turn);
        let choice = dice.below(3);
        match (thing, now) {
            (Thing::State(_), ENABLED) if choice > 0 => DISABLED.to_owned(),
            (Thing::State(_), ENABLED) => PENDING.to_owned(),
            (Thing::State(_), PENDING) => DISABLED.to_owned(),
            (Thing::State(_), _) => ENABLED.to_owned(),
            (Thing::Description(_) | Thing::Policy(_), _) => new(),
            (Thing::Alias(_), ABSENT) => dice.pick(&self.steady).clone(),
            (Thing::Alias(_), _) if choice > 0 => dice.pick(&self.steady).clone(),
            (Thing::Tag(_) | Thing::UserPolicy(_), ABSENT) => new(),
            (Thing::Tag(_) | Thing::UserPolicy(_), _) if choice > 0 => new(),
            (Thing::Grant(_) | Thing::User(_), ABSENT) => THERE.to_owned(),
            (Thing::AccessKey(..), ACTIVE) => INACTIVE.to_owned(),
            (Thing::AccessKey(..), _) => ACTIVE.to_owned(),
            (
                Thing::Alias(_)
                | Thing::Tag(_)
                | Thing::UserPolicy(_)
                | Thing::Grant(_)
                | Thing::User(_),
                _,
            ) => ABSENT.to_owned(),
        }
    }

    /// The call that makes `thing`, which is `now`, become `value`; nothing when what it needs cannot be had now.
    fn call_for(
        &self,
        thing: &Thing,
        now: &str,
        value: &str,
        root: &mut Caller<'_>,
    ) -> Option<Change> {
        Some(match thing {
            Thing::State(key) => change_of_state(key, now, value),
            Thing::Description(key) => Change::Kms(
                "UpdateKeyDescription",
                json!({"KeyId": key, "Description": value}),
            ),
            Thing::Tag(key) if value == ABSENT => {
                Change::Kms("UntagResource", json!({"KeyId": key, "TagKeys": ["kept"]}))
            }
            Thing::Tag(key) => {
                let tags = json!([{"TagKey": "kept", "TagValue": value}]);
                Change::Kms("TagResource", json!({"KeyId": key, "Tags": tags}))
            }
            Thing::Policy(key) => {
                let policy = key_policy(root.person.account, value);
                Change::Kms("PutKeyPolicy", json!({"KeyId": key, "Policy": policy}))
            }
            Thing::Grant(key) if value == ABSENT => {
                let id = grant_id(&listed_grants(key, root)?)?;
                Change::Kms("RevokeGrant", json!({"KeyId": key, "GrantId": id}))
            }
            Thing::Grant(key) => Change::Kms("CreateGrant", grant(key, root.person.account)),
            Thing::Alias(alias) => change_of_alias(alias, now, value),
            Thing::User(name) => {
                let action = if value == ABSENT {
                    "DeleteUser"
                } else {
                    "CreateUser"
                };
                Change::Iam(action, format!("&UserName={name}"))
            }
            Thing::AccessKey(name, id) => Change::Iam(
                "UpdateAccessKey",
                format!("&UserName={name}&AccessKeyId={id}&Status={value}"),
            ),
            Thing::UserPolicy(name) if value == ABSENT => Change::Iam(
                "DeleteUserPolicy",
                format!("&UserName={name}&PolicyName={POLICY}"),
            ),
            Thing::UserPolicy(name) => Change::Iam(
                "PutUserPolicy",
                format!(
                    "&UserName={name}&PolicyName={POLICY}&PolicyDocument={}",
                    user_policy(value)
                ),
            ),
        })
    }

    fn encrypt(&mut self, root: &mut Caller<'_>, dice: &mut Dice) {
        let key = dice.pick(&self.all).clone();
        let plaintext = format!("{}:{}", self.number, self.turn).into_bytes();
        let input = json!({"KeyId": key, "Plaintext": base64(&plaintext)});
        let Answer::Done(reply) = root.kms("Encrypt", &input) else {
            return;
        };
        let blob = reply.json()["CiphertextBlob"].as_str().unwrap().to_owned();
        let kept = Kept {
            key,
            blob,
            plaintext,
        };
        match self.kept.len() < KEPT_MAX {
            true => self.kept.push(kept),
            false => self.kept[dice.below(KEPT_MAX)] = kept,
        }
    }

    fn open(&self, root: &mut Caller<'_>, history: &History, dice: &mut Dice) {
        if !self.kept.is_empty() {
            open(dice.pick(&self.kept), root, history);
        }
    }

    /// Puts a new key in the place of the one whose state changes; the old one is left as it is.
    fn replace(&mut self, root: &mut Caller<'_>, history: &History) {
        if !self.turn.is_multiple_of(20) {
            return;
        }
        let input = json!({"Description": "moody"});
        let Answer::Done(reply) = root.kms("CreateKey", &input) else {
            return;
        };
        let key = arn_of(&reply.json());
        let old = self.all.pop().unwrap();
        self.kept.retain(|kept| kept.key != old);
        let old = Thing::State(old);
        self.things.retain(|thing| *thing != old);
        history.forget(&old);
        self.begin(history, Thing::State(key.clone()), ENABLED);
        self.all.push(key);
    }
}

fn change_of_state(key: &str, now: &str, value: &str) -> Change {
    let operation = match (now, value) {
        (_, PENDING) => "ScheduleKeyDeletion",
        (PENDING, _) => "CancelKeyDeletion",
        (_, DISABLED) => "DisableKey",
        _ => "EnableKey",
    };
    Change::Kms(operation, json!({"KeyId": key}))
}

fn change_of_alias(alias: &str, now: &str, value: &str) -> Change {
    let whole = json!({"AliasName": alias, "TargetKeyId": value});
    match (now, value) {
        (_, ABSENT) => Change::Kms("DeleteAlias", json!({"AliasName": alias})),
        (ABSENT, _) => Change::Kms("CreateAlias", whole),
        _ => Change::Kms("UpdateAlias", whole),
    }
}

fn new_key(root: &mut Caller<'_>, description: &str) -> String {
    let policy = key_policy(root.person.account, "first");
    let input = json!({"Description": description, "Policy": policy});
    arn_of(&root.kms_ok("CreateKey", &input))
}

fn arn_of(described: &Value) -> String {
    let arn = described["KeyMetadata"]["Arn"].as_str();
    arn.unwrap().to_owned()
}

fn key_policy(account: &str, sid: &str) -> String {
    let root = format!("arn:aws:iam::{account}:root");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
    ]});
    policy.to_string()
}

fn user_policy(sid: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement":
        {"Sid": sid, "Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}})
}

fn grant(key: &str, account: &str) -> Value {
    let grantee = format!("arn:aws:iam::{account}:root");
    json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"], "Name": GRANT})
}

fn listed_grants(key: &str, root: &mut Caller<'_>) -> Option<Value> {
    match root.kms("ListGrants", &json!({"KeyId": key})) {
        Answer::Done(reply) => Some(reply.json()),
        _ => None,
    }
}

fn grant_id(listed: &Value) -> Option<String> {
    let grants = listed["Grants"].as_array().unwrap();
    let found = grants.iter().find(|grant| grant["Name"] == GRANT)?;
    Some(found["GrantId"].as_str().unwrap().to_owned())
}

/// Looks at a thing, until it is seen or the course is over.
fn look(thing: &Thing, root: &mut Caller<'_>, history: &History) {
    for _ in 0..LOOKS_MAX {
        let life = root.life();
        match seen(thing, root) {
            Ok(value) => return history.see(thing, &value, life),
            Err(Answer::Refused(why)) if why != OTHER_TIME => {
                return history.contradict(format!("a look at {thing:?}: {why}"));
            }
            Err(_) if root.scene.course.is_stopped() => return,
            Err(_) => {}
        }
    }
}

/// What a thing is now.
fn seen(thing: &Thing, root: &mut Caller<'_>) -> Result<String, Answer> {
    let of_key = |key: &String| json!({"KeyId": key});
    let text = |value: &Value| value.as_str().unwrap_or(ABSENT).to_owned();
    Ok(match thing {
        Thing::State(key) => {
            let found = kms(root, "DescribeKey", &of_key(key))?;
            text(&found["KeyMetadata"]["KeyState"])
        }
        Thing::Description(key) => {
            let found = kms(root, "DescribeKey", &of_key(key))?;
            text(&found["KeyMetadata"]["Description"])
        }
        Thing::Alias(alias) => match root.kms("DescribeKey", &json!({"KeyId": alias})) {
            Answer::Refused(why) if why == "NotFoundException" => ABSENT.to_owned(),
            answer => arn_of(&reply_of(answer)?.json()),
        },
        Thing::Tag(key) => {
            let found = kms(root, "ListResourceTags", &of_key(key))?;
            text(&found["Tags"][0]["TagValue"])
        }
        Thing::Policy(key) => {
            let found = kms(root, "GetKeyPolicy", &of_key(key))?;
            let policy: Value = serde_json::from_str(&text(&found["Policy"])).unwrap();
            text(&policy["Statement"][0]["Sid"])
        }
        Thing::Grant(key) => {
            let found = kms(root, "ListGrants", &of_key(key))?;
            grant_id(&found).map_or(ABSENT, |_| THERE).to_owned()
        }
        Thing::User(name) => {
            let found = iam(root, "GetUser", &format!("&UserName={name}"))?;
            found.map_or(ABSENT, |_| THERE).to_owned()
        }
        Thing::AccessKey(name, id) => {
            let found = iam(root, "ListAccessKeys", &format!("&UserName={name}"))?;
            status_of(&found.unwrap_or_default(), id)
        }
        Thing::UserPolicy(name) => {
            let members = format!("&UserName={name}&PolicyName={POLICY}");
            let found = iam(root, "GetUserPolicy", &members)?;
            found.map_or(ABSENT.to_owned(), |text| sid_of(&text))
        }
    })
}

fn reply_of(answer: Answer) -> Result<strongroom_testkit::Reply, Answer> {
    match answer {
        Answer::Done(reply) => Ok(reply),
        answer => Err(answer),
    }
}

fn kms(root: &mut Caller<'_>, operation: &'static str, input: &Value) -> Result<Value, Answer> {
    reply_of(root.kms(operation, input)).map(|reply| reply.json())
}

/// The text of a reply, unless there is no such thing.
fn iam(
    root: &mut Caller<'_>,
    action: &'static str,
    members: &str,
) -> Result<Option<String>, Answer> {
    match root.form(IAM, action, members) {
        Answer::Refused(why) if why == "NoSuchEntity" => Ok(None),
        answer => reply_of(answer).map(|reply| Some(reply.text())),
    }
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn status_of(listed: &str, id: &str) -> String {
    let mut members = listed.split("<member>");
    let member = members.find(|member| member.contains(id));
    let status = member.and_then(|member| between(member, "<Status>", "<"));
    status.unwrap_or(ABSENT).to_owned()
}

/// The Sid in a policy as GetUserPolicy writes it.
fn sid_of(text: &str) -> String {
    let sid = between(text, "%22Sid%22%3A%22", "%22");
    sid.unwrap_or(text).to_owned()
}

/// Opens a ciphertext, and says how that ended.
fn open(kept: &Kept, root: &mut Caller<'_>, history: &History) {
    let opened = match root.kms("Decrypt", &json!({"CiphertextBlob": kept.blob})) {
        Answer::Done(reply) => {
            let plaintext = reply.json()["Plaintext"].as_str().map(from_base64);
            Opened::Plaintext(plaintext.unwrap_or_default())
        }
        Answer::Refused(why) if why != OTHER_TIME => Opened::Refused(why),
        _ => Opened::Unknown,
    };
    history.opened(kept, &opened);
}
