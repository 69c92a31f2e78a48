//! How the index follows the store.

use inrou_pki::Status as Told;

use super::*;
use crate::status::StatusIndex;
use crate::store::StatusVersion;

fn told(index: &StatusIndex, issued: &[&Issued]) -> Vec<Told> {
    issued.iter().map(|issued| index.status(issued.id)).collect()
}

#[test]
fn an_index_that_starts_late_tells_the_same() {
    let office = Office::new();
    let (pending, good) = (office.issue(Use::Signature), office.active(Use::Signature));
    let (held, revoked) = (office.active(Use::Signature), office.active(Use::Signature));
    office.hold(&held);
    office.revoke(&revoked, RevocationReason::KeyCompromise);
    let all = [&pending, &good, &held, &revoked];
    let late = StatusIndex::default();
    late.catch_up(&*office.authority.store).unwrap();
    assert_eq!(told(&late, &all), told(&office.authority.status, &all));
    assert_eq!(told(&late, &all)[..2], [Told::Unknown, Told::Good]);
    assert_eq!(late.seen(), office.authority.status.seen());
    assert_eq!(late.size().0, 3);

    let office = office.restarted();
    assert_eq!(told(&office.authority.status, &all), told(&late, &all));
}

#[test]
fn an_index_that_was_left_behind_reads_everything_again() {
    let office = Office::new();
    let store = office.authority.store.clone();
    let (resumed, held) = (office.active(Use::Signature), office.active(Use::Signature));
    office.hold(&resumed);
    let late = StatusIndex::default();
    late.catch_up(&*store).unwrap();
    let partition = Partition::Residents {
        usage: Use::Signature,
        medium: Medium::Phone,
        municipality: KIYOSE.parse().unwrap(),
    };
    let (seen, changed) = (late.seen(), late.changed(partition));
    assert!(changed <= seen);

    office.put(&resumed, Status::Good);
    office.hold(&held);
    let forget = Write::ForgetGood { up_to: office.authority.status.seen() };
    store.commit(forget.into()).unwrap();
    late.catch_up(&*store).unwrap();
    assert_eq!(late.status(resumed.id), Told::Good, "what was forgotten is good");
    assert!(matches!(late.status(held.id), Told::OnHold { .. }));
    assert!(late.changed(partition) > seen, "a CRL made before is not taken for the latest");
}

#[test]
fn many_who_commit_at_once_all_see_their_own_change() {
    let office = Office::new();
    let issued: Vec<Issued> = (0..32).map(|_| office.active(Use::UserAuthentication)).collect();
    std::thread::scope(|threads| {
        for mine in issued.chunks(4) {
            let office = &office;
            threads.spawn(move || {
                for issued in mine {
                    office.hold(issued);
                    let status = office.authority.status.status(issued.id);
                    assert!(matches!(status, Told::OnHold { .. }));
                }
            });
        }
    });
    assert!(!office.authority.status.is_behind());
}

#[test]
fn good_certificates_take_no_room() {
    let office = Office::new();
    office.active(Use::Signature);
    let before = office.authority.status.size();
    for _ in 0..50 {
        office.active(Use::Signature);
    }
    assert_eq!(office.authority.status.size().0, before.0);
}

#[test]
fn a_commit_without_a_status_is_not_waited_for() {
    let office = Office::new();
    let index = &office.authority.status;
    let seen = index.seen();
    let partition = Partition::Own { usage: Use::Signature };
    let not_after = office.clock.now();
    let reserve = Write::ReserveSerials { partition, count: 1, not_after };
    let reserved = office.authority.commit(reserve.into()).unwrap().serials[0];
    assert_eq!(index.seen(), seen);
    let id = CertificateId { usage: Use::Signature, serial: reserved.first };
    assert_eq!(index.status(id), Told::Unknown, "as it would be, had it been read");
    index.catch_up_to(StatusVersion(seen.0 + 1), &*office.authority.store).unwrap();
    assert_eq!(index.status(id), Told::Unknown);
}
