"""What the pages are made of: words, numbers, markup, curves, proofs, badges, settings. No browser, no server."""

import re
import socket
import string
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from audit import Difference, SessionReplay
from chain.errors import ExportError, ProofError
from chain.market import MARKET_LIMITS
from chain.merkle import verify_inclusion
from portal.app import PAGES
from portal.ui import numbers
from portal.ui.badge import badge, inclusion_badge, record_badge, replay_badge, standing_badge
from portal.ui.curves import book_of, clearing_of, curve
from portal.ui.html import Html, join, tag
from portal.ui.kept import Kept
from portal.ui.place import EXPORT_VARIABLE, POLICY_VARIABLE, configured_place
from portal.ui.proofs import prove_entry, prove_head, prove_row, rows_of, written_by
from portal.ui.server import port_problem, server_command, server_environment
from portal.ui.site import Site, open_site
from portal.ui.words import words
from queries.status import WithheldStatus
from tests.portal.site_fixture import ROOT, environment, free_port, portal_command
from tests.sample_export import AREAS, sample_export

PORTAL = ROOT / "portal"
AREA = AREAS[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    policy = tmp_path_factory.mktemp("policy") / "policy"
    policy.write_bytes(sample_export().policy)
    return open_site(sample_export().export, policy, lambda what, done, total: None)


@pytest.fixture(scope="module")
def replay(site: Site) -> SessionReplay:
    session = next(name for name in site.hours[AREA] if site.replay(AREA, name).steps)
    return site.replay(AREA, session)


def test_every_word_that_a_page_says_is_in_the_table() -> None:
    said = re.compile(r'say\(\s*"([a-z0-9.-]+)"')
    sources = [path.read_text(encoding="utf-8") for path in PORTAL.rglob("*.py")]
    used = {key for source in sources for key in said.findall(source)}
    assert used - words().keys() == set()
    assert {f"page.{page.name}" for page in PAGES} <= words().keys()


@pytest.mark.parametrize(
    ("prefix", "values"),
    [
        ("status", ("active", "split", "cancelled")),
        ("event", ("issue", "split", "born", "publish", "transfer", "cancel")),
        ("story", ("issue", "split", "born", "publish", "transfer", "transfer-priced", "cancel")),
        ("round", ("cleared", "suspended", "no_trade", "one_sided", "empty")),
        ("session", ("traded", "no_trade", "no_declarations")),
        ("pricing", ("midpoint", "uniform", "pay_as_bid")),
        ("kind", ("genesis", "transaction", "trigger", "seal", "block")),
        ("receipt", ("accepted", "rejected")),
        ("anchor", ("policy", "pinned", "self-asserted")),
        ("trust", ("embedded", "nodes")),
        ("deployment", ("embedded", "nodes")),
        ("side", ("bid", "ask")),
        ("relation", ("table", "log", "view")),
    ],
)
def test_every_code_of_the_record_has_words(prefix: str, values: tuple[str, ...]) -> None:
    assert [f"{prefix}.{value}" for value in values if f"{prefix}.{value}" not in words()] == []


def test_both_languages_say_everything_and_fill_in_the_same_things() -> None:
    def filled(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [key for key, texts in words().items() if not all(texts)] == []
    assert [key for key, (english, chinese) in words().items() if filled(english) != filled(chinese)] == []


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (numbers.money(2_342_009_440_000), "23,420.0944"),
        (numbers.money(0), "0.00"),
        (numbers.money(-1), "−0.00000001"),
        (numbers.money(Decimal(10**38 - 1)), "999,999,999,999,999,999,999,999,999,999.99999999"),
        (numbers.money(None), ""),
        (numbers.energy(1), "0.000001"),
        (numbers.energy(61_326_000), "61.326"),
        (numbers.energy(480_000), "0.480"),
        (numbers.price(-50), "−0.50"),
        (numbers.count(1_234_567), "1,234,567"),
        (numbers.average_price(3, 2), "0.02"),
        (numbers.average_price(5, 2), "0.02"),
        (numbers.average_price(-5, 2), "−0.02"),
        (numbers.average_price(1, 0), ""),
        (numbers.clock(1_793_548_800_000), "2026-11-02 00:00"),
        (numbers.time_of(datetime(2026, 11, 1, 16, 0, 1, tzinfo=UTC)), "2026-11-02 00:00:01 UTC+8"),
    ],
)
def test_numbers_and_times_are_exact(shown: str, expected: str) -> None:
    assert shown == expected


@given(st.integers(-(10**37), 10**37), st.integers(0, 8), st.integers(0, 8))
def test_no_digit_is_lost_or_invented(value: int, scale: int, decimals_min: int) -> None:
    shown = numbers.exact(value, scale, min(decimals_min, scale))
    plain = shown.replace(",", "").replace(numbers.MINUS, "-")
    whole, _, fraction = plain.partition(".")
    assert int(whole + fraction.ljust(scale, "0")) == value


