//! The words of ETSI EN 319 102-1: what a signature, or a block of its validation, came to. Those that
//! need what is not looked at here (content time-stamps, archive time-stamps, signature policies) are not
//! among them.

/// What a signature or a building block came to. Each sub-indication stands under the one main indication
/// that the standard gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conclusion {
    /// Every check passed.
    Passed,
    /// It is not valid, and never will be.
    Failed(Failed),
    /// What is known does not decide it.
    Indeterminate(Indeterminate),
}

/// Why a signature is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failed {
    /// Not of the format, so that nothing could be checked.
    FormatFailure,
    /// What was signed is not what is given.
    HashFailure,
    /// The signature value was not made by the signer's key.
    SigCryptoFailure,
    /// It was made before the certificate was valid.
    NotYetValid,
}

/// Why it is not decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Indeterminate {
    /// An attribute of the signature is missing, or out of bounds.
    SigConstraintsFailure,
    /// The certificate is not of a kind that is accepted.
    ChainConstraintsFailure,
    /// Another error in the chain, or no status that counts.
    CertificateChainGeneralFailure,
    /// An algorithm was too weak when the signature was made, or never was one that is accepted.
    CryptoConstraintsFailure,
    /// An algorithm is too weak, and it is not proven that the signature is older.
    CryptoConstraintsFailureNoPoe,
    /// Which certificate is the signer's cannot be told.
    NoSigningCertificateFound,
    /// No path leads to a trust anchor.
    NoCertificateChainFound,
    /// The certificate is revoked, and it is not proven that the signature is older.
    RevokedNoPoe,
    /// The certificate's validity is over or has not begun; it is known not to be revoked.
    OutOfBoundsNotRevoked,
    /// The certificate's validity is over, and no status is known.
    OutOfBoundsNoPoe,
    /// Later information may decide it: the certificate is on hold, or what tells its status is old.
    TryLater,
    /// What was signed is not given.
    SignedDataNotFound,
}

/// What is judged: by it the main indications are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A whole signature.
    Signature,
    /// A building block, or a process.
    Block,
}

impl Conclusion {
    /// Whether every check passed.
    pub fn is_passed(self) -> bool {
        self == Self::Passed
    }

    /// The main indication, such as `TOTAL-PASSED`.
    pub fn indication(self, of: Judged) -> &'static str {
        match (self, of) {
            (Self::Passed, Judged::Signature) => "TOTAL-PASSED",
            (Self::Failed(_), Judged::Signature) => "TOTAL-FAILED",
            (Self::Passed, Judged::Block) => "PASSED",
            (Self::Failed(_), Judged::Block) => "FAILED",
            (Self::Indeterminate(_), _) => "INDETERMINATE",
        }
    }

    /// The sub-indication, such as `HASH_FAILURE`.
    pub fn sub_indication(self) -> Option<&'static str> {
        match self {
            Self::Passed => None,
            Self::Failed(failed) => Some(failed.word()),
            Self::Indeterminate(why) => Some(why.word()),
        }
    }
}

impl Failed {
    fn word(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::NotYetValid => "NOT_YET_VALID",
        }
    }
}

impl Indeterminate {
    fn word(self) -> &'static str {
        match self {
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::CryptoConstraintsFailureNoPoe => "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::RevokedNoPoe => "REVOKED_NO_POE",
            Self::OutOfBoundsNotRevoked => "OUT_OF_BOUNDS_NOT_REVOKED",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::TryLater => "TRY_LATER",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
        }
    }
}

impl From<Failed> for Conclusion {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Indeterminate> for Conclusion {
    fn from(why: Indeterminate) -> Self {
        Self::Indeterminate(why)
    }
}
