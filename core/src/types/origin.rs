//! The only origin to which a ceremony may send anything. It is pinned when the ceremony is made.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::Uri;

use crate::error::Violation;
use crate::types::secret::{BadInput, ClaimLink};
use crate::types::untrusted::Untrusted;

/// A service's scheme, host and port. The scheme is https, or http if the host is loopback.
///
/// Origins are compared as typed values (lower-case host, port always present), never as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

/// An absolute URL on a pinned origin. A request can be addressed to nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Uri);

impl Origin {
    const RULE: &'static str = "https://host or https://host:port, without path, query or user; plain http only for a loopback host";

    /// Reads a base URL such as `https://app.opentrain.ai`.
    ///
    /// # Errors
    /// [`BadInput`] for plain http to a host that is not loopback, and for a path, a query, a fragment or a user name.
    pub fn parse(base_url: &str) -> Result<Self, BadInput> {
        let bad = BadInput { what: "base URL", rule: Self::RULE };
        let (origin, rest) = split(base_url.trim()).ok_or(bad)?;
        if matches!(rest, "" | "/") && origin.is_safe() { Ok(origin) } else { Err(bad) }
    }

    /// Whether the host is this machine itself: `localhost`, `127.0.0.0/8` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Self::is_loopback_host(&self.host)
    }

    /// Whether a host, without a port, is this machine itself. An IPv6 address is in brackets.
    pub(crate) fn is_loopback_host(host: &str) -> bool {
        let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || v6.is_some_and(|host| host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()))
    }

    fn is_safe(&self) -> bool {
        self.scheme == Scheme::Https || self.is_loopback()
    }

    /// The URL of `path` (which begins with a slash) on this origin.
    pub(crate) fn endpoint(&self, path: &str) -> Endpoint {
        // An origin and an absolute path always make a URI. The default is an empty URI, which addresses nothing.
        Endpoint(format!("{self}{path}").parse().unwrap_or_default())
    }

    /// Reads an absolute URL from an answer, which must be on this origin.
    ///
    /// # Errors
    /// [`Violation::ForeignOrigin`] for another origin, [`Violation::BadField`] for a text that is not a plain URL.
    pub(crate) fn pinned_endpoint(&self, field: &'static str, url: &str) -> Result<Endpoint, Violation> {
        let rest = self.rest_of(field, url)?;
        if rest.contains('#') {
            return Err(Violation::BadField { field: field.into() });
        }
        format!("{self}{rest}").parse().map(Endpoint).map_err(|_| Violation::BadField { field: field.into() })
    }

    /// A link for the human, built from the parsed URL.
    ///
    /// # Errors
    /// The errors of [`pinned_endpoint`](Self::pinned_endpoint).
    pub(crate) fn pinned_link(&self, field: &'static str, url: &str) -> Result<ClaimLink, Violation> {
        let rest = self.rest_of(field, url)?;
        ClaimLink::parse(&format!("{self}{rest}")).map_err(|_| Violation::BadField { field: field.into() })
    }

    fn rest_of<'a>(&self, field: &'static str, url: &'a str) -> Result<&'a str, Violation> {
        let (origin, rest) = split(url).ok_or_else(|| Violation::BadField { field: field.into() })?;
        if origin != *self {
            return Err(Violation::ForeignOrigin { field: field.into(), origin: Untrusted::new(&format!("{origin}")) });
        }
        Ok(if rest.is_empty() { "/" } else { rest })
    }
}

/// The origins that a ceremony may address, fixed when the ceremony is made. The first one is the service's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinnedOrigins(Arc<Pinned>);

#[derive(Debug, PartialEq, Eq)]
struct Pinned {
    service: Origin,
    others: Vec<Origin>,
}

impl PinnedOrigins {
    /// Pins the service's own origin and no other.
    pub(crate) fn only(service: Origin) -> Self {
        Self(Arc::new(Pinned { service, others: Vec::new() }))
    }

