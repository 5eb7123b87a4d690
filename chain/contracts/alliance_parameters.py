"""Parameters of contracts, changed by vote. Runs as part of the contract `alliance`.

In this order; the code of a refusal in quotes:
1. The channel is governance, or a market channel that was created ("unknown-channel") and is not retired ("retired");
   the contract runs there ("unknown-contract"). The alliance's own parameters are those of genesis: what they list is
   changed by the other actions, and `faults` never.
2. The height is from 0 to `height_max` ("height"). It is the channel's own, of which governance knows only what beacon
   rounds say; so where that block is past already, the parameters are in force from the block that learns of them. Of
   governance's own that is the next block.
3. The parameters are the contract's: every name is one of its fields, every value of that field's kind, nothing that
   has no default is missing ("parameters"; the receipt names the field). Those that are left out have the defaults of
   the contract's code.
4. They work: what the contract checks of its parameters at genesis (`Contract.check_parameters`) holds for these
   ("parameters"). A channel that stumbled over them later could not go on.
5. An area stays where it is: parameters that name one name that of the channel ("parameters").
6. With their defaults they are at most `action_bytes_max` of canonical JSON ("action-size").

The event carries all of them, defaults written out: the record must not depend on the code's defaults.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from chain import jcs
from chain.contract import Call, Contract
from chain.contracts import auction, certificate, conduct, participant, record
from chain.contracts.alliance_actions import SetParameters
from chain.contracts.alliance_channels import require_open
from chain.contracts.alliance_events import report
from chain.contracts.alliance_members import Effect
from chain.contracts.alliance_state import ALLIANCE_LIMITS
from chain.contracts.alliance_tables import PARAMETER_CHANGES
from chain.errors import LimitError
from chain.imports import GOVERNANCE, ParameterChange

ON_GOVERNANCE: Mapping[str, Contract] = {
    contract.name: contract for contract in (conduct.CONTRACT, participant.CONTRACT, record.CONTRACT)
}
"""Contracts of governance whose parameters a vote can change."""
ON_MARKETS: Mapping[str, Contract] = {
    contract.name: contract for contract in (auction.CONTRACT, certificate.CONTRACT, conduct.CONTRACT, record.CONTRACT)
}
"""Contracts of a market channel; likewise."""


def judge_parameters(call: Call, action: SetParameters) -> Effect:
    """Rules 1–6."""
    area = "" if action.channel == GOVERNANCE else require_open(call, action.channel).area
    contract = (ON_MARKETS if area else ON_GOVERNANCE).get(action.contract)
    if contract is None:
        call.reject("unknown-contract", f"channel {action.channel} has no contract {action.contract} to set")
    if not 0 <= action.height <= ALLIANCE_LIMITS.height_max:
        call.reject("height", f"a height is from 0 to {ALLIANCE_LIMITS.height_max}")
    parameters = _convert(call, contract, action.parameters)
    _check_works(call, contract, parameters, area)
    complete = msgspec.to_builtins(parameters)
    text = jcs.encode(complete)
    if len(text) > ALLIANCE_LIMITS.action_bytes_max:
        most = ALLIANCE_LIMITS.action_bytes_max
        call.reject("action-size", f"{len(text)} bytes with the defaults, at most {most} are allowed")

    def effect() -> None:
        report(call, ParameterChange(action.channel, action.contract, action.height, complete))
        row = (action.channel, action.contract, action.height, sha256(text).hexdigest(), call.time_ms)
        call.write(PARAMETER_CHANGES, row)

    return effect


def _convert(call: Call, contract: Contract, given: Mapping[str, Any]) -> Any:
    """Rule 3. Field by field: the library's own sentence differs between its versions, and a receipt may not."""
    fields = {field.name: field for field in msgspec.structs.fields(contract.parameters)}
    for name in sorted(given.keys() - fields.keys()):
        call.reject("parameters", f"{name}: the contract {contract.name} has no such parameter")
    for name, field in sorted(fields.items()):
        if name in given:
            try:
                msgspec.convert(given[name], field.type)
            except msgspec.ValidationError:
                call.reject("parameters", f"{name}: not what the contract {contract.name} takes")
        elif field.required:
            call.reject("parameters", f"{name}: the contract {contract.name} has no default for it")
    return msgspec.convert(dict(given), contract.parameters)


def _check_works(call: Call, contract: Contract, parameters: Any, area: str) -> None:
    """Rules 4 and 5."""
    if contract.check_parameters is not None:
        try:
            contract.check_parameters(parameters)
        except LimitError as error:
            # Its sentence would make the receipt depend on how an error is written: the code is enough.
            call.reject("parameters", f"{error.code}: the contract {contract.name} does not work with these")
    named = getattr(parameters, "area", area)
    if named != area:
        call.reject("parameters", f"area: the channel is the market of {area}, not of {named}")
