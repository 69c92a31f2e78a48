//! What a municipality's counter does for its residents: finds them, looks at them, carries out procedures. A
//! clerk sees residents of the own municipality alone.

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::page::Page;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{
    Attendance, CardFound, CardPin, ChangeRecord, ChooseCertificates, FindResidents,
    RenewCertificates, ReportDeparture, ReportFound, ResidentSummary, ResidentView, UnlockCard,
};
use inrou_rules::{Attributes, Departure, Municipality, Refusal, ResidentId, Uses};
use jiff::civil::Date;

use crate::Desk;
use crate::journal::{Act, Why};
use crate::staff::{Duty, Member};
use crate::store::Report;

/// A procedure at the counter.
pub(crate) enum Procedure {
    /// The record changes (CARD-7).
    Record {
        /// From now on.
        attributes: Box<Attributes>,
        /// Where one lives from now on.
        municipality: Municipality,
        /// Whether a new signature certificate is asked for.
        reissue: bool,
        attendance: Attendance,
    },
    /// Other certificates on the card from now on (CARD-1, CARD-10).
    Certificates { uses: Uses, attendance: Attendance },
    /// New certificates in place of those about to expire (CARD-9).
    Renewal { uses: Uses, attendance: Attendance },
    /// The lost card is found (CARD-12).
    Found { reissue: bool, attendance: Attendance },
    /// A PIN of the card is to be set anew (CARD-6).
    Unlock { pin: CardPin, attendance: Attendance },
    /// The resident died or moves abroad (CARD-13).
    Departure(Departure),
}

impl Procedure {
    fn act(&self) -> Act {
        match self {
            Procedure::Record { .. } => Act::ChangeRecord,
            Procedure::Certificates { .. } => Act::ChooseCertificates,
            Procedure::Renewal { .. } => Act::RenewCertificates,
            Procedure::Found { .. } => Act::FindCard,
            Procedure::Unlock { .. } => Act::UnlockCard,
            Procedure::Departure(_) => Act::Depart,
        }
    }

    fn duty(&self) -> Duty {
        match self {
            Procedure::Record { .. } | Procedure::Departure(_) => Duty::Records,
            _ => Duty::Cards,
        }
    }
}

/// The municipality whose counter a member stands at.
fn counter_of(by: &Member) -> Result<Municipality, Problem> {
    by.is.office.municipality().ok_or_else(|| Problem::new(Code::PERMISSION_DENIED))
}

impl Desk {
    /// Residents of the own municipality by name and birth date.
    ///
    /// # Errors
    /// `permission-denied`; the authority's and the store's.
    pub(crate) async fn find_residents(
        &self,
        by: &Member,
        name: &str,
        birth_date: Date,
        why: &Why,
    ) -> Result<Vec<ResidentSummary>, Problem> {
        let entry = self.entry(by, Act::FindResidents, None, why);
        self.carry_out(by, Duty::Records, entry, async {
            let municipality = Some(counter_of(by)?);
            let asked = FindResidents { name: name.to_owned(), birth_date, municipality };
            let found = self.authority.counter.post("/residents/search").json(&asked);
            Ok(found.answer::<Page<ResidentSummary>>().await?.items)
        })
        .await
    }

    /// A resident of the own municipality.
    ///
    /// # Errors
    /// `permission-denied`, `other-municipality`, `resident-unknown`; the authority's and the store's.
    pub(crate) async fn look_at(
        &self,
        by: &Member,
        resident: ResidentId,
    ) -> Result<ResidentView, Problem> {
        let entry = self.plain(by, Act::LookAt, Some(resident));
        self.carry_out(by, Duty::Records, entry, self.own_resident(by, resident)).await
    }

    /// The same, within an act that is in the journal itself.
    ///
    /// # Errors
    /// `other-municipality`, `resident-unknown`; the authority's.
    pub(crate) async fn own_resident(
        &self,
        by: &Member,
        resident: ResidentId,
    ) -> Result<ResidentView, Problem> {
        let own = counter_of(by)?;
        let path = format!("/residents/{resident}");
        let view: ResidentView = self.authority.counter.get(&path).answer().await?;
        if view.municipality != own {
            return Err(Refusal::OtherMunicipality.into());
        }
        Ok(view)
    }

    /// Carries out a procedure.
    ///
    /// # Errors
    /// `permission-denied`, `note-names-resident`, `other-municipality`; the authority's and the store's.
    pub(crate) async fn proceed(
        &self,
        by: &Member,
        resident: ResidentId,
        procedure: Procedure,
        why: &Why,
    ) -> Result<(), Problem> {
        let entry = self.entry(by, procedure.act(), Some(resident), why);
        self.carry_out(by, procedure.duty(), entry, async {
            let view = self.own_resident(by, resident).await?;
            why.without(&view.attributes)?;
            let closes = matches!(procedure, Procedure::Found { .. } | Procedure::Departure(_));
            self.call_for(by, resident, procedure, why).await?;
            if closes {
                let now = self.now();
                self.store(move |store| store.close_reports(resident, now)).await?;
            }
            Ok(())
        })
        .await
    }

    async fn call_for(
        &self,
        by: &Member,
        resident: ResidentId,
        procedure: Procedure,
        why: &Why,
    ) -> Result<(), Problem> {
        let (counter, acting) = (counter_of(by)?, why.acting(by));
        let post = |of: &str| {
            let path = format!("/residents/{resident}/{of}");
            self.authority.counter.post(&path).acting(acting)
        };
        match procedure {
            Procedure::Record { attributes, municipality, reissue, attendance } => {
                let attributes = *attributes;
                let change = ChangeRecord { attributes, municipality, reissue, attendance };
                post("record").json(&change).answer::<ResidentView>().await?;
            }
            Procedure::Certificates { uses, attendance } => {
                let choice = ChooseCertificates { uses, attendance, counter };
                post("card/certificates").json(&choice).answer::<ResidentView>().await?;
            }
            Procedure::Renewal { uses, attendance } => {
                let renewal = RenewCertificates { uses, attendance, counter };
                post("card/renewal").json(&renewal).answer::<ResidentView>().await?;
            }
            Procedure::Found { reissue, attendance } => {
                let key = IdempotencyKey::new(&*self.entropy);
                let found = ReportFound { reissue, attendance, counter };
                post("card/found").json(&found).once(&key).answer::<CardFound>().await?;
            }
            Procedure::Unlock { pin, attendance } => {
                let unlock = UnlockCard { pin, attendance, counter };
                post("card/unlock").json(&unlock).answer::<ResidentView>().await?;
            }
            Procedure::Departure(departure) => {
                let report = ReportDeparture { departure, counter };
                post("departure").json(&report).answer::<ResidentView>().await?;
            }
        }
        Ok(())
    }

    /// Losses of cards that the hotline told the own municipality of, each with who it is (CARD-11).
    ///
    /// # Errors
    /// The authority's and the store's.
    pub(crate) async fn losses(&self, by: &Member) -> Result<Vec<(Report, ResidentView)>, Problem> {
        let own = counter_of(by)?;
        let reports = self.store(move |store| store.reports(own)).await?;
        let mut shown = Vec::new();
        for report in reports {
            match self.own_resident(by, report.resident).await {
                Ok(view) => shown.push((report, view)),
                // Who has moved away since is another's.
                Err(problem) if problem.code() == "other-municipality" => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(shown)
    }
}
