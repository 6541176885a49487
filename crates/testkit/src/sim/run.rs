//! A history, carried out and held to the model. Every request and reply goes into the transcript, but for what the
//! crypto library feeds with chance of its own: signatures of ML-DSA, which are only verified.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::Value;
use strongroom_base::{Clock, hex};
use strongroom_crypto::digest::sha256;
use strongroom_kms::endpoint::Reply;

use super::audit::{self, Expected};
use super::chance::Chance;
use super::client;
use super::disk::{CrashAt, Flaw};
use super::draft::{ACCOUNTS, Known, KnownAccessKey, KnownKey, Made, REGIONS, USERS};
use super::history::{Draft, History, Step};
use super::machine::{Life, Machine};
use crate::from_base64;
use crate::model::{
    Answer, Call, Ciphertext, Context, Effect, Operations as Op, Policy, Signer, Spec, Statement,
    Times, World, Worlds,
};

/// How much time goes by on the runtime's clock with a step, and with as much as all timers need to tick.
const STEP: Duration = Duration::from_millis(120);
const ALL_TICKS: Duration = Duration::from_millis(600);
/// In how many parts time goes by: the service sees it go by, and not jump.
const PARTS: u32 = 4;
/// How many lines of the transcript a failure shows.
const LINES_SHOWN: usize = 12;

/// What is done to the model before each step, for tests that see that a wrong model is noticed.
pub type Twist = fn(Worlds) -> Worlds;

/// What happened, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Steps.
    pub steps: usize,
    /// Calls that were answered.
    pub calls: usize,
    /// Of those, successes.
    pub successes: usize,
    /// Calls without an answer.
    pub unanswered: usize,
    /// Crashes of the machine.
    pub crashes: usize,
    /// Faults of the disk and ends of the key process that were met.
    pub faults: u64,
}

/// A history that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub counts: Counts,
    /// How often each operation ended how, as in `Encrypt Success`.
    pub outcomes: BTreeMap<String, usize>,
    /// The SHA-256 of all requests and replies.
    pub transcript: String,
    /// The SHA-256 of the store at the end.
    pub store: String,
}

/// Why a history did not go well.
#[derive(Clone, Debug)]
pub struct Failure(pub String);

/// Carries out `history`. Errors: what the service got wrong.
pub fn run(history: &History) -> Result<Report, Failure> {
    run_with(history, Flaw::None, |worlds| worlds)
}

/// Carries out `history` on a disk with a flaw, held to a model with a twist.
pub fn run_with(history: &History, flaw: Flaw, twist: Twist) -> Result<Report, Failure> {
    let ran = catch_unwind(AssertUnwindSafe(|| Run::carry_out(history, flaw, twist)));
    ran.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure(format!("panic: {}", text.unwrap_or_default())))
    })
}

struct Run {
    machine: Machine,
    life: Option<Life>,
    worlds: Worlds,
    known: Known,
    counts: Counts,
    outcomes: BTreeMap<String, usize>,
    transcript: Vec<String>,
    replies: BTreeMap<String, Expected>,
    lives: u64,
    /// Whose turn it is.
    turns: Chance,
    /// What the monotonic clock showed when the service started.
    steady_since: i64,
    /// And when the wall clock was last set.
    jumped: i64,
    faults: u64,
}

impl Run {
    fn carry_out(history: &History, flaw: Flaw, twist: Twist) -> Result<Report, Failure> {
        let machine = Machine::new(&Chance::new(history.seed), flaw);
        let mut run = Self {
            life: Some(machine.start()),
            machine,
            worlds: Worlds::default(),
            known: Known::default(),
            counts: Counts::default(),
            outcomes: BTreeMap::new(),
            transcript: Vec::new(),
            replies: BTreeMap::new(),
            lives: 1,
            turns: Chance::new(history.seed).apart(4),
            steady_since: 0,
            jumped: 0,
            faults: 0,
        };
        run.steady_since = run.monotonic();
        run.begin()?;
        for (number, step) in &history.steps {
            run.worlds = twist(std::mem::take(&mut run.worlds));
            run.transcript.push(format!("step {number} {step:?}"));
            run.step(step)?;
            run.counts.steps += 1;
        }
        run.worlds = twist(std::mem::take(&mut run.worlds));
        run.look_at_everything()?;
        run.end()
    }

