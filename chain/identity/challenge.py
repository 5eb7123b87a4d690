"""Login by challenge and response (P1, user identity authentication): `docs/format.md` section 12.

The service issues a `Challenge`; the holder of the key answers with a signature over `gridproof/challenge/v1\\n` ‖
JCS({challenge, information_hash}); the service compares hash and key with those that the chain has registered.

`ChallengeBook.accept`, in this order; the code of a refusal in quotes:
1. The response is canonical JSON of the known shape ("format", and the codes of `chain.jcs`).
2. The challenge names this service ("wrong-origin") and this network ("wrong-network").
3. It is not from the future ("not-yet-valid": the clock jumped back) and has not expired ("stale").
4. It is one that this book issued, byte for byte ("unknown"), and that was not answered yet ("replayed").
5. It was issued to the account that is asked about ("wrong-account").
6. Key and information hash are the registered ones ("wrong-key", "wrong-information-hash").
7. The signature is by that key over these bytes ("signature").
8. The identity is active ("suspended", "revoked").
9. From now on the challenge is answered. A refused answer does not use it up: otherwise a stranger could.

Challenges are forgotten when they expire; how many wait per account, and how many are remembered, is bounded
("too-many"). Whoever hands out challenges to strangers bounds how often, too: a stranger who asks in another's name
takes one of that account's places until it expires.
"""

import re
import threading
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

import msgspec

from chain import jcs
from chain.errors import ChallengeError, ParseError
from chain.fields import Moment, Name
from chain.identity.limits import IDENTITY_LIMITS
from chain.outside import Clock, RandomBytes
from chain.text import check_name, from_hex
from chain.transaction import Signer, is_signature

T = TypeVar("T")

FORMAT = "gridproof-challenge/1"
CHALLENGE_CONTEXT = b"gridproof/challenge/v1\n"

NONCE_BYTES = 32

Standing = Literal["active", "suspended", "revoked"]
"""Of an account: only who is active may log in."""

_HEX32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]{2,45}\]|[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9][0-9]{0,4}))?")
_PORT_MAX = 65_535


class Challenge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a service asks to be signed. Fields in key order."""

    account: Name
    """Who wants to log in."""
    expires: Moment
    """From this millisecond on it is stale."""
    format: str
    issued: Moment
    network: _HEX32
    """Network id."""
    nonce: _HEX32
    """32 random bytes."""
    origin: str
    """The service's origin, `scheme://host[:port]` (RFC 6454, as browsers write it)."""


