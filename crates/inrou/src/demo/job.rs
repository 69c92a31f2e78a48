//! The job, from the application to the revocation, twice.

use inrou_api::client::Client;
use inrou_api::clock::Clock;
use inrou_api::idempotency::IdempotencyKey;
use inrou_api::wire::portal::{ApplicationDrawnUp, Decision, OfficeFile};
use inrou_pki::{Certificate, SystemEntropy};
use inrou_relying::Invalid;
use inrou_rules::{Medium, RevocationReason, Use, validity};
use jiff::Timestamp;

use super::files::Files;
use super::statuses::{GOOD, Published, RelyingParty, are};
use super::step::{Failed, Step};
use crate::person::{Certificates, GIVEN_UP, Person};
use crate::sandbox::{Role, Sandbox};
use crate::unmet::{Unmet, same};

/// What the portal's history says of all this (USE-7).
const ACTS: [&str; 4] =
    ["phone-registered", "logged-in", "application-sent", "application-accepted"];

/// Plays the job in a sandbox, and tells each step that held with the sandbox's time: the files that a
/// stranger checks it by.
///
/// # Errors
/// The first step that did not hold.
pub async fn play(
    sandbox: &Sandbox,
    tell: &mut dyn FnMut(Step, Timestamp),
) -> Result<Files, Failed> {
    let mut told = Told { sandbox, tell };
    let first = |unmet| Failed::at(Step::Card, unmet);
    let relying = RelyingParty::of(sandbox).await.map_err(first)?;
    let world = sandbox.world().ok_or_else(|| first(Unmet::new("a sandbox", "none")))?;
    let test = world.residents.first().ok_or_else(|| Unmet::new("a test resident", "nobody"));
    let mut resident = test.and_then(|test| Person::new(&world, test)).map_err(first)?;
    let office = sandbox.client("/office/v1", Role::Clerk);
    let office = office.map_err(|error| first(error.into()))?;

    let card = told.held(Step::Card, card(&resident, &relying).await)?;
    told.held(Step::Apply, resident.apply().await)?;
    told.held(Step::NewPins, resident.set_pins_by_day().await)?;
    told.held(Step::Notice, resident.wait_for_notice().await)?;
    let phone = told.held(Step::Register, register(&resident, &relying, &card).await)?;
    let all = all(&relying, &card, &phone).map_err(|unmet| Failed::at(Step::StatusGood, unmet))?;
    let before = told.held(Step::StatusGood, all_good(&relying, &all).await)?;

    told.held(Step::WrongPin, resident.mistype_pin().await)?;
    told.held(Step::LogIn, resident.log_in().await)?;
    let sent = told.held(Step::Send, resident.send().await)?;
    let received = told.held(Step::Verify, verify(&office, &relying, &sent, &phone).await)?;
    told.held(Step::Decide, decide(&office, &resident, &sent).await)?;
    told.held(Step::History, resident.history_has(&ACTS).await)?;
    told.held(Step::Contents, contents(&resident, &phone).await)?;

    told.held(Step::Revoke, resident.revoke().await)?;
    let after = phone_revoked(&relying, &all, &received).await;
    let after = told.held(Step::StatusRevoked, after)?;
    let second = told.held(Step::Again, again(&mut resident, &relying, &card).await)?;
    let with_card = revoke_with_card(&resident, &relying, &second).await;
    told.held(Step::RevokeWithCard, with_card)?;
    Ok(files(&all, &before, &after, received))
}

/// Tells of each step as it is done.
struct Told<'a> {
    sandbox: &'a Sandbox,
    tell: &'a mut dyn FnMut(Step, Timestamp),
}

impl Told<'_> {
    fn held<T>(&mut self, step: Step, outcome: Result<T, Unmet>) -> Result<T, Failed> {
        let done = outcome.map_err(|unmet| Failed::at(step, unmet))?;
        (self.tell)(step, self.sandbox.clock.now());
        Ok(done)
    }
}

