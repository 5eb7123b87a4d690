"""Registration: what reaches the other channels, and every registration that is refused."""

import msgspec
import pytest
from nacl import bindings

from chain import replica
from chain.contract import Account
from chain.contracts import participant
from chain.contracts.participant import possession_message
from chain.transaction import parse_transaction
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, signer

REGISTRAR = "provincial-centre"
OPERATORS = {REGISTRAR: ("provincial_centre", "registrar"), "regulator": ("regulator",)}

HASH = "ab" * 32


def governance() -> World:
    return World([participant.CONTRACT], OPERATORS, channel="governance")


def arguments(account: str = "minjiang-solar", key_of: str | None = None, **changes: object) -> dict[str, object]:
    holder = signer(key_of or account)
    return {
        "account": account,
        "area": "350100",
        "information_hash": HASH,
        "kind": "prosumer",
        "name_en": "Minjiang Solar",
        "name_zh": "闽江光伏",
        "possession": holder.sign_bytes(possession_message(account, holder.public_key)),
        "public_key": holder.public_key,
        "voltage": "10kV",
        "zone": "zone-1",
        **changes,
    }


def with_key(public_key: str, possession: str = "00" * 64) -> dict[str, object]:
    return arguments(public_key=public_key, possession=possession)


def test_registration_reports_an_account_that_other_channels_can_import() -> None:
    world = governance()
    receipt = world.call(REGISTRAR, "participant", "register", arguments())
    assert receipt.code == "ok"
    (event,) = receipt.events
    assert event.name == participant.REGISTERED
    assert event.name in replica.ACCOUNT_EVENTS
    account = msgspec.convert(event.data, Account)
    assert sorted(event.data) == sorted(Account.__struct_fields__)
    assert event.data["roles"] == ["member"]
    assert account.public_key == signer("minjiang-solar").public_key
    assert account == world.replica.state.get("account", "minjiang-solar")


def test_registration_writes_one_row_with_everything_but_the_real_name_record() -> None:
    world = governance()
    world.call(REGISTRAR, "participant", "register", arguments())
    assert world.records("participants") == [
        {
            "account": "minjiang-solar",
            "kind": "prosumer",
            "area": "350100",
            "zone": "zone-1",
            "voltage": "10kV",
            "name_zh": "闽江光伏",
            "name_en": "Minjiang Solar",
            "public_key": signer("minjiang-solar").public_key,
            "information_hash": HASH,
            "roles": "member",
            "status": "active",
            "time": GENESIS_MS + 1_000,
        }
    ]


def test_a_registered_participant_can_sign_on_governance_at_once() -> None:
    world = governance()
    world.call(REGISTRAR, "participant", "register", arguments())
    receipt = world.call("minjiang-solar", "participant", "register", arguments("another"))
    assert receipt.code == "forbidden"


def test_an_operator_who_is_no_registrar_may_not_register() -> None:
    assert governance().call("regulator", "participant", "register", arguments()).code == "forbidden"


def test_parameters_decide_which_roles_a_registrar_may_grant() -> None:
    world = World(
        [participant.CONTRACT],
        OPERATORS,
        channel="governance",
        parameters={"participant": {"grantable_roles": ["member", "metering_operator"]}},
    )
    both = arguments(roles=["member", "metering_operator"])
    assert world.call(REGISTRAR, "participant", "register", both).code == "ok"
    assert world.column("participants", "roles") == ["member,metering_operator"]


SMALL_ORDER = "01" + "00" * 31
NOT_CANONICAL = "ee" + "ff" * 30 + "7f"
NOT_ON_CURVE = "02" + "00" * 31
MIXED_ORDER = bytes(
    # A torsion point of order 8 added to a good key: small-order tests alone let it pass.
    bindings.crypto_core_ed25519_add(
        bytes.fromhex(signer("minjiang-solar").public_key),
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    )
).hex()

