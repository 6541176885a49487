//! What the key process says when it says no: numbers, never text.

crate::numbers! {
    /// The status of a reply.
    Code: u16 {
        /// The command was carried out.
        Success = 0,
        /// The body is not an encoding of the command's fields, or a field is out of its range.
        Malformed = 1,
        /// No such command.
        UnknownCommand = 2,
        /// No such session.
        UnknownSession = 3,
        /// Too many slow commands are waiting.
        Busy = 4,
        /// A self-test failed: only Status is answered.
        Failed = 5,
        /// The domain is sealed or there is none.
        Sealed = 10,
        /// The process has a domain already.
        NotEmpty = 11,
        /// The bytes are not an `hsm.seal` this version can read.
        SealUnreadable = 12,
        /// Another change waits for its Confirm.
        ChangePending = 13,
        /// No change of this version is pending.
        NothingPending = 14,
        /// The epoch is unknown, or is the current one.
        EpochRefused = 15,
        /// The token is not authentic, of another domain, or of a retired epoch.
        TokenRefused = 20,
        /// The session does not own the key.
        NotOwner = 21,
        /// The key's state forbids cryptographic use.
        KeyStateRefused = 22,
        /// The key's spec or usage does not allow the command.
        UsageRefused = 23,
        /// The ciphertext is not authentic under this key and context.
        CiphertextRefused = 24,
        /// The signature is not valid for this key, scheme and message.
        SignatureRefused = 25,
        /// The message authentication code is not valid for this key and message.
        MacRefused = 26,
        /// The time of the wrapping key is over.
        WrappingKeyExpired = 27,
        /// The wrapped material does not open, or is not of the key's spec; or material makes no valid
        /// signature.
        MaterialRefused = 28,
        /// The message is too long for the key, or its length is not that of the scheme's input.
        InputRefused = 29,
        /// The public key of the other side, or of the recipient, is none that can be used.
        PublicKeyRefused = 30,
        /// In this life a checkpoint of another writer was signed, or one of this sequence or a later one.
        CheckpointRefused = 31,
        /// The store has not been compared with its anchor, or they do not fit.
        Unanchored = 32,
        /// There is nothing to accept or adopt, the store is not where it was said to be, or the base is not a position
        /// that may stand.
        AnchorRefused = 33,
    }
}
