//! The rules that choose the proxy of a request, for every client.

use enlist_core::Origin;
use enlist_core::secret::BadInput;
use http::Uri;

use crate::no_proxy::NoProxy;
use crate::proxy::Proxy;

/// The proxies that requests go through, and the hosts that are reached without one. The default has neither.
///
/// The variables of the environment are read as curl reads them. For https, `https_proxy` comes before `HTTPS_PROXY`; for http there is
/// `http_proxy` alone, because `HTTP_PROXY` could be a header of a CGI request; for both, `all_proxy` and `ALL_PROXY` follow. The first
/// variable that is set counts, and an empty one means no proxy. `no_proxy` or `NO_PROXY` lists the hosts to reach without a proxy:
/// `example.com` (with every host below it), `*`, an address, or a network such as `10.0.0.0/8`.
///
/// There is one difference from curl: no variable sends requests for this machine itself through a proxy. An explicit proxy
/// ([`with`](Self::with)) does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    explicit: Option<Proxy>,
    http: Option<FromVariable>,
    https: Option<FromVariable>,
    no_proxy: NoProxy,
}

/// How a request reaches a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route<'a> {
    /// Directly, because no proxy is set for the scheme of the URL.
    Direct,
    /// Directly, because the host is this machine itself.
    Loopback,
    /// Directly, because `NO_PROXY` lists the host.
    Excluded,
    /// Through a proxy.
    Through {
        /// The proxy.
        proxy: &'a Proxy,
        /// The variable that names the proxy; `None` for an explicit proxy.
        variable: Option<&'static str>,
    },
}

/// A variable of the environment that should name a proxy and does not. The error does not contain its value, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {error}")]
pub struct BadProxy {
    /// The name of the variable.
    pub variable: &'static str,
    /// The rule that the value breaks.
    pub error: BadInput,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FromVariable {
    variable: &'static str,
    proxy: Proxy,
}

impl Proxies {
    /// Every variable that may name a proxy or an exception, in the order in which they are read.
    pub const VARIABLES: [&'static str; 7] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];

    /// Reads the variables of the environment of this process.
    ///
    /// # Errors
    /// [`BadProxy`] for a variable that counts and is not the URL of a proxy.
    pub fn from_environment() -> Result<Self, BadProxy> {
        Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads the variables through `variable`, which must give `None` only for a variable that is not set.
    ///
    /// # Errors
    /// [`BadProxy`] for a variable that counts and is not the URL of a proxy.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadProxy> {
        let first = |names: &[&'static str]| names.iter().find_map(|name| variable(name).map(|value| (*name, value)));
        let proxy = |names: &[&'static str]| match first(names).filter(|(_, value)| !value.trim().is_empty()) {
            None => Ok(None),
            Some((variable, value)) => match Proxy::parse(&value) {
                Ok(proxy) => Ok(Some(FromVariable { variable, proxy })),
                Err(error) => Err(BadProxy { variable, error }),
            },
        };
        Ok(Self {
            explicit: None,
            http: proxy(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            no_proxy: first(&["no_proxy", "NO_PROXY"]).map(|(_, list)| NoProxy::parse(&list)).unwrap_or_default(),
        })
    }

    /// Sends every request through `proxy`, also those for this machine itself, whatever the variables name. `NO_PROXY` still applies.
    #[must_use]
    pub fn with(self, proxy: Proxy) -> Self {
        Self { explicit: Some(proxy), ..self }
    }

    /// The way that a request for an absolute URL takes to its host.
    #[must_use]
    pub fn route_to(&self, url: &Uri) -> Route<'_> {
        let (Some(scheme), Some(host)) = (url.scheme_str(), url.host()) else { return Route::Direct };
        let of_scheme = if scheme == "https" { &self.https } else { &self.http };
        let (proxy, variable) = match (&self.explicit, of_scheme) {
            (Some(proxy), _) => (proxy, None),
            (None, Some(FromVariable { variable, proxy })) => (proxy, Some(*variable)),
            (None, None) => return Route::Direct,
        };
        if variable.is_some() && is_loopback(url) {
            Route::Loopback
        } else if self.no_proxy.contains(host) {
            Route::Excluded
        } else {
            Route::Through { proxy, variable }
        }
    }

    /// The proxy that a request for an absolute URL goes through, if any.
    #[must_use]
    pub fn proxy_for(&self, url: &Uri) -> Option<&Proxy> {
        if let Route::Through { proxy, .. } = self.route_to(url) { Some(proxy) } else { None }
    }
}

/// Whether an absolute http or https URL addresses this machine itself: `localhost`, `127.0.0.0/8` or `[::1]`.
#[must_use]
pub fn is_loopback(url: &Uri) -> bool {
    let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else { return false };
    Origin::parse(&format!("{scheme}://{authority}")).is_ok_and(|origin| origin.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENTRAIN: &str = "https://app.opentrain.ai/x";

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())).unwrap()
    }

