"""Which parameters a channel's contracts run with: those of genesis until governance decides others.

1. What differs from genesis is in the state, as canonical JSON: in force under the contract, to come under
   `<height, 15 digits>:<contract>`. Whoever has the state has the parameters.
2. A later decision for the same height replaces an earlier one; one that comes too late takes effect at once. One for
   a contract that the channel does not run is passed over: what governance decides must not stop a channel.
"""

from collections.abc import Mapping
from typing import Any

from chain import jcs
from chain.contract import Contract
from chain.entry import Event, Genesis
from chain.genesis_fit import parameters_of
from chain.imports import told_parameters
from chain.state import State

PARAMETERS_IN_FORCE = "parameters"
"""State space of parameters that differ from genesis: contract → their canonical JSON."""
PARAMETERS_DUE = "parameters-due"
"""State space of parameters to come: `<height>:<contract>` → their canonical JSON."""


class ParametersInForce:
    """See the module's docstring."""

    def __init__(self, genesis: Genesis, contracts: Mapping[str, Contract], state: State) -> None:
        self._channel = genesis.channel
        self._contracts = contracts
        self._state = state
        self._parameters = {
            name: parameters_of(contract, genesis.parameters.get(name)) for name, contract in contracts.items()
        }
        for contract, text in state.items(PARAMETERS_IN_FORCE):
            self._adopt(contract, text)

    @property
    def all(self) -> Mapping[str, Any]:
        """Contract → its parameters, of its own type."""
        return self._parameters

    def of(self, contract: str) -> Any:
        """Parameters of `contract`, of its own type."""
        return self._parameters[contract]

    def note(self, event: Event, next_height: int) -> None:
        """Parameters to come, if they are this channel's (rule 2)."""
        change = told_parameters(event)
        if change.channel == self._channel and change.contract in self._contracts:
            due = f"{max(change.height, next_height):015d}:{change.contract}"
            self._state.put(PARAMETERS_DUE, due, jcs.encode(change.parameters).decode())

    def advance(self, height: int) -> None:
        """Put into force what is due at the block of that height."""
        for due, text in self._state.items(PARAMETERS_DUE):
            at, _, contract = due.partition(":")
            if int(at) > height:
                break
            self._state.delete(PARAMETERS_DUE, due)
            self._state.put(PARAMETERS_IN_FORCE, contract, text)
            self._adopt(contract, text)

    def _adopt(self, contract: str, text: str) -> None:
        self._parameters[contract] = parameters_of(self._contracts[contract], jcs.decode(text.encode(), contract))
