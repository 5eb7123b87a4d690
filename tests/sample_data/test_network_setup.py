"""What the simulated network puts on the record about its members."""

from dataclasses import replace

from chain.commitment import field_commitment
from sample_data.network_setup import Keyring, real_name_commitment
from sample_data.records import Participant

KEYS = Keyring(b"a secret of this test")
MEMBER = Participant(
    "fz-factory-01", "甲厂", "Factory A", "factory", "area-350100", "fz-mawei", "10kV", 30_000, 50_000, 27_500, 62_000,
    "ladder",
)  # fmt: skip


def test_the_information_hash_opens_with_the_owners_salt_and_the_real_name_record() -> None:
    record = {"account": "fz-factory-01", "name_en": "Factory A", "name_zh": "甲厂"}
    opened = field_commitment("real_name_record", KEYS.seed("salt/fz-factory-01"), record)
    assert real_name_commitment(KEYS, MEMBER) == opened


def test_two_members_of_one_name_have_different_information_hashes() -> None:
    twin = replace(MEMBER, account="fz-factory-02")
    same_account_elsewhere = real_name_commitment(Keyring(b"another secret"), MEMBER)
    assert len({real_name_commitment(KEYS, MEMBER), real_name_commitment(KEYS, twin), same_account_elsewhere}) == 3
