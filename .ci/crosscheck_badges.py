"""Checks badges with joserfc and PyJWT, and compares with the verdicts in the table. Ends with 1 on any disagreement."""

import json
import sys
import warnings
from importlib.metadata import version

import jwt as pyjwt
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

warnings.simplefilter("ignore")
ALGORITHMS = ["EdDSA", "Ed25519"]


def usable(jwks):
    """RFC 7517 section 5: members that cannot be understood, or are out of range, are skipped, one by one."""
    keys = []
    for member in json.loads(jwks)["keys"]:
        try:
            if member.get("kty") == "OKP" and member.get("crv") == "Ed25519":
                keys.append(OKPKey.import_key(member))
        except Exception:  # noqa: BLE001 - whatever the library dislikes about a member
            continue
    return keys


def joserfc_accepts(case):
    keys = usable(case["jwks"])
    try:
        if not keys:
            return False
        token = jwt.decode(case["token"], KeySet(keys), algorithms=ALGORITHMS)
        registry = jwt.JWTClaimsRegistry(now=case["now"], leeway=case["leeway"])
        registry.validate(token.claims)
        return True
    except (JoseError, ValueError, TypeError, AttributeError, KeyError):
        return False


def pyjwt_accepts(case):
    """Its clock cannot be set, so that it is not asked about time."""
    keys = usable(case["jwks"])
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    for key in keys:
        try:
            pyjwt.decode(case["token"], key.public_key, algorithms=["EdDSA"], options=options)
            return True
        except pyjwt.PyJWTError:
            continue
    return False


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    libraries = {"joserfc": joserfc_accepts, "pyjwt": pyjwt_accepts}
    counts = {name: 0 for name in libraries}
    wrong, own = [], 0
    for case in cases:
        name = case["decided_by"]
        if not name:
            own += 1
            continue
        counts[name] += 1
        accepts = libraries[name](case)
        if accepts != (case["verdict"] == "valid"):
            wrong.append(f"{case['name']}: we say {case['verdict']}, {name} says {'valid' if accepts else 'not valid'}")
    for line in wrong:
        print(line)
    print(f"{len(cases)} cases: joserfc {version('joserfc')} was asked about {counts['joserfc']}, PyJWT {version('PyJWT')} about "
          f"{counts['pyjwt']}, {own} are rules of our own; {len(wrong)} disagreements")
    good = sum(1 for case in cases if case["decided_by"] and case["verdict"] == "valid")
    if not good or not counts["joserfc"] or not counts["pyjwt"]:
        wrong.append("nothing was compared")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1]))
