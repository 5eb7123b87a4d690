"""The child of `test_crash_recovery`: opens a network and commits until somebody kills it.

    python -m tests.chain.commit_forever FOLDER

Before the first block it prints `open`; after each block `<channel> <height> <root>`, flushed: what a line says was
acknowledged, so it must still be there after any kill.
"""

import sys
from pathlib import Path

from chain.imports import GOVERNANCE
from chain.network import Network
from sample_data.network_setup import SimulatedClock
from tests.chain.little_network import AREA, next_calls


def main(folder: Path) -> None:
    """Blocks on both channels in turn, a beacon round after every third."""
    clock = SimulatedClock(2**42)
    with Network.open(folder, clock) as network:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        number = 0
        while True:
            channel = (AREA, GOVERNANCE)[number % 2]
            replica = network.channels[channel].replica
            block = network.commit(channel, replica.time_ms + 1_000, next_calls(network, channel))
            sys.stdout.write(f"{channel} {block.block.height} {block.root.hex()}\n")
            sys.stdout.flush()
            number += 1
            if number % 3 == 0:
                network.beacon(max(ledger.replica.time_ms for ledger in network.channels.values()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
