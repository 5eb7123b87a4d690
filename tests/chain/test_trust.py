"""The reader's own trust: a pin decides, an export never does."""

from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785

from chain.errors import ChainError, ExportError, PolicyError
from chain.handover import Anchor
from chain.layout import origin, validator_name
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.policy import encode_policy, parse_policy
from chain.trust import (
    ReaderPolicy,
    pin_newest,
    pin_policy,
    pinned_policy,
    read_policy_file,
    reader_policy,
    trust_folder,
)

NAMES = ("dispatcher", "national_centre", "provincial_centre", "regulator")


def policy(secret: str = "ours", network: str = "fujian", threshold: int = 3) -> bytes:
    def seed(name: str) -> bytes:
        return sha256(f"{secret} {name}".encode()).digest()

    log = SigningKey(origin(network, "governance"), ED25519, seed("log"))
    witnesses = {
        name: SigningKey(validator_name(network, name), COSIGNATURE_V1, seed(name)).verifier_key for name in NAMES
    }
    return encode_policy([log.verifier_key], witnesses, threshold)


OURS, OTHERS = policy(), policy("somebody else's")


@pytest.fixture(autouse=True)
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRIDPROOF_TRUST", str(tmp_path / "trust"))
    return tmp_path / "trust"


def export(folder: Path, *policies: bytes, network: str = "fujian") -> Path:
    (folder / "export" / "policy").mkdir(parents=True)
    manifest = {
        "channels": ["governance"],
        "format": "gridproof-export/1",
        "network": network,
        "profile": "regulator",
        "withheld": [],
    }
    (folder / "export" / "manifest.json").write_bytes(rfc8785.dumps(manifest))
    for number, text in enumerate(policies):
        (folder / "export" / "policy" / str(number)).write_bytes(text)
    return folder / "export"


def test_an_export_alone_asserts_itself(tmp_path: Path) -> None:
    found = reader_policy(export(tmp_path, OURS), None)
    assert (found.text, found.source) == (None, "self-asserted")


def test_a_policy_in_hand_decides_whatever_is_pinned(tmp_path: Path) -> None:
    pin_policy("fujian", OURS)
    (tmp_path / "given").write_bytes(OTHERS)
    found = reader_policy(export(tmp_path, OURS), tmp_path / "given")
    assert (found.text, found.source) == (OTHERS, "policy")


def test_a_pinned_policy_is_used(tmp_path: Path) -> None:
    pin_policy("fujian", OURS)
    found = reader_policy(export(tmp_path, OURS), None)
    assert (found.text, found.source) == (OURS, "pinned")


def test_an_export_under_another_policy_than_the_pinned_one_is_an_error_and_not_self_asserted(tmp_path: Path) -> None:
    pin_policy("fujian", OURS)
    with pytest.raises(PolicyError) as caught:
        reader_policy(export(tmp_path, OTHERS), None)
    assert caught.value.code == "pinned-other"


def test_a_pin_that_the_record_has_passed_on_from_is_where_the_reader_begins(tmp_path: Path) -> None:
    pin_policy("fujian", OURS)
    assert reader_policy(export(tmp_path, OURS, OTHERS), None) == ReaderPolicy(OURS, "pinned")


def test_of_two_pins_the_newest_of_the_record_decides(tmp_path: Path) -> None:
    both = export(tmp_path, OURS, OTHERS)
    for text in (OTHERS, OURS):
        pin_policy("fujian", text)
    assert reader_policy(both, None).text == OTHERS
    pin_policy("fujian", policy("a third"))
    assert reader_policy(both, None).text == OTHERS


def anchor(start: int | None, *policies: bytes) -> Anchor:
    parsed = tuple(parse_policy(text) for text in policies)
    return Anchor(parsed[-1], "self-asserted" if start is None else "pinned", parsed, start)


def test_pinning_the_successor_retires_what_it_follows(tmp_path: Path, trust: Path) -> None:
    old = pin_policy("fujian", OURS)
    new = pin_newest("fujian", anchor(0, OURS, OTHERS))
    assert sorted(path.name for path in (trust / "fujian").iterdir()) == sorted(
        [new.name, old.with_suffix(".retired").name]
    )
    assert reader_policy(export(tmp_path / "new", OURS, OTHERS), None).text == OTHERS
    with pytest.raises(PolicyError) as caught:
        reader_policy(export(tmp_path / "old", OURS), None)
    assert (caught.value.code, caught.value.where) == ("pinned-retired", "fujian")
    assert "--record" in caught.value.sentence


def test_a_policy_that_was_only_handed_in_is_retired_too(tmp_path: Path) -> None:
    pin_newest("fujian", anchor(0, OURS, OTHERS))
    with pytest.raises(PolicyError) as caught:
        reader_policy(export(tmp_path, OURS), None)
    assert caught.value.code == "pinned-retired"


def test_a_retired_policy_alone_is_not_self_asserted(tmp_path: Path) -> None:
    pin_newest("fujian", anchor(0, OURS, OTHERS)).unlink()
    with pytest.raises(PolicyError) as caught:
        reader_policy(export(tmp_path, OURS), None)
    assert caught.value.code == "pinned-retired"


def test_pinning_a_retired_policy_by_hand_brings_it_back(tmp_path: Path) -> None:
    pin_newest("fujian", anchor(0, OURS, OTHERS))
    pin_policy("fujian", OURS)
    assert reader_policy(export(tmp_path, OURS), None).text == OURS


