//! The URL of a proxy. Nothing in this module connects; each HTTP client takes the URL in its own way.

use std::fmt;

use enlist_core::secret::BadInput;
use http::uri::Authority;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

/// The schemes of proxies and their usual ports.
const SCHEMES: [(&str, u16); 7] =
    [("http", 80), ("https", 443), ("socks", 1080), ("socks4", 1080), ("socks4a", 1080), ("socks5", 1080), ("socks5h", 1080)];

/// A proxy, given by its URL: `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://` or `socks5h://`. A URL without a scheme is
/// read as `http://`, and `socks://` as `socks5://`.
///
/// The URL may contain a user name and a password, percent-encoded. `Display` and `Debug` leave them out.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    scheme: &'static str,
    host_and_port: String,
    /// `name:password@`, encoded in such a way that every reader of URLs decodes the same text.
    login: Option<Zeroizing<String>>,
}

impl Proxy {
    const RULE: &'static str = "http://host:port, optionally with name:password@ before the host (percent-encoded); https, socks4, \
                                socks4a, socks5 or socks5h may replace http";

    /// Reads the URL of a proxy.
    ///
    /// # Errors
    /// [`BadInput`], which does not quote the URL.
    pub fn parse(url: &str) -> Result<Self, BadInput> {
        parse(url.trim()).ok_or(BadInput { what: "proxy", rule: Self::RULE })
    }

    /// The whole URL, with the user name and the password. It must not reach a log.
    #[must_use]
    pub fn expose(&self) -> Zeroizing<String> {
        let login = self.login.as_ref().map_or("", |login| login.as_str());
        Zeroizing::new(format!("{}://{login}{}", self.scheme, self.host_and_port))
    }

    /// Whether the URL contains a user name and a password.
    #[must_use]
    pub const fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// Whether the client looks up the name of the service itself and gives the proxy an address, as with `socks4` and `socks5`.
    #[must_use]
    pub fn client_resolves_names(&self) -> bool {
        matches!(self.scheme, "socks4" | "socks5")
    }
}

fn parse(url: &str) -> Option<Proxy> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (scheme, default_port) = *SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    // The last `@` counts: people forget to encode the ones in a password.
    let (login, authority) = rest.rsplit_once('@').map_or((None, rest), |(login, authority)| (Some(login), authority));
    let login = match login {
        None | Some("") => None,
        Some(login) => Some(reencoded(login)?),
    };
    let scheme = if scheme == "socks" { "socks5" } else { scheme };
    Some(Proxy { scheme, host_and_port: host_and_port(authority, default_port)?, login })
}

fn host_and_port(authority: &str, default_port: u16) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    let host = authority.host();
    if host.trim_matches(['[', ']']).is_empty() || authority.as_str().contains('@') {
        return None;
    }
    let port = match authority.as_str().strip_prefix(host)? {
        "" => default_port,
        number => number.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
    };
    Some(format!("{}:{port}", host.to_ascii_lowercase()))
}

/// Decodes a login once and encodes it again in one way, because readers of URLs disagree about what may stay unencoded in it.
fn reencoded(login: &str) -> Option<Zeroizing<String>> {
    let (name, password) = login.split_once(':').map_or((login, None), |(name, password)| (name, Some(password)));
    let reencode = |text: &str| {
        let text = Zeroizing::new(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let has_no_control = !text.chars().any(char::is_control);
        has_no_control.then(|| Zeroizing::new(utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()))
    };
    // A proxy could not tell a colon in the name from the one before the password.
    let name = reencode(name).filter(|name| !name.contains("%3A"))?;
    let password = password.map_or_else(|| Some(Zeroizing::new(String::new())), reencode)?;
    Some(Zeroizing::new(format!("{}:{}@", name.as_str(), password.as_str())))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host_and_port)
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
    fn a_url_is_read_and_written_in_one_way() {
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
    fn a_text_that_is_no_url_of_a_proxy_is_refused() {
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
    fn with_socks4_and_socks5_the_client_resolves_names() {
        for (url, expected) in [
            ("socks4://p.example", true),
            ("socks5://p.example", true),
            ("socks://p.example", true),
            ("socks4a://p.example", false),
            ("socks5h://p.example", false),
            ("http://p.example", false),
        ] {
            assert_eq!(Proxy::parse(url).unwrap().client_resolves_names(), expected, "{url}");
        }
    }

    #[test]
    fn a_login_is_found() {
        let has_login = |url: &str| Proxy::parse(url).unwrap().has_login();
        assert!(has_login("http://joe:x@p.example") && has_login("http://joe@p.example"));
        assert!(!has_login("http://p.example") && !has_login("http://@p.example"));
    }

    #[test]
    fn neither_display_nor_debug_nor_an_error_shows_the_login() {
        let proxy = Proxy::parse("http://joe:canary@proxy.example:1").unwrap();
        assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy.example:1 Proxy(http://proxy.example:1, with a login)");
        let error = Proxy::parse("ftp://joe:canary@proxy.example").unwrap_err();
        assert!(!format!("{error}{error:?}").contains("canary"));
    }
}
