"""A configuration is read whole: every problem with its line, column and key, and what would be right."""

import contextlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import ChainError, ConfigError, SecretFileError
from chain.founding import NetworkConfig, derive_keys
from chain.identity.keystore import MINIMUM_COST, encrypt_keystore
from chain.imports import GOVERNANCE
from chain.limits import LIMITS
from chain.network import Network
from chain.network_config import parse_channel_parameters, parse_network_config
from chain.transaction import Signer
from sample_data.network_setup import SimulatedClock
from tests.chain.little_network import FAR_MS, seed_of, signer

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "network.toml"
PASSWORD = "a sentence of some length"


def keystore(name: str) -> bytes:
    account = name.rsplit("/", 1)[-1]
    return encrypt_keystore(Signer(account, seed_of(account)), PASSWORD, bytes, MINIMUM_COST)


@pytest.fixture(scope="module")
def read_file() -> Callable[[str], bytes]:
    """Every keystore there can be; a second reading costs nothing."""
    made: dict[str, bytes] = {}

    def read(name: str) -> bytes:
        if "nowhere" in name:
            raise SecretFileError("no-file", "there is no such file or folder", name)
        return made.setdefault(name, keystore(name))

    return read


TEXT = f"""\
[network]
name = "little"
time = 2026-11-02T08:00:00+08:00
faults = 0
threshold = 2

[[organisation]]
organisation = "regulator"
name_en = "Regulator"
name_zh = "监管"
roles = ["regulator", "council"]
validator = "regulator"

[[organisation]]
organisation = "centre"
name_en = "Centre"
name_zh = "中心"
parent = "regulator"
roles = ["council", "registrar"]
validator = "centre"

[[operator]]
account = "regulator"
organisation = "regulator"
roles = ["council", "regulator"]
public_key = "{signer("regulator").public_key}"

[[operator]]
account = "clerk"
organisation = "centre"
name_en = "A clerk"
name_zh = "职员"
roles = ["registrar"]
public_key = "{signer("clerk").public_key}"

[[channel]]
channel = "area-350100"
area = "350100"
openness = "members"

[parameters.record]
transactions_per_block_max = 7

[parameters.auction]
fees = [
  {{ buyer_zone = "*", fee_fen_per_mwh = 1, seller_zone = "*", voltage = "*" }},
]
"""


def parsed(text: str | bytes, read: Callable[[str], bytes] = keystore) -> NetworkConfig:
    return parse_network_config(text if isinstance(text, bytes) else text.encode(), "net.toml", read)


def test_F08_a_network_is_founded_from_the_example(read_file: Callable[[str], bytes], tmp_path: Path) -> None:
    config = parse_network_config(EXAMPLE.read_bytes(), "network.toml", read_file)
    with Network.create(tmp_path / "ledger", config, derive_keys(config, seed_of), SimulatedClock(FAR_MS)) as network:
        assert sorted(network.channels) == ["area-350100", "area-350200", GOVERNANCE]
        assert network.registered["area-350200"].openness == "managers"
        genesis = network.channels[GOVERNANCE].replica.genesis
        assert (genesis.name, genesis.faults, genesis.time) == ("fujian", 1, 1_793_548_800_000)
        assert [operator.account for operator in genesis.operators][:2] == ["dispatcher", "metering"]
        assert genesis.parameters["alliance"]["vote_ms"] == 604_800_000
        assert network.channels["area-350100"].replica.parameters["auction"].lot_wh == 1_000
        assert network.policy.groups["validators"].threshold == 3


def test_what_the_file_says_is_what_the_network_is_born_with() -> None:
    config = parsed(TEXT)
    assert (config.name, config.time_ms, config.faults, config.threshold) == ("little", 1_793_577_600_000, 0, 2)
    assert config.validators == ("centre", "regulator")
    assert config.areas == {"area-350100": "350100"} and config.openness == {"area-350100": "members"}
    assert [(one.organisation, one.parent) for one in config.organisations] == [
        ("centre", "regulator"),
        ("regulator", ""),
    ]
    assert config.organisations[1].roles == ("council", "regulator")
    clerk, regulator = config.operators
    assert (clerk.name_zh, regulator.name_zh, regulator.name_en) == ("职员", "监管", "Regulator")
    assert config.parameters["record"] == {"transactions_per_block_max": 7}


def test_an_organisation_may_give_roles_that_anyone_may_hold() -> None:
    given = TEXT.replace('["regulator", "council"]', '["retailer", "regulator", "council", "aggregator"]')
    assert parsed(given).organisations[1].roles == ("aggregator", "council", "regulator", "retailer")


