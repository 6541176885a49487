//! What an attacker with the disk puts back: an old store, an old seal, an old anchor, single records, and every mix of
//! them. It is refused before first use, or changes no answer; what cannot be told apart is held to be just that.

use std::fmt::Debug;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use strongroom_testkit::{Client, Server, now};

use super::{Dice, Plan};
use crate::{copy_folder, program, scratch};

/// How often the folder is copied while it has a past; after the last copy it changes once more.
const COPIES: usize = 4;
const STORE: &[&str] = &["store.db", "store.db-wal", "store.db-shm", "store.mark"];
const SEAL: &[&str] = &["hsm.seal"];
const ANCHOR: &[&str] = &["anchor"];
const SLOT: usize = 4096;
/// What is tried however short the time.
const TRIES_MIN: usize = 6;

/// What is known of the present, and was otherwise once.
struct Fact {
    operation: &'static str,
    input: Value,
    expected: (u16, &'static str),
}

impl Fact {
    fn new(operation: &'static str, input: Value, expected: (u16, &'static str)) -> Self {
        Self {
            operation,
            input,
            expected,
        }
    }
}

/// What the facts look like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Every call is refused as by a sealed server, or there is no server.
    Refused,
    /// Every answer is that of the present, or says that a record is damaged.
    Present,
    /// An answer of the past, or of nobody.
    Past,
}

/// The folder, and what it was.
struct History {
    present: PathBuf,
    copies: Vec<PathBuf>,
    facts: Vec<Fact>,
}

/// Where each part of a folder comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Present,
    Copy(usize),
    Deleted,
}

#[derive(Clone, Copy, Debug)]
struct Mix {
    store: Origin,
    seal: Origin,
    anchor: Origin,
}

/// The whole folder of the first copy.
const EVERYTHING: Mix = Mix {
    store: Origin::Copy(0),
    seal: Origin::Copy(0),
    anchor: Origin::Copy(0),
};

/// What can be known of a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Nothing,
    Rollback,
    /// The anchor went back with the store: no trace is left.
    Indistinct,
}

#[derive(Debug, Default)]
struct Counts {
    rollbacks: usize,
    detected: usize,
    harmless: usize,
    undetected: usize,
    indistinct: usize,
    crashes: usize,
}

impl Counts {
    /// Counts what was put back before a start: it must be refused.
    fn note_before_start(&mut self, seen: Seen, what: &dyn Debug) {
        self.rollbacks += 1;
        match seen {
            Seen::Refused => self.detected += 1,
            Seen::Present | Seen::Past => self.note_undetected(seen, what),
        }
    }

    /// Counts what was put back under a server: it may change no answer.
    fn note_under_server(&mut self, seen: Seen, what: &dyn Debug) {
        self.rollbacks += 1;
        match seen {
            Seen::Refused => self.detected += 1,
            Seen::Present => self.harmless += 1,
            Seen::Past => self.note_undetected(seen, what),
        }
    }

    fn note_undetected(&mut self, seen: Seen, what: &dyn Debug) {
        println!("undetected: {what:?}, {seen:?}");
        self.undetected += 1;
    }

    /// Panics when one rollback was neither refused nor without effect where that is enough.
    fn check(&self) {
        let noticed = self.detected + self.harmless;
        assert_eq!((self.undetected, noticed), (0, self.rollbacks), "{self:?}");
    }
}

/// Changes one thing of each kind, which facts tell of.
fn mutate(client: &mut Client, facts: &mut Vec<Fact>, number: usize, keys: &[String]) {
    let [disabled, doomed, denied, granted, aliased] = keys else {
        panic!("five keys");
    };
    client.ok("DisableKey", &json!({"KeyId": disabled}));
    client.ok("ScheduleKeyDeletion", &json!({"KeyId": doomed}));
    let root = json!({"AWS": "arn:aws:iam::000000000000:root"});
    let statement = |effect: &str, action: &str| json!({"Effect": effect, "Principal": root, "Action": action, "Resource": "*"});
    let statements = [
        statement("Allow", "kms:*"),
        statement("Deny", "kms:Encrypt"),
    ];
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    client.ok("PutKeyPolicy", &json!({"KeyId": denied, "Policy": policy}));
    let grants = client.ok("ListGrants", &json!({"KeyId": granted}));
    let grant = &grants["Grants"][0]["GrantId"];
    client.ok("RevokeGrant", &json!({"KeyId": granted, "GrantId": grant}));
    let alias = format!("alias/{number}");
    client.ok("DeleteAlias", &json!({"AliasName": alias}));
    let encrypt = |key: &str| json!({"KeyId": key, "Plaintext": "QUJD"});
    facts.extend([
        Fact::new("Encrypt", encrypt(disabled), (400, "DisabledException")),
        Fact::new(
            "Encrypt",
            encrypt(doomed),
            (400, "KMSInvalidStateException"),
        ),
        Fact::new("Encrypt", encrypt(denied), (400, "AccessDeniedException")),
        Fact::new("ListGrants", json!({"KeyId": granted}), (200, "no grants")),
        Fact::new(
            "DescribeKey",
            json!({"KeyId": alias}),
            (400, "NotFoundException"),
        ),
        Fact::new("Encrypt", encrypt(aliased), (200, "")),
    ]);
}

