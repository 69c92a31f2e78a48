//! Biometrics in place of the PIN.

use std::sync::Arc;

use inrou_api::wire::Base64;
use inrou_api::wire::phone::ChipContents;
use inrou_api::wire::transaction::Purpose;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey};
use jiff::SignedDuration;
use serde_json::json;

use crate::visitor::{Page, Visitor};
use crate::world::{PHONE_PIN, World};

/// The device's own authenticator, as WebAuthn has it.
struct Authenticator {
    key: Arc<SoftwareKey>,
    credential: &'static str,
    prf: [u8; 32],
    flags: u8,
    kind: &'static str,
    site: &'static str,
    origin: &'static str,
    cross_origin: bool,
}

impl Authenticator {
    fn new() -> Self {
        let key = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
        Self {
            key,
            credential: "credential",
            prf: [7; 32],
            flags: 0b101,
            kind: "webauthn.get",
            site: "phone.localhost",
            origin: "http://phone.localhost",
            cross_origin: false,
        }
    }

    /// The fields that the script fills in, for the challenge on a page.
    fn answer(&self, page: &Page) -> String {
        let asked = page.html.split("data-challenge=\"").nth(1).unwrap();
        let challenge = asked.split('"').next().unwrap().trim_end_matches('=');
        let challenge = challenge.replace('+', "-").replace('/', "_");
        let client = json!({
            "type": self.kind, "challenge": challenge, "origin": self.origin,
            "crossOrigin": self.cross_origin,
        });
        let client = client.to_string().into_bytes();
        let sha256 = |bytes: &[u8]| HashAlgorithm::Sha256.digest(bytes).as_bytes().to_vec();
        let data = [sha256(self.site.as_bytes()), vec![self.flags, 0, 0, 0, 0]].concat();
        let signed = [data.clone(), sha256(&client)].concat();
        let signature = self.key.sign(&signed);
        let fields = [
            ("credential", self.credential.as_bytes().to_vec()),
            ("key", self.key.public_key().spki().to_vec()),
            ("authenticator", data),
            ("client", client),
            ("signature", signature.unwrap()),
            ("prf", self.prf.to_vec()),
        ];
        fields.into_iter().fold(String::new(), |form, (name, value)| {
            let value = String::from(Base64(value)).replace('+', "%2B").replace('/', "%2F");
            format!("{form}&{name}={}", value.replace('=', "%3D"))
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reg_2_biometrics_stand_in_for_the_pin_until_it_changes() {
    let world = World::new().await;
    let visitor = Visitor::new(&world, "ja-easy");
    assert!(visitor.carry(&world).await.has("/phones/p/passkey"));
    let mut own = Authenticator::new();
    let page = visitor.look("/passkey").await;
    let wrong = visitor.send("/passkey", &format!("pin=9998{}", own.answer(&page))).await;
    assert!(wrong.tells("wrong-pin") && wrong.faults("pin"));
    let none = visitor.send("/passkey", &format!("pin={PHONE_PIN}")).await;
    assert!(none.tells("passkey-refused"), "without the script the PIN stays");
    let page = visitor.look("/passkey").await;
    let form = format!("pin={PHONE_PIN}{}", own.answer(&page));
    assert!(visitor.send("/passkey", &form).await.has("/passkey/remove"));
    let memory = std::fs::read_to_string(world.fleet_directory().join("p/phone.json")).unwrap();
    assert!(memory.contains("sealed") && !memory.contains(&format!("\"{PHONE_PIN}\"")));

    let ask = || {
        let expires = world.now() + SignedDuration::from_mins(15);
        world.portal.ask(Purpose::LogIn, "ログイン", expires).1
    };
    let consent = |link: &str, fields: &str| format!("link={link}&consent=approve{fields}");
    let link = ask();
    let open = format!("/open?link={link}");
    // Each of these costs no try, and the PIN can be typed instead.
    for spoil in [
        (|own| own.flags = 0b001) as fn(&mut Authenticator),
        |own| own.flags = 0b100,
        |own| own.kind = "webauthn.create",
        |own| own.site = "localhost",
        |own| own.origin = "http://evil.localhost",
        |own| own.origin = "app://phone.localhost",
        |own| own.cross_origin = true,
        |own| own.credential = "another",
        |own| own.prf = [8; 32],
        |own| own.key = Authenticator::new().key,
    ] {
        let mut other = Authenticator { key: own.key.clone(), ..Authenticator::new() };
        spoil(&mut other);
        let fields = other.answer(&visitor.look(&open).await);
        let refused = visitor.send("/consent", &consent(&link, &fields)).await;
        assert!(refused.tells("passkey-refused") && refused.has("name=\"secret\""));
        let contents = world.post::<ChipContents>("/phones/p/contents", json!({})).await.unwrap();
        assert_eq!(contents.keys[1].tries_left, 3);
    }
    // What was asked for another link, or to register, answers nothing here.
    let elsewhere = visitor.look(&format!("/open?link={}", ask())).await;
    let fields = own.answer(&elsewhere);
    assert!(visitor.send("/consent", &consent(&link, &fields)).await.tells("passkey-refused"));
    let page = visitor.look(&open).await;
    let fields = own.answer(&page);
    world.advance(SignedDuration::from_mins(10));
    assert!(visitor.send("/consent", &consent(&link, &fields)).await.tells("passkey-refused"));
    let link = ask();
    let open = format!("/open?link={link}");
    let page = visitor.look(&open).await;
    let fields = own.answer(&page);
    world.reopen().await;
    let stale = visitor.send("/consent", &consent(&link, &fields)).await;
    assert!(stale.tells("passkey-refused"), "a challenge of before the restart");
    let fields = own.answer(&visitor.look(&open).await);
    let done = visitor.send("/consent", &consent(&link, &fields)).await;
    assert!(done.path.starts_with("/phones/p/answered/done?of="), "{}", done.path);
    let second = ask();
    visitor.look(&format!("/open?link={second}")).await;
    let replayed = visitor.send("/consent", &consent(&second, &fields)).await;
    assert!(replayed.tells("passkey-refused"), "a challenge is answered once");

    own.prf = [7; 32];
    let change = format!("old={PHONE_PIN}&new=8642&again=8642");
    visitor.send("/pins/user-authentication", &change).await;
    let third = visitor.look(&format!("/open?link={}", ask())).await;
    assert!(!third.has("data-passkey"), "it stood for the PIN of before");
}
