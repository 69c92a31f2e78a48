//! Every text that a person reads, by code and language, with readings.
//!
//! Texts live in data files (`texts/`), each in [`Language::Ja`], [`Language::JaEasy`] and
//! [`Language::En`]. A code names a text, values fill its parameters, a [`Form`] says where it is to
//! stand:
//!
//! ```
//! use inrou_words::{Form, Language, error};
//!
//! let wrong = error("wrong-pin").unwrap();
//! let said = wrong.what().in_language(Language::En).with("left", 4_u64);
//! assert!(said.render(Form::Plain).contains("4 tries left"));
//! ```

mod authored;
mod calendar;
mod catalogue;
#[cfg(test)]
mod checks;
mod document;
mod error;
mod language;
mod loader;
mod markup;
mod notice;
mod places;
mod sources;
mod text;
mod value;
mod writer;
mod written;

pub use authored::{Authored, MalformedText};
pub use catalogue::texts;
pub use document::errors_markdown;
pub use error::{ErrorText, error, errors};
pub use language::{Language, UnknownLanguage};
pub use markup::is_kanji;
pub use notice::{NoticeText, notice, notices};
pub use places::{Place, PlaceName, place, places};
pub use text::{Parameter, Sentence, Text, text};
pub use value::{Kind, Term, Value};
pub use writer::{Form, language_of};
