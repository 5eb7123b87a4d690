"""From a configuration to genesis entries: what a network is born with (F08).

1. The policy of genesis: every validator of the configuration, any `threshold` of them; safe for `faults`.
2. Governance's genesis makes the network id; every area's names it.
3. Every contract's parameters are written out, defaults too: the record must not depend on the code's defaults.
4. A channel that is created later (`chain.contracts.alliance`) has the genesis that the founders would have given it:
   same name, operators, faults and first policy; its parameters are its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chain.contract import Contract
from chain.contracts.alliance_state import ALLIANCE, Organisation
from chain.contracts.installed import AREA_CONTRACTS, GOVERNANCE_CONTRACTS, code_of
from chain.entry import FORMAT, Genesis, Operator, encode_entry
from chain.errors import LedgerError
from chain.fields import Openness
from chain.imports import GOVERNANCE
from chain.layout import BEACON, check_channel, origin, validator_name
from chain.ledger_keys import NetworkKeys
from chain.merkle import leaf_hash
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.parquet import ENCODER
from chain.policy import Policy, encode_policy, parse_policy
from chain.release import RELEASE
from chain.text import check_name


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """What a network is born with."""

    name: str
    areas: Mapping[str, str]
    """Channel → administrative code, per market area."""
    time_ms: int
    """Time of block 0 of every channel."""
    operators: tuple[Operator, ...]
    validators: tuple[str, ...] = ("dispatcher", "national_centre", "provincial_centre", "regulator")
    threshold: int = 3
    faults: int = 1
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Contract name → parameters, the same on every area."""
    organisations: tuple[Organisation, ...] = ()
    """Empty: those of the operators and validators, see `organisations_of`."""
    openness: Mapping[str, Openness] = field(default_factory=dict)
    """Channel → who may read it; `public` for those it does not name."""


def derive_keys(config: NetworkConfig, seed_of: Callable[[str], bytes]) -> NetworkKeys:
    """Keys for every log and validator of `config`; `seed_of(label)` gives 32 bytes."""
    logs = (BEACON, GOVERNANCE, *config.areas)
    return NetworkKeys(
        {log: seed_of(f"log/{log}") for log in logs},
        {validator: seed_of(f"validator/{validator}") for validator in config.validators},
    )


def check_config(config: NetworkConfig) -> None:
    """Names that nothing below checks before it writes; `ParseError` otherwise."""
    check_name(config.name, "network")
    for area in config.areas:
        check_channel(area)


def founding_policy(config: NetworkConfig, keys: NetworkKeys) -> Policy:
    """Rule 1; `PolicyError` otherwise."""
    logs = [SigningKey(origin(config.name, log), ED25519, seed).verifier_key for log, seed in keys.logs.items()]
    witnesses = {
        name: SigningKey(validator_name(config.name, name), COSIGNATURE_V1, seed).verifier_key
        for name, seed in keys.validators.items()
    }
    policy = parse_policy(encode_policy(logs, witnesses, config.threshold))
    policy.require_safe(config.faults)
    return policy


def genesis_entries(config: NetworkConfig, policy: Policy) -> list[tuple[Genesis, Sequence[Contract]]]:
    """Rules 2 and 3: genesis and contracts of every channel, governance first."""
    governance = _genesis(config, policy, GOVERNANCE, "", GOVERNANCE_CONTRACTS)
    network_id = leaf_hash(encode_entry(governance)).hex()
    areas = [_genesis(config, policy, area, network_id, AREA_CONTRACTS) for area in config.areas]
    return [(governance, GOVERNANCE_CONTRACTS), *((genesis, AREA_CONTRACTS) for genesis in areas)]


def later_genesis(
    governance: Genesis, channel: str, area: str, time_ms: int, parameters: Mapping[str, Mapping[str, Any]]
) -> Genesis:
    """Rule 4: the genesis of a channel for `area` that the alliance may vote on."""
    return msgspec.structs.replace(
        governance,
        channel=check_channel(channel),
        contracts=code_of(AREA_CONTRACTS),
        encoder=ENCODER,
        governance=leaf_hash(encode_entry(governance)).hex(),
        parameters=_parameters_of(AREA_CONTRACTS, parameters, area),
        release=RELEASE,
        schemas=_schemas_of(AREA_CONTRACTS),
        time=time_ms,
    )