/// A key of each kind, before anything befell it.
fn make(client: &mut Client, number: usize) -> Vec<String> {
    let keys: Vec<String> = (0..5).map(|_| client.create_key()).collect();
    let grant = json!({
        "KeyId": keys[3],
        "GranteePrincipal": "arn:aws:iam::000000000000:root",
        "Operations": ["Encrypt"],
    });
    client.ok("CreateGrant", &grant);
    let alias = format!("alias/{number}");
    client.ok(
        "CreateAlias",
        &json!({"AliasName": alias, "TargetKeyId": keys[4]}),
    );
    keys
}

impl History {
    fn new(folder: &Path, data: &Path) -> Self {
        let mut server = Server::dev(&program(), data);
        let mut client = server.client();
        let keys: Vec<_> = (0..COPIES)
            .map(|number| make(&mut client, number))
            .collect();
        let (mut facts, mut copies) = (Vec::new(), Vec::new());
        for (number, keys) in keys.iter().enumerate() {
            assert!(server.terminate().success());
            let copy = folder.join(format!("copy-{number}"));
            copy_folder(data, &copy);
            copies.push(copy);
            server.restart();
            mutate(&mut server.client(), &mut facts, number, keys);
            if number == COPIES / 2 {
                run(data, &["domain", "rotate"]);
            }
        }
        assert!(server.terminate().success());
        Self {
            present: data.to_owned(),
            copies,
            facts,
        }
    }

    fn origin(&self, origin: Origin) -> Option<&Path> {
        match origin {
            Origin::Present => Some(&self.present),
            Origin::Copy(number) => Some(&self.copies[number]),
            Origin::Deleted => None,
        }
    }

    /// Whether two origins have the same file.
    fn same(&self, file: &str, one: Origin, other: Origin) -> bool {
        let read = |origin| Some(fs::read(self.origin(origin)?.join(file)).unwrap());
        read(one) == read(other)
    }

    fn nature(&self, mix: Mix) -> Nature {
        let Mix {
            store,
            seal,
            anchor,
        } = mix;
        let is_present = |origin| origin == Origin::Present;
        if is_present(store) && is_present(anchor) && self.same("hsm.seal", seal, Origin::Present) {
            return Nature::Nothing;
        }
        let is_older = |one: Origin, other: Origin| match (one, other) {
            (Origin::Copy(one), Origin::Copy(other)) => one < other,
            (Origin::Copy(_), Origin::Present) => true,
            _ => false,
        };
        let seal_fits = !is_older(seal, anchor) || self.same("hsm.seal", seal, anchor);
        if store == anchor && store != Origin::Deleted && seal_fits {
            return Nature::Indistinct;
        }
        Nature::Rollback
    }

    /// A folder of these parts.
    fn compose(&self, mix: Mix, target: &Path) {
        copy_folder(&self.present, target);
        for (files, origin) in [(STORE, mix.store), (SEAL, mix.seal), (ANCHOR, mix.anchor)] {
            for file in files {
                fs::remove_file(target.join(file)).unwrap_or_default();
                let from = self.origin(origin).map(|from| from.join(file));
                if let Some(from) = from.filter(|from| from.exists()) {
                    fs::copy(from, target.join(file)).unwrap();
                }
            }
        }
    }

    /// Serves `folder`, and compares what it says with what is known.
    fn look(&self, folder: &Path) -> Seen {
        match Server::try_dev(&program(), folder) {
            Err(ending) => {
                assert!(ending.stderr.contains("strongroom: "), "{}", ending.stderr);
                Seen::Refused
            }
            Ok(server) => self.compare(&server, folder),
        }
    }