def test_a_network_that_comes_back_to_a_policy_does_not_retire_it(tmp_path: Path) -> None:
    pin_newest("fujian", anchor(0, OURS, OTHERS, OURS))
    assert reader_policy(export(tmp_path, OURS, OTHERS, OURS), None).text == OURS


def test_pinning_the_newest_policy_twice_changes_nothing(trust: Path) -> None:
    first = pin_newest("fujian", anchor(0, OURS, OTHERS))
    assert pin_newest("fujian", anchor(1, OURS, OTHERS)) == first
    assert len(list((trust / "fujian").iterdir())) == 2


def test_a_record_that_was_judged_by_its_own_word_pins_nothing(trust: Path) -> None:
    with pytest.raises(PolicyError, match="judged by its own word") as caught:
        pin_newest("fujian", anchor(None, OURS))
    assert caught.value.code == "pin"
    with pytest.raises(PolicyError, match="a policy that is none of its own"):
        pin_newest("fujian", Anchor(parse_policy(OTHERS), "policy", (parse_policy(OURS),), None))
    assert not trust.exists()


def test_a_pin_for_another_network_says_nothing(tmp_path: Path) -> None:
    pin_policy("guangdong", policy(network="guangdong"))
    assert reader_policy(export(tmp_path, OURS), None).source == "self-asserted"


def test_a_pin_is_hashed_again_when_it_is_read(tmp_path: Path) -> None:
    pin_policy("fujian", OURS).write_bytes(OTHERS)
    with pytest.raises(PolicyError) as caught:
        reader_policy(export(tmp_path, OURS), None)
    assert caught.value.code == "pin-damaged"


def test_renaming_another_pin_does_not_make_it_fit(tmp_path: Path) -> None:
    path = pin_policy("fujian", OURS)
    path.rename(path.with_name(f"{sha256(OTHERS).hexdigest()}.policy"))
    with pytest.raises(PolicyError):
        reader_policy(export(tmp_path, OTHERS), None)


def test_a_pin_lies_where_its_hash_says(trust: Path) -> None:
    path = pin_policy("fujian", OURS)
    assert path == trust / "fujian" / f"{sha256(OURS).hexdigest()}.policy"
    assert path.read_bytes() == OURS
    assert pin_policy("fujian", OURS) == path
    assert [p.name for p in (trust / "fujian").iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("network", "text"),
    [
        ("guangdong", OURS),
        ("fujian", b""),
        ("fujian", b"quorum none\n"),
        ("fujian", OURS.replace(b"\n", b"\r\n")),
        ("fujian", b"\xff\n"),
    ],
    ids=["another network's validators", "nothing", "quorum none", "foreign line ends", "not UTF-8"],
)
def test_a_policy_that_guards_nothing_is_not_pinned(trust: Path, network: str, text: bytes) -> None:
    with pytest.raises(PolicyError):
        pin_policy(network, text)
    assert not trust.exists()


def test_a_trust_folder_that_cannot_be_written_is_our_own_error(trust: Path) -> None:
    trust.write_bytes(b"a file where the folder should be")
    with pytest.raises(PolicyError) as caught:
        pin_policy("fujian", OURS)
    assert caught.value.code == "trust-folder"


def test_the_trust_folder_is_the_readers_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust_folder() == tmp_path / "trust"
    monkeypatch.setenv("GRIDPROOF_TRUST", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert trust_folder() == tmp_path / "config" / "gridproof" / "trust"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("GRIDPROOF_TRUST")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert trust_folder() == tmp_path / "home" / ".config" / "gridproof" / "trust"


@pytest.mark.parametrize("network", ["..", "../..", "/etc"])
def test_a_network_that_is_a_path_reaches_no_folder(tmp_path: Path, network: str) -> None:
    with pytest.raises(ExportError):
        reader_policy(export(tmp_path, OURS, network=network), None)


def test_an_export_without_a_policy_is_an_error_once_its_network_is_pinned(tmp_path: Path) -> None:
    pin_policy("fujian", OURS)
    with pytest.raises(ExportError) as caught:
        reader_policy(export(tmp_path), None)
    assert caught.value.code == "missing"


@pytest.mark.parametrize("content", [None, b"", b"quorum none\n", b"\x00"])
def test_a_policy_file_that_is_missing_or_malformed_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "given"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        read_policy_file(path)
    assert str(path) in caught.value.where


def test_a_folder_is_no_policy_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        read_policy_file(tmp_path)


def test_evidence_is_judged_by_the_pin_that_equals_its_policy() -> None:
    assert pinned_policy("fujian", lambda: [OURS]).source == "self-asserted"
    pin_policy("fujian", OURS)
    found = pinned_policy("fujian", lambda: [OURS])
    assert (found.text, found.source) == (OURS, "pinned")
    with pytest.raises(PolicyError) as caught:
        pinned_policy("fujian", lambda: [OTHERS])
    assert caught.value.code == "pinned-other"


@pytest.mark.parametrize("network", ["", "..", "a/b"])
def test_a_network_whose_name_is_none_reaches_no_pin(network: str) -> None:
    with pytest.raises(ChainError):
        pinned_policy(network, lambda: [OURS])
