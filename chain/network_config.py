"""From a TOML file to what a network is born with (F08): every problem with its line, all of them at once.

Rules, in this order; those of one step are reported together:
1. At most `config_bytes_max` bytes ("size"), UTF-8 ("utf8") without a byte order mark ("bom"), no line longer than
   `config_line_bytes_max` ("line-size").
2. TOML 1.0.0, each key once ("toml").
3. Integers that every JSON reader keeps ("integer-size"), no numbers with a fraction ("fraction"), no dates but the
   time of the network ("date"), text as the record takes it ("text"), nothing nested beyond `json_depth_max`
   ("depth").
4. Every key is one that this page knows ("unknown-key": the nearest is suggested); what has no default is there
   ("missing"); every value is of its kind ("type", "name", "choice", …).
5. Names that are to be unique are ("taken"); what is referred to is there ("unknown-…").
6. Any two quorums share more than `faults` validators ("policy-unsafe").
7. The network can be founded: every contract accepts its parameters at genesis (the contract's own code).

    [network]        name, time, faults, threshold
    [[organisation]] organisation, name_en, name_zh, parent, roles, validator
    [[operator]]     account, organisation, name_en, name_zh, roles, and public_key or keystore
    [[channel]]      channel, area, openness
    [parameters.<contract>]  its parameters, on every channel where it runs
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, get_args

from nacl import bindings

from chain.calendar import utc_text
from chain.config_file import ConfigFile, Table, known_type
from chain.config_parameters import read_parameters
from chain.contracts.alliance_state import Organisation
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS
from chain.entry import Operator
from chain.errors import ChainError, ConfigError, PolicyError
from chain.fields import Openness
from chain.founding import NetworkConfig, derive_keys, founding_policy, genesis_entries
from chain.identity.keystore import parse_keystore
from chain.layout import check_channel
from chain.limits import LIMITS
from chain.replica import Replica
from chain.text import check_name, from_hex
from chain.toml_lines import places_of

ReadFile = Callable[[str], bytes]
"""The content of a file that the configuration names; `ChainError` where it cannot be read."""

_TOML_PLACE = re.compile(
    r"(?P<sentence>.*?)(?: \((?:at line (?P<line>[0-9]+), column (?P<column>[0-9]+)|at end of document)\))?", re.DOTALL
)

OPENNESS: tuple[Openness, ...] = get_args(Openness)


def parse_network_config(data: bytes, source: str, read_file: ReadFile, now_ms: int | None = None) -> NetworkConfig:
    """Rules 1–7; `ConfigError` with every problem. `source` is what problems call the file.

    `now_ms`: of the clock that the network will be founded by; a later time of the network is a problem.
    """
    file, content = _parsed(data, source)
    config = _read(file, content, read_file, now_ms)
    file.raise_if_any()
    _check_policy(file, config)
    _check_founding(file, config)
    file.raise_if_any()
    return config


def parse_channel_parameters(data: bytes, source: str) -> dict[str, Mapping[str, Any]]:
    """Parameters for one channel: a file whose tables are contracts, `[auction]` (rules 1–4)."""
    file, content = _parsed(data, source)
    parameters = read_parameters(Table(file, (), content), AREA_CONTRACTS)
    file.raise_if_any()
    return parameters


class _Fraction(str):
    """A number with a fraction, as the file writes it."""

    __slots__ = ()


def _parsed(data: bytes, source: str) -> tuple[ConfigFile, dict[str, Any]]:
    """Rules 1–3."""
    text = _text_of(data, source)
    try:
        content = tomllib.loads(text, parse_float=_Fraction)
        file = ConfigFile(source, places_of(text))
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(source, str(error)) from None
    except RecursionError:
        raise _whole(source, "toml", "not TOML that this program reads: arrays or tables are nested too deep") from None
    except ValueError:
        raise _whole(source, "integer-size", "a number has more digits than any integer here may have") from None
    _check_values(file, (), content)
    return file, content


def _not_toml(source: str, told: str) -> ConfigError:
    """Rule 2; `tomllib` ends its sentence with the place."""
    match = _TOML_PLACE.fullmatch(told)
    where = f"{source}:{match['line']}:{match['column']}" if match and match["line"] else source
    return _whole(where, "toml", f"not TOML: {match['sentence'] if match else told}")


def _text_of(data: bytes, source: str) -> str:
    """Rule 1."""
    if len(data) > LIMITS.config_bytes_max:
        raise _whole(source, "size", f"{len(data)} bytes, at most {LIMITS.config_bytes_max} are read")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _whole(f"{source}:1:1", "bom", "the file begins with a byte order mark: save it as plain UTF-8")
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > LIMITS.config_line_bytes_max:
            sentence = f"{len(line)} bytes, a line has at most {LIMITS.config_line_bytes_max}"
            raise _whole(f"{source}:{number}:1", "line-size", sentence)
        try:
            line.decode()
        except UnicodeDecodeError as error:
            sentence = f"byte {line[error.start]:02x} is no UTF-8: save the file as UTF-8"
            raise _whole(f"{source}:{number}:{error.start + 1}", "utf8", sentence) from None
    return data.decode()


def _whole(where: str, code: str, sentence: str) -> ConfigError:
    problem = ConfigError(code, sentence, where)
    return ConfigError(code, sentence, where, (problem,))


def _check_values(file: ConfigFile, path: tuple[str | int, ...], value: Any) -> None:
    """Rule 3 for everything in the file."""
    if len(path) > LIMITS.json_depth_max:
        file.problem("depth", path, f"keys within keys, more than {LIMITS.json_depth_max} deep")
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_values(file, (*path, key), member)
    elif isinstance(value, list):
        for number, member in enumerate(value):
            _check_values(file, (*path, number), member)
    elif isinstance(value, _Fraction):
        sentence = f"{str(value)[:40]} is a number with a fraction: the record counts in whole units (fen, Wh, ms)"
        file.problem("fraction", path, sentence)
    elif type(value) is int and abs(value) > LIMITS.json_integer_max:
        file.problem("integer-size", path, f"an integer lies within ±{LIMITS.json_integer_max}")
    elif isinstance(value, str):
        file.check_text(path, value)
    elif not known_type(value) and path != ("network", "time"):
        file.problem("date", path, "a date or time; only the time of the network is one, others are ms since 1970 UTC")


def _read(file: ConfigFile, content: Mapping[str, Any], read_file: ReadFile, now_ms: int | None) -> NetworkConfig:
    """Rules 4 and 5."""
    root = Table(file, (), content)
    network = root.table("network")
    name, time_ms = network.name("name"), network.moment("time")
    if now_ms is not None and time_ms > now_ms:
        sentence = f"{utc_text(time_ms)} has not come yet: this machine's clock says {utc_text(now_ms)}"
        network.problem("future", ("time",), sentence)
    faults, threshold = network.integer("faults", 0, 60, 1), network.integer("threshold", 1, 60)
    network.finish()
    organisations = _organisations(root)
    operators = _operators(root, {one.organisation: one for one in organisations}, read_file)
    areas, openness = _channels(root)
    parameters = read_parameters(root.optional_table("parameters"), (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS))
    root.finish()
    return NetworkConfig(
        name=name,
        areas=areas,
        time_ms=time_ms,
        operators=operators,
        validators=tuple(sorted(one.validator for one in organisations if one.validator)),
        threshold=threshold,
        faults=faults,
        parameters=parameters,
        organisations=organisations,
        openness=openness,
    )


def _organisations(root: Table) -> tuple[Organisation, ...]:
    tables = root.tables("organisation")
    found: dict[str, Organisation] = {}
    validators: dict[str, str] = {}
    for table in tables:
        one = Organisation(
            organisation=table.name("organisation"),
            name_en=table.title("name_en"),
            name_zh=table.title("name_zh"),
            parent=table.name("parent", ""),
            roles=table.roles("roles"),
            validator=table.name("validator", ""),
        )
        table.finish()
        table.require_new("organisation", one.organisation, found)
        table.require_new("validator", one.validator, validators)
        found[one.organisation] = one
        validators[one.validator] = one.organisation
    for table in tables:
        table.require_known("parent", found, "organisation", "the organisation above it, or none")
    _check_tree(tables, {one.organisation: one.parent for one in found.values()})
    if tables and not any(validators):
        root.problem("validators", ("organisation",), "no organisation runs a validator: give `validator` to some")
    return tuple(sorted(found.values(), key=lambda one: one.organisation))


def _check_tree(tables: list[Table], parents: Mapping[str, str]) -> None:
    for table in tables:
        name = above = str(table.content.get("organisation", ""))
        for _ in parents:
            above = parents.get(above, "")
            if above == name:
                table.problem(
                    "parent", ("parent",), f"{name} stands above itself: the tree of organisations is a circle"
                )
                break


def _operators(root: Table, organisations: Mapping[str, Organisation], read_file: ReadFile) -> tuple[Operator, ...]:
    found: dict[str, Operator] = {}
    keys: dict[str, str] = {}
    for table in root.tables("operator"):
        account = table.name("account")
        organisation = table.name("organisation")
        table.require_known("organisation", organisations, "organisation", "one of the [[organisation]] tables")
        acts_for = organisations.get(organisation)
        one = Operator(
            account=account,
            name_en=table.title("name_en", acts_for.name_en if acts_for else ""),
            name_zh=table.title("name_zh", acts_for.name_zh if acts_for else ""),
            organisation=organisation,
            public_key=_public_key(table, account, read_file),
            roles=table.roles("roles"),
        )
        table.finish()
        if acts_for is not None:
            for role in one.roles:
                if role not in acts_for.roles:
                    may = ", ".join(acts_for.roles) or "none"
                    table.problem("roles", ("roles",), f"{role}: {organisation} may give its accounts: {may}")
        table.require_new("account", account, found)
        table.require_new("public_key" if "public_key" in table.content else "keystore", one.public_key, keys)
        found[account] = one
        keys[one.public_key] = account
    return tuple(sorted(found.values(), key=lambda one: one.account))


def _public_key(table: Table, account: str, read_file: ReadFile) -> str:
    """Ed25519, hex: as it stands there, or as the keystore file says that `gridproof keys create` made."""
    key, keystore = table.text("public_key", ""), table.text("keystore", "")
    if bool(key) == bool(keystore):
        table.problem("key", (), "an operator has a public_key (64 hex digits) or a keystore (a file), one of the two")
        return ""
    name = "public_key" if key else "keystore"
    if table.is_bad(name):
        # No file has a name that the record does not take as text; one with a NUL is none to the system either.
        return ""
    try:
        if keystore:
            held = parse_keystore(read_file(keystore))
            key = held.public_key
            if held.account != account:
                table.problem("keystore", (name,), f"the key in {keystore} is that of {held.account}, not of {account}")
        if not bindings.crypto_core_ed25519_is_valid_point(from_hex(key, 32, name)):
            table.problem("key", (name,), "not a canonical Ed25519 point of prime order")
    except ChainError as error:
        table.problem(error.code, (name,), f"{error.sentence} ({keystore})" if keystore else error.sentence)
    return key


def _channels(root: Table) -> tuple[dict[str, str], dict[str, Openness]]:
    areas: dict[str, str] = {}
    openness: dict[str, Openness] = {}
    taken: dict[str, str] = {"governance": ""}
    for table in root.tables("channel", needed=False):
        channel, area = table.name("channel"), table.area("area")
        openness[channel] = table.choice("openness", OPENNESS, "public")
        table.finish()
        table.checked("channel", check_channel)
        table.require_new("channel", channel.lower(), taken)
        table.require_new("area", area, dict.fromkeys(areas.values(), ""))
        areas[channel] = area
        taken[channel.lower()] = channel
    return areas, openness


def _check_policy(file: ConfigFile, config: NetworkConfig) -> None:
    """Rule 6, with what would be right."""
    validators, place = len(config.validators), ("network", "threshold")
    least = (validators + config.faults) // 2 + 1
    if config.threshold > validators:
        file.problem("threshold", place, f"{config.threshold} of {validators} validators can never sign")
    elif config.threshold < least:
        would = f"at least {least}" if least <= validators else f"more than {config.faults} validators"
        sentence = f"two quorums of {config.threshold} of {validators} may share only liars, faults = {config.faults}"
        file.problem("policy-unsafe", place, f"{sentence}: this needs {would}")
    file.raise_if_any()


def _check_founding(file: ConfigFile, config: NetworkConfig) -> None:
    """Rule 7, with keys that nobody will ever use."""
    try:
        check_name(config.name, "network")
        keys = derive_keys(config, lambda label: sha256(label.encode()).digest())
        for genesis, contracts in genesis_entries(config, founding_policy(config, keys)):
            Replica(genesis, contracts)
    except PolicyError as error:
        file.problem(error.code, ("network", "threshold"), error.sentence)
    except ChainError as error:
        file.problem(error.code, _place_of(error, config), error.sentence)


def _place_of(error: ChainError, config: NetworkConfig) -> tuple[str, ...]:
    """The parameter that a contract names in its refusal, or the contract, or all parameters."""
    for contract in (*AREA_CONTRACTS, *GOVERNANCE_CONTRACTS):
        if error.where in contract.parameters.__struct_fields__ and contract.name in config.parameters:
            return ("parameters", contract.name, error.where)
        if contract.name in error.where:
            return ("parameters", contract.name)
    return ("parameters",)