    /// Accounts, users and some keys.
    fn begin(&mut self) -> Result<(), Failure> {
        let mut world = World::default();
        for account in ACCOUNTS {
            let (access_key_id, secret) = self.life().create_account(account);
            world.add_root(account, &access_key_id, &secret);
            self.known.access_keys.push(KnownAccessKey {
                account: account.to_owned(),
                user: None,
                signer: Signer {
                    access_key_id,
                    secret,
                },
            });
        }
        self.worlds = Worlds::of(world);
        self.pass_time();
        for (account, user) in USERS {
            let all = Statement::new(Effect::Allow, &[], &["kms:*"], &["*"]);
            let policy = Policy {
                statements: vec![all],
            };
            let user = user.to_owned();
            for operation in [
                Op::CreateUser(user.clone()),
                Op::PutUserPolicy(user.clone(), "first".to_owned(), policy.clone()),
                Op::CreateAccessKey(user.clone()),
            ] {
                self.call_as_root(account, REGIONS[0], operation)?;
            }
        }
        for (account, region, spec) in [
            (ACCOUNTS[0], REGIONS[0], Spec::Symmetric),
            (ACCOUNTS[0], REGIONS[0], Spec::Hmac),
            (ACCOUNTS[0], REGIONS[1], Spec::Symmetric),
            (ACCOUNTS[1], REGIONS[0], Spec::Symmetric),
            (ACCOUNTS[0], REGIONS[0], Spec::MlDsa),
            (ACCOUNTS[0], REGIONS[0], Spec::Symmetric),
        ] {
            let create = Op::CreateKey {
                spec,
                policy: None,
                tags: BTreeMap::new(),
            };
            self.call_as_root(account, region, create)?;
        }
        for (alias, key) in [("alias/red", 0), ("alias/blue", 5)] {
            let key = self.known.keys[key].id.clone();
            let create = Op::CreateAlias(alias.to_owned(), key);
            self.call_as_root(ACCOUNTS[0], REGIONS[0], create)?;
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<(), Failure> {
        self.machine.clock.run(Duration::from_millis(700));
        self.life().tick(STEP);
        self.pass_time();
        match step {
            Step::Calls(drafts) => self.draft(drafts),
            Step::Crash(drafts, crash) => self.crash(drafts, *crash),
            Step::KeyProcessEnds(drafts, commands) => {
                self.machine.fuse.light(*commands);
                self.draft(drafts)?;
                self.machine.fuse.put_out();
                // It is started again after a pause.
                (0..PARTS).for_each(|_| self.life().tick(ALL_TICKS));
                Ok(())
            }
            Step::Fault(drafts, fault, times) => {
                self.machine.disk.fail_next(*fault, *times);
                self.draft(drafts)?;
                self.machine.disk.heal();
                Ok(())
            }
            Step::Restart => {
                self.life.take().expect("a life").stop();
                self.start();
                self.look_at_lists()
            }
            Step::Run(seconds) => {
                for _ in 0..PARTS {
                    let part = Duration::from_secs(*seconds) / PARTS;
                    self.machine.clock.run(part);
                    self.life().tick(ALL_TICKS);
                }
                self.pass_time();
                self.look_at_lists()
            }
            Step::Jump(seconds) => {
                self.machine.clock.jump(seconds * 1000);
                self.life().tick(ALL_TICKS);
                self.jumped = self.monotonic();
                self.pass_time();
                self.look_at_lists()
            }
        }
    }

    fn draft(&mut self, drafts: &[Draft]) -> Result<(), Failure> {
        let calls = drafts.iter().map(|draft| self.known.call(*draft)).collect();
        self.make(calls)
    }

    fn crash(&mut self, drafts: &[Draft], crash: CrashAt) -> Result<(), Failure> {
        self.machine.disk.crash_at(crash);
        self.draft(drafts)?;
        self.life = None;
        self.machine.disk.recover();
        self.counts.crashes += 1;
        self.start();
        self.look_at_lists()
    }

    fn start(&mut self) {
        self.life = Some(self.machine.start());
        self.lives += 1;
        self.steady_since = self.monotonic();
        self.pass_time();
    }

    fn call_as_root(&mut self, account: &str, region: &str, operation: Op) -> Result<(), Failure> {
        let signer = self.known.root(account);
        let region = region.to_owned();
        self.make(vec![Call {
            signer,
            region,
            operation,
        }])
    }

    /// What was begun by calls without an answer, or is deleted by now, shows in lists.
    fn look_at_lists(&mut self) -> Result<(), Failure> {
        for account in ACCOUNTS {
            for region in REGIONS {
                self.call_as_root(account, region, Op::ListKeys)?;
            }
        }
        for (account, user) in USERS {
            let list = Op::ListAccessKeys(user.to_owned());
            self.call_as_root(account, REGIONS[0], list)?;
        }
        Ok(())
    }

    /// Everything that was acknowledged, once more.
    fn look_at_everything(&mut self) -> Result<(), Failure> {
        self.look_at_lists()?;
        for account in ACCOUNTS {
            for region in REGIONS {
                self.call_as_root(account, region, Op::ListAliases)?;
            }
        }
        for key in self.known.keys.clone() {
            let arn = key.arn();
            for operation in [
                Op::DescribeKey(arn.clone()),
                Op::GetKeyPolicy(arn.clone()),
                Op::ListGrants(arn.clone()),
                Op::ListResourceTags(arn.clone()),
                Op::GetKeyRotationStatus(arn),
            ] {
                self.call_as_root(&key.account, &key.region, operation)?;
            }
        }
        for made in self.known.ciphertexts.clone() {
            let decrypt = Op::Decrypt {
                key: None,
                ciphertext: made.bytes,
                context: made.context,
            };
            self.call_as_root(&made.key.account, &made.key.region, decrypt)?;
        }
        Ok(())
    }

    fn end(mut self) -> Result<Report, Failure> {
        self.life.take().expect("a life").stop();
        let store = hex::encode(&self.machine.disk.digest());
        let folder = self.machine.audit_folder();
        let faults = audit::compare(&folder, &self.replies, self.counts.unanswered);
        if let Some(fault) = faults.first() {
            let more = faults.len() - 1;
            return Err(self.failure(&format!("{fault} (and {more} more)")));
        }
        self.counts.faults = self.faults;
        let transcript = self.transcript.join("\n");
        Ok(Report {
            counts: self.counts,
            outcomes: self.outcomes,
            transcript: hex::encode(&sha256(&[transcript.as_bytes()])),
            store,
        })
    }

    // --- Calls ---

    /// Makes `calls` at one time, and holds the answers to the model.
    fn make(&mut self, calls: Vec<Call>) -> Result<(), Failure> {
        let seconds = self.machine.clock.now().seconds();
        let requests = calls.iter().map(|call| client::request(call, seconds));
        let requests = requests.collect();
        let life = self.life.as_ref().expect("a life");
        let replies = life.answer(requests, &mut self.turns);
        let faults = self.machine.disk.faults_met() + self.machine.fuse.blown();
        let was_failed = std::mem::replace(&mut self.faults, faults) != faults;
        let mut told = Vec::new();
        for (call, reply) in calls.into_iter().zip(replies) {
            self.write_down(&call, reply.as_ref());
            let answer = reply.map(|reply| self.read(&call, &reply, was_failed));
            self.learn(&call, answer.as_ref());
            told.push((call, answer));
        }
        let held = self.worlds.tell(&told);
        held.map_err(|difference| self.failure(&difference))
    }

    fn read(&mut self, call: &Call, reply: &Reply, was_failed: bool) -> Answer {
        let answer = client::answer(call, reply);
        let has_failed = was_failed && is_failure(reply, &answer);
        let expected = match &answer {
            Answer::Exception(name) if is_nobody(name) => Expected::None,
            _ if has_failed => Expected::Perhaps,
            _ => Expected::One,
        };
        let outcome = match &answer {
            Answer::Success(_) => "Success",
            Answer::Exception(name) => name,
            Answer::Failed => "Failed",
        };
        let outcome = format!("{} {outcome}", call.operation.name());
        *self.outcomes.entry(outcome).or_default() += 1;
        self.counts.calls += 1;
        self.counts.successes += usize::from(matches!(answer, Answer::Success(_)));
        let known = self.replies.insert(reply.request_id.clone(), expected);
        assert!(known.is_none(), "a request id twice");
        match has_failed {
            true => Answer::Failed,
            false => answer,
        }
    }

    fn write_down(&mut self, call: &Call, reply: Option<&Reply>) {
        let (operation, region) = (&call.operation, &call.region);
        let input = match operation {
            // Signatures, and those that are taken for MACs.
            Op::Verify(..) | Op::VerifyMac(..) => String::new(),
            _ => match operation.form() {
                Some(form) => format!("{form:?}"),
                None => operation.json().to_string(),
            },
        };
        let output = reply.map_or_else(
            || "no answer".to_owned(),
            |reply| match operation {
                Op::Sign(..) => reply.status.to_string(),
                _ => format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body)),
            },
        );
        self.counts.unanswered += usize::from(reply.is_none());
        let (name, signer) = (operation.name(), &call.signer.access_key_id);
        let line = format!("{signer} {region} {name} {input}\n    {output}");
        self.transcript.push(line);
    }

