//! The only origin to which a ceremony may send anything. It is pinned when the ceremony is made.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use alloc::format;
use alloc::string::String;

use crate::types::secret::BadInput;

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
pub(crate) fn split(url: &str) -> Option<(Origin, &str)> {
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
}
