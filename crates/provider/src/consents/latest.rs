//! The latest attributes: looked up at the authority at each request, and kept nowhere else.

use inrou_api::problem::Code;
use inrou_api::wire::authority::LatestAttributes;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::state::{Found, read};
use crate::Provider;
use crate::clients::Client;
use crate::persons::refused_by_authority;
use crate::refused::Refused;
use crate::userinfo::attribute_claims;

/// For what the authority tells no attributes.
const UNTOLD: [Code; 6] = [
    Code::CONSENT_UNKNOWN,
    Code::CONSENT_EXPIRED,
    Code::CONSENT_WITHDRAWN,
    Code::LATEST_CERTIFICATE_EXPIRED,
    Code::LATEST_CERTIFICATE_REVOKED_OR_ON_HOLD,
    Code::LATEST_CERTIFICATE_UNKNOWN,
];

/// What the resident consented to share, as it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Latest {
    consent_id: String,
    /// Who: as the ID token of a log-in says it.
    sub: String,
    /// The serial number (発行番号) of the present signature certificate, in hexadecimal: as long as it is
    /// the same, so are the attributes.
    serial_number: String,
    /// The attributes, by the names and in the form of `userinfo`.
    #[schema(value_type = serde_json::Value)]
    attributes: Map<String, Value>,
}

impl Provider {
    /// The latest attributes that a consent opens to this client.
    ///
    /// # Errors
    /// `consent-unknown`, `consent-not-given`, `consent-expired`, `consent-withdrawn`;
    /// `latest-certificate-expired`, `latest-certificate-revoked-or-on-hold`, `latest-certificate-unknown`;
    /// `service-unavailable`; the store's.
    pub(crate) async fn latest_attributes(
        &self,
        id: &str,
        client: &Client,
    ) -> Result<Latest, Refused> {
        let id = read(id)?;
        if let Found::Ordered(_) = self.find_consent(&id, client).await? {
            return Err(Refused::new(Code::CONSENT_NOT_GIVEN));
        }
        let path = format!("/consents/{id}/latest");
        let latest: LatestAttributes = match self.authority.get(&path).answer().await {
            Ok(latest) => latest,
            Err(error) => return Err(refused_by_authority(error, &UNTOLD)?),
        };
        let format = client.registration.claims_format();
        Ok(Latest {
            consent_id: id.to_string(),
            sub: self.subject(client, &latest.person),
            serial_number: latest.serial,
            attributes: attribute_claims(&latest.attributes, format),
        })
    }
}
