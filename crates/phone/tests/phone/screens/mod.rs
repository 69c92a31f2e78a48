//! The app's screens over HTTP, as a browser without scripts sees them.

mod biometrics;
mod procedure;
mod usage;

use crate::house::CARD_PASSWORD;
use crate::visitor::{Page, Visitor};
use crate::world::{PHONE_PASSWORD, PHONE_PIN, World};

const LANGUAGES: [&str; 3] = ["ja", "ja-easy", "en"];

impl Visitor<'_> {
    /// Applies for both, up to the end of the application.
    async fn apply(&self) -> Page {
        self.send("/begin", "procedure=apply").await;
        self.step("card-password", &format!("&secret={CARD_PASSWORD}")).await;
        self.step("choose", "&signature=yes&user_authentication=yes&confirmed=yes").await;
        let read = self.step("read-card", "&card=hanako").await;
        assert!(read.path.ends_with("/procedure/read"), "{}", read.html);
        let password = format!("&secret={PHONE_PASSWORD}&again={PHONE_PASSWORD}");
        self.step("new-signature-password", &password).await;
        let pin = format!("&secret={PHONE_PIN}&again={PHONE_PIN}");
        self.step("new-user-authentication-pin", &pin).await
    }

    /// Applies for both, and registers them.
    async fn carry(&self, world: &World) -> Page {
        self.apply().await;
        world.authority.issue();
        world.hear(1).await;
        self.send("/begin", "procedure=register").await;
        self.step("register", "").await
    }
}