    /// The variable whose proxy a request for the URL goes through, or why it goes directly.
    fn route(variables: &[(&str, &str)], url: &str) -> &'static str {
        match proxies(variables).route_to(&url.parse().unwrap()) {
            Route::Direct => "direct",
            Route::Loopback => "loopback",
            Route::Excluded => "excluded",
            Route::Through { variable, .. } => variable.unwrap(),
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
            // HTTP_PROXY is not read.
            (3, "all_proxy", "all_proxy"),
            (5, "ALL_PROXY", "ALL_PROXY"),
            (6, "direct", "direct"),
        ] {
            let variables = &all[from..];
            assert_eq!((route(variables, OPENTRAIN), route(variables, "http://service.example/")), (https, http), "{variables:?}");
        }
    }

    #[test]
    fn an_empty_variable_means_no_proxy() {
        assert_eq!(route(&[("https_proxy", ""), ("HTTPS_PROXY", "a"), ("ALL_PROXY", "b")], OPENTRAIN), "direct");
    }

    #[test]
    fn an_explicit_proxy_applies_to_this_machine_and_a_variable_does_not() {
        let variables = [("all_proxy", "http://proxy.example")];
        for url in ["http://127.0.0.1:1/", "https://LOCALHOST/", "http://[::1]:1/", "https://127.8.9.1/"] {
            assert_eq!(route(&variables, url), "loopback", "{url}");
            let explicit = proxies(&variables).with(Proxy::parse("http://other.example").unwrap());
            let is_other = explicit.proxy_for(&url.parse().unwrap()).map(|proxy| *proxy.expose() == "http://other.example:80");
            assert_eq!(is_other, Some(true), "{url}");
        }
    }

    #[test]
    fn no_proxy_applies_to_variables_and_to_an_explicit_proxy() {
        for (list, expected) in [("opentrain.ai", true), ("other.example", false)] {
            let variables = [("all_proxy", "http://proxy.example"), ("no_proxy", list)];
            assert_eq!(route(&variables, OPENTRAIN) == "excluded", expected, "{list}");
            let explicit = proxies(&variables).with(Proxy::parse("http://other.example").unwrap());
            assert_eq!(explicit.proxy_for(&OPENTRAIN.parse().unwrap()).is_none(), expected, "{list}");
        }
    }

    #[test]
    fn no_proxy_in_lower_case_comes_first() {
        let route = |lower| route(&[("all_proxy", "http://p.example"), ("no_proxy", lower), ("NO_PROXY", "opentrain.ai")], OPENTRAIN);
        assert_eq!((route("other.example"), route("opentrain.ai")), ("all_proxy", "excluded"));
    }

    #[test]
    fn the_error_names_the_variable_and_not_its_value() {
        let error = Proxies::from_variables(|name| (name == "ALL_PROXY").then(|| "ftp://joe:canary@x".to_owned())).unwrap_err();
        assert!(error.variable == "ALL_PROXY" && !format!("{error}{error:?}").contains("canary"), "{error}");
    }

    #[test]
    fn this_machine_has_many_names() {
        for (url, expected) in [
            ("http://localhost/", true),
            ("http://LOCALHOST:1/", true),
            ("https://127.8.9.10:1/x?y", true),
            ("http://[::1]:1/", true),
            ("https://localhost.example/", false),
            ("https://app.opentrain.ai/", false),
            ("/path", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
