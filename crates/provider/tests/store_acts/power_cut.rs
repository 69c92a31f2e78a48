//! The power fails at every write of log-ins' stories: what was answered is there, what was not is there whole
//! or not at all, nothing serves twice, and the stories end as if nothing had happened.

use inrou_pki::SystemEntropy;
use inrou_provider::clients::Client;
use inrou_provider::signing::SignTransaction;
use inrou_provider::store::testing::{Disk, Fault, Loss, PowerCut, open_sqlite};
use inrou_provider::store::{
    AccessToken, Authorization, ClientToken, CodeFault, Confirmation, Event, Exchange, Forgotten,
    Grant, Pushed, SqliteStore, Store, StoreError, What,
};
use jiff::{SignedDuration, Timestamp};

use crate::samples::{
    NOW, UNTIL, begun, begun_to_sign, client, exchange, given_back, log_in, name, new_client,
    ordered, own_token, pushed, refresh, seen, settled, sign_id, signature, signed, taken,
    transaction,
};

type Step = fn(&SqliteStore) -> Result<(), StoreError>;

/// Three stories: 1 logs in, 2 signs, 3 signs and is not confirmed in time.
const STEPS: [Step; 24] = [
    |store| store.register(&new_client()).map(drop),
    |store| store.push(&pushed(1), &seen("push", 1), &log_in()),
    |store| store.begin(&begun(1), &log_in()),
    |store| store.take(&transaction(1), &taken(1), NOW).map(drop),
    |store| store.settle(&settled(1)).map(drop),
    |store| store.give_code(&transaction(1), &name("code", 1), (NOW, UNTIL)).map(drop),
    |store| store.exchange(&exchange(1)).map(drop),
    |store| store.refresh(&refresh(1)).map(drop),
    |store| store.give_client_token(&own_token(2)),
    |store| store.order(&ordered(2), &signature()),
    |store| store.begin(&begun_to_sign(2, UNTIL), &log_in()),
    |store| store.take(&transaction(2), &taken(2), NOW).map(drop),
    |store| store.settle(&signed(2, NOW)).map(drop),
    |store| store.confirm(&transaction(2), Confirmation::Number { is_right: true }, NOW),
    |store| store.give_code(&transaction(2), &name("code", 2), (NOW, UNTIL)).map(drop),
    |store| store.exchange(&exchange(2)).map(drop),
    |store| store.refresh(&refresh(2)).map(drop),
    |store| store.revoke(&given_back(1)).map(drop),
    |store| store.order(&ordered(3), &signature()),
    |store| store.begin(&begun_to_sign(3, UNTIL), &log_in()),
    |store| store.take(&transaction(3), &taken(3), NOW).map(drop),
    |store| store.settle(&signed(3, NOW)).map(drop),
    |store| store.end(&transaction(3), late()).map(drop),
    |store| store.log_out(&name("browser", 2), None, NOW),
];

/// What serves once, and after how many steps it has.
const ONCE: [(usize, Step); 6] = [
    (2, |store| store.push(&pushed(9), &seen("push", 1), &log_in())),
    (7, |store| store.exchange(&exchange(1)).map(drop)),
    (8, |store| store.refresh(&refresh(1)).map(drop)),
    (9, |store| store.give_client_token(&own_token(2))),
    (16, |store| store.exchange(&exchange(2)).map(drop)),
    (18, |store| store.revoke(&given_back(1)).map(drop)),
];

fn late() -> Timestamp {
    NOW + SignedDuration::from_mins(3)
}

/// All that the store has of the stories, as it can be read.
#[derive(Debug, PartialEq)]
struct Image {
    client: Option<Client>,
    pushed: Option<Pushed>,
    begun: Vec<Option<Authorization>>,
    latest: Vec<Option<Grant>>,
    tokens: Vec<Option<AccessToken>>,
    own: Option<ClientToken>,
    signed: Vec<Option<SignTransaction>>,
    events: Vec<(i64, Event)>,
}

impl Image {
    fn of(store: &SqliteStore) -> Self {
        let tokens = [("access", 1), ("refreshed", 1), ("access", 2), ("refreshed", 2)];
        Self {
            client: store.client(&client()).unwrap(),
            pushed: store.pushed(&name("pushed", 1)).unwrap(),
            begun: (1..4).map(|n| store.authorization(&transaction(n)).unwrap()).collect(),
            latest: (1..4)
                .map(|n| store.latest(&name("browser", n), &client(), NOW).unwrap())
                .collect(),
            tokens: tokens.map(|(what, n)| store.access(&name(what, n), NOW).unwrap()).into(),
            own: store.client_token(&name("own", 2), NOW).unwrap(),
            signed: (2..4).map(|n| store.sign_transaction(&sign_id(n)).unwrap()).collect(),
            events: store.events(&client(), None, i64::MAX, 1000).unwrap(),
        }
    }

    /// What holds whatever the last step was.
    fn check(&self) {
        let granted = |n: usize| self.begun[n - 1].as_ref().is_some_and(|one| one.grant.is_some());
        assert!(!(granted(1) && self.pushed.is_some()), "a pushed request serves one log-in");
        let is_signed =
            |n: usize| self.signed[n - 2].as_ref().is_some_and(|one| one.signed.is_some());
        assert_eq!(is_signed(2), granted(2), "signed and granted, or neither");
        let happened = |what: What| self.events.iter().any(|(_, event)| event.what == what);
        assert_eq!(granted(1), happened(What::Granted));
        assert_eq!(granted(2), happened(What::Signed));
        assert!(!(is_signed(3) && happened(What::Expired)), "what is over is not signed");
    }
}

