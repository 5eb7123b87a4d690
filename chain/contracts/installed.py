"""Which contracts this code has, and which run where."""

from collections.abc import Sequence

from chain.contract import Contract, code_sha256
from chain.contracts.alliance import CONTRACT as ALLIANCE
from chain.contracts.auction import CONTRACT as AUCTION
from chain.contracts.certificate import CONTRACT as CERTIFICATE
from chain.contracts.conduct import CONTRACT as CONDUCT
from chain.contracts.participant import CONTRACT as PARTICIPANT
from chain.contracts.record import CONTRACT as RECORD
from chain.entry import ContractCode, Genesis
from chain.errors import LedgerError

GOVERNANCE_CONTRACTS: tuple[Contract, ...] = (ALLIANCE, CONDUCT, PARTICIPANT, RECORD)
"""Contracts of the governance channel, by name."""

AREA_CONTRACTS: tuple[Contract, ...] = (AUCTION, CERTIFICATE, CONDUCT, RECORD)
"""Contracts of a market-area channel, by name."""

_KNOWN = {contract.name: contract for contract in (*GOVERNANCE_CONTRACTS, *AREA_CONTRACTS)}


def code_of(contracts: Sequence[Contract]) -> tuple[ContractCode, ...]:
    """What genesis records of `contracts`."""
    return tuple(
        ContractCode(code_sha256=code_sha256(contract.sources), name=contract.name, version=contract.version)
        for contract in sorted(contracts, key=lambda contract: contract.name)
    )


def resolve_contracts(genesis: Genesis) -> tuple[Contract, ...]:
    """The contracts that genesis names, whose code here is the code on the record; `LedgerError` otherwise."""
    for code in genesis.contracts:
        contract = _KNOWN.get(code.name)
        if contract is None or (code,) != code_of([contract]):
            raise LedgerError(
                "contract-code",
                f"contract {code.name} version {code.version} on the record has other code than the one here: "
                f"re-execution needs the release that wrote the record, {genesis.release}",
                genesis.channel,
            )
    return tuple(_KNOWN[code.name] for code in genesis.contracts)
