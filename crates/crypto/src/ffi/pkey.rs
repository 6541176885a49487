//! Asymmetric keys as the back end's C code holds them (`EVP_PKEY`): private numbers stay in its
//! allocator's memory, which it wipes. Says nothing about what a key may be used for.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

use aws_lc_sys::{
    BN_is_word, CBB, CBB_cleanup, CBB_finish, CBB_init_fixed, CBS, EC_GROUP_get_curve_name,
    EC_KEY_decoded_from_explicit_params, EC_KEY_get0_group, EC_KEY_set_conv_form,
    EC_KEY_set_enc_flags, EVP_PKEY, EVP_PKEY_CTX, EVP_PKEY_CTX_free, EVP_PKEY_CTX_new,
    EVP_PKEY_CTX_new_id, EVP_PKEY_CTX_set_ec_paramgen_curve_nid, EVP_PKEY_CTX_set_rsa_keygen_bits,
    EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_ED25519PH, EVP_PKEY_PQDSA, EVP_PKEY_RSA, EVP_PKEY_bits,
    EVP_PKEY_free, EVP_PKEY_get_private_seed, EVP_PKEY_get_raw_private_key,
    EVP_PKEY_get_raw_public_key, EVP_PKEY_get0_EC_KEY, EVP_PKEY_get0_RSA, EVP_PKEY_id,
    EVP_PKEY_keygen, EVP_PKEY_keygen_init, EVP_PKEY_new_raw_private_key,
    EVP_PKEY_new_raw_public_key, EVP_PKEY_pqdsa_get_type, EVP_PKEY_pqdsa_new_raw_private_key,
    EVP_marshal_private_key, EVP_marshal_public_key, EVP_parse_private_key, EVP_parse_public_key,
    NID_MLDSA44, NID_MLDSA65, NID_MLDSA87, NID_X9_62_prime256v1, NID_secp256k1, NID_secp384r1,
    NID_secp521r1, RSA_get0_e, point_conversion_form_t,
};
use strongroom_base::Secret;

use crate::signature::{Curve, MlDsaLevel};

mod agree;
mod rsa;
mod sign;

pub(crate) use sign::Mode;

/// What the longest encoding is shorter than: an ML-DSA-87 public key takes 2614 bytes, the private key
/// of RSA-4096 2.4 kB.
const ENCODED_BYTES_MAX: usize = 4096;
/// The length of an Ed25519 or ML-DSA seed, and of an Ed25519 public key.
const SEED_BYTES: usize = 32;

/// The back end did not do it: bad input, or nothing to do it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// What kind of key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSA, with the length of the modulus in bits.
    Rsa(usize),
    /// On a named elliptic curve.
    Ec(Curve),
    /// Ed25519, for messages.
    Ed25519,
    /// Ed25519, for SHA-512 digests of messages.
    Ed25519Ph,
    /// ML-DSA.
    MlDsa(MlDsaLevel),
}

/// A private or a public key.
pub(crate) struct PKey(NonNull<EVP_PKEY>);

// SAFETY: the object belongs to no thread.
unsafe impl Send for PKey {}
// SAFETY: no method changes the object after it was made, and functions that do not may run on several threads
// at once (include/openssl/evp.h at `EVP_PKEY`, `EVP_PKEY_CTX_new` and `EVP_DigestSignInit`, rsa.h at `RSA`,
// ec_key.h at `EC_KEY`).
unsafe impl Sync for PKey {}

impl Drop for PKey {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { EVP_PKEY_free(self.as_ptr()) };
    }
}

impl PKey {
    /// A fresh RSA key with a modulus of `bits` and the exponent 65537.
    pub(crate) fn generate_rsa(bits: c_int) -> Result<Self, Refused> {
        let context = Context::to_generate(EVP_PKEY_RSA)?;
        // SAFETY: the context is one to generate RSA keys with.
        succeeded(unsafe { EVP_PKEY_CTX_set_rsa_keygen_bits(context.as_ptr(), bits) })?;
        context.generate()
    }

