"""A channel to try contracts on: a real replica, real signatures, no files.

Keys derive from account names, times are given, so that the same calls make the same bytes.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec

from chain.contract import Account, Contract, code_sha256
from chain.contracts import record
from chain.entry import FORMAT, ContractCode, Event, Genesis, Operator, Receipt
from chain.execution import NONCES
from chain.imports import GOVERNANCE, REGISTERED
from chain.layout import BEACON, origin, validator_name
from chain.note import COSIGNATURE_V1, ED25519, SigningKey
from chain.parquet import ENCODER, decode_parquet
from chain.policy import encode_policy
from chain.replica import CommittedBlock, Replica
from chain.schema import Row
from chain.transaction import SignedTransaction, Signer

GENESIS_MS = 1_793_577_600_000
"""2026-11-02T00:00:00Z, a Monday."""


NETWORK = "test"
AREA_CHANNEL = "area-350100"
VALIDATORS = ("dispatcher", "national_centre", "provincial_centre", "regulator")


def signer(account: str, key_of: str = "") -> Signer:
    """The account with its first key, the same in every test, or with the one that `key_of` stands for."""
    return Signer(account, sha256(f"test key of {key_of or account}".encode()).digest())


@cache
def policy_text() -> str:
    """Four validators, any three of which are a quorum."""

    def key(name: str, algorithm: int) -> SigningKey:
        return SigningKey(name, algorithm, sha256(f"test key {name}".encode()).digest())

    logs = [key(origin(NETWORK, log), ED25519).verifier_key for log in (BEACON, GOVERNANCE, AREA_CHANNEL)]
    witnesses = {name: key(validator_name(NETWORK, name), COSIGNATURE_V1).verifier_key for name in VALIDATORS}
    return encode_policy(logs, witnesses, 3).decode()


def member(account: str, roles: tuple[str, ...] = ("member",)) -> Account:
    """A participant as governance reports it."""
    return Account(
        account=account,
        area="350100",
        kind="prosumer",
        public_key=signer(account).public_key,
        roles=roles,
        voltage="10kV",
        zone="zone-1",
    )


class World:
    """One channel with its operators and members; `call` makes one block of one transaction."""

    def __init__(
        self,
        contracts: Sequence[Contract],
        operators: Mapping[str, tuple[str, ...]],
        members: Sequence[Account] = (),
        *,
        channel: str = AREA_CHANNEL,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        installed = sorted((*contracts, record.CONTRACT), key=lambda contract: contract.name)
        self.replica = Replica(_genesis(installed, operators, channel, dict(parameters or {})), installed)
        self.time_ms = GENESIS_MS
        self.entries: list[bytes] = list(self.replica.initial_block.entries)
        self._sealed: dict[str, list[Row]] = {}
        if members:
            self.block(imports=[Event(data=msgspec.to_builtins(account), name=REGISTERED) for account in members])

    def transaction(
        self,
        account: str,
        contract: str,
        method: str,
        arguments: dict[str, Any],
        rows: Sequence[Row] = (),
        ahead: int = 1,
        key_of: str = "",
        valid_until: int = 2**53 - 1,
    ) -> SignedTransaction:
        """A signed call, its nonce `ahead` of the account's last one, with another key than the first if it says so."""
        known = self.replica.contracts[contract].method(method)
        lines = known.batch.encode_lines(rows) if known is not None and known.batch is not None else b""
        return signer(account, key_of).transaction(
            network=self.replica.address.network,
            channel=self.replica.address.channel,
            nonce=self.replica.nonce(account) + ahead,
            contract=contract,
            method=method,
            arguments=arguments,
            valid_until=valid_until,
            rows=lines,
        )

    def block(
        self, *transactions: SignedTransaction, at_ms: int | None = None, imports: Sequence[Event] = ()
    ) -> CommittedBlock:
        """The next block, one second after the last or at `at_ms`."""
        self.time_ms = self.time_ms + 1_000 if at_ms is None else at_ms
        block = self.replica.execute_block(self.time_ms, -1, imports, transactions)
        self.entries.extend(block.entries)
        for segment in block.segments:
            table = segment.seal.table
            _, _, rows = decode_parquet(self.replica.tables[table].schema, segment.parquet, table)
            self._sealed.setdefault(table, []).extend(rows)
        return block

    def call(
        self,
        account: str,
        contract: str,
        method: str,
        arguments: dict[str, Any] | None = None,
        rows: Sequence[Row] = (),
        key_of: str = "",
    ) -> Receipt:
        """The receipt of one call in a block of its own."""
        block = self.block(self.transaction(account, contract, method, arguments or {}, rows, key_of=key_of))
        (outcome,) = block.outcomes
        assert outcome.receipt is not None, outcome.dropped
        self._check_receipt(contract, method, outcome.receipt)
        return outcome.receipt

    def advance(self, at_ms: int) -> None:
        """An empty block at `at_ms`."""
        self.block(at_ms=at_ms)

    def rows(self, table: str) -> list[Row]:
        """Every row that was written to a table, in order."""
        return [*self._sealed.get(table, []), *(row for _, rows in self.pending(table) for row in rows)]

    def pending(self, table: str) -> list[tuple[int, Sequence[Row]]]:
        """(entry, its rows) of what is not sealed yet."""
        return [(entry, written.rows) for entry, written in self.replica.tables[table]._pending]

    def column(self, table: str, name: str) -> list[Any]:
        """One column of `rows`."""
        names = [column.name for column in self.replica.tables[table].schema.columns]
        return [row[names.index(name)] for row in self.rows(table)]

    def records(self, table: str) -> list[dict[str, Any]]:
        """`rows` by column name."""
        names = [column.name for column in self.replica.tables[table].schema.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows(table)]

    def memory(self) -> dict[str, dict[str, Any]]:
        """All of the state but the nonces, which even a rejected call moves."""
        spaces = self.replica.state._spaces
        return {space: dict(values) for space, values in spaces.items() if space != NONCES}

    def _check_receipt(self, contract: str, method: str, receipt: Receipt) -> None:
        """A contract refuses only with codes that it declared."""
        known = self.replica.contracts[contract].method(method)
        assert known is not None
        declared = {"ok", "bad-arguments", "forbidden", "inactive", "restricted", "rows-missing", *known.codes}
        assert receipt.code in declared, f"{receipt.code} is not declared by {contract}.{method}"


def _genesis(
    contracts: Sequence[Contract], operators: Mapping[str, tuple[str, ...]], channel: str, parameters: dict[str, Any]
) -> Genesis:
    schemas = sorted((schema for contract in contracts for schema in contract.tables), key=lambda schema: schema.table)
    return Genesis(
        channel=channel,
        contracts=tuple(
            ContractCode(code_sha256=code_sha256(contract.sources), name=contract.name, version=contract.version)
            for contract in contracts
        ),
        deployment="embedded",
        encoder=ENCODER,
        faults=parameters.get("alliance", {}).get("faults", 1),
        format=FORMAT,
        governance="" if channel == GOVERNANCE else sha256(b"governance").hexdigest(),
        kind="genesis",
        name=NETWORK,
        operators=tuple(
            Operator(
                account=account,
                name_en=account,
                name_zh=account,
                organisation=account,
                public_key=signer(account).public_key,
                roles=roles,
            )
            for account, roles in sorted(operators.items())
        ),
        parameters=parameters,
        policy=policy_text(),
        release="gridproof test",
        schemas=tuple(msgspec.to_builtins(schema) for schema in schemas),
        time=GENESIS_MS,
    )
