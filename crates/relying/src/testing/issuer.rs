//! Issuers, as many generations as a test asks for.

use std::sync::Arc;

use inrou_pki::certificate::Certificate;
use inrou_pki::profile::{CommonName, HolderRequest, Place};
use inrou_pki::{
    FreshKeys, IssuerSettings, KeyAlgorithm, KeySource, PersonalAttributes, Signer, SoftwareKey,
    SystemEntropy,
};
use inrou_rules::{Attributes, Medium, Serial, Use};
use jiff::{SignedDuration, Timestamp};

use super::Holder;

/// A sandbox's settings with every address under `base`, and one algorithm for all keys.
pub(super) fn settings(base: &str, algorithm: KeyAlgorithm) -> IssuerSettings {
    let mut settings = IssuerSettings::default().published_at(base).unwrap();
    settings.issuer_key = algorithm;
    for of_use in [&mut settings.signature, &mut settings.user_authentication] {
        of_use.card.key = algorithm;
        of_use.phone.key = algorithm;
    }
    settings
}

/// An issuer with its key and its OCSP responder. Clones share them.
#[derive(Clone)]
pub struct Issuer {
    /// The settings by which its certificates are made.
    pub settings: IssuerSettings,
    /// What its certificates are for.
    pub usage: Use,
    /// Its own certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: Arc<SoftwareKey>,
    /// The certificate of its OCSP responder.
    pub responder: Certificate,
    /// The responder's key.
    pub responder_key: Arc<SoftwareKey>,
}

impl Issuer {
    /// A new generation of that use's issuer, a year old at `now`.
    pub fn new(settings: IssuerSettings, usage: Use, now: Timestamp) -> Self {
        let (key, responder_key) = (key(settings.issuer_key), key(settings.issuer_key));
        let founded = now - SignedDuration::from_hours(365 * 24);
        let own = settings.issuer_certificate(usage, key.public_key(), Serial(1), founded);
        let certificate = own.unwrap().sign(&*key).unwrap();
        let responder = settings
            .responder_certificate(usage, &certificate, responder_key.public_key(), Serial(2), now)
            .unwrap()
            .sign(&*key)
            .unwrap();
        Self { settings, usage, certificate, key, responder, responder_key }
    }

    /// Issues a certificate to a resident of Kiyose, for a year from `now` on.
    pub fn issue(
        &self,
        medium: Medium,
        serial: Serial,
        attributes: &Attributes,
        now: Timestamp,
    ) -> Holder {
        let place = Place {
            code: "13221".parse().unwrap(),
            prefecture: "Tokyo-to".to_owned(),
            municipality: "Kiyose-shi".to_owned(),
        };
        let common_name = match self.usage {
            Use::Signature => CommonName::for_signature(now, serial.0 as u32, place.code),
            Use::UserAuthentication => {
                CommonName::for_user_authentication(&SystemEntropy, place.code)
            }
        };
        let personal = PersonalAttributes::from(attributes);
        let key = key(self.settings.of(self.usage).on(medium).key);
        let request = HolderRequest {
            usage: self.usage,
            medium,
            serial,
            not_before: now,
            not_after: now + SignedDuration::from_hours(365 * 24),
            public_key: key.public_key(),
            place: &place,
            common_name: &common_name,
            attributes: (self.usage == Use::Signature).then_some(&personal),
        };
        let unsigned = self.settings.holder_certificate(&self.certificate, &request);
        Holder { certificate: unsigned.unwrap().sign(&*self.key).unwrap(), key }
    }
}

fn key(algorithm: KeyAlgorithm) -> Arc<SoftwareKey> {
    Arc::new(FreshKeys.generate(algorithm).unwrap())
}
