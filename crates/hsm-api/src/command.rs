//! The whole command table. A command's number is never reused.

use std::time::Duration;

use strongroom_base::Secret;

use crate::key::{Attributes, MaterialId, Spec, State};
use crate::scheme::{EncryptionScheme, SignatureInput, SignatureScheme};
use crate::status::{SealKind, Status};
use crate::wire::{Field, List, Malformed, Reader};

/// A request with its number and the reply it gets.
pub trait Command<'a>: Field<'a> {
    /// The number.
    const NUMBER: u8;
    /// The reply's fields.
    type Reply: for<'b> Field<'b>;
}

macro_rules! commands {
    ($($(#[$meta:meta])* $number:literal $name:ident $(<$life:lifetime>)? { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? } -> $reply:ty;)*) => {
        $(
            crate::message! { $(#[$meta])* $name $(<$life>)? { $($(#[$field_meta])* $field: $type),* } }
            commands!(@impl $number $name [$($life)?] $reply);
        )*

        /// Every command: number and name.
        pub const TABLE: &[(u8, &str)] = &[$(($number, stringify!($name))),*];
    };
    (@impl $number:literal $name:ident [] $reply:ty) => {
        impl Command<'_> for $name { const NUMBER: u8 = $number; type Reply = $reply; }
    };
    (@impl $number:literal $name:ident [$life:lifetime] $reply:ty) => {
        impl<$life> Command<$life> for $name<$life> { const NUMBER: u8 = $number; type Reply = $reply; }
    };
}

commands! {
    /// Answered in every phase.
    1 GetStatus {} -> Status;
    /// Makes a domain. Empty only; takes effect with Confirm, whose reply carries the shares.
    2 Initialize<'a> {
        /// How to seal the root key.
        kind: SealKind,
        /// Shares needed, 2 to `shares`; 0 unless the kind is Shares.
        threshold: u8,
        /// Shares made, at most 16; 0 unless the kind is Shares.
        shares: u8,
        /// The key file's 32 bytes or the passphrase, in a box to the exchange key ([`PURPOSE_UNSEAL`]);
        /// empty for Shares.
        secret: &'a [u8],
        /// The X25519 key to which the shares are sealed ([`PURPOSE_SHARE`]).
        recipient: [u8; 32],
    } -> PendingChange;
    /// Hands over the bytes of `hsm.seal`. Empty only.
    3 LoadSeal<'a> {
        /// The file's bytes.
        seal: &'a [u8],
    } -> ();
    /// Offers the unseal secret. Sealed only.
    4 Unseal<'a> {
        /// Key file, passphrase or one share, in a box to the exchange key ([`PURPOSE_UNSEAL`]).
        secret: &'a [u8],
    } -> UnsealProgress;
    /// Says that the seal of this version is durable: the pending change takes effect.
    5 Confirm {
        /// The version that PendingChange named.
        version: u64,
    } -> Confirmed;
    /// Drops the pending change of this version.
    6 Abandon {
        /// The version that PendingChange named.
        version: u64,
    } -> ();
    /// Adds a domain key of the next epoch and makes it current.
    7 RotateDomain {} -> PendingChange;
    /// Forgets the domain key of an epoch that is not current: its tokens are lost for good.
    8 RetireEpoch {
        /// The epoch.
        epoch: u32,
    } -> PendingChange;
    /// The keys under which the service seals, names and sums up its records. Open, anchored or not.
    9 GetStoreKeys {} -> StoreKeys;
    /// Says that the store goes from the position of sequence `base` to one with this root. `base` is the last that
    /// stands, or one given since.
    10 AdvanceAnchor {
        /// The sequence of the position that stands now.
        base: u64,
        /// The root of the store afterwards.
        root: [u8; 32],
    } -> Anchored;
    /// Compares the store with its anchor. Until they fit, no command on a token is answered.
    11 CheckAnchor<'a> {
        /// What the service has of both.
        found: Found<'a>,
    } -> Checked;
    /// Has a domain anchored that was made without an anchor: takes effect with Confirm. Open, and not anchored, only.
    12 AdoptAnchor<'a> {
        /// What the service has; it must be what CheckAnchor called Adoptable.
        found: Found<'a>,
    } -> PendingChange;
    /// Goes on with a store that does not fit, in the next epoch. Open, and not anchored, only.
    13 AcceptAnchor<'a> {
        /// What the service has; CheckAnchor must find that it does not fit.
        found: Found<'a>,
        /// The sequence of the store's statement, 0 when it has none.
        sequence: u64,
    } -> Anchored;

    /// Makes key material and wraps it. Slow for RSA.
    16 GenerateKey<'a> {
        /// What the key shall be; its origin is Generated, and no usage that needs a command of its own.
        attributes: Attributes<'a>,
    } -> NewKey;
    /// Wraps the same material with another state and the next version.
    17 SetState<'a> {
        /// The key.
        token: &'a [u8],
        /// Its new state.
        state: State,
    } -> Token;
    /// Wraps the same material under the current epoch.
    18 Rewrap<'a> {
        /// The key.
        token: &'a [u8],
    } -> Token;
    /// The public key of an asymmetric key.
    19 GetPublicKey<'a> {
        /// The key.
        token: &'a [u8],
    } -> PublicKey;
    /// Wraps the same material of the same identity for another placement, version 1.
    20 Replicate<'a> {
        /// The key.
        token: &'a [u8],
        /// Where the new token's key is.
        placement: &'a [u8],
        /// Its state there.
        state: State,
    } -> Token;
    /// Makes the key pair under which key material may come in. Slow for RSA.
    21 GenerateWrappingKey<'a> {
        /// What the pair shall be: usage Unwrap, an RSA spec or Sm2, and for which identity and until when.
        attributes: Attributes<'a>,
    } -> NewWrappingKey;
    /// Takes in key material that is wrapped under a wrapping key's public half.
    22 ImportKey<'a> {
        /// The wrapping key: of the same owner, identity and placement as the new key.
        wrapping: &'a [u8],
        /// The wrapped material: raw bytes of a Symmetric or Hmac key, else a PKCS#8 PrivateKeyInfo.
        wrapped: &'a [u8],
        /// What the key shall be; its origin is Imported.
        attributes: Attributes<'a>,
    } -> NewKey;

    /// Encrypts at most [`PLAINTEXT_LENGTH_MAX`] bytes.
    32 Encrypt<'a> {
        /// The key.
        token: &'a [u8],
        /// How; it must fit the key.
        scheme: EncryptionScheme,
        /// The canonical encryption context; empty unless the scheme is Symmetric.
        context: &'a [u8],
        /// The plaintext.
        plaintext: &'a [u8],
    } -> Ciphertext;
    /// Decrypts what Encrypt, ReEncrypt or the data key commands made, or others with the public key.
    33 Decrypt<'a> {
        /// The key.
        token: &'a [u8],
        /// How; it must fit the key.
        scheme: EncryptionScheme,
        /// The canonical encryption context; empty unless the scheme is Symmetric.
        context: &'a [u8],
        /// The ciphertext.
        ciphertext: &'a [u8],
        /// For whom ([`RECIPIENT_LENGTH_MAX`]).
        recipient: &'a [u8],
    } -> Plaintext;
    /// Decrypts under one key and encrypts under another; the plaintext stays inside.
    34 ReEncrypt<'a> {
        /// The key that decrypts.
        source: &'a [u8],
        /// How it decrypts.
        source_scheme: EncryptionScheme,
        /// Its canonical encryption context.
        source_context: &'a [u8],
        /// The ciphertext.
        ciphertext: &'a [u8],
        /// The key that encrypts.
        destination: &'a [u8],
        /// How it encrypts.
        destination_scheme: EncryptionScheme,
        /// Its canonical encryption context.
        destination_context: &'a [u8],
    } -> Ciphertext;
    /// Random bytes, in plaintext and encrypted.
    35 GenerateDataKey<'a> {
        /// The key.
        token: &'a [u8],
        /// The canonical encryption context.
        context: &'a [u8],
        /// 1 to [`DATA_KEY_LENGTH_MAX`] bytes.
        length: u16,
        /// For whom ([`RECIPIENT_LENGTH_MAX`]).
        recipient: &'a [u8],
    } -> DataKey;
    /// Random bytes, encrypted only.
    36 GenerateDataKeyWithoutPlaintext<'a> {
        /// The key.
        token: &'a [u8],
        /// The canonical encryption context.
        context: &'a [u8],
        /// 1 to [`DATA_KEY_LENGTH_MAX`] bytes.
        length: u16,
    } -> Ciphertext;
    /// Random bytes.
    37 GenerateRandom<'a> {
        /// 1 to [`DATA_KEY_LENGTH_MAX`] bytes.
        length: u16,
        /// For whom ([`RECIPIENT_LENGTH_MAX`]).
        recipient: &'a [u8],
    } -> Plaintext;
    /// Makes a text secret of [`SECRET_TEXT_LENGTH`] characters, wraps it, and shows it this once.
    38 GenerateSecret<'a> {
        /// What the key shall be: spec SigningSecret, usage DeriveSigningKey.
        attributes: Attributes<'a>,
    } -> NewSecret;
    /// HMAC-SHA-256 chain over four labels, from `prefix ‖ secret`; fewer would give a wider key.
    39 DeriveSigningKey<'a> {
        /// The wrapped secret.
        token: &'a [u8],
        /// What precedes the secret.
        prefix: &'a [u8],
        /// The first label.
        first: &'a [u8],
        /// The second label.
        second: &'a [u8],
        /// The third label.
        third: &'a [u8],
        /// The fourth label.
        fourth: &'a [u8],
    } -> SigningKey;
    /// An asymmetric key pair: the private half in plaintext and encrypted. Slow for RSA.
    40 GenerateDataKeyPair<'a> {
        /// The key that encrypts the private half.
        token: &'a [u8],
        /// The canonical encryption context.
        context: &'a [u8],
        /// What the pair shall be.
        spec: Spec,
        /// For whom the private half is ([`RECIPIENT_LENGTH_MAX`]).
        recipient: &'a [u8],
    } -> DataKeyPair;
    /// An asymmetric key pair, the private half encrypted only. Slow for RSA.
    41 GenerateDataKeyPairWithoutPlaintext<'a> {
        /// The key that encrypts the private half.
        token: &'a [u8],
        /// The canonical encryption context.
        context: &'a [u8],
        /// What the pair shall be.
        spec: Spec,
    } -> SealedKeyPair;
    /// Signs at most [`MESSAGE_LENGTH_MAX`] bytes.
    48 Sign<'a> {
        /// The key.
        token: &'a [u8],
        /// How; it must fit the key.
        scheme: SignatureScheme,
        /// What the message is.
        input: SignatureInput,
        /// The message.
        message: &'a [u8],
    } -> Signature;
    /// Verifies a signature; a bad one is [`Code::SignatureRefused`](crate::Code::SignatureRefused).
    49 Verify<'a> {
        /// The key.
        token: &'a [u8],
        /// How; it must fit the key.
        scheme: SignatureScheme,
        /// What the message is.
        input: SignatureInput,
        /// The message.
        message: &'a [u8],
        /// The signature.
        signature: &'a [u8],
    } -> ();
    /// The HMAC of at most [`MESSAGE_LENGTH_MAX`] bytes, with the hash of the key's spec.
    50 GenerateMac<'a> {
        /// The key.
        token: &'a [u8],
        /// The message.
        message: &'a [u8],
    } -> Mac;
    /// Verifies an HMAC; a bad one is [`Code::MacRefused`](crate::Code::MacRefused).
    51 VerifyMac<'a> {
        /// The key.
        token: &'a [u8],
        /// The message.
        message: &'a [u8],
        /// Its HMAC, untruncated.
        mac: &'a [u8],
    } -> ();
    /// The x coordinate that the key and a public key agree on (SP 800-56A).
    52 DeriveSharedSecret<'a> {
        /// The key.
        token: &'a [u8],
        /// The other side's public key, a DER SubjectPublicKeyInfo on the same curve.
        public: &'a [u8],
        /// For whom ([`RECIPIENT_LENGTH_MAX`]).
        recipient: &'a [u8],
    } -> Plaintext;
    /// A fresh shared secret and its encapsulation (FIPS 203).
    53 Encapsulate<'a> {
        /// The key.
        token: &'a [u8],
    } -> Encapsulated;
    /// The shared secret of an encapsulation; one that this key's public half did not make gives a
    /// pseudo-random secret (FIPS 203, implicit rejection).
    54 Decapsulate<'a> {
        /// The key.
        token: &'a [u8],
        /// The encapsulation.
        ciphertext: &'a [u8],
    } -> Plaintext;
    /// Signs where the audit log stands ([`crate::checkpoint`]), by Ed25519. In one life of the key process
    /// there is one writer, and each sequence exceeds the last:
    /// [`Code::CheckpointRefused`](crate::Code::CheckpointRefused).
    55 SignCheckpoint<'a> {
        /// The key, of usage SignAudit.
        token: &'a [u8],
        /// Who writes the log.
        writer: [u8; 16],
        /// How many records it has written.
        sequence: u64,
        /// The link of the chain after them.
        link: [u8; 32],
    } -> SignedCheckpoint;
    /// Signs at most [`MESSAGE_LENGTH_MAX`] bytes of the audit log's digest files, by RSASSA-PKCS1-v1_5 with
    /// SHA-256.
    56 SignDigest<'a> {
        /// The key, of usage SignAudit.
        token: &'a [u8],
        /// The message.
        message: &'a [u8],
    } -> Signature;
}

