//! A key process for targets: a real core without a process. Its domain, its keys and one ciphertext are made once, from
//! counted bytes; a core that is opened with them is as every other, so an input does the same whenever it comes.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use strongroom_base::{Clock, Instant, Random, Secret, UnixMillis};
use strongroom_crypto::exchange;
use strongroom_hsm::core::{Core, NoMemory, Setup};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::*;
use strongroom_hsm_api::frame::{ReplyFrame, RequestFrame};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_hsm_api::scheme::EncryptionScheme;
use strongroom_hsm_api::status::SealKind;
use strongroom_hsm_api::wire::{decode, encode};

/// The key file of the domain.
pub(crate) const KEY_FILE: [u8; 32] = [9; 32];
/// What the ciphertext was made of.
pub(crate) const CONTEXT: &[u8] = b"\0\0\0\x01a\0\0\0\x01b";
pub(crate) const PLAINTEXT: &[u8] = b"attack at dawn";
/// 2026-11-22T12:00:00Z
pub(crate) const NOW: UnixMillis = UnixMillis(1_795_348_800_000);

/// Where cores begin to count that did not make the domain: what they draw is none of its keys.
const AFTER: u64 = 1 << 32;
/// The root of a store without rows.
const EMPTY_ROOT: [u8; 32] = [0; 32];

/// The keys that the domain has, each with a usage that fits.
const KEYS: &[(Spec, Usage)] = &[
    (Spec::Symmetric, Usage::EncryptDecrypt),
    (Spec::Hmac256, Usage::GenerateVerifyMac),
    (Spec::EccP256, Usage::SignVerify),
    (Spec::Ed25519, Usage::SignVerify),
    (Spec::MlDsa44, Usage::SignVerify),
    (Spec::MlKem512, Usage::EncapsulateDecapsulate),
    (Spec::EccP256, Usage::KeyAgreement),
    (Spec::Ed25519, Usage::SignAudit),
];

/// Counts up: every run is the same, and no two draws are.
pub(crate) struct Counting(Mutex<u64>);

impl Counting {
    /// Counts from here. Two that begin at one place draw the same.
    pub(crate) fn from(start: u64) -> Self {
        Self(Mutex::new(start))
    }
}

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in out.chunks_mut(8) {
            *count += 1;
            let bytes = count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// One moment, for ever.
pub(crate) struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> UnixMillis {
        NOW
    }

    fn monotonic(&self) -> Instant {
        Instant(Duration::ZERO)
    }
}

/// What was made in the domain.
pub(crate) struct Known {
    /// The bytes of `hsm.seal`.
    pub(crate) seal: Vec<u8>,
    /// The first statement: that of an empty store.
    pub(crate) statement: Vec<u8>,
    /// The tokens, in the order of [`KEYS`].
    pub(crate) tokens: Vec<Vec<u8>>,
    /// The plaintext under the first key.
    pub(crate) ciphertext: Vec<u8>,
    /// What no reply may hold: the domain's keys, and key material of which no part is public.
    secrets: Vec<Secret<Vec<u8>>>,
}

pub(crate) static KNOWN: LazyLock<Known> = LazyLock::new(make);

/// A core without a domain.
pub(crate) fn empty() -> Core {
    core(Counting::from(AFTER))
}

fn core(random: Counting) -> Core {
    Core::new(Setup {
        random: Arc::new(random),
        clock: Arc::new(Frozen),
        // One try of a passphrase would take longer than a thousand inputs.
        working_memory: Box::new(NoMemory),
        key_cache_bytes: 1 << 18,
        protections: Vec::new(),
        self_tests_passed: Some(1),
    })
}

/// A core with this seal, unless it is none.
pub(crate) fn sealed(seal: &[u8]) -> Result<Core, Code> {
    let core = empty();
    call(&core, &LoadSeal { seal })?;
    Ok(core)
}

/// A core with the domain, open.
pub(crate) fn open() -> Core {
    let core = sealed(&KNOWN.seal).expect("our own seal");
    assert!(unseal(&core), "our own key file");
    let found = Found {
        root: EMPTY_ROOT,
        store: &[],
        first: &KNOWN.statement,
        second: &[],
    };
    let checked = call(&core, &CheckAnchor { found }).expect("compared");
    assert_eq!(checked.fit, Fit::Fits);
    core
}