    /// Learns what later calls can name.
    fn learn(&mut self, call: &Call, answer: Option<&Answer>) {
        let Some(Answer::Success(reply)) = answer else {
            return;
        };
        let text = |member: &str| reply[member].as_str().unwrap_or_default().to_owned();
        let blob = |member: &str| from_base64(&text(member));
        let account = self.account_of(&call.signer);
        match &call.operation {
            Op::CreateKey { spec, .. } => {
                let id = &reply["KeyMetadata"]["KeyId"];
                let id = id.as_str().unwrap_or_default();
                self.learn_key(&account, &call.region, id, *spec);
            }
            Op::ListKeys => {
                for one in reply["Keys"].as_array().into_iter().flatten() {
                    let id = one["KeyId"].as_str().unwrap_or_default();
                    self.learn_key(&account, &call.region, id, Spec::Symmetric);
                }
            }
            Op::Encrypt {
                plaintext, context, ..
            } => self.learn_ciphertext(reply, blob("CiphertextBlob"), plaintext, context, None),
            Op::GenerateDataKey { context, .. } => {
                let material = Some(text("KeyMaterialId"));
                let plaintext = blob("Plaintext");
                let blob = blob("CiphertextBlob");
                self.learn_ciphertext(reply, blob, &plaintext, context, material);
            }
            Op::ReEncrypt { ciphertext, to, .. } => {
                let known = self.worlds.memory.ciphertexts.get(ciphertext);
                if let Some(plaintext) = known.map(|known| known.plaintext.clone()) {
                    let material = Some(text("DestinationKeyMaterialId"));
                    let blob = blob("CiphertextBlob");
                    self.learn_ciphertext(reply, blob, &plaintext, to, material);
                }
            }
            Op::GenerateMac(_, message) => self.learn_mark(reply, message, blob("Mac")),
            Op::Sign(_, message) => self.learn_mark(reply, message, blob("Signature")),
            Op::ScheduleKeyDeletion(..) => self.known.scheduled.extend(self.key_of(reply)),
            Op::CreateGrant { key, .. } => {
                let id = key.rsplit('/').next().unwrap_or_default();
                if let Some(key) = self.known.keys.iter().find(|known| known.id == id) {
                    self.known.grants.push((key.clone(), text("GrantId")));
                }
            }
            Op::CreateAccessKey(user) => {
                let signer = Signer {
                    access_key_id: text("AccessKeyId"),
                    secret: text("SecretAccessKey"),
                };
                self.known.access_keys.push(KnownAccessKey {
                    account,
                    user: Some(user.clone()),
                    signer,
                });
            }
            _ => {}
        }
    }

