//! Opening a bank account: an application that is signed on the phone, and judged by the bank itself.
//!
//! - `applications`: the business, without HTTP; `same`: whether two spellings are one
//! - `judging`: what a signature came to, by `inrou-relying`
//! - `screens`: the application; `office`: the back office, which asks again whether certificates hold

mod applications;
mod judging;
mod office;
mod same;
mod screens;

pub use screens::{HOST, router, site};