@given(st.text())
def test_text_never_becomes_markup(text: str) -> None:
    for made in (tag("p", text), join([text]), tag("a", href=text), badge("green", text, text, name="x")):
        inside = re.sub(r"</?(p|a|div|span)( [a-z-]+=\"[^\"<>]*\")*>", "", made)
        assert "<" not in inside and ">" not in inside


def test_markup_made_here_is_kept() -> None:
    assert tag("p", tag("b", "<"), None, cls="x", data_y=1) == '<p class="x" data-y="1"><b>&lt;</b></p>'
    assert isinstance(join([tag("b", "1"), "<"], " · "), Html)


def test_curves_hold_all_energy_of_the_book_in_the_order_of_the_market(replay: SessionReplay) -> None:
    for step in replay.steps:
        book = book_of(step)
        declared = sum(sum(item.remaining) for item in step.declarations)
        for moved in (True, False):
            demand, supply = curve(book, "bid", moved), curve(book, "ask", moved)
            assert sum(part.quantity_wh for part in (*demand, *supply)) == declared
            assert all(first.price >= second.price for first, second in pairwise(demand))
            assert all(first.price <= second.price for first, second in pairwise(supply))
            assert all(first.to_wh == second.from_wh for first, second in pairwise(demand))
        traded = sum(order.quantity_wh - order.left_wh for order in book if order.side == "bid")
        clearing = clearing_of(step)
        assert traded == step.outcome.totals.quantity_wh == (clearing.traded_wh if clearing else 0)
        assert clearing is None or clearing.ask <= clearing.bid <= MARKET_LIMITS.price_magnitude_max


def test_every_proof_that_a_page_shows_holds_for_whoever_checks_it(site: Site) -> None:
    channel = site.channel(AREA)
    first = {"channel": AREA, "session": _traded(site), "round": 0, "limit": 1, "offset": 0}
    entry = int(site.ask("session_trades", **first)[0]["entry"])
    row = prove_row(site.record, channel, entry, "trades", 0)
    written = written_by(channel, entry, "trades")
    proof = row.inclusion
    verify_inclusion(row.row, 0, written.rows_count, proof.path, bytes.fromhex(written.rows_root))
    included = prove_entry(channel, entry)
    signed = channel.checkpoint.checkpoint
    verify_inclusion(channel.entries[entry], entry, signed.size, included.path, signed.root)
    assert prove_head(site.record, channel).root == site.record.beacon.checkpoint.root


def _traded(site: Site) -> str:
    rows = [row for row in site.ask("overview_sessions") if row["channel"] == AREA and row["trades"]]
    return str(rows[0]["session"])


@pytest.mark.parametrize("table", ["trades", "no_such_table"])
def test_nothing_is_proven_that_a_receipt_does_not_name(site: Site, table: str) -> None:
    with pytest.raises(ProofError):
        prove_row(site.record, site.channel(AREA), 0, table, 0)


def test_a_row_or_entry_that_is_not_there_is_not_proven(site: Site) -> None:
    channel = site.channel(AREA)
    entry = int(site.ask("session_settlements", channel=AREA, session=_traded(site), limit=1, offset=0)[0]["entry"])
    count = len(rows_of(site.record, channel, entry, "settlements"))
    for position in (-1, count):
        with pytest.raises(ProofError):
            prove_row(site.record, channel, entry, "settlements", position)
    with pytest.raises(ProofError):
        prove_entry(channel, len(channel.entries))


def test_green_is_only_for_what_the_readers_policy_vouches_for(site: Site, replay: SessionReplay) -> None:
    own = replace(site.status, signers="self-asserted")
    for made in (record_badge(site.status), inclusion_badge(site.status, "x", AREA), replay_badge(replay, site.status)):
        assert 'data-colour="green"' in made
    for made in (record_badge(own), inclusion_badge(own, "x", AREA), replay_badge(replay, own)):
        assert 'data-colour="amber"' in made
        assert "Verified" not in made


def test_what_is_withheld_is_named_wherever_completeness_is_claimed_for_all(site: Site) -> None:
    status = replace(site.status, withheld=(WithheldStatus("area-359900", "managers", 12),))
    named = "Not in this export, and not verified: area-359900 (for managers)."
    assert named in str(record_badge(status)) and named in str(standing_badge(status))
    assert named not in str(record_badge(site.status)) + str(record_badge(status, site.status.channels[0].channel))


def test_a_replay_that_differs_is_red_and_names_the_first_difference(site: Site, replay: SessionReplay) -> None:
    differs = replace(replay, differences=(Difference(7, "receipt.<b>", "1", "2"), Difference(8, "receipt", "3", "4")))
    made = replay_badge(differs, site.status)
    assert 'data-colour="red"' in made and "entry 7" in made and "receipt.&lt;b&gt;" in made and "1 more" in made