class Response(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a challenge."""

    challenge: Challenge
    information_hash: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
    """Of the real-name record; "" for an institution of genesis, which has none."""
    public_key: _HEX32
    signature: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]


@dataclass(frozen=True, slots=True)
class RegisteredIdentity:
    """An account as the chain has it now."""

    account: str
    public_key: str
    """Ed25519, hex."""
    information_hash: str
    """Hex; "" for an institution of genesis."""
    status: Standing


_CHALLENGE = jcs.TypedDecoder(Challenge)
_RESPONSE = jcs.TypedDecoder(Response)


def check_origin(origin: str) -> str:
    """An origin as browsers write it: lower case, no path, no default port; `ChallengeError` otherwise."""
    match = _ORIGIN.fullmatch(origin) if len(origin) <= IDENTITY_LIMITS.origin_characters_max else None
    port = match.group(3) if match else None
    if match is None or (port is not None and (int(port) > _PORT_MAX or port == _DEFAULT_PORTS[match.group(1)])):
        sentence = "an origin is scheme://host or scheme://host:port, in lower case, without the scheme's own port"
        raise ChallengeError("origin", sentence)
    return origin


def parse_challenge(data: bytes) -> Challenge:
    """A challenge that somebody was handed; `ChallengeError` unless it is one."""
    challenge = _decode(_CHALLENGE, data)
    _check_challenge(challenge)
    return challenge


def parse_response(data: bytes) -> Response:
    """Rule 1; `ChallengeError` otherwise."""
    response = _decode(_RESPONSE, data)
    _check_challenge(response.challenge)
    return response


def answer_challenge(challenge: Challenge, signer: Signer, information_hash: str) -> bytes:
    """The response of `signer`, canonical JSON; `ChallengeError` for a challenge to somebody else."""
    if challenge.account != signer.account:
        sentence = f"the challenge is for {challenge.account}, the key is that of {signer.account}"
        raise ChallengeError("wrong-account", sentence)
    if information_hash:
        _require_hash(information_hash)
    signature = signer.sign_bytes(signed_bytes(challenge, information_hash))
    return jcs.encode(Response(challenge, information_hash, signer.public_key, signature))


def signed_bytes(challenge: Challenge, information_hash: str) -> bytes:
    """What the signature is over."""
    return CHALLENGE_CONTEXT + jcs.encode({"challenge": challenge, "information_hash": information_hash})


class ChallengeBook:
    """The challenges of one service: what it issued, what was answered. May be used from several threads."""

    def __init__(self, origin: str, network: str, lifetime_ms: int, random: RandomBytes, clock: Clock) -> None:
        if not 1 <= lifetime_ms <= IDENTITY_LIMITS.challenge_lifetime_ms_max:
            longest = IDENTITY_LIMITS.challenge_lifetime_ms_max
            raise ChallengeError("lifetime", f"a challenge lives 1 to {longest} ms, not {lifetime_ms}")
        self._origin = check_origin(origin)
        self._network = _require_hash(network)
        self._lifetime_ms = lifetime_ms
        self._random = random
        self._clock = clock
        self._waiting: dict[str, Challenge] = {}
        """By nonce."""
        self._answered: dict[str, int] = {}
        """Nonce → when its challenge expires."""
        self._lock = threading.Lock()

    def issue(self, account: str) -> Challenge:
        """A new challenge for `account`; `ChallengeError` ("too-many") past a bound."""
        try:
            check_name(account, "account")
        except ParseError as error:
            raise ChallengeError(error.code, error.sentence) from None
        nonce = self._random(NONCE_BYTES)
        if not isinstance(nonce, bytes) or len(nonce) != NONCE_BYTES:
            raise ChallengeError("random", f"the source of randomness did not give {NONCE_BYTES} bytes")
        with self._lock:
            now = self._clock()
            self._forget(now)
            self._require_room(account)
            expires = now + self._lifetime_ms
            challenge = Challenge(account, expires, FORMAT, now, self._network, nonce.hex(), self._origin)
            if challenge.nonce in self._waiting or challenge.nonce in self._answered:
                raise ChallengeError("random", "the source of randomness repeats itself")
            self._waiting[challenge.nonce] = challenge
        return challenge

    def accept(self, response: bytes, registered: RegisteredIdentity) -> str:
        """The account that has logged in; `ChallengeError` unless rules 1–8 hold. Then rule 9."""
        given = parse_response(response)
        challenge = given.challenge
        self._check_place(challenge)
        with self._lock:
            now = self._clock()
            self._check_time(challenge, now)
            self._check_issued(challenge)
        _check_identity(given, registered)
        with self._lock:
            # Another thread may have accepted the same response meanwhile.
            self._check_issued(challenge)
            del self._waiting[challenge.nonce]
            self._answered[challenge.nonce] = challenge.expires
        return registered.account

    def __len__(self) -> int:
        """Challenges remembered, waiting and answered."""
        return len(self._waiting) + len(self._answered)

    def _check_place(self, challenge: Challenge) -> None:
        """Rule 2."""
        if challenge.origin != self._origin:
            raise ChallengeError("wrong-origin", f"the challenge is that of {challenge.origin}, not of {self._origin}")
        if challenge.network != self._network:
            raise ChallengeError("wrong-network", "the challenge is for another network")

    def _check_time(self, challenge: Challenge, now: int) -> None:
        """Rule 3."""
        if now < challenge.issued:
            raise ChallengeError("not-yet-valid", "the challenge is from the future: a clock was set back")
        if now >= challenge.expires:
            raise ChallengeError("stale", "the challenge has expired: ask for a new one")

    def _check_issued(self, challenge: Challenge) -> None:
        """Rule 4."""
        if challenge.nonce in self._answered:
            raise ChallengeError("replayed", "the challenge was answered already: ask for a new one")
        if self._waiting.get(challenge.nonce) != challenge:
            raise ChallengeError("unknown", "this service issued no such challenge, or has forgotten it")

    def _require_room(self, account: str) -> None:
        limits = IDENTITY_LIMITS
        if len(self) >= limits.challenges_max:
            raise ChallengeError("too-many", "too many logins at once: try again in a few minutes")
        waiting = sum(challenge.account == account for challenge in self._waiting.values())
        if waiting >= limits.challenges_per_account_max:
            raise ChallengeError("too-many", f"{waiting} challenges wait for {account}: answer one or wait")

    def _forget(self, now: int) -> None:
        """Drop what has expired."""
        for nonce in [nonce for nonce, challenge in self._waiting.items() if challenge.expires <= now]:
            del self._waiting[nonce]
        for nonce in [nonce for nonce, expires in self._answered.items() if expires <= now]:
            del self._answered[nonce]


def _check_identity(given: Response, registered: RegisteredIdentity) -> None:
    """Rules 5–8."""
    if given.challenge.account != registered.account:
        raise ChallengeError("wrong-account", f"the challenge is for {given.challenge.account}")
    if given.public_key != registered.public_key:
        raise ChallengeError("wrong-key", "the key is not the one that is registered")
    if given.information_hash != registered.information_hash:
        raise ChallengeError("wrong-information-hash", "the information hash is not the one that is registered")
    message = signed_bytes(given.challenge, given.information_hash)
    if not is_signature(bytes.fromhex(given.signature), message, bytes.fromhex(given.public_key)):
        raise ChallengeError("signature", "the signature is not by the registered key over this challenge")
    if registered.status != "active":
        raise ChallengeError(registered.status, f"the identity of {registered.account} is {registered.status}")


def _decode(decoder: jcs.TypedDecoder[T], data: bytes) -> T:
    if len(data) > IDENTITY_LIMITS.response_bytes_max:
        raise ChallengeError("length", f"more than {IDENTITY_LIMITS.response_bytes_max} bytes")
    try:
        return decoder.decode(data, "challenge")
    except ParseError as error:
        raise ChallengeError(error.code, error.sentence, error.where) from None


def _check_challenge(challenge: Challenge) -> None:
    """What the shape does not say."""
    if challenge.format != FORMAT:
        raise ChallengeError("format", f"format {challenge.format[:64]!r}; this release answers {FORMAT!r}")
    check_origin(challenge.origin)
    if challenge.issued >= challenge.expires:
        raise ChallengeError("lifetime", "the challenge expires before it is issued")


def _require_hash(text: str) -> str:
    try:
        from_hex(text, 32, "hash")
    except ParseError as error:
        raise ChallengeError(error.code, error.sentence) from None
    return text