    /// A fresh key on `curve`.
    pub(crate) fn generate_ec(curve: Curve) -> Result<Self, Refused> {
        let (context, nid) = (Context::to_generate(EVP_PKEY_EC)?, curve_nid(curve));
        // SAFETY: the context is one to generate keys on curves with.
        succeeded(unsafe { EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.as_ptr(), nid) })?;
        context.generate()
    }

    /// The Ed25519 key with this seed; `Ed25519Ph` makes it one for digests.
    pub(crate) fn ed25519(algorithm: Algorithm, seed: &[u8; SEED_BYTES]) -> Result<Self, Refused> {
        let id = ed25519_id(algorithm)?;
        // SAFETY: reads as many bytes as it is told.
        let key =
            unsafe { EVP_PKEY_new_raw_private_key(id, null_mut(), seed.as_ptr(), seed.len()) };
        Self::owned(key)
    }

    /// The ML-DSA key with this seed (FIPS 204 §6.1, ξ).
    pub(crate) fn ml_dsa(level: MlDsaLevel, seed: &[u8; SEED_BYTES]) -> Result<Self, Refused> {
        let nid = ml_dsa_nid(level);
        // SAFETY: reads as many bytes as it is told.
        let key = unsafe { EVP_PKEY_pqdsa_new_raw_private_key(nid, seed.as_ptr(), seed.len()) };
        Self::owned(key)
    }

    /// The private key in `der`, a DER PrivateKeyInfo (RFC 5208 §5) or OneAsymmetricKey (RFC 5958 §2) with
    /// nothing after it. The back end checks that its numbers fit together.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Refused> {
        let mut input = input(der);
        // SAFETY: the input names readable bytes.
        let key = Self::owned(unsafe { EVP_parse_private_key(&mut input) })?;
        if input.len != 0 {
            return Err(Refused);
        }
        key.forget_how_it_was_encoded();
        Ok(key)
    }

    /// The public key in `der`, a DER SubjectPublicKeyInfo (RFC 5280 §4.1) with nothing after it; a curve must
    /// be named (RFC 5480 §2.1.1). The back end checks that a point lies on its curve.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, Refused> {
        let mut input = input(der);
        // SAFETY: the input names readable bytes.
        let key = Self::owned(unsafe { EVP_parse_public_key(&mut input) })?;
        if input.len != 0 || key.curve_was_spelled_out() {
            return Err(Refused);
        }
        Ok(key)
    }

    /// The Ed25519 public key of this one, for messages, as one for digests.
    pub(crate) fn public_for_digests(&self) -> Result<Self, Refused> {
        let (mut public, mut length) = ([0; SEED_BYTES], SEED_BYTES);
        // SAFETY: writes at most `length` bytes.
        succeeded(unsafe {
            EVP_PKEY_get_raw_public_key(self.as_ptr(), public.as_mut_ptr(), &mut length)
        })?;
        // SAFETY: reads as many bytes as it is told.
        let key = unsafe {
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519PH, null_mut(), public.as_ptr(), length)
        };
        Self::owned(key)
    }

    /// The private key as a DER PrivateKeyInfo, in the one form that keys have which do the same.
    pub(crate) fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, Refused> {
        let other = match self.algorithm() {
            Some(Algorithm::Rsa(_)) => self.in_one_form()?,
            _ => None,
        };
        let key = other.as_ref().unwrap_or(self);
        // SAFETY: `encoded` gives a writer that is ready, and the key is alive.
        encoded(|out| unsafe { EVP_marshal_private_key(out, key.as_ptr()) })
    }

    /// The public key as a DER SubjectPublicKeyInfo, points uncompressed.
    pub(crate) fn to_spki(&self) -> Result<Vec<u8>, Refused> {
        // SAFETY: `encoded` gives a writer that is ready, and the key is alive.
        let der = encoded(|out| unsafe { EVP_marshal_public_key(out, self.as_ptr()) })?;
        Ok(der.expose().clone())
    }

    /// The seed of an Ed25519 or ML-DSA private key.
    pub(crate) fn seed(&self) -> Result<Secret<[u8; SEED_BYTES]>, Refused> {
        let get = match self.algorithm() {
            Some(Algorithm::Ed25519) => EVP_PKEY_get_raw_private_key,
            Some(Algorithm::MlDsa(_)) => EVP_PKEY_get_private_seed,
            _ => return Err(Refused),
        };
        let (mut seed, mut length) = (Secret::zeroed(), SEED_BYTES);
        // SAFETY: writes at most `length` bytes.
        succeeded(unsafe { get(self.as_ptr(), seed.expose_mut().as_mut_ptr(), &mut length) })?;
        Ok(seed)
    }

    /// What kind of key it is; none of ours when it is `None`.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        // SAFETY: the key is alive.
        match unsafe { EVP_PKEY_id(self.as_ptr()) } {
            EVP_PKEY_RSA => Some(Algorithm::Rsa(self.bits())),
            EVP_PKEY_EC => self.curve().map(Algorithm::Ec),
            EVP_PKEY_ED25519 => Some(Algorithm::Ed25519),
            EVP_PKEY_ED25519PH => Some(Algorithm::Ed25519Ph),
            EVP_PKEY_PQDSA => self.level().map(Algorithm::MlDsa),
            _ => None,
        }
    }

    /// Whether it is an RSA key with this public exponent.
    pub(crate) fn has_exponent(&self, exponent: u32) -> bool {
        // SAFETY: the key is alive; a borrowed pointer, or null for keys of other kinds.
        let rsa = unsafe { EVP_PKEY_get0_RSA(self.as_ptr()) };
        if rsa.is_null() {
            return false;
        }
        // SAFETY: not null, and alive as long as the key.
        let actual = unsafe { RSA_get0_e(rsa) };
        // SAFETY: not null where it is read, and alive as long as the key.
        !actual.is_null() && 1 == unsafe { BN_is_word(actual, exponent.into()) }
    }

    fn owned(key: *mut EVP_PKEY) -> Result<Self, Refused> {
        NonNull::new(key).map(Self).ok_or(Refused)
    }

    fn as_ptr(&self) -> *mut EVP_PKEY {
        self.0.as_ptr()
    }

    fn bits(&self) -> usize {
        // SAFETY: the key is alive.
        let bits = unsafe { EVP_PKEY_bits(self.as_ptr()) };
        usize::try_from(bits).unwrap_or(0)
    }

    fn curve(&self) -> Option<Curve> {
        // SAFETY: the key is alive; a borrowed pointer, or null for keys of other kinds.
        let key = NonNull::new(unsafe { EVP_PKEY_get0_EC_KEY(self.as_ptr()) })?;
        // SAFETY: not null, and alive as long as the key.
        let group = unsafe { EC_KEY_get0_group(key.as_ptr()) };
        if group.is_null() {
            return None;
        }
        // SAFETY: not null, and alive as long as the key.
        let nid = unsafe { EC_GROUP_get_curve_name(group) };
        Curve::ALL
            .into_iter()
            .find(|curve| curve_nid(*curve) == nid)
    }

    fn level(&self) -> Option<MlDsaLevel> {
        // SAFETY: the key is alive.
        let nid = unsafe { EVP_PKEY_pqdsa_get_type(self.as_ptr()) };
        let mut levels = MlDsaLevel::ALL.into_iter();
        levels.find(|level| ml_dsa_nid(*level) == nid)
    }

    /// Else a key on a curve is encoded again as it came: without its public key, or that compressed.
    fn forget_how_it_was_encoded(&self) {
        // SAFETY: the key is alive; a borrowed pointer, or null for keys of other kinds.
        let key = unsafe { EVP_PKEY_get0_EC_KEY(self.as_ptr()) };
        if key.is_null() {
            return;
        }
        // SAFETY: not null, and nobody else has the key yet.
        unsafe { EC_KEY_set_enc_flags(key, 0) };
        let form = point_conversion_form_t::POINT_CONVERSION_UNCOMPRESSED;
        // SAFETY: not null, and nobody else has the key yet.
        unsafe { EC_KEY_set_conv_form(key, form) };
    }

    fn curve_was_spelled_out(&self) -> bool {
        // SAFETY: the key is alive; a borrowed pointer, or null for keys of other kinds.
        let key = unsafe { EVP_PKEY_get0_EC_KEY(self.as_ptr()) };
        // SAFETY: not null where it is read, and alive as long as the key.
        !key.is_null() && 0 != unsafe { EC_KEY_decoded_from_explicit_params(key) }
    }
}

