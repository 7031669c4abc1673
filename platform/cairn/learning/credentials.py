"""Certificates as Open Badges 3.0 credentials that anybody can verify.

An ``OpenBadgeCredential`` is a W3C Verifiable Credential (data model 2.0), here secured as a JSON Web Token
(VC-JWT, RS256, which every verifier of the standard must know). Its ``kid`` is an address where the public
key can be read. Source: 1EdTech, Open Badges Specification 3.0, sections 5 and 8.2.

The private keys are files in CAIRN_HOME. The newest signs; older ones go on verifying what they signed.
What signs takes 8 MB, so it is imported where it is used: most processes never sign.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
ALGORITHM = "RS256"
_BITS = 2048


class NotGenuine(Exception):
    """A token is no credential of ours. The message says why, for the person who asked."""


@dataclass(frozen=True)
class Achievement:
    """What was achieved, by whom, when. ``parts`` are what was asked, in words."""

    certificate: str  # address of its public page
    page: str  # address of the path or milestone
    title: str
    description: str
    kind: str  # milestone or path
    parts: Sequence[str]
    name: str
    email: str
    completed_at: datetime
    issued_at: datetime


def credential(achieved: Achievement, issuer: str, revocations: str, salt: str = "") -> dict[str, Any]:
    """The credential as JSON-LD. The e-mail address is in it only as a salted hash."""
    salt = salt or secrets.token_hex(12)
    narrative = "Completed by meeting each of these: " + "; ".join(achieved.parts) + "."
    return {
        "@context": CONTEXT,
        "id": achieved.certificate,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achieved.title,
        "issuer": profile(issuer),
        "validFrom": _moment(achieved.issued_at),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [identity(achieved.email, salt), _named(achieved.name)],
            "activityEndDate": _moment(achieved.completed_at),
            "achievement": {
                "id": achieved.page,
                "type": ["Achievement"],
                "achievementType": {"path": "LearningProgram", "milestone": "Achievement"}[achieved.kind],
                "name": achieved.title,
                "description": achieved.description,
                "criteria": {"narrative": narrative},
            },
        },
        "evidence": [{"id": achieved.certificate, "type": ["Evidence"], "name": "Public page"}],
        "credentialStatus": {"id": revocations, "type": "1EdTechRevocationList"},
    }


def profile(issuer: str) -> dict[str, Any]:
    """Who issues, as the standard's Profile. ``issuer`` is the address where this can be read."""
    return {"id": issuer, "type": ["Profile"], "name": "Cairn", "url": issuer.partition("/certificates")[0]}


def identity(email: str, salt: str) -> dict[str, Any]:
    """A person as the standard's IdentityObject: who knows the address can check it, nobody can read it."""
    hashed = hashlib.sha256(f"{email.lower()}{salt}".encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${hashed}",
        "identityType": "emailAddress",
        "salt": salt,
    }


def _named(name: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": name, "identityType": "name"}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Keys


def key_id(key: "rsa.RSAPublicKey") -> str:
    """The key's thumbprint (RFC 7638)."""
    from jwt.algorithms import RSAAlgorithm

    numbers = json.loads(RSAAlgorithm.to_jwk(key))
    canonical = json.dumps({name: numbers[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def public_keys(folder: Path) -> dict[str, dict[str, Any]]:
    """The public halves of all keys as JWKs by thumbprint, those of the newest key first."""
    from jwt.algorithms import RSAAlgorithm

    return {
        key_id(key.public_key()): json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        | {"kid": key_id(key.public_key()), "alg": ALGORITHM, "use": "sig"}
        for key in _keys(folder)
    }


def _keys(folder: Path) -> "list[rsa.RSAPrivateKey]":
    files = sorted(folder.glob("*.pem"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [_read(file) for file in files or [_made(folder)]]


@lru_cache(maxsize=8)
def _read(file: Path) -> "rsa.RSAPrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{file} is not an RSA key.")
    return key


def _made(folder: Path) -> Path:
    """A new key. Written beside its place and then moved there, so that nobody ever reads half of it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{key_id(key.public_key())}.pem"
    draft = file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(text)
    return draft.replace(file)


# Signing and verifying


def sign(content: dict[str, Any], folder: Path, keys_at: str) -> str:
    """The credential as a signed token. ``keys_at`` is where the public keys can be read."""
    import jwt

    key = _keys(folder)[0]
    claims = content | {
        "iss": content["issuer"]["id"],
        "jti": content["id"],
        "sub": content["id"],
        "nbf": int(datetime.fromisoformat(content["validFrom"]).timestamp()),
    }
    header = {"kid": f"{keys_at}/{key_id(key.public_key())}", "typ": "vc+jwt"}
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers=header)


def verified(token: str, folder: Path) -> dict[str, Any]:
    """What a token says, once its signature was checked against our keys. Raises NotGenuine."""
    import jwt

    try:
        thumbprint = str(jwt.get_unverified_header(token).get("kid", "")).rpartition("/")[2]
        key = public_keys(folder).get(thumbprint)
        if key is None:
            raise NotGenuine("This credential was not signed with a key of this site.")
        return dict(
            jwt.decode(
                token,
                jwt.PyJWK(key),
                algorithms=[ALGORITHM],
                options={"require": ["iss", "jti", "nbf"], "verify_aud": False, "verify_sub": False},
            )
        )
    except jwt.InvalidSignatureError:
        raise NotGenuine(
            "The signature does not fit: the credential was changed after it was issued."
        ) from None
    except jwt.PyJWTError:
        raise NotGenuine("This is not a credential as this site issues them.") from None
