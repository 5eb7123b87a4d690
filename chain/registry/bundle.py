"""A certificate bundle: a run of consecutive Wh of one issuance, and what may become of it.

1. An issuance is one plant's energy of one interval: the Wh 0 … issued−1. A bundle is an inclusive range of them,
   named `<plant>.<start>.<first>-<last>`; the name says everything about its identity.
2. A split at n Wh turns [first, last] into [first, first+n−1] and [first+n, last]: 0..999 at 250 gives 0..249 and
   250..999. The children name their parent, inherit owner and publication, and the parent is `split` for good.
3. So the bundles of an issuance that are not `split` tile it exactly: no Wh lies in two of them, none in nothing.
4. `TRANSITIONS` is the whole life of a bundle: what it does not list is refused. A transfer is an event, not a status;
   publication is a flag beside the status.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import msgspec

from chain.calendar import utc_stamp

Status = Literal["active", "split", "cancelled"]
Action = Literal["publish", "transfer", "split", "cancel"]

TRANSITIONS: Mapping[tuple[Status, Action], Status] = {
    ("active", "publish"): "active",
    ("active", "transfer"): "active",
    ("active", "split"): "split",
    ("active", "cancel"): "cancelled",
}
"""Rule 4: (status, action) → status after it."""


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A bundle as the state keeps it, under its name."""

    certificate_class: str
    """`granular`."""
    first_wh: int
    """First Wh of the issuance that is in it."""
    fuel_code: str
    interval_end: int
    """Milliseconds UTC, exclusive."""
    interval_start: int
    last_wh: int
    """Last Wh of the issuance that is in it."""
    owner: str
    parent: str | None
    """The bundle that was split, None if born by issue."""
    plant: str
    published: bool
    status: Status
    technology_code: str

    @cached_property
    def bundle(self) -> str:
        """Rule 1."""
        return f"{self.plant}.{utc_stamp(self.interval_start)}.{self.first_wh}-{self.last_wh}"

    @property
    def quantity_wh(self) -> int:
        return self.last_wh - self.first_wh + 1


def split(bundle: Bundle, quantity_wh: int) -> tuple[Bundle, Bundle]:
    """Rule 2, for 0 < `quantity_wh` < the bundle's quantity: the children, the first with `quantity_wh`."""
    if not 0 < quantity_wh < bundle.quantity_wh:
        raise ValueError(f"{quantity_wh} Wh is no proper part of {bundle.bundle}")
    edge = bundle.first_wh + quantity_wh
    return (
        msgspec.structs.replace(bundle, last_wh=edge - 1, parent=bundle.bundle),
        msgspec.structs.replace(bundle, first_wh=edge, parent=bundle.bundle),
    )
