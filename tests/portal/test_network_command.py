"""`gridproof network` as the people who run one meet it: from one file to votes, channels, policies and an export."""

import json
import re
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chain.contracts.participant_rules import possession_message
from chain.identity.keystore import MINIMUM_COST, encrypt_keystore
from chain.limits import LIMITS
from chain.merkle import leaf_hash
from chain.network import Network
from chain.registry.tables import METER_READINGS
from chain.secret_file import create_secret_file
from chain.transaction import Signer
from tests.portal.command_line import Run

CONFIG = Path(__file__).resolve().parents[2] / "docs" / "network.toml"
PASSWORD = "a sentence of some length"
COUNCIL = ("dispatcher", "national-centre", "provincial-centre", "regulator")
ACCOUNTS = (*COUNCIL, "metering", "retailers")


def seed_of(account: str) -> bytes:
    return sha256(f"command line: {account}".encode()).digest()


@pytest.fixture(scope="module")
def keystores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """As cheap as a keystore can be."""
    return {name: encrypt_keystore(Signer(name, seed_of(name)), PASSWORD, bytes, MINIMUM_COST) for name in ACCOUNTS}


@pytest.fixture
def place(tmp_path: Path, keystores: dict[str, bytes]) -> Path:
    """A folder with the example configuration, everyone's keystore, and the password in a file."""
    (tmp_path / "network.toml").write_bytes(CONFIG.read_bytes())
    (tmp_path / "keys").mkdir()
    for account, data in keystores.items():
        create_secret_file(tmp_path / "keys" / account, data)
    create_secret_file(tmp_path / "password", f"{PASSWORD}\n".encode())
    return tmp_path


class Desk:
    """Somebody at a command line, who wants things to work."""

    def __init__(self, place: Path, run: Run) -> None:
        self.place = place
        self.ledger = place / "ledger"
        self._run = run
        self._password = ("--password-file", place / "password")

    def do(self, *words: str | Path) -> str:
        code, out, err = self._run("network", *words)
        assert code == 0, (words, out, err)
        return out

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.do("status", self.ledger, "--json"))
        return found

    def call(self, account: str, contract: str, method: str, arguments: dict[str, Any], *more: str | Path) -> Any:
        """The printed receipt."""
        code, out, err = self.try_call(account, contract, method, arguments, *more)
        assert code == 0, (out, err)
        return json.loads(out)

    def try_call(
        self, account: str, contract: str, method: str, arguments: dict[str, Any], *more: str | Path
    ) -> tuple[int, str, str]:
        path = self.place / "arguments.json"
        path.write_text(json.dumps(arguments), encoding="utf-8")
        key = ("--key", self.place / "keys" / account, *self._password)
        return self._run("network", "call", self.ledger, contract, method, path, *key, "--json", *more)

    def decide(self, action: dict[str, Any], voters: tuple[str, ...] = COUNCIL) -> None:
        first, *others = voters
        told = self.call(first, "alliance", "propose", {"action": action})
        proposal = told["entry"]
        while "alliance.decided" not in [event["name"] for event in told["receipt"]["events"]]:
            told = self.call(others.pop(0), "alliance", "vote", {"approve": True, "proposal": proposal})

    def export(self, name: str, *more: str) -> Path:
        target = self.place / name
        key = ("--key", self.place / "keys" / "regulator", *self._password)
        self.do("export", self.ledger, target, *key, *more)
        return target


@pytest.fixture
def desk(place: Path, run: Run) -> Desk:
    made = Desk(place, run)
    made.do("create", place / "network.toml", made.ledger)
    return made


def register(desk: Desk, account: str, **given: Any) -> None:
    signer = Signer(account, seed_of(account))
    arguments = {
        "account": account,
        "area": "",
        "information_hash": "00" * 32,
        "kind": "operator",
        "name_en": account,
        "name_zh": account,
        "organisation": account,
        "possession": signer.sign_bytes(possession_message(account, signer.public_key)),
        "public_key": signer.public_key,
        "roles": ["council"],
        **given,
    }
    desk.call("provincial-centre", "participant", "register", arguments)


