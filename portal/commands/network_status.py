"""What `gridproof network status` says: the network as it is now, as values and as text."""

from typing import Any

from chain.calendar import utc_text
from chain.contracts.alliance_state import ALLIANCE
from chain.contracts.participant_state import PARTICIPANT, RECOVERIES
from chain.imports import GOVERNANCE
from chain.network import Network
from chain.policy import Policy
from chain.text import printable


def described(network: Network) -> dict[str, Any]:
    """Everything, as JSON has it."""
    newest = network.newest_policy
    return {
        "network": network.name,
        "network_id": network.network_id,
        "deployment": "embedded",
        "beacon": {"round": network.leaves[-1].round, "time": network.leaves[-1].time},
        "policy": _policy(network, network.policy),
        "next_policy": None if newest == network.policy else _policy(network, newest),
        "faults": network.channels[GOVERNANCE].replica.genesis.faults,
        "channels": [_channel(network, name) for name in (GOVERNANCE, *sorted(network.registered))],
        "organisations": [_organisation(one) for _, one in _state(network, "organisation")],
        "proposals": [_proposal(one) for _, one in _state(network, "proposal")],
        "recoveries": [_recovery(key, one) for key, one in _state(network, RECOVERIES, PARTICIPANT)],
    }


def _policy(network: Network, policy: Policy) -> dict[str, Any]:
    fork, stop = policy.survives()
    held = network.signers.keys.validators_of(policy)
    return {
        "sha256": policy.sha256.hex(),
        "threshold": policy.groups[policy.quorum].threshold,
        "validators": [
            {
                "name": name,
                "key": str(key),
                "signs": "lost" if name in network.signers.lost else "here" if name in held else "elsewhere",
            }
            for name, key in policy.witnesses.items()
        ],
        "survives": {"lying": fork, "silent": stop},
    }


def _channel(network: Network, name: str) -> dict[str, Any]:
    info, ledger = network.registered.get(name), network.channels.get(name)
    told: dict[str, Any] = {
        "channel": name,
        "area": "" if info is None else info.area,
        "openness": "public" if info is None else info.openness,
    }
    if ledger is None:
        void = info is not None and info.retired is not None
        return {
            **told,
            "state": "void" if void else "waits",
            "height": None,
            "entries": 0,
            "time": None,
            "unsealed_rows": 0,
        }
    replica = ledger.replica
    retired = info is not None and info.retired is not None
    return {
        **told,
        "state": "closed" if replica.is_closed else "retiring" if retired else "open",
        "height": replica.height,
        "entries": replica.tree.size,
        "time": replica.time_ms,
        "unsealed_rows": sum(table.pending_count for table in replica.tables.values()),
    }


def _state(network: Network, space: str, contract: str = ALLIANCE) -> list[tuple[str, Any]]:
    return network.channels[GOVERNANCE].replica.state.items(f"{contract}.{space}")


def _organisation(one: Any) -> dict[str, Any]:
    return {
        "organisation": one.organisation,
        "name_en": one.name_en,
        "name_zh": one.name_zh,
        "parent": one.parent,
        "roles": list(one.roles),
        "validator": one.validator,
    }


def _proposal(one: Any) -> dict[str, Any]:
    return {
        "proposal": one.proposal,
        "kind": one.kind,
        "subject": one.subject,
        "by": one.organisation,
        "deadline": one.deadline,
        "approvals": list(one.approvals),
        "refusals": list(one.refusals),
    }


def _recovery(public_key: str, one: Any) -> dict[str, Any]:
    return {
        "account": one.account,
        "public_key": public_key,
        "by": one.organisation,
        "deadline": one.expires,
        "approvals": list(one.approvals),
    }


def told(found: dict[str, Any]) -> str:
    """`described`, for a person."""
    lines = [
        f"{found['network']}, network id {found['network_id']}",
        f"beacon round {found['beacon']['round']}; validators are keys in one process: one trust domain",
        *_policy_lines("policy in force", found["policy"]),
    ]
    if found["next_policy"] is not None:
        lines += _policy_lines("voted, in force from the next beacon round on", found["next_policy"])
    for one in found["channels"]:
        what = f"{one['state']}, for {one['openness']}"
        if one["state"] == "waits":
            lines.append(f"channel {one['channel']}: voted, not begun: gridproof network create-channel")
        elif one["state"] == "void":
            lines.append(f"channel {one['channel']}: retired before it began")
        else:
            rows = f", {one['unsealed_rows']:,} rows not sealed" if one["unsealed_rows"] else ""
            lines.append(f"channel {one['channel']}: {what}, height {one['height']}, {one['entries']:,} entries{rows}")
    for one in found["organisations"]:
        role = f"runs the validator {one['validator']}" if one["validator"] else "observer"
        lines.append(f"organisation {one['organisation']} ({one['name_zh']}): {role}; roles {', '.join(one['roles'])}")
    for one in found["proposals"]:
        votes = f"yes {', '.join(one['approvals']) or 'nobody'}; no {', '.join(one['refusals']) or 'nobody'}"
        what = f"{one['kind']} {one['subject']}, by {one['by']}"
        lines.append(f"proposal {one['proposal']}: {what}; {votes}; until {_until(one)}")
    for one in found["recoveries"]:
        votes = f"approved by {', '.join(one['approvals']) or 'nobody'}"
        key = one["public_key"]
        lines.append(f"recovery of {one['account']} to key {key}, by {one['by']}; {votes}; until {_until(one)}")
    return "\n".join(printable(line) for line in lines)


def _until(one: dict[str, Any]) -> str:
    return utc_text(one["deadline"])


def _policy_lines(title: str, policy: dict[str, Any]) -> list[str]:
    names = ", ".join(
        one["name"] if one["signs"] == "here" else f"{one['name']} ({_SILENT[one['signs']]})"
        for one in policy["validators"]
    )
    survives = policy["survives"]
    return [
        f"{title}: {policy['threshold']} of {len(policy['validators'])}: {names}",
        f"  survives {survives['lying']} lying and {survives['silent']} silent validators",
    ]


_SILENT = {"lost": "silent: its signing state is lost, replace its key", "elsewhere": "its key is not here"}