    fn learn_key(&mut self, account: &str, region: &str, id: &str, spec: Spec) {
        if self.known.keys.iter().all(|known| known.id != id) {
            self.known.keys.push(KnownKey {
                account: account.to_owned(),
                region: region.to_owned(),
                id: id.to_owned(),
                spec,
            });
        }
    }

    fn learn_ciphertext(
        &mut self,
        reply: &Value,
        bytes: Vec<u8>,
        plaintext: &[u8],
        context: &Context,
        material: Option<String>,
    ) {
        let Some(key) = self.key_of(reply) else {
            return;
        };
        let made = Ciphertext {
            place: (key.account.clone(), key.region.clone(), key.id.clone()),
            plaintext: plaintext.to_vec(),
            context: context.clone(),
            material,
        };
        let known = self.worlds.memory.ciphertexts.insert(bytes.clone(), made);
        assert!(known.is_none(), "a ciphertext twice");
        self.known.ciphertexts.push(Made {
            key,
            of: plaintext.to_vec(),
            context: context.clone(),
            bytes,
        });
    }

    fn learn_mark(&mut self, reply: &Value, message: &[u8], bytes: Vec<u8>) {
        let Some(key) = self.key_of(reply) else {
            return;
        };
        let place = (key.account.clone(), key.region.clone(), key.id.clone());
        let mark = (place, message.to_vec(), bytes.clone());
        if self.worlds.memory.marks.insert(mark) {
            self.known.marks.push(Made {
                key,
                of: message.to_vec(),
                context: Context::new(),
                bytes,
            });
        }
    }

