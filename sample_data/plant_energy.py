"""Which plant produced what: an owner's generation, split over its plants.

1. One plant: all of it. Several: in proportion to their capacity, by rounded-down cumulative shares, so that the parts
   are integers and add up exactly.
2. No weather or technology is guessed. Plants that should not share belong to different participants.
3. What the registry will stumble over is noted: more than a plant's capacity, technologies that share a meter,
   generation that no plant stands behind.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sample_data.profiles import Profiles, counted
from sample_data.records import INPUT_LIMITS, Plant


def split_over_plants(plants: Sequence[Plant], energy: Profiles) -> dict[str, NDArray[np.int64]]:
    """Rules 1 and 2: hourly generation per plant, Wh, sorted by plant."""
    owned: dict[str, list[Plant]] = {}
    for plant in plants:
        owned.setdefault(plant.owner, []).append(plant)
    result: dict[str, NDArray[np.int64]] = {}
    for owner, own in owned.items():
        total = energy.generation_wh[owner]
        if len(own) == 1:
            result[own[0].plant] = total
            continue
        # Python integers: Wh × W passes 64 bits.
        exact, capacity, reached = total.astype(object), sum(plant.capacity_w for plant in own), 0
        before = np.zeros_like(total)
        for plant in own:
            reached += plant.capacity_w
            upto = (exact * reached // capacity).astype(np.int64)
            result[plant.plant] = upto - before
            result[plant.plant].flags.writeable = False
            before = upto
    return {plant.plant: result[plant.plant] for plant in plants}


def plant_notes(file: str, plants: Sequence[Plant], energy: Profiles, split: dict[str, NDArray[np.int64]]) -> list[str]:
    """What the registry will stumble over."""
    notes = []
    technologies: dict[str, set[str]] = {}
    for plant in plants:
        technologies.setdefault(plant.owner, set()).add(plant.technology)
        over = int(np.count_nonzero(split[plant.plant] > plant.capacity_w))
        if over:
            notes.append(f"{file}: {plant.plant}: more than its capacity in {counted(over, 'hour', 'hours')}")
    for owner, kinds in technologies.items():
        if len(kinds) > 1:
            kinds_text = ", ".join(sorted(kinds))
            notes.append(f"{file}: {owner}: generation is split by capacity over {kinds_text}; give each its own owner")
    bare = [account for account, wh in energy.generation_wh.items() if account not in technologies and wh.any()]
    if bare:
        shown = ", ".join(bare[:5]) + (", …" if len(bare) > 5 else "")
        who = counted(len(bare), "participant generates", "participants generate")
        notes.append(f"{file}: {who} without a plant, so without certificates: {shown}")
    if len(notes) > INPUT_LIMITS.notes_max:
        more = len(notes) - INPUT_LIMITS.notes_max
        notes = [*notes[: INPUT_LIMITS.notes_max], f"{file}: … and {more:,} more notes on plants"]
    return notes
