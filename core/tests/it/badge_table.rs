//! The table of badges: each token, the keys it is checked with, and its verdict.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use enlist_core::badge::verify::Rejection;

/// 2026-06-12T09:00:00Z
pub(crate) const NOW: i64 = 1_781_254_800;
pub(crate) const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT","kid":"key-1"}"#;
pub(crate) const CLAIMS: &str = r#"{"sub":"did:sentryagent:abc123","iat":1781254800,"exp":1812790800}"#;
/// The service's seed, and another party's seed.
const BRIDGE: [u8; 32] = [7; 32];
const MALLORY: [u8; 32] = [9; 32];

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) jwks: String,
    /// The reason of the refusal; `None` for a valid badge.
    pub(crate) verdict: Option<Rejection>,
    /// The library that must agree, because a standard decides. It is empty for our own rules.
    pub(crate) decided_by: &'static str,
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn sign_with(seed: [u8; 32], header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", b64(header), b64(claims));
    let signature = SigningKey::from_bytes(&seed).sign(signed.as_bytes());
    format!("{signed}.{}", b64(signature.to_bytes()))
}

pub(crate) fn sign(header: &str, claims: &str) -> String {
    sign_with(BRIDGE, header, claims)
}

pub(crate) fn good() -> String {
    sign(HEADER, CLAIMS)
}

fn x(seed: [u8; 32]) -> String {
    b64(SigningKey::from_bytes(&seed).verifying_key().as_bytes())
}

