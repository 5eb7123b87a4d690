"""What a network is born with: the alliance, the policy, every parameter written out."""

from dataclasses import replace

import pytest

from chain.contracts.alliance_state import Organisation
from chain.contracts.installed import AREA_CONTRACTS
from chain.entry import Operator, encode_entry
from chain.errors import ChainError, LedgerError, PolicyError
from chain.founding import (
    NetworkConfig,
    derive_keys,
    founding_policy,
    genesis_entries,
    later_genesis,
    organisations_of,
)
from chain.merkle import leaf_hash
from chain.replica import Replica
from tests.chain import little_alliance
from tests.chain.little_network import AREA, START_MS, config, seed_of, signer


def founded(given: NetworkConfig) -> list[Replica]:
    return [Replica(*one) for one in genesis_entries(given, founding_policy(given, derive_keys(given, seed_of)))]


def organisation(name: str, roles: tuple[str, ...]) -> Organisation:
    return Organisation(name_en=name, name_zh=name, organisation=name, parent="", roles=roles, validator=name)


def test_every_channel_names_the_network_and_the_first_policy() -> None:
    governance, area = founded(config())
    assert governance.genesis.governance == ""
    assert area.genesis.governance == leaf_hash(encode_entry(governance.genesis)).hex()
    assert governance.genesis.policy == area.genesis.policy


def test_parameters_are_written_out_with_their_defaults() -> None:
    for replica in founded(replace(config(), parameters={"record": {"segment_rows_max": 9}})):
        parameters = replica.genesis.parameters["record"]
        assert (parameters["segment_rows_max"], parameters["transactions_per_block_max"]) == (9, 50)
    assert replica.genesis.parameters["auction"]["area"] == "350100"


def test_operators_without_a_list_of_organisations_make_one() -> None:
    found = {one.organisation: one for one in organisations_of(config())}
    assert found["regulator"] == organisation("regulator", ("regulator",))
    assert found["metering"].validator == "" and found["metering"].roles == ("metering_operator",)
    # Validators that no operator's organisation runs are organisations of their own.
    assert found["national_centre"] == organisation("national_centre", ())


def test_an_organisation_runs_the_validator_that_is_called_like_one_of_its_roles() -> None:
    operator = Operator("clerk", "Centre", "中心", "centre", signer("clerk").public_key, ("national_centre",))
    found = organisations_of(replace(config(), operators=(operator,)))
    assert [one.validator for one in found if one.organisation == "centre"] == ["national_centre"]
    assert sorted(one.validator for one in found) == sorted(config().validators)


def test_a_list_of_organisations_is_taken_as_it_is() -> None:
    given = little_alliance.config()
    assert [one.organisation for one in organisations_of(given)] == list(little_alliance.MEMBERS)
    assert given.organisations[0].roles == ("council", "dispatcher")


BAD: dict[str, NetworkConfig] = {
    "a validator that nobody runs": replace(
        little_alliance.config(), organisations=little_alliance.config().organisations[1:]
    ),
    "an operator of no organisation": replace(
        little_alliance.config(),
        operators=(Operator("x", "x", "x", "nobody", signer("x").public_key, ("council",)),),
    ),
    "an unknown parameter": replace(config(), parameters={"record": {"rows": 1}}),
    "an unknown openness": replace(config(), openness={AREA: "everybody"}),  # type: ignore[dict-item]
    "two channels for an area": replace(config(), areas={AREA: "350100", "area-2": "350100"}),
    "an area without a code": replace(config(), areas={AREA: "Fuzhou"}),
}


@pytest.mark.parametrize("given", BAD.values(), ids=BAD)
def test_what_cannot_live_is_not_born(given: NetworkConfig) -> None:
    with pytest.raises(ChainError):
        founded(given)


@pytest.mark.parametrize(("threshold", "faults"), [(2, 1), (3, 2), (2, 0), (5, 0), (0, 0)])
def test_a_policy_that_can_be_split_is_refused(threshold: int, faults: int) -> None:
    with pytest.raises(PolicyError):
        founded(replace(config(), threshold=threshold, faults=faults))


def test_a_later_channel_has_the_genesis_that_the_founders_would_have_given_it() -> None:
    both = replace(config(), areas={AREA: "350100", "area-350200": "350200"})
    governance, _, second = founded(both)
    later = later_genesis(governance.genesis, "area-350200", "350200", START_MS, {})
    assert later == second.genesis
    assert Replica(later, AREA_CONTRACTS).head == second.head


def test_a_later_channel_has_parameters_of_its_own() -> None:
    governance, _ = founded(config())
    later = later_genesis(governance.genesis, "area-9", "350900", START_MS + 1, {"auction": {"tick": 10}})
    assert (later.parameters["auction"]["tick"], later.parameters["auction"]["area"], later.time) == (
        10,
        "350900",
        START_MS + 1,
    )
    with pytest.raises(LedgerError, match="auction"):
        later_genesis(governance.genesis, "area-9", "350900", START_MS, {"auction": {"tick": "x"}})
