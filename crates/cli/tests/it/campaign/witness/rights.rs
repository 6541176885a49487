//! Rights that one client gives and takes away all the time, and others use.

use serde_json::{Value, json};
use strongroom_testkit::{base64, now};

use super::super::Dice;
use super::super::history::History;
use super::super::person::{
    Answer, Caller, IAM, OTHER_TIME, Person, STS, Scene, credentials, element,
};

const PLAINTEXT: &[u8] = b"for those who may";
const NAME: &str = "witness";
/// What is told of a right that was taken away already, by a call that was not answered.
const GONE: &[&str] = &["NotFoundException", "NoSuchEntity"];

/// How a right is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The key is enabled.
    State,
    /// The key's policy names the user.
    KeyPolicy,
    /// A grant.
    Grant,
    /// The user's access key is active.
    AccessKey,
    /// The user has a policy.
    UserPolicy,
    /// The role of the session has a policy.
    RolePolicy,
}

const ALL: [By; 6] = [
    By::State,
    By::KeyPolicy,
    By::Grant,
    By::AccessKey,
    By::UserPolicy,
    By::RolePolicy,
];

/// The right of one person to open one ciphertext.
struct Right {
    by: By,
    person: Person,
    key: String,
    blob: String,
}

/// What becomes of a right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Give,
    Take,
}

/// All rights. Nobody has one before it is given, but by [`By::State`] and [`By::AccessKey`].
pub(super) struct Rights(Vec<Right>);

impl Rights {
    pub(super) fn new(root: &mut Caller<'_>) -> Self {
        Self(ALL.map(|by| Right::new(by, root)).into())
    }

    /// Gives or takes one right.
    pub(super) fn turn(&self, root: &mut Caller<'_>, history: &History, dice: &mut Dice) {
        let number = dice.below(self.0.len());
        let turn = *dice.pick(&[Turn::Give, Turn::Take]);
        let right = &self.0[number];
        loop {
            history.touch(number);
            let is_done = match right.turn(turn, root) {
                Answer::Done(_) => true,
                Answer::Refused(why) if turn == Turn::Take => GONE.contains(&why.as_str()),
                _ => false,
            };
            match (is_done, turn) {
                (true, Turn::Give) => return history.give(number, now()),
                (true, Turn::Take) => return history.take(number, now()),
                (false, _) if root.scene.course.is_stopped() => return,
                (false, _) => {}
            }
        }
    }

    /// A connection of everybody who has a right.
    pub(super) fn users<'s>(&self, scene: Scene<'s>) -> Vec<Caller<'s>> {
        self.0
            .iter()
            .map(|right| scene.caller(&right.person))
            .collect()
    }

    /// Uses one right.
    pub(super) fn try_one(&self, users: &mut [Caller<'_>], history: &History, dice: &mut Dice) {
        let number = dice.below(self.0.len());
        let (right, user) = (&self.0[number], &mut users[number]);
        let begun = now();
        match user.kms("Decrypt", &json!({"CiphertextBlob": right.blob})) {
            Answer::Done(reply) => {
                assert_eq!(reply.json()["Plaintext"], base64(PLAINTEXT));
                history.admit(number, begun);
            }
            Answer::Refused(why) if why != OTHER_TIME => history.refuse(number, begun, &why),
            _ => {}
        }
    }
}

impl Right {
    fn new(by: By, root: &mut Caller<'_>) -> Self {
        let key = root.kms_ok("CreateKey", &json!({}));
        let key = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let input = json!({"KeyId": key, "Plaintext": base64(PLAINTEXT)});
        let made = root.kms_ok("Encrypt", &input);
        let blob = made["CiphertextBlob"].as_str().unwrap().to_owned();
        let name = format!("{NAME}-{by:?}");
        let person = match by {
            By::RolePolicy => role_session(root, &name),
            _ => user(root, &name),
        };
        let right = Self {
            by,
            person,
            key,
            blob,
        };
        if matches!(by, By::State | By::AccessKey) {
            right.put_policy(root, "User").done("PutUserPolicy");
        }
        right
    }

    fn name(&self) -> String {
        format!("{NAME}-{:?}", self.by)
    }