/// Whether the key file opens the core's seal.
pub(crate) fn unseal(core: &Core) -> bool {
    let secret = boxed(core);
    call(core, &Unseal { secret: &secret }).is_ok_and(|told| told.outcome == UnsealOutcome::Opened)
}

/// Sends a command, and takes its reply apart.
pub(crate) fn call<'a, C: Command<'a>>(core: &Core, command: &C) -> Result<C::Reply, Code> {
    let mut out = Vec::new();
    let body = encode(command);
    let request = RequestFrame {
        id: 7,
        session: 0,
        command: C::NUMBER,
        body: &body,
    };
    core.handle(&request, &mut out);
    let reply: ReplyFrame<'_> = decode(&out).expect("a reply");
    match decode::<Code>(&reply.status.to_be_bytes()).expect("a code") {
        Code::Success => Ok(decode(reply.body).expect("the reply of this command")),
        code => Err(code),
    }
}

/// Panics when `reply` holds half of a secret. One that `request` holds too, the fuzzer has found by watching this very
/// comparison, and what the request names may come back.
pub(crate) fn check_no_secret(request: &[u8], reply: &[u8]) {
    let holds = |bytes: &[u8], half: &[u8]| bytes.windows(half.len()).any(|window| window == half);
    for secret in &KNOWN.secrets {
        let half = &secret.expose()[..16];
        assert!(
            !holds(reply, half) || holds(request, half),
            "a reply holds a key"
        );
    }
}

/// The keys of an open core are those of the domain.
pub(crate) fn has_the_domain(core: &Core) -> bool {
    let keys = core.danger_reveal_domain();
    keys.is_ok_and(|keys| KNOWN.secrets[0].matches(keys.root.expose()))
}

fn boxed(core: &Core) -> Vec<u8> {
    let status = call(core, &GetStatus {}).expect("a status");
    exchange::seal_to(&status.exchange_key, PURPOSE_UNSEAL, &KEY_FILE)
        .unwrap_or_else(|_| panic!("a box"))
}

fn make() -> Known {
    let core = self::core(Counting::from(0));
    let secret = boxed(&core);
    let initialize = Initialize {
        kind: SealKind::KeyFile,
        threshold: 0,
        shares: 0,
        secret: &secret,
        recipient: [0; 32],
    };
    let change = call(&core, &initialize).expect("a new domain");
    call(
        &core,
        &Confirm {
            version: change.version,
        },
    )
    .expect("confirmed");
    let tokens: Vec<Vec<u8>> = KEYS
        .iter()
        .map(|(spec, usage)| new_key(&core, *spec, *usage))
        .collect();
    let encrypt = Encrypt {
        token: &tokens[0],
        scheme: EncryptionScheme::Symmetric,
        context: CONTEXT,
        plaintext: PLAINTEXT,
    };
    let ciphertext = call(&core, &encrypt).expect("a ciphertext").ciphertext;
    let domain = core.danger_reveal_domain().expect("an open domain");
    let own = [domain.root, domain.ring].into_iter().chain(domain.epochs);
    let mut secrets: Vec<Secret<Vec<u8>>> =
        own.map(|key| Secret::new(key.expose().to_vec())).collect();
    // The material of the others begins with what is public: the form of PKCS#8.
    for token in &tokens[..2] {
        secrets.push(
            core.danger_reveal_token(token)
                .expect("our own token")
                .material,
        );
    }
    Known {
        seal: change.seal,
        statement: change.statement,
        tokens,
        ciphertext,
        secrets,
    }
}

fn new_key(core: &Core, spec: Spec, usage: Usage) -> Vec<u8> {
    let attributes = Attributes {
        identity: b"000000000000/key-1",
        placement: b"us-east-1",
        owner: 0,
        spec,
        usage,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
        wrapping: None,
    };
    call(core, &GenerateKey { attributes })
        .expect("a new key")
        .token
}
