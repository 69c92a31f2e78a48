//! The authority's API, `/authority/v1`.

mod consents;
mod counter;
mod holdings;
mod phones;
mod relying;
mod sessions;

pub use consents::{
    ConsentState, ConsentView, Consents, FindLinkage, GiveConsent, LatestAttributes, Linkage,
    SharedAttributes,
};
pub use counter::{
    AdmitResident, Attendance, CardFound, CardIssued, CardView, CertificateName, ChangeRecord,
    ChooseCertificates, FindResidents, FormerPhoneView, IssueCard, Operate, OperatorAct,
    RenewCertificates, ReportDeparture, ReportFound, ReportLoss, ResidentAdmitted, ResidentSummary,
    ResidentView, RevokePhone, UnlockCard,
};
pub use holdings::{Deletion, DeletionJudged, HoldingPhone, Holdings, JudgeDeletion};
pub use phones::{
    ApplicationAccepted, BeginEnrolment, BeginRequest, CertificateView, Challenge, EnrolmentBegun,
    EnrolmentStage, EnrolmentView, Notice, Notices, PhoneView, RequestBegun, RequestDone,
    Resumption, SignedStatement, SigningKey,
};
pub use relying::{FindHolder, HistoryEntry, Holder, LogProof, PublishedStatus, TrustAnchor};
pub use sessions::{AttestedKey, CardPin, SessionAnswer, SessionOutcome, SessionStep, SessionWork};