    fn turn(&self, turn: Turn, root: &mut Caller<'_>) -> Answer {
        let (key, name) = (json!({"KeyId": self.key}), self.name());
        match (self.by, turn) {
            (By::State, Turn::Give) => root.kms("EnableKey", &key),
            (By::State, Turn::Take) => root.kms("DisableKey", &key),
            (By::KeyPolicy, _) => {
                let policy = self.key_policy(turn);
                root.kms(
                    "PutKeyPolicy",
                    &json!({"KeyId": self.key, "Policy": policy}),
                )
            }
            (By::Grant, Turn::Give) => root.kms("CreateGrant", &self.grant()),
            (By::Grant, Turn::Take) => self.revoke(root),
            (By::AccessKey, Turn::Give) => self.set_status(root, "Active"),
            (By::AccessKey, Turn::Take) => self.set_status(root, "Inactive"),
            (By::UserPolicy, Turn::Give) => self.put_policy(root, "User"),
            (By::RolePolicy, Turn::Give) => self.put_policy(root, "Role"),
            (By::UserPolicy, Turn::Take) => {
                let members = format!("&UserName={name}&PolicyName={NAME}");
                root.form(IAM, "DeleteUserPolicy", &members)
            }
            (By::RolePolicy, Turn::Take) => {
                let members = format!("&RoleName={name}&PolicyName={NAME}");
                root.form(IAM, "DeleteRolePolicy", &members)
            }
        }
    }

    fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user/{}", self.person.account, self.name())
    }

    fn key_policy(&self, turn: Turn) -> String {
        let root = format!("arn:aws:iam::{}:root", self.person.account);
        let principals = match turn {
            Turn::Give => vec![root, self.arn()],
            Turn::Take => vec![root],
        };
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"},
        ]});
        policy.to_string()
    }

    /// Named, so that one which was not answered is not made twice.
    fn grant(&self) -> Value {
        json!({"KeyId": self.key, "GranteePrincipal": self.arn(), "Operations": ["Decrypt"], "Name": NAME})
    }

    fn revoke(&self, root: &mut Caller<'_>) -> Answer {
        let listed = match root.kms("ListGrants", &json!({"KeyId": self.key})) {
            Answer::Done(reply) => reply.json(),
            answer => return answer,
        };
        match listed["Grants"][0]["GrantId"].as_str() {
            None => Answer::Refused(GONE[0].to_owned()),
            Some(id) => {
                let input = json!({"KeyId": self.key, "GrantId": id});
                root.kms("RevokeGrant", &input)
            }
        }
    }

    fn set_status(&self, root: &mut Caller<'_>, status: &str) -> Answer {
        let (name, id) = (self.name(), &self.person.access_key_id);
        let members = format!("&UserName={name}&AccessKeyId={id}&Status={status}");
        root.form(IAM, "UpdateAccessKey", &members)
    }

    /// Lets the user or the role decrypt.
    fn put_policy(&self, root: &mut Caller<'_>, kind: &str) -> Answer {
        let policy = json!({"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}});
        let name = self.name();
        let members = format!("&{kind}Name={name}&PolicyName={NAME}&PolicyDocument={policy}");
        let action = if kind == "User" {
            "PutUserPolicy"
        } else {
            "PutRolePolicy"
        };
        root.form(IAM, action, &members)
    }
}

fn user(root: &mut Caller<'_>, name: &str) -> Person {
    root.iam_ok("CreateUser", &format!("&UserName={name}"));
    let made = root.iam_ok("CreateAccessKey", &format!("&UserName={name}"));
    credentials(&made, root.person.account, name)
}

fn role_session(root: &mut Caller<'_>, name: &str) -> Person {
    let account = root.person.account;
    let by = user(root, &format!("{name}-user"));
    let arn = format!("arn:aws:iam::{account}:user/{name}-user");
    let trust = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}});
    let members = format!("&RoleName={name}&AssumeRolePolicyDocument={trust}");
    let role = element(&root.iam_ok("CreateRole", &members), "Arn");
    let members = format!("&RoleArn={role}&RoleSessionName={NAME}");
    let made = root.scene.caller(&by).form(STS, "AssumeRole", &members);
    credentials(&made.done("AssumeRole"), account, name)
}
