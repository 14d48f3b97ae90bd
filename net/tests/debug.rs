//! No `Debug` and no `Display` of this crate shows the login of a proxy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use enlist_net::{BuildError, Proxies, Proxy, Settings};

#[test]
fn no_login_of_a_proxy_is_shown() {
    let proxy = Proxy::parse("http://canary:canary@proxy.example:3128").unwrap();
    let variables = |name: &str| (name == "https_proxy").then(|| "http://canary:canary@proxy.example:3128".to_owned());
    let from_variables = Proxies::from_variables(variables).unwrap();
    let explicit = from_variables.clone().with(proxy.clone());
    let bad = Proxies::from_variables(|_| Some("ftp://canary@proxy.example".to_owned())).unwrap_err();
    let route = from_variables.route_to(&"https://service.example/".parse().unwrap());
    let settings = Settings::default().with_proxies(explicit.clone());
    let error = BuildError::from(bad);
    let shown = format!("{proxy} {proxy:?} {from_variables:?} {explicit:?} {bad} {bad:?} {route:?} {settings:?} {error} {error:?}");
    assert!(shown.contains("proxy.example:3128") && shown.contains("https_proxy") && !shown.contains("canary"), "{shown}");
}
