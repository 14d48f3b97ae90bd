//! Ids, codes and secrets from the system's random source.

use getrandom::Error;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut buffer = [0; N];
    getrandom::fill(&mut buffer)?;
    Ok(buffer)
}

/// Six decimal digits: a user code or an OTP.
pub(crate) fn six_digits() -> Result<String, Error> {
    let number = u64::from_le_bytes(bytes()?) % 1_000_000;
    Ok(format!("{number:06}"))
}

/// `length` letters and digits.
pub(crate) fn alphanumeric(length: usize) -> Result<String, Error> {
    let mut raw = vec![0_u8; length];
    getrandom::fill(&mut raw)?;
    // The remainder has a slight bias, which does not matter here.
    Ok(raw.iter().filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len())).map(|&c| char::from(c)).collect())
}

/// A UUID v4 (RFC 9562 section 5.4).
pub(crate) fn uuid() -> Result<String, Error> {
    let mut value = u128::from_be_bytes(bytes()?);
    value = (value & !(0xf << 76)) | (0x4 << 76);
    value = (value & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{value:032x}");
    let parts: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().filter_map(|range| hex.get(range)).collect();
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_version_4_variant_10() {
        let uuid = uuid().unwrap();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]), "{uuid}");
    }

    #[test]
    fn codes_are_six_digits_and_secrets_differ() {
        assert!((0..100).map(|_| six_digits().unwrap()).all(|code| code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit())));
        assert_eq!(alphanumeric(32).unwrap().len(), 32);
        assert_ne!(alphanumeric(32).unwrap(), alphanumeric(32).unwrap());
    }
}
