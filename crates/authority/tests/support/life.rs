//! A resident with card and phone, whose life goes on.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use inrou_api::client::Client;
use inrou_api::problem::Problem;
use inrou_api::wire::authority::{PhoneView, ReportLoss, ResidentView};
use inrou_pki::Status;
use inrou_rules::{CertificateId, Medium, Municipality, ResidentId, Serial, Use, Uses};
use serde::Serialize;

use crate::applying::{apply, register};
use crate::house::{House, Phone, SharedChip, hanako};

/// 10:00 in Japan, on a Saturday.
pub const MORNING: &str = "2026-11-21T01:00:00Z";

pub struct Life {
    pub house: House,
    pub resident: ResidentId,
    pub card: SharedChip,
    pub phone: Phone,
}

impl Life {
    /// Both certificates are on an Android phone.
    pub async fn on_android() -> Self {
        let house = House::at(MORNING).await;
        let phone = house.phone().await;
        Self::on(house, phone).await
    }

    /// Both are on this phone.
    pub async fn on(house: House, phone: Phone) -> Self {
        let resident = house.admit(&hanako()).await;
        let card = house.issue_card(resident, &hanako(), Uses::BOTH).await;
        let life = Self { house, resident, card, phone };
        let applied = apply(&life.house, &life.phone, &life.card, Uses::BOTH).await.unwrap();
        life.house.authority.run_due_jobs().unwrap();
        register(&life.phone, applied.enrolment).await.unwrap();
        life
    }

    pub async fn view(&self) -> ResidentView {
        let path = format!("/residents/{}", self.resident);
        self.house.counter.get(&path).answer().await.unwrap()
    }

    /// As the role calls it at `of` the resident; the refusal's code.
    pub async fn call(&self, of: &str, body: &impl Serialize) -> Result<ResidentView, String> {
        self.call_by(&self.house.counter, of, body)
            .await
            .map_err(|problem| problem.code().to_owned())
    }

    pub async fn call_by(
        &self,
        caller: &Client,
        of: &str,
        body: &impl Serialize,
    ) -> Result<ResidentView, Problem> {
        let path = format!("/residents/{}/{of}", self.resident);
        let answered = caller.post(&path).json(body).answer().await;
        answered.map_err(|error| error.problem().unwrap().clone())
    }

    pub async fn lose(&self, medium: Medium) {
        self.call("hold", &ReportLoss { medium }).await.unwrap();
    }

    /// What status services tell of the newest certificate of a use on a medium.
    pub async fn told(&self, medium: Medium, usage: Use) -> Status {
        self.house.authority.status_index().status(self.newest(medium, usage).await)
    }

    pub async fn newest(&self, medium: Medium, usage: Use) -> CertificateId {
        let view = self.view().await;
        let of_use = view.certificates.iter().filter(|c| c.medium == medium && c.usage == usage);
        let serials = of_use.map(|c| u64::from_str_radix(&c.serial, 16).unwrap());
        CertificateId { usage, serial: Serial(serials.max().unwrap()) }
    }

    pub fn status(&self, id: CertificateId) -> Status {
        self.house.authority.status_index().status(id)
    }
}

pub async fn phone_view(phone: &Phone) -> PhoneView {
    phone.client.get("/phones/self").answer().await.unwrap()
}

pub fn kiyose() -> Municipality {
    "13221".parse().unwrap()
}
