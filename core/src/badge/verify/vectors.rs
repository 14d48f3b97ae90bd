//! Published test vectors: RFC 8037 appendix A, and the Wycheproof vectors for Ed25519.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use wycheproof::{TestResult, eddsa};

use super::{Jwks, Rejection, Rules};

/// RFC 8037 appendix A.1 and A.2.
const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// Appendix A.4.
const JWS: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn set_of(x: &str) -> Jwks {
    Jwks::parse(format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#).as_bytes()).unwrap()
}

#[test]
fn rfc_8037_appendix_a_verifies() {
    let verified = Rules::default().check_jws(JWS, &set_of(X)).unwrap();
    assert_eq!(verified.payload(), b"Example of Ed25519 signing");
    assert_eq!(Rules::default().check_badge(JWS, &set_of(X), crate::Timestamp::from_unix_ms(0)), Err(Rejection::Claims));
}

#[test]
fn rfc_8037_appendix_a_signs() {
    let key = SigningKey::from_bytes(&URL_SAFE_NO_PAD.decode(D).unwrap().try_into().unwrap());
    assert_eq!(URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()), X);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#), URL_SAFE_NO_PAD.encode("Example of Ed25519 signing"));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()).to_bytes());
    assert_eq!(format!("{signed}.{signature}"), JWS);
}

/// Every bit of the vector is significant.
#[test]
fn rfc_8037_appendix_a_changed_in_any_character_is_refused() {
    let keys = set_of(X);
    for (at, old) in JWS.char_indices() {
        for new in ['A', 'Q', '.', '=', '-'] {
            let mut changed = String::from(JWS);
            changed.replace_range(at..=at, &new.to_string());
            assert_eq!(Rules::default().check_jws(&changed, &keys).is_ok(), new == old, "{changed}");
        }
    }
}

#[test]
fn wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut seen = [0, 0];
    for group in &set.test_groups {
        let keys = set_of(&URL_SAFE_NO_PAD.encode(&group.key.pk));
        for test in &group.tests {
            let signature: Result<[u8; 64], _> = Vec::from(test.sig.as_ref()).try_into();
            let is_good = keys.key(None).is_ok_and(|key| signature.is_ok_and(|signature| key.verifies(&test.msg, &signature)));
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("{}: neither valid nor invalid", test.tc_id),
            };
            assert_eq!(is_good, expected, "{}: {}", test.tc_id, test.comment);
            seen[usize::from(expected)] += 1;
        }
    }
    assert_eq!(seen.iter().sum::<usize>(), set.number_of_tests);
    assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
}
