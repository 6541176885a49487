//! What the key process tells about itself.

use crate::wire::List;

crate::numbers! {
    /// The life of a key process.
    Phase: u8 {
        /// No domain: it can be made or its seal loaded.
        Empty = 0,
        /// The seal is loaded; the unseal secret is missing.
        Sealed = 1,
        /// Keys can be used.
        Open = 2,
        /// A self-test failed. Nothing but Status is answered.
        Failed = 3,
    }
    /// How the root key is sealed.
    SealKind: u8 {
        /// By a key file beside the data: for development only.
        KeyFile = 1,
        /// By a passphrase, through Argon2id.
        Passphrase = 2,
        /// By M of N Shamir shares.
        Shares = 3,
    }
}

crate::message! {
    /// One protection, and whether it holds on this machine.
    Protection {
        /// Its name, as printed.
        name: String,
        /// Whether it holds.
        held: bool,
    }
    /// The answer to Status.
    Status {
        /// The phase.
        phase: Phase,
        /// The ephemeral X25519 key to which secrets must be sealed.
        exchange_key: [u8; 32],
        /// The domain's id; zero while Empty.
        domain: [u8; 16],
        /// How the root key is sealed; absent (empty list) while Empty.
        seal_kind: List<SealKind>,
        /// The version of the loaded or confirmed `hsm.seal`.
        seal_version: u64,
        /// Shares needed to unseal; 0 unless the seal is of shares.
        shares_needed: u8,
        /// Shares given so far.
        shares_given: u8,
        /// The current epoch; 0 unless Open.
        epoch: u32,
        /// The epochs that can still unwrap tokens.
        epochs: List<u32>,
        /// The number of self-tests that passed at power-up.
        self_tests_passed: u32,
        /// The protections of the process.
        protections: List<Protection>,
    }
}
