//! The sandbox's home, as a trainer uses it: residents on a table, the clock, scenarios, snapshots, reset.

use inrou_journeys::browser::{Person, Way};
use inrou_words::{Form, Value, text};

use crate::house::House;

in_every_way!(a_lesson_is_made_ready);

async fn a_lesson_is_made_ready(way: Way) {
    let house = House::of(&["hana", "kenji"]).await;
    let mut trainer = Person::new("home", way).await;
    let told = |code, name, value: &'static str| {
        let said = text(code).in_language(way.language);
        let value = if name == "scenario" { Value::Name(value) } else { term(value) };
        said.with(name, value).render(Form::Plain)
    };
    trainer.goes_to(&house.sandbox.base).await;
    trainer.sees("sandbox", "home.title").await;
    trainer.presses("turn.next-19-30").await;
    trainer.waits_for_words(&trainer.words("act-done.title")).await;
    assert!(
        trainer.reads(".clock").await.contains("30"),
        "HOURS-1: the clock shows half past seven"
    );
    trainer.presses("scenarios.play").await;
    trainer.is_told("sandbox", "nothing-chosen").await;
    trainer.ticks("scenario.registered").await;
    trainer.ticks_in("#scenarios", "sandbox-act.confirm").await;
    trainer.presses("scenarios.play").await;
    trainer.waits_for_words(&told("act-done.played", "scenario", "registered")).await;
    trainer.types("snapshots.name", "lesson-1").await;
    trainer.presses("snapshots.save").await;
    trainer.waits_for_words(&told("act-done.saved", "name", "lesson-1")).await;
    trainer.sees("sandbox", "home.title").await;
    trainer.ticks_in("#reset", "sandbox-act.confirm").await;
    trainer.presses_in("#reset", "reset.button").await;
    trainer.waits_for_words(&trainer.words("act-done.reset")).await;
    trainer.ticks_words("lesson-1").await;
    trainer.ticks_in("#snapshots", "sandbox-act.confirm").await;
    trainer.presses("snapshots.restore").await;
    trainer.waits_for_words(&told("act-done.restored", "name", "lesson-1")).await;
    trainer.goes_to(&house.phone("hana-phone", "")).await;
    trainer.waits_for("button.menu").await;
    assert_eq!(trainer.counts(".state.good").await, 2, "both certificates are there again");
    trainer.leaves().await;
    house.ends().await;
}

fn term(text: &'static str) -> Value<'static> {
    Value::Term(inrou_words::Term { text, reading: "" })
}
