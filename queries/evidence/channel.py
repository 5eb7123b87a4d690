"""One channel of an evidence file, its entries shown to be those of its log (rules 5 and 10 of `docs/evidence.md`)."""

from bisect import bisect_left

from chain.entry import Block, Entry, Genesis, parse_entry
from chain.errors import ChainError
from chain.imports import GOVERNANCE
from chain.limits import LIMITS
from chain.merkle import leaf_hash
from queries.errors import EvidenceError
from queries.evidence.document import ChannelPart, decode_nodes
from queries.evidence.multiproof import root_of_many
from queries.evidence.verdict import ProvenEntry


class CheckedChannel:
    """The entries lead to the head in the beacon's leaf; `used` collects those that something rests on."""

    def __init__(self, part: ChannelPart, size: int, root: bytes) -> None:
        self.name = part.channel
        self.part = part
        self.used: set[int] = set()
        indexes = [entry.index for entry in part.entries]
        if indexes != sorted(set(indexes)):
            raise EvidenceError("order", "entries are not sorted, each once", self.name)
        data = {entry.index: entry.data.encode() for entry in part.entries}
        hashes = {index: leaf_hash(content) for index, content in data.items()}
        require_root(size, hashes, part.nodes, root, self.name)
        self.data = data
        self.entries: dict[int, Entry] = {
            index: parse_entry(content, f"{self.name} entry {index}") for index, content in data.items()
        }
        self._blocks = [index for index, entry in self.entries.items() if isinstance(entry, Block)]

    def genesis(self, network: str, network_id: str) -> Genesis:
        """Entry 0, the genesis of this channel of this network."""
        entry = self.entry(0)
        if not isinstance(entry, Genesis):
            raise EvidenceError("genesis", f"entry 0 is a {entry.kind}", self.name)
        expected = (network, self.name, "" if self.name == GOVERNANCE else network_id)
        if (entry.name, entry.channel, entry.governance) != expected:
            raise EvidenceError("genesis", "the genesis is of another network or channel", self.name)
        return entry

    def asked(self) -> list[ProvenEntry]:
        """The entries that are the answer."""
        asked = list(self.part.asked)
        if asked != sorted(set(asked)):
            raise EvidenceError("order", "asked entries are not sorted, each once", self.name)
        found = []
        for index in asked:
            entry = self.entry(index)
            time_ms = self.block_time(index)
            found.append(ProvenEntry(self.name, index, entry.kind, time_ms, self.data[index].decode()))
        return found

    def entry(self, index: int) -> Entry:
        """An entry that something rests on."""
        if index not in self.entries:
            raise EvidenceError("entry", f"entry {index} is missing", self.name)
        self.used.add(index)
        return self.entries[index]

    def block_time(self, index: int) -> int:
        """Rule 10: the time of the entry's block."""
        following = bisect_left(self._blocks, index)
        at = self._blocks[following] if following < len(self._blocks) else -1
        block = self.entries.get(at)
        if isinstance(block, Block) and block.first <= index and block.first + block.count - 1 == at:
            self.used.add(at)
            return block.time
        raise EvidenceError("block", f"the block of entry {index} is missing", self.name)

    def require_used(self) -> None:
        """Rule 11."""
        idle = sorted(set(self.entries) - self.used)
        if idle:
            raise EvidenceError("superfluous", f"nothing rests on entry {idle[0]}", self.name)


def require_root(size: int, hashes: dict[int, bytes], nodes: str, root: bytes, where: str) -> None:
    """Recompute, then compare."""
    if not hashes:
        raise EvidenceError("nothing", "no leaf to prove", where)
    if size > 2**LIMITS.proof_hashes_max - 1:
        raise EvidenceError("size", "no tree is that large", where)
    try:
        found = root_of_many(size, hashes, decode_nodes(nodes, where))
    except ChainError as error:
        raise error.at(where) from None
    if found != root:
        sentence = f"it leads to root {found.hex()}, not {root.hex()}: what is proven here, or its proof, was changed"
        raise EvidenceError("root", sentence, where)