    /// Pins all of `origins`; `None` if there are none.
    pub(crate) fn of(origins: impl IntoIterator<Item = Origin>) -> Option<Self> {
        let mut origins = origins.into_iter();
        Some(Self(Arc::new(Pinned { service: origins.next()?, others: origins.collect() })))
    }

    /// The service's own origin.
    pub(crate) fn service(&self) -> &Origin {
        &self.0.service
    }

    /// Every pinned origin, the service's own first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        core::iter::once(&self.0.service).chain(&self.0.others)
    }

    /// The absolute URL in the member `field` of an answer, which must be on a pinned origin.
    ///
    /// # Errors
    /// [`Violation::ForeignOrigin`] for any other origin, [`Violation::BadField`] for a text that is not a plain URL.
    pub(crate) fn endpoint(&self, field: &'static str, url: &str) -> Result<Endpoint, Violation> {
        self.first_match(|origin| origin.pinned_endpoint(field, url))
    }

    /// The link for the human in the member `field` of an answer, which must be on a pinned origin.
    ///
    /// # Errors
    /// The errors of [`endpoint`](Self::endpoint).
    pub(crate) fn link(&self, field: &'static str, url: &str) -> Result<ClaimLink, Violation> {
        self.first_match(|origin| origin.pinned_link(field, url))
    }

    fn first_match<T>(&self, look: impl Fn(&Origin) -> Result<T, Violation>) -> Result<T, Violation> {
        let own = look(&self.0.service);
        match own {
            Err(Violation::ForeignOrigin { .. }) => self.0.others.iter().find_map(|origin| look(origin).ok()).map_or(own, Ok),
            own => own,
        }
    }
}

impl Endpoint {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }
}

/// Writes `https://host` or `https://host:port`. The default port of the scheme is left out.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default_port) = self.scheme.name_and_port();
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default_port { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl Scheme {
    const fn name_and_port(self) -> (&'static str, u16) {
        match self {
            Self::Http => ("http", 80),
            Self::Https => ("https", 443),
        }
    }
}

/// Splits an absolute URL into its origin and the rest. It is strict: it accepts only characters that a URL may contain unescaped, no user
/// name and no empty host, so that another parser cannot find another host in the same text.
fn split(url: &str) -> Option<(Origin, &str)> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}');
    if !url.bytes().all(is_plain) {
        return None;
    }
    let (scheme, after) = url.split_once("://")?;
    let scheme = match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => Scheme::Https,
        _ if scheme.eq_ignore_ascii_case("http") => Scheme::Http,
        _ => return None,
    };
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let (host, port) = host_and_port(authority, scheme)?;
    Some((Origin { scheme, host, port }, rest))
}

fn host_and_port(authority: &str, scheme: Scheme) -> Option<(String, u16)> {
    let parsed: http::uri::Authority = authority.parse().ok()?;
    let host = parsed.host();
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        // One address has many spellings, which are the same host.
        let address: Ipv6Addr = address.parse().ok()?;
        return Some((format!("[{address}]"), port_of(authority, host, scheme)?));
    }
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    is_name.then(|| Some((host.to_ascii_lowercase(), port_of(authority, host, scheme)?)))?
}

