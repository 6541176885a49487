//! Argon2id version 0x13 (RFC 9106), in memory that the caller provides.

use argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder, Version};
use zeroize::Zeroize;

/// A 1 KiB block of working memory, aligned to 64 bytes; every bit pattern is valid.
pub use argon2::Block as Argon2Block;

/// What a derivation costs, whoever asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Costs {
    /// Working memory in KiB: 8 times `lanes` to [`Self::MEMORY_KIB_MAX`].
    pub memory_kib: u32,
    /// Passes over the memory: 1 to [`Self::ITERATIONS_MAX`].
    pub iterations: u32,
    /// Lanes: 1 to [`Self::LANES_MAX`]. They are computed one after the other.
    pub lanes: u32,
}

impl Argon2Costs {
    /// The most working memory: 4 GiB.
    pub const MEMORY_KIB_MAX: u32 = 4 << 20;
    /// The most passes.
    pub const ITERATIONS_MAX: u32 = 64;
    /// The most lanes.
    pub const LANES_MAX: u32 = 16;

    /// How many blocks of working memory a derivation needs.
    ///
    /// # Errors
    /// [`Argon2Error::Costs`] when a cost is out of its bounds.
    pub fn blocks(self) -> Result<usize, Argon2Error> {
        let bounded = (1..=Self::LANES_MAX).contains(&self.lanes)
            && (1..=Self::ITERATIONS_MAX).contains(&self.iterations)
            && (8 * self.lanes..=Self::MEMORY_KIB_MAX).contains(&self.memory_kib);
        if !bounded {
            return Err(Argon2Error::Costs);
        }
        // RFC 9106 §3.2: rounded down to a multiple of four times the lanes.
        let blocks = self.memory_kib - self.memory_kib % (4 * self.lanes);
        usize::try_from(blocks).map_err(|_| Argon2Error::Costs)
    }
}

/// Why a derivation was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argon2Error {
    /// A cost is out of the bounds that [`Argon2Costs`] states.
    Costs,
    /// The salt is not 8 to 64 bytes long.
    Salt,
    /// The output is not 16 to 64 bytes long.
    Output,
    /// The password is longer than 4 GiB.
    Password,
    /// The working memory has fewer than [`Argon2Costs::blocks`] blocks.
    Memory,
}

/// Fills `out` (16 to 64 bytes) with Argon2id (RFC 9106) of `password` and `salt` (8 to 64 bytes).
///
/// `memory` has at least [`Argon2Costs::blocks`] blocks; its content does not matter, and all of it
/// is zero afterwards, whatever the outcome.
///
/// # Errors
/// [`Argon2Error`] when an input is out of its bounds; `out` is then unchanged.
pub fn argon2id(
    password: &[u8],
    salt: &[u8],
    costs: Argon2Costs,
    memory: &mut [Argon2Block],
    out: &mut [u8],
) -> Result<(), Argon2Error> {
    let input = Argon2Input {
        password,
        salt,
        secret: &[],
        associated: &[],
    };
    argon2id_of(&input, costs, memory, out)
}

/// All that Argon2id digests; the vectors of RFC 9106 use the last two.
pub(crate) struct Argon2Input<'a> {
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
    pub(crate) secret: &'a [u8],
    pub(crate) associated: &'a [u8],
}

/// As [`argon2id`], over every input that RFC 9106 knows.
pub(crate) fn argon2id_of(
    input: &Argon2Input<'_>,
    costs: Argon2Costs,
    memory: &mut [Argon2Block],
    out: &mut [u8],
) -> Result<(), Argon2Error> {
    let memory = Wiped(memory);
    let blocks = costs.blocks()?;
    if !(8..=64).contains(&input.salt.len()) {
        return Err(Argon2Error::Salt);
    }
    if !(16..=64).contains(&out.len()) {
        return Err(Argon2Error::Output);
    }
    let used = memory.0.get_mut(..blocks).ok_or(Argon2Error::Memory)?;
    prepare(input, costs, out.len())?
        .hash_password_into_with_memory(input.password, input.salt, out, used)
        .map_err(|_| Argon2Error::Password)
}

fn prepare<'a>(
    input: &Argon2Input<'a>,
    costs: Argon2Costs,
    out_bytes: usize,
) -> Result<Argon2<'a>, Argon2Error> {
    let associated = AssociatedData::new(input.associated).map_err(|_| Argon2Error::Costs)?;
    let params = ParamsBuilder::new()
        .m_cost(costs.memory_kib)
        .t_cost(costs.iterations)
        .p_cost(costs.lanes)
        .data(associated)
        .output_len(out_bytes)
        .build()
        .map_err(|_| Argon2Error::Costs)?;
    Argon2::new_with_secret(input.secret, Algorithm::Argon2id, Version::V0x13, params)
        .map_err(|_| Argon2Error::Costs)
}

/// Working memory that is zero once this is gone.
struct Wiped<'a>(&'a mut [Argon2Block]);

impl Drop for Wiped<'_> {
    fn drop(&mut self) {
        for block in self.0.iter_mut() {
            block.zeroize();
        }
    }
}
