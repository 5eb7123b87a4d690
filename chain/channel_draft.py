"""The genesis of a channel that the alliance creates: drafted, read by whoever votes, judged when it begins.

1. A draft lies in the ledger folder under the hash that the vote is on; what hashes to anything else is no draft.
2. It is of this network, named after its channel, and says of the network what governance's genesis says: name, id,
   format, first policy, f and deployment.
3. Its operators are those of governance's genesis, byte for byte: nobody but governance makes an account. Who has been
   revoked or has another key since is so here too before the first block that imports anything runs its first entry,
   for a channel imports governance from its beginning (`docs/format.md` section 8); block 0 takes no transaction.
4. It runs the contracts of a market area, no other, and every contract that wants an area has the registered one.

Rules 2 to 4 hold for the channels of genesis too; `chain.record` asks them of every export.
"""

from pathlib import Path

from chain.blockstream import parse_genesis
from chain.contracts.installed import AREA_CONTRACTS
from chain.entry import FORMAT, Genesis, encode_entry
from chain.errors import ExportError, LedgerError
from chain.layout import draft_path
from chain.limits import LIMITS
from chain.merkle import leaf_hash
from chain.policy_history import store_durably

_OF_THE_NETWORK = ("name", "format", "policy", "faults", "deployment", "operators")
_AREA_CONTRACTS = sorted(contract.name for contract in AREA_CONTRACTS)


def store_draft(folder: Path, genesis: Genesis) -> str:
    """Keep a draft, durably; the hash to vote on. Earlier drafts of the same channel stay."""
    entry = encode_entry(genesis)
    genesis_hash = leaf_hash(entry).hex()
    store_durably(folder / draft_path(genesis.channel, genesis_hash), entry)
    return genesis_hash


def read_draft(folder: Path, channel: str, genesis_hash: str) -> bytes:
    """The entry of a draft (rule 1); `LedgerError` where it is not here, or has been changed."""
    name = draft_path(channel, genesis_hash)
    try:
        with (folder / name).open("rb") as file:
            entry = file.read(LIMITS.entry_bytes_max + 1)
    except OSError as error:
        sentence = f"the genesis that was voted was not drafted here: {error.strerror}"
        raise LedgerError("no-draft", sentence, name) from None
    if leaf_hash(entry).hex() != genesis_hash:
        raise LedgerError("genesis-hash", f"the draft hashes to {leaf_hash(entry).hex()}: it was changed", name)
    return entry


def drafted_genesis(folder: Path, channel: str, genesis_hash: str) -> Genesis:
    """What a draft says; `ChainError` as for `read_draft`, or where it is no genesis."""
    return parse_genesis([read_draft(folder, channel, genesis_hash)], draft_path(channel, genesis_hash))


def check_channel_genesis(genesis: Genesis, governance: Genesis, channel: str, area: str) -> None:
    """Rules 2 to 4 for the genesis of `channel`, which is registered for `area`; `ExportError` otherwise."""
    network_id = leaf_hash(encode_entry(governance)).hex()
    if (genesis.channel, genesis.governance) != (channel, network_id) or genesis.format != FORMAT:
        raise ExportError("genesis", "the genesis entry is of another network, channel or format", channel)
    for member in _OF_THE_NETWORK:
        if getattr(genesis, member) != getattr(governance, member):
            raise ExportError("genesis", _difference(genesis, governance, member), channel)
    names = [code.name for code in genesis.contracts]
    if names != _AREA_CONTRACTS:
        sentence = f"it runs the contracts {', '.join(names)}; a market area runs {', '.join(_AREA_CONTRACTS)}"
        raise ExportError("genesis", sentence, channel)
    for contract in AREA_CONTRACTS:
        if "area" in contract.parameters.__struct_fields__:
            given = genesis.parameters.get(contract.name)
            found = given.get("area", "") if isinstance(given, dict) else ""
            if found != area:
                sentence = f"its {contract.name} is for the area {found!r}, governance registered it for {area}"
                raise ExportError("genesis", sentence, channel)


def _difference(genesis: Genesis, governance: Genesis, member: str) -> str:
    """What two genesis entries do not share, in a sentence."""
    if member == "policy":
        return "the channels begin with different policies"
    if member == "faults":
        return f"it declares f = {genesis.faults}, governance {governance.faults}"
    if member == "operators":
        known = {operator.account: operator for operator in governance.operators}
        strange = [one.account for one in genesis.operators if known.get(one.account) != one]
        missing = sorted(known.keys() - {one.account for one in genesis.operators})
        where = ", ".join((*strange, *missing)) or "they are in another order"
        return f"its operators are not those of governance's genesis: {where}"
    return f"its {member} is {getattr(genesis, member)}, governance's {getattr(governance, member)}"
