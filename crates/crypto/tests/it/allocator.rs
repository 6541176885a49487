//! The installed allocator really is where the back end keeps keys. One test, because nothing else
//! may have called the back end before.

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_base::Random;
use strongroom_crypto::aead;
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::memory::{Allocator, NotInstalled, danger_install_allocator};
use strongroom_crypto::ml_kem::{MlKemKeyPair, MlKemSize};
use strongroom_crypto::random::BackendRandom;
use strongroom_crypto::rsa_encryption::RsaDecryptingKey;
use strongroom_crypto::self_test;
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, MlDsaKeyPair, MlDsaLevel, RsaKeyPair, RsaKeySize,
};

const HEADER_BYTES: usize = 16;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static FREES: AtomicUsize = AtomicUsize::new(0);
/// A secret, and whether a block was freed that contained it.
static WATCHED: Mutex<(Vec<u8>, bool)> = Mutex::new((Vec::new(), false));

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size + HEADER_BYTES, HEADER_BYTES).expect("a size that exists")
}

unsafe extern "C" fn counted_malloc(size: usize, _: *const c_char, _: c_int) -> *mut c_void {
    ALLOCATIONS.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the layout is never empty.
    let block = unsafe { alloc(layout(size)) };
    if block.is_null() {
        return null_mut();
    }
    // SAFETY: the block is at least a header long and aligned to 16.
    unsafe { block.cast::<usize>().write(size) };
    // SAFETY: within the block, whose length is the header and `size`.
    unsafe { block.add(HEADER_BYTES) }.cast()
}

unsafe extern "C" fn counted_realloc(
    old: *mut c_void,
    size: usize,
    file: *const c_char,
    line: c_int,
) -> *mut c_void {
    // SAFETY: forwards this function's own contract.
    let new = unsafe { counted_malloc(size, file, line) };
    if new.is_null() {
        return new;
    }
    // SAFETY: `old` came from `counted_malloc`.
    let kept = unsafe { size_of_block(old) }.min(size);
    // SAFETY: both blocks are at least `kept` long, and distinct.
    unsafe { old.cast::<u8>().copy_to_nonoverlapping(new.cast(), kept) };
    // SAFETY: `old` came from `counted_malloc` and is not used again.
    unsafe { counted_free(old, file, line) };
    new
}

unsafe extern "C" fn counted_free(data: *mut c_void, _: *const c_char, _: c_int) {
    FREES.fetch_add(1, Ordering::SeqCst);
    // SAFETY: `data` came from `counted_malloc`.
    let size = unsafe { size_of_block(data) };
    // SAFETY: the block is `size` bytes long, was zeroed or written by its user or is merely read as
    // bytes that the compiler cannot know, and nobody else has it.
    let content = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) };
    watch(content);
    // SAFETY: the header lies before the data.
    let block = unsafe { data.cast::<u8>().sub(HEADER_BYTES) };
    // SAFETY: allocated with this layout in `counted_malloc`.
    unsafe { dealloc(block, layout(size)) };
}

/// # Safety
/// `data` came from [`counted_malloc`] and was not freed.
unsafe fn size_of_block(data: *mut c_void) -> usize {
    // SAFETY: the header lies before the data.
    let header = unsafe { data.cast::<u8>().sub(HEADER_BYTES) };
    // SAFETY: `counted_malloc` wrote it.
    unsafe { header.cast::<usize>().read() }
}

fn watch(content: &[u8]) {
    let mut watched = WATCHED.lock().expect("not poisoned");
    let (secret, found) = &mut *watched;
    if !secret.is_empty() && content.windows(secret.len()).any(|window| window == secret) {
        *found = true;
    }
}

/// Whether `work` frees a block of the installed allocator that contains `secret`.
fn passes_through(secret: &[u8], work: impl FnOnce()) -> bool {
    *WATCHED.lock().expect("not poisoned") = (secret.to_vec(), false);
    work();
    std::mem::take(&mut *WATCHED.lock().expect("not poisoned")).1
}

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::SeqCst);
    work();
    ALLOCATIONS.load(Ordering::SeqCst) - before
}

fn install() -> Result<(), NotInstalled> {
    let allocator = Allocator {
        malloc: counted_malloc,
        realloc: counted_realloc,
        free: counted_free,
    };
    // SAFETY: the functions wrap the global allocator and call nothing else but a mutex of their own;
    // the only test of this process begins here, so the back end has allocated nothing.
    unsafe { danger_install_allocator(allocator) }
}