def organisations_of(config: NetworkConfig) -> tuple[Organisation, ...]:
    """The alliance at genesis, sorted: those of the configuration, or one per organisation that an operator acts for.

    Without a list an operator's organisation runs the validator that is called like it or like one of its roles; a
    validator that this leaves over is an organisation of its own.
    """
    if config.organisations:
        return tuple(sorted(config.organisations, key=lambda one: one.organisation))
    left = sorted(config.validators)
    found: dict[str, Organisation] = {}
    for operator in sorted(config.operators, key=lambda one: one.account):
        name = operator.organisation
        known = found.get(name, _organisation(name, operator.name_en, operator.name_zh))
        roles = tuple(sorted({*known.roles, *operator.roles}))
        validator = known.validator or next((one for one in left if one == name or one in operator.roles), "")
        left = [one for one in left if one != validator]
        found[name] = msgspec.structs.replace(known, roles=roles, validator=validator)
    own = {name: _organisation(name, name, name, validator=name) for name in left}
    return tuple(one for _, one in sorted({**found, **own}.items()))


def _organisation(name: str, name_en: str, name_zh: str, validator: str = "") -> Organisation:
    """At the top of the tree, with no roles yet."""
    return Organisation(name_en=name_en, name_zh=name_zh, organisation=name, parent="", roles=(), validator=validator)


def _genesis(
    config: NetworkConfig, policy: Policy, channel: str, governance: str, contracts: Sequence[Contract]
) -> Genesis:
    given = dict(config.parameters)
    if channel == GOVERNANCE:
        given[ALLIANCE] = {**given.get(ALLIANCE, {}), **_alliance(config)}
    return Genesis(
        channel=channel,
        contracts=code_of(contracts),
        deployment="embedded",
        encoder=ENCODER,
        faults=config.faults,
        format=FORMAT,
        governance=governance,
        kind="genesis",
        name=config.name,
        operators=tuple(sorted(config.operators, key=lambda operator: operator.account)),
        parameters=_parameters_of(contracts, given, config.areas.get(channel, "")),
        policy=policy.text.decode(),
        release=RELEASE,
        schemas=_schemas_of(contracts),
        time=config.time_ms,
    )


def _alliance(config: NetworkConfig) -> dict[str, Any]:
    """What the contract `alliance` is born with."""
    return {
        "channels": [
            {"area": area, "channel": channel, "openness": config.openness.get(channel, "public")}
            for channel, area in sorted(config.areas.items())
        ],
        "faults": config.faults,
        "organisations": [msgspec.to_builtins(one) for one in organisations_of(config)],
    }


def _parameters_of(
    contracts: Sequence[Contract], given: Mapping[str, Mapping[str, Any]], area: str
) -> dict[str, dict[str, Any]]:
    """Rule 3; an area's code goes where a contract wants it."""
    found = {}
    for contract in contracts:
        own = dict(given.get(contract.name, {}))
        if area and "area" in contract.parameters.__struct_fields__:
            own["area"] = area
        found[contract.name] = complete_parameters(contract, own)
    return found


def complete_parameters(contract: Contract, given: Mapping[str, Any]) -> dict[str, Any]:
    """All of the contract's parameters; `LedgerError` where `given` has not its shape."""
    try:
        complete: dict[str, Any] = msgspec.to_builtins(msgspec.convert(dict(given), contract.parameters))
    except msgspec.ValidationError as error:
        raise LedgerError("parameters", str(error), contract.name) from None
    return complete


def _schemas_of(contracts: Sequence[Contract]) -> tuple[Any, ...]:
    schemas = sorted((schema for contract in contracts for schema in contract.tables), key=lambda schema: schema.table)
    return tuple(msgspec.to_builtins(schema) for schema in schemas)
