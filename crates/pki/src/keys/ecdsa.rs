//! The two forms of an ECDSA signature on P-256: `r ‖ s` on the wire (RFC 9421 §3.3.4, RFC 7518 §3.4),
//! DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3) where keys sign and verify.

use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};

/// `r ‖ s`, 32 bytes each. `None` if it is not a signature by a key on P-256.
pub fn to_raw(der: &[u8]) -> Option<[u8; 64]> {
    let value = EcdsaSigValue::from_der(der).ok()?;
    let mut raw = [0; 64];
    let (r, s) = raw.split_at_mut(32);
    for (half, number) in [(r, value.r), (s, value.s)] {
        let start = half.len().checked_sub(number.as_bytes().len())?;
        half.get_mut(start..)?.copy_from_slice(number.as_bytes());
    }
    Some(raw)
}

/// DER. `None` if `raw` is not 64 bytes long.
pub fn to_der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    EcdsaSigValue { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}

#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_forms_go_over_into_each_other(
            mut raw in prop::collection::vec(any::<u8>(), 64),
            zeros in 0_usize..32,
        ) {
            // Leading zeros are what the two forms treat differently.
            raw[..zeros].fill(0);
            raw[32..32 + zeros].fill(0);
            prop_assert_eq!(&to_raw(&to_der(&raw).unwrap()).unwrap()[..], &raw[..]);
        }

        #[test]
        fn no_input_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = to_raw(&bytes);
            let _ = to_der(&bytes);
        }
    }

    #[test]
    fn other_sizes_are_no_signatures_on_p256() {
        for length in [0, 32, 63, 65, 96] {
            assert_eq!(to_der(&vec![1; length]), None);
        }
        let p384 = [
            &[0x30, 0x66, 0x02, 0x31, 0x00, 0xFF],
            &[1; 47][..],
            &[0x02, 0x31, 0x00, 0xFF],
            &[1; 47],
        ];
        assert_eq!(to_raw(&p384.concat()), None);
        assert_eq!(to_raw(&[]), None);
    }
}