/// Certificates by the names of their files.
type Named = [(&'static str, Certificate)];

async fn card(resident: &Person<'_>, relying: &RelyingParty) -> Result<Certificates, Unmet> {
    let card = resident.read_card()?;
    relying.accepts(&card.signature, Use::Signature, Medium::Card)?;
    relying.accepts(&card.user_authentication, Use::UserAuthentication, Medium::Card)?;
    let listed = resident.as_listed();
    let (issued, born) = (listed.card.issued, listed.attributes.birth_date);
    let expires = validity::card_expires(issued, born);
    let end = validity::card_certificate_not_after(issued, born, expires);
    same("last second", end, card.signature.not_after())?;
    same("last second", end, card.user_authentication.not_after())?;
    let both = named("card-sign", "card-auth", &card);
    are(&relying.ask(&both).await?, |_| GOOD)?;
    Ok(card)
}

async fn register(
    resident: &Person<'_>,
    relying: &RelyingParty,
    card: &Certificates,
) -> Result<Certificates, Unmet> {
    let phone = resident.register().await?;
    relying.accepts(&phone.signature, Use::Signature, Medium::Phone)?;
    relying.accepts(&phone.user_authentication, Use::UserAuthentication, Medium::Phone)?;
    let end = |of: &Certificates| [of.signature.not_after(), of.user_authentication.not_after()];
    for (source, carried) in end(card).into_iter().zip(end(&phone)) {
        same("last second", source, carried)?;
    }
    Ok(phone)
}

/// Issuers, card and phone.
fn all(
    relying: &RelyingParty,
    card: &Certificates,
    phone: &Certificates,
) -> Result<Vec<(&'static str, Certificate)>, Unmet> {
    let issuers = |of: &Certificates| -> Result<_, Unmet> {
        Ok(Certificates {
            signature: relying.issuer(&of.signature)?,
            user_authentication: relying.issuer(&of.user_authentication)?,
        })
    };
    let all = [
        named("ca-sign", "ca-auth", &issuers(phone)?),
        named("card-sign", "card-auth", card),
        named("phone-sign", "phone-auth", phone),
    ];
    Ok(all.into_iter().flatten().collect())
}

async fn all_good(relying: &RelyingParty, all: &Named) -> Result<Vec<Published>, Unmet> {
    let published = relying.ask(all).await?;
    are(&published, |_| GOOD)?;
    Ok(published)
}

/// The office has the very text that was signed, and the signature is that of the phone's certificate.
async fn verify(
    office: &Client,
    relying: &RelyingParty,
    sent: &ApplicationDrawnUp,
    phone: &Certificates,
) -> Result<OfficeFile, Unmet> {
    let path = format!("/applications/{}", sent.application);
    let received: OfficeFile = office.get(&path).answer().await?;
    let (text, cms) = (received.signed.document.as_bytes(), &received.signed.cms.0);
    if text != sent.document.as_bytes() {
        return Err(Unmet::new("the text that was drawn up", "another one"));
    }
    let signed = relying.verify(cms, text).await;
    let signed = signed.map_err(|invalid| Unmet::new("a signature that holds", invalid))?;
    if signed.signer.certificate != phone.signature {
        return Err(Unmet::new("the phone's certificate as the signer's", "another one"));
    }
    Ok(received)
}

async fn decide(
    office: &Client,
    resident: &Person<'_>,
    sent: &ApplicationDrawnUp,
) -> Result<(), Unmet> {
    let path = format!("/applications/{}/decision", sent.application);
    let key = IdempotencyKey::new(&SystemEntropy);
    office.post(&path).json(&Decision::Accept).once(&key).bytes().await?;
    resident.sees(&sent.application, "accepted").await
}

async fn contents(resident: &Person<'_>, phone: &Certificates) -> Result<(), Unmet> {
    let held = resident.contents().await?;
    let same_as_registered =
        held.signature == phone.signature && held.user_authentication == phone.user_authentication;
    if same_as_registered { Ok(()) } else { Err(Unmet::new("what was registered", "another")) }
}

/// The phone's certificates are revoked, no others, and what was signed is not accepted any more.
async fn phone_revoked(
    relying: &RelyingParty,
    all: &Named,
    received: &OfficeFile,
) -> Result<Vec<Published>, Unmet> {
    let published = relying.ask(all).await?;
    are(&published, |name| if name.starts_with("phone-") { GIVEN_UP } else { GOOD })?;
    let (text, cms) = (received.signed.document.as_bytes(), &received.signed.cms.0);
    match relying.verify(cms, text).await {
        Err(Invalid::Revoked { reason: RevocationReason::CessationOfOperation, .. }) => {
            Ok(published)
        }
        Err(other) => Err(Unmet::new(GIVEN_UP, other)),
        Ok(_) => Err(Unmet::new(GIVEN_UP, "accepted")),
    }
}

async fn again(
    resident: &mut Person<'_>,
    relying: &RelyingParty,
    card: &Certificates,
) -> Result<Certificates, Unmet> {
    resident.apply().await?;
    resident.set_pins_by_day().await?;
    resident.wait_for_notice().await?;
    let second = register(resident, relying, card).await?;
    are(&relying.ask(&named("phone-sign", "phone-auth", &second)).await?, |_| GOOD)?;
    Ok(second)
}

async fn revoke_with_card(
    resident: &Person<'_>,
    relying: &RelyingParty,
    second: &Certificates,
) -> Result<(), Unmet> {
    resident.revoke_with_card().await?;
    are(&relying.ask(&named("phone-sign", "phone-auth", second)).await?, |_| GIVEN_UP)
}

fn named(
    signature: &'static str,
    user_authentication: &'static str,
    of: &Certificates,
) -> [(&'static str, Certificate); 2] {
    [(signature, of.signature.clone()), (user_authentication, of.user_authentication.clone())]
}

fn files(all: &Named, before: &[Published], after: &[Published], received: OfficeFile) -> Files {
    let mut files = Files::default();
    for (name, certificate) in all {
        files.add(format!("{name}.pem"), certificate.to_pem());
    }
    for (moment, published) in [("before", before), ("after", after)] {
        for Published { name, ocsp, crl, .. } in published {
            files.add(format!("crl-{name}-{moment}.crl"), crl.clone());
            if let Some(ocsp) = ocsp {
                files.add(format!("ocsp-{name}-{moment}.der"), ocsp.clone());
            }
        }
    }
    files.add("application.txt", received.signed.document);
    files.add("application.p7s", received.signed.cms.0);
    files
}