/// The documented key.
fn key() -> String {
    format!(r#"{{"kty":"OKP","use":"sig","kid":"key-1","alg":"EdDSA","crv":"Ed25519","x":"{}"}}"#, x(BRIDGE))
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

pub(crate) fn jwks() -> String {
    set(&[key()])
}

/// The valid token with its three parts changed.
fn changed(change: impl FnOnce(&mut [String; 3])) -> String {
    let mut parts: [String; 3] = good().split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    change(&mut parts);
    parts.join(".")
}

fn with_signature(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    changed(|parts| parts[2] = b64(change(URL_SAFE_NO_PAD.decode(&parts[2]).unwrap())))
}

/// Adds the group's order to S: the same equation in another encoding.
fn malleated(mut signature: Vec<u8>) -> Vec<u8> {
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, of_order) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(of_order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    signature
}

/// Sets a spare bit of the last character: the same bytes in another text.
fn with_spare_bits(part: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = part.split_at(part.len() - 1);
    let at = ALPHABET.find(last).unwrap();
    format!("{rest}{}", &ALPHABET[at + 1..at + 2])
}

fn good_cases() -> Vec<Case> {
    let case = |name, token, jwks, decided_by| Case { name, token, jwks, verdict: None, decided_by };
    let joserfc = "joserfc";
    let header = |more: &str| format!(r#"{{"alg":"EdDSA","kid":"key-1"{more}}}"#);
    let keys_beside = set(&[
        r#"{"kty":"RSA","kid":"key-1","n":"AQAB","e":"AQAB"}"#.to_owned(),
        r#"{"kty":"XYZ","kid":"key-9","some":1}"#.to_owned(),
        r#"{"kty":"OKP","kid":"key-8","crv":"Ed25519","x":"AAAA"}"#.to_owned(),
        r#"{"kty":"OKP","kid":"key-7","crv":"Ed25519"}"#.to_owned(),
        key(),
    ]);
    vec![
        case("good", good(), jwks(), joserfc),
        case("good: alg Ed25519", sign(r#"{"alg":"Ed25519","kid":"key-1"}"#, CLAIMS), jwks().replace("EdDSA", "Ed25519"), joserfc),
        case("good: alg Ed25519 with a key that says EdDSA", sign(r#"{"alg":"Ed25519","kid":"key-1"}"#, CLAIMS), jwks(), ""),
        case("good: no kid, one key", sign(r#"{"alg":"EdDSA"}"#, CLAIMS), jwks(), joserfc),
        case("good: no typ", sign(&header(""), CLAIMS), jwks(), joserfc),
        case("good: typ in lower case", sign(&header(r#","typ":"jwt""#), CLAIMS), jwks(), joserfc),
        case("good: typ as a media type", sign(&header(r#","typ":"application/jwt""#), CLAIMS), jwks(), ""),
        case("good: an unknown header member", sign(&header(r#","x-note":[1]"#), CLAIMS), jwks(), "pyjwt"),
        case("good: unknown claims", sign(HEADER, &CLAIMS.replace('}', r#","public_profile":{"a":[1,{"b":null}]}}"#)), jwks(), joserfc),
        case("good: exp with a fraction", sign(HEADER, r#"{"sub":"did:sentryagent:abc123","exp":1812790800.5}"#), jwks(), ""),
        case(
            "good: nbf in the past",
            sign(HEADER, r#"{"sub":"did:sentryagent:abc123","nbf":1781254000,"exp":1812790800}"#),
            jwks(),
            joserfc,
        ),
        case("good: run out within the leeway", sign(HEADER, r#"{"sub":"did:sentryagent:abc123","exp":1781254770}"#), jwks(), joserfc),
        case(
            "good: about to be valid, within the leeway",
            sign(HEADER, r#"{"sub":"did:sentryagent:abc123","nbf":1781254830,"exp":1812790800}"#),
            jwks(),
            joserfc,
        ),
        case(
            "good: issued by a clock that is ahead, within the leeway",
            sign(HEADER, r#"{"sub":"did:sentryagent:abc123","iat":1781254860,"exp":1812790800}"#),
            jwks(),
            "",
        ),
        case("good: exp far beyond any calendar", sign(HEADER, r#"{"sub":"did:sentryagent:abc123","exp":1e300}"#), jwks(), ""),
        case(
            "good: escapes in names and values",
            sign(HEADER, r#"{"s\u0075b":"did:sentryagent:\u0061bc123","exp":1812790800}"#),
            jwks(),
            joserfc,
        ),
        case("good: other keys beside, broken ones too", good(), keys_beside, joserfc),
        case(
            "good: a key without use and alg",
            good(),
            set(&[format!(r#"{{"kty":"OKP","kid":"key-1","crv":"Ed25519","x":"{}"}}"#, x(BRIDGE))]),
            joserfc,
        ),
        case("good: key_ops verify", good(), jwks().replace(r#""use":"sig""#, r#""key_ops":["verify"]"#), joserfc),
        case("good: unknown members of the set", good(), jwks().replace(r#"{"keys""#, r#"{"note":1,"keys""#), joserfc),
        case(
            "good: another key before it",
            good(),
            set(&[key().replace("key-1", "key-0").replace(&x(BRIDGE), &x(MALLORY)), key()]),
            joserfc,
        ),
        case(
            "good: no kid, the other key is for encryption",
            sign(r#"{"alg":"EdDSA"}"#, CLAIMS),
            set(&[key().replace("sig", "enc").replace("key-1", "key-0"), key()]),
            "",
        ),
        case("good: jku is not followed", sign(&header(r#","jku":"https://evil.example/jwks""#), CLAIMS), jwks(), joserfc),
        case("good: x5u is not followed", sign(&header(r#","x5u":"https://evil.example/x""#), CLAIMS), jwks(), joserfc),
        case(
            "good: jwk is not looked at",
            sign(&header(&format!(r#","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, x(MALLORY))), CLAIMS),
            jwks(),
            joserfc,
        ),
    ]
}

fn tampered_cases() -> Vec<Case> {
    use Rejection::{Malformed, Signature, UnknownKey};
    let case = |name, token, verdict, decided_by| Case { name, token, jwks: jwks(), verdict: Some(verdict), decided_by };
    let joserfc = "joserfc";
    let evil = CLAIMS.replace("abc123", "mallory");
    vec![
        case(
            "tampered: a bit of R",
            with_signature(|mut s| {
                s[0] ^= 1;
                s
            }),
            Signature,
            joserfc,
        ),
        case(
            "tampered: a bit of S",
            with_signature(|mut s| {
                s[40] ^= 1;
                s
            }),
            Signature,
            joserfc,
        ),
        case("tampered: S beyond the order", with_signature(malleated), Signature, joserfc),
        case("tampered: no signature", changed(|parts| parts[2].clear()), Signature, joserfc),
        case("tampered: a signature of zeros", with_signature(|_| vec![0; 64]), Signature, joserfc),
        case(
            "tampered: 63 bytes",
            with_signature(|mut s| {
                s.truncate(63);
                s
            }),
            Signature,
            joserfc,
        ),
        case(
            "tampered: 65 bytes",
            with_signature(|mut s| {
                s.push(0);
                s
            }),
            Signature,
            joserfc,
        ),
        case("tampered: other claims", changed(|parts| parts[1] = b64(&evil)), Signature, joserfc),
        case("tampered: another header", changed(|parts| parts[0] = b64(HEADER.replace("JWT", "jwt"))), Signature, joserfc),
        case("tampered: signed by somebody else", sign_with(MALLORY, HEADER, &evil), Signature, joserfc),
        case(
            "tampered: signed by the key in its own jwk",
            {
                let header = format!(r#"{{"alg":"EdDSA","kid":"key-1","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{}"}}}}"#, x(MALLORY));
                sign_with(MALLORY, &header, &evil)
            },
            Signature,
            joserfc,
        ),
        case("tampered: a kid that is a path", sign(&HEADER.replace("key-1", "../../etc/passwd"), CLAIMS), UnknownKey, joserfc),
        case("tampered: a kid that is a URL", sign(&HEADER.replace("key-1", "https://evil.example/k"), CLAIMS), UnknownKey, joserfc),
        case(
            "tampered: a kid that is a question to a database",
            sign(&HEADER.replace("key-1", "' or 1=1 --"), CLAIMS),
            UnknownKey,
            joserfc,
        ),
        case("tampered: a kid in upper case", sign(&HEADER.replace("key-1", "KEY-1"), CLAIMS), UnknownKey, joserfc),
        case("tampered: the key's name with white space", sign(&HEADER.replace("key-1", "key-1 "), CLAIMS), UnknownKey, joserfc),
        case("malformed: two parts", good().rsplit_once('.').unwrap().0.to_owned(), Malformed, joserfc),
        case("malformed: four parts", format!("{}.", good()), Malformed, joserfc),
        case("malformed: five parts, as of a JWE", format!("{}.AA.AA", good()), Malformed, joserfc),
        case("malformed: nothing", String::new(), Malformed, joserfc),
        case("malformed: three empty parts", "..".to_owned(), Malformed, joserfc),
        case("malformed: a padded signature", format!("{}==", good()), Malformed, joserfc),
        case("malformed: a padded header", changed(|parts| parts[0].push('=')), Malformed, joserfc),
        case("malformed: a padded payload", changed(|parts| parts[1].push('=')), Malformed, joserfc),
        case("malformed: white space before", format!(" {}", good()), Malformed, joserfc),
        case("malformed: a line feed after", format!("{}\n", good()), Malformed, joserfc),
        case("malformed: a line feed inside", good().replacen('.', "\n.", 1), Malformed, joserfc),
        case(
            "malformed: the other alphabet",
            changed(|parts| parts[2] = parts[2].replace('-', "+").replace('_', "/") + "+"),
            Malformed,
            joserfc,
        ),
        case("malformed: spare bits in the signature", changed(|parts| parts[2] = with_spare_bits(&parts[2])), Malformed, ""),
        case("malformed: JSON serialization", format!(r#"{{"payload":"{}"}}"#, b64(CLAIMS)), Malformed, joserfc),
        case("malformed: a letter that is no ASCII", good().replacen('e', "é", 1), Malformed, joserfc),
    ]
}

fn header_cases() -> Vec<Case> {
    use Rejection::{Algorithm, Extension, Header, Type};
    let joserfc = "joserfc";
    let case = |name, header: &str, verdict, decided_by| Case {
        name,
        token: sign(header, CLAIMS),
        jwks: jwks(),
        verdict: Some(verdict),
        decided_by,
    };
    let alg = |alg: &str| format!(r#"{{"alg":"{alg}","kid":"key-1"}}"#);
    let mut cases = vec![
        case("confused: alg RS256", &alg("RS256"), Algorithm, joserfc),
        case("confused: alg ES256", &alg("ES256"), Algorithm, joserfc),
        case("confused: alg PS512", &alg("PS512"), Algorithm, joserfc),
        case("confused: alg Ed448", &alg("Ed448"), Algorithm, joserfc),
        case("confused: alg eddsa", &alg("eddsa"), Algorithm, joserfc),
        case("confused: alg EDDSA", &alg("EDDSA"), Algorithm, joserfc),
        case("confused: alg with white space", &alg("EdDSA "), Algorithm, joserfc),
        case("confused: alg empty", &alg(""), Algorithm, joserfc),
        case("confused: alg ECDH-ES", &alg("ECDH-ES"), Algorithm, joserfc),
        case("confused: no alg", r#"{"kid":"key-1"}"#, Algorithm, joserfc),
        case("confused: alg null", r#"{"alg":null,"kid":"key-1"}"#, Header, joserfc),
        case("confused: alg a list", r#"{"alg":["EdDSA"],"kid":"key-1"}"#, Header, joserfc),
        case("confused: kid a number", r#"{"alg":"EdDSA","kid":1}"#, Header, joserfc),
        case("confused: kid null", r#"{"alg":"EdDSA","kid":null}"#, Header, joserfc),
        case("confused: crit exp", r#"{"alg":"EdDSA","kid":"key-1","crit":["exp"],"exp":1812790800}"#, Extension, joserfc),
        case("confused: crit with nothing in it", r#"{"alg":"EdDSA","kid":"key-1","crit":[]}"#, Extension, "pyjwt"),
        case("confused: crit b64", r#"{"alg":"EdDSA","kid":"key-1","crit":["b64"],"b64":false}"#, Extension, joserfc),
        case("confused: b64 without crit", r#"{"alg":"EdDSA","kid":"key-1","b64":false}"#, Extension, joserfc),
        case("confused: typ of another kind", r#"{"alg":"EdDSA","kid":"key-1","typ":"JOSE"}"#, Type, ""),
        case("confused: an access token", r#"{"alg":"EdDSA","kid":"key-1","typ":"at+jwt"}"#, Type, ""),
        case("confused: an access token as a media type", r#"{"alg":"EdDSA","kid":"key-1","typ":"application/at+jwt"}"#, Type, ""),
        case("confused: a security event", r#"{"alg":"EdDSA","kid":"key-1","typ":"secevent+jwt"}"#, Type, ""),
        case("confused: a logout token", r#"{"alg":"EdDSA","kid":"key-1","typ":"logout+jwt"}"#, Type, ""),
        case("confused: a proof of possession", r#"{"alg":"EdDSA","kid":"key-1","typ":"dpop+jwt"}"#, Type, ""),
        case("confused: a kind of JWT that nobody asked for", r#"{"alg":"EdDSA","kid":"key-1","typ":"agent-badge+jwt"}"#, Type, ""),
        case("confused: a kind of JWT without a name", r#"{"alg":"EdDSA","kid":"key-1","typ":"+jwt"}"#, Type, ""),
        case("confused: a typ with two prefixes", r#"{"alg":"EdDSA","kid":"key-1","typ":"application/application/jwt"}"#, Type, ""),
        case("confused: typ empty", r#"{"alg":"EdDSA","kid":"key-1","typ":""}"#, Type, ""),
        case("malformed: a header member twice", r#"{"alg":"EdDSA","alg":"EdDSA","kid":"key-1"}"#, Header, ""),
        case("malformed: kid twice", r#"{"alg":"EdDSA","kid":"key-0","kid":"key-1"}"#, Header, ""),
        case("malformed: the header is a list", r#"["EdDSA"]"#, Header, joserfc),
        case("malformed: the header is no JSON", "alg=EdDSA", Header, joserfc),
        case("malformed: the header goes on after its end", r#"{"alg":"EdDSA","kid":"key-1"}{}"#, Header, joserfc),
        case("malformed: a byte order mark", "\u{feff}{\"alg\":\"EdDSA\",\"kid\":\"key-1\"}", Header, ""),
    ];
    let none = |alg: &str| format!("{}.{}.", b64(format!(r#"{{"alg":"{alg}","kid":"key-1"}}"#)), b64(CLAIMS));
    // An HMAC-SHA256 over the signing input, with the public key as the secret.
    let hs256 = format!("{}.{}.IKMIJ0_IFjppByjbx4h_27B8GNchM3Whl78WRDgFelE", b64(r#"{"alg":"HS256","kid":"key-1"}"#), b64(CLAIMS));
    for (name, token) in
        [("confused: alg none", none("none")), ("confused: alg nOnE", none("nOnE")), ("confused: HS256 with the public key", hs256)]
    {
        cases.push(Case { name, token, jwks: jwks(), verdict: Some(Algorithm), decided_by: joserfc });
    }
    cases
}

fn key_cases() -> Vec<Case> {
    use Rejection::{AmbiguousKey, UnknownKey};
    let joserfc = "joserfc";
    let case = |name, token, jwks, verdict, decided_by| Case { name, token, jwks, verdict: Some(verdict), decided_by };
    let of_x = |bytes: &[u8]| jwks().replace(&x(BRIDGE), &b64(bytes));
    let public = URL_SAFE_NO_PAD.decode(x(BRIDGE)).unwrap();
    let [shorter, longer] = [public[..31].to_vec(), [&public[..], &[0]].concat()];
    // The neutral element as a key. With an equal R and S = 0, the signature fits every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let forged = with_signature(|_| [&neutral[..], &[0; 32]].concat());
    // The same point, with the modulus added to its coordinate.
    let mut second_form = [0xff; 32];
    (second_form[0], second_form[31]) = (0xee, 0x7f);
    let no_kid = sign(r#"{"alg":"EdDSA"}"#, CLAIMS);
    let two = |second: &str| set(&[key(), key().replace("key-1", second).replace(&x(BRIDGE), &x(MALLORY))]);
    vec![
        case("key: none of that name", good(), jwks().replace("key-1", "key-2"), UnknownKey, joserfc),
        case("key: without a name, one is asked for", good(), jwks().replace(r#""kid":"key-1","#, ""), UnknownKey, ""),
        case("key: an empty set", good(), set(&[]), UnknownKey, joserfc),
        case("key: no kid and two keys", no_kid, two("key-2"), AmbiguousKey, ""),
        case("key: two of one name", good(), two("key-1"), AmbiguousKey, ""),
        case("key: for encryption", good(), jwks().replace("sig", "enc"), UnknownKey, joserfc),
        case("key: only to sign with", good(), jwks().replace(r#""use":"sig""#, r#""key_ops":["sign"]"#), UnknownKey, joserfc),
        case("key: of another algorithm", good(), jwks().replace(r#""alg":"EdDSA""#, r#""alg":"ES256""#), UnknownKey, joserfc),
        case("key: of another curve", good(), jwks().replace(r#""crv":"Ed25519""#, r#""crv":"X25519""#), UnknownKey, joserfc),
        case("key: of the larger curve", good(), jwks().replace(r#""crv":"Ed25519""#, r#""crv":"Ed448""#), UnknownKey, joserfc),
        case("key: of another type", good(), jwks().replace("OKP", "EC"), UnknownKey, joserfc),
        case("key: symmetric", good(), set(&[format!(r#"{{"kty":"oct","kid":"key-1","k":"{}"}}"#, x(BRIDGE))]), UnknownKey, joserfc),
        case("key: 31 bytes", good(), of_x(&shorter), UnknownKey, joserfc),
        case("key: 33 bytes", good(), of_x(&longer), UnknownKey, joserfc),
        case("key: no bytes", good(), of_x(&[]), UnknownKey, joserfc),
        case("key: padded", good(), jwks().replace(&x(BRIDGE), &format!("{}=", x(BRIDGE))), UnknownKey, joserfc),
        case(
            "key: its private part is published",
            good(),
            jwks().replace(r#""use""#, &format!(r#""d":"{}","use""#, b64(BRIDGE))),
            UnknownKey,
            "",
        ),
        case("key: of small order, any message is signed", forged.clone(), of_x(&neutral), UnknownKey, ""),
        case("key: of small order, not canonical", forged, of_x(&second_form), UnknownKey, ""),
        case("key: no point of the curve", good(), of_x(&[2; 32]), UnknownKey, joserfc),
    ]
}

fn claim_cases() -> Vec<Case> {
    use Rejection::{Audience, Claims, Expired, IssuedInFuture, NoExpiry, NotYetValid, Subject};
    let joserfc = "joserfc";
    let case = |name, claims: &str, verdict, decided_by| Case {
        name,
        token: sign(HEADER, claims),
        jwks: jwks(),
        verdict: Some(verdict),
        decided_by,
    };
    let with = |more: &str| format!(r#"{{"sub":"did:sentryagent:abc123",{more}}}"#);
    vec![
        case("claims: expired", &with(r#""exp":1781254000"#), Expired, joserfc),
        case("claims: expired by more than the leeway", &with(r#""exp":1781254739"#), Expired, joserfc),
        case("claims: expired by exactly the leeway", &with(r#""exp":1781254740"#), Expired, ""),
        case("claims: expired before there was time", &with(r#""exp":-1"#), Expired, joserfc),
        case("claims: expired, exp nought", &with(r#""exp":0"#), Expired, joserfc),
        case("claims: not valid yet", &with(r#""nbf":1781255000"#), NotYetValid, joserfc),
        case("claims: no exp", r#"{"sub":"did:sentryagent:abc123","iat":1781254800}"#, NoExpiry, ""),
        case("claims: issued in the future", &with(r#""exp":4102444800,"iat":4070908800"#), IssuedInFuture, joserfc),
        case(
            "claims: issued later than now by more than the leeway",
            &with(r#""exp":1812790800,"iat":1781254861"#),
            IssuedInFuture,
            joserfc,
        ),
        case("claims: exp a text", &with(r#""exp":"1812790800""#), Claims, joserfc),
        case("claims: exp true", &with(r#""exp":true"#), Claims, joserfc),
        case("claims: exp null", &with(r#""exp":null"#), Claims, joserfc),
        case("claims: exp a list", &with(r#""exp":[1812790800]"#), Claims, joserfc),
        case("claims: exp beyond any number", &with(r#""exp":1e999"#), Claims, ""),
        case("claims: nbf a text", &with(r#""nbf":"0""#), Claims, joserfc),
        case("claims: nbf an object", &with(r#""nbf":{}"#), Claims, joserfc),
        case("claims: iat a text", &with(r#""iat":"now""#), Claims, joserfc),
        case("claims: iss a number", &with(r#""iss":1"#), Claims, joserfc),
        case("claims: for somebody else", &with(r#""aud":"https://other.example""#), Audience, "pyjwt"),
        case("claims: for several others", &with(r#""aud":["https://a.example","https://b.example"]"#), Audience, "pyjwt"),
        case("claims: aud a number", &with(r#""aud":1"#), Claims, "pyjwt"),
        case("claims: no sub", r#"{"exp":1812790800}"#, Subject, ""),
        case("claims: sub empty", r#"{"sub":""}"#, Subject, ""),
        case("claims: sub of another method", r#"{"sub":"did:web:example.com"}"#, Subject, ""),
        case("claims: sub without an identifier", r#"{"sub":"did:sentryagent:"}"#, Subject, ""),
        case("claims: sub with white space", r#"{"sub":"did:sentryagent:a b"}"#, Subject, ""),
        case("claims: sub a number", r#"{"sub":1}"#, Claims, "pyjwt"),
        case("claims: sub twice", r#"{"sub":"did:sentryagent:abc123","sub":"did:sentryagent:mallory"}"#, Claims, ""),
        case("claims: a member twice, deep inside", &with(r#""a":{"b":1,"b":2}"#), Claims, ""),
        case("claims: a list", r#"["did:sentryagent:abc123"]"#, Claims, joserfc),
        case("claims: a text", r#""did:sentryagent:abc123""#, Claims, joserfc),
        case("claims: no JSON", "did:sentryagent:abc123", Claims, joserfc),
        case("claims: nothing", "", Claims, joserfc),
        case("claims: cut off", r#"{"sub":"did:sentryagent:abc123""#, Claims, joserfc),
        case("claims: deeper than any", &format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200)), Claims, ""),
    ]
}

pub(crate) fn cases() -> Vec<Case> {
    [good_cases(), tampered_cases(), header_cases(), key_cases(), claim_cases()].into_iter().flatten().collect()
}