def test_what_was_computed_is_kept_and_what_failed_is_not() -> None:
    kept: Kept[int] = Kept(2)
    calls: list[int] = []

    def compute(value: int) -> int:
        calls.append(value)
        if value < 0:
            raise ExportError("x", "y")
        return value

    assert [kept.get(key, partial(compute, key)) for key in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert calls == [1, 2, 3, 2]
    for _ in range(2):
        with pytest.raises(ExportError):
            kept.get(-1, partial(compute, -1))
    assert calls[-2:] == [-1, -1]


def _addresses() -> None:
    import streamlit as st

    from portal.ui.address import Address

    address = Address(("area", "round", "q"))
    address.choice("area", ("a", "b"), "a")
    address.number("round", 1, 5, 1)
    st.session_state["values"], st.session_state["problems"] = address.values, address.problems
    st.session_state["link"] = address.link(("round",), q="x y&<")


@pytest.mark.parametrize(
    ("parameters", "values", "problems"),
    [
        ({}, {"area": "a", "round": "1"}, 0),
        ({"area": "b", "round": "5"}, {"area": "b", "round": "5"}, 0),
        ({"area": "c"}, {"area": "a", "round": "1"}, 1),
        ({"round": "6"}, {"area": "a", "round": "1"}, 1),
        ({"round": "0x1"}, {"area": "a", "round": "1"}, 1),
        ({"round": "１"}, {"area": "a", "round": "1"}, 1),
        ({"round": "+1"}, {"area": "a", "round": "1"}, 1),
        ({"round": "01"}, {"area": "a", "round": "1"}, 1),
        ({"round": "9" * 100}, {"area": "a", "round": "1"}, 1),
        ({"area": ["a", "b"]}, {"area": "a", "round": "1"}, 1),
        ({"area": "a" * 201}, {"area": "a", "round": "1"}, 1),
        ({"other": "x"}, {"area": "a", "round": "1"}, 1),
        ({"lang": "zh"}, {"area": "a", "round": "1"}, 0),
    ],
)
def test_an_address_is_read_strictly(
    parameters: dict[str, str | list[str]], values: dict[str, str], problems: int
) -> None:
    app = AppTest.from_function(_addresses)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert app.session_state["values"] == values
    assert len(app.session_state["problems"]) == problems
    expected = "?lang=zh&" if parameters.get("lang") == "zh" else "?"
    assert app.session_state["link"] == f"{expected}area={values['area']}&q=x+y%26%3C"


def test_the_site_answers_this_machine_only_and_tells_nobody() -> None:
    command = server_command("127.0.0.1", 8501)
    for flag in (
        "--server.address=127.0.0.1",
        "--server.enableXsrfProtection=true",
        "--server.enableCORS=true",
        "--browser.gatherUsageStats=false",
        "--server.fileWatcherType=none",
        "--client.showErrorDetails=none",
        "--client.toolbarMode=viewer",
        "--server.allowedHosts=127.0.0.1",
    ):
        assert flag in command
    assert "--server.allowedHosts=*" not in command


def test_export_and_policy_travel_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    monkeypatch.setenv(POLICY_VARIABLE, "elsewhere")
    made = server_environment(tmp_path, None)
    assert made[EXPORT_VARIABLE] == str(tmp_path) and POLICY_VARIABLE not in made
    assert "STREAMLIT_SERVER_ADDRESS" not in made
    monkeypatch.delenv(EXPORT_VARIABLE, raising=False)
    with pytest.raises(ExportError, match="gridproof portal EXPORT"):
        configured_place()


def _run(trust: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        portal_command(*arguments), env=environment(trust), capture_output=True, text=True, timeout=60, check=False
    )


def test_a_port_that_is_taken_is_a_sentence_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert "taken" in port_problem("127.0.0.1", port)
        ran = _run(tmp_path, str(sample_export().export), "--no-browser", "--port", str(port))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"port {port} is taken" in ran.stderr and "Traceback" not in ran.stderr
    assert port_problem("127.0.0.1", free_port()) == ""


@pytest.mark.parametrize(("name", "sentence"), [("nothing", "no such folder"), (".", "no export of gridproof")])
def test_what_is_no_export_is_a_sentence_before_anything_starts(name: str, sentence: str, tmp_path: Path) -> None:
    ran = _run(tmp_path, str(tmp_path / name), "--no-browser", "--port", str(free_port()))
    assert ran.returncode == 1 and ran.stdout == ""
    assert sentence in ran.stderr and "Traceback" not in ran.stderr


def test_every_page_and_parameter_is_documented() -> None:
    text = (ROOT / "docs" / "portal.md").read_text(encoding="utf-8")
    for page in PAGES:
        section = re.search(rf"^## {words()[f'page.{page.name}'][0]}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert section is not None, page.name
        assert [name for name in page.parameters if f"`{name}`" not in section.group(1)] == []
