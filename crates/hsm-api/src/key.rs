//! What a key is to the key process: attributes that are bound into its token, in numbers that
//! never change their meaning.

use crate::scheme::WrappingScheme;
use crate::wire::{Field, Malformed, Reader};

/// The longest identity, in bytes.
pub const IDENTITY_LENGTH_MAX: usize = 128;
/// The longest placement, in bytes.
pub const PLACEMENT_LENGTH_MAX: usize = 64;
/// The length of a token's salt, in bytes.
pub const SALT_LENGTH: usize = 24;
/// The longest token, in bytes: room for the largest private key and all attributes.
pub const TOKEN_LENGTH_MAX: usize = 16 * 1024;

crate::numbers! {
    /// What kind of material a key holds.
    Spec: u16 {
        /// 32 random bytes from which message keys are derived.
        Symmetric = 1,
        /// A text secret from which scoped signing keys are derived by an HMAC-SHA-256 chain.
        SigningSecret = 2,
        /// HMAC-SHA-224.
        Hmac224 = 8,
        /// HMAC-SHA-256.
        Hmac256 = 9,
        /// HMAC-SHA-384.
        Hmac384 = 10,
        /// HMAC-SHA-512.
        Hmac512 = 11,
        /// RSA with a modulus of 2,048 bits and public exponent 65,537.
        Rsa2048 = 16,
        /// RSA, 3,072 bits.
        Rsa3072 = 17,
        /// RSA, 4,096 bits.
        Rsa4096 = 18,
        /// NIST P-256.
        EccP256 = 32,
        /// NIST P-384.
        EccP384 = 33,
        /// NIST P-521.
        EccP521 = 34,
        /// secp256k1.
        EccSecp256k1 = 35,
        /// SM2's recommended curve.
        Sm2 = 36,
        /// Edwards25519.
        Ed25519 = 40,
        /// ML-DSA-44.
        MlDsa44 = 48,
        /// ML-DSA-65.
        MlDsa65 = 49,
        /// ML-DSA-87.
        MlDsa87 = 50,
        /// ML-KEM-512.
        MlKem512 = 56,
        /// ML-KEM-768.
        MlKem768 = 57,
        /// ML-KEM-1024.
        MlKem1024 = 58,
    }
    /// What a key may be used for.
    Usage: u8 {
        /// Encrypt, Decrypt, ReEncrypt; of Symmetric keys the data key commands, too.
        EncryptDecrypt = 1,
        /// Sign, Verify.
        SignVerify = 2,
        /// DeriveSigningKey.
        DeriveSigningKey = 3,
        /// GenerateMac, VerifyMac.
        GenerateVerifyMac = 4,
        /// DeriveSharedSecret.
        KeyAgreement = 5,
        /// Encapsulate, Decapsulate.
        EncapsulateDecapsulate = 6,
        /// ImportKey.
        Unwrap = 7,
        /// Of Ed25519 keys SignCheckpoint, of RSA keys SignDigest.
        SignAudit = 8,
    }
    /// Where the material came from.
    Origin: u8 {
        /// Made inside the key process.
        Generated = 1,
        /// Brought in by ImportKey.
        Imported = 2,
    }
    /// Whether a key may be used.
    State: u8 {
        /// Cryptographic use is allowed.
        Enabled = 1,
        /// Refused until enabled again.
        Disabled = 2,
        /// Refused; the service will delete the key.
        PendingDeletion = 3,
    }
}

/// The identifier of key material: KBKDF(material, "strongroom material id v1", identity).
pub type MaterialId = [u8; 32];

/// What a wrapping key is bound to besides its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrapping {
    /// How material must be wrapped.
    pub scheme: WrappingScheme,
    /// Until when material is taken, in milliseconds since the Unix epoch.
    pub not_after: u64,
}

/// The attributes bound into a token. `identity` and `placement` are opaque here; `identity` enters
/// every derivation, so equal material under another identity is another key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Who the key is, 1 to [`IDENTITY_LENGTH_MAX`] bytes.
    pub identity: &'a [u8],
    /// Where the key is, 0 to [`PLACEMENT_LENGTH_MAX`] bytes.
    pub placement: &'a [u8],
    /// The session that owns the key; 0 is the KMS service.
    pub owner: u32,
    /// The kind of material.
    pub spec: Spec,
    /// The allowed use.
    pub usage: Usage,
    /// Where the material came from.
    pub origin: Origin,
    /// Whether use is allowed now.
    pub state: State,
    /// Counts the changes of this key's attributes.
    pub version: u64,
    /// Of keys with usage Unwrap, and of no other.
    pub wrapping: Option<Wrapping>,
}

/// Attribute tags. Tags of 128 and above may be skipped by a reader that does not know them.
mod tag {
    pub(super) const IDENTITY: u8 = 1;
    pub(super) const PLACEMENT: u8 = 2;
    pub(super) const OWNER: u8 = 3;
    pub(super) const SPEC: u8 = 4;
    pub(super) const USAGE: u8 = 5;
    pub(super) const ORIGIN: u8 = 6;
    pub(super) const STATE: u8 = 7;
    pub(super) const VERSION: u8 = 8;
    pub(super) const WRAPPING_SCHEME: u8 = 9;
    pub(super) const NOT_AFTER: u8 = 10;
    pub(super) const NOT_CRITICAL: u8 = 128;
}