def test_of_many_unknown_keys_the_first_of_the_file_are_told() -> None:
    names = [f"{letter}{number}" for letter in "zyx" for number in range(LIMITS.config_problems_max)]
    with pytest.raises(ConfigError) as caught:
        parsed(TEXT.replace("faults = 0\n", "faults = 0\n" + "".join(f"{name} = 1\n" for name in names)))
    told = [problem.where.rpartition(".")[2] for problem in caught.value.problems]
    assert told == names[: LIMITS.config_problems_max]
    assert caught.value.sentence.startswith(f"{len(names)} problems")


Case = tuple[str, str, str, str]
"""(what is replaced, by what, place of the problem, what its sentence holds)"""

PROBLEMS: dict[str, Case] = {
    "no TOML": ('name = "little"', "name = little", "net.toml:2:8", "not TOML: Invalid value"),
    "a key twice": ("faults = 0", "faults = 0\nfaults = 1", "net.toml:5:11", "not TOML: Cannot overwrite a value"),
    "an unknown key": ("faults = 0", "fault = 0", "net.toml:4:1: network.fault", 'did you mean "faults"'),
    "a missing key": ('name = "little"\n', "", "net.toml:1:1: network.name", "name is missing"),
    "a missing time": ("time = 2026-11-02T08:00:00+08:00\n", "", "net.toml:1:1: network.time", "2026-11-02T00:00"),
    "a local time": ("08:00:00+08:00", "08:00:00", "net.toml:3:1: network.time", "offset from UTC"),
    "a day": ("2026-11-02T08:00:00+08:00", "2026-11-02", "net.toml:3:1: network.time", "offset from UTC"),
    "microseconds": ("08:00:00+08", "08:00:00.000001+08", "net.toml:3:1: network.time", "whole milliseconds"),
    "before 1970": ("2026-11-02T08", "1969-11-02T08", "net.toml:3:1: network.time", "from 1970"),
    "text for an integer": (
        "faults = 0",
        'faults = "0"',
        "net.toml:4:1: network.faults",
        "an integer stands here, not text",
    ),
    "a truth value for an integer": (
        "faults = 0",
        "faults = true",
        "net.toml:4:1: network.faults",
        "not a truth value",
    ),
    "a fraction": ("threshold = 2", "threshold = 2.0", "net.toml:5:1: network.threshold", "whole units"),
    "infinity": ("threshold = 2", "threshold = inf", "net.toml:5:1: network.threshold", "whole units"),
    "a big integer": (
        "threshold = 2",
        f"threshold = {2**53}",
        "net.toml:5:1: network.threshold",
        "within ±9007199254740991",
    ),
    "a date for a text": ('"Regulator"', "2026-11-02", "net.toml:9:1: organisation[0].name_en", "a date or time"),
    "a control character": ('"Regulator"', '"Regu\\u0007lator"', "net.toml:9:1: organisation[0].name_en", "U+0007"),
    "not NFC": ('"Regulator"', '"e\u0301"', "net.toml:9:1: organisation[0].name_en", "normalisation form C"),
    "an empty title": ('"Regulator"', '""', "net.toml:9:1: organisation[0].name_en", "1 to 200 characters"),
    "no name": ('name = "little"', 'name = "a b"', "net.toml:2:1: network.name", "is not a name"),
    "an empty name": ('name = "little"', 'name = ""', "net.toml:2:1: network.name", "not empty"),
    "an unknown role": (
        '"council", "registrar"]\nv',
        '"council", "registar"]\nv',
        "net.toml:19:21: organisation[1].roles[1]",
        'did you mean "registrar"',
    ),
    "a role twice": (
        '["regulator", "council"]',
        '["council", "council"]',
        "net.toml:11:21: organisation[0].roles[1]",
        "twice",
    ),
    "a role that is no text": (
        '["regulator", "council"]',
        "[1]",
        "net.toml:11:10: organisation[0].roles[0]",
        "a role is text",
    ),
    "a role that the organisation may not give": (
        'roles = ["registrar"]',
        'roles = ["regulator"]',
        "net.toml:33:1: operator[1].roles",
        "centre may give its accounts: council, registrar",
    ),
    "an unknown parent": (
        'parent = "regulator"',
        'parent = "regulatr"',
        "net.toml:18:1: organisation[1].parent",
        'did you mean "regulator"',
    ),
    "a circle": (
        'name_zh = "监管"',
        'name_zh = "监管"\nparent = "centre"',
        "net.toml:11:1: organisation[0].parent",
        "a circle",
    ),
    "an organisation twice": (
        'organisation = "centre"\nname_en = "C',
        'organisation = "regulator"\nname_en = "C',
        "net.toml:15:1: organisation[1].organisation",
        "regulator is taken already",
    ),
    "a validator twice": (
        'validator = "centre"',
        'validator = "regulator"',
        "net.toml:20:1: organisation[1].validator",
        "regulator is taken already",
    ),
    "an unknown organisation": (
        'organisation = "centre"\nname_en = "A',
        'organisation = "center"\nname_en = "A',
        "net.toml:30:1: operator[1].organisation",
        'did you mean "centre"',
    ),
    "an account twice": (
        'account = "clerk"',
        'account = "regulator"',
        "net.toml:29:1: operator[1].account",
        "is taken already",
    ),
    "a key twice among operators": (
        signer("clerk").public_key,
        signer("regulator").public_key,
        "net.toml:34:1: operator[1].public_key",
        "is taken already",
    ),
    "a key that is no point": (
        signer("clerk").public_key,
        "00" * 32,
        "net.toml:34:1: operator[1].public_key",
        "Ed25519 point of prime order",
    ),
    "a key that is no hex": (
        signer("clerk").public_key,
        "xyz",
        "net.toml:34:1: operator[1].public_key",
        "64 lower-case hexadecimal",
    ),
    "neither key nor keystore": (
        f'public_key = "{signer("clerk").public_key}"\n',
        "",
        "net.toml:28:1: operator[1]",
        "one of the two",
    ),
    "no such keystore": (
        f'public_key = "{signer("clerk").public_key}"',
        'keystore = "nowhere"',
        "net.toml:34:1: operator[1].keystore",
        "no such file",
    ),
    "somebody else's keystore": (
        f'public_key = "{signer("clerk").public_key}"',
        'keystore = "keys/other"',
        "net.toml:34:1: operator[1].keystore",
        "that of other, not of clerk",
    ),
    "a reserved channel": (
        'channel = "area-350100"',
        'channel = "beacon"',
        "net.toml:37:1: channel[0].channel",
        "is reserved",
    ),
    "governance as a channel": (
        'channel = "area-350100"',
        'channel = "Governance"',
        "net.toml:37:1: channel[0].channel",
        "is taken already",
    ),
    "no area code": ('area = "350100"', 'area = "Fuzhou"', "net.toml:38:1: channel[0].area", "administrative code"),
    "an area code as a number": (
        'area = "350100"',
        "area = 350100",
        "net.toml:38:1: channel[0].area",
        "text stands here, not an integer",
    ),
    "another openness": ('"members"', '"member"', "net.toml:39:1: channel[0].openness", 'did you mean "members"'),
    "one table for an array": (
        "[[channel]]",
        "[channel]",
        "net.toml:36:1: channel",
        "an array stands here, not a table",
    ),
    "an array of numbers": ("[[channel]]", "[x]\n[[y]]", "net.toml:36:1: x", "there is no such key here"),
    "an unknown contract": (
        "[parameters.record]",
        "[parameters.recrd]",
        "net.toml:41:1: parameters.recrd",
        'did you mean "record"',
    ),
    "an unknown parameter": (
        "transactions_per_block_max",
        "transaction_per_block_max",
        "net.toml:42:1: parameters.record.transaction_per_block_max",
        'did you mean "transactions_per_block_max"',
    ),
    "a parameter of another kind": (
        "_max = 7",
        '_max = "7"',
        "net.toml:42:1: parameters.record.transactions_per_block_max",
        "expected an integer, got text",
    ),
    "a parameter out of range": (
        "_max = 7",
        "_max = 0",
        "net.toml:42:1: parameters.record.transactions_per_block_max",
        "an integer, at least 1",
    ),
    "more rows in a block than a segment holds": (
        "_max = 7",
        "_max = 91",
        "net.toml:42:1: parameters.record.transactions_per_block_max",
        "91 transactions of 100000 rows",
    ),
    "a role of an institution for anyone": (
        "[parameters.record]",
        '[parameters.participant]\ngrantable_roles = ["regulator"]\n\n[parameters.record]',
        "net.toml:42:1: parameters.participant.grantable_roles",
        "held through an organisation only",
    ),
    "a value inside a parameter": (
        "fee_fen_per_mwh = 1,",
        'fee_fen_per_mwh = "1",',
        "net.toml:46:23: parameters.auction.fees[0].fee_fen_per_mwh",
        "expected an integer, got text",
    ),
    "an unknown key inside a parameter": (
        "voltage =",
        "volts =",
        "net.toml:46:63: parameters.auction.fees[0].volts",
        'did you mean "voltage"',
    ),
    "what is said elsewhere": (
        "[parameters.record]",
        "[parameters.alliance]\nfaults = 1\n[parameters.record]",
        "net.toml:42:1: parameters.alliance.faults",
        "`faults` of [network]",
    ),
    "a threshold that can never be reached": (
        "threshold = 2",
        "threshold = 3",
        "net.toml:5:1: network.threshold",
        "3 of 2 validators",
    ),
    "a threshold that liars can split": (
        "threshold = 2",
        "threshold = 1",
        "net.toml:5:1: network.threshold",
        "at least 2",
    ),
    "faults that no threshold survives": (
        "faults = 0",
        "faults = 2",
        "net.toml:5:1: network.threshold",
        "more than 2 validators",
    ),
    "parameters that the contract refuses": (
        "fees = [",
        "price_min = 9\nprice_max = 8\nfees = [",
        "net.toml:46:1: parameters.auction.price_max",
        "from 9 to",
    ),
}


