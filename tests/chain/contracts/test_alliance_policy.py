"""Validators that come and go, their keys, and the policies that this makes."""

from typing import Any

import msgspec
import pytest

from chain.consortium import Consortium
from chain.contracts.alliance_state import ALLIANCE_LIMITS
from chain.entry import Event
from chain.imports import CHANGED
from chain.layout import validator_name
from chain.note import COSIGNATURE_V1, ED25519, VerifierKey
from tests.chain.contracts.alliance_fixture import (
    COMPANY,
    DISPATCHER,
    NATIONAL,
    REGULATOR,
    SECOND_CHANNEL,
    admit_organisation,
    admit_validator,
    create_channel,
    event,
    line,
    log_key,
    newest,
    of_organisation,
    passed,
    propose,
    remove_validator,
    replace_validator,
    validator_key,
    world,
)
from tests.chain.contracts.replica_fixture import AREA_CHANNEL, NETWORK, VALIDATORS, World


def with_bytes(validator: str, public_key: bytes, algorithm: int = COSIGNATURE_V1) -> str:
    """A key line of a validator with this public key."""
    return str(VerifierKey(validator_name(NETWORK, validator), algorithm, public_key))


def of_policy(made: World, log: str) -> VerifierKey:
    key = newest(made).log_key(f"gridproof/{NETWORK}/{log}")
    assert key is not None
    return key


def test_F07_an_admitted_validator_makes_the_next_policy_and_its_organisation_votes() -> None:
    made = world()
    receipt = passed(made, admit_validator("fifth"))
    policy = newest(made)
    assert event(receipt, "alliance.policy") == {"number": 1, "text": policy.text.decode()}
    assert str(policy.witnesses["fifth"]) == validator_key("fifth")
    assert sorted(policy.witnesses) == sorted([*VALIDATORS, "fifth"])
    assert policy.groups[policy.quorum].threshold == 4
    assert event(receipt, "alliance.organisation")["validator"] == "fifth"
    assert propose(made, admit_organisation("east-power"), "trader").code == "ok"
    row = made.records("policies")[-1]
    assert (row["number"], row["validators"], row["threshold"]) == (1, 5, 4)
    assert (row["faults_fork"], row["faults_stop"]) == policy.survives()
    assert row["policy_sha256"] == policy.sha256.hex()


def test_F07_a_removed_validator_makes_its_organisation_an_observer() -> None:
    made = world()
    receipt = passed(made, remove_validator(DISPATCHER))
    assert event(receipt, "alliance.organisation")["validator"] == ""
    assert sorted(newest(made).witnesses) == sorted(VALIDATORS[1:])
    assert propose(made, admit_organisation("east-power"), DISPATCHER).code == "not-a-voter"


def test_F07_a_replaced_validator_signs_with_its_new_key_alone() -> None:
    made = world()
    key = validator_key(REGULATOR, "new")
    passed(made, replace_validator(REGULATOR, key))
    policy = newest(made)
    assert str(policy.witnesses[REGULATOR]) == key
    assert policy.groups[policy.quorum].threshold == 3
    assert len(policy.witnesses) == 4
    assert propose(made, admit_organisation("east-power"), REGULATOR).code == "ok"


