//! What the staff decides about clients (REG-4). Each decision has its reason, and who made it.

use inrou_api::problem::{Code, Problem};
use inrou_api::unseen::is_unseen;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::manage::refused;
use super::{Client, ClientFault, ClientId, Decision, Limits, StaffAct, Standing};
use crate::Provider;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// What the staff decides about a client.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "standing": "approved", "version": 1, "reason": "Name, host and operator were checked."
}))]
pub(crate) struct Approval {
    /// `approved`, `refused` or `suspended`.
    pub standing: Standing,
    /// Which version was looked at. Needed for `approved` and `refused`.
    #[serde(default)]
    pub version: Option<u64>,
    /// Why, for its developer and for the record: at most 500 characters.
    pub reason: String,
}

/// How often a client may have residents asked, as the staff has it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "limits": {
        "log_ins_a_minute": 600, "log_ins_a_day": 50_000,
        "signatures_a_minute": 60, "signatures_a_day": 5_000
    },
    "reason": "The bank expects many customers at the end of the month."
}))]
pub(crate) struct LimitsSet {
    /// So often, whatever the site registers; without it, as was registered, or as the operator has it for
    /// all.
    #[serde(default)]
    pub limits: Option<Limits>,
    /// Why, for its developer and for the record: at most 500 characters.
    pub reason: String,
}

impl Provider {
    /// A client, for the staff.
    ///
    /// # Errors
    /// `client-unknown`; the store's.
    pub(crate) async fn looked_at(&self, id: &str) -> Result<Client, Problem> {
        let client = self.client(&ClientId::sent(id)).await?;
        client.ok_or_else(|| Problem::new(Code::CLIENT_UNKNOWN))
    }

    /// Decides where a client stands; `by` names who does.
    ///
    /// # Errors
    /// `client-unknown`, `approval-invalid`, `registration-changed`; the store's.
    pub(crate) async fn decide(
        &self,
        id: &str,
        approval: Approval,
        by: &str,
    ) -> Result<Client, Problem> {
        let Approval { standing, version, reason } = approval;
        let is_whole = match standing {
            Standing::Approved | Standing::Refused => version.is_some(),
            Standing::Suspended => true,
            Standing::Pending => false,
        };
        if !is_whole {
            return Err(Problem::new(Code::APPROVAL_INVALID));
        }
        self.does(id, StaffAct::Decide(standing, version), reason, by).await
    }

    /// Sets how often a client may have residents asked; `by` names who does.
    ///
    /// # Errors
    /// `client-unknown`, `approval-invalid`, `limits-invalid`; the store's.
    pub(crate) async fn limit(
        &self,
        id: &str,
        LimitsSet { limits, reason }: LimitsSet,
        by: &str,
    ) -> Result<Client, Problem> {
        self.does(id, StaffAct::Limit(limits), reason, by).await
    }

    async fn does(
        &self,
        id: &str,
        act: StaffAct,
        reason: String,
        by: &str,
    ) -> Result<Client, Problem> {
        let reason = reason.trim().to_owned();
        let is_plain = |c: char| c == '\n' || (!c.is_control() && !is_unseen(c));
        let length = reason.chars().count();
        if length == 0 || length > LONGEST_REASON || !reason.chars().all(is_plain) {
            return Err(Problem::new(Code::APPROVAL_INVALID));
        }
        let (client, by, at) = (ClientId::sent(id), by.to_owned(), self.now());
        let decision = Decision { client, act, reason, by, at };
        let decided = self.change(move |store| store.decide(&decision)).await?;
        decided.map_err(|fault| match fault {
            ClientFault::Unknown => Problem::new(Code::CLIENT_UNKNOWN),
            fault => refused(fault),
        })
    }
}
