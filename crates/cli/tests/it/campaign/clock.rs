//! A wall clock that jumps by years, stands still and runs backwards, for the service and the key process alike: nothing
//! is deleted, expired or rotated early, no request or session of another time is admitted, and the history holds. Nothing
//! is asked of `audit verify`, for which a checkpoint signed long before the one before it is a fault.
//! The binary under test has the feature `moved-clock`, which no build that is shipped has.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_base::env::moved_clock::{BYTES, file_of};
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};
use strongroom_testkit::{
    Client, Program, Request, Server, base64, eventually, from_base64, now, wall_seconds,
};

use super::burglar::State;
use super::crew::{Crew, pass, wait_for_end};
use super::history::Tally;
use super::person::{ACCOUNTS, Answer, Caller, Person, STS, Scene, Stage, credentials};
use super::site::Port;
use super::witness::Witness;
use super::{Dice, Plan};
use crate::load::AWAY_MAX;
use crate::{program, scratch};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
/// The account whose keys wait for a time.
const WAITING: &str = "555566667777";
/// Calls by rights between two strokes.
const USES_BETWEEN: usize = 20;
/// What the server is in while it is attacked.
const STATES: &[State] = &[State::Starting, State::Jumped];
/// Steps of a clock that runs backwards, and of how many seconds each is.
const STEPS_BACK: i64 = 20;
const STEP_BACK: i64 = 10;
const STEP_TIME: Duration = Duration::from_millis(10);
/// What domain time follows at once after a restart: the server was away for so long, for all it knows.
const GAP_FOLLOWED: i64 = 23 * 3600;
/// How long timers may take to look after a start.
const TIMERS_MAX: Duration = Duration::from_secs(20);

/// What is done to the clock.
#[derive(Clone, Copy, Debug)]
enum Stroke {
    /// One to ten years ahead.
    Ahead,
    /// One to ten years back.
    Back,
    /// Right again.
    Right,
    Freeze,
    RunBack,
    /// One of the first three while the server is off.
    WhileOff,
}

const STROKES: &[Stroke] = &[
    Stroke::Ahead,
    Stroke::Back,
    Stroke::Right,
    Stroke::Freeze,
    Stroke::RunBack,
    Stroke::WhileOff,
    Stroke::WhileOff,
];

/// The file that moves the clock of a binary.
struct Hands(File);

impl Hands {
    /// A binary of its own in `folder`, and the hands of its clock.
    fn on(folder: &Path) -> (Program, Self) {
        let path = folder.join("strongroom");
        fs::copy(program().path(), &path).unwrap();
        let file = File::create(file_of(&path)).unwrap();
        file.write_all_at(&[0; BYTES], 0).unwrap();
        (Program::new(path.to_str().unwrap()), Self(file))
    }

    fn set(&self, ahead_seconds: i64, instead_seconds: i64) {
        let said = [ahead_seconds, instead_seconds].map(|seconds| (seconds * 1000).to_ne_bytes());
        self.0.write_all_at(&said.concat(), 0).unwrap();
    }
}

/// Keys whose time has not come, whatever a clock says.
struct Waiting<'s> {
    caller: Caller<'s>,
    /// Scheduled for deletion.
    dying: String,
    /// With material that expires.
    imported: String,
    /// With rotation each quarter of a year.
    rotating: String,
    blob: Value,
    early: Vec<String>,
}

impl<'s> Waiting<'s> {
    fn new(scene: Scene<'s>) -> Self {
        let mut caller = scene.caller(&Person::root(WAITING));
        let mut key = |input: Value| {
            let made = caller.kms_ok("CreateKey", &input);
            made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        };
        let [dying, rotating] = [json!({}), json!({})].map(&mut key);
        let imported = key(json!({"Origin": "EXTERNAL"}));
        let dies = json!({"KeyId": dying, "PendingWindowInDays": 7});
        caller.kms_ok("ScheduleKeyDeletion", &dies);
        caller.kms_ok(
            "EnableKeyRotation",
            &json!({"KeyId": rotating, "RotationPeriodInDays": 90}),
        );
        import(&mut caller, &imported);
        let input = json!({"KeyId": imported, "Plaintext": "QUJD"});
        let blob = caller.kms_ok("Encrypt", &input)["CiphertextBlob"].take();
        Self {
            caller,
            dying,
            imported,
            rotating,
            blob,
            early: Vec::new(),
        }
    }

