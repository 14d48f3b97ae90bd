//! Which way a request leaves the machine: the same rules for every client.

use core::net::IpAddr;

use alloc::string::String;
use alloc::vec::Vec;
use http::Uri;

use crate::origin::Origin;
use crate::proxy::Proxy;
use crate::secret::BadInput;

/// The proxies that requests go through, and the hosts that are reached without one.
///
/// As curl has it: for https `https_proxy` or `HTTPS_PROXY`, for http `http_proxy` (in capitals it could be a CGI request's header),
/// for both else `all_proxy` or `ALL_PROXY`; the first one that is there counts, and an empty one is no proxy. `no_proxy` or
/// `NO_PROXY` lists the hosts to reach without: `example.com` (and all below it), `*`, an address, or a network such as
/// `10.0.0.0/8`. Other than with curl, no variable sends what is for this machine itself through a proxy; [`with`](Self::with) does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    by_hand: Option<Proxy>,
    http: Option<Named>,
    https: Option<Named>,
    except: Vec<Except>,
}

/// The way to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way<'a> {
    /// No proxy is named.
    Direct,
    /// It is this machine itself.
    Loopback,
    /// `NO_PROXY` names it.
    Excepted,
    /// Through this one.
    Through {
        /// The proxy.
        proxy: &'a Proxy,
        /// The variable that names it; `None` when it was named by hand.
        variable: Option<&'static str>,
    },
}

/// A variable that names no proxy. Its value is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {error}")]
pub struct BadProxy {
    /// The variable's name.
    pub variable: &'static str,
    /// The rule that its value breaks.
    pub error: BadInput,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    variable: &'static str,
    proxy: Proxy,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Except {
    All,
    /// A host and all below it, in lower case.
    Domain(String),
    /// The first so many bits of an address.
    Network(IpAddr, u32),
}

impl Proxies {
    /// The variables that may name a proxy or an exception, in the order in which they are looked at.
    pub const VARIABLES: [&'static str; 7] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

    /// What the variables say; `variable` reads one, and gives `None` only where there is none.
    ///
    /// # Errors
    /// [`BadProxy`] for a variable that would count, and is no proxy's URL.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadProxy> {
        let first = |names: &[&'static str]| names.iter().find_map(|name| variable(name).map(|value| (*name, value)));
        let proxy = |names: &[&'static str]| match first(names).filter(|(_, value)| !value.trim().is_empty()) {
            None => Ok(None),
            Some((variable, value)) => match Proxy::parse(&value) {
                Ok(proxy) => Ok(Some(Named { variable, proxy })),
                Err(error) => Err(BadProxy { variable, error }),
            },
        };
        let except = first(&["no_proxy", "NO_PROXY"]).map(|(_, list)| list).unwrap_or_default();
        Ok(Self {
            by_hand: None,
            http: proxy(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            except: except.split([',', ' ', '\t', '\n']).filter_map(Except::read).collect(),
        })
    }

    /// The same, but through this one, whatever the variables name; to this machine itself too. The exceptions stay.
    #[must_use]
    pub fn with(self, proxy: Proxy) -> Self {
        Self { by_hand: Some(proxy), ..self }
    }

    /// The way to the host of an absolute URL.
    #[must_use]
    pub fn way(&self, url: &Uri) -> Way<'_> {
        let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else { return Way::Direct };
        let named = if scheme == "https" { &self.https } else { &self.http };
        let (proxy, variable) = match (&self.by_hand, named) {
            (Some(proxy), _) => (proxy, None),
            (None, Some(named)) => (&named.proxy, Some(named.variable)),
            (None, None) => return Way::Direct,
        };
        match () {
            () if variable.is_some() && Origin::is_loopback_host(host) => Way::Loopback,
            () if self.except.iter().any(|except| except.covers(host)) => Way::Excepted,
            () => Way::Through { proxy, variable },
        }
    }

    /// The proxy on the way to the host of an absolute URL.
    #[must_use]
    pub fn proxy_for(&self, url: &Uri) -> Option<&Proxy> {
        if let Way::Through { proxy, .. } = self.way(url) { Some(proxy) } else { None }
    }
}

impl Except {
    fn read(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if let Some((address, bits)) = entry.split_once('/')
            && let (Ok(address), Ok(bits)) = (bare(address).parse(), bits.parse())
        {
            return Some(Self::Network(address, bits));
        }
        if let Ok(address) = bare(entry).parse::<IpAddr>() {
            return Some(Self::Network(address, 128));
        }
        let domain = entry.strip_prefix('*').unwrap_or(entry).trim_matches('.');
        match domain {
            "" if entry == "*" => Some(Self::All),
            "" => None,
            domain => Some(Self::Domain(domain.to_ascii_lowercase())),
        }
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(network, bits) => bare(host).parse().is_ok_and(|address| share_bits(*network, address, *bits)),
            Self::Domain(domain) => {
                let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
                host.strip_suffix(domain.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
        }
    }
}

fn share_bits(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let shift = |width: u32| width.saturating_sub(bits);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0,
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0,
        _ => false,
    }
}

/// An IPv6 address stands in brackets in a URL, and without in a list.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENTRAIN: &str = "https://app.opentrain.ai/x";

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    /// The variable by which a URL is reached, or how else.
    fn way(variables: &[(&str, &str)], url: &str) -> &'static str {
        match proxies(variables).way(&url.parse().unwrap()) {
            Way::Direct => "direct",
            Way::Loopback => "loopback",
            Way::Excepted => "excepted",
            Way::Through { variable, .. } => variable.unwrap(),
        }
    }