#[test]
fn everything_unsynced_is_lost() {
    cut_at_every_step(Loss::Everything);
}

#[test]
fn nothing_unsynced_is_lost() {
    cut_at_every_step(Loss::Nothing);
}

#[test]
fn some_of_the_unsynced_is_lost() {
    for seed in 1..=2 {
        cut_at_every_step(Loss::Drawn(seed));
    }
}

/// Without this, the tests above would pass over a disk or a check that hides what is lost.
#[test]
fn a_disk_that_lies_about_syncs_is_found_out() {
    let (images, base) = undisturbed();
    let power = PowerCut::at(u64::MAX, Loss::Everything);
    let disk = base.fork(power.clone());
    disk.set_fault(Some(Fault::SyncsLie));
    let store = open(&disk).unwrap();
    assert_eq!(go_on(&store, 0), STEPS.len());
    power.cut();
    drop(store);
    power.restore();
    let lost = open(&disk).map_or(true, |store| Image::of(&store) != images[STEPS.len()]);
    assert!(lost);
}

/// The secret, from which every code and every `sub` is derived, is one.
#[test]
fn a_store_is_made_whole_or_made_anew_and_keeps_its_secret() {
    for loss in [Loss::Everything, Loss::Nothing, Loss::Drawn(1), Loss::Drawn(2)] {
        let mut step = 1;
        loop {
            let power = PowerCut::at(step, loss);
            let disk = Disk::new(power.clone());
            let told = open(&disk).and_then(|store| store.secret()).ok();
            if !power.is_off() {
                assert!(told.is_some());
                break;
            }
            power.restore();
            let store = open(&disk).unwrap();
            let secret = store.secret().unwrap();
            assert!(told.is_none_or(|told| *told == *secret), "{loss:?} at step {step}");
            assert_eq!(go_on(&store, 0), STEPS.len());
            step += 1;
        }
        assert!(step > 10, "the power failed at {step} steps only");
    }
}

fn cut_at_every_step(loss: Loss) {
    let (images, base) = undisturbed();
    let mut step = 1;
    loop {
        let power = PowerCut::at(step, loss);
        let disk = base.fork(power.clone());
        let done = open(&disk).map_or(0, |store| go_on(&store, 0));
        if !power.is_off() {
            assert_eq!(done, STEPS.len());
            break;
        }
        power.restore();
        recover(&disk, done, &images, &format!("{loss:?} at step {step}"));
        step += 1;
    }
    assert!(step > 50, "the power failed at {step} steps only");
}

/// Opens what is left after an outage when `done` steps were answered, and ends the stories.
fn recover(disk: &Disk, done: usize, images: &[Image], case: &str) {
    let store = open(disk).unwrap_or_else(|error| panic!("{case}: {error:?}"));
    let image = Image::of(&store);
    image.check();
    // The step under way may be durable without having been answered.
    let kept = (done..images.len().min(done + 2))
        .find(|kept| images[*kept] == image)
        .unwrap_or_else(|| panic!("{case}: {done} steps were answered, and left is {image:#?}"));
    for (number, (_, again)) in ONCE.iter().enumerate().filter(|(_, (after, _))| *after <= kept) {
        let spent = matches!(again(&store), Err(StoreError::Precondition(_)));
        assert!(spent, "{case}: {number} serves twice");
    }
    assert_eq!(Image::of(&store), image, "{case}: what is refused changes nothing");
    assert_eq!(go_on(&store, kept), STEPS.len(), "{case}");
    assert!(Some(&Image::of(&store)) == images.last(), "{case}");
    for number in [1, 2] {
        let fresh = Exchange { assertion: seen("fresh", number), ..exchange(number) };
        let again = store.exchange(&fresh);
        assert!(matches!(again, Ok(Err(CodeFault::Spent))), "{case}: the code of {number}");
    }
}

/// Takes the steps from that one on, as far as the power lasts: how many are done then.
fn go_on(store: &SqliteStore, from: usize) -> usize {
    let failed = STEPS.iter().skip(from).position(|step| step(store).is_err());
    failed.map_or(STEPS.len(), |failed| from + failed)
}

/// The image after each number of steps, and a disk with an empty store.
fn undisturbed() -> (Vec<Image>, Disk) {
    let disk = Disk::new(PowerCut::never());
    drop(open(&disk).unwrap());
    let base = disk.fork(PowerCut::never());
    let store = open(&disk).unwrap();
    let mut images = vec![Image::of(&store)];
    for (number, step) in STEPS.iter().enumerate() {
        step(&store).unwrap();
        let image = Image::of(&store);
        image.check();
        assert_ne!(images.last(), Some(&image), "step {number} changes something");
        images.push(image);
    }
    let forgotten = Forgotten { now: late(), ended: NOW, events: NOW, unapproved: NOW };
    store.forget(forgotten).unwrap();
    assert_eq!(Some(&Image::of(&store)), images.last(), "nothing is old enough");
    (images, base)
}

fn open(disk: &Disk) -> Result<SqliteStore, StoreError> {
    open_sqlite(disk, "provider.db", &SystemEntropy)
}
