//! Who signs calls of a campaign, and where what they are told is written down. Never calls twice: every call is one.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;
use strongroom_testkit::{Client, Reply, Server};

use super::ledger::{Ledger, SUCCESS};
use crate::load::Course;

/// The accounts of a campaign.
pub(super) const ACCOUNTS: [&str; 3] = ["000000000000", "111122223333", "444455556666"];
pub(super) const IAM: (&str, &str) = ("iam", "2010-05-08");
pub(super) const STS: (&str, &str) = ("sts", "2011-06-15");

/// Who signs.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) account: &'static str,
    /// None of a root.
    pub(super) name: Option<String>,
    pub(super) access_key_id: String,
    pub(super) secret: String,
    /// The token of a session.
    pub(super) token: Option<String>,
}

impl Person {
    /// A root of a server for development.
    pub(super) fn root(account: &'static str) -> Self {
        Self::root_with(account, account, "test")
    }

    /// A root with an access key.
    pub(super) fn root_with(account: &'static str, access_key_id: &str, secret: &str) -> Self {
        Self {
            account,
            name: None,
            access_key_id: access_key_id.to_owned(),
            secret: secret.to_owned(),
            token: None,
        }
    }

    pub(super) fn client(&self, address: SocketAddr, ahead_seconds: i64) -> Client {
        let client =
            Client::new(address, &self.access_key_id, &self.secret).ahead_by(ahead_seconds);
        match &self.token {
            Some(token) => client.with_header("x-amz-security-token", token),
            None => client,
        }
    }
}

/// The element `name` of an XML reply.
pub(super) fn element(reply: &Reply, name: &str) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// The credentials in an XML reply, of `name` in `account`.
pub(super) fn credentials(reply: &Reply, account: &'static str, name: &str) -> Person {
    let is_session = reply.text().contains("<SessionToken>");
    Person {
        account,
        name: Some(name.to_owned()),
        access_key_id: element(reply, "AccessKeyId"),
        secret: element(reply, "SecretAccessKey"),
        token: is_session.then(|| element(reply, "SessionToken")),
    }
}

/// Where a server of a campaign is, and what its clients were told.
#[derive(Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) course: &'s Course,
    pub(super) ledger: &'s Mutex<Ledger>,
}

impl<'s> Scene<'s> {
    pub(super) fn ledger(&self) -> MutexGuard<'s, Ledger> {
        self.ledger.lock().unwrap()
    }

    pub(super) fn caller(self, person: &Person) -> Caller<'s> {
        let (address, life) = self.course.place();
        Caller {
            scene: self,
            person: person.clone(),
            client: person.client(address, self.course.ahead_seconds()),
            life,
        }
    }
}

/// What is kept of a server whose campaign has no load of its own.
pub(super) struct Stage {
    pub(super) course: Course,
    ledger: Mutex<Ledger>,
}

impl Stage {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            course: Course::new(server.address()),
            ledger: Mutex::default(),
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            course: &self.course,
            ledger: &self.ledger,
        }
    }

    pub(super) fn into_ledger(self) -> Ledger {
        self.ledger.into_inner().unwrap()
    }
}

/// How a call ended.
pub(super) enum Answer {
    Done(Reply),
    /// Nothing was changed; why.
    Refused(String),
    /// The server failed, is sealed or has too much to do: whether something was changed is not known.
    Failed,
    /// The same of a server that did not answer, in that life of it.
    Unanswered(usize),
}

impl Answer {
    /// The reply of a call that must be done.
    pub(super) fn done(self, what: &str) -> Reply {
        match self {
            Self::Done(reply) => reply,
            Self::Refused(why) => panic!("{what}: {why}"),
            Self::Failed | Self::Unanswered(_) => panic!("{what}: the server is not well"),
        }
    }
}

/// One connection of one person.
pub(super) struct Caller<'s> {
    pub(super) scene: Scene<'s>,
    pub(super) person: Person,
    client: Client,
    /// The server's life in which it was connected last.
    life: usize,
}

impl Caller<'_> {
    /// Calls an operation of KMS.
    pub(super) fn kms(&mut self, operation: &'static str, input: &Value) -> Answer {
        self.keep_time();
        let reply = self.client.try_call(operation, input);
        self.noted(operation, reply)
    }

    /// Calls an operation of a service that speaks the Query protocol.
    pub(super) fn form(
        &mut self,
        (service, version): (&str, &str),
        action: &'static str,
        members: &str,
    ) -> Answer {
        self.keep_time();
        let body = format!("Action={action}&Version={version}{members}");
        let reply = self.client.try_query_of(service, &body);
        self.noted(action, reply)
    }

    /// The output of a call of KMS that must be done.
    pub(super) fn kms_ok(&mut self, operation: &'static str, input: &Value) -> Value {
        self.kms(operation, input).done(operation).json()
    }

    /// The reply to a call of IAM that must be done.
    pub(super) fn iam_ok(&mut self, action: &'static str, members: &str) -> Reply {
        self.form(IAM, action, members).done(action)
    }

    /// Connects anew, as soon as the server is there.
    pub(super) fn reconnect(&mut self) {
        let course = self.scene.course;
        self.client = self.person.client(course.address(), course.ahead_seconds());
    }

    /// The server's life in which it calls.
    pub(super) fn life(&self) -> usize {
        self.life
    }

    fn keep_time(&mut self) {
        let ahead = self.scene.course.ahead_seconds();
        self.client.set_ahead(ahead);
    }

    fn noted(&mut self, operation: &'static str, reply: std::io::Result<Reply>) -> Answer {
        let Ok(reply) = reply else {
            let life = self.life;
            self.scene.ledger().note_unanswered();
            self.reconnect();
            return Answer::Unanswered(life);
        };
        if is_of_another_time(&reply) {
            self.scene.ledger().note_nobodys(&reply);
            return Answer::Refused(OTHER_TIME.to_owned());
        }
        if is_of_nobody(&reply) {
            self.scene.ledger().note_nobodys(&reply);
            return Answer::Refused("nobody".to_owned());
        }
        match self.scene.ledger().note(operation, &reply) {
            outcome if outcome == SUCCESS => Answer::Done(reply),
            outcome if outcome == THROTTLED || reply.status >= 500 => {
                self.scene.course.rest();
                Answer::Failed
            }
            outcome => Answer::Refused(outcome),
        }
    }
}

/// The outcome of a call for which a queue had no room: it may be made again.
pub(super) const THROTTLED: &str = "ThrottlingException";
/// Whether the server could not do what it was asked, whatever that was.
pub(super) fn is_unwell(reply: &Reply) -> bool {
    reply.status >= 500 || reply.text().contains(THROTTLED)
}

/// The outcome of a call whose time was not that of the server, whose clock may have jumped while it was on its way.
pub(super) const OTHER_TIME: &str = "another time";

/// Whether a request was refused for its time, or its session's.
pub(super) fn is_of_another_time(reply: &Reply) -> bool {
    let (text, ends) = (
        reply.text(),
        ["Signature expired", "Signature not yet", "ExpiredToken"],
    );
    reply.status != 200 && ends.iter().any(|end| text.contains(end))
}

/// Whether a request was refused before anybody was known to have called.
fn is_of_nobody(reply: &Reply) -> bool {
    let text = reply.text();
    let codes = ["UnrecognizedClientException", "InvalidClientTokenId"];
    reply.status != 200 && codes.iter().any(|code| text.contains(code))
}