    /// The key that an answer names.
    fn key_of(&self, reply: &Value) -> Option<KnownKey> {
        let arn = reply["KeyId"].as_str()?;
        let found = self.known.keys.iter().find(|key| key.arn() == arn);
        found.cloned()
    }

    fn account_of(&self, signer: &Signer) -> String {
        let mut all = self.known.access_keys.iter();
        let found = all.find(|key| key.signer.access_key_id == signer.access_key_id);
        found.map_or_else(String::new, |key| key.account.clone())
    }

    // --- Time ---

    fn pass_time(&mut self) {
        let monotonic = self.monotonic();
        self.worlds.pass(&Times {
            wall: self.machine.clock.now().seconds(),
            monotonic,
            steady: monotonic - self.steady_since.max(self.jumped),
            since_jump: monotonic - self.jumped,
            lives: self.lives,
        });
    }

    fn monotonic(&self) -> i64 {
        let since = self.machine.clock.monotonic().0.as_secs();
        i64::try_from(since).expect("a time of this century")
    }

    fn life(&self) -> &Life {
        self.life.as_ref().expect("a life")
    }

    fn failure(&self, text: &str) -> Failure {
        let shown = self.transcript.len().saturating_sub(LINES_SHOWN);
        let shown = self.transcript[shown..].join("\n");
        Failure(format!("{text}\n{shown}"))
    }
}

/// Nobody is told anything that the audit log would have to hold.
fn is_nobody(exception: &str) -> bool {
    matches!(
        exception,
        "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "InvalidClientTokenId"
            | "SignatureDoesNotMatch"
    )
}

/// The service failed, and says so; or says to try again, as AWS does; or could not read what would allow it, which
/// means no.
fn is_failure(reply: &Reply, answer: &Answer) -> bool {
    let is_of_failure =
        |name: &String| name.starts_with("Throttling") || name.starts_with("AccessDenied");
    reply.status.is_server_error()
        || matches!(answer, Answer::Exception(name) if is_of_failure(name))
}
