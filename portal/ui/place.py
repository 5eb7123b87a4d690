"""Where the export and the policy lie: what `gridproof portal` was started with. No page can name a file."""

import os
from dataclasses import dataclass
from pathlib import Path

from chain.errors import ExportError

EXPORT_VARIABLE = "GRIDPROOF_PORTAL_EXPORT"
POLICY_VARIABLE = "GRIDPROOF_PORTAL_POLICY"


@dataclass(frozen=True, slots=True)
class Place:
    """What the site is about."""

    export: Path
    policy: Path | None
    """None: a policy that was pinned earlier, if there is one."""


def configured_place() -> Place:
    """What the command handed to this process."""
    export, policy = os.environ.get(EXPORT_VARIABLE), os.environ.get(POLICY_VARIABLE)
    if not export:
        raise ExportError("portal-export", "start the site with: gridproof portal EXPORT", EXPORT_VARIABLE)
    return Place(Path(export), Path(policy) if policy else None)
