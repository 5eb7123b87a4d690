"""The triggers that will fall due on a channel: a queue over what its state remembers.

1. The state holds each as `<due, 15 digits>:<contract>:<key>:<method>` → due; names of contracts and methods hold no
   colon. The queue is made from it, so that whoever has the state has the schedule.
2. They fall due by (due, contract, key, method). What is scheduled already is not scheduled twice.
"""

import heapq

from chain.state import State

TRIGGERS = "trigger"
"""State space of scheduled triggers."""

Scheduled = tuple[int, str, str, str]
"""(due ms, contract, key, method)"""


class Schedule:
    """See the module's docstring."""

    __slots__ = ("_due", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._due = [_scheduled(trigger) for trigger, _ in state.items(TRIGGERS)]
        heapq.heapify(self._due)

    @property
    def next_ms(self) -> int | None:
        """When the next trigger falls due."""
        return self._due[0][0] if self._due else None

    def add(self, scheduled: Scheduled) -> None:
        """Rule 2."""
        if self._state.get(TRIGGERS, _id(scheduled)) is None:
            heapq.heappush(self._due, scheduled)
            self._state.put(TRIGGERS, _id(scheduled), scheduled[0])

    def pop(self) -> Scheduled:
        """Take out the next one."""
        scheduled = heapq.heappop(self._due)
        self._state.delete(TRIGGERS, _id(scheduled))
        return scheduled


def _id(scheduled: Scheduled) -> str:
    due, contract, key, method = scheduled
    return f"{due:015d}:{contract}:{key}:{method}"


def _scheduled(trigger: str) -> Scheduled:
    due, contract, rest = trigger.split(":", 2)
    key, method = rest.rsplit(":", 1)
    return int(due), contract, key, method
