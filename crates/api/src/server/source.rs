//! From where a request comes, for bounds on what anybody may begin.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::task::{Context, Poll};

use axum::extract::FromRequestParts;
use axum::http::Request;
use axum::http::request::Parts;
use tower::Service;

/// A caller's network, as far as it can be told: an IPv4 address, or the /64 of an IPv6 address, of which
/// one subscriber has all (RFC 6177 §2). Who calls from this computer is not told apart: programs on it,
/// and a proxy that stands for many. A proxy or router elsewhere is one network with all behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(Option<IpAddr>);

impl Source {
    /// A caller that is not told apart from others.
    pub const ANY: Self = Self(None);

    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            local if local.is_loopback() => None,
            IpAddr::V4(address) => Some(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Some(IpAddr::V6(Ipv6Addr::from(network)))
            }
        })
    }

    /// Whether it is told apart from others.
    pub(super) const fn is_known(self) -> bool {
        self.0.is_some()
    }
}

/// [`Source::ANY`] for a request that came over no connection.
impl<S: Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self::ANY))
    }
}

/// Has every request of a connection say where it comes from.
#[derive(Clone)]
pub(super) struct Sourced<S> {
    pub(super) source: Source,
    pub(super) service: S,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Sourced<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.source);
        self.service.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Source {
        Source::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv4_address_is_a_source_and_so_are_all_addresses_of_a_64() {
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }

    #[test]
    fn who_calls_from_this_computer_is_not_told_apart() {
        for local in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(of(local), Source::ANY, "{local}");
        }
    }
}