    /// Looks whether anything happened that is not due for a day and more.
    fn check(&mut self) {
        let state = |described: &Value| described["KeyMetadata"]["KeyState"].clone();
        let dying = state(&self.ask("DescribeKey", &json!({"KeyId": self.dying})));
        self.note(dying != "PendingDeletion", "deletion", &dying);
        let imported = state(&self.ask("DescribeKey", &json!({"KeyId": self.imported})));
        self.note(imported != "Enabled", "expiry", &imported);
        let opened = self.ask("Decrypt", &json!({"CiphertextBlob": self.blob}));
        self.note(opened["Plaintext"] != "QUJD", "expired material", &opened);
        let rotations = self.ask("ListKeyRotations", &json!({"KeyId": self.rotating}));
        let is_empty = rotations["Rotations"].as_array().is_none_or(Vec::is_empty);
        self.note(!is_empty, "rotation", &rotations);
    }

    fn note(&mut self, is_early: bool, what: &str, seen: &Value) {
        if is_early {
            self.early.push(format!("{what}: {seen}"));
        }
    }

    /// What a call answers as soon as it is answered; nothing when it is refused.
    fn ask(&mut self, operation: &'static str, input: &Value) -> Value {
        let caller = &mut self.caller;
        eventually(operation, AWAY_MAX, || match caller.kms(operation, input) {
            Answer::Done(reply) => Some(reply.json()),
            Answer::Refused(why) if why != super::person::OTHER_TIME => Some(Value::Null),
            _ => None,
        })
    }
}

/// Imports material that is valid for a day.
fn import(caller: &mut Caller<'_>, key: &str) {
    let asked = json!({"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"});
    let parameters = caller.kms_ok("GetParametersForImport", &asked);
    let public = from_base64(parameters["PublicKey"].as_str().unwrap());
    let wrapped = oaep_encrypt(&public, OaepHash::Sha256, &[7; 32]).unwrap();
    let input = json!({
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": base64(&wrapped),
        "ExpirationModel": "KEY_MATERIAL_EXPIRES",
        "ValidTo": wall_seconds() + DAY,
    });
    caller.kms_ok("ImportKeyMaterial", &input);
}

/// What was good at one time: a request, sent once, and a session.
struct Then {
    bytes: Vec<u8>,
    session: Option<Person>,
}

/// A server whose clock is moved.
struct Mover<'m> {
    server: &'m mut Server,
    scene: Scene<'m>,
    hands: &'m Hands,
    witness: &'m Witness<'m>,
    waiting: Waiting<'m>,
    dice: Dice,
    jumps: usize,
    replayed: usize,
    admitted: Vec<String>,
}

