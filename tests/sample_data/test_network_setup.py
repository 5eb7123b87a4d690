"""What the simulated network puts on the record about its institutions and members."""

from dataclasses import replace

from chain.private.record import information_hash
from sample_data.network_setup import OPERATORS, Keyring, private_record
from sample_data.records import Participant

KEYS = Keyring(b"a secret of this test")
MEMBER = Participant(
    "fz-factory-01", "甲厂", "Factory A", "factory", "area-350100", "fz-mawei", "10kV", 30_000, 50_000, 27_500, 62_000,
    "ladder",
)  # fmt: skip


def test_the_private_record_of_a_member_holds_what_a_registrar_vets() -> None:
    record = private_record(KEYS, MEMBER)
    assert record.subject == "fz-factory-01"
    assert sorted(record.values) == ["contact", "credit_code", "real_name_record"]
    expected = {"account": "fz-factory-01", "name_en": "Factory A", "name_zh": "甲厂"}
    assert record.values["real_name_record"] == expected
    assert len({one.salt for one in record.fields}) == 3


def test_the_same_secret_gives_the_same_information_hash() -> None:
    assert information_hash(private_record(KEYS, MEMBER)) == information_hash(private_record(KEYS, MEMBER))


def test_two_members_of_one_name_have_different_information_hashes() -> None:
    twin = replace(MEMBER, account="fz-factory-02")
    records = [private_record(KEYS, MEMBER), private_record(KEYS, twin), private_record(Keyring(b"another"), MEMBER)]
    assert len({information_hash(record) for record in records}) == 3


def test_the_institutions_that_run_a_validator_are_the_council() -> None:
    council = [account for account, _, _, roles in OPERATORS if "council" in roles]
    assert council == ["dispatcher", "national-centre", "provincial-centre", "regulator"]
    assert all(list(roles) == sorted(set(roles)) for _, _, _, roles in OPERATORS)
