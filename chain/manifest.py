"""An export's manifest and profiles: how much of the record a reader is handed (`docs/format.md` section 9).

1. Profile `regulator` holds every channel, `member` those of openness public and members, `public` the public ones.
2. A channel that a profile withholds shows its checkpoint and key only; governance is in every export.
3. The manifest is a hint: a reader checks it against the beacon and against what governance says of each channel.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from chain.fields import Openness

EXPORT_FORMAT = "gridproof-export/1"

Profile = Literal["regulator", "member", "public"]

WITHHELD: Mapping[Profile, tuple[Openness, ...]] = {
    "regulator": (),
    "member": ("managers",),
    "public": ("members", "managers"),
}
"""Rule 1: the openness of the channels that an export of that profile withholds."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rule 3."""

    channels: tuple[str, ...]
    """Whose content is here, governance among them, sorted."""
    format: str
    network: str
    profile: Profile = "regulator"
    withheld: tuple[str, ...] = ()
    """Channels that are there with their checkpoint and key only, sorted."""
