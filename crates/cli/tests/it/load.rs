//! Clients that work while a test does its worst, and the ledger of everything they were promised.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Reply, base64, eventually, from_base64, wall_seconds};

/// How long a server may be away.
pub(crate) const AWAY_MAX: Duration = Duration::from_secs(30);

/// How long a client leaves a server alone that is sealed.
const REST: Duration = Duration::from_millis(5);

/// Where the server is that clients call, and whether they go on.
pub(crate) struct Course {
    place: Mutex<Place>,
    stop: AtomicBool,
    clock: Mutex<Told>,
    /// Odd while the server's clock is being changed.
    jumps: AtomicUsize,
}

/// What a server's clock tells.
#[derive(Clone, Copy)]
enum Told {
    /// Our time, and so many seconds more.
    Ahead(i64),
    /// This time, in seconds since 1970.
    Always(i64),
}

/// Where a server is, and how often it was moved before.
#[derive(Clone, Copy)]
enum Place {
    Here(SocketAddr, usize),
    /// It was there; somebody else may be now.
    Gone(SocketAddr, usize),
    /// It starts there, and nobody else can be there.
    Starting(SocketAddr, usize),
}

impl Place {
    fn parts(self) -> (SocketAddr, usize) {
        let (Self::Here(address, life) | Self::Gone(address, life) | Self::Starting(address, life)) =
            self;
        (address, life)
    }
}

impl Course {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            place: Mutex::new(Place::Here(address, 0)),
            stop: AtomicBool::new(false),
            clock: Mutex::new(Told::Ahead(0)),
            jumps: AtomicUsize::new(0),
        }
    }

    /// How far the server's clock is ahead of ours.
    pub(crate) fn ahead_seconds(&self) -> i64 {
        match *self.clock.lock().unwrap() {
            Told::Ahead(seconds) => seconds,
            Told::Always(seconds) => seconds - wall_seconds(),
        }
    }

    /// Whether the server's clock is not ours.
    pub(crate) fn is_clock_wrong(&self) -> bool {
        !matches!(*self.clock.lock().unwrap(), Told::Ahead(0))
    }

    /// Which change of the server's clock was the last one; odd while there is one.
    pub(crate) fn jump(&self) -> usize {
        self.jumps.load(Ordering::SeqCst)
    }

    /// Changes the server's clock by `change`: now it is ahead by so many seconds.
    pub(crate) fn jump_ahead(&self, seconds: i64, change: impl FnOnce()) {
        self.change_clock(Told::Ahead(seconds), change);
    }

    /// Changes the server's clock by `change`: now it tells this time, and goes on telling it.
    pub(crate) fn freeze(&self, seconds: i64, change: impl FnOnce()) {
        self.change_clock(Told::Always(seconds), change);
    }

    fn change_clock(&self, told: Told, change: impl FnOnce()) {
        self.jumps.fetch_add(1, Ordering::SeqCst);
        change();
        *self.clock.lock().unwrap() = told;
        self.jumps.fetch_add(1, Ordering::SeqCst);
    }

    /// A server that is sealed is not asked again at once.
    pub(crate) fn rest(&self) {
        std::thread::park_timeout(REST);
    }

    /// Says where the server is now.
    pub(crate) fn moved(&self, address: SocketAddr) {
        let mut place = self.place.lock().unwrap();
        *place = Place::Here(address, place.parts().1 + 1);
    }

    /// Says that the server is about to leave.
    pub(crate) fn gone(&self) {
        let mut place = self.place.lock().unwrap();
        let (address, life) = place.parts();
        *place = Place::Gone(address, life);
    }

    /// Says that the server, which has ended, is about to start on the port that it had, which is held for it.
    pub(crate) fn starts(&self) {
        let mut place = self.place.lock().unwrap();
        let (address, life) = place.parts();
        *place = Place::Starting(address, life);
    }

    /// Whether the server starts.
    pub(crate) fn is_starting(&self) -> bool {
        matches!(*self.place.lock().unwrap(), Place::Starting(..))
    }

    /// Where the server is or starts, as soon as it does; where it was, once clients shall finish.
    pub(crate) fn door(&self) -> SocketAddr {
        eventually("a server that starts", AWAY_MAX, || {
            match *self.place.lock().unwrap() {
                Place::Here(address, _) | Place::Starting(address, _) => Some(address),
                Place::Gone(address, _) => self.is_stopped().then_some(address),
            }
        })
    }

    /// Where the server is, as soon as it is there; where it was, once clients shall finish.
    pub(crate) fn address(&self) -> SocketAddr {
        self.place().0
    }

    /// The same, and in which of its lives it is there: an earlier one does nothing any more.
    pub(crate) fn place(&self) -> (SocketAddr, usize) {
        eventually("a server that is back", AWAY_MAX, || {
            match *self.place.lock().unwrap() {
                Place::Here(address, life) => Some((address, life)),
                away => self.is_stopped().then_some(away.parts()),
            }
        })
    }

    /// Tells the clients to finish.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the clients were told to finish.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whoever fails ends the course for all, so that the test fails instead of waiting.
    pub(crate) fn stop_on_panic(&self) -> StopOnPanic<'_> {
        StopOnPanic(self)
    }
}