def test_F07_F08_F09_the_whole_story_on_the_command_line(desk: Desk, run: Run) -> None:
    organisation = {"name_en": "Retailers", "name_zh": "售电公司", "organisation": "retailers", "roles": ["council"]}
    desk.decide({"kind": "admit-organisation", **organisation})
    register(desk, "retailers")
    key = desk.do("validator-key", desk.ledger, "retailers").strip()
    validator = {"key": key, "organisation": "retailers", "threshold": 4, "validator": "retailers"}
    desk.decide({"kind": "admit-validator", **validator})
    assert desk.status()["next_policy"]["threshold"] == 4
    told = desk.do("beacon", desk.ledger)
    assert "a new policy is in force" in told and f"{desk.ledger}.policy.1: the policy, for new readers" in told
    assert sha256(Path(f"{desk.ledger}.policy.1").read_bytes()).hexdigest() == desk.status()["policy"]["sha256"]
    assert "ledger.policy" not in desk.do("beacon", desk.ledger), "it lies there already"
    draft = json.loads(
        desk.do("draft-channel", desk.ledger, "area-350300", "--area", "350300", "--openness", "members")
    )
    drafted = desk.do("show-draft", desk.ledger, "area-350300", draft["action"]["genesis_hash"])
    assert leaf_hash(drafted.rstrip("\n").encode()).hex() == draft["action"]["genesis_hash"]
    desk.decide(draft["action"])
    code, _, err = run("network", "beacon", desk.ledger)
    assert code == 1 and "begin it before the next beacon round" in err
    assert "area-350300 has begun" in desk.do("create-channel", desk.ledger, "area-350300")
    desk.do("beacon", desk.ledger)
    desk.decide({"kind": "retire-channel", "channel": "area-350100"})
    desk.decide({"kind": "remove-validator", "threshold": 3, "validator": "dispatcher"}, (*COUNCIL[1:], "retailers"))
    assert "area-350100 is closed" in desk.do("beacon", desk.ledger)
    found = desk.status()
    assert [one["name"] for one in found["policy"]["validators"]] == [*COUNCIL[1:], "retailers"]
    assert found["policy"]["survives"] == {"lying": 1, "silent": 1}
    states = {one["channel"]: one["state"] for one in found["channels"]}
    assert states == {"area-350100": "closed", "area-350200": "open", "area-350300": "open", "governance": "open"}
    for profile in ("regulator", "member", "public"):
        export = desk.export(profile, "--profile", profile)
        # The policy that `create` pinned leads to the newest one.
        code, out, err = run("verify", export, "--strict", "--json")
        assert code == 0 and json.loads(out)["signers"] == "pinned", (out, err)


def test_create_tells_what_it_made_and_writes_the_policy_beside(place: Path, run: Run) -> None:
    code, out, err = run("network", "create", place / "network.toml", place / "ledger")
    assert code == 0
    assert "fujian, network id " in out and "policy in force: 3 of 4: dispatcher" in out
    assert "survives 1 lying and 1 silent validators" in out
    assert "channel area-350200: open, for managers, height 0, 2 entries" in out
    assert "pinned in your trust store" in err
    assert (place / "ledger.policy").read_bytes().startswith(b"log gridproof/fujian/")
    assert (place / "ledger" / "keys.json").stat().st_mode & 0o077 == 0


def test_a_wrong_configuration_is_told_line_by_line_and_nothing_is_written(place: Path, run: Run) -> None:
    text = CONFIG.read_text(encoding="utf-8").replace("threshold = 3", "treshold = 3").replace('"managers"', '"nobody"')
    (place / "network.toml").write_text(text, encoding="utf-8")
    code, out, err = run("network", "create", place / "network.toml", place / "ledger")
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f"{place}/network.toml:4:1: network.threshold: threshold is missing")
    assert 'did you mean "threshold"' in err and "network.toml:80:1: channel[1].openness" in err
    assert not (place / "ledger").exists()


def test_a_network_of_the_future_is_told_with_its_line(place: Path, run: Run) -> None:
    text = re.sub(r"(?m)^time = .*$", "time = 2999-01-01T00:00:00+08:00", CONFIG.read_text(encoding="utf-8"))
    (place / "network.toml").write_text(text, encoding="utf-8")
    code, _, err = run("network", "create", place / "network.toml", place / "ledger")
    assert code == 2 and "network.time: 2998-12-31T16:00:00Z has not come yet" in err
    assert not (place / "ledger").exists()


