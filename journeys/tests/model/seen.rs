//! What is to be seen of everybody at a moment: at the counter, on the phones, in the chips, and by the
//! status services.

use std::collections::BTreeMap;

use inrou_api::wire::authority::{PhoneView, ResidentView};
use inrou_oracle::{PhoneId, ResidentId};
use inrou_pki::Status;
use inrou_rules::{CertificateStatus, Medium, Use};

use crate::doing::People;
use crate::status::{Lists, Services};

pub struct Seen {
    pub residents: Vec<ResidentView>,
    pub cards: Vec<Option<ChipSeen>>,
    pub phones: Vec<PhoneSeen>,
    /// What OCSP said, by use, medium and serial number; of those that were asked for.
    pub ocsp: BTreeMap<Name, Status>,
    /// The lists by use and medium, where they were looked at.
    pub lists: BTreeMap<(Use, Medium), Lists>,
}

/// Use and serial number: each use has an issuer, and each issuer one counter.
pub type Name = (Use, u64);

pub struct PhoneSeen {
    pub view: PhoneView,
    pub chip: ChipSeen,
}

/// What a chip has in its memory.
pub struct ChipSeen {
    /// The certificate's serial number, by use.
    pub carries: BTreeMap<Use, u64>,
    /// Tries left, by use.
    pub tries: BTreeMap<Use, u8>,
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The views, the chips, and OCSP for what may still change.
    Quick,
    /// Everything: OCSP for every certificate, and the lists.
    Whole,
}

impl People {
    pub async fn see(&self, look: Look) -> Seen {
        let mut residents = Vec::new();
        for resident in 0..self.residents.len() {
            residents.push(self.view(ResidentId(resident)).await);
        }
        let mut phones = Vec::new();
        for phone in 0..self.phones.len() {
            let view = self.phone_view(PhoneId(phone)).await;
            phones.push(PhoneSeen { view, chip: ChipSeen::of(&self.phones[phone].thing) });
        }
        let cards =
            self.residents.iter().map(|r| r.present().card.as_ref().map(ChipSeen::of)).collect();
        let services = Services::of(&self.town.published).await;
        let mut ocsp = BTreeMap::new();
        for certificate in residents.iter().flat_map(|resident| &resident.certificates) {
            let ended = matches!(certificate.status, CertificateStatus::Revoked { .. });
            if ended && look == Look::Quick {
                continue;
            }
            let name = (certificate.usage, serial(&certificate.serial));
            let (issued, now) = (certificate.not_before, self.now());
            if let Some(status) = services.ocsp(name.0, name.1, issued, now).await {
                ocsp.insert(name, status);
            }
        }
        let mut lists = BTreeMap::new();
        if look == Look::Whole {
            for usage in Use::ALL {
                for medium in [Medium::Card, Medium::Phone] {
                    lists.insert((usage, medium), services.lists(usage, medium, self.now()).await);
                }
            }
        }
        Seen { residents, cards, phones, ocsp, lists }
    }
}

impl ChipSeen {
    fn of(thing: &crate::things::Thing) -> Self {
        let carried = |usage: Use| {
            let certificate = thing.carries(usage)?;
            Some((usage, certificate.serial().expect("it is one of ours").0))
        };
        Self {
            carries: Use::ALL.into_iter().filter_map(carried).collect(),
            tries: Use::ALL.into_iter().map(|usage| (usage, thing.tries_left(usage))).collect(),
        }
    }
}

/// A serial number as views write it.
pub fn serial(hexadecimal: &str) -> u64 {
    u64::from_str_radix(hexadecimal, 16).expect("a serial number is hexadecimal")
}
