"""Every error that `chain` raises.

    ChainError                 code, where, sentence
    ├── ParseError             bytes that break a format
    ├── ProofError             a Merkle proof that does not hold
    ├── SignatureError         a signature, key or cosignature that does not hold
    ├── PolicyError            a policy that is malformed, unsafe or not satisfied
    ├── LimitError             a named limit of `chain.limits` was passed
    ├── AdmissionError         a transaction that is dropped, not recorded
    ├── RejectError            a contract's refusal: becomes a rejected receipt
    ├── LedgerError            a ledger folder that cannot be used as it is
    └── ExportError            an export that is missing, foreign or wrong

Nothing else leaves this package for bytes that someone else wrote.
"""

from chain.unicode14 import printable


class ChainError(Exception):
    """`code`: stable, for programs. `where`: file, entry, row or field. `sentence`: for a person."""

    def __init__(self, code: str, sentence: str, where: str = "") -> None:
        # Sentences and places may quote a stranger's bytes.
        sentence, where = printable(sentence), printable(where)
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.code = code
        self.where = where
        self.sentence = sentence

    def __reduce__(self) -> tuple[type["ChainError"], tuple[str, str, str]]:
        # Errors cross process borders (parallel verification); the default would lose the parts.
        return type(self), (self.code, self.sentence, self.where)

    def at(self, where: str) -> "ChainError":
        """The same error, its place prefixed by `where` (a caller knows the file, a parser the offset)."""
        return type(self)(self.code, self.sentence, f"{where}: {self.where}" if self.where else where)


class ParseError(ChainError):
    """Bytes that break a format."""


class ProofError(ChainError):
    """A Merkle proof that does not hold."""


class SignatureError(ChainError):
    """A signature, key or cosignature that does not hold."""


class PolicyError(ChainError):
    """A policy that is malformed, unsafe or not satisfied."""


class LimitError(ChainError):
    """A named limit of `chain.limits` was passed."""


class AdmissionError(ChainError):
    """A transaction that is dropped and counted, not recorded."""


class RejectError(ChainError):
    """A contract's refusal: becomes a rejected receipt, changes nothing but the nonce."""


class LedgerError(ChainError):
    """A ledger folder that cannot be used as it is."""


class ExportError(ChainError):
    """An export that is missing, half-written, foreign or wrong."""
