//! The one form of an RSA private key among those that do the same. Works on numbers whose lengths are public; not
//! all of its arithmetic takes constant time, so nothing but the encoding of a key may depend on it.

use std::ffi::c_int;
use std::ptr::{NonNull, null_mut};

use aws_lc_sys::{
    BIGNUM, BN_CTX, BN_CTX_free, BN_CTX_new, BN_clear_free, BN_cmp, BN_div, BN_dup, BN_gcd,
    BN_mod_inverse, BN_mul, BN_new, BN_primality_test, BN_sub_word, EVP_PKEY_get0_RSA,
    EVP_PKEY_new, EVP_PKEY_set1_RSA, RSA, RSA_free, RSA_get0_d, RSA_get0_e, RSA_get0_n, RSA_get0_p,
    RSA_get0_q, RSA_new_private_key,
};

use super::{PKey, Refused, succeeded};

/// Rounds of Miller-Rabin for numbers that an adversary chose: error below 2^-128.
const PRIMALITY_CHECKS: c_int = 64;

impl PKey {
    /// The RSA private key with the greater prime first and the least private exponent, d mod λ(n) (RFC 8017
    /// §3.2 allows others); `None` when this key is in that form.
    pub(super) fn in_one_form(&self) -> Result<Option<Self>, Refused> {
        let numbers = Numbers::of(self)?;
        let p1 = numbers.greater.minus_one()?;
        let q1 = numbers.lesser.minus_one()?;
        let d = numbers.d.modulo(&p1.least_common_multiple(&q1)?)?;
        if numbers.in_order && d == numbers.d {
            return Ok(None);
        }
        let (dp, dq) = (d.modulo(&p1)?, d.modulo(&q1)?);
        let q_inverse = numbers.lesser.inverse(&numbers.greater)?;
        // SAFETY: every number is alive, and copied.
        let rsa = unsafe {
            RSA_new_private_key(
                numbers.n.as_ptr(),
                numbers.e.as_ptr(),
                d.as_ptr(),
                numbers.greater.as_ptr(),
                numbers.lesser.as_ptr(),
                dp.as_ptr(),
                dq.as_ptr(),
                q_inverse.as_ptr(),
            )
        };
        let rsa = Rsa(NonNull::new(rsa).ok_or(Refused)?);
        // SAFETY: asks nothing.
        let key = Self::owned(unsafe { EVP_PKEY_new() })?;
        // SAFETY: both are alive, and the key shares the numbers by their reference count.
        succeeded(unsafe { EVP_PKEY_set1_RSA(key.as_ptr(), rsa.0.as_ptr()) })?;
        Ok(Some(key))
    }

    /// Refuses an RSA private key with a factor that is not prime, and other keys.
    pub(crate) fn require_prime_factors(&self) -> Result<(), Refused> {
        let numbers = Numbers::of(self)?;
        numbers.greater.require_prime()?;
        numbers.lesser.require_prime()
    }
}

/// Copies of a private key's independent numbers.
struct Numbers {
    n: Number,
    e: Number,
    d: Number,
    greater: Number,
    lesser: Number,
    /// Whether the greater prime was the first.
    in_order: bool,
}

impl Numbers {
    fn of(key: &PKey) -> Result<Self, Refused> {
        // SAFETY: the key is alive; a borrowed pointer, or null for keys of other kinds.
        let rsa = NonNull::new(unsafe { EVP_PKEY_get0_RSA(key.as_ptr()) }).ok_or(Refused)?;
        let copy = |get: unsafe extern "C" fn(*const RSA) -> *const BIGNUM| {
            // SAFETY: not null, and alive as long as the key.
            Number::copy(unsafe { get(rsa.as_ptr()) })
        };
        let (p, q) = (copy(RSA_get0_p)?, copy(RSA_get0_q)?);
        let in_order = p.is_greater_than(&q);
        let (greater, lesser) = if in_order { (p, q) } else { (q, p) };
        Ok(Self {
            n: copy(RSA_get0_n)?,
            e: copy(RSA_get0_e)?,
            d: copy(RSA_get0_d)?,
            greater,
            lesser,
            in_order,
        })
    }
}

struct Rsa(NonNull<RSA>);

impl Drop for Rsa {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { RSA_free(self.0.as_ptr()) };
    }
}

/// A secret number, wiped when it is freed.
struct Number(NonNull<BIGNUM>);

