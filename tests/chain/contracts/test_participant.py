"""Registration: what reaches the other channels, and every registration that is refused."""

from typing import Any

import msgspec
import pytest
from nacl import bindings

from chain import imports
from chain.contract import Account
from chain.contracts import participant
from chain.contracts.participant import possession_message
from chain.contracts.roles import INSTITUTIONS
from chain.errors import LimitError, ParseError
from chain.identity.deposit import deposit_number, parse_deposit_number
from chain.transaction import parse_transaction
from tests.chain.contracts.governance_fixture import (
    COMPANY,
    DIRECTORY,
    HASH,
    REGISTRAR,
    REGULATOR,
    act,
    governance,
    registration,
)
from tests.chain.contracts.replica_fixture import GENESIS_MS, World, signer


def with_directory(*roles: str) -> World:
    world = governance()
    mapping = {"directory": DIRECTORY, "organisation": COMPANY, "roles": list(roles)}
    assert world.call(REGISTRAR, "alliance", "map_directory", mapping).code == "ok"
    return world


def with_key(public_key: str, possession: str = "00" * 64) -> dict[str, Any]:
    return registration(public_key=public_key, possession=possession)


def test_registration_reports_an_account_that_other_channels_can_import() -> None:
    world = governance()
    receipt = act(world, REGISTRAR, "register", **registration())
    assert receipt.code == "ok"
    (event,) = receipt.events
    assert event.name == imports.REGISTERED
    account = msgspec.convert(event.data, Account)
    assert sorted(event.data) == sorted(Account.__struct_fields__)
    assert event.data["roles"] == ["member"]
    assert account.public_key == signer("minjiang-solar").public_key
    assert account == world.replica.state.get("account", "minjiang-solar") == imports.told_account(event)


def test_registration_writes_one_row_with_everything_but_the_real_name_record() -> None:
    world = governance()
    act(world, REGISTRAR, "register", **registration())
    assert world.records("participants") == [
        {
            "account": "minjiang-solar",
            "kind": "prosumer",
            "organisation": "",
            "directory": "",
            "area": "350100",
            "zone": "zone-1",
            "voltage": "10kV",
            "name_zh": "闽江光伏",
            "name_en": "Minjiang Solar",
            "public_key": signer("minjiang-solar").public_key,
            "information_hash": HASH,
            "information_by": REGISTRAR,
            "roles": "member",
            "status": "active",
            "change": "register",
            "reason": "",
            "time": GENESIS_MS + 1_000,
        }
    ]


def test_the_deposit_number_is_that_of_the_registration() -> None:
    world = governance()
    block = world.block(world.transaction(REGISTRAR, "participant", "register", registration()))
    entry = block.outcomes[0].entry
    assert entry is not None
    identity = world.replica.state.get("participant.identity", "minjiang-solar")
    assert identity.deposit_entry == entry == parse_deposit_number(deposit_number(entry))


def test_a_registered_participant_can_sign_on_governance_at_once() -> None:
    world = governance()
    act(world, REGISTRAR, "register", **registration())
    assert act(world, "minjiang-solar", "register", **registration("another")).code == "forbidden"


def test_an_operator_who_is_neither_registrar_nor_council_may_not_register() -> None:
    assert act(governance(), "metering", "register", **registration()).code == "forbidden"


def test_a_council_member_registers_for_its_own_organisation_only() -> None:
    world = governance()
    assert act(world, REGULATOR, "register", **registration()).code == "other-organisation"
    own = registration("inspector", kind="operator", area="", organisation=REGULATOR, roles=["regulator"])
    assert act(world, REGULATOR, "register", **own).code == "ok"
    assert act(world, "inspector", "suspend", account="metering", reason="inspection").code == "ok"


def test_a_registrar_cannot_make_itself_an_account_of_another_organisation_that_votes() -> None:
    world = governance()
    for roles in (["council"], ["regulator"], ["council", "regulator"]):
        theirs = registration("mole", kind="operator", organisation=REGULATOR, roles=roles)
        assert act(world, REGISTRAR, "register", **theirs).code == "other-organisation"


def test_no_account_has_more_roles_than_a_row_has_room_for() -> None:
    roles = [f"role_{number:02}" for number in range(16)]
    world = governance(grantable_roles=roles)
    assert act(world, REGISTRAR, "register", **registration(roles=roles)).code == "ok"
    # The company's own roles on top of those that anyone may hold.
    more = registration("another", kind="prosumer", organisation=COMPANY, roles=["council", *roles])
    assert act(world, REGISTRAR, "register", **more).code == "roles"
    with pytest.raises(ParseError):
        governance(grantable_roles=[*roles, "role_16"])


