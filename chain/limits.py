"""Every limit of `chain` that belongs to the format, in one frozen record. Past one: our own error, nothing lost.

Sizes that a network may choose are parameters on its record (`chain.contracts.record.Parameters`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    entry_bytes_max: int = 65_535
    """An entry's canonical JSON (C2SP tlog-tiles entry bundles carry a uint16 length)."""
    transaction_bytes_max: int = 57_344
    """A transaction on the wire, so that its entry has room for the receipt."""
    error_characters_max: int = 4_000
    """What an error says, and where; the rest is cut off."""
    detail_characters_max: int = 200
    """The sentence in a receipt."""
    json_depth_max: int = 16
    """Nesting of JSON objects and arrays."""
    json_integer_max: int = 2**53 - 1
    """Magnitude of an integer in JSON (RFC 8785, I-JSON)."""
    money_digits_max: int = 37
    """Digits of a money value, so that sums fit DECIMAL(38,0)."""
    title_characters_max: int = 200
    """What people call something, for instance a plant."""
    text_bytes_max: int = 1_024
    """UTF-8 bytes of a text value."""
    events_per_receipt_max: int = 32
    """Events that one receipt carries."""
    rows_per_batch_max: int = 100_000
    """Rows under one signature."""
    segment_rows_max: int = 10_000_000
    """Rows of a segment file that a reader decodes: a block of the largest batches on top of what was there."""
    note_bytes_max: int = 65_536
    """A signed note."""
    note_signatures_max: int = 129
    """Signature lines of a note: the log's, and at a handover every validator of two policies, each of its own key."""
    policy_bytes_max: int = 65_536
    """A policy file."""
    policy_members_max: int = 64
    """Logs, witnesses or groups of a policy, each."""
    proof_hashes_max: int = 64
    """Nodes of one Merkle proof: a tree of 2⁶⁴ leaves."""
    beacon_lag_rounds_max: int = 1_000
    """How many rounds the beacon round of a block may lie behind (K of design.md)."""
    export_depth_max: int = 8
    """How deep the folders of an export may be nested."""
    policies_max: int = 1_000
    """Policies that an export may carry."""
    time_ms_max: int = 253_402_300_799_999
    """The last millisecond of the year 9999, UTC: what every calendar can render."""
    private_fields_max: int = 64
    """Fields of one private record."""
    private_value_bytes_max: int = 8_192
    """Canonical JSON of one private value; what is larger stays a file, its SHA-256 is the value."""
    private_readers_max: int = 64
    """Accounts that one private record is sealed to."""
    private_file_bytes_max: int = 2**21
    """A private record, a disclosure or a sealed file: room for as many fields and readers as there may be."""
    key_file_bytes_max: int = 2**20
    """The key file of a ledger folder."""
    config_bytes_max: int = 2**17
    """A file that a network is founded from."""
    config_line_bytes_max: int = 1_024
    """A line of it: keys within keys take time that grows with the square of their number."""
    config_places_depth_max: int = 32
    """Keys within keys of it whose own line is known; a problem deeper down has the line of the key above it."""
    config_problems_max: int = 50
    """Problems of it that are reported at once."""
    export_file_bytes_max: int = 4 * 2**30
    """A single file of an export that a reader opens."""


LIMITS = Limits()