@pytest.mark.parametrize(("old", "new", "place", "told"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_told_with_its_line_and_what_would_be_right(
    old: str, new: str, place: str, told: str, read_file: Callable[[str], bytes]
) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as refused:
        parsed(TEXT.replace(old, new, 1), read_file)
    assert [problem for problem in refused.value.problems if problem.where == place and told in problem.sentence], str(
        refused.value
    )


def test_all_problems_are_told_together_in_the_order_of_the_file() -> None:
    text = TEXT.replace("faults = 0", "faults = 0.5").replace('"members"', '"all"').replace("_max = 7", "_max = -1")
    with pytest.raises(ConfigError) as refused:
        parsed(text.replace('parent = "regulator"', 'parent = "nobody"'))
    lines = [int(problem.where.split(":")[1]) for problem in refused.value.problems]
    assert lines == [4, 18, 39, 42]
    assert str(refused.value).count("\n") == 3
    assert refused.value.sentence == "4 problems"


def test_one_mistake_is_told_once() -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(TEXT.replace("fee_fen_per_mwh = 1", "fee_fen_per_mwh = 1.5"))
    assert len(refused.value.problems) == 1


BYTES: dict[str, tuple[bytes, str, str]] = {
    "a byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), "bom", "net.toml:1:1"),
    "UTF-16": (TEXT.encode("utf-16"), "bom", "net.toml:1:1"),
    "no UTF-8": (TEXT.encode().replace("监".encode(), "监".encode("gb18030")), "utf8", "net.toml:10:12"),
    "too large": (TEXT.encode() + b"#" * LIMITS.config_bytes_max, "size", "net.toml"),
    "a long line": (TEXT.encode() + b"\n#" + b"x" * LIMITS.config_line_bytes_max, "line-size", "net.toml:49:1"),
    "deeply nested": (b"a = " + b"[\n" * 20_000, "toml", "net.toml"),
    "digits without end": (b"a = " + b"1" * 900, "integer-size", "net.toml:1:1: a"),
    "keys within keys": (b"a." * 400 + b"a = 1", "depth", "net.toml:1:1: " + ".".join("a" * 17)),
    "empty": (b"", "missing", "net.toml:1:1: network"),
}


@pytest.mark.parametrize(("data", "code", "place"), BYTES.values(), ids=BYTES)
def test_bytes_that_are_no_configuration_are_refused_with_our_own_error(data: bytes, code: str, place: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parsed(data)
    assert (refused.value.problems[0].code, refused.value.problems[0].where) == (code, place)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_configuration_or_our_own_error(data: bytes) -> None:
    with pytest.raises(ChainError):
        parsed(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_configuration_with_some_bytes_changed_is_read_or_refused_with_our_own_error(data: st.DataObject) -> None:
    changed = bytearray(TEXT.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ChainError):
        parsed(bytes(changed))


def test_many_problems_are_bounded() -> None:
    text = TEXT + "".join(f"[parameters.x{number}]\n" for number in range(500))
    with pytest.raises(ConfigError, match="x0") as refused:
        parsed(text)
    assert len(refused.value.problems) == LIMITS.config_problems_max
    assert refused.value.sentence == "500 problems"


def test_parameters_of_a_channel_are_read_like_those_of_a_network() -> None:
    assert parse_channel_parameters(b"[record]\nsegment_rows_max = 9\n", "p.toml") == {
        "record": {"segment_rows_max": 9}
    }
    for text, place in (("[record]\nrows = 9", "p.toml:2:1: record.rows"), ("[alliance]", "p.toml:1:1: alliance")):
        with pytest.raises(ConfigError) as refused:
            parse_channel_parameters(text.encode(), "p.toml")
        assert refused.value.problems[0].where == place


def test_the_example_is_toml_as_others_read_it() -> None:
    content: dict[str, Any] = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert content["network"]["name"] == "fujian"