def test_a_natural_person_needs_no_name_on_the_record() -> None:
    world = governance()
    assert act(world, REGISTRAR, "register", **registration(name_en="", name_zh="")).code == "ok"
    assert world.column("participants", "name_zh") == [""]


def test_F05_a_directory_of_the_organisation_gives_the_roles() -> None:
    world = with_directory("council", "issuing_body")
    joining = registration(organisation=COMPANY, directory=DIRECTORY)
    assert act(world, REGISTRAR, "register", **joining).code == "ok"
    account = world.replica.state.get("account", "minjiang-solar")
    assert (account.organisation, account.roles) == (COMPANY, ("council", "issuing_body"))
    assert world.column("participants", "directory") == [DIRECTORY]


DIRECTORIES = {
    "a directory that nobody mapped": ({"directory": "ou=none", "organisation": COMPANY}, "directory"),
    "a directory of another organisation": ({"directory": DIRECTORY, "organisation": "metering"}, "directory"),
    "a directory without an organisation": ({"directory": DIRECTORY}, "directory"),
    "a directory and roles": ({"directory": DIRECTORY, "organisation": COMPANY, "roles": ["member"]}, "roles"),
    "neither directory nor roles": ({"directory": "", "organisation": COMPANY}, "roles"),
    "an organisation that is none": ({"directory": DIRECTORY, "organisation": "nobody"}, "organisation"),
}


@pytest.mark.parametrize(("changes", "code"), DIRECTORIES.values(), ids=DIRECTORIES.keys())
def test_roles_come_from_a_directory_that_is_mapped_or_one_by_one(changes: dict[str, Any], code: str) -> None:
    world = with_directory("issuing_body")
    assert act(world, REGISTRAR, "register", **registration(**changes)).code == code


def test_parameters_decide_which_roles_anyone_may_hold() -> None:
    world = governance(grantable_roles=["member", "observer"])
    both = registration(roles=["member", "observer"])
    assert act(world, REGISTRAR, "register", **both).code == "ok"
    assert world.column("participants", "roles") == ["member,observer"]


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
    "a name with a space": (registration("min jiang"), "account-name"),
    "an empty name": (registration(""), "account-name"),
    "a name with a slash": (registration("a/b"), "account-name"),
    "a name of 65 characters": (registration("a" * 65), "account-name"),
    "a Chinese account name": (registration("闽江"), "account-name"),
    "the name of an operator": (registration("regulator"), "account-taken"),
    "an area in letters": (registration(area="fuzhou"), "area"),
    "an area without a market": (registration(area="350200"), "area"),
    "an area with a slash": (registration(area="a/b"), "area"),
    "a participant without an area": (registration(area=""), "area"),
    "an area in Arabic-Indic digits": (registration(area="٣٥٠١٠٠"), "area"),
    "an operator of nobody": (registration(kind="operator"), "kind"),
    "an operator of a market area": (registration(area="350100", kind="operator", organisation=COMPANY), "area"),
    "a trader who calls itself an operator": (registration(kind="operator", organisation=COMPANY), "kind"),
    "an empty kind": (registration(kind=""), "kind"),
    "an organisation that is none": (registration(organisation="nobody"), "organisation"),
    "an organisation that votes": (registration(organisation="dispatcher"), "other-organisation"),
    "a directory of nobody": (registration(directory="ou=x"), "directory"),
    "no roles": (registration(roles=[]), "roles"),
    "a role twice": (registration(roles=["member", "member"]), "roles"),
    "roles out of order": (registration(roles=["retailer", "member"]), "roles"),
    "a role of the institutions": (registration(roles=["issuing_body"]), "roles"),
    "a role of another organisation": (registration(organisation=COMPANY, roles=["registrar"]), "roles"),
    "a registrar's own role": (registration(roles=["member", "registrar"]), "roles"),
    "a role that means everybody": (registration(roles=["anyone"]), "roles"),
    "a hash of 31 bytes": (registration(information_hash="ab" * 31), "information-hash"),
    "a hash in capitals": (registration(information_hash="AB" * 32), "information-hash"),
    "no hash": (registration(information_hash=""), "information-hash"),
    "a key that is no hex": (with_key("zz" * 32), "public-key"),
    "a key of 31 bytes": (with_key("ab" * 31), "public-key"),
    "a key in capitals": (with_key(signer("minjiang-solar").public_key.upper()), "public-key"),
    "a key of small order": (with_key(SMALL_ORDER), "public-key"),
    "a key of mixed order": (with_key(MIXED_ORDER), "public-key"),
    "a key that is not canonical": (with_key(NOT_CANONICAL), "public-key"),
    "a key that is no point": (with_key(NOT_ON_CURVE), "public-key"),
    "the key of an operator": (registration(key_of="regulator"), "key-taken"),
    "a possession proof that is no hex": (registration(possession="zz" * 64), "possession"),
    "a possession proof of 63 bytes": (registration(possession="00" * 63), "possession"),
    "a possession proof of zeros": (registration(possession="00" * 64), "possession"),
    "a possession proof by another key": (
        registration(possession=registration(key_of="stranger")["possession"]),
        "possession",
    ),
    "a possession proof for another account": (
        registration(possession=registration("another", key_of="minjiang-solar")["possession"]),
        "possession",
    ),
    "a name of 201 characters": (registration(name_en="a" * 201), "bad-arguments"),
    "a zone with a slash": (registration(zone="a/b"), "bad-arguments"),
    "an argument too many": (registration(extra=1), "bad-arguments"),
}


