//! Runs towns: those of seeds that once found something, then random ones; and makes a script that fails
//! short.

use std::collections::BTreeMap;
use std::env;
use std::time::Instant;

use inrou_oracle::{
    Act, Apply, Entry, Menu, NewPins, Person, PhoneId, Platform, Question, ResidentId, Twice, Uses,
};
use inrou_pki::{Entropy as _, SystemEntropy};
use jiff::civil::date;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::drawing::{self, RESIDENTS};
use crate::life::Life;
use crate::script::{Script, Step};
use crate::things::{PHONE_PASSWORD, PHONE_PIN};
use crate::town::PLACES;

/// The towns that are lived in where nobody says how many: the first are those in which service and oracle
/// once differed.
const SEEDS: &[u64] =
    &[11, 20, 26, 32, 61, 69, 79, 85, 242_876_486_813_610, 101, 102, 103, 104, 105, 106];
/// How many steps a town takes.
const STEPS: usize = 60;
/// How many towns are lived in at a time.
const AT_ONCE: usize = 3;
/// How often a script that fails is lived again to make it shorter.
const SHORTENED: u64 = 70;

#[derive(Default)]
struct Tally {
    lives: usize,
    steps: usize,
    done: usize,
    refused: usize,
    learnt: BTreeMap<(Question, bool), usize>,
}

pub async fn lives() {
    // With RUST_LOG set, it is told what the service logs.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .try_init();
    if let Some(seed) = number("INROU_MODEL_SEED") {
        let tally = live(seed, true).await.unwrap_or_else(|failure| panic!("{failure}"));
        return tell(&tally, seed);
    }
    let wanted = number("INROU_MODEL_LIVES");
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    let first = u64::from_be_bytes(bytes) >> 16;
    println!("the first town's seed is {first}");
    let begun = Instant::now();
    let enough = |lives: usize| lives as u64 >= wanted.unwrap_or((SEEDS.len() * RESIDENTS) as u64);
    let mut seeds = SEEDS.iter().copied().chain(first..);
    let (mut towns, mut all, mut begun_lives) = (JoinSet::new(), Tally::default(), 0);
    loop {
        while towns.len() < AT_ONCE && !enough(begun_lives) {
            let seed = seeds.next().expect("there are more seeds than towns");
            towns.spawn(live(seed, false));
            begun_lives += RESIDENTS;
        }
        let Some(town) = towns.join_next().await else { break };
        match town.unwrap() {
            Ok(tally) => all.add(tally),
            Err(failure) => panic!("{failure}"),
        }
    }
    tell(&all, first);
    println!("{:?}", begun.elapsed());
}

fn tell(tally: &Tally, seed: u64) {
    let Tally { lives, steps, done, refused, learnt } = tally;
    println!("{lives} lives, {steps} steps, {done} acts done, {refused} refused; seed {seed}");
    for ((question, answer), times) in learnt {
        println!("  {question:?}: {} ({times})", if *answer { "yes" } else { "no" });
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().expect("a number"))
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.lives += other.lives;
        self.steps += other.steps;
        self.done += other.done;
        self.refused += other.refused;
        for (learnt, times) in other.learnt {
            *self.learnt.entry(learnt).or_default() += times;
        }
    }

    fn of(life: &Life, script: &Script) -> Self {
        Self {
            lives: script.residents.len(),
            steps: script.steps.len(),
            done: life.done,
            refused: life.refused,
            learnt: life.learnt.clone(),
        }
    }
}

/// A town from its seed; `told` step by step, if that is asked for.
async fn live(seed: u64, told: bool) -> Result<Tally, String> {
    let mut chance = Chance::new(seed);
    let mut script = drawing::town(&mut chance);
    let mut life = Life::begin(&script).await;
    for _ in 0..STEPS {
        let step = drawing::step(&mut chance, life.world());
        script.steps.push(step.clone());
        if told {
            println!("{step:?}");
        }
        if let Err(why) = life.step(&step).await {
            let (script, why) = match number("INROU_MODEL_SHORTENED") {
                Some(0) => (script, why),
                times => shorten(script, why, times).await,
            };
            return Err(format!("INROU_MODEL_SEED={seed}\n{}\n{why}", listed(&script)));
        }
    }
    Ok(Tally::of(&life, &script))
}

/// Lives a script: why it fails, if it does, and after how many steps.
async fn relive(script: &Script) -> Option<(usize, String)> {
    let mut life = Life::begin(script).await;
    for (index, step) in script.steps.iter().enumerate() {
        if let Err(why) = life.step(step).await {
            return Some((index + 1, why));
        }
    }
    None
}

/// Leaves out steps, from the last to the first, as long as it fails.
async fn shorten(mut script: Script, mut why: String, times: Option<u64>) -> (Script, String) {
    let mut index = script.steps.len();
    for _ in 0..times.unwrap_or(SHORTENED) {
        let Some(next) = index.checked_sub(1) else { break };
        index = next;
        let mut shorter = script.clone();
        shorter.steps.remove(index);
        if let Some((length, still)) = relive(&shorter).await {
            shorter.steps.truncate(length);
            index = index.min(length);
            (script, why) = (shorter, still);
        }
    }
    (script, why)
}

fn listed(script: &Script) -> String {
    let people = format!("{:?}, {:?}", script.residents, script.phones);
    let steps = script.steps.iter().map(|step| format!("  {step:?}"));
    [people].into_iter().chain(steps).collect::<Vec<_>>().join("\n")
}

/// The thinnest thread: a card, an application by night, registration by day, a hold, a revocation.
pub async fn first_life() {
    let at = PLACES[0];
    let (resident, phone) = (ResidentId(0), PhoneId(0));
    let act = |act| Step::Act { act, mishap: None, repeats: false };
    let turn = |time: &str| Step::Turn(time.parse().unwrap());
    let pins = NewPins {
        signature: Some(Twice::same(PHONE_PASSWORD)),
        authentication: Some(Twice::same(PHONE_PIN)),
    };
    let apply = Apply {
        phone,
        card: resident,
        menu: Menu::First,
        uses: Uses::BOTH,
        confirmed: true,
        password: Entry::RIGHT,
        card_face_pin: Entry::RIGHT,
        face_matches: true,
    };
    let script = Script {
        residents: vec![(date(1980, 2, 29), at)],
        phones: vec![Platform::Android],
        steps: vec![
            act(Act::IssueCard { resident, at, uses: Uses::BOTH, by: Person::InPerson }),
            turn("2026-11-21T12:00:00Z"),
            act(Act::Apply(apply)),
            act(Act::Complete { phone, pins }),
            turn("2026-11-21T23:00:00Z"),
            act(Act::Register { phone }),
            act(Act::LogIn { phone, pin: Entry::RIGHT }),
            act(Act::Sign { phone, password: Entry::RIGHT }),
            act(Act::HoldPhone { resident }),
            turn("2026-11-22T01:00:00Z"),
            act(Act::RevokePhone { resident }),
            act(Act::ComeOnline { phone }),
        ],
    };
    let mut life = Life::begin(&script).await;
    for step in &script.steps {
        life.step(step).await.unwrap_or_else(|why| panic!("{step:?}: {why}"));
    }
    assert_eq!((life.done, life.refused), (9, 0));
}
