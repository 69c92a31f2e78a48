//! What the HTTP server of every role shares.
//!
//! A role builds an `OpenApiRouter`, has it documented ([`documented`]), wraps it ([`Shell::wrap`]:
//! trace id, access log, limits, security headers, problems for everything that goes wrong), puts it
//! under its host name ([`Hosts`]) and serves it ([`serve`]) on a listener ([`listen`]).

mod document;
mod extract;
mod guard;
mod hosts;
mod listen;
mod openings;
mod poll;
mod run;
mod shell;
mod source;

pub use document::{Access, documented, with_access};
pub(crate) use extract::read_json;
pub use extract::{Json, Path, Query, parse_json, read_body};
pub use guard::OpenToOthers;
pub use hosts::Hosts;
pub(crate) use hosts::authority;
pub use listen::{
    Handshakes, ListenError, PlainListener, TlsListener, listen, listen_tls, listen_tls_and_plain,
    tls_config,
};
pub use openings::Openings;
pub use poll::{Wait, long_poll};
pub use run::{Shutdown, Trigger, serve, shutdown};
pub use shell::{Shell, ShowProblem};
pub use source::Source;
