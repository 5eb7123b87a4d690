"""Signed notes, keys, checkpoints and cosignatures: published vectors, round trips, malformed bytes, hostile keys."""

import base64
import unicodedata
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ChainError, ParseError
from chain.limits import LIMITS
from chain.note import (
    COSIGNATURE_V1,
    ED25519,
    Checkpoint,
    Note,
    Signature,
    SigningKey,
    VerifierKey,
    encode_checkpoint,
    encode_note,
    parse_checkpoint,
    parse_note,
    verify_cosignature,
    verify_signature,
)

# The example of golang.org/x/mod/sumdb/note.
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
SUMDB_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

LOG = SigningKey("gridproof/demo/north", ED25519, bytes(range(32)))
VALIDATOR = SigningKey("gridproof/demo/validator/regulator", COSIGNATURE_V1, bytes(range(32, 64)))
HEAD = Checkpoint("gridproof/demo/north", 5, bytes(range(32)))
TEXT = encode_checkpoint(HEAD)
TIME_S = 1_700_000_000
SIGNED = Note(TEXT, (LOG.sign(TEXT), VALIDATOR.cosign(TEXT, TIME_S)))
ENCODED = encode_note(SIGNED)


def verify_both(note: Note) -> None:
    log, validator = note.signatures
    verify_signature(note.text, log, LOG.verifier_key)
    verify_cosignature(note.text, validator, VALIDATOR.verifier_key)


def test_the_published_note_verifies_and_is_signed_the_same_by_us() -> None:
    key = VerifierKey.parse(NEUMANN_KEY)
    note = parse_note(NEUMANN_NOTE)
    verify_signature(note.text, note.signatures[0], key)
    ours = SigningKey("PeterNeumann", ED25519, NEUMANN_SEED)
    assert str(ours.verifier_key) == NEUMANN_KEY
    assert encode_note(Note(note.text, (ours.sign(note.text),))) == NEUMANN_NOTE


@pytest.mark.parametrize("line", [NEUMANN_KEY, SUMDB_KEY])
def test_published_verifier_keys_are_read_and_written_alike(line: str) -> None:
    key = VerifierKey.parse(line)
    assert str(key) == line
    assert (key.algorithm, key.key_id.hex()) == (ED25519, line.split("+")[1])


def test_a_cosignature_signs_time_and_text_as_the_specification_says() -> None:
    signature = SIGNED.signatures[1]
    assert signature.payload[:8] == TIME_S.to_bytes(8, "big")
    assert verify_cosignature(TEXT, signature, VALIDATOR.verifier_key) == TIME_S
    # The same bytes, signed as a plain note by the same seed.
    message = f"cosignature/v1\ntime {TIME_S}\n".encode() + TEXT
    plain = SigningKey(VALIDATOR.name, ED25519, VALIDATOR.seed).sign(message)
    assert signature.payload[8:] == plain.payload


def test_a_checkpoint_is_the_three_lines_of_the_specification() -> None:
    text = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert encode_checkpoint(checkpoint) == text


def test_a_seed_does_not_show_in_the_text_of_a_key() -> None:
    assert "seed" not in repr(LOG)
    assert repr(LOG.seed) not in repr(LOG)


