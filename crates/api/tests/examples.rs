//! The examples in the API documents are what the operations take.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use inrou_api::wire::{authority as a, phone, portal, transaction};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

/// Reads the example of a type as that type, and finds all of it again.
fn check<T: ToSchema + DeserializeOwned + Serialize>() {
    let schema = serde_json::to_value(T::schema()).unwrap();
    let name = T::name();
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    let example = example.unwrap_or_else(|| panic!("{name} has no example"));
    let read: T = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("the example of {name}: {error}"));
    contains(&serde_json::to_value(&read).unwrap(), example, &name);
}

fn contains(whole: &Value, part: &Value, name: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (member, value) in part {
                contains(&whole[member], value, name);
            }
        }
        _ => assert_eq!(whole, part, "{name}"),
    }
}

#[test]
fn the_example_of_every_request_is_one() {
    check::<a::AdmitResident>();
    check::<a::BeginEnrolment>();
    check::<a::BeginRequest>();
    check::<a::ChangeRecord>();
    check::<a::ChooseCertificates>();
    check::<a::FindHolder>();
    check::<a::IssueCard>();
    check::<a::ReportLoss>();
    check::<a::SessionAnswer>();
    check::<a::SessionWork>();
    check::<a::SignedStatement>();
    check::<a::UnlockCard>();
    check::<phone::ChangePin>();
    check::<phone::Consent>();
    check::<phone::NewPhone>();
    check::<phone::OpenLink>();
    check::<phone::PutCard>();
    check::<phone::ReadContents>();
    check::<phone::Step>();
    check::<portal::Decision>();
    check::<portal::DrawUpApplication>();
    check::<transaction::TransactionAnswer>();
}

#[test]
fn the_example_of_a_form_has_the_fields_of_its_procedure() {
    let schema = serde_json::to_value(portal::DrawUpApplication::schema()).unwrap();
    let fields = schema.get("example").unwrap_or(&schema["examples"][0])["fields"].clone();
    let _: portal::MovingOutFields = serde_json::from_value(fields).unwrap();
}

#[test]
fn the_examples_of_identifiers_are_identifiers() {
    check::<inrou_rules::Attributes>();
    check::<inrou_rules::ChipId>();
    check::<inrou_rules::EnrolmentId>();
    check::<inrou_rules::Municipality>();
    check::<inrou_rules::ResidentId>();
    check::<inrou_rules::Uses>();
    check::<transaction::TransactionId>();
}
