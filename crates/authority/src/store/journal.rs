//! The journal: what happened, by whom, as leaves of an append-only Merkle log. *Stored.*

use inrou_api::acting::Acting;
use inrou_rules::{ChipId, Event, Municipality, OperationId, ResidentId};
use inrou_tlog::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who brought an event about. *This type is stored*: variants and fields are only ever added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Actor {
    /// The resident, by a plastic card's key.
    Card {
        /// The card's chip.
        chip: ChipId,
    },
    /// A municipality's counter (窓口).
    Counter {
        /// Which municipality.
        municipality: Municipality,
        /// Who of its staff, and why, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acting: Option<Acting>,
    },
    /// The hotline.
    Hotline {
        /// Who of its staff, and why, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acting: Option<Acting>,
    },
    /// The resident, by a phone's key.
    Phone {
        /// The phone's chip.
        chip: ChipId,
    },
    /// The authority itself, when something fell due.
    Service,
    /// The resident, logged in at the portal.
    Holder,
    /// The operator, in an operation on many residents' certificates.
    Operator {
        /// Which operation.
        operation: OperationId,
        /// Who of its staff, and why, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acting: Option<Acting>,
    },
}

impl Actor {
    /// Who of a role's staff acted, and why, if it was told.
    pub fn acting(&self) -> Option<Acting> {
        match *self {
            Actor::Counter { acting, .. }
            | Actor::Hotline { acting }
            | Actor::Operator { acting, .. } => acting,
            Actor::Card { .. } | Actor::Phone { .. } | Actor::Service | Actor::Holder => None,
        }
    }
}

/// One entry of the journal. *This type is stored*: fields are only ever added, at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// To whom it happened.
    pub resident: ResidentId,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What.
    pub event: Event,
}

/// A journal entry in its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedEntry {
    /// Index of the leaf in the whole log, from 0, without gaps.
    pub sequence: u64,
    /// The entry's leaf hash, over [its bytes](Self::text).
    pub leaf: Hash,
    /// The entry's JSON as it was written when it was appended: fields in the order of [`JournalEntry`],
    /// without spaces. It is kept, so that no later form of the types can change a hash.
    pub text: String,
    /// The entry.
    pub entry: JournalEntry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_written_in_one_order_without_spaces() {
        let entry = JournalEntry {
            resident: ResidentId::from_bytes([1; 16]),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Phone { chip: ChipId::from_bytes([2; 16]) },
            event: Event::DeletionConfirmed {
                chip: ChipId::from_bytes([2; 16]),
                at: Timestamp::UNIX_EPOCH,
            },
        };
        assert_eq!(
            serde_json::to_string(&entry).unwrap(),
            concat!(
                r#"{"resident":"01010101010101010101010101010101","at":"1970-01-01T00:00:00Z","#,
                r#""actor":{"by":"phone","chip":"02020202020202020202020202020202"},"#,
                r#""event":{"type":"deletion-confirmed","chip":"02020202020202020202020202020202","#,
                r#""at":"1970-01-01T00:00:00Z"}}"#
            )
        );
    }

    #[test]
    fn who_acted_is_read_whether_or_not_it_was_told() {
        let read = |json: &str| serde_json::from_str::<Actor>(json).unwrap();
        assert_eq!(read(r#"{"by":"hotline"}"#), Actor::Hotline { acting: None });
        let counter = r#"{"by":"counter","municipality":"13221"}"#;
        assert_eq!(read(counter).acting(), None);
        assert_eq!(serde_json::to_string(&read(counter)).unwrap(), counter);
        let told = concat!(
            r#"{"by":"hotline","acting":{"member":"07070707070707070707070707070707","#,
            r#""reason":"stolen"}}"#
        );
        assert_eq!(read(told).acting().unwrap().reason, inrou_api::acting::Reason::Stolen);
        assert_eq!(serde_json::to_string(&read(told)).unwrap(), told);
    }
}
