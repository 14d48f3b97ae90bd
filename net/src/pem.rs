//! Reads bundles of certificates as they are found on machines: with comments, with other entries, and with some that are damaged.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The labels of an entry with a certificate. The last one is OpenSSL's: the certificate, and what it is trusted for.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

/// The number of certificates in a PEM bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PemBundle {
    /// How many could be read, and can be trusted.
    pub certificates: usize,
    /// How many entries should have one and could not be read.
    pub unreadable: usize,
}

impl PemBundle {
    /// Counts the certificates of a bundle, as [`TrustAnchors::add_pem`](crate::TrustAnchors::add_pem) reads it.
    #[must_use]
    pub fn count(bundle: &[u8]) -> Self {
        add_certificates(bundle, &mut RootCertStore::empty())
    }
}

/// Adds the certificates of a bundle. An entry that cannot be read costs no other one.
pub(crate) fn add_certificates(bundle: &[u8], roots: &mut RootCertStore) -> PemBundle {
    let mut counted = PemBundle::default();
    for entry in entries(&String::from_utf8_lossy(bundle)) {
        match certificate(&entry).map(|certificate| roots.add(certificate)) {
            Some(Ok(())) => counted.certificates += 1,
            _ => counted.unreadable += 1,
        }
    }
    counted
}

/// The base64 text of each entry with a certificate. An entry that has no end is cut off by the next one.
fn entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut is_inside = false;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        let label = |edge| line.strip_prefix(edge).and_then(|rest| rest.strip_suffix("-----"));
        if let Some(label) = label("-----BEGIN ") {
            is_inside = LABELS.contains(&label);
            entries.extend(is_inside.then(String::new));
        } else if label("-----END ").is_some() {
            is_inside = false;
        } else if let (true, Some(entry)) = (is_inside, entries.last_mut()) {
            entry.push_str(line);
            entry.push('\n');
        }
    }
    entries
}

fn certificate(base64: &str) -> Option<CertificateDer<'static>> {
    let entry = format!("-----BEGIN CERTIFICATE-----\n{base64}-----END CERTIFICATE-----\n");
    let der = CertificateDer::from_pem_slice(entry.as_bytes()).ok()?;
    let length = length_of_first_value(&der)?;
    der.get(..length).map(|certificate| CertificateDer::from(certificate.to_vec()))
}

/// The length of the first DER value with its header. What OpenSSL adds to a trusted certificate stands behind the certificate.
fn length_of_first_value(der: &[u8]) -> Option<usize> {
    let (header, short) = (der.get(..2)?, usize::from(*der.get(1)?));
    if short < 0x80 {
        return Some(header.len() + short);
    }
    let bytes = der.get(2..2 + (short & 0x7f)).filter(|bytes| bytes.len() <= 4)?;
    let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    length.checked_add(header.len() + bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &str = include_str!("../tests/tls/ca.pem");

    fn count(bundle: impl AsRef<[u8]>) -> (usize, usize) {
        let counted = PemBundle::count(bundle.as_ref());
        (counted.certificates, counted.unreadable)
    }

    #[test]
    fn an_entry_that_cannot_be_read_costs_no_other_one() {
        let torn = &CA[..CA.len() / 2];
        for bad in ["-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n", torn] {
            assert_eq!(count(format!("{bad}\n{CA}")), (1, 1), "{bad}");
            assert_eq!(count(format!("{CA}{bad}\n{CA}")), (2, 1), "{bad}");
        }
        assert_eq!(count([CA.as_bytes(), b"\xff\xfe\n", CA.as_bytes()].concat()), (2, 0));
    }

    #[test]
    fn comments_other_entries_a_byte_order_mark_and_other_line_ends_are_passed_over() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for bundle in [
            format!("\u{feff}{CA}"),
            format!("# A comment.\n{key}{CA}{key}"),
            CA.replace('\n', "\r\n"),
            CA.lines().map(|line| format!("  {line} \n")).collect(),
            CA.replace("CERTIFICATE", "X509 CERTIFICATE"),
        ] {
            assert_eq!(count(&bundle), (1, 0), "{bundle}");
        }
    }

    #[test]
    fn what_openssl_adds_to_a_trusted_certificate_is_left_out() {
        let der = include_bytes!("../tests/tls/ca.der");
        assert_eq!(length_of_first_value(der), Some(der.len()));
        // The DER of a certificate that is trusted for servers, followed by an empty list.
        let trusted = [&der[..], &[0x30, 0x00]].concat();
        assert_eq!(length_of_first_value(&trusted), Some(der.len()));
        assert_eq!(count(CA.replace("CERTIFICATE", "TRUSTED CERTIFICATE")), (1, 0));
    }

    #[test]
    fn what_is_no_bundle_has_no_certificate() {
        for bundle in [&b""[..], b"x", include_bytes!("../tests/tls/ca.der")] {
            assert_eq!(count(bundle), (0, 0));
        }
    }
}
