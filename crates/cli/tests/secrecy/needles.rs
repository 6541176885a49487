//! What is searched for, and the search. A secret is cut into pieces, so that what is left of a secret that was
//! overwritten in part is found too.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use strongroom_base::hex;

/// Short enough to find a remainder, long enough never to be found by chance.
const PIECE_BYTES: usize = 16;
/// The longest text that is searched for whole.
pub(crate) const PATTERN_BYTES_MAX: usize = 64;

/// Secrets by what they are called.
#[derive(Default)]
pub(crate) struct Needles {
    names: Vec<String>,
    patterns: Vec<Vec<u8>>,
    owners: Vec<usize>,
    known: BTreeSet<Vec<u8>>,
}

/// Needles that can be searched for.
pub(crate) struct Search<'n> {
    needles: &'n Needles,
    automaton: AhoCorasick,
}

/// How many of the pieces of each needle were found, and where the first was.
pub(crate) type Hits = BTreeMap<String, (u64, String)>;

impl Needles {
    /// The bytes as they are; a secret that is known by another name is left out.
    pub(crate) fn raw(&mut self, name: &str, secret: &[u8]) {
        assert!(secret.len() >= PIECE_BYTES, "{name} is too short");
        if !self.known.insert(secret.to_vec()) {
            return;
        }
        self.names.push(name.to_owned());
        let last = secret.len() - PIECE_BYTES;
        for start in (0..last).step_by(PIECE_BYTES).chain([last]) {
            self.pattern(&secret[start..start + PIECE_BYTES]);
        }
    }

    /// A number: its bytes in both orders, because bignums are little-endian words.
    pub(crate) fn number(&mut self, name: &str, secret: &[u8]) {
        self.raw(name, secret);
        let reversed: Vec<u8> = secret.iter().rev().copied().collect();
        self.raw(&format!("{name}, reversed"), &reversed);
    }

    /// What passes through the service: raw, and as JSON, logs and dumps would show it.
    pub(crate) fn message(&mut self, name: &str, secret: &[u8]) {
        self.raw(name, secret);
        self.raw(
            &format!("{name}, base64"),
            STANDARD.encode(secret).as_bytes(),
        );
        self.raw(&format!("{name}, hex"), hex::encode(secret).as_bytes());
    }

    /// What may never be seen, in every form in which a store, a log or an error might show it.
    pub(crate) fn canary(&mut self, name: &str, secret: &[u8]) {
        let base64 = STANDARD.encode(secret);
        let form = |bytes: &[u8]| -> String { form_urlencoded(bytes).collect() };
        for (how, shown) in [
            ("hex", hex::encode(secret)),
            ("upper hex", hex::encode(secret).to_uppercase()),
            ("base64", base64.clone()),
            ("base64url", URL_SAFE_NO_PAD.encode(secret)),
            ("base64 in a URL", form(base64.as_bytes())),
            ("base64 in JSON", base64.replace('/', "\\/")),
            ("in a URL", form(secret)),
            ("in JSON", json_escaped(secret)),
        ] {
            self.raw(&format!("{name}, {how}"), shown.as_bytes());
        }
        self.raw(name, secret);
    }

    /// A text that is searched for whole.
    pub(crate) fn text(&mut self, name: &str, text: &[u8]) {
        assert!(text.len() <= PATTERN_BYTES_MAX);
        self.names.push(name.to_owned());
        self.pattern(text);
    }

    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn search(&self) -> Search<'_> {
        Search {
            needles: self,
            automaton: AhoCorasick::new(&self.patterns).unwrap(),
        }
    }

    fn pattern(&mut self, bytes: &[u8]) {
        self.patterns.push(bytes.to_vec());
        self.owners.push(self.names.len() - 1);
    }
}

/// application/x-www-form-urlencoded.
fn form_urlencoded(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.iter().flat_map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            vec![char::from(*byte)]
        }
        _ => format!("%{byte:02X}").chars().collect(),
    })
}

/// The inside of a JSON string whose characters are `bytes`.
fn json_escaped(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let quoted = serde_json::Value::from(text).to_string();
    quoted.trim_matches('"').to_owned()
}

impl Search<'_> {
    /// Adds what `bytes` holds to `hits`; `place` tells where an offset lies.
    pub(crate) fn add(&self, bytes: &[u8], hits: &mut Hits, place: impl Fn(usize) -> String) {
        for found in self.automaton.find_iter(bytes) {
            let owner = self.needles.owners[found.pattern().as_usize()];
            let hit = hits
                .entry(self.needles.names[owner].clone())
                .or_insert_with(|| (0, place(found.start())));
            hit.0 += 1;
        }
    }

    /// The names of all needles.
    pub(crate) fn names(&self) -> &[String] {
        &self.needles.names
    }
}