/// Ends a course when it is dropped.
pub(crate) struct StopOnPanic<'c>(&'c Course);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What a change may have left: the last value acknowledged, or any attempted since.
#[derive(Default)]
pub(crate) struct Possible(Vec<String>);

impl Possible {
    fn attempt(&mut self, value: &str) {
        self.0.push(value.to_owned());
    }

    fn acknowledge(&mut self, value: &str) {
        self.0 = vec![value.to_owned()];
    }

    fn holds(&self, value: &str) -> bool {
        self.0.iter().any(|possible| possible == value)
    }
}

#[derive(Default)]
struct Promised {
    description: Possible,
    tag: Possible,
}

#[derive(Default)]
struct Book {
    keys: BTreeMap<String, Promised>,
    aliases: BTreeMap<String, String>,
    ciphertexts: Vec<(String, Vec<u8>)>,
    acknowledged: usize,
    failed: usize,
}

/// The server under load, and what it promised.
pub(crate) struct Load {
    course: Course,
    book: Mutex<Book>,
    tolerance: Tolerance,
}

/// What clients put up with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tolerance {
    /// KMSInternalException.
    Internal,
    /// That, and connections that break.
    Disconnects,
    /// Nothing.
    Nothing,
}

impl Load {
    pub(crate) fn new(address: SocketAddr, tolerance: Tolerance) -> Self {
        Self {
            course: Course::new(address),
            book: Mutex::default(),
            tolerance,
        }
    }

    /// Says where the server is now.
    pub(crate) fn moved(&self, address: SocketAddr) {
        self.course.moved(address);
    }

    /// Tells the clients to finish.
    pub(crate) fn stop(&self) {
        self.course.stop();
    }

    /// Whether the clients were told to finish.
    pub(crate) fn is_stopped(&self) -> bool {
        self.course.is_stopped()
    }

    /// How many calls succeeded.
    pub(crate) fn acknowledged(&self) -> usize {
        self.book().acknowledged
    }

    /// Waits until `more` calls succeeded.
    pub(crate) fn go_on(&self, more: usize) {
        let until = self.acknowledged() + more;
        eventually("progress of the clients", AWAY_MAX, || {
            assert!(!self.is_stopped(), "a client failed");
            (self.acknowledged() >= until).then_some(())
        });
    }

    /// Runs client number `number` until [`Load::stop`].
    pub(crate) fn run(&self, number: usize) {
        let mut worker = Worker {
            load: self,
            number,
            client: self.client(),
            key: None,
        };
        let _stop_the_others = self.course.stop_on_panic();
        for turn in 0.. {
            if self.is_stopped() {
                return;
            }
            worker.turn(turn);
        }
    }

    /// Checks that everything promised is there.
    pub(crate) fn check(&self, client: &mut Client) {
        let book = self.book();
        for (key, promised) in &book.keys {
            let metadata = client.ok("DescribeKey", &json!({"KeyId": key}));
            let description = metadata["KeyMetadata"]["Description"].as_str().unwrap();
            assert!(
                promised.description.holds(description),
                "{key}: {description}"
            );
            let tags = client.ok("ListResourceTags", &json!({"KeyId": key}));
            let tag = tags["Tags"][0]["TagValue"].as_str().unwrap_or_default();
            assert!(promised.tag.holds(tag), "{key}: {tag}");
        }
        for (alias, key) in &book.aliases {
            let metadata = client.ok("DescribeKey", &json!({"KeyId": alias}));
            assert_eq!(metadata["KeyMetadata"]["Arn"], **key, "{alias}");
        }
        for (ciphertext, plaintext) in &book.ciphertexts {
            let output = client.ok("Decrypt", &json!({"CiphertextBlob": ciphertext}));
            assert_eq!(
                from_base64(output["Plaintext"].as_str().unwrap()),
                *plaintext
            );
        }
    }

    /// One line of counts.
    pub(crate) fn summary(&self) -> String {
        let book = self.book();
        format!(
            "acknowledged {} (keys {}, aliases {}, ciphertexts {}), failed {}",
            book.acknowledged,
            book.keys.len(),
            book.aliases.len(),
            book.ciphertexts.len(),
            book.failed
        )
    }

