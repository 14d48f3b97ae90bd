//! The `NO_PROXY` list: the hosts that are reached without a proxy.

use std::net::IpAddr;

/// The entries of `NO_PROXY`. The default has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// `*`
    AnyHost,
    /// A host and every host below it, in lower case.
    Domain(String),
    /// A network: an address, and how many of its leading bits must agree.
    Network(IpAddr, u32),
}

impl NoProxy {
    /// Reads a list whose entries are separated by commas or white space. An entry that makes no sense is ignored.
    pub(crate) fn parse(list: &str) -> Self {
        Self(list.split([',', ' ', '\t', '\n']).filter_map(Entry::parse).collect())
    }

    /// Whether the list contains `host`, as it is written in a URL.
    pub(crate) fn contains(&self, host: &str) -> bool {
        self.0.iter().any(|entry| entry.covers(host))
    }
}

impl Entry {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if let Some((address, bits)) = entry.split_once('/')
            && let (Ok(address), Ok(bits)) = (without_brackets(address).parse(), bits.parse())
        {
            return Some(Self::Network(address, bits));
        }
        if let Ok(address) = without_brackets(entry).parse::<IpAddr>() {
            // The full width of either family.
            return Some(Self::Network(address, 128));
        }
        let domain = entry.strip_prefix('*').unwrap_or(entry).trim_matches('.');
        match domain {
            "" if entry == "*" => Some(Self::AnyHost),
            "" => None,
            domain => Some(Self::Domain(domain.to_ascii_lowercase())),
        }
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Self::AnyHost => true,
            Self::Network(network, bits) => {
                without_brackets(host).parse().is_ok_and(|address| leading_bits_agree(*network, address, *bits))
            }
            Self::Domain(domain) => {
                let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
                host.strip_suffix(domain.as_str()).is_some_and(|above| above.is_empty() || above.ends_with('.'))
            }
        }
    }
}

/// Whether the first `bits` bits of two addresses of one family agree. A number beyond the width of the family means the whole address.
fn leading_bits_agree(one: IpAddr, other: IpAddr, bits: u32) -> bool {
    let shift = |width: u32| width.saturating_sub(bits);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0,
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0,
        _ => false,
    }
}

/// An IPv6 address has brackets in a URL and none in a list.
fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_contains_hosts_domains_addresses_and_networks() {
        for (list, host, expected) in [
            ("*", "app.opentrain.ai", true),
            ("other.example, app.opentrain.ai", "app.opentrain.ai", true),
            ("opentrain.ai", "app.opentrain.ai", true),
            (".OpenTrain.ai", "app.opentrain.ai", true),
            ("*.opentrain.ai", "app.opentrain.ai", true),
            ("opentrain.ai.", "app.opentrain.ai", true),
            ("opentrain.ai", "App.OpenTrain.ai.", true),
            ("train.ai", "app.opentrain.ai", false),
            ("opentrain", "app.opentrain.ai", false),
            ("x.app.opentrain.ai", "app.opentrain.ai", false),
            ("", "app.opentrain.ai", false),
            (",, .", "app.opentrain.ai", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "10.1.2.4", true),
            ("fd00::/8", "[fd12::1]", true),
            ("[fd12::1]", "[fd12::1]", true),
            ("fd00::/8", "[fe80::1]", false),
            ("::/0", "[fe80::1]", true),
            ("fd00::/8", "10.1.2.3", false),
        ] {
            assert_eq!(NoProxy::parse(list).contains(host), expected, "{list} {host}");
        }
    }
}