/// One operation under way.
struct Context(NonNull<EVP_PKEY_CTX>);

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { EVP_PKEY_CTX_free(self.as_ptr()) };
    }
}

impl Context {
    fn to_generate(id: c_int) -> Result<Self, Refused> {
        // SAFETY: asks nothing of its arguments.
        let context = Self::owned(unsafe { EVP_PKEY_CTX_new_id(id, null_mut()) })?;
        // SAFETY: the context is alive.
        succeeded(unsafe { EVP_PKEY_keygen_init(context.as_ptr()) })?;
        Ok(context)
    }

    fn generate(self) -> Result<PKey, Refused> {
        let mut key = null_mut();
        // SAFETY: the context was prepared for generation; a null pointer is replaced by a new key.
        succeeded(unsafe { EVP_PKEY_keygen(self.as_ptr(), &mut key) })?;
        PKey::owned(key)
    }

    /// An operation with `key`, which the context shares.
    fn with(key: &PKey) -> Result<Self, Refused> {
        // SAFETY: the key is alive, and only its reference count is changed, atomically.
        Self::owned(unsafe { EVP_PKEY_CTX_new(key.as_ptr(), null_mut()) })
    }

    fn owned(context: *mut EVP_PKEY_CTX) -> Result<Self, Refused> {
        NonNull::new(context).map(Self).ok_or(Refused)
    }