impl Mover<'_> {
    fn suffer(&mut self, stroke: Stroke) {
        let (then, at) = (self.capture(), self.time());
        match stroke {
            Stroke::Ahead | Stroke::Back | Stroke::Right => self.jump(stroke),
            Stroke::Freeze => self.freeze(self.time()),
            Stroke::RunBack => self.run_back(),
            Stroke::WhileOff => self.restart(),
        }
        self.jumps += 1;
        let passed = self.time() - at;
        if passed.abs() > DAY {
            self.replay(&then, passed);
        }
        self.go_on();
        self.waiting.check();
    }

    /// The time of the server.
    fn time(&self) -> i64 {
        wall_seconds() + self.scene.course.ahead_seconds()
    }

    fn jump(&mut self, stroke: Stroke) {
        let years = i64::try_from(1 + self.dice.below(10)).unwrap();
        let ahead = match stroke {
            Stroke::Ahead => years * YEAR,
            Stroke::Back => -years * YEAR,
            _ => 0,
        };
        let hands = self.hands;
        self.scene.course.jump_ahead(ahead, || hands.set(ahead, 0));
    }

    fn freeze(&self, time: i64) {
        let hands = self.hands;
        self.scene.course.freeze(time, || hands.set(0, time));
    }

    fn run_back(&self) {
        let start = self.time();
        for step in 0..STEPS_BACK {
            self.freeze(start - step * STEP_BACK);
            pass(STEP_TIME);
        }
    }

    fn restart(&mut self) {
        let stroke = *self
            .dice
            .pick(&[Stroke::Ahead, Stroke::Back, Stroke::Right]);
        self.scene.course.gone();
        end(self.server, self.scene);
        self.jump(stroke);
        start(self.server, self.scene);
    }

    fn go_on(&self) {
        let until = self.witness.tally().uses + USES_BETWEEN;
        eventually("progress of the clients", AWAY_MAX, || {
            assert!(!self.scene.course.is_stopped(), "a client failed");
            (self.witness.tally().uses >= until).then_some(())
        });
    }

    fn capture(&mut self) -> Then {
        let mut request = Request::json(self.server.address(), "ListKeys", b"{}");
        request.credentials.access_key_id = WAITING.to_owned();
        request.ahead_seconds = self.scene.course.ahead_seconds();
        let bytes = request.bytes();
        self.send("ListKeys", &bytes, 200);
        let made = self
            .waiting
            .caller
            .form(STS, "GetSessionToken", "&DurationSeconds=900");
        let session = match made {
            Answer::Done(reply) => Some(credentials(&reply, WAITING, "then")),
            _ => None,
        };
        Then { bytes, session }
    }

    /// Tries what was good `passed` seconds ago.
    fn replay(&mut self, then: &Then, passed: i64) {
        self.replayed += 1;
        if self.send("ListKeys", &then.bytes, 400) == 200 {
            self.admitted.push(format!("a request {passed} s later"));
        }
        let Some(session) = then.session.as_ref().filter(|_| passed > 0) else {
            return;
        };
        self.replayed += 1;
        if let Answer::Done(_) = self.scene.caller(session).kms("ListKeys", &json!({})) {
            self.admitted.push(format!("a session {passed} s later"));
        }
    }

    /// Sends a request that is `usual`ly answered so, and returns how it was answered.
    fn send(&self, operation: &'static str, bytes: &[u8], usual: u16) -> u16 {
        let mut client = Client::new(self.server.address(), "", "");
        let reply = client.send(bytes).unwrap();
        if reply.status == 200 {
            self.scene.ledger().note(operation, &reply);
        } else {
            self.scene.ledger().note_nobodys(&reply);
        }
        assert!(usual != 200 || reply.status == 200, "{}", reply.text());
        reply.status
    }
}

fn start(server: &mut Server, scene: Scene<'_>) {
    scene.course.starts();
    server.restart();
    scene.course.moved(server.address());
}

fn end(server: &mut Server, scene: Scene<'_>) {
    let key_process = server.key_process();
    assert!(server.terminate().success(), "{}", server.stderr());
    wait_for_end(&key_process);
    scene.ledger().note_log(&server.stderr());
}