def test_a_keystore_that_is_no_file_is_a_problem_with_its_path(place: Path, run: Run) -> None:
    for named, told in (("keys/nobody", "(keys/nobody)"), ("a\\u0000b", "operator[2].keystore")):
        text = CONFIG.read_text(encoding="utf-8").replace("keys/metering", named)
        (place / "network.toml").write_text(text, encoding="utf-8")
        code, _, err = run("network", "create", place / "network.toml", place / "ledger")
        assert code == 2 and told in err and "Traceback" not in err


def test_a_keystore_that_others_can_read_founds_nothing(place: Path, run: Run) -> None:
    (place / "keys" / "metering").chmod(0o644)
    code, _, err = run("network", "create", place / "network.toml", place / "ledger")
    assert code == 2 and "operator[2].keystore: others on this machine can read" in err


@pytest.mark.parametrize("taken", ["ledger", "ledger.policy"])
def test_nothing_is_overwritten(taken: str, place: Path, run: Run) -> None:
    if taken == "ledger":
        (place / "ledger").mkdir()
        (place / "ledger" / "mine").write_text("mine")
    else:
        (place / taken).write_text("mine")
    code, _, err = run("network", "create", place / "network.toml", place / "ledger")
    assert code == 1 and err.startswith("gridproof: ")


def test_a_call_that_is_rejected_ends_with_1_and_its_receipt(desk: Desk) -> None:
    code, out, _ = desk.try_call("metering", "alliance", "vote", {"approve": True, "proposal": 1})
    told = json.loads(out)
    assert code == 1
    assert (told["receipt"]["status"], told["receipt"]["code"]) == ("rejected", "forbidden")
    assert told["channel"] == "governance" and told["entry"] is not None


def test_a_call_that_is_not_admissible_ends_with_1_and_leaves_nothing(desk: Desk) -> None:
    code, out, _ = desk.try_call("retailers", "alliance", "vote", {"approve": True, "proposal": 1})
    told = json.loads(out)
    assert code == 1
    assert (told["entry"], told["receipt"], told["dropped"]["code"]) == (None, None, "unknown-account")


MISSPELT: dict[str, tuple[str, str, Any, str]] = {
    "a contract": ("aliance", "propose", {}, 'no contract aliance runs on governance: did you mean "alliance"?'),
    "a method": ("alliance", "proposes", {}, 'alliance has no method proposes: did you mean "propose"?'),
    "an argument": ("alliance", "vote", {"aprove": True}, 'arguments.json: aprove: there is no such field'),
    "one that is missing": ("alliance", "vote", {"approve": True}, "arguments.json: proposal: it is missing"),
    "one of another kind": (
        "alliance", "vote", {"approve": 1, "proposal": 4}, "arguments.json: approve: expected true or false"
    ),
    "a kind of action": (
        "alliance", "propose", {"action": {"kind": "admit-organization"}},
        'action.kind: \'admit-organization\': did you mean "admit-organisation"?',
    ),
    "a number with a fraction": ("alliance", "vote", {"approve": True, "proposal": 1.5}, "nothing was signed"),
}  # fmt: skip


