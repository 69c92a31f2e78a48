//! relying