#[test]
fn the_back_end_keeps_its_keys_in_the_installed_allocator() {
    assert_eq!(install(), Ok(()));
    assert_eq!(install(), Err(NotInstalled));
    aes_keys_are_there();
    rsa_keys_are_there();
    ecdsa_keys_are_there();
    ml_kem_keys_are_there();
    ed25519_keys_are_there();
    ml_dsa_keys_are_there();
    exchange_keys_are_there();
    hmac_keys_are_inline();
    assert_eq!(self_test::run(), Ok(()));
    draws_on_another_thread_are_freed();
}

fn aes_keys_are_there() {
    let key: [u8; 32] = std::array::from_fn(|index| 0xa0 ^ u8::try_from(index).expect("small"));
    let mut sealed = Vec::new();
    assert!(passes_through(&key, || {
        aead::seal(&key, &[0; 12], b"", b"plaintext", &mut sealed);
    }));
    assert!(passes_through(&key, || {
        assert!(aead::open(&key, &[0; 12], b"", &sealed).is_ok());
    }));
}

/// The bytes of a number are in PKCS#8 as they are, and reversed in the back end's limbs.
fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}

fn rsa_keys_are_there() {
    let pair = RsaKeyPair::generate(RsaKeySize::Rsa2048);
    let der = pair.to_pkcs8();
    let secret = rsa_limbs(der.expose());
    let decrypting = RsaDecryptingKey::from_pkcs8(der.expose()).expect("a key");
    assert!(passes_through(&secret, || drop(pair)));
    assert!(passes_through(&secret, || drop(decrypting)));
}

/// Some of the private exponent of `der` as the back end keeps it.
fn rsa_limbs(der: &[u8]) -> Vec<u8> {
    // The private exponent follows the modulus and `02 03 01 00 01`, the public exponent.
    let exponent = [2, 3, 1, 0, 1];
    let at = der.windows(5).position(|window| window == exponent);
    let private = at.expect("a public exponent") + 5 + 4;
    reversed(&der[private + 100..private + 164])
}

fn ecdsa_keys_are_there() {
    let pair = EcKeyPair::generate(Curve::P256);
    let der = pair.to_pkcs8();
    // RFC 5915: ECPrivateKey begins with version 1 and an octet string of 32 bytes.
    let start = [2, 1, 1, 4, 32];
    let at = der.expose().windows(5).position(|window| window == start);
    let private = at.expect("an ECPrivateKey") + 5;
    let secret = reversed(&der.expose()[private..private + 32]);
    assert!(passes_through(&secret, || drop(pair)));
}

fn ml_kem_keys_are_there() {
    let pair = MlKemKeyPair::generate(MlKemSize::MlKem768);
    let seed = *pair.to_seed().expose();
    assert!(passes_through(&seed, || drop(pair)));
}

fn ed25519_keys_are_there() {
    let pair = Ed25519KeyPair::generate();
    // RFC 8410 §7: the seed ends the PrivateKeyInfo.
    let der = pair.to_pkcs8();
    let seed = &der.expose()[der.expose().len() - 32..];
    assert!(passes_through(seed, || drop(pair)));
}

fn ml_dsa_keys_are_there() {
    let pair = MlDsaKeyPair::generate(MlDsaLevel::MlDsa65);
    let seed = pair.to_seed();
    assert!(passes_through(seed.expose(), || drop(pair)));
}

fn exchange_keys_are_there() {
    let mut recipient = None;
    assert!(allocations(|| recipient = Some(Recipient::generate())) > 0);
    let recipient = recipient.expect("just set");
    assert!(allocations(|| drop(seal_to(&recipient.public(), b"", b"x"))) > 0);
    let frees = FREES.load(Ordering::SeqCst);
    drop(recipient);
    assert!(FREES.load(Ordering::SeqCst) > frees);
}

/// As the documentation of `danger_install_allocator` states.
fn hmac_keys_are_inline() {
    let used = allocations(|| {
        HmacSha256::new(b"key").sign(&[b"message"]);
    });
    assert_eq!(used, 0);
}

fn draws_on_another_thread_are_freed() {
    let frees = FREES.load(Ordering::SeqCst);
    std::thread::spawn(|| BackendRandom.fill(&mut [0; 32]))
        .join()
        .expect("no panic");
    assert!(FREES.load(Ordering::SeqCst) > frees);
}
