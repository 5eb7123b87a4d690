"""Whether organisations are a quorum: one rule for every vote on governance (votes of the alliance, recoveries).

1. The newest policy on the record decides, not the one under which a vote began.
2. An organisation counts by the validator that it runs, and only while the newest policy names that validator.
"""

from collections.abc import Iterable
from functools import lru_cache

from chain.contract import Call
from chain.contracts.alliance_state import find_organisation
from chain.policy import Policy, parse_policy


def newest_policy(call: Call) -> Policy:
    """Rule 1."""
    return _parsed(call.policy)


def validator_of(call: Call, organisation: str) -> str:
    """Rule 2: the validator of the newest policy that `organisation` runs, "" where it runs none."""
    found = find_organisation(call, organisation)
    return found.validator if found is not None and found.validator in newest_policy(call).witnesses else ""


def organisations_satisfy(call: Call, organisations: Iterable[str]) -> bool:
    """Whether the validators of these organisations are a quorum of the newest policy."""
    return newest_policy(call).satisfied_by({validator_of(call, organisation) for organisation in organisations})


def organisations_block(call: Call, organisations: Iterable[str]) -> bool:
    """Whether there can be no quorum without these organisations."""
    policy = newest_policy(call)
    refusing = {validator_of(call, organisation) for organisation in organisations}
    return not policy.satisfied_by(policy.witnesses.keys() - refusing)


@lru_cache(maxsize=16)
def _parsed(text: str) -> Policy:
    return parse_policy(text.encode())