def test_F07_every_policy_is_numbered_and_reported_whole() -> None:
    made = world()
    texts = [newest(made).text.decode()]
    sizes = [len(made.entries)]
    for action in (
        admit_validator("fifth"),
        replace_validator("fifth", validator_key("fifth", "new")),
        create_channel(),
        remove_validator("fifth", threshold=3),
    ):
        passed(made, action, *VALIDATORS[: newest(made).groups["validators"].threshold])
        texts.append(newest(made).text.decode())
        sizes.append(len(made.entries))
    consortium = Consortium()
    consortium.extend(made.entries)
    assert [consortium.policy_at(size) for size in sizes] == list(enumerate(texts))
    assert made.column("policies", "number") == [0, 1, 2, 3, 4]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an organisation that is not there": (admit_validator("fifth", "nobody"), "unknown-organisation"),
    "an organisation that runs one already": (admit_validator("fifth", REGULATOR), "validator-taken"),
    "the name of another": (admit_validator(REGULATOR), "validator-taken"),
    "the name of the quorum's group": (admit_validator("validators"), "policy"),
    "the name that stands for nobody": (admit_validator("none"), "policy"),
    "no key": (admit_validator("fifth", key=""), "key"),
    "a line that is no key": (admit_validator("fifth", key="fifth+00000000+AAAA"), "key"),
    "a key with a newline": (admit_validator("fifth", key=validator_key("fifth") + "\n"), "dropped"),
    "a key of another network": (
        admit_validator("fifth", key=line(validator_name("other", "fifth"), COSIGNATURE_V1)),
        "key",
    ),
    "a key of another validator": (admit_validator("fifth", key=validator_key("sixth")), "key"),
    "a key named after a log": (admit_validator("fifth", key=log_key(AREA_CHANNEL)), "key"),
    "a key of a log's type": (
        admit_validator("fifth", key=line(validator_name(NETWORK, "fifth"), ED25519)),
        "key",
    ),
    "a key of small order": (admit_validator("fifth", key=with_bytes("fifth", bytes([1] + [0] * 31))), "key"),
    "a threshold of 0": (admit_validator("fifth", threshold=0), "threshold"),
    "a threshold above the validators": (admit_validator("fifth", threshold=6), "threshold"),
    "a quorum that leaves one liar undecided": (admit_validator("fifth", threshold=3), "policy-unsafe"),
    "removing nobody": (remove_validator("fifth"), "unknown-validator"),
    "removing an organisation's name": (remove_validator(COMPANY), "unknown-validator"),
    "removing with a threshold of 0": (remove_validator(REGULATOR, threshold=0), "threshold"),
    "removing with a threshold above the rest": (remove_validator(REGULATOR, threshold=4), "threshold"),
    "removing down to unsafe quorums": (remove_validator(REGULATOR, threshold=2), "policy-unsafe"),
    "replacing nobody": (replace_validator("fifth", validator_key("fifth")), "unknown-validator"),
    "replacing by another's key": (replace_validator(REGULATOR, validator_key(NATIONAL, "new")), "key"),
    "replacing by a log's key": (replace_validator(REGULATOR, log_key(AREA_CHANNEL)), "key"),
}


@pytest.mark.parametrize("case", BAD)
def test_F07_no_policy_is_made_by(case: str) -> None:
    action, code = BAD[case]
    made = world()
    before = made.memory()
    if code == "dropped":
        block = made.block(made.transaction(REGULATOR, "alliance", "propose", {"action": action}))
        assert block.outcomes[0].dropped is not None
    else:
        assert propose(made, action).code == code
    assert made.memory() == before


def test_F07_no_public_key_has_two_parts_to_play() -> None:
    made = world()
    for taken in (newest(made).witnesses[REGULATOR], of_policy(made, AREA_CHANNEL), of_policy(made, "beacon")):
        assert propose(made, admit_validator("fifth", key=with_bytes("fifth", taken.public_key))).code == "key-taken"
        again = with_bytes(NATIONAL, taken.public_key)
        assert propose(made, replace_validator(NATIONAL, again)).code == "key-taken"
    validator = newest(made).witnesses[REGULATOR]
    log = VerifierKey(f"gridproof/{NETWORK}/{SECOND_CHANNEL}", ED25519, validator.public_key)
    assert propose(made, create_channel(log=str(log))).code == "key-taken"


def test_F07_a_key_that_has_left_a_policy_never_comes_back() -> None:
    made = world()
    old = newest(made).witnesses[DISPATCHER]
    passed(made, replace_validator(DISPATCHER, validator_key(DISPATCHER, "new")))
    passed(made, remove_validator(DISPATCHER))
    for key in (str(old), validator_key(DISPATCHER, "new")):
        assert propose(made, admit_validator(DISPATCHER, DISPATCHER, 3, key=key)).code == "key-taken"
        assert propose(made, replace_validator(REGULATOR, key)).code == "key"
    renamed = with_bytes("fifth", old.public_key)
    assert propose(made, admit_validator("fifth", key=renamed)).code == "key-taken"
    passed(made, admit_validator(DISPATCHER, DISPATCHER, 3, key=validator_key(DISPATCHER, "third")))


def test_F07_the_network_has_so_many_validators_and_no_more() -> None:
    made = world(faults=0)
    count = len(VALIDATORS)
    voters = list(VALIDATORS)
    while count < ALLIANCE_LIMITS.validators_max:
        count += 1
        name = f"power-{count}"
        threshold = count // 2 + 1
        passed(made, admit_organisation(name), *voters[: newest(made).groups["validators"].threshold])
        passed(made, admit_validator(name, name, threshold), *voters[: newest(made).groups["validators"].threshold])
        voters = council(made, voters, name)
    assert len(newest(made).witnesses) == ALLIANCE_LIMITS.validators_max
    assert propose(made, admit_validator("one-more", COMPANY, 40)).code == "policy"


def council(made: World, voters: list[str], organisation: str) -> list[str]:
    """The organisation's account joins the voters."""
    account = of_organisation(f"{organisation}-clerk", organisation, "council")
    made.block(imports=[Event(data=msgspec.to_builtins(account), name=CHANGED)])
    return [*voters, account.account]
