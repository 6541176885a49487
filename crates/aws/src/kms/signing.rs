//! Signatures and message authentication codes. Messages are secret and have no `Debug`.

use super::{
    BooleanType, CiphertextType, GrantTokenList, KeyIdType, MacAlgorithmSpec, NullableBooleanType,
    PlaintextType, SigningAlgorithmSpec,
};
use crate::{enumeration, structure};

enumeration!(MessageType {
    Raw = "RAW",
    Digest = "DIGEST",
    ExternalMu = "EXTERNAL_MU",
});

structure! {
    SignRequest {
        key_id: KeyIdType = "KeyId", required;
        message: PlaintextType = "Message", required;
        message_type: MessageType = "MessageType";
        grant_tokens: GrantTokenList = "GrantTokens";
        signing_algorithm: SigningAlgorithmSpec = "SigningAlgorithm", required;
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    SignResponse {
        key_id: KeyIdType = "KeyId";
        signature: CiphertextType = "Signature";
        signing_algorithm: SigningAlgorithmSpec = "SigningAlgorithm";
    }
}

structure! {
    VerifyRequest {
        key_id: KeyIdType = "KeyId", required;
        message: PlaintextType = "Message", required;
        message_type: MessageType = "MessageType";
        signature: CiphertextType = "Signature", required;
        signing_algorithm: SigningAlgorithmSpec = "SigningAlgorithm", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    VerifyResponse {
        key_id: KeyIdType = "KeyId";
        signature_valid: BooleanType = "SignatureValid";
        signing_algorithm: SigningAlgorithmSpec = "SigningAlgorithm";
    }
}

structure! {
    GenerateMacRequest {
        message: PlaintextType = "Message", required;
        key_id: KeyIdType = "KeyId", required;
        mac_algorithm: MacAlgorithmSpec = "MacAlgorithm", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GenerateMacResponse {
        mac: CiphertextType = "Mac";
        mac_algorithm: MacAlgorithmSpec = "MacAlgorithm";
        key_id: KeyIdType = "KeyId";
    }
}

structure! {
    VerifyMacRequest {
        message: PlaintextType = "Message", required;
        key_id: KeyIdType = "KeyId", required;
        mac_algorithm: MacAlgorithmSpec = "MacAlgorithm", required;
        mac: CiphertextType = "Mac", required;
        grant_tokens: GrantTokenList = "GrantTokens";
        dry_run: NullableBooleanType = "DryRun";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    VerifyMacResponse {
        key_id: KeyIdType = "KeyId";
        mac_valid: BooleanType = "MacValid";
        mac_algorithm: MacAlgorithmSpec = "MacAlgorithm";
    }
}
