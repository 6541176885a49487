//! The seeds that people cannot type: made by the real encoders, written by `cargo run -p strongroom-fuzz-targets --example
//! seeds`. Each is a whole valid input, so that the fuzzer begins where readers end.

use std::io::Write as _;

use strongroom_audit::{
    Chain, Checkpoint, Header, Identity, Outcome, Record, Resource, Tls, Value, gzip,
};
use strongroom_base::{Secret, UnixMillis};
use strongroom_crypto::ml_kem::{MlKemKeyPair, MlKemSize};
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, MlDsaKeyPair, MlDsaLevel, RsaKeyPair, RsaKeySize,
};
use strongroom_crypto::sm2::Sm2KeyPair;
use strongroom_hsm::share::UnsealShare;
use strongroom_hsm_api::command::*;
use strongroom_hsm_api::frame::append_request;
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage, Wrapping};
use strongroom_hsm_api::scheme::{
    EncryptionScheme, SignatureInput, SignatureScheme, WrappingScheme,
};
use strongroom_hsm_api::wire::{Field, encode};

use crate::hsm::{CONTEXT, KNOWN};
use crate::{anchor, oidc};

/// One seed.
pub struct Seed {
    /// The target.
    pub target: &'static str,
    /// Its file's name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

fn seed(target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Seed {
    Seed {
        target,
        name: name.into(),
        bytes: bytes.into(),
    }
}

/// Every seed that is made.
pub fn made() -> Vec<Seed> {
    let mut seeds = vec![
        seed("seal", "key-file", KNOWN.seal.clone()),
        seed("seal", "share", share()),
        seed("sealed_value", "genuine", KNOWN.ciphertext.clone()),
        seed(
            "sealed_value",
            "cut",
            &KNOWN.ciphertext[..KNOWN.ciphertext.len() - 1],
        ),
        seed(
            "oidc",
            "genuine",
            [oidc::key_set().as_bytes(), oidc::genuine().as_bytes()].join(&0),
        ),
        seed(
            "digest",
            "gzip",
            gzip::compress(b"{\"Records\":[]}").expect("memory can be written"),
        ),
        seed(
            "digest",
            "gzip-bomb",
            gzip::compress(&[0; 1 << 18]).expect("memory can be written"),
        ),
        seed("audit_log", "segment", segment()),
        seed("audit_log", "header", header()),
        seed("audit_log", "checkpoint", checkpoint()),
        seed("audit_record", "call", record(Outcome::Success)),
        seed(
            "audit_record",
            "refused",
            record(Outcome::Exception {
                code: "NotFoundException".to_owned(),
                message: "m".to_owned(),
            }),
        ),
    ];
    // Key pairs are drawn elsewhere, so their tokens are others every time.
    for (index, token) in KNOWN.tokens.iter().take(2).enumerate() {
        seeds.push(seed("token", format!("key-{index}"), token.clone()));
    }
    for (name, bytes) in anchor::seeds() {
        seeds.push(seed("anchor", name, bytes));
    }
    seeds.extend(keys());
    seeds.extend(commands());
    seeds
}

fn record(outcome: Outcome) -> Vec<u8> {
    let record = Record {
        event_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        request_id: "00000000-0000-4000-8000-000000000002".to_owned(),
        time: UnixMillis(1_795_348_800_000),
        service: "kms".to_owned(),
        operation: "Encrypt".to_owned(),
        region: "us-east-1".parse().expect("a Region"),
        account: "111122223333".parse().expect("an account"),
        identity: Identity {
            principal_id: "AIDACKCEVSQ6C2EXAMPLE".to_owned(),
            arn: "arn:aws:iam::111122223333:user/ann".to_owned(),
            ..Identity::internal()
        },
        source_address: "127.0.0.1".to_owned(),
        user_agent: "aws-cli".to_owned(),
        tls: Some(Tls {
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS_AES_256_GCM_SHA384".to_owned(),
            key_exchange: "X25519".to_owned(),
            host: "localhost".to_owned(),
        }),
        resources: vec![Resource::new("arn:aws:kms:us-east-1:111122223333:key/k")],
        parameters: Some(Value::texts([
            ("keyId", "k"),
            ("encryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ])),
        response: None,
        additional: Some(Value::texts([("keyMaterialId", "m")])),
        details: None,
        outcome,
        read_only: true,
    };
    record.encode().expect("a short record")
}

fn share() -> Vec<u8> {
    let share = UnsealShare {
        domain: [1; 4],
        number: 2,
        value: Secret::new([3; 32]),
    };
    share.to_bytes().expose().clone()
}

fn segment() -> Vec<u8> {
    let mut chain = Chain::new([7; 16]);
    let mut log = chain.header(1, 0);
    for payload in [b"\x02one".as_slice(), b"\x02two"] {
        log.extend(
            chain
                .append(payload)
                .unwrap_or_else(|_| panic!("a record's payload")),
        );
    }
    log
}

fn header() -> Vec<u8> {
    let header = Header {
        writer: [7; 16],
        segment: 2,
        sequence: 3,
        previous: [4; 32],
        time: 5,
    };
    header.to_bytes()
}

fn checkpoint() -> Vec<u8> {
    let checkpoint = Checkpoint {
        writer: [7; 16],
        boot: [1; 16],
        time: 2,
        sequence: 3,
        link: [4; 32],
        key: [5; 16],
        signature: [6; 64],
    };
    checkpoint.to_bytes()
}

fn keys() -> Vec<Seed> {
    let rsa = RsaKeyPair::generate(RsaKeySize::Rsa2048);
    let ed25519 = Ed25519KeyPair::generate();
    let sm2 = Sm2KeyPair::generate();
    let ml_kem = MlKemKeyPair::generate(MlKemSize::MlKem512);
    let ml_dsa = MlDsaKeyPair::generate(MlDsaLevel::MlDsa44);
    let mut seeds = Vec::new();
    let mut add = |name: &str, private: &[u8], public: Vec<u8>| {
        seeds.push(seed("private_key", name, private));
        seeds.push(seed("public_key", name, public));
    };
    add("rsa-2048", rsa.to_pkcs8().expose(), rsa.public_spki());
    add(
        "ed25519",
        ed25519.to_pkcs8().expose(),
        ed25519.public_spki(),
    );
    add("sm2", sm2.to_pkcs8().expose(), sm2.public_spki());
    add(
        "ml-kem-512",
        ml_kem.to_pkcs8().expose(),
        ml_kem.public_spki(),
    );
    for (name, curve) in [
        ("p256", Curve::P256),
        ("p384", Curve::P384),
        ("p521", Curve::P521),
    ] {
        let pair = EcKeyPair::generate(curve);
        add(name, pair.to_pkcs8().expose(), pair.public_spki());
    }
    seeds.push(seed("public_key", "ml-dsa-44", ml_dsa.public_spki()));
    seeds
}

/// Writes a field of a command.
type Write<'f> = dyn Fn(&mut Vec<u8>) + 'f;

/// A command for an open core, whose tokens are named as the target `commands` names them, and the same command as a frame.
struct Commands(Vec<Seed>);

impl Commands {
    fn add(&mut self, name: &str, number: u8, body: &[u8]) {
        let length = u16::try_from(body.len()).expect("a short body");
        let one = [&[2, number], length.to_be_bytes().as_slice(), body].concat();
        self.0.push(seed("commands", name, one));
        let mut frame = Vec::new();
        append_request(&mut frame, 1, 0, number, |out| {
            out.extend(crate::commands::filled(body))
        });
        // Of commands with long tokens one frame shows no more than another.
        if frame.len() <= 1024 {
            self.0.push(seed("frame", name, frame));
        }
    }

    fn command<'a, C: Command<'a>>(&mut self, name: &str, command: &C) {
        self.add(name, C::NUMBER, &encode(command));
    }

    /// A command whose first field is a token, and these others.
    fn on(&mut self, name: &str, number: u8, token: u8, fields: &[&Write<'_>]) {
        let mut body = vec![b'@', b'@', b'0' + token];
        for field in fields {
            field(&mut body);
        }
        self.add(name, number, &body);
    }
}

fn bytes(field: &[u8]) -> impl Fn(&mut Vec<u8>) {
    move |out| field.write(out)
}

fn value<F: for<'b> Field<'b>>(field: F) -> impl Fn(&mut Vec<u8>) {
    move |out| field.write(out)
}

fn marked(mark: &'static [u8]) -> impl Fn(&mut Vec<u8>) {
    move |out| out.extend_from_slice(mark)
}

fn attributes(spec: Spec, usage: Usage) -> Attributes<'static> {
    Attributes {
        identity: b"000000000000/key-2",
        placement: b"us-east-1",
        owner: 0,
        spec,
        usage,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
        wrapping: None,
    }
}

fn commands() -> Vec<Seed> {
    let mut all = Commands(Vec::new());
    all.command("get-status", &GetStatus {});
    all.command("load-seal", &LoadSeal { seal: &KNOWN.seal });
    all.command("unseal", &Unseal { secret: &[0; 80] });
    all.command("confirm", &Confirm { version: 2 });
    all.command("rotate-domain", &RotateDomain {});
    all.command("retire-epoch", &RetireEpoch { epoch: 1 });
    all.command("get-store-keys", &GetStoreKeys {});
    all.command(
        "generate-key",
        &GenerateKey {
            attributes: attributes(Spec::EccP256, Usage::SignVerify),
        },
    );
    let wrapping = Wrapping {
        scheme: WrappingScheme::Sm2,
        not_after: 1_795_350_000_000,
    };
    let unwrap = Attributes {
        wrapping: Some(wrapping),
        ..attributes(Spec::Sm2, Usage::Unwrap)
    };
    all.command(
        "generate-wrapping-key",
        &GenerateWrappingKey { attributes: unwrap },
    );
    all.command(
        "generate-random",
        &GenerateRandom {
            length: 32,
            recipient: &[],
        },
    );
    let context = bytes(CONTEXT);
    let (message, empty) = (bytes(b"message"), bytes(b""));
    let symmetric = value(EncryptionScheme::Symmetric);
    let whole = value(SignatureInput::Message);
    all.on("set-state", SetState::NUMBER, 0, &[&value(State::Disabled)]);
    all.on("rewrap", Rewrap::NUMBER, 0, &[]);
    all.on("get-public-key", GetPublicKey::NUMBER, 2, &[]);
    all.on(
        "replicate",
        Replicate::NUMBER,
        0,
        &[&bytes(b"eu-west-1"), &value(State::Enabled)],
    );
    all.on(
        "encrypt",
        Encrypt::NUMBER,
        0,
        &[&symmetric, &context, &message],
    );
    all.on(
        "decrypt",
        Decrypt::NUMBER,
        0,
        &[&symmetric, &context, &marked(b"##"), &empty],
    );
    let again: [&Write<'_>; 6] = [
        &symmetric,
        &context,
        &marked(b"##"),
        &marked(b"@@0"),
        &symmetric,
        &empty,
    ];
    all.on("re-encrypt", ReEncrypt::NUMBER, 0, &again);
    all.on(
        "generate-data-key",
        GenerateDataKey::NUMBER,
        0,
        &[&context, &value(32u16), &empty],
    );
    all.on(
        "generate-data-key-pair",
        GenerateDataKeyPair::NUMBER,
        0,
        &[&context, &value(Spec::EccP256), &empty],
    );
    all.on("generate-mac", GenerateMac::NUMBER, 1, &[&message]);
    all.on(
        "verify-mac",
        VerifyMac::NUMBER,
        1,
        &[&message, &bytes(&[0; 32])],
    );
    all.on(
        "sign-p256",
        Sign::NUMBER,
        2,
        &[&value(SignatureScheme::EcdsaSha256), &whole, &message],
    );
    all.on(
        "sign-ed25519",
        Sign::NUMBER,
        3,
        &[&value(SignatureScheme::Ed25519), &whole, &message],
    );
    let verified: [&Write<'_>; 4] = [
        &value(SignatureScheme::Ed25519),
        &whole,
        &message,
        &bytes(&[0; 64]),
    ];
    all.on("verify-ed25519", Verify::NUMBER, 3, &verified);
    all.on("encapsulate", Encapsulate::NUMBER, 5, &[]);
    all.on("decapsulate", Decapsulate::NUMBER, 5, &[&bytes(&[0; 768])]);
    let peer = EcKeyPair::generate(Curve::P256).public_spki();
    all.on(
        "derive-shared-secret",
        DeriveSharedSecret::NUMBER,
        6,
        &[&bytes(&peer), &empty],
    );
    all.on(
        "sign-checkpoint",
        SignCheckpoint::NUMBER,
        7,
        &[&value([1u8; 16]), &value(2u64), &value([3u8; 32])],
    );
    all.0
}

/// Writes the seeds below `folder`, one folder a target.
///
/// # Errors
/// When a file cannot be written.
pub fn write(folder: &std::path::Path) -> std::io::Result<usize> {
    let seeds = made();
    for seed in &seeds {
        let place = folder.join(seed.target);
        std::fs::create_dir_all(&place)?;
        let mut file = std::fs::File::create(place.join(format!("made-{}", seed.name)))?;
        file.write_all(&seed.bytes)?;
    }
    Ok(seeds.len())
}
