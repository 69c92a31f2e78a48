//! What the hotline does for a caller: holds at any hour (LOSS-1, CARD-11), revocation on request while it
//! answers (LOSS-3, END-5). The authority tells the resident at once; the municipality is told of a lost card.

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::authority::{ReportLoss, ResidentView, RevokePhone};
use inrou_rules::Medium;

use crate::Desk;
use crate::callers::About;
use crate::journal::{Act, Why};
use crate::staff::Member;
use crate::store::{Call, Report};

impl Desk {
    /// A call that the member answered, while something can be done for the caller.
    ///
    /// # Errors
    /// `call-over`; the store's.
    pub(crate) async fn open_call(&self, by: &Member, id: &str) -> Result<Call, Problem> {
        let (id, now, member) = (id.to_owned(), self.now(), by.id);
        let found = self.store(move |store| store.call(&id)).await?;
        let found = found.filter(|call| call.member == member && now < call.expires);
        found.ok_or_else(|| Problem::new(Code::CALL_OVER))
    }

    /// The caller's record, as far as the hotline needs it.
    ///
    /// # Errors
    /// The authority's.
    pub(crate) async fn caller(&self, call: &Call) -> Result<ResidentView, Problem> {
        let path = format!("/residents/{}", call.resident);
        Ok(self.authority.hotline.get(&path).answer().await?)
    }

    /// Does what the call is about. Repeating it changes nothing.
    ///
    /// # Errors
    /// `permission-denied`, `call-over`; the authority's (`nothing-to-hold`, `hotline-closed`,
    /// `no-such-phone`, `not-on-register`) and the store's.
    pub(crate) async fn do_for_caller(&self, by: &Member, call: Call) -> Result<(), Problem> {
        let why = Why { reason: call.reason, note: call.note.clone() };
        let act = if call.about == About::EndUse { Act::RevokePhone } else { Act::Hold };
        let entry = self.entry(by, act, Some(call.resident), &why);
        self.carry_out(by, call.about.duty(), entry, async {
            match call.about {
                About::EndUse => self.revoke(by, &call, &why).await?,
                About::Phone | About::Card | About::Both => self.hold(by, &call, &why).await?,
            }
            let done = Call { done: true, ..call };
            self.store(move |store| store.put_call(&done)).await
        })
        .await
    }

    async fn hold(&self, by: &Member, call: &Call, why: &Why) -> Result<(), Problem> {
        let path = format!("/residents/{}/hold", call.resident);
        let mut nothing = None;
        let mut held = false;
        for &medium in call.about.media() {
            let request = self.authority.hotline.post(&path).json(&ReportLoss { medium });
            match request.acting(why.acting(by)).answer::<ResidentView>().await {
                Ok(view) => {
                    held = true;
                    if medium == Medium::Card {
                        let report = Report {
                            resident: call.resident,
                            municipality: view.municipality,
                            medium,
                            reason: call.reason,
                            at: self.now(),
                        };
                        self.store(move |store| store.report(&report)).await?;
                    }
                }
                // Who has lost both may have had certificates on one of them alone.
                Err(ClientError::Problem(problem)) if problem.code() == "nothing-to-hold" => {
                    nothing = Some(*problem);
                }
                Err(error) => return Err(error.into()),
            }
        }
        match nothing {
            Some(problem) if !held => Err(problem),
            _ => Ok(()),
        }
    }

    async fn revoke(&self, by: &Member, call: &Call, why: &Why) -> Result<(), Problem> {
        let Some(chip) = self.caller(call).await?.phone else {
            return Err(inrou_rules::Refusal::NoSuchPhone.into());
        };
        let path = format!("/residents/{}/phone/revocation", call.resident);
        let request = self.authority.hotline.post(&path).json(&RevokePhone { chip });
        request.acting(why.acting(by)).answer::<ResidentView>().await?;
        Ok(())
    }
}
