//! Where the guides and the written assumptions are silent: each question that changes what an
//! act leads to, and the two answers that the oracle allows.
//!
//! An act is carried out under every combination of answers to the questions that it meets; where
//! the outcomes differ, the oracle says [`Expected::Either`](super::Expected::Either). A test that
//! has learnt an answer may fix it in [`World::decided`](super::World).

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The act finds nothing (more) to do, for instance because it is a repeat.
    /// No: done, and nothing changes. Yes: refused.
    NothingToDo,
    /// The act is refused for a reason that has nothing to do with the PIN that goes with it.
    /// No: the PIN never reached the chip. Yes: it did, and the tries changed.
    PinReachedTheChip,
    /// Something done on a phone that has data to delete. Yes: doing it counts as being on the
    /// network, so the data is deleted first. No: only [`ComeOnline`](super::Act) does that.
    UsingIsBeingOnline,
    /// A phone that perhaps has data to delete: nothing on it was ever registered, or what it
    /// carried had expired before it was revoked. Yes: nobody may apply on it until it is deleted.
    PerhapsMustDelete,

    /// IssueCard or ReissueCard while the former card is lost. Yes: refused, it is in force (CARD-1).
    LostCardIsInForce,
    /// IssueCard for a card that is about to expire: within the months before its last day in which
    /// certificates are renewed (CARD-9). Yes: refused, it is in force (CARD-1).
    CardAboutToExpire,
    /// ReissueCard for who never had a card. Yes: refused.
    ReissueOfNothing,
    /// A proxy fetches a card without certificates, or reports a card lost. Yes: refused (CARD-2).
    ProxyForCard,
    /// AddCertificates for one that has expired, or may be renewed. Yes: refused (CARD-9).
    AddInsteadOfRenewing,
    /// RenewCertificates for one that there is not (any more). Yes: refused.
    RenewWhatIsNotThere,
    /// StopCertificates for two, of which one is there. Yes: refused.
    StopWhatIsPartlyThere,
    /// A change comes with the wish for a signature certificate, and there was none. Yes: refused.
    NewWithoutOld,
    /// A change of the readings alone comes with the wish for a signature certificate. Yes: refused.
    /// No: it is issued if there is none.
    NewWithReadings,
    /// A move to another municipality, notified at the one or the other. Yes: refused there.
    MoveNotifiedHere,
    /// The call by which a card's certificates are held (S0 2-F). Yes: it is the report of the loss as
    /// well, which stands until the card is found, whatever becomes of the certificates.
    CallReportsLoss,
    /// The loss of a card, reported at the counter. Yes: its certificates are held by that.
    ReportAlsoHolds,
    /// A card is found whose signature certificate was not held, and a new one is asked for.
    /// Yes: refused.
    NewThoughNotHeld,
    /// A card is found that was reported lost, but never held. Yes: its signature certificate is
    /// revoked all the same.
    FoundEndsUnheld,
    /// A card or a phone is found whose user-authentication certificate has expired on hold.
    /// Yes: it stays on hold.
    HoldOfExpired,
    /// CARD-12 without a new signature certificate. Yes: the phone's, whose source it was, is
    /// revoked as well.
    FoundCardEndsPhone,
    /// A new PIN for a key whose certificate has ended, or for a card that is lost or expired.
    /// Yes: refused.
    UnlockOfDeadKey,

    /// The hotline in the second in which it closes. Yes: refused (HOURS-4).
    HotlineCloses,
    /// LOSS-1 or LOSS-3 with an application on another phone than the lost one. Yes: withdrawn.
    ReachesOtherPhone,
    /// LOSS-1 while certificates wait for registration. No: they are held. Yes: the application is
    /// withdrawn and they are revoked.
    HoldWithdrawsReady,

    /// A first application while another phone carries nothing but expired certificates; or a
    /// change of phone from such a one. Yes: refused.
    OldPhoneExpired,
    /// A change of phone by somebody who has no other phone. Yes: refused.
    NoOldPhone,
    /// A change of phone from one that is on hold. Yes: refused.
    OldPhoneHeld,
    /// A change of phone from one on which certificates wait for registration. Yes: refused.
    OldPhoneUnregistered,
    /// An application on a phone that carries another resident's certificates which had expired
    /// before they were revoked. Yes: refused.
    StrangersRemains,
    /// An iPhone is to get only what it lacks. Yes: refused (IPHONE-2).
    OneOnIphone,
    /// An iPhone lacks one of the two, and is to get both anew. Yes: refused (READY-3). No: what
    /// it has is superseded when the new ones are issued.
    BothOnIphoneAgain,
    /// The card's user-authentication certificate has expired, its signature certificate has not,
    /// and the former is applied for. Yes: refused. No: the latter is the source (VALID-1).
    CardAuthenticationExpired,
    /// An application on a phone on which another one waits for registration, of which every
    /// certificate has expired. Yes: refused, it is complete and not registered (REG-3).
    ReadyButExpired,
    /// An application begun while another phone's is under way takes its place.
    /// No: once it is complete. Yes: as soon as it is begun.
    TakesPlaceAtOnce,
    /// An application is completed while another is begun on another phone. Yes: that one is over.
    CompletionEndsBegun,
    /// PINs for what was not applied for. Yes: refused. No: ignored.
    PinsForMore,
    /// An application is completed more than ten minutes after it was begun. Yes: it was over.
    LeftLying,
    /// The card's certificate has expired between the card's reading and the last screen.
    /// Yes: refused at once. No: rejected at issuance.
    ExpiredMeanwhile,
    /// Certificates were issued on another phone between beginning and completion. Yes: refused.
    ReadyElsewhereMeanwhile,
    /// Registration within the minutes in which the notice may come, and it was not seen.
    /// Yes: refused, not ready yet.
    NotReadyYet,
    /// Registration of some that are held and some that are not, or of expired ones. Yes: refused.
    RegisterWithFlaw,

    /// A signature while the user-authentication key is locked, was tried in vain, or has no good
    /// certificate. Yes: the signature takes that PIN too (assumption USE-1 of sites).
    SigningTakesBoth,
    /// A PIN of a key whose certificate has ended, or is not registered yet. Yes: refused.
    PinOfDeadKey,
    /// A PIN reset with the card while the phone is on hold. Yes: refused.
    ResetWhileHeld,

    /// A procedure on certificates that have all expired. Yes: refused.
    OnlyExpired,
    /// End of use where there is an application and no certificate. Yes: refused.
    OnlyApplication,
    /// MOVE-6 from a phone of which no rule says whether it may: with an application begun or
    /// waiting, of another resident, with data to delete, with expired certificates, unsupported.
    RevokeFromSuchPhone,
    /// LOSS-2, what is issued anew. No: resuming begins the application. Yes: the resident applies.
    ReissueIsAppliedFor,
}

/// The answers under which an act is carried out.
pub struct Asked {
    given: Vec<(Question, bool)>,
    decided: Vec<(Question, bool)>,
    /// Answers in the order in which the questions were met.
    pub made: Vec<(Question, bool)>,
}

impl Asked {
    pub fn new(given: Vec<(Question, bool)>, decided: &[(Question, bool)]) -> Asked {
        Asked { given, decided: decided.to_vec(), made: Vec::new() }
    }

    /// The answer to a question; within one act it is always the same.
    pub fn ask(&mut self, question: Question) -> bool {
        let find = |list: &[(Question, bool)]| {
            list.iter().find(|(known, _)| *known == question).map(|(_, answer)| *answer)
        };
        if let Some(answer) = find(&self.decided).or(find(&self.made)) {
            return answer;
        }
        let answer = find(&self.given).unwrap_or(false);
        self.made.push((question, answer));
        answer
    }
}
