"""Login by challenge and response (P1 T3)."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain import jcs
from chain.errors import ChallengeError
from chain.identity.challenge import (
    CHALLENGE_CONTEXT,
    Challenge,
    ChallengeBook,
    RegisteredIdentity,
    answer_challenge,
    check_origin,
    parse_challenge,
    parse_response,
    signed_bytes,
)
from chain.identity.limits import IDENTITY_LIMITS
from chain.transaction import Signer

PAGE = Path(__file__).resolve().parents[3] / "docs" / "format.md"
ORIGIN = "https://login.example:8443"
NETWORK = sha256(b"the network").hexdigest()
HASH = sha256(b"the real-name record").hexdigest()
LIFETIME_MS = 120_000
START_MS = 1_794_000_000_000

SIGNER = Signer("min-jiang-hydro", sha256(b"its key").digest())
REGISTERED = RegisteredIdentity(SIGNER.account, SIGNER.public_key, HASH, "active")


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START_MS

    def __call__(self) -> int:
        return self.now


def counting() -> Callable[[int], bytes]:
    drawn = [0]

    def draw(count: int) -> bytes:
        drawn[0] += 1
        return sha256(b"%d" % drawn[0]).digest()[:count]

    return draw


class Service:
    """A book with its clock."""

    def __init__(self, origin: str = ORIGIN, network: str = NETWORK) -> None:
        self.clock = SetClock()
        self.book = ChallengeBook(origin, network, LIFETIME_MS, counting(), self.clock)

    def answered(self, signer: Signer = SIGNER, information_hash: str = HASH) -> bytes:
        return answer_challenge(self.book.issue(signer.account), signer, information_hash)

    def refusal(self, response: bytes, registered: RegisteredIdentity = REGISTERED) -> str:
        with pytest.raises(ChallengeError) as caught:
            self.book.accept(response, registered)
        return caught.value.code


def test_T3_the_holder_of_the_registered_key_logs_in_once() -> None:
    service = Service()
    response = service.answered()
    assert service.book.accept(response, REGISTERED) == SIGNER.account
    assert service.refusal(response) == "replayed"
    service.clock.now += LIFETIME_MS
    assert service.refusal(response) == "stale"
    assert service.book.accept(service.answered(), REGISTERED) == SIGNER.account


def test_T3_another_key_logs_nobody_in() -> None:
    service = Service()
    stranger = Signer(SIGNER.account, bytes(32))
    response = service.answered(stranger)
    assert service.refusal(response) == "wrong-key"
    claimed = json.loads(response)
    claimed["public_key"] = SIGNER.public_key
    assert service.refusal(jcs.encode(claimed)) == "signature"


def test_T3_a_stale_challenge_is_refused_at_its_last_millisecond_not_before() -> None:
    service = Service()
    early, late = service.answered(), service.answered()
    service.clock.now += LIFETIME_MS - 1
    assert service.book.accept(early, REGISTERED)
    service.clock.now += 1
    assert service.refusal(late) == "stale"


def test_T3_a_clock_that_jumped_back_accepts_nothing_from_the_future() -> None:
    service = Service()
    response = service.answered()
    service.clock.now -= 1
    assert service.refusal(response) == "not-yet-valid"
    service.clock.now += 1
    assert service.book.accept(response, REGISTERED)
    service.clock.now -= 1
    assert service.refusal(response) == "not-yet-valid"


def test_T3_a_response_for_another_origin_is_refused() -> None:
    service, phishing = Service(), Service("https://login.example.evil:8443")
    assert service.refusal(phishing.answered()) == "wrong-origin"
    # The phisher hands on a challenge of the true service, but the signature is over what the holder saw.
    challenge = service.book.issue(SIGNER.account)
    shown = msgspec.structs.replace(challenge, origin="https://login.example.evil:8443")
    response = json.loads(answer_challenge(shown, SIGNER, HASH))
    response["challenge"]["origin"] = ORIGIN
    assert service.refusal(jcs.encode(response)) == "signature"


@pytest.mark.parametrize("status", ["suspended", "revoked"])
def test_T3_an_identity_that_is_not_active_is_refused_by_its_status(status: Any) -> None:
    service = Service()
    response = service.answered()
    assert service.refusal(response, replace(REGISTERED, status=status)) == status
    assert service.book.accept(response, REGISTERED)


OTHER = Signer("somebody-else", bytes(range(32)))
REFUSED: dict[str, tuple[Callable[[Service], bytes], RegisteredIdentity, str]] = {
    "another network": (lambda _: Service(network="00" * 32).answered(), REGISTERED, "wrong-network"),
    "another book of the same service": (
        lambda _: answer_challenge(
            Challenge(SIGNER.account, START_MS + 1, "gridproof-challenge/1", START_MS, NETWORK, "77" * 32, ORIGIN),
            SIGNER,
            HASH,
        ),
        REGISTERED,
        "unknown",
    ),
    "another account": (lambda service: service.answered(OTHER), REGISTERED, "wrong-account"),
    "another information hash": (
        lambda service: service.answered(SIGNER, "11" * 32),
        REGISTERED,
        "wrong-information-hash",
    ),
    "no information hash": (lambda service: service.answered(SIGNER, ""), REGISTERED, "wrong-information-hash"),
    "a key that was rotated": (
        lambda service: service.answered(),
        replace(REGISTERED, public_key=OTHER.public_key),
        "wrong-key",
    ),
    "a longer life": (
        lambda service: answer_challenge(
            msgspec.structs.replace(service.book.issue(SIGNER.account), expires=START_MS + 10**9), SIGNER, HASH
        ),
        REGISTERED,
        "unknown",
    ),
    "the signature of a transaction": (
        lambda service: jcs.encode(
            {**json.loads(service.answered()), "signature": SIGNER.sign_bytes(b"gridproof/transaction/v1\n{}")}
        ),
        REGISTERED,
        "signature",
    ),
    "another version": (
        lambda service: service.answered().replace(b"gridproof-challenge/1", b"gridproof-challenge/2"),
        REGISTERED,
        "format",
    ),
    "another member": (lambda s: jcs.encode({**json.loads(s.answered()), "x": 1}), REGISTERED, "json-shape"),
    "white space": (lambda service: service.answered() + b"\n", REGISTERED, "not-canonical"),
    "too long": (lambda service: service.answered() + b" " * 5_000, REGISTERED, "length"),
    "nothing": (lambda _: b"", REGISTERED, "json"),
}


@pytest.mark.parametrize(("made", "registered", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_response_that_does_not_hold_is_refused(
    made: Callable[[Service], bytes], registered: RegisteredIdentity, code: str
) -> None:
    service = Service()
    assert service.refusal(made(service), registered) == code


def test_a_refused_answer_does_not_use_the_challenge_up() -> None:
    service = Service()
    challenge = service.book.issue(SIGNER.account)
    assert service.refusal(answer_challenge(challenge, Signer(SIGNER.account, bytes(32)), HASH)) == "wrong-key"
    assert service.book.accept(answer_challenge(challenge, SIGNER, HASH), REGISTERED)


def test_an_institution_of_genesis_logs_in_without_an_information_hash() -> None:
    service = Service()
    institution = RegisteredIdentity(SIGNER.account, SIGNER.public_key, "", "active")
    assert service.book.accept(service.answered(SIGNER, ""), institution) == SIGNER.account


def test_what_is_signed_is_what_the_page_says() -> None:
    challenge = Service().book.issue(SIGNER.account)
    assert signed_bytes(challenge, HASH) == CHALLENGE_CONTEXT + (
        f'{{"challenge":{{"account":"min-jiang-hydro","expires":{START_MS + LIFETIME_MS},'
        f'"format":"gridproof-challenge/1","issued":{START_MS},"network":"{NETWORK}","nonce":"{challenge.nonce}",'
        f'"origin":"{ORIGIN}"}},"information_hash":"{HASH}"}}'
    ).encode("ascii")


def test_the_vector_of_the_page_is_what_we_sign() -> None:
    challenge = Challenge(
        "min-jiang-hydro",
        1_794_000_120_000,
        "gridproof-challenge/1",
        1_794_000_000_000,
        "00" * 32,
        bytes(range(32)).hex(),
        "https://login.example",
    )
    information_hash = "b7a1f9dc5ebafcd43c46fb90c1dde7799f667768556566386d4566b3791a8e76"
    response = json.loads(answer_challenge(challenge, Signer("min-jiang-hydro", bytes(range(32))), information_hash))
    assert f"\n{response['signature']}\n" in PAGE.read_text(encoding="utf-8")


def test_a_key_answers_no_challenge_to_somebody_else() -> None:
    challenge = Service().book.issue(OTHER.account)
    with pytest.raises(ChallengeError) as caught:
        answer_challenge(challenge, SIGNER, HASH)
    assert caught.value.code == "wrong-account"


def test_only_so_many_challenges_of_an_account_wait_and_expired_ones_make_room() -> None:
    service = Service()
    for _ in range(IDENTITY_LIMITS.challenges_per_account_max):
        service.book.issue(SIGNER.account)
    with pytest.raises(ChallengeError, match="wait for"):
        service.book.issue(SIGNER.account)
    service.book.issue(OTHER.account)
    service.clock.now += LIFETIME_MS
    service.book.issue(SIGNER.account)
    assert len(service.book) == 1


def test_the_whole_book_is_bounded_answered_challenges_included() -> None:
    service = Service()
    service.book.accept(service.answered(), REGISTERED)
    for number in range(IDENTITY_LIMITS.challenges_max - 1):
        service.book._waiting[str(number)] = service.book._waiting.get("0") or Challenge(
            "a", START_MS + 1, "", START_MS, NETWORK, "", ORIGIN
        )
    with pytest.raises(ChallengeError) as caught:
        service.book.issue(OTHER.account)
    assert caught.value.code == "too-many"
    service.clock.now += 1
    service.book.issue(OTHER.account)
    assert len(service.book) == 2


def test_of_many_threads_with_one_response_one_logs_in() -> None:
    service = Service()
    response = service.answered()
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            outcomes.append(service.book.accept(response, REGISTERED))
        except ChallengeError as error:
            outcomes.append(error.code)

    threads = [Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([SIGNER.account, *["replayed"] * 7])


ORIGINS_REFUSED = [
    "", "login.example", "ftp://login.example", "https://login.example/", "https://LOGIN.example", "https://a b",
    "https://login.example:443", "http://login.example:80", "https://login.example:0", "https://login.example:65536",
    "https://user@login.example", "https://login.example\n", "https://闽江.example", "https://" + "a" * 300, "https://a..b",
]  # fmt: skip


@pytest.mark.parametrize("origin", ORIGINS_REFUSED)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ChallengeError) as caught:
        check_origin(origin)
    assert caught.value.code == "origin"


@pytest.mark.parametrize(
    "origin", ["http://localhost:8501", "https://a.example", "https://[::1]:8443", "http://127.0.0.1"]
)
def test_an_origin_as_browsers_write_it_is_taken(origin: str) -> None:
    assert check_origin(origin) == origin


@pytest.mark.parametrize("lifetime_ms", [0, -1, IDENTITY_LIMITS.challenge_lifetime_ms_max + 1])
def test_a_book_whose_challenges_live_too_long_is_refused(lifetime_ms: int) -> None:
    with pytest.raises(ChallengeError):
        ChallengeBook(ORIGIN, NETWORK, lifetime_ms, counting(), SetClock())


def test_a_book_refuses_a_bad_network_a_bad_account_and_a_broken_source_of_randomness() -> None:
    with pytest.raises(ChallengeError):
        ChallengeBook(ORIGIN, "no hash", LIFETIME_MS, counting(), SetClock())
    with pytest.raises(ChallengeError):
        Service().book.issue("no name")
    for random in (lambda count: b"short", bytes):
        book = ChallengeBook(ORIGIN, NETWORK, LIFETIME_MS, random, SetClock())
        with pytest.raises(ChallengeError) as caught:
            book.issue(SIGNER.account), book.issue(SIGNER.account)
        assert caught.value.code == "random"


RESPONSE = Service().answered()


@settings(max_examples=300)
@given(st.integers(0, len(RESPONSE) - 1), st.integers(0, 255))
def test_no_changed_byte_of_a_response_logs_anybody_in(place: int, byte: int) -> None:
    service = Service()
    service.answered()
    changed = RESPONSE[:place] + bytes([byte]) + RESPONSE[place + 1 :]
    if changed != RESPONSE:
        service.refusal(changed)


@given(st.binary(max_size=300) | st.builds(lambda at: RESPONSE[:at], st.integers(0, len(RESPONSE) - 1)))
def test_any_bytes_are_our_own_error(data: bytes) -> None:
    for parse in (parse_challenge, parse_response):
        with pytest.raises(ChallengeError):
            parse(data)