    fn as_ptr(&self) -> *mut EVP_PKEY_CTX {
        self.0.as_ptr()
    }
}

/// What `write` writes, at most [`ENCODED_BYTES_MAX`].
fn encoded(write: impl FnOnce(*mut CBB) -> c_int) -> Result<Secret<Vec<u8>>, Refused> {
    let mut buffer = Secret::new(vec![0; ENCODED_BYTES_MAX]);
    let bytes = buffer.expose_mut();
    let mut writer = MaybeUninit::uninit();
    // SAFETY: initializes the writer, which writes at most as many bytes as it is told.
    succeeded(unsafe { CBB_init_fixed(writer.as_mut_ptr(), bytes.as_mut_ptr(), bytes.len()) })?;
    let written = write(writer.as_mut_ptr());
    let mut length = 0;
    // SAFETY: the writer is initialized and has no unfinished part after a success; that buffers of
    // a fixed size have no use for an address to give them out at is in its contract.
    if written != 1 || 1 != unsafe { CBB_finish(writer.as_mut_ptr(), null_mut(), &mut length) } {
        // SAFETY: the writer is initialized, and not used again.
        unsafe { CBB_cleanup(writer.as_mut_ptr()) };
        return Err(Refused);
    }
    let bytes = buffer.expose().get(..length).ok_or(Refused)?;
    Ok(Secret::new(bytes.to_vec()))
}

fn input(bytes: &[u8]) -> CBS {
    CBS {
        data: bytes.as_ptr(),
        len: bytes.len(),
    }
}

fn succeeded(outcome: c_int) -> Result<(), Refused> {
    // Some of the functions tell kinds of failure apart, as zero and negative numbers.
    if outcome == 1 { Ok(()) } else { Err(Refused) }
}

fn ed25519_id(algorithm: Algorithm) -> Result<c_int, Refused> {
    match algorithm {
        Algorithm::Ed25519 => Ok(EVP_PKEY_ED25519),
        Algorithm::Ed25519Ph => Ok(EVP_PKEY_ED25519PH),
        _ => Err(Refused),
    }
}

fn curve_nid(curve: Curve) -> c_int {
    match curve {
        Curve::P256 => NID_X9_62_prime256v1,
        Curve::P384 => NID_secp384r1,
        Curve::P521 => NID_secp521r1,
        Curve::Secp256k1 => NID_secp256k1,
    }
}

fn ml_dsa_nid(level: MlDsaLevel) -> c_int {
    match level {
        MlDsaLevel::MlDsa44 => NID_MLDSA44,
        MlDsaLevel::MlDsa65 => NID_MLDSA65,
        MlDsaLevel::MlDsa87 => NID_MLDSA87,
    }
}