@pytest.mark.parametrize(("call", "code"), BAD.values(), ids=BAD.keys())
def test_a_bad_registration_is_rejected_with_its_code_and_leaves_nothing(call: dict[str, Any], code: str) -> None:
    world = governance()
    world.advance(GENESIS_MS + 500)
    before = world.memory()
    receipt = act(world, REGISTRAR, "register", **call)
    assert (receipt.status, receipt.code) == ("rejected", code)
    assert receipt.detail
    assert world.memory() == before
    assert world.rows("participants") == []
    assert world.replica.nonce(REGISTRAR) == 1


def test_no_account_is_registered_twice() -> None:
    world = governance()
    act(world, REGISTRAR, "register", **registration())
    assert act(world, REGISTRAR, "register", **registration(key_of="another key")).code == "account-taken"


def test_no_key_serves_two_accounts() -> None:
    world = governance()
    act(world, REGISTRAR, "register", **registration())
    assert act(world, REGISTRAR, "register", **registration("another", key_of="minjiang-solar")).code == "key-taken"


def test_every_declared_code_is_shown_by_a_case() -> None:
    method = participant.CONTRACT.method("register")
    assert method is not None
    assert set(method.codes) <= {code for _, code in BAD.values()}


def test_two_replicas_make_the_same_bytes() -> None:
    def run() -> list[bytes]:
        world = governance()
        for name in ("b-member", "a-member", "b-member"):
            act(world, REGISTRAR, "register", **registration(name))
        world.call(REGISTRAR, "record", "seal")
        return world.entries

    assert run() == run()


def test_a_registration_survives_the_wire() -> None:
    sent = governance().transaction(REGISTRAR, "participant", "register", registration())
    assert parse_transaction(sent.wire()) == sent


def test_the_event_makes_the_account_known_on_an_area_channel() -> None:
    world = governance()
    (event,) = act(world, REGISTRAR, "register", **registration()).events
    area = World([], {})
    area.block(imports=[event])
    assert area.replica.state.get("account", "minjiang-solar") == world.replica.state.get("account", "minjiang-solar")
    assert area.call("minjiang-solar", "record", "seal").code == "forbidden"


def test_the_possession_message_is_the_one_of_the_format() -> None:
    expected = b'gridproof/possession/v1\n{"account":"a","public_key":"k"}'
    assert possession_message("a", "k") == expected


GRANTABLE = {
    "out of order": ["retailer", "member"],
    "twice": ["member", "member"],
    **{f"the institution's role {role}": [role] for role in INSTITUTIONS},
}


@pytest.mark.parametrize("roles", GRANTABLE.values(), ids=GRANTABLE.keys())
def test_no_network_begins_with_roles_for_anyone_that_are(roles: list[str]) -> None:
    with pytest.raises(LimitError) as caught:
        governance(grantable_roles=roles)
    assert (caught.value.code, caught.value.where) == ("grantable-roles", "grantable_roles")


def test_a_role_for_anyone_has_the_name_of_a_role() -> None:
    with pytest.raises(ParseError):
        governance(grantable_roles=["NO SUCH ROLE"])
