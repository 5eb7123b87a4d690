"""A call's contract, method and arguments, compared with what runs on its channel before anything is signed.

Whatever is signed and admissible goes on the record for good, a misspelt call as a rejected one. Only what the contract
itself would refuse whatever its state is refused here; the contract's rules are asked on the record.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from chain import jcs
from chain.contract import Contract
from chain.errors import ChainError, ConfigError
from chain.near import near
from chain.shapes import explained
from chain.text import printable


def check_call(
    contracts: Mapping[str, Contract], channel: str, contract: str, method: str, given: dict[str, Any], source: str
) -> None:
    """`ConfigError`, with the file and the field, for a call that nothing on `channel` takes."""
    found = contracts.get(contract)
    if found is None:
        sentence = f"no contract {contract} runs on {channel}{near(contract, contracts)}"
        raise ConfigError("contract-unknown", f"{sentence}; nothing was signed")
    known = {one.name: one for one in found.methods}
    if method not in known:
        sentence = f"{contract} has no method {method}{near(method, known)}"
        raise ConfigError("method-unknown", f"{sentence}; nothing was signed")
    try:
        msgspec.convert(jcs.decode(jcs.encode(given), "arguments"), known[method].arguments)
    except msgspec.ValidationError as error:
        path, sentence = explained(error, known[method].arguments, given)
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        place = f"{source}: {where}" if where else source
        raise ConfigError("arguments", printable(f"{sentence}; nothing was signed"), printable(place)) from None
    except ChainError as error:
        raise ConfigError(error.code, f"{error.sentence}; nothing was signed", source) from None