#[test]
fn no_clock_makes_anything_early_or_anybody_welcome() {
    let plan = Plan::of_environment();
    println!("campaign clock: seed {} for {:?}", plan.seed, plan.time);
    let ((folder, data), port) = (scratch(), Port::hold());
    let (program, hands) = Hands::on(folder.path());
    let arguments = ["--log-format", "json"];
    let mut server = Server::dev_on(&program, &data, &port.address(), &arguments);
    let stage = Stage::new(&server);
    let scene = stage.scene();
    let roots = ACCOUNTS.map(Person::root);
    let crew = Crew::new(scene, None, &roots, plan.seed);
    let mover = Mover {
        server: &mut server,
        scene,
        hands: &hands,
        witness: &crew.witness,
        waiting: Waiting::new(scene),
        dice: Dice::new(plan.seed),
        jumps: 0,
        replayed: 0,
        admitted: Vec::new(),
    };
    let (moved, burgled) = crew.work(|| attack(mover, &plan));
    let tally = look_again(&mut server, scene, &hands, &crew.witness);
    drop(crew);
    let found = stage.into_ledger().compare(&data);
    println!("campaign clock: {found}\ncampaign clock: history {tally}");
    println!(
        "campaign clock: away {}, unwell {}",
        burgled.away, burgled.unwell
    );
    let attacks = burgled.attacks(STATES);
    println!(
        "counts: jumps={} early={} acknowledged={} lost={} escaped={} forged={} admitted={} {attacks}",
        moved.jumps,
        moved.early.len(),
        tally.acknowledged,
        tally.lost.count,
        tally.escaped.count,
        burgled.forged + moved.replayed,
        burgled.admitted.count + moved.admitted.len(),
    );
    assert!(moved.early.is_empty(), "{:#?}", moved.early);
    assert!(moved.admitted.is_empty(), "{:#?}", moved.admitted);
    found.check();
    tally.check();
    burgled.check();
    attacks.check(plan.time);
}

/// What the strokes came to.
struct Moved {
    jumps: usize,
    replayed: usize,
    early: Vec<String>,
    admitted: Vec<String>,
}

fn attack(mut mover: Mover<'_>, plan: &Plan) -> Moved {
    let start = now();
    while now().since(start) < plan.time {
        let stroke = *mover.dice.pick(STROKES);
        mover.suffer(stroke);
    }
    Moved {
        jumps: mover.jumps,
        replayed: mover.replayed,
        early: mover.waiting.early,
        admitted: mover.admitted,
    }
}

/// Puts the clock right, starts the server once more, looks at everything, and ends it.
fn look_again(
    server: &mut Server,
    scene: Scene<'_>,
    hands: &Hands,
    witness: &Witness<'_>,
) -> Tally {
    end(server, scene);
    scene.course.jump_ahead(0, || hands.set(0, 0));
    start(server, scene);
    let tally = witness.finish();
    end(server, scene);
    tally
}

fn verify(data: &Path) -> String {
    let path = data.display().to_string();
    program()
        .run(["audit", "verify", "--data", &path])
        .succeeded()
}

#[test]
fn both_processes_see_a_jump() {
    let (folder, data) = scratch();
    let (program, hands) = Hands::on(folder.path());
    let mut server = Server::dev(&program, &data);
    hands.set(10 * YEAR, 0);
    let mut client = server.client();
    let reply = client.reply("ListKeys", &json!({}));
    assert!(
        reply.text().contains("Signature expired"),
        "{}",
        reply.text()
    );
    client.set_ahead(10 * YEAR);
    client.ok("ListKeys", &json!({}));
    assert!(server.terminate().success());
    // The key process says when it signed.
    let verdict = verify(&data);
    assert!(verdict.contains("signed 203"), "{verdict}");
}

#[test]
fn what_happens_early_is_noticed() {
    let (folder, data) = scratch();
    let (program, hands) = Hands::on(folder.path());
    let mut server = Server::dev(&program, &data);
    let stage = Stage::new(&server);
    let mut waiting = Waiting::new(stage.scene());
    waiting.check();
    assert!(waiting.early.is_empty(), "{:?}", waiting.early);
    // A server that was off for most of a day, eight times, has lived for a week.
    for days in 1..=8 {
        end(&mut server, stage.scene());
        let ahead = days * GAP_FOLLOWED;
        stage.course.jump_ahead(ahead, || hands.set(ahead, 0));
        start(&mut server, stage.scene());
    }
    eventually("deletion and expiry", TIMERS_MAX, || {
        waiting.early.clear();
        waiting.check();
        (waiting.early.len() == 3).then_some(())
    });
}
