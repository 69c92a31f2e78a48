//! Links that the portal has shown: who knows only a transaction's identifier cannot open it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use inrou_api::wire::transaction::{PhoneSecret, Taking, TransactionId};

static SHOWN: Mutex<BTreeMap<String, (Option<u32>, String)>> = Mutex::new(BTreeMap::new());

/// Remembers a link.
pub fn note(link: &str) {
    let (address, query) = link.split_once('?').unwrap();
    let (second, mac) = match query.strip_prefix("t=") {
        Some(rest) => {
            let (second, mac) = rest.split_once("&m=").unwrap();
            (Some(second.parse().unwrap()), mac)
        }
        None => (None, query.strip_prefix("m=").unwrap()),
    };
    let id = address.rsplit('/').next().unwrap().to_owned();
    SHOWN.lock().unwrap().insert(id, (second, mac.to_owned()));
}

/// What the phone brings that has the link to this transaction.
pub fn taking(id: &TransactionId) -> Taking {
    let shown = SHOWN.lock().unwrap().get(id.as_str()).cloned();
    let (second, mac) = shown.unwrap_or((None, String::new()));
    Taking { second, mac, phone: phone() }
}

/// The secret of the phone.
pub fn phone() -> PhoneSecret {
    PhoneSecret([9; 32])
}
