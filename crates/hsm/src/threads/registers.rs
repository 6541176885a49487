//! Clears what a computation leaves in vector registers. While a thread is blocked the kernel keeps
//! them in its own memory, where ptrace reads them.

/// Zeroes every vector register of the calling thread that this processor has. Call it last before
/// a lane blocks.
#[cfg(target_arch = "x86_64")]
pub fn wipe_registers() {
    if std::arch::is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX-512F.
        unsafe { x86_64::wipe_avx512() };
    }
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the processor has AVX.
        unsafe { x86_64::wipe_avx() };
        return;
    }
    x86_64::wipe_sse();
}

/// Zeroes every vector register of the calling thread. Call it last before a lane blocks.
#[cfg(target_arch = "aarch64")]
pub fn wipe_registers() {
    aarch64::wipe_vectors();
}

/// Does nothing: the registers of this architecture are not known here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn wipe_registers() {}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::asm;

    /// zmm16 to zmm31 and the masks, which VZEROALL leaves alone.
    ///
    /// # Safety
    /// The processor must have AVX-512F.
    pub(super) unsafe fn wipe_avx512() {
        // SAFETY: every register written is declared as clobbered; AVX-512F is there.
        unsafe {
            asm!(
                "vpxord zmm16, zmm16, zmm16",
                "vpxord zmm17, zmm17, zmm17",
                "vpxord zmm18, zmm18, zmm18",
                "vpxord zmm19, zmm19, zmm19",
                "vpxord zmm20, zmm20, zmm20",
                "vpxord zmm21, zmm21, zmm21",
                "vpxord zmm22, zmm22, zmm22",
                "vpxord zmm23, zmm23, zmm23",
                "vpxord zmm24, zmm24, zmm24",
                "vpxord zmm25, zmm25, zmm25",
                "vpxord zmm26, zmm26, zmm26",
                "vpxord zmm27, zmm27, zmm27",
                "vpxord zmm28, zmm28, zmm28",
                "vpxord zmm29, zmm29, zmm29",
                "vpxord zmm30, zmm30, zmm30",
                "vpxord zmm31, zmm31, zmm31",
                "kxorw k0, k0, k0",
                "kxorw k1, k1, k1",
                "kxorw k2, k2, k2",
                "kxorw k3, k3, k3",
                "kxorw k4, k4, k4",
                "kxorw k5, k5, k5",
                "kxorw k6, k6, k6",
                "kxorw k7, k7, k7",
                clobber_abi("C"),
                options(nomem, nostack),
            );
        }
    }

    /// zmm0 to zmm15 in their full width.
    ///
    /// # Safety
    /// The processor must have AVX.
    pub(super) unsafe fn wipe_avx() {
        // SAFETY: the C calling convention preserves no vector register, so all are clobbered.
        unsafe { asm!("vzeroall", clobber_abi("C"), options(nomem, nostack)) };
    }

    /// xmm0 to xmm15, which every x86-64 processor has.
    pub(super) fn wipe_sse() {
        // SAFETY: the C calling convention preserves no vector register, so all are clobbered.
        unsafe {
            asm!(
                "pxor xmm0, xmm0",
                "pxor xmm1, xmm1",
                "pxor xmm2, xmm2",
                "pxor xmm3, xmm3",
                "pxor xmm4, xmm4",
                "pxor xmm5, xmm5",
                "pxor xmm6, xmm6",
                "pxor xmm7, xmm7",
                "pxor xmm8, xmm8",
                "pxor xmm9, xmm9",
                "pxor xmm10, xmm10",
                "pxor xmm11, xmm11",
                "pxor xmm12, xmm12",
                "pxor xmm13, xmm13",
                "pxor xmm14, xmm14",
                "pxor xmm15, xmm15",
                clobber_abi("C"),
                options(nomem, nostack),
            );
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod aarch64 {
    use std::arch::asm;

    /// v0 to v31; writing one clears the rest of its SVE register too.
    pub(super) fn wipe_vectors() {
        // SAFETY: every register written is declared as clobbered.
        unsafe {
            asm!(
                "movi v0.2d, #0", "movi v1.2d, #0", "movi v2.2d, #0", "movi v3.2d, #0",
                "movi v4.2d, #0", "movi v5.2d, #0", "movi v6.2d, #0", "movi v7.2d, #0",
                "movi v8.2d, #0", "movi v9.2d, #0", "movi v10.2d, #0", "movi v11.2d, #0",
                "movi v12.2d, #0", "movi v13.2d, #0", "movi v14.2d, #0", "movi v15.2d, #0",
                "movi v16.2d, #0", "movi v17.2d, #0", "movi v18.2d, #0", "movi v19.2d, #0",
                "movi v20.2d, #0", "movi v21.2d, #0", "movi v22.2d, #0", "movi v23.2d, #0",
                "movi v24.2d, #0", "movi v25.2d, #0", "movi v26.2d, #0", "movi v27.2d, #0",
                "movi v28.2d, #0", "movi v29.2d, #0", "movi v30.2d, #0", "movi v31.2d, #0",
                out("v0") _, out("v1") _, out("v2") _, out("v3") _,
                out("v4") _, out("v5") _, out("v6") _, out("v7") _,
                out("v8") _, out("v9") _, out("v10") _, out("v11") _,
                out("v12") _, out("v13") _, out("v14") _, out("v15") _,
                out("v16") _, out("v17") _, out("v18") _, out("v19") _,
                out("v20") _, out("v21") _, out("v22") _, out("v23") _,
                out("v24") _, out("v25") _, out("v26") _, out("v27") _,
                out("v28") _, out("v29") _, out("v30") _, out("v31") _,
                options(nomem, nostack),
            );
        }
    }
}