    #[test]
    fn the_variable_of_the_scheme_comes_first() {
        let all =
            [("https_proxy", "a"), ("HTTPS_PROXY", "b"), ("http_proxy", "c"), ("HTTP_PROXY", "d"), ("all_proxy", "e"), ("ALL_PROXY", "f")];
        for (from, https, http) in [
            (0, "https_proxy", "http_proxy"),
            (1, "HTTPS_PROXY", "http_proxy"),
            (2, "all_proxy", "http_proxy"),
            // HTTP_PROXY is not among them.
            (3, "all_proxy", "all_proxy"),
            (5, "ALL_PROXY", "ALL_PROXY"),
            (6, "direct", "direct"),
        ] {
            let variables = &all[from..];
            assert_eq!((way(variables, OPENTRAIN), way(variables, "http://service.example/")), (https, http), "{variables:?}");
        }
    }

    #[test]
    fn an_empty_variable_is_no_proxy() {
        assert_eq!(way(&[("https_proxy", ""), ("HTTPS_PROXY", "a"), ("ALL_PROXY", "b")], OPENTRAIN), "direct");
    }

    #[test]
    fn no_variable_sends_this_machine_to_a_proxy_but_a_hand_does() {
        let variables = [("all_proxy", "http://proxy.example")];
        for url in ["http://127.0.0.1:1/", "https://LOCALHOST/", "http://[::1]:1/", "https://127.8.9.1/"] {
            assert_eq!(way(&variables, url), "loopback", "{url}");
            let by_hand = proxies(&variables).with(Proxy::parse("http://other.example").unwrap());
            let named = by_hand.proxy_for(&url.parse().unwrap()).map(|proxy| *proxy.expose() == "http://other.example:80");
            assert_eq!(named, Some(true), "{url}");
        }
    }

    #[test]
    fn exceptions() {
        for (list, url, expected) in [
            ("*", OPENTRAIN, true),
            ("other.example, app.opentrain.ai", OPENTRAIN, true),
            ("opentrain.ai", OPENTRAIN, true),
            (".OpenTrain.ai", OPENTRAIN, true),
            ("*.opentrain.ai", OPENTRAIN, true),
            ("opentrain.ai.", OPENTRAIN, true),
            ("train.ai", OPENTRAIN, false),
            ("opentrain", OPENTRAIN, false),
            ("x.app.opentrain.ai", OPENTRAIN, false),
            ("", OPENTRAIN, false),
            (",, .", OPENTRAIN, false),
            ("10.0.0.0/8", "https://10.1.2.3/", true),
            ("10.0.0.0/8", "https://11.1.2.3/", false),
            ("10.1.2.3", "https://10.1.2.3/", true),
            ("10.1.2.3", "https://10.1.2.4/", false),
            ("0.0.0.0/0", "https://10.1.2.4/", true),
            ("fd00::/8", "https://[fd12::1]/", true),
            ("[fd12::1]", "https://[fd12::1]:8443/", true),
            ("fd00::/8", "https://[fe80::1]/", false),
            ("::/0", "https://[fe80::1]/", true),
            ("fd00::/8", "https://10.1.2.3/", false),
        ] {
            let variables = [("all_proxy", "http://proxy.example"), ("no_proxy", list)];
            assert_eq!(way(&variables, url) == "excepted", expected, "{list} {url}");
            let by_hand = proxies(&variables).with(Proxy::parse("http://other.example").unwrap());
            assert_eq!(by_hand.proxy_for(&url.parse().unwrap()).is_none(), expected, "{list} {url}");
        }
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_named() {
        let error = Proxies::from_variables(|name| (name == "ALL_PROXY").then(|| "ftp://joe:canary@x".to_owned())).unwrap_err();
        assert!(error.variable == "ALL_PROXY" && !alloc::format!("{error}{error:?}").contains("canary"), "{error}");
    }
}
