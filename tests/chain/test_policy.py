"""Policies: the strict reader, what a policy survives (against brute force), and checkpoints that it accepts."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ChainError, ParseError, PolicyError, SignatureError
from chain.note import COSIGNATURE_V1, ED25519, Checkpoint, Note, SigningKey, encode_checkpoint
from chain.policy import Policy, encode_policy, parse_policy, require_known_signers, verify_checkpoint

NAMES = ("dispatcher", "national", "provincial", "regulator")
LOG = SigningKey("gridproof/demo/north", ED25519, b"L" * 32)
SOUTH = SigningKey("gridproof/demo/south", ED25519, b"S" * 32)
KEYS = {name: SigningKey(f"gridproof/demo/validator/{name}", COSIGNATURE_V1, name[:1].encode() * 32) for name in NAMES}
WITNESSES = {name: key.verifier_key for name, key in KEYS.items()}
STRANGER = SigningKey("gridproof/demo/validator/stranger", COSIGNATURE_V1, b"?" * 32)

DATA = encode_policy([LOG.verifier_key, SOUTH.verifier_key], WITNESSES, 3)
POLICY = parse_policy(DATA)

TEXT = encode_checkpoint(Checkpoint("gridproof/demo/north", 5, bytes(range(32))))
TIMES = {"dispatcher": 130, "national": 110, "provincial": 140, "regulator": 120}


def note_of(*names: str, text: bytes = TEXT) -> Note:
    return Note(text, (LOG.sign(text), *(KEYS[name].cosign(text, TIMES[name]) for name in names)))


def witness_lines(count: int) -> str:
    keys = (SigningKey(f"v/{number}", COSIGNATURE_V1, bytes([number]) * 32) for number in range(count))
    return "".join(f"witness w{number} {key.verifier_key}\n" for number, key in enumerate(keys))


def test_a_simple_policy_is_written_the_same_whatever_the_order() -> None:
    backwards = dict(reversed(WITNESSES.items()))
    assert encode_policy([SOUTH.verifier_key, LOG.verifier_key], backwards, 3) == DATA
    assert DATA.decode().splitlines()[-2:] == [f"group validators 3 {' '.join(NAMES)}", "quorum validators"]


def test_a_policy_holds_what_the_file_says() -> None:
    assert POLICY.logs == (LOG.verifier_key, SOUTH.verifier_key)
    assert dict(POLICY.witnesses) == WITNESSES
    assert (POLICY.quorum, POLICY.groups["validators"].threshold) == ("validators", 3)
    assert (POLICY.text, POLICY.sha256) == (DATA, sha256(DATA).digest())
    assert POLICY.log_key("gridproof/demo/south") == SOUTH.verifier_key
    assert POLICY.log_key("gridproof/demo/west") is None
    assert parse_policy(DATA) == POLICY
    assert hash(parse_policy(DATA)) == hash(POLICY)


def test_blanks_comments_and_addresses_change_nothing() -> None:
    data = (
        f"# who may sign\n\n \t \n  log\t{LOG.verifier_key}   https://log.example/ \n"
        f"witness Ü {WITNESSES['regulator']} https://witness.example/\n   # indented\nquorum Ü\n"
    ).encode()
    policy = parse_policy(data)
    assert (policy.logs, dict(policy.witnesses)) == ((LOG.verifier_key,), {"Ü": WITNESSES["regulator"]})
    assert policy.satisfied_by({"Ü"})


def test_names_are_compared_byte_for_byte() -> None:
    kelvin = f"witness K {WITNESSES['regulator']}\nwitness \u212a {WITNESSES['national']}\nquorum \u212a\n".encode()
    policy = parse_policy(kelvin)
    assert policy.satisfied_by({"\u212a"})
    assert not policy.satisfied_by({"K"})


def test_the_example_of_the_specification_works() -> None:
    text = witness_lines(6) + "group X 2 w0 w1 w2\ngroup Y any w3 w4 w5\ngroup XY all X Y\nquorum XY\n"
    policy = parse_policy(text.encode())
    assert policy.satisfied_by({"w0", "w2", "w4"})
    assert not policy.satisfied_by({"w0", "w1", "w2"})
    assert not policy.satisfied_by({"w0", "w4", "w5"})
    assert policy.survives() == (0, 1)


A, B = (str(WITNESSES[name]) for name in ("regulator", "national"))
ONE = f"witness a {A}\n"
TWO = f"{ONE}witness b {B}\n"
SAME_KEY_OTHER_NAME = SigningKey("gridproof/demo/other", COSIGNATURE_V1, b"r" * 32).verifier_key
SAME_KEY_AS_LOG = SigningKey("gridproof/demo/other", ED25519, b"r" * 32).verifier_key
SAME_NAME_OTHER_KEY = SigningKey(LOG.name, ED25519, b"x" * 32).verifier_key


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        pytest.param("", "quorum", "", id="nothing"),
        pytest.param("", "quorum", ONE, id="no quorum"),
        pytest.param("line 1", "quorum", "quorum none\n", id="quorum none"),
        pytest.param("line 2", "quorum", f"{ONE}quorum none\n", id="quorum none beside a witness"),
        pytest.param("line 3", "quorum", f"{ONE}quorum a\nquorum a\n", id="two quorums"),
        pytest.param("line 1", "member", f"quorum a\n{ONE}", id="quorum before its witness"),
        pytest.param("line 2", "form", f"{ONE}quorum a", id="last newline missing"),
        pytest.param("line 2", "form", f"{ONE}quorum\n", id="quorum of nothing"),
        pytest.param("line 2", "form", f"{ONE}quorum a a\n", id="quorum of two"),
        pytest.param("line 1", "form", "Quorum a\n", id="another case"),
        pytest.param("line 1", "form", "witnesses a\n", id="unknown keyword"),
        pytest.param("line 1", "form", "witness a\n", id="witness without a key"),
        pytest.param("line 1", "form", f"witness a {A} url more\n", id="witness with too much"),
        pytest.param("line 1", "form", "log\n", id="log without a key"),
        pytest.param("line 1", "control", ONE.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param("line 1", "control", "# \0\n", id="zero byte in a comment"),
        pytest.param("line 1", "control", "# \x7f\n", id="delete character in a comment"),
        pytest.param("line 1", "form", f"witness\u00a0a {A}\n", id="no-break space"),
        pytest.param("line 1", "key", f"witness a {A}x\n", id="broken key"),
        pytest.param("line 1", "key", f"witness a {LOG.verifier_key}\n", id="a log's key for a witness"),
        pytest.param("line 1", "key", f"log {A}\n", id="a validator's key for a log"),
        pytest.param("line 2", "key", f"{ONE}witness b {A}\n", id="one key twice"),
        pytest.param("line 2", "key", f"{ONE}witness b {SAME_KEY_OTHER_NAME}\n", id="one public key, two key names"),
        pytest.param("line 2", "key", f"{ONE}log {SAME_KEY_AS_LOG}\n", id="one public key for log and witness"),
        pytest.param("line 2", "key", f"log {LOG.verifier_key}\n" * 2, id="one log twice"),
        pytest.param(
            "line 2", "key", f"log {LOG.verifier_key}\nlog {SAME_NAME_OTHER_KEY}\n", id="one origin, two keys"
        ),
        pytest.param("line 2", "name", f"{ONE}witness a {B}\n", id="one name twice"),
        pytest.param("line 1", "name", f"witness none {A}\n", id="a witness called none"),
        pytest.param("line 2", "name", f"{ONE}group none 1 a\n", id="a group called none"),
        pytest.param("line 2", "name", f"{ONE}group a 1 a\n", id="a group named like its witness"),
        pytest.param("line 4", "name", f"{TWO}group g 1 a\ngroup g 1 b\n", id="two groups of one name"),
        pytest.param("line 2", "member", f"{ONE}group g 1 c\n", id="unknown member"),
        pytest.param("line 2", "member", f"{ONE}group g 1 none\n", id="none as a member"),
        pytest.param("line 2", "member", f"{ONE}group g 1 g\n", id="a group within itself"),
        pytest.param("line 2", "member", f"{ONE}group g 1 a a\n", id="one member twice"),
        pytest.param("line 3", "member", f"{ONE}group g 1 a\ngroup h 1 a\n", id="one member in two groups"),
        pytest.param("line 2", "form", f"{ONE}group g 1\n", id="a group without members"),
        pytest.param("line 3", "threshold", f"{TWO}group g 0 a b\n", id="none of two"),
        pytest.param("line 3", "threshold", f"{TWO}group g 3 a b\n", id="three of two"),
        pytest.param("line 3", "threshold", f"{TWO}group g 02 a b\n", id="leading zero"),
        pytest.param("line 3", "threshold", f"{TWO}group g +1 a b\n", id="plus sign"),
        pytest.param("line 3", "threshold", f"{TWO}group g -1 a b\n", id="negative"),
        pytest.param("line 3", "threshold", f"{TWO}group g ٢ a b\n", id="an Arabic digit"),
        pytest.param("line 3", "threshold", f"{TWO}group g most a b\n", id="a word"),
        pytest.param("line 3", "threshold", f"{TWO}group g 99999999999 a b\n", id="a huge number"),
        pytest.param("line 65", "limit", witness_lines(65), id="too many witnesses"),
    ],
)
def test_a_malformed_policy_is_refused_at_its_line(where: str, code: str, text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode())
    assert (caught.value.where, caught.value.code) == (where, f"policy-{code}")


def test_a_policy_that_is_too_long_or_not_utf8_is_refused() -> None:
    for data, code in ((b"#" * 70_000 + b"\n", "length"), (b"# \xff\n", "utf8")):
        with pytest.raises(PolicyError) as caught:
            parse_policy(data)
        assert caught.value.code == f"policy-{code}"


@given(st.binary(max_size=200))
def test_foreign_bytes_raise_nothing_but_a_policy_error(data: bytes) -> None:
    with pytest.raises(PolicyError):
        parse_policy(b"quorum a\n" + data)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda: encode_policy([], WITNESSES, 0), id="no threshold"),
        pytest.param(lambda: encode_policy([], WITNESSES, 5), id="five of four"),
        pytest.param(lambda: encode_policy([], WITNESSES, True), id="a bool as threshold"),
        pytest.param(lambda: encode_policy([], {}, 1), id="no witnesses"),
        pytest.param(lambda: encode_policy([], {"a b": WITNESSES["regulator"]}, 1), id="space in a name"),
        pytest.param(lambda: encode_policy([], {"validators": WITNESSES["regulator"]}, 1), id="the group's name"),
        pytest.param(lambda: encode_policy([STRANGER.verifier_key], WITNESSES, 3), id="a validator's key for a log"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(write: Callable[[], bytes]) -> None:
    with pytest.raises(PolicyError):
        write()


@st.composite
def nested_policies(draw: st.DrawFn) -> Policy:
    """Up to 7 witnesses, some of them grouped, some groups grouped again; some stand outside the quorum."""
    count = draw(st.integers(1, 7))
    free = [f"w{number}" for number in range(count)]
    lines = [witness_lines(count)]
    for number in range(draw(st.integers(0, 4))):
        members = draw(st.lists(st.sampled_from(free), min_size=1, max_size=len(free), unique=True))
        lines.append(f"group g{number} {draw(st.integers(1, len(members)))} {' '.join(members)}\n")
        free = [name for name in free if name not in members] + [f"g{number}"]
    lines.append(f"quorum {free[-1]}\n")
    return parse_policy("".join(lines).encode())


@settings(max_examples=60)
@given(nested_policies())
def test_what_a_policy_survives_is_what_trying_all_sets_says(policy: Policy) -> None:
    everyone = frozenset(policy.witnesses)
    subsets = [
        frozenset(chosen) for size in range(len(everyone) + 1) for chosen in combinations(sorted(everyone), size)
    ]
    quorums = [chosen for chosen in subsets if policy.satisfied_by(chosen)]
    shared = min(len(one & other) for one in quorums for other in quorums)
    silent = max(size for size in range(len(everyone) + 1) if all_leave_a_quorum(policy, everyone, size))
    assert policy.survives() == (shared - 1, silent)
    for faults in range(len(everyone) + 1):
        if faults < shared:
            policy.require_safe(faults)
        else:
            with pytest.raises(PolicyError):
                policy.require_safe(faults)


def all_leave_a_quorum(policy: Policy, everyone: frozenset[str], size: int) -> bool:
    return all(policy.satisfied_by(everyone - frozenset(silent)) for silent in combinations(sorted(everyone), size))


@pytest.mark.parametrize(
    ("threshold", "count", "fork", "stop"),
    [
        (2, 3, 0, 1),
        (3, 4, 1, 1),
        (1, 2, -1, 1),
        (2, 4, -1, 2),
        (5, 7, 2, 2),
        (4, 4, 3, 0),
        (1, 1, 0, 0),
        (43, 64, 21, 21),
    ],
)
def test_k_of_n_survives_what_the_textbook_says(threshold: int, count: int, fork: int, stop: int) -> None:
    members = " ".join(f"w{number}" for number in range(count))
    policy = parse_policy(f"{witness_lines(count)}group g {threshold} {members}\nquorum g\n".encode())
    assert policy.survives() == (fork, stop)


DEPLOYMENTS = {
    "the default: regulator, two trading centres, dispatcher": (3, 4, 1, 1),
    "three institutions": (2, 3, 0, 1),
    "five, for two liars": (4, 5, 2, 1),
    "five, for two that are silent": (3, 5, 0, 2),
    "seven": (5, 7, 2, 2),
    "everybody signs": (4, 4, 3, 0),
    "one alone": (1, 1, 0, 0),
}


@pytest.mark.parametrize(("threshold", "count", "lying", "silent"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_B6_a_policy_says_which_faults_the_deployment_survives(
    threshold: int, count: int, lying: int, silent: int
) -> None:
    members = " ".join(f"w{number}" for number in range(count))
    policy = parse_policy(f"{witness_lines(count)}group g {threshold} {members}\nquorum g\n".encode())
    assert policy.survives() == (lying, silent)
    policy.require_safe(lying)
    with pytest.raises(PolicyError) as caught:
        policy.require_safe(lying + 1)
    assert caught.value.code == "policy-unsafe"


def test_a_number_of_faults_is_a_natural_number() -> None:
    for faults in (-1, True, 0.5):
        with pytest.raises(PolicyError):
            POLICY.require_safe(faults)  # type: ignore[arg-type]


def test_a_witness_that_is_no_validator_of_the_network_is_refused() -> None:
    POLICY.require_validators("demo")
    foreign = parse_policy(f"{witness_lines(1)}quorum w0\n".encode())
    for policy, network in ((POLICY, "dem"), (POLICY, "demo/validator"), (foreign, "demo")):
        with pytest.raises(PolicyError):
            policy.require_validators(network)


def test_a_checkpoint_with_a_quorum_is_accepted() -> None:
    verified = verify_checkpoint(note_of("regulator", "national", "dispatcher"), POLICY, "gridproof/demo/north")
    assert verified.checkpoint == Checkpoint("gridproof/demo/north", 5, bytes(range(32)))
    assert verified.log_key == LOG.verifier_key
    assert verified.cosigners == (("dispatcher", 130), ("national", 110), ("regulator", 120))
    assert verified.quorum_time_s == 110


def test_the_time_of_a_quorum_is_the_latest_that_a_quorum_reaches() -> None:
    assert verify_checkpoint(note_of(*NAMES), POLICY).quorum_time_s == 120


def test_signatures_by_unknown_keys_are_ignored() -> None:
    note = note_of("regulator", "national", "dispatcher")
    foreign = STRANGER.cosign(TEXT, 10**9)
    same_name = SigningKey(KEYS["provincial"].name, COSIGNATURE_V1, b"!" * 32).cosign(TEXT, 10**9)
    broken = replace(foreign, payload=b"?")
    noisy = Note(note.text, (foreign, same_name, *note.signatures, broken, foreign))
    assert verify_checkpoint(noisy, POLICY) == verify_checkpoint(note, POLICY)


QUORUM = note_of("regulator", "national", "dispatcher")
LOG_LINE, *COSIGNATURES = QUORUM.signatures
OTHER_TEXT = encode_checkpoint(Checkpoint("gridproof/demo/north", 6, bytes(range(32))))
SOUTH_TEXT = encode_checkpoint(Checkpoint("gridproof/demo/south", 5, bytes(range(32))))


@pytest.mark.parametrize(
    ("error", "code", "note"),
    [
        pytest.param(PolicyError, "policy-quorum", note_of("regulator", "national"), id="two of three"),
        pytest.param(PolicyError, "policy-quorum", note_of(), id="the log alone"),
        pytest.param(PolicyError, "policy-log", Note(TEXT, tuple(COSIGNATURES)), id="no log signature"),
        pytest.param(
            PolicyError, "policy-log", note_of(*NAMES, text=TEXT.replace(b"north", b"west")), id="a log unknown to us"
        ),
        pytest.param(
            PolicyError,
            "policy-log",
            Note(TEXT, (SigningKey(LOG.name, ED25519, b"!" * 32).sign(TEXT), *COSIGNATURES)),
            id="a log key that is not the policy's",
        ),
        pytest.param(
            PolicyError, "policy-log", Note(TEXT, (SOUTH.sign(TEXT), *COSIGNATURES)), id="signed by another log's key"
        ),
        pytest.param(SignatureError, "signature-invalid", replace(QUORUM, text=OTHER_TEXT), id="another size"),
        pytest.param(SignatureError, "signature-invalid", replace(QUORUM, text=SOUTH_TEXT), id="another origin"),
        pytest.param(
            SignatureError,
            "signature-invalid",
            Note(TEXT, (*QUORUM.signatures, KEYS["provincial"].cosign(OTHER_TEXT, 140))),
            id="a quorum, and one known key that signed something else",
        ),
        pytest.param(
            SignatureError,
            "signature-length",
            Note(TEXT, (*QUORUM.signatures, replace(KEYS["provincial"].cosign(TEXT, 1), payload=b"?"))),
            id="a quorum, and one known key with a broken payload",
        ),
        pytest.param(
            SignatureError,
            "signature-twice",
            Note(TEXT, (LOG_LINE, COSIGNATURES[0], COSIGNATURES[0], COSIGNATURES[0])),
            id="one validator three times",
        ),
        pytest.param(
            SignatureError,
            "signature-twice",
            Note(TEXT, (*QUORUM.signatures, KEYS["regulator"].cosign(TEXT, 999))),
            id="one validator at two times",
        ),
        pytest.param(ParseError, "checkpoint-form", Note(b"no checkpoint\n", QUORUM.signatures), id="no checkpoint"),
    ],
)
def test_a_checkpoint_that_the_policy_does_not_carry_is_refused(error: type[ChainError], code: str, note: Note) -> None:
    with pytest.raises(error) as caught:
        verify_checkpoint(note, POLICY)
    assert caught.value.code == code


def test_a_checkpoint_of_another_origin_than_asked_for_is_refused() -> None:
    with pytest.raises(PolicyError) as caught:
        verify_checkpoint(QUORUM, POLICY, "gridproof/demo/south")
    assert caught.value.code == "policy-origin"


def test_a_validator_does_not_count_as_a_log() -> None:
    policy = parse_policy(DATA.replace(f"log {LOG.verifier_key}\n".encode(), b""))
    with pytest.raises(PolicyError):
        verify_checkpoint(QUORUM, policy)


def test_a_stranger_who_signs_too_is_refused_where_no_policy_names_him() -> None:
    signed = note_of(*NAMES)
    require_known_signers(signed, POLICY)
    beside = replace(signed, signatures=(*signed.signatures, STRANGER.cosign(TEXT, 150)))
    verify_checkpoint(beside, POLICY)
    with pytest.raises(SignatureError, match="no policy names it"):
        require_known_signers(beside, POLICY)
    named = encode_policy([LOG.verifier_key], {"stranger": STRANGER.verifier_key}, 1)
    require_known_signers(beside, POLICY, parse_policy(named))