    fn compare(&self, server: &Server, folder: &Path) -> Seen {
        let mut client = server.client();
        let answers: Vec<_> = self
            .facts
            .iter()
            .map(|fact| see(&mut client, fact))
            .collect();
        if answers.iter().all(|seen| *seen == Seen::Refused) {
            let status = run(folder, &["status"]);
            assert!(status.contains("DOES NOT FIT"), "{status}");
            return Seen::Refused;
        }
        let is_present = |seen: &Seen| *seen == Seen::Present;
        if answers.iter().all(is_present) {
            Seen::Present
        } else {
            println!("{answers:?}");
            Seen::Past
        }
    }
}

fn run(data: &Path, words: &[&str]) -> String {
    let data = data.display().to_string();
    program()
        .run([words, &["--data", &data]].concat())
        .succeeded()
}

fn see(client: &mut Client, fact: &Fact) -> Seen {
    let (status, answer) = client.call(fact.operation, &fact.input);
    let kind = answer["__type"].as_str().unwrap_or_default();
    match (status, kind) {
        (503, "ServiceUnavailableException") => Seen::Refused,
        // A record that was put back under the server.
        (500, "KMSInternalException") => Seen::Present,
        (200, _) if fact.expected.1 == "no grants" && answer["Grants"] != json!([]) => Seen::Past,
        (200, _) if fact.expected.0 == 200 => Seen::Present,
        (400, kind) if fact.expected == (400, kind) => Seen::Present,
        _ => Seen::Past,
    }
}

fn any_origin(dice: &mut Dice) -> Origin {
    match dice.below(3 + COPIES) {
        0 => Origin::Deleted,
        1 | 2 => Origin::Present,
        number => Origin::Copy(number - 3),
    }
}

fn any_mix(dice: &mut Dice) -> Mix {
    let store = any_origin(dice);
    let anchor = match dice.below(3) {
        0 => store,
        _ => any_origin(dice),
    };
    // A folder without a seal has no domain, and gets a new one.
    let seal = match any_origin(dice) {
        Origin::Deleted => Origin::Present,
        origin => origin,
    };
    Mix {
        store,
        seal,
        anchor,
    }
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("store.db")).unwrap()
}

/// Rows of the copy that the present has otherwise, or not at all.
fn old_rows(copy: &Path, present: &Path) -> Vec<(Vec<u8>, i64, Vec<u8>)> {
    let old = database(copy);
    let path = present.join("store.db").display().to_string();
    old.execute("ATTACH ?1 AS present", params![path]).unwrap();
    let query =
        "SELECT key, version, value FROM main.kv EXCEPT SELECT key, version, value FROM present.kv";
    let mut statement = old.prepare(query).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Puts back some rows of an older copy.
fn put_rows_back(history: &History, dice: &mut Dice, target: &Path) -> usize {
    let copy = &history.copies[dice.below(COPIES)];
    let rows = old_rows(copy, &history.present);
    let connection = database(target);
    let first = dice.below(rows.len());
    let count = 1 + dice.below(3);
    let query = "INSERT INTO kv(key, version, value) VALUES(?1, ?2, ?3) \
                 ON CONFLICT(key) DO UPDATE SET version = ?2, value = ?3";
    let chosen = rows.iter().cycle().skip(first).take(count);
    chosen
        .map(|(key, version, value)| connection.execute(query, params![key, version, value]))
        .map(Result::unwrap)
        .sum()
}

/// Everything that tells of one rollback or another, each on a folder of its own.
struct Attacker<'h> {
    history: &'h History,
    target: PathBuf,
    dice: Dice,
    counts: Counts,
}

