//! Judging the time-stamps over a signature (EN 319 102-1, 5.4).

use inrou_pki::Status;
use inrou_pki::cms::CmsError;
use inrou_pki::crl::Crl;
use inrou_pki::path::{ChainError, PathError, PathInputs, TrustAnchors, ValidPath, find_path};
use inrou_pki::status::Moment;
use inrou_pki::tsp::{TimeStampToken, TokenError};
use jiff::Timestamp;

use super::brought::{Brought, BroughtStamp};
use super::document::TimeStampReport;
use super::found::StampFound;
use super::gather::{Effort, Gathered};
use super::when::When;
use super::words::{Conclusion, Failed, Indeterminate, Judged};
use crate::{StatusSource, Validator};

/// Most time-stamps that are judged for one file, all its signatures together.
const MAX_IN_FILE: usize = 32;

/// Why a time-stamp does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StampInvalid {
    /// What it must be over cannot be told.
    #[error("{0}")]
    Over(&'static str),
    /// The token does not hold.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Its time is outside of its unit's validity.
    #[error("its time is outside of its unit's validity")]
    OutsideOfUnit,
    /// Its time has not come yet.
    #[error("its time has not come yet")]
    ToCome,
    /// No path leads to an issuer that is trusted for time-stamps.
    #[error(transparent)]
    Path(#[from] ChainError),
    /// A certificate of its path is revoked or on hold.
    #[error("a certificate of its unit is not good: {0:?}")]
    NotGood(Status),
    /// The file has more than are judged.
    #[error("the file has more time-stamps than are judged")]
    TooMany,
}

impl StampInvalid {
    /// In the words of the standard.
    fn conclusion(&self) -> Conclusion {
        match self {
            Self::Over(_) => Indeterminate::SignedDataNotFound.into(),
            Self::Token(TokenError::Imprint) => Failed::HashFailure.into(),
            Self::Token(TokenError::Message(error)) => match error {
                CmsError::Signature => Failed::SigCryptoFailure.into(),
                CmsError::Content => Failed::HashFailure.into(),
                CmsError::Algorithms => Indeterminate::CryptoConstraintsFailure.into(),
                CmsError::SignerMissing | CmsError::SigningCertificate => {
                    Indeterminate::NoSigningCertificateFound.into()
                }
                _ => Failed::FormatFailure.into(),
            },
            Self::Token(TokenError::UnitUnnamed) => Indeterminate::SigConstraintsFailure.into(),
            Self::Token(TokenError::NotAUnit) => Indeterminate::ChainConstraintsFailure.into(),
            Self::Token(TokenError::Info | TokenError::OtherRequest) => {
                Failed::FormatFailure.into()
            }
            Self::OutsideOfUnit => Indeterminate::OutOfBoundsNoPoe.into(),
            Self::ToCome | Self::TooMany => Indeterminate::SigConstraintsFailure.into(),
            Self::Path(error) => match error.cause {
                PathError::UnknownIssuer | PathError::UnknownGeneration => {
                    Indeterminate::NoCertificateChainFound.into()
                }
                PathError::Expired { .. } | PathError::NotYetValid { .. } => {
                    Indeterminate::OutOfBoundsNoPoe.into()
                }
                _ => Indeterminate::CertificateChainGeneralFailure.into(),
            },
            Self::NotGood(Status::OnHold { .. }) => Indeterminate::TryLater.into(),
            Self::NotGood(_) => Indeterminate::RevokedNoPoe.into(),
        }
    }

    /// Whether it may be otherwise once issuers are known that are not known yet.
    fn is_for_want_of_issuer(&self) -> bool {
        let unknown =
            |cause| matches!(cause, PathError::UnknownIssuer | PathError::UnknownGeneration);
        matches!(self, Self::Path(error) if unknown(error.cause))
    }
}

impl Validator {
    /// Judges the time-stamps that a signature brings along; one that does not count is told.
    pub(super) async fn look_at_time_stamps(
        &self,
        gathered: &mut Gathered,
        brought: &Brought,
        when: When,
        effort: &mut Effort,
    ) {
        for stamp in &brought.time_stamps {
            let (time, judged) = self.judge_stamp(stamp, brought, when, effort).await;
            let conclusion = judged.as_ref().err().map(StampInvalid::conclusion);
            let conclusion = conclusion.unwrap_or(Conclusion::Passed);
            gathered.time_stamps.push(TimeStampReport {
                time,
                indication: conclusion.indication(Judged::Block).to_owned(),
                sub_indication: conclusion.sub_indication().map(str::to_owned),
                error: judged.as_ref().err().map(StampInvalid::to_string),
            });
            if let Some(time) = time {
                gathered.found.time_stamps.push(StampFound { time, holds: judged.is_ok() });
            }
            match judged {
                Ok(path) => gathered.units.extend(path.certificates().last().cloned()),
                Err(why) => gathered.warnings.push(format!("a time-stamp does not count: {why}")),
            }
        }
    }

    /// The time in it, as far as it can be read, and the path of its unit.
    async fn judge_stamp(
        &self,
        stamp: &BroughtStamp,
        brought: &Brought,
        when: When,
        effort: &mut Effort,
    ) -> (Option<Timestamp>, Result<ValidPath, StampInvalid>) {
        effort.time_stamps += 1;
        if effort.time_stamps > MAX_IN_FILE {
            return (None, Err(StampInvalid::TooMany));
        }
        let over = match &stamp.over {
            Ok(over) => over,
            Err(why) => return (None, Err(StampInvalid::Over(why))),
        };
        match TimeStampToken::from_der(&stamp.token) {
            Err(error) => (None, Err(error.into())),
            Ok(token) => {
                let judged = self.find_token(&token, over, brought, when, effort).await;
                (Some(token.info().time), judged)
            }
        }
    }

    /// The path of a token's unit at the time of validation (5.4): one that is over proves nothing by itself.
    /// What tells that a certificate on it is not good is heard; nobody need tell that it is good. Judged
    /// once more if its issuer may be one that is learnt of by it, which is looked for once in a file.
    pub(crate) async fn find_token(
        &self,
        token: &TimeStampToken,
        stamped: &[u8],
        brought: &Brought,
        when: impl Into<When>,
        effort: &mut Effort,
    ) -> Result<ValidPath, StampInvalid> {
        let When { at, present } = when.into();
        let issuers = self.time_stamp_issuers();
        let judged = self.judge_token(token, stamped, brought, &issuers, at);
        let is_to_be_looked_for =
            judged.as_ref().is_err_and(StampInvalid::is_for_want_of_issuer) && !effort.has_renewed;
        if !is_to_be_looked_for {
            return judged;
        }
        effort.has_renewed = true;
        match self.renew_time_stamp_issuers(&issuers, present).await {
            Ok(true) => self.judge_token(token, stamped, brought, &self.time_stamp_issuers(), at),
            Ok(false) | Err(_) => judged,
        }
    }

    fn judge_token(
        &self,
        token: &TimeStampToken,
        stamped: &[u8],
        brought: &Brought,
        issuers: &TrustAnchors,
        now: Timestamp,
    ) -> Result<ValidPath, StampInvalid> {
        let digest = token.info().imprint.algorithm().digest(stamped);
        let unit = token.verify(&digest)?;
        let time = token.info().time;
        if time < unit.not_before() || time > unit.not_after() {
            return Err(StampInvalid::OutsideOfUnit);
        }
        if time.duration_since(now) > self.settings().tolerance {
            return Err(StampInvalid::ToCome);
        }
        let own = Brought::by(token.message());
        let pool = [&own.certificates[..], &brought.certificates].concat();
        let path = find_path(unit, &pool, issuers, &PathInputs::at(now))?;
        let all = own.revocations.iter().chain(&brought.revocations);
        let crls = all.filter(|evidence| evidence.source == StatusSource::Crl);
        for evidence in crls {
            let Ok(crl) = Crl::from_der(evidence.der.clone()) else { continue };
            let made = Moment { at: evidence.checked_at, tolerance: self.settings().tolerance };
            for position in 0..path.certificates().len() {
                match path.status(position, std::slice::from_ref(&crl), made) {
                    Ok(Status::Good) | Err(_) => {}
                    Ok(status) => return Err(StampInvalid::NotGood(status)),
                }
            }
        }
        Ok(path)
    }
}