/// What the service has of a store and its anchor.
pub struct Found<'a> {
    /// The root of the store's rows.
    pub root: [u8; 32],
    /// The statement in the store; empty without one.
    pub store: &'a [u8],
    /// The first slot of the anchor file; empty without one.
    pub first: &'a [u8],
    /// The second slot.
    pub second: &'a [u8],
}

impl<'a> Field<'a> for Found<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            root: reader.field()?,
            store: reader.field()?,
            first: reader.field()?,
            second: reader.field()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.root.write(out);
        for statement in [self.store, self.first, self.second] {
            statement.write(out);
        }
    }
}

/// The box purpose of unseal secrets on their way into the key process.
pub const PURPOSE_UNSEAL: &[u8] = b"strongroom unseal v1";
/// The box purpose of shares on their way out.
pub const PURPOSE_SHARE: &[u8] = b"strongroom share v1";
/// The longest plaintext of Encrypt, in bytes.
pub const PLAINTEXT_LENGTH_MAX: usize = 4096;
/// The longest ciphertext that Decrypt looks at, in bytes.
pub const CIPHERTEXT_LENGTH_MAX: usize = 6144;
/// The longest canonical encryption context, in bytes: 8 KiB of text and its length prefixes.
pub const CONTEXT_LENGTH_MAX: usize = 16 * 1024;
/// The longest data key or random string, in bytes.
pub const DATA_KEY_LENGTH_MAX: usize = 1024;
/// The longest message of the signing and MAC commands, in bytes.
pub const MESSAGE_LENGTH_MAX: usize = 4096;
/// The longest recipient, in bytes. A recipient is the DER SubjectPublicKeyInfo of an RSA key: where one
/// is given, the reply holds no plaintext but a CMS EnvelopedData that only it opens; empty means none.
pub const RECIPIENT_LENGTH_MAX: usize = 1024;
/// The longest wrapped material of ImportKey, in bytes.
pub const WRAPPED_LENGTH_MAX: usize = 6144;
/// How far ahead the end of a new wrapping key may lie: a day, and what two clocks may differ by.
pub const WRAPPING_KEY_LIFETIME_MAX: Duration = Duration::from_secs(24 * 60 * 60 + 5 * 60);
/// The length of a generated text secret, in characters.
pub const SECRET_TEXT_LENGTH: usize = 40;