@pytest.mark.parametrize(("contract", "method", "arguments", "told"), MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_call_is_not_signed(contract: str, method: str, arguments: Any, told: str, desk: Desk) -> None:
    before = desk.status()
    code, out, err = desk.try_call("regulator", contract, method, arguments)
    assert (code, out) == (2, ""), err
    assert told in err and "nothing was signed" in err
    assert desk.status() == before


def test_a_batch_of_rows_is_one_call(desk: Desk) -> None:
    now = time.time_ns() // 1_000_000 // 3_600_000 * 3_600_000
    rows = METER_READINGS.encode_lines([("plant-1", now - 3_600_000, 60, 5), ("plant-1", now, 60, 6)])
    (desk.place / "rows").write_bytes(rows)
    code, out, err = desk.try_call(
        "metering", "certificate", "record_readings", {}, "--channel", "area-350100", "--rows", desk.place / "rows"
    )
    told = json.loads(out)
    # No such plant: but the rows are on the record, as they were signed.
    assert (code, told["receipt"]["status"]) == (1, "rejected"), err
    assert [(one["table"], one["rows_count"]) for one in told["receipt"]["tables"]] == [("meter_readings_submitted", 2)]


def test_rows_that_wait_need_somebody_who_asks_for_the_seal(desk: Desk, run: Run) -> None:
    desk.call("regulator", "record", "seal", {})
    code, _, err = run("network", "export", desk.ledger, desk.place / "export")
    # What the first block writes about the alliance is sealed by now; a further proposal is not.
    assert code == 0, err
    organisation = {"name_en": "R", "name_zh": "R", "organisation": "retailers", "roles": ["council"]}
    desk.call("regulator", "alliance", "propose", {"action": {"kind": "admit-organisation", **organisation}})
    code, _, err = run("network", "export", desk.ledger, desk.place / "again")
    assert code == 1 and "give --key" in err
    assert not (desk.place / "again").exists()
    desk.export("again")


@pytest.mark.parametrize("content", ["[1]", "{", '{"a": NaN}', ""], ids=["array", "torn", "no JSON", "empty"])
def test_arguments_that_are_no_object_end_with_2(content: str, desk: Desk, run: Run) -> None:
    (desk.place / "arguments.json").write_text(content)
    words = ("network", "call", desk.ledger, "alliance", "vote", desk.place / "arguments.json")
    code, _, err = run(*words, "--key", desk.place / "keys" / "regulator")
    assert code == 2 and "not a JSON object" in err


ENDLESS = Path("/dev/zero")


def test_no_more_of_a_file_is_read_than_a_command_takes(desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ("network", "call", desk.ledger, "alliance", "vote")
    key = ("--key", desk.place / "keys" / "regulator")
    code, _, err = run("network", "create", ENDLESS, desk.place / "other")
    assert code == 2 and f"at most {LIMITS.config_bytes_max} are read" in err
    draft = ("network", "draft-channel", desk.ledger, "area-350300", "--area", "350300")
    code, _, err = run(*draft, "--parameters", ENDLESS)
    assert code == 2 and f"at most {LIMITS.config_bytes_max} are read" in err
    code, _, err = run(*call, ENDLESS, *key)
    assert code == 2 and f"more than {LIMITS.transaction_bytes_max} bytes" in err
    with ENDLESS.open() as endless, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", endless)
        code, _, err = run(*call, "-", *key)
    assert code == 2 and f"more than {LIMITS.transaction_bytes_max} bytes" in err
    (desk.place / "arguments.json").write_text("{}")
    code, _, err = run(*call, desk.place / "arguments.json", *key, "--rows", ENDLESS)
    assert code == 2 and "which no batch has" in err


def test_a_wrong_password_is_told_with_the_keystores_name(desk: Desk, run: Run) -> None:
    create_secret_file(desk.place / "guess", b"was it this one, perhaps?\n")
    (desk.place / "arguments.json").write_text("{}")
    keystore = desk.place / "keys" / "regulator"
    words = ("network", "call", desk.ledger, "record", "seal", desk.place / "arguments.json", "--key", keystore)
    code, out, err = run(*words, "--password-file", desk.place / "guess")
    assert (code, out) == (1, "")
    assert str(keystore) in err


MISTAKES: dict[str, tuple[tuple[str, ...], str]] = {
    "no ledger": (("status", "nowhere"), "there is no ledger in this folder"),
    "no such channel": (("create-channel", "LEDGER", "area-9"), "has not created this channel"),
    "a channel that is there": (("create-channel", "LEDGER", "area-350100"), "begun already"),
    "a draft of one that is there": (
        ("draft-channel", "LEDGER", "area-350100", "--area", "350100"),
        "there is, or was",
    ),
    "no code of an area": (("draft-channel", "LEDGER", "area-3", "--area", "3503"), "6, 9 or 12 digits"),
    "no name of a validator": (("validator-key", "LEDGER", "a b"), "is not a name"),
    "no configuration": (("create", "nowhere.toml", "new"), "cannot be read"),
}


@pytest.mark.parametrize(("words", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_ends_in_one_sentence(words: tuple[str, ...], told: str, desk: Desk, run: Run) -> None:
    code, out, err = run("network", *(str(desk.ledger) if word == "LEDGER" else word for word in words))
    assert code in (1, 2) and out == ""
    assert told in err and err.count("\n") == 1


def test_a_second_process_is_told_that_the_folder_is_in_use(desk: Desk, run: Run) -> None:
    with Network.open(desk.ledger, lambda: 2**42):
        code, _, err = run("network", "status", desk.ledger)
    assert code == 1 and "another process uses this ledger folder" in err


def test_a_clock_that_jumps_back_is_refused_and_loses_nothing(
    desk: Desk, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.call("regulator", "record", "seal", {})
    before = desk.status()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: 1_793_577_700_000 * 1_000_000)
        code, _, err = run("network", "beacon", desk.ledger)
        assert code == 1 and "clock" in err
    assert desk.status() == before
    desk.do("beacon", desk.ledger)


def test_status_tells_what_waits(desk: Desk) -> None:
    draft = json.loads(desk.do("draft-channel", desk.ledger, "area-350300", "--area", "350300"))
    proposal = desk.call("regulator", "alliance", "propose", draft)["entry"]
    votes = "yes regulator; no nobody; until 2"
    assert f"proposal {proposal}: create-channel area-350300, by regulator; {votes}" in desk.do("status", desk.ledger)
    for voter in COUNCIL[:2]:
        desk.call(voter, "alliance", "vote", {"approve": True, "proposal": proposal})
    told = desk.do("status", desk.ledger)
    assert "channel area-350300: voted, not begun: gridproof network create-channel" in told
    assert "voted, in force from the next beacon round on: 3 of 4" in told


def test_status_tells_of_recoveries_that_wait(desk: Desk) -> None:
    register(desk, "fz-factory", area="350100", kind="consumer", organisation="", roles=["member"])
    other = Signer("fz-factory", seed_of("the second key"))
    possession = other.sign_bytes(possession_message("fz-factory", other.public_key))
    given = {"account": "fz-factory", "possession": possession, "public_key": other.public_key}
    desk.call("provincial-centre", "participant", "propose_recovery", given)
    (found,) = desk.status()["recoveries"]
    assert (found["account"], found["public_key"]) == ("fz-factory", other.public_key)
    assert f"recovery of fz-factory to key {other.public_key}" in desk.do("status", desk.ledger)


def test_founding_notes_what_is_allowed_and_probably_not_meant(place: Path, run: Run) -> None:
    text = CONFIG.read_text(encoding="utf-8").replace("threshold = 3", "threshold = 4")
    (place / "network.toml").write_text(text, encoding="utf-8")
    code, _, err = run("network", "create", place / "network.toml", place / "ledger")
    assert code == 0 and "note: every validator must sign: one that is silent stops the network" in err


def test_parameters_of_a_draft_are_checked_line_by_line(desk: Desk, run: Run) -> None:
    (desk.place / "p.toml").write_text("[record]\nsegment_row_max = 5\n")
    words = ("network", "draft-channel", desk.ledger, "area-350300", "--area", "350300", "--parameters")
    code, _, err = run(*words, desk.place / "p.toml")
    assert code == 2 and f"{desk.place}/p.toml:2:1: record.segment_row_max" in err
    (desk.place / "p.toml").write_text("[record]\nsegment_rows_max = 5\n")
    code, out, _ = run(*words, desk.place / "p.toml")
    assert code == 0 and json.loads(out)["action"]["channel"] == "area-350300"


PAGE = CONFIG.parent / "network.md"
BLOCK = re.compile(r"^```(sh|json ([a-z.]+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_about_networks_does_what_it_says(place: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    printed = ""
    for kind, name, content in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind != "sh":
            Path(name).write_text(content.replace("the printed line", printed.strip()), encoding="utf-8")
            continue
        for line in content.splitlines():
            program, *words = line.split()
            if program == "mkdir":
                assert Path(*words).is_dir(), "the fixture has made it"
                continue
            assert program == "gridproof"
            if words[:2] == ["keys", "create"]:
                # The fixture has made them, at less cost.
                assert Path(words[3]).is_file()
                continue
            if "vote.json" in words:
                found = json.loads(run("network", "status", "ledger", "--json")[1])
                Path("vote.json").write_text(
                    json.dumps({"approve": True, "proposal": found["proposals"][-1]["proposal"]})
                )
            code, printed, err = run(*words)
            assert code == 0, (line, printed, err)
            if "draft-channel" in words:
                Path("channel.json").write_text(printed, encoding="utf-8")
