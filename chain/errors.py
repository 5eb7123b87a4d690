"""Every error that `chain` raises.

    ChainError                 code, where, sentence
    ├── ParseError             bytes that break a format
    ├── ProofError             a Merkle proof that does not hold
    ├── SignatureError         a signature, key or cosignature that does not hold
    ├── PolicyError            a policy that is malformed, unsafe or not satisfied
    ├── LimitError             a named limit of `chain.limits` was passed
    ├── AdmissionError         a transaction that is dropped, not recorded
    ├── RejectError            a contract's refusal: becomes a rejected receipt
    ├── PrivateError           private data that cannot be opened, shared, kept or erased as asked
    ├── LedgerError            a ledger folder that cannot be used as it is
    ├── ExportError            an export that is missing, foreign or wrong
    ├── ConfigError            a file from which no network can be founded
    ├── SecretFileError        a file of secrets that cannot be read, trusted or written as a file
    └── IdentityError          who somebody is, and whether they may go on
        ├── AccountError       an account that the record does not have
        ├── KeystoreError      a keystore whose content is refused
        ├── PasswordError      a password that is wrong, or too weak to protect a key
        ├── ChallengeError     a login challenge, or an answer to one, that is refused
        ├── CredentialError    a credential that does not hold, or that nobody can be given
        └── DepositNumberError a number that is no identity deposit number

Nothing else leaves this package for bytes that someone else wrote.
"""

from chain.unicode14 import quoted


class ChainError(Exception):
    """`code`: stable, for programs. `where`: file, entry, row or field. `sentence`: for a person."""

    def __init__(self, code: str, sentence: str, where: str = "") -> None:
        # Sentences and places may quote a stranger's bytes.
        sentence, where = quoted(sentence), quoted(where)
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.code = code
        self.where = where
        self.sentence = sentence

    def __reduce__(self) -> tuple[type["ChainError"], tuple[object, ...]]:
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


class PrivateError(ChainError):
    """Private data that cannot be opened, shared, kept or erased as asked."""


class LedgerError(ChainError):
    """A ledger folder that cannot be used as it is."""


class ExportError(ChainError):
    """An export that is missing, half-written, foreign or wrong."""


class ConfigError(ChainError):
    """A file from which no network can be founded. `problems` are all that were found, each one of these in its place.

    The place of a problem is `file:line:column: key`.
    """

    def __init__(self, code: str, sentence: str, where: str = "", problems: tuple["ConfigError", ...] = ()) -> None:
        super().__init__(code, sentence, where)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems)) if self.problems else super().__str__()

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[object, ...]]:
        return type(self), (self.code, self.sentence, self.where, self.problems)


class SecretFileError(ChainError):
    """A file of secrets that cannot be read, trusted or written as a file, whatever is in it."""


class IdentityError(ChainError):
    """Who somebody is, and whether they may go on. Never holds a password or a private key."""


class AccountError(IdentityError):
    """An account that the record does not have."""


class KeystoreError(IdentityError):
    """A keystore whose content is refused, or a key that none can be made for."""


class PasswordError(IdentityError):
    """A password that is wrong, or too weak to protect a key."""


class ChallengeError(IdentityError):
    """A login challenge, or an answer to one, that is refused."""


class CredentialError(IdentityError):
    """A credential that does not hold, or that nobody can be given."""


class DepositNumberError(IdentityError):
    """A number that is no identity deposit number."""
