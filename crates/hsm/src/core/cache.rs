//! Unwrapped keys, kept within a bound of memory. A key is found only by the very token that it came in.

use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use strongroom_hsm_api::key::SALT_LENGTH;

use super::key::{Form, Key};

/// More than there are lanes, so that they seldom meet.
const SHARDS: usize = 32;

/// Unwrapped keys by the salt of their token.
pub(super) struct KeyCache {
    entries: Cache<[u8; SALT_LENGTH], Arc<Entry>, Bytes>,
}

struct Entry {
    token: Vec<u8>,
    key: Arc<Key>,
}

/// Weighs an entry by the memory it takes: token, parsed key, and what the crypto library makes of it at
/// the first use. Measured, with room to spare.
#[derive(Clone)]
struct Bytes;

const SMALL_KEY_BYTES: usize = 4 << 10;

impl Weighter<[u8; SALT_LENGTH], Arc<Entry>> for Bytes {
    fn weight(&self, _: &[u8; SALT_LENGTH], entry: &Arc<Entry>) -> u64 {
        u64::try_from(weight(&entry.key.form)).unwrap_or(u64::MAX)
    }
}

fn weight(form: &Form) -> usize {
    match form {
        Form::Symmetric(_) | Form::SigningSecret(_) | Form::Hmac(_) => SMALL_KEY_BYTES,
        Form::Sm2(_) | Form::Ed25519(_) => SMALL_KEY_BYTES,
        Form::Ec(_) => 8 << 10,
        // Per byte of the modulus: token, the private key's numbers, Montgomery and blinding state.
        Form::RsaSigning(pair) => pair.size().bytes() * 64,
        Form::RsaDecrypting(pair) => pair.size().bytes() * 64,
        // The expanded keys of FIPS 204 table 2 and FIPS 203 table 3, public and private.
        Form::MlKem(_) => 12 << 10,
        Form::MlDsa(_) => 16 << 10,
    }
}

impl KeyCache {
    /// A cache whose keys take at most about `bytes_max`.
    pub(super) fn new(bytes_max: usize) -> Self {
        // Shards are told, not found out: the jail forbids to look how many processors there are.
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(bytes_max / SMALL_KEY_BYTES)
            .weight_capacity(u64::try_from(bytes_max).unwrap_or(u64::MAX))
            .build();
        let entries = match options {
            Ok(options) => Cache::with_options(
                options,
                Bytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // Every option that is required is given above.
            Err(_) => std::process::abort(),
        };
        Self { entries }
    }

    /// The key, if this very token was opened before: a token that differs in any byte is another one.
    pub(super) fn get(&self, salt: &[u8; SALT_LENGTH], token: &[u8]) -> Option<Arc<Key>> {
        self.entries
            .get(salt)
            .filter(|entry| entry.token == token)
            .map(|entry| Arc::clone(&entry.key))
    }

    pub(super) fn insert(&self, salt: [u8; SALT_LENGTH], token: &[u8], key: &Arc<Key>) {
        self.entries.insert(
            salt,
            Arc::new(Entry {
                token: token.to_vec(),
                key: Arc::clone(key),
            }),
        );
    }
}
