//! The syntax of e-mail addresses and phone numbers.

/// Whether the text has the form `a@b` without white space. The services' own rules are not published.
pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// Whether the text is E.164: a plus, then up to 15 digits of which the first is not 0.
pub(crate) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails() {
        assert!(is_email("dev@acme.com"));
        for wrong in ["", "dev", "@acme.com", "dev@", "a@b@c", "dev @acme.com"] {
            assert!(!is_email(wrong), "{wrong}");
        }
    }

    #[test]
    fn phone_numbers() {
        assert!(is_e164("+15005550006"));
        for wrong in ["", "15005550006", "+0500555", "+1", "+1500555x", "+1234567890123456"] {
            assert!(!is_e164(wrong), "{wrong}");
        }
    }
}