crate::numbers! {
    /// What became of an unseal secret.
    UnsealOutcome: u8 {
        /// The domain is open.
        Opened = 0,
        /// The share is good; more are needed.
        ShareAccepted = 1,
        /// The share was given before.
        ShareKnown = 2,
        /// The share is of this seal but its content is wrong.
        ShareWrong = 3,
        /// The secret does not open this seal.
        SecretWrong = 4,
    }
}

crate::numbers! {
    /// How a store and its anchor go together.
    Fit: u8 {
        /// The store is what was answered last, or one commit ahead of it that never was.
        Fits = 0,
        /// The domain was made without an anchor, and has none.
        Adoptable = 1,
        /// The store is older than the anchor, or of another epoch.
        StoreBehind = 2,
        /// The store's rows are not those of its statement.
        StoreChanged = 3,
        /// The store has no genuine statement, and should.
        StoreUnstated = 4,
        /// There is no genuine anchor, and there should be.
        AnchorMissing = 5,
        /// The anchor is older than what the store follows.
        AnchorBehind = 6,
        /// `hsm.seal` is older than the anchor.
        SealBehind = 7,
    }
}

crate::message! {
    /// A change that waits for its Confirm.
    PendingChange {
        /// The version to confirm.
        version: u64,
        /// The new bytes of `hsm.seal`.
        seal: Vec<u8>,
        /// The first statement of a domain that will be anchored, to be durable before the seal is; else empty.
        statement: Vec<u8>,
    }
    /// The answer to Confirm.
    Confirmed {
        /// The shares of a new domain, each in a box to the recipient.
        shares: List<Vec<u8>>,
    }
    /// The answer to Unseal.
    UnsealProgress {
        /// What became of the secret.
        outcome: UnsealOutcome,
        /// The number of the share, 0 when it was none.
        share: u8,
        /// Shares given so far.
        given: u8,
        /// Shares needed.
        needed: u8,
    }
    /// The service's three keys.
    StoreKeys {
        /// Seals record values.
        seal: Secret<[u8; 32]>,
        /// Makes record names.
        name: Secret<[u8; 32]>,
        /// Makes the root of the store.
        anchor: Secret<[u8; 32]>,
    }
    /// A statement ([`crate::anchor`]).
    Anchored {
        /// Its bytes.
        statement: Vec<u8>,
    }
    /// The answer to CheckAnchor.
    Checked {
        /// Whether they fit.
        fit: Fit,
        /// The statement to go on with; empty unless they fit.
        statement: Vec<u8>,
    }
    /// A wrapped key.
    Token {
        /// The exported key token.
        token: Vec<u8>,
    }
    /// A new wrapped key.
    NewKey {
        /// The exported key token.
        token: Vec<u8>,
        /// The identifier of its material.
        material_id: MaterialId,
    }
    /// A new wrapped secret.
    NewSecret {
        /// The exported key token.
        token: Vec<u8>,
        /// The secret text.
        secret: Secret<Vec<u8>>,
    }
    /// A DER SubjectPublicKeyInfo.
    PublicKey {
        /// The bytes.
        der: Vec<u8>,
    }
    /// A ciphertext blob.
    Ciphertext {
        /// The blob.
        ciphertext: Vec<u8>,
    }
    /// A new key pair for wrapping.
    NewWrappingKey {
        /// The exported key token.
        token: Vec<u8>,
        /// The public half, a DER SubjectPublicKeyInfo.
        public: Vec<u8>,
    }
    /// What the caller, or the recipient that the command named, may see.
    Plaintext {
        /// The bytes, or a CMS EnvelopedData of them.
        plaintext: Secret<Vec<u8>>,
    }
    /// A data key in both forms.
    DataKey {
        /// The data key, or a CMS EnvelopedData of it.
        plaintext: Secret<Vec<u8>>,
        /// The same, encrypted.
        ciphertext: Vec<u8>,
    }
    /// A data key pair, the private half in both forms.
    DataKeyPair {
        /// The private half, a PKCS#8 PrivateKeyInfo, or a CMS EnvelopedData of it.
        plaintext: Secret<Vec<u8>>,
        /// The same, encrypted.
        ciphertext: Vec<u8>,
        /// The public half, a DER SubjectPublicKeyInfo.
        public: Vec<u8>,
    }
    /// A data key pair, the private half encrypted only.
    SealedKeyPair {
        /// The private half, a PKCS#8 PrivateKeyInfo, encrypted.
        ciphertext: Vec<u8>,
        /// The public half, a DER SubjectPublicKeyInfo.
        public: Vec<u8>,
    }
    /// A key that signs within one scope.
    SigningKey {
        /// The key.
        key: Secret<[u8; 32]>,
    }
    /// A signature.
    Signature {
        /// The bytes.
        signature: Vec<u8>,
    }
    /// A signed checkpoint: what the key process added, and its signature over all of it.
    SignedCheckpoint {
        /// Drawn at random when the key process started.
        boot: [u8; 16],
        /// When it signed by its own clock, in milliseconds since the Unix epoch.
        time: u64,
        /// The signature, 64 bytes.
        signature: Vec<u8>,
    }
    /// A message authentication code.
    Mac {
        /// The bytes.
        mac: Vec<u8>,
    }
    /// A shared secret and what carries it.
    Encapsulated {
        /// The secret.
        secret: Secret<[u8; 32]>,
        /// Its encapsulation.
        ciphertext: Vec<u8>,
    }
}
