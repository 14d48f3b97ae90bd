//! A proxy's address. Nothing here connects; each client takes the URL in its own way.

use core::fmt;

use alloc::format;
use alloc::string::{String, ToString};
use http::uri::Authority;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::secret::BadInput;

/// Kinds of proxies, as URLs name them, and their usual ports.
const SCHEMES: [(&str, u16); 7] =
    [("http", 80), ("https", 443), ("socks", 1080), ("socks4", 1080), ("socks4a", 1080), ("socks5", 1080), ("socks5h", 1080)];

/// A proxy, by its URL: `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://` or `socks5h://`; without any it is `http://`.
/// `socks://` is `socks5://`.
///
/// A name and a password may stand in it, percent-encoded. `Display` and `Debug` leave them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: &'static str,
    /// Host and port.
    place: String,
    /// `name:password@`, encoded so that any reader of URLs decodes the same.
    login: Option<Zeroizing<String>>,
}

impl Proxy {
    const RULE: &'static str = "http://host:port, perhaps with name:password@ before the host (percent-encoded), or https, socks4, \
                                socks4a, socks5 or socks5h in the place of http";

    /// Reads a proxy's URL.
    ///
    /// # Errors
    /// [`BadInput`], which does not quote it.
    pub fn parse(url: &str) -> Result<Self, BadInput> {
        read(url.trim()).ok_or(BadInput { what: "proxy", rule: Self::RULE })
    }

    /// The whole URL, login included.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let login = self.login.as_ref().map_or("", |login| login.as_str());
        Zeroizing::new(format!("{}://{login}{}", self.scheme, self.place))
    }

    /// Whether it is given a name and a password.
    #[must_use]
    pub const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Whether the client looks up the service's name itself, and the proxy gets an address only.
    #[must_use]
    pub fn is_given_addresses(&self) -> bool {
        matches!(self.scheme, "socks4" | "socks5")
    }
}

fn read(url: &str) -> Option<Proxy> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (scheme, port) = *SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // The last one: a password may hold what should have been encoded.
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let authority: Authority = place.parse().ok()?;
    let host = authority.host();
    let bare_host = host.trim_matches(['[', ']']);
    if bare_host.is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let port = match authority.as_str().strip_prefix(host)? {
        "" => port,
        number => number.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
    };
    let login = match login {
        None | Some("") => None,
        Some(login) => Some(encoded(login)?),
    };
    let scheme = if scheme == "socks" { "socks5" } else { scheme };
    Some(Proxy { scheme, place: format!("{}:{port}", host.to_ascii_lowercase()), login })
}

/// Decoded once, and encoded again in one way: readers of URLs differ about what may stand there unencoded.
fn encoded(login: &str) -> Option<Zeroizing<String>> {
    let (name, password) = login.split_once(':').map_or((login, None), |(name, password)| (name, Some(password)));
    let again = |text: &str| {
        let text = Zeroizing::new(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let is_plain = !text.chars().any(char::is_control);
        is_plain.then(|| Zeroizing::new(utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()))
    };
    // A colon in a name could not be told from the one before the password.
    let name = again(name).filter(|name| !name.contains("%3A"))?;
    let password = password.map_or_else(|| Some(Zeroizing::new(String::new())), again)?;
    Some(Zeroizing::new(format!("{}:{}@", name.as_str(), password.as_str())))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.place)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self}{})", if self.has_login() { ", with a login" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_proxy() {
        for (url, whole) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("HTTP://Proxy.Example", "http://proxy.example:80"),
            ("proxy.example:3128/", "http://proxy.example:3128"),
            (" https://proxy.example ", "https://proxy.example:443"),
            ("socks5h://[::1]", "socks5h://[::1]:1080"),
            ("socks://127.0.0.1:9", "socks5://127.0.0.1:9"),
            ("http://joe@proxy.example:1", "http://joe:@proxy.example:1"),
            ("http://joe:s%20p%40%25:@proxy.example:1", "http://joe:s%20p%40%25%3A@proxy.example:1"),
            ("http://a:p@ss#w/rd@proxy.example:1", "http://a:p%40ss%23w%2Frd@proxy.example:1"),
            ("http://a:100%@proxy.example:1", "http://a:100%25@proxy.example:1"),
        ] {
            assert_eq!(*Proxy::parse(url).unwrap().expose(), whole, "{url}");
        }
    }

    #[test]
    fn what_is_none() {
        for url in [
            "",
            "http://",
            "ftp://proxy.example",
            "http://proxy.example:0",
            "http://proxy.example:70000",
            "http://proxy.example:x",
            "http://proxy.example/path",
            "http://proxy.example?x",
            "http://pro xy.example",
            "http://a:b@",
            "http://:80",
            "http://[]:1",
            "http://a%0Ab:c@proxy.example",
            "http://a%3Ab:c@proxy.example",
            "http://a:%ff@proxy.example",
            "://x",
            "http://x:",
        ] {
            assert!(Proxy::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn with_socks4_and_socks5_the_client_looks_names_up() {
        for (url, expected) in [
            ("socks4://p.example", true),
            ("socks5://p.example", true),
            ("socks://p.example", true),
            ("socks4a://p.example", false),
            ("socks5h://p.example", false),
            ("http://p.example", false),
        ] {
            assert_eq!(Proxy::parse(url).unwrap().is_given_addresses(), expected, "{url}");
        }
    }

    #[test]
    fn a_login_is_there_or_not() {
        let has_login = |url: &str| Proxy::parse(url).unwrap().has_login();
        assert!(has_login("http://joe:x@p.example") && has_login("http://joe@p.example"));
        assert!(!has_login("http://p.example") && !has_login("http://@p.example"));
    }

    #[test]
    fn its_login_is_not_shown() {
        let proxy = Proxy::parse("http://joe:canary@proxy.example:1").unwrap();
        assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy.example:1 Proxy(http://proxy.example:1, with a login)");
        let error = Proxy::parse("ftp://joe:canary@proxy.example").unwrap_err();
        assert!(!format!("{error}{error:?}").contains("canary"));
    }
}