BAD = {
    "a name with a space": (arguments("min jiang"), "account-name"),
    "an empty name": (arguments(""), "account-name"),
    "a name with a slash": (arguments("a/b"), "account-name"),
    "a name of 65 characters": (arguments("a" * 65), "account-name"),
    "a Chinese account name": (arguments("闽江"), "account-name"),
    "the name of an operator": (arguments("regulator"), "account-taken"),
    "an area in letters": (arguments(area="fuzhou"), "area"),
    "an area of 5 digits": (arguments(area="35010"), "area"),
    "an area in Arabic-Indic digits": (arguments(area="٣٥٠١٠٠"), "area"),
    "the kind of operators": (arguments(kind="operator"), "kind"),
    "an empty kind": (arguments(kind=""), "kind"),
    "no roles": (arguments(roles=[]), "roles"),
    "a role twice": (arguments(roles=["member", "member"]), "roles"),
    "roles out of order": (arguments(roles=["retailer", "member"]), "roles"),
    "a role of the institutions": (arguments(roles=["issuing_body"]), "roles"),
    "a registrar's own role": (arguments(roles=["member", "registrar"]), "roles"),
    "a hash of 31 bytes": (arguments(information_hash="ab" * 31), "information-hash"),
    "a hash in capitals": (arguments(information_hash="AB" * 32), "information-hash"),
    "a key that is no hex": (with_key("zz" * 32), "public-key"),
    "a key of 31 bytes": (with_key("ab" * 31), "public-key"),
    "a key in capitals": (with_key(signer("minjiang-solar").public_key.upper()), "public-key"),
    "a key of small order": (with_key(SMALL_ORDER), "public-key"),
    "a key of mixed order": (with_key(MIXED_ORDER), "public-key"),
    "a key that is not canonical": (with_key(NOT_CANONICAL), "public-key"),
    "a key that is no point": (with_key(NOT_ON_CURVE), "public-key"),
    "the key of an operator": (arguments(key_of="regulator"), "key-taken"),
    "a possession proof of 63 bytes": (arguments(possession="00" * 63), "possession"),
    "a possession proof of zeros": (arguments(possession="00" * 64), "possession"),
    "a possession proof by another key": (
        arguments(possession=arguments(key_of="stranger")["possession"]),
        "possession",
    ),
    "a possession proof for another account": (
        arguments(possession=arguments("another", key_of="minjiang-solar")["possession"]),
        "possession",
    ),
    "an empty name in English": (arguments(name_en=""), "bad-arguments"),
    "a zone with a slash": (arguments(zone="a/b"), "bad-arguments"),
    "an argument too many": (arguments(extra=1), "bad-arguments"),
}


@pytest.mark.parametrize(("call", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_registration_is_rejected_with_its_code_and_leaves_nothing(call: dict[str, object], code: str) -> None:
    world = governance()
    before = world.memory()
    receipt = world.call(REGISTRAR, "participant", "register", call)
    assert (receipt.status, receipt.code) == ("rejected", code)
    assert receipt.detail
    assert world.memory() == before
    assert world.rows("participants") == []
    assert world.replica.nonce(REGISTRAR) == 1


def test_no_account_is_registered_twice() -> None:
    world = governance()
    world.call(REGISTRAR, "participant", "register", arguments())
    again = arguments(key_of="another key")
    assert world.call(REGISTRAR, "participant", "register", again).code == "account-taken"


def test_no_key_serves_two_accounts() -> None:
    world = governance()
    world.call(REGISTRAR, "participant", "register", arguments())
    again = arguments("another", key_of="minjiang-solar")
    assert world.call(REGISTRAR, "participant", "register", again).code == "key-taken"


def test_every_declared_code_is_shown_by_a_case() -> None:
    method = participant.CONTRACT.method("register")
    assert method is not None
    assert set(method.codes) <= {code for _, code in BAD.values()}


def test_two_replicas_make_the_same_bytes() -> None:
    def run() -> list[bytes]:
        world = governance()
        for name in ("b-member", "a-member", "b-member"):
            world.call(REGISTRAR, "participant", "register", arguments(name))
        world.call(REGISTRAR, "record", "seal")
        return world.entries

    assert run() == run()


def test_a_registration_survives_the_wire() -> None:
    sent = governance().transaction(REGISTRAR, "participant", "register", arguments())
    assert parse_transaction(sent.wire()) == sent


def test_the_event_makes_the_account_known_on_an_area_channel() -> None:
    world = governance()
    (event,) = world.call(REGISTRAR, "participant", "register", arguments()).events
    area = World([], OPERATORS)
    area.block(imports=[event])
    assert area.replica.state.get("account", "minjiang-solar") == world.replica.state.get("account", "minjiang-solar")
    assert area.call("minjiang-solar", "record", "seal").code == "forbidden"