printable = st.characters(exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))))
texts = st.lists(st.text(printable, max_size=30), min_size=1).map(
    lambda lines: "".join(f"{x}\n" for x in lines).encode()
)
names = st.text(printable, min_size=1, max_size=20).filter(
    lambda name: not any(char in "+\x85" or unicodedata.category(char) in ("Zs", "Zl", "Zp") for char in name)
)
signatures = st.builds(Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


@given(texts, st.lists(signatures, min_size=1, max_size=5))
def test_a_note_survives_the_round_trip(text: bytes, lines: list[Signature]) -> None:
    note = Note(text, tuple(lines))
    data = encode_note(note)
    assert parse_note(data) == note
    assert encode_note(parse_note(data)) == data


@given(st.text(printable, min_size=1), st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_survives_the_round_trip(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint(encode_checkpoint(checkpoint)) == checkpoint


@given(names, st.sampled_from([ED25519, COSIGNATURE_V1]), st.binary(min_size=32, max_size=32))
def test_a_verifier_key_survives_the_round_trip(name: str, algorithm: int, public_key: bytes) -> None:
    key = VerifierKey(name, algorithm, public_key)
    assert VerifierKey.parse(str(key)) == key


@given(st.binary(max_size=300))
def test_foreign_bytes_never_raise_anything_but_our_own_error(data: bytes) -> None:
    for parse in (
        parse_note,
        parse_checkpoint,
        lambda data: VerifierKey.parse(data.decode("utf-8", "surrogateescape")),
    ):
        try:
            parse(data)
        except ParseError:
            continue


def test_no_bit_of_a_signed_note_can_change_unnoticed() -> None:
    verify_both(parse_note(ENCODED))
    for bit in range(len(ENCODED) * 8):
        changed = bytearray(ENCODED)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ChainError):
            verify_both(parse_note(bytes(changed)))


GOOD_LINE = ENCODED.split(b"\n\n")[1]
LINE_1, LINE_2 = GOOD_LINE.splitlines(keepends=True)
DASH = "— ".encode()


def line_of(name: str, content: str) -> bytes:
    return f"— {name} {content}\n".encode()


@pytest.mark.parametrize(
    ("code", "data"),
    [
        pytest.param("note-form", b"", id="nothing"),
        pytest.param("note-form", TEXT, id="text alone"),
        pytest.param("note-form", TEXT + b"\n", id="no signature"),
        pytest.param("note-form", TEXT + LINE_1, id="no empty line"),
        pytest.param("note-form", b"\n" + LINE_1, id="no text"),
        pytest.param("note-form", TEXT + b"\n" + LINE_1[:-1], id="last newline missing"),
        pytest.param("note-form", TEXT + b"\n" + LINE_1 + b"\n", id="an empty line at the end"),
        pytest.param("note-signature", TEXT + b"\n" + LINE_1 + b"\n" + b"more\n", id="text behind the signatures"),
        pytest.param("note-signature", TEXT + b"\n" + LINE_1[4:], id="no em dash"),
        pytest.param("note-signature", TEXT + b"\n- " + LINE_1[4:], id="a hyphen for the em dash"),
        pytest.param("note-signature", TEXT + b"\n" + LINE_1.replace(b" ", b"\xc2\xa0", 1), id="a no-break space"),
        pytest.param("note-signature", TEXT + b"\n" + LINE_1.replace(b" ", b"", 2), id="no spaces"),
        pytest.param("note-signature", TEXT + b"\n" + DASH + b"name\n", id="no base64 and no space"),
        pytest.param("note-signature", TEXT + b"\n" + DASH + b"name \n", id="empty base64"),
        pytest.param("note-signature", TEXT + b"\n" + line_of("name", "AAAAAA=="), id="a key id alone"),
        pytest.param("note-signature", TEXT + b"\n" + line_of("name", "AAAA"), id="less than a key id"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAAAAA"), id="padding missing"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAAAAAA===="), id="padding too long"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAAAAB="), id="bits behind the padding"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAA AAAA"), id="a space in base64"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAAAA-_"), id="the URL alphabet"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", " AAAAAAAA"), id="two spaces"),
        pytest.param("note-base64", TEXT + b"\n" + line_of("name", "AAAAAAAé"), id="a letter beyond ASCII"),
        pytest.param("key-name", TEXT + b"\n" + line_of("", "AAAAAAAA"), id="empty name"),
        pytest.param("key-name", TEXT + b"\n" + line_of("a+b", "AAAAAAAA"), id="plus in a name"),
        pytest.param("key-name", TEXT + b"\n" + line_of("a\u2003b", "AAAAAAAA"), id="em space in a name"),
        pytest.param("key-name", TEXT + b"\n" + line_of("a\u0085b", "AAAAAAAA"), id="next-line character in a name"),
        pytest.param("note-control", TEXT.replace(b"5", b"5\r") + b"\n" + LINE_1, id="carriage return"),
        pytest.param("note-control", TEXT + b"\n" + LINE_1.replace(b"\n", b"\r\n"), id="Windows line ends"),
        pytest.param("note-control", b"a\tb\n\n" + LINE_1, id="tab"),
        pytest.param("note-control", b"a\0b\n\n" + LINE_1, id="zero byte"),
        pytest.param("note-utf8", b"\xff\n\n" + LINE_1, id="not UTF-8"),
        pytest.param("note-utf8", b"\xed\xa0\x80\n\n" + LINE_1, id="a surrogate"),
        pytest.param("note-utf8", b"\xc0\x8a\n\n" + LINE_1, id="an overlong newline"),
        pytest.param(
            "note-signatures", TEXT + b"\n" + LINE_1 * (LIMITS.note_signatures_max + 1), id="too many signatures"
        ),
        pytest.param("note-length", b"a" * LIMITS.note_bytes_max + b"\n\n" + LINE_1, id="too long"),
    ],
)
def test_a_malformed_note_is_refused(code: str, data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_note(data)
    assert caught.value.code == code


def test_the_last_empty_line_parts_text_from_signatures() -> None:
    inner = Note(b"first\n\n" + LINE_1 + b"\nsecond\n\n", SIGNED.signatures)
    assert parse_note(encode_note(inner)) == inner


def test_as_many_signatures_as_the_limit_says_are_read() -> None:
    assert len(parse_note(TEXT + b"\n" + LINE_1 * LIMITS.note_signatures_max).signatures) == LIMITS.note_signatures_max


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(replace(SIGNED, signatures=()), id="no signature"),
        pytest.param(replace(SIGNED, text=TEXT[:-1]), id="text without its newline"),
        pytest.param(replace(SIGNED, text=b""), id="no text"),
        pytest.param(replace(SIGNED, signatures=(Signature("a b", bytes(4), bytes(64)),)), id="space in a name"),
        pytest.param(
            replace(SIGNED, signatures=(Signature("a\ud800", bytes(4), bytes(64)),)), id="surrogate in a name"
        ),
        pytest.param(replace(SIGNED, signatures=(Signature("a", bytes(3), bytes(64)),)), id="short key id"),
        pytest.param(replace(SIGNED, signatures=(Signature("a", bytes(4), b""),)), id="empty payload"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(note: Note) -> None:
    with pytest.raises(ParseError):
        encode_note(note)


ROOT_LINE = TEXT.split(b"\n")[2]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        pytest.param("form", b"", id="nothing"),
        pytest.param("form", b"log\n5\n", id="two lines"),
        pytest.param("form", b"log\n5\n" + ROOT_LINE, id="last newline missing"),
        pytest.param("form", b"log\n5\n" + ROOT_LINE + b"\n\n", id="an empty fourth line"),
        pytest.param("form", b"log\n5\n" + ROOT_LINE + b"\nextension\n", id="an extension line"),
        pytest.param("origin", b"\n5\n" + ROOT_LINE + b"\n", id="empty origin"),
        pytest.param("size", b"log\n\n" + ROOT_LINE + b"\n", id="empty size"),
        pytest.param("size", b"log\n05\n" + ROOT_LINE + b"\n", id="leading zero"),
        pytest.param("size", b"log\n+5\n" + ROOT_LINE + b"\n", id="plus sign"),
        pytest.param("size", b"log\n-5\n" + ROOT_LINE + b"\n", id="negative"),
        pytest.param("size", b"log\n5 \n" + ROOT_LINE + b"\n", id="space behind the size"),
        pytest.param("size", b"log\n1_0\n" + ROOT_LINE + b"\n", id="underscore"),
        pytest.param("size", b"log\n0x5\n" + ROOT_LINE + b"\n", id="hexadecimal"),
        pytest.param("size", "log\n٥\n".encode() + ROOT_LINE + b"\n", id="an Arabic digit"),
        pytest.param("size", b"log\n%d\n" % 2**63 + ROOT_LINE + b"\n", id="2**63"),
        pytest.param("size", b"log\n" + b"9" * 5000 + b"\n" + ROOT_LINE + b"\n", id="five thousand digits"),
        pytest.param("root", b"log\n5\n\n", id="empty root"),
        pytest.param("root", b"log\n5\n" + base64.b64encode(bytes(31)) + b"\n", id="31 bytes"),
        pytest.param("root", b"log\n5\n" + base64.b64encode(bytes(33)) + b"\n", id="33 bytes"),
        pytest.param("base64", b"log\n5\n" + ROOT_LINE[:-1] + b"\n", id="padding missing"),
        pytest.param("base64", b"log\n5\n" + ROOT_LINE[:-2] + b"9=\n", id="bits behind the padding"),
    ],
)
def test_a_malformed_checkpoint_is_refused(code: str, text: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_checkpoint(text)
    assert caught.value.code == f"checkpoint-{code}"


@pytest.mark.parametrize(
    "checkpoint",
    [
        pytest.param(Checkpoint("", 5, bytes(32)), id="empty origin"),
        pytest.param(Checkpoint("a\nb", 5, bytes(32)), id="newline in the origin"),
        pytest.param(Checkpoint("a", -1, bytes(32)), id="negative size"),
        pytest.param(Checkpoint("a", True, bytes(32)), id="a bool as size"),
        pytest.param(Checkpoint("a", 5, bytes(31)), id="short root"),
    ],
)
def test_what_is_no_checkpoint_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(ParseError):
        encode_checkpoint(checkpoint)


def vkey(name: str, content: bytes) -> str:
    """A verifier key line whose key id fits whatever it names."""
    key_id = sha256(name.encode() + b"\n" + content).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        pytest.param("form", "", id="nothing"),
        pytest.param("form", "name+00000000", id="two parts"),
        pytest.param("name", vkey("", b"\x01" + bytes(32)), id="empty name"),
        pytest.param("name", vkey("a b", b"\x01" + bytes(32)), id="space in the name"),
        pytest.param("name", vkey("a\tb", b"\x01" + bytes(32)), id="tab in the name"),
        pytest.param("id", NEUMANN_KEY.replace("c74f20a3", "c74f20a4"), id="another key id"),
        pytest.param("id", NEUMANN_KEY.replace("Peter", "Petra"), id="another name"),
        pytest.param("id", NEUMANN_KEY.replace("c74f20a3", "C74F20A3"), id="upper-case key id"),
        pytest.param("id", NEUMANN_KEY.replace("c74f20a3", "74f20a3"), id="short key id"),
        pytest.param("id", NEUMANN_KEY.replace("c74f20a3", "0c74f20a3"), id="long key id"),
        pytest.param("base64", NEUMANN_KEY + "\n", id="newline at the end"),
        pytest.param("base64", NEUMANN_KEY + "=", id="padding that is not needed"),
        pytest.param("base64", NEUMANN_KEY + "+x", id="a fourth part"),
        pytest.param("length", vkey("name", b""), id="empty key"),
        pytest.param("length", vkey("name", b"\x01"), id="algorithm alone"),
        pytest.param("length", vkey("name", b"\x01" + bytes(31)), id="31 bytes"),
        pytest.param("length", vkey("name", b"\x04" + bytes(33)), id="33 bytes"),
        pytest.param("algorithm", vkey("name", b"\x02" + bytes(32)), id="ECDSA"),
        pytest.param("algorithm", vkey("name", b"\x06" + bytes(1312)), id="ML-DSA-44"),
        pytest.param("algorithm", vkey("name", b"\xff" + bytes(32)), id="no algorithm"),
    ],
)
def test_a_malformed_verifier_key_is_refused(code: str, line: str) -> None:
    with pytest.raises(ParseError) as caught:
        VerifierKey.parse(line)
    assert caught.value.code == f"key-{code}"