impl<'a> Attributes<'a> {
    /// Whether the variable-length attributes are within their limits, and all that belongs together is
    /// there.
    pub fn is_sound(&self) -> bool {
        (1..=IDENTITY_LENGTH_MAX).contains(&self.identity.len())
            && self.placement.len() <= PLACEMENT_LENGTH_MAX
            && (self.usage == Usage::Unwrap) == self.wrapping.is_some()
    }

    fn read_list(mut reader: Reader<'a>) -> Result<Self, Malformed> {
        let mut list = AttributeList::default();
        let mut previous = 0;
        while let Ok(tag) = reader.field::<u8>() {
            let value = reader.field::<&[u8]>()?;
            // Ascending tags: one encoding, and no attribute twice.
            if tag <= previous {
                return Err(Malformed);
            }
            previous = tag;
            list.set(tag, value)?;
        }
        list.complete()
    }
}

#[derive(Default)]
struct AttributeList<'a> {
    identity: Option<&'a [u8]>,
    placement: Option<&'a [u8]>,
    owner: Option<u32>,
    spec: Option<Spec>,
    usage: Option<Usage>,
    origin: Option<Origin>,
    state: Option<State>,
    version: Option<u64>,
    wrapping_scheme: Option<WrappingScheme>,
    not_after: Option<u64>,
}

impl<'a> AttributeList<'a> {
    fn set(&mut self, tag: u8, value: &'a [u8]) -> Result<(), Malformed> {
        match tag {
            tag::IDENTITY => self.identity = Some(value),
            tag::PLACEMENT => self.placement = Some(value),
            tag::OWNER => self.owner = Some(crate::wire::decode(value)?),
            tag::SPEC => self.spec = Some(crate::wire::decode(value)?),
            tag::USAGE => self.usage = Some(crate::wire::decode(value)?),
            tag::ORIGIN => self.origin = Some(crate::wire::decode(value)?),
            tag::STATE => self.state = Some(crate::wire::decode(value)?),
            tag::VERSION => self.version = Some(crate::wire::decode(value)?),
            tag::WRAPPING_SCHEME => self.wrapping_scheme = Some(crate::wire::decode(value)?),
            tag::NOT_AFTER => self.not_after = Some(crate::wire::decode(value)?),
            tag::NOT_CRITICAL.. => {}
            _ => return Err(Malformed),
        }
        Ok(())
    }

    fn complete(self) -> Result<Attributes<'a>, Malformed> {
        let wrapping = match (self.wrapping_scheme, self.not_after) {
            (Some(scheme), Some(not_after)) => Some(Wrapping { scheme, not_after }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(Malformed),
        };
        let attributes = Attributes {
            identity: self.identity.ok_or(Malformed)?,
            placement: self.placement.ok_or(Malformed)?,
            owner: self.owner.ok_or(Malformed)?,
            spec: self.spec.ok_or(Malformed)?,
            usage: self.usage.ok_or(Malformed)?,
            origin: self.origin.ok_or(Malformed)?,
            state: self.state.ok_or(Malformed)?,
            version: self.version.ok_or(Malformed)?,
            wrapping,
        };
        if attributes.is_sound() {
            Ok(attributes)
        } else {
            Err(Malformed)
        }
    }
}

impl<'a> Field<'a> for Attributes<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::read_list(Reader::new(reader.field()?))
    }

    fn write(&self, out: &mut Vec<u8>) {
        let mut list = Vec::with_capacity(64 + self.identity.len() + self.placement.len());
        let mut put = |tag: u8, value: &[u8]| {
            list.push(tag);
            value.write(&mut list);
        };
        put(tag::IDENTITY, self.identity);
        put(tag::PLACEMENT, self.placement);
        put(tag::OWNER, &self.owner.to_be_bytes());
        put(tag::SPEC, &self.spec.number().to_be_bytes());
        put(tag::USAGE, &[self.usage.number()]);
        put(tag::ORIGIN, &[self.origin.number()]);
        put(tag::STATE, &[self.state.number()]);
        put(tag::VERSION, &self.version.to_be_bytes());
        if let Some(wrapping) = &self.wrapping {
            put(tag::WRAPPING_SCHEME, &[wrapping.scheme.number()]);
            put(tag::NOT_AFTER, &wrapping.not_after.to_be_bytes());
        }
        list.write(out);
    }
}

/// The parts of a token (an exported key token, EKT) that can be read without opening it. They are
/// authentic only once the key process has opened the token.
pub struct TokenHeader<'a> {
    /// The epoch of the domain key that wraps the material.
    pub epoch: u32,
    /// The random salt of this wrapping.
    pub salt: [u8; SALT_LENGTH],
    /// The bound attributes.
    pub attributes: Attributes<'a>,
    /// How many bytes of the token come before the wrapped material.
    pub length: usize,
}

impl<'a> TokenHeader<'a> {
    /// The format this version writes and reads.
    pub const FORMAT: u8 = 1;

    /// Reads the header of `token`.
    pub fn read(token: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(token);
        if token.len() > TOKEN_LENGTH_MAX || reader.field::<u8>()? != Self::FORMAT {
            return Err(Malformed);
        }
        let epoch = reader.field()?;
        let salt = reader.field()?;
        let attributes = reader.field()?;
        let length = token.len() - reader.rest().len();
        Ok(Self {
            epoch,
            salt,
            attributes,
            length,
        })
    }

    /// The header's bytes for a new token.
    pub fn write(epoch: u32, salt: &[u8; SALT_LENGTH], attributes: &Attributes<'_>) -> Vec<u8> {
        let mut out = vec![Self::FORMAT];
        epoch.write(&mut out);
        salt.write(&mut out);
        attributes.write(&mut out);
        out
    }
}
