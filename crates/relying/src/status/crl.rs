//! Fetching the CRL of a certificate's partition.

use inrou_pki::crl::CrlPath;
use inrou_pki::path::{self, Evidence};

use super::{FailureReason, Question, StatusClient, StatusSource, Told};

impl StatusClient {
    pub(super) async fn ask_crl(&self, question: &Question<'_>) -> Told {
        let address = question.crl_address().ok_or(FailureReason::NoAddress)?;
        let limit = question.settings.longest_crl;
        self.get_kept(question, (StatusSource::Crl, &address), limit, |crl, moment| {
            let evidence = Evidence::Crl(crl);
            Ok(path::status(question.certificate, question.anchors, evidence, moment)?)
        })
        .await
    }
}

impl Question<'_> {
    /// By the settings' base and the partition; else the address in the certificate.
    fn crl_address(&self) -> Option<String> {
        let by_partition = || {
            let base = self.settings.issuer.crl_base_uri.as_ref()?;
            let base = base.as_str().trim_end_matches('/');
            Some(format!("{base}/{}", self.crl_path()?))
        };
        let in_certificate = || {
            let points = self.certificate.distribution_points();
            points.iter().find_map(|point| point.uri()).map(str::to_owned)
        };
        by_partition().or_else(in_certificate)
    }

    /// Certificates as observed name their partition in a directory alone. Its municipality stands in
    /// the common name too, before the four last characters; whether the CRL found by it is the right
    /// one is seen when it is judged.
    fn crl_path(&self) -> Option<CrlPath> {
        let kind = self.kind?;
        let issuer = self.anchors.issuer_of(self.certificate).ok()?;
        let [a, b, c, d, ..] = issuer.public_key().ok()?.identifier().0;
        let common_name = self.certificate.subject().common_name()?;
        let end = common_name.len().checked_sub(4)?;
        let municipality = common_name.get(end.checked_sub(5)?..end)?.parse().ok()?;
        Some(CrlPath {
            usage: kind.usage,
            generation: [a, b, c, d],
            holders: Some((kind.medium, municipality)),
        })
    }
}
