//! What the rulebook leaves to the operator. The defaults are the sandbox's.

use jiff::SignedDuration;
use jiff::civil::{Time, time};
use serde::{Deserialize, Serialize};

use crate::Platform;

/// The rulebook's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// When applications are worked on (HOURS-1).
    pub business_hours: BusinessHours,
    /// How long relying parties do not see a phone's new certificates (HOURS-3).
    pub visibility_delay: VisibilityDelay,
    /// Whether the report of a lost card also holds the phone's certificates (CARD-11, assumption:
    /// no).
    pub card_hold_includes_phone: bool,
    /// How long the deletion on a former phone is awaited before it counts as overdue (MOVE-3).
    pub deletion_watch: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            business_hours: BusinessHours::default(),
            visibility_delay: VisibilityDelay::default(),
            card_hold_includes_phone: false,
            deletion_watch: SignedDuration::from_hours(48),
        }
    }
}

/// The hours of every day, in Japan time, in which applications are worked on: 8:00 to 19:30 by
/// default (HOURS-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Hours", into = "Hours")]
pub struct BusinessHours {
    opens: Time,
    closes: Time,
}

impl BusinessHours {
    /// From `opens` on, until just before `closes`, within one day.
    ///
    /// # Errors
    /// `opens` is not before `closes`.
    pub fn new(opens: Time, closes: Time) -> Result<Self, InvalidBusinessHours> {
        if opens < closes { Ok(Self { opens, closes }) } else { Err(InvalidBusinessHours) }
    }

    /// When work begins each day.
    pub fn opens(self) -> Time {
        self.opens
    }

    /// From when on completed applications wait for the next day.
    pub fn closes(self) -> Time {
        self.closes
    }
}

impl Default for BusinessHours {
    fn default() -> Self {
        Self { opens: time(8, 0, 0, 0), closes: time(19, 30, 0, 0) }
    }
}

/// Business hours must open before they close, on the same day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBusinessHours;

impl std::fmt::Display for InvalidBusinessHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("business hours do not open before they close")
    }
}

impl std::error::Error for InvalidBusinessHours {}

/// For how many seconds after the registration (Android) or the notice (iPhone) relying parties do
/// not see the new certificates (HOURS-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VisibilityDelay {
    /// On Android.
    pub android_seconds: u32,
    /// On the iPhone.
    pub iphone_seconds: u32,
}

impl VisibilityDelay {
    /// What the guides say of the official service: 15 minutes and 5 minutes.
    pub const OFFICIAL: VisibilityDelay =
        VisibilityDelay { android_seconds: 15 * 60, iphone_seconds: 5 * 60 };

    /// The delay on `platform`, in seconds.
    pub fn seconds(self, platform: Platform) -> u32 {
        match platform {
            Platform::Android => self.android_seconds,
            Platform::Iphone => self.iphone_seconds,
        }
    }
}

/// The written form of [`BusinessHours`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    opens: Time,
    closes: Time,
}

impl TryFrom<Hours> for BusinessHours {
    type Error = InvalidBusinessHours;

    fn try_from(hours: Hours) -> Result<Self, InvalidBusinessHours> {
        Self::new(hours.opens, hours.closes)
    }
}

impl From<BusinessHours> for Hours {
    fn from(hours: BusinessHours) -> Self {
        Self { opens: hours.opens, closes: hours.closes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_hours_open_before_they_close() {
        let noon = time(12, 0, 0, 0);
        assert_eq!(BusinessHours::new(noon, noon), Err(InvalidBusinessHours));
        assert_eq!(BusinessHours::new(noon, time(8, 0, 0, 0)), Err(InvalidBusinessHours));
        assert_eq!(BusinessHours::new(noon, time(13, 0, 0, 0)).unwrap().opens(), noon);
        assert!(InvalidBusinessHours.to_string().contains("hours"));
    }

    #[test]
    fn settings_are_read_from_a_file_that_names_only_what_differs() {
        let text = r#"{"business_hours":{"opens":"09:00:00","closes":"17:00:00"}}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.business_hours.opens(), time(9, 0, 0, 0));
        assert_eq!(settings.visibility_delay, VisibilityDelay::default());
        let written = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&written).unwrap(), settings);
        let closed = r#"{"business_hours":{"opens":"17:00:00","closes":"09:00:00"}}"#;
        assert!(serde_json::from_str::<Settings>(closed).is_err());
        assert!(serde_json::from_str::<Settings>(r#"{"bussiness_hours":{}}"#).is_err());
    }
}