impl Drop for Number {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { BN_clear_free(self.0.as_ptr()) };
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        // SAFETY: both are alive.
        0 == unsafe { BN_cmp(self.as_ptr(), other.as_ptr()) }
    }
}

impl Number {
    fn zero() -> Result<Self, Refused> {
        // SAFETY: asks nothing.
        NonNull::new(unsafe { BN_new() }).map(Self).ok_or(Refused)
    }

    /// A copy of what `number` points to; null is refused.
    fn copy(number: *const BIGNUM) -> Result<Self, Refused> {
        if number.is_null() {
            return Err(Refused);
        }
        // SAFETY: not null; every caller has it from a living key or number.
        let copy = unsafe { BN_dup(number) };
        NonNull::new(copy).map(Self).ok_or(Refused)
    }

    fn is_greater_than(&self, other: &Self) -> bool {
        // SAFETY: both are alive.
        0 < unsafe { BN_cmp(self.as_ptr(), other.as_ptr()) }
    }

    fn require_prime(&self) -> Result<(), Refused> {
        let scratch = Scratch::new()?;
        let mut is_prime = 0;
        // SAFETY: all are alive, the result is a local, and null asks for no progress reports.
        succeeded(unsafe {
            BN_primality_test(
                &raw mut is_prime,
                self.as_ptr(),
                PRIMALITY_CHECKS,
                scratch.as_ptr(),
                1,
                null_mut(),
            )
        })?;
        succeeded(is_prime)
    }

    fn minus_one(&self) -> Result<Self, Refused> {
        let result = Self::copy(self.as_ptr())?;
        // SAFETY: alive, and nobody else's.
        succeeded(unsafe { BN_sub_word(result.as_ptr(), 1) })?;
        Ok(result)
    }

    fn least_common_multiple(&self, other: &Self) -> Result<Self, Refused> {
        let (scratch, divisor) = (Scratch::new()?, Self::zero()?);
        let (a, b) = (self.as_ptr(), other.as_ptr());
        // SAFETY: all are alive, and the result is another number.
        succeeded(unsafe { BN_gcd(divisor.as_ptr(), a, b, scratch.as_ptr()) })?;
        let product = Self::zero()?;
        // SAFETY: all are alive, and the result is another number.
        succeeded(unsafe { BN_mul(product.as_ptr(), a, b, scratch.as_ptr()) })?;
        let (quotient, by) = (Self::zero()?, divisor.as_ptr());
        // SAFETY: all are alive, the result is another number, and null asks for no remainder.
        succeeded(unsafe {
            BN_div(
                quotient.as_ptr(),
                null_mut(),
                product.as_ptr(),
                by,
                scratch.as_ptr(),
            )
        })?;
        Ok(quotient)
    }

    fn modulo(&self, modulus: &Self) -> Result<Self, Refused> {
        let (scratch, rest) = (Scratch::new()?, Self::zero()?);
        let (number, modulus) = (self.as_ptr(), modulus.as_ptr());
        // SAFETY: all are alive, the result is another number, and null asks for no quotient.
        succeeded(unsafe { BN_div(null_mut(), rest.as_ptr(), number, modulus, scratch.as_ptr()) })?;
        Ok(rest)
    }

    fn inverse(&self, modulus: &Self) -> Result<Self, Refused> {
        let (scratch, inverse) = (Scratch::new()?, Self::zero()?);
        let (number, modulus) = (self.as_ptr(), modulus.as_ptr());
        // SAFETY: all are alive, and the result is another number.
        let found = unsafe { BN_mod_inverse(inverse.as_ptr(), number, modulus, scratch.as_ptr()) };
        if found.is_null() {
            return Err(Refused);
        }
        Ok(inverse)
    }

    fn as_ptr(&self) -> *mut BIGNUM {
        self.0.as_ptr()
    }
}

/// What arithmetic needs for its intermediate numbers.
struct Scratch(NonNull<BN_CTX>);

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { BN_CTX_free(self.0.as_ptr()) };
    }
}

impl Scratch {
    fn new() -> Result<Self, Refused> {
        // SAFETY: asks nothing.
        NonNull::new(unsafe { BN_CTX_new() })
            .map(Self)
            .ok_or(Refused)
    }

    fn as_ptr(&self) -> *mut BN_CTX {
        self.0.as_ptr()
    }
}