fn port_of(authority: &str, host: &str, scheme: Scheme) -> Option<u16> {
    let after_host = authority.strip_prefix(host)?;
    match after_host.strip_prefix(':') {
        None if after_host.is_empty() => Some(scheme.name_and_port().1),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().filter(|port| *port != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "https://app.opentrain.ai";

    #[test]
    fn a_base_url_is_https_or_loopback() {
        for good in [
            PIN,
            "https://app.opentrain.ai/",
            "HTTPS://App.OpenTrain.ai:443",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
            "https://10.0.0.1",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "app.opentrain.ai",
            "http://app.opentrain.ai",
            "http://127.0.0.1.evil.com",
            "http://localhost.evil.com",
            "http://0.0.0.0",
            "http://127.1",
            "ftp://app.opentrain.ai",
            "ftp://localhost",
            "https://app$.opentrain.ai",
            "https://app~.opentrain.ai",
            "https://app!.opentrain.ai",
            "https://",
            "https://user@app.opentrain.ai",
            "https://app.opentrain.ai/x",
            "https://app.opentrain.ai?x",
            "https://app.opentrain.ai#x",
            "https://app.opentrain.ai:0",
            "https://app.opentrain.ai:99999",
            "https://app.opentrain.ai:",
            "https://app opentrain.ai",
            "https://app.opentrain.ai\n",
            "https://аpp.opentrain.ai",
            "https:\\\\app.opentrain.ai",
        ] {
            // White space around a typed URL is accepted. A line break inside is not.
            assert_eq!(Origin::parse(bad).is_ok(), bad.ends_with('\n'), "{bad:?}");
        }
    }

    #[test]
    fn an_ipv6_host_is_an_address_and_not_a_text() {
        assert_eq!(Origin::parse("https://[::1]"), Origin::parse("https://[0:0:0:0:0:0:0:1]:443"));
        for bad in ["https://[zz]", "https://[]", "https://[1]", "https://[::1", "https://[::1]x"] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn equal_origins_are_equal_however_written() {
        let pin = Origin::parse(PIN).unwrap();
        for same in ["https://APP.opentrain.ai/api", "https://app.opentrain.ai:443/api", "https://app.opentrain.ai"] {
            assert!(pin.pinned_endpoint("claim_endpoint", same).is_ok(), "{same}");
        }
        assert_eq!(
            pin.pinned_link("verification_uri", "HTTPS://APP.opentrain.ai:443/claim?token=ot_cat_x#y").unwrap().expose(),
            "https://app.opentrain.ai/claim?token=ot_cat_x#y"
        );
    }

    #[test]
    fn confusable_urls_are_foreign_or_no_url() {
        let pin = Origin::parse(PIN).unwrap();
        for foreign in [
            "https://evil.com/",
            "https://app.opentrain.ai.evil.com/",
            "https://app.opentrain.ai:444/",
            "http://app.opentrain.ai/",
            "https://opentrain.ai/",
            "https://app.opentrain.ai./",
            "https://app.opentrain.ai@evil.com/",
            "https://evil.com/@app.opentrain.ai",
            "https://evil.com#app.opentrain.ai",
            "https://evil.com?app.opentrain.ai",
            "//app.opentrain.ai/",
            "/api",
            "",
            "https:/app.opentrain.ai/",
            "https:app.opentrain.ai",
            "https://app.opentrain.ai\\@evil.com/",
            "https://app.opentrain.ai%2eevil.com/",
            "https://app.opentrain.ai%00.evil.com/",
            "https://\u{202e}app.opentrain.ai/",
            "https://app.opentrain.ai/\u{1b}[31m",
            "https://app.opentrain.ai/ x",
            "https://app。opentrain.ai/",
            "https://xn--pp-7ka.opentrain.ai/",
            "javascript:alert(1)//https://app.opentrain.ai/",
            "https://[::1]/",
            "https://127.0.0.1/",
            "https://app.opentrain.ai:443x/",
            "https://app.opentrain.ai:+443/",
            "https://:443/",
            "https://user:pw@app.opentrain.ai/",
            "https://app.opentrain.ai/<b>",
            "https://app.opentrain.ai/\"x\"",
            "https://app.opentrain.ai/{x}|^`",
            "https://app.opentrain.ai/\\x",
            "https://@app.opentrain.ai/",
        ] {
            assert!(pin.pinned_endpoint("token_endpoint", foreign).is_err(), "{foreign}");
            assert!(pin.pinned_link("verification_uri", foreign).is_err(), "{foreign}");
        }
        assert!(pin.pinned_endpoint("token_endpoint", "https://app.opentrain.ai/x#y").is_err());
    }
}