impl Attacker<'_> {
    fn fresh(&self) {
        fs::remove_dir_all(&self.target).unwrap_or_default();
    }

    fn mix(&mut self) {
        let mix = any_mix(&mut self.dice);
        self.try_mix(mix);
    }

    fn try_mix(&mut self, mix: Mix) {
        self.fresh();
        self.history.compose(mix, &self.target);
        let seen = self.history.look(&self.target);
        match self.history.nature(mix) {
            Nature::Nothing => assert_eq!(seen, Seen::Present, "{mix:?}"),
            Nature::Rollback => self.counts.note_before_start(seen, &mix),
            // SECURITY.md, rollback: the anchor must lie where the attacker cannot write.
            Nature::Indistinct => {
                assert_eq!(seen, Seen::Past, "{mix:?}");
                self.counts.indistinct += 1;
            }
        }
    }

    /// Single rows, while no server runs.
    fn rows(&mut self) {
        self.fresh();
        copy_folder(&self.history.present, &self.target);
        let rows = put_rows_back(self.history, &mut self.dice, &self.target);
        let seen = self.history.look(&self.target);
        self.counts.note_before_start(seen, &(rows, "rows"));
    }

    /// Single rows, under a server that runs.
    fn rows_under_server(&mut self) {
        self.fresh();
        copy_folder(&self.history.present, &self.target);
        let server = Server::dev(&program(), &self.target);
        if self.dice.below(2) == 0 {
            // Its caches know them.
            assert_eq!(self.history.compare(&server, &self.target), Seen::Present);
        }
        put_rows_back(self.history, &mut self.dice, &self.target);
        let seen = self.history.compare(&server, &self.target);
        self.counts.note_under_server(seen, &"rows under a server");
    }

    /// A crash between the store's commit and the anchor's: the newest slot is not written yet.
    fn crash(&mut self) {
        self.fresh();
        copy_folder(&self.history.present, &self.target);
        let path = self.target.join("anchor");
        let mut bytes = fs::read(&path).unwrap();
        // A statement's epoch and sequence stand at 26 (docs/design/anchor.md).
        let age = |slot: usize| bytes[slot * SLOT + 26..slot * SLOT + 38].to_vec();
        let newest = usize::from(age(1) > age(0));
        bytes[newest * SLOT..(newest + 1) * SLOT].fill(0);
        fs::write(&path, bytes).unwrap();
        let server = Server::dev(&program(), &self.target);
        assert_eq!(self.history.compare(&server, &self.target), Seen::Present);
        server.client().create_key();
        self.counts.crashes += 1;
    }
}

#[test]
fn what_is_put_back_is_refused_or_changes_no_answer() {
    let plan = Plan::of_environment();
    println!("campaign rollback: seed {} for {:?}", plan.seed, plan.time);
    let (folder, data) = scratch();
    let history = History::new(folder.path(), &data);
    let mut attacker = Attacker {
        history: &history,
        target: folder.path().join("target"),
        dice: Dice::new(plan.seed),
        counts: Counts::default(),
    };
    let start = now();
    attacker.try_mix(EVERYTHING);
    attacker.try_mix(Mix {
        anchor: Origin::Present,
        ..EVERYTHING
    });
    let tries = [
        Attacker::rows,
        Attacker::rows_under_server,
        Attacker::crash,
        Attacker::mix,
        Attacker::mix,
        Attacker::mix,
    ];
    for number in 0.. {
        if number >= TRIES_MIN && now().since(start) >= plan.time {
            break;
        }
        tries[number % tries.len()](&mut attacker);
    }
    let Counts {
        rollbacks,
        detected,
        harmless,
        undetected,
        indistinct,
        crashes,
    } = &attacker.counts;
    println!(
        "counts: rollbacks={rollbacks} detected={detected} harmless={harmless} undetected={undetected} \
         indistinct={indistinct} crashes={crashes}"
    );
    attacker.counts.check();
}

/// The folder of long ago, whose own anchor says that it fits, stands for any rollback that a server does not notice.
#[test]
fn a_rollback_that_is_served_fails_the_campaign() {
    let (folder, data) = scratch();
    let (history, target) = (
        History::new(folder.path(), &data),
        folder.path().join("target"),
    );
    history.compose(EVERYTHING, &target);
    let served = history.look(&target);
    assert_eq!(served, Seen::Past);
    let check = |note: fn(&mut Counts, Seen, &dyn Debug), seen, holds: bool| {
        let mut counts = Counts::default();
        note(&mut counts, seen, &"a canary");
        assert_eq!(counts.undetected, usize::from(!holds), "{seen:?}");
        assert_eq!(catch_unwind(|| counts.check()).is_ok(), holds, "{seen:?}");
    };
    for (seen, before_start, under_server) in [
        (served, false, false),
        (Seen::Present, false, true),
        (Seen::Refused, true, true),
    ] {
        check(Counts::note_before_start, seen, before_start);
        check(Counts::note_under_server, seen, under_server);
    }
}

#[test]
fn one_answer_of_the_past_is_noticed() {
    let (folder, data) = scratch();
    let history = History::new(folder.path(), &data);
    let server = Server::dev(&program(), &data);
    assert_eq!(history.compare(&server, &data), Seen::Present);
    let disabled = &history.facts[0].input["KeyId"];
    server.client().ok("EnableKey", &json!({"KeyId": disabled}));
    assert_eq!(history.compare(&server, &data), Seen::Past);
}