    fn client(&self) -> Client {
        Client::new(self.course.address(), "test", "test")
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }
}

struct Worker<'l> {
    load: &'l Load,
    number: usize,
    client: Client,
    key: Option<String>,
}

impl Worker<'_> {
    fn turn(&mut self, turn: usize) {
        let Some(key) = self.key.clone().filter(|_| !turn.is_multiple_of(40)) else {
            self.create_key(turn);
            return;
        };
        match turn % 10 {
            1 => self.create_alias(&key, turn),
            2 => self.describe(&key, turn),
            3 => self.tag(&key, turn),
            4 | 5 => self.encrypt(&key, turn),
            _ => self.decrypt(turn),
        }
    }

    fn create_key(&mut self, turn: usize) {
        // While no key can be made the old one would collect more aliases than a key may have.
        self.key = None;
        let description = format!("{}-{turn}", self.number);
        let tags = json!([{"TagKey": "t", "TagValue": description}]);
        let Some(made) = self.call(
            "CreateKey",
            &json!({"Description": description, "Tags": tags}),
        ) else {
            return;
        };
        let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let mut promised = Promised::default();
        promised.description.acknowledge(&description);
        promised.tag.acknowledge(&description);
        self.load.book().keys.insert(arn.clone(), promised);
        self.key = Some(arn);
    }

    fn create_alias(&mut self, key: &str, turn: usize) {
        let alias = format!("alias/{}-{turn}", self.number);
        let input = json!({"AliasName": alias, "TargetKeyId": key});
        if self.call("CreateAlias", &input).is_some() {
            self.load.book().aliases.insert(alias, key.to_owned());
        }
    }

    fn describe(&mut self, key: &str, turn: usize) {
        let value = turn.to_string();
        self.promised(key, |promised| promised.description.attempt(&value));
        let input = json!({"KeyId": key, "Description": value});
        if self.call("UpdateKeyDescription", &input).is_some() {
            self.promised(key, |promised| promised.description.acknowledge(&value));
        }
    }

    fn tag(&mut self, key: &str, turn: usize) {
        let value = turn.to_string();
        self.promised(key, |promised| promised.tag.attempt(&value));
        let input = json!({"KeyId": key, "Tags": [{"TagKey": "t", "TagValue": value}]});
        if self.call("TagResource", &input).is_some() {
            self.promised(key, |promised| promised.tag.acknowledge(&value));
        }
    }

    fn encrypt(&mut self, key: &str, turn: usize) {
        let plaintext = format!("{}:{turn}", self.number).into_bytes();
        let input = json!({"KeyId": key, "Plaintext": base64(&plaintext)});
        if let Some(output) = self.call("Encrypt", &input) {
            let ciphertext = output["CiphertextBlob"].as_str().unwrap().to_owned();
            self.load.book().ciphertexts.push((ciphertext, plaintext));
        }
    }

    fn decrypt(&mut self, turn: usize) {
        let known = {
            let book = self.load.book();
            let index = turn.wrapping_mul(7919) % book.ciphertexts.len().max(1);
            book.ciphertexts.get(index).cloned()
        };
        let Some((ciphertext, plaintext)) = known else {
            return;
        };
        if let Some(output) = self.call("Decrypt", &json!({"CiphertextBlob": ciphertext})) {
            assert_eq!(
                from_base64(output["Plaintext"].as_str().unwrap()),
                plaintext
            );
        }
    }

    fn promised(&self, key: &str, change: impl FnOnce(&mut Promised)) {
        change(self.load.book().keys.get_mut(key).unwrap());
    }

    /// The output, or nothing when the call failed as it may.
    fn call(&mut self, operation: &str, input: &Value) -> Option<Value> {
        match self.client.try_call(operation, input) {
            Ok(reply) if reply.status == 200 => {
                self.load.book().acknowledged += 1;
                return Some(reply.json());
            }
            Ok(reply) => self.tolerate(operation, &reply),
            Err(error) => {
                let tolerated = self.load.tolerance == Tolerance::Disconnects;
                assert!(tolerated, "{operation}: {error}");
                self.reconnect();
            }
        }
        self.load.book().failed += 1;
        None
    }

    fn tolerate(&self, operation: &str, reply: &Reply) {
        let is_internal = (reply.status, reply.error().as_str()) == (500, "KMSInternalException");
        let tolerated = is_internal && self.load.tolerance != Tolerance::Nothing;
        assert!(tolerated, "{operation}: {} {}", reply.status, reply.text());
    }

    fn reconnect(&mut self) {
        eventually("a server that listens", AWAY_MAX, || {
            let address = self.load.course.address();
            TcpStream::connect(address).ok()
        });
        self.client = self.load.client();
    }
}
