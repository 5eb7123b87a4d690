"""The site as a person meets it: the real command, the real server, a real Chromium.

Screenshots go to the folder in GRIDPROOF_SCREENSHOTS, for people to look at. Without Chromium these tests are skipped,
which `tests/conftest.py` turns into a failure where CI=true.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlparse

import polars as pl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import queries
from chain.record import open_record
from tests.chain.alliance_export import alliance_export
from tests.portal.hostile_export import AREA, MARKDOWN_NAME, NETWORK, SCRIPT_NAME, hostile_export
from tests.portal.site_fixture import running_site
from tests.sample_export import copy_of

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_WAIT_MS = 30_000
_READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).is_file():
        pytest.skip("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    sample = hostile_export()
    with running_site(sample.export, tmp_path_factory.mktemp("trust"), "--policy", str(sample.policy)) as address:
        yield address


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("GRIDPROOF_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One reader's browser: its cache is warm after the first page."""
    found = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    found.set_default_timeout(_WAIT_MS)
    yield found
    found.close()


@pytest.fixture
def visit(context: BrowserContext, site: str) -> Iterator[Open]:
    """Opens an address of the site in a tab of its own; afterwards no tab may have shown or met an error."""
    opened: list[Page] = []
    failures: list[str] = []

    def open_page(path: str = "/", base: str = site, **parameters: str | int) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("request", lambda request: None if _is_own(request.url, base) else failures.append(request.url))
        page.goto(f"{base}{path}{_query(parameters)}")
        settle(page)
        opened.append(page)
        return page

    yield open_page
    texts = [page.inner_text("body") for page in opened]
    titles = [page.title() for page in opened]
    for page in opened:
        page.close()
    assert failures == [], "an error in the browser, or a request that left the machine"
    assert not any("Traceback" in text or "portal-unexpected" in text for text in texts)
    assert all(title.endswith("gridproof") for title in titles), "a name from the record was run"


@pytest.fixture(scope="module")
def tab(context: BrowserContext, site: str) -> Iterator[Page]:
    """A tab for tests that go through many addresses without loading the site anew."""
    page = context.new_page()
    page.goto(site)
    settle(page)
    yield page
    page.close()


def go(page: Page, path: str, parameters: dict[str, str | int]) -> None:
    """To another view inside the site, as its links go."""
    page.evaluate(
        "address => { history.pushState({}, '', address); dispatchEvent(new PopStateEvent('popstate')); }",
        f"{path}{_query(parameters)}",
    )
    settle(page)


def _query(parameters: dict[str, str | int]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""


def _is_own(url: str, base: str) -> bool:
    return url.startswith((base, "data:", "blob:", "about:", base.replace("http", "ws")))


def settle(page: Page) -> None:
    """Wait until the view that the address names is complete."""
    address = urlparse(page.url)
    query = urlencode(sorted(parse_qsl(address.query, keep_blank_values=True)))
    page.wait_for_selector(f'.gp-done[data-address="{address.path.strip("/")}?{query}"]', state="attached")
    page.wait_for_selector(_READY)


@contextlib.contextmanager
def moving(page: Page) -> Iterator[None]:
    """What happens inside leads to another address, and that view is waited for."""
    before = page.url
    yield
    page.wait_for_url(lambda url: url != before, wait_until="commit")
    settle(page)


def shoot(page: Page, folder: Path, name: str) -> None:
    """Keep what is seen as a picture; the whole page, which takes seconds, only for people who asked for pictures."""
    if "GRIDPROOF_SCREENSHOTS" in os.environ:
        height = page.evaluate('document.querySelector("[data-testid=stMain]").scrollHeight')
        page.set_viewport_size({"width": 1440, "height": min(max(int(height), 1000), 4000)})
        page.wait_for_timeout(400)
    page.screenshot(path=folder / f"{name}.png")
    page.set_viewport_size({"width": 1440, "height": 1000})


def parameters_of(page: Page) -> dict[str, str]:
    return dict(parse_qsl(urlparse(page.url).query))


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box, as a person does."""
    with moving(page):
        page.get_by_role("combobox", name=re.compile(re.escape(label))).click()
        page.get_by_role("option", name=option, exact=True).click()


def badge(page: Page, name: str) -> tuple[str, str]:
    found = page.locator(f'[data-badge="{name}"]').first
    return str(found.get_attribute("data-colour")), found.inner_text()


def test_the_overview_says_what_it_is_and_who_signed_it(visit: Open, screenshots: Path) -> None:
    page = visit()
    colour, text = badge(page, "record")
    assert colour == "green"
    assert "Complete to the last seal" in text and "quorum at 2026-11" in text and "ONE TRUST DOMAIN" in text
    assert "policy that you handed in" in text
    body = page.inner_text("body")
    for expected in (NETWORK, "national_centre", "area-350200", "UTC+8", "MWh", "one process, one trust domain"):
        assert expected in body
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    shoot(page, screenshots, "overview")


def test_a_session_is_chosen_and_its_link_leads_back_to_the_same_view(visit: Open, screenshots: Path) -> None:
    page = visit("/sessions")
    choose(page, "Day of delivery", "2026-11-02")
    choose(page, "Hour of delivery", "22:00, one hour")
    chosen = parameters_of(page)
    assert chosen["area"] == AREA and chosen["session"].startswith("350100-")
    colour, text = badge(page, "replay")
    assert colour == "green" and "Bit-exact" in text and "every receipt equal bit for bit" in text
    shoot(page, screenshots, "sessions")
    again = visit("/sessions", **chosen)
    assert again.locator(".gp-figures").inner_text() == page.locator(".gp-figures").inner_text()
    assert badge(again, "replay") == (colour, text)


def test_rounds_are_stepped_through_and_back_leads_back(visit: Open, screenshots: Path) -> None:
    page = visit("/sessions", area=AREA)
    assert page.locator("s.gp-before").count() == 0
    with moving(page):
        page.get_by_role("link", name="next round ›").click()
    expect(page.locator(".gp-where")).to_have_text(re.compile("Round 2 of"))
    assert parameters_of(page)["round"] == "2"
    assert page.locator("s.gp-before").count() > 0, "λ moved orders, old and new price are shown"
    shoot(page, screenshots, "sessions-round-2")
    page.go_back()
    expect(page.locator(".gp-where")).to_have_text(re.compile("Round 1 of"))
    page.get_by_role("slider").press("ArrowRight")
    expect(page.locator(".gp-where")).to_have_text(re.compile("Round 2 of"))


def test_certificates_are_filtered_and_one_life_is_proven(visit: Open, screenshots: Path) -> None:
    page = visit("/certificates")
    choose(page, "Status", "active")
    assert parameters_of(page)["status"] == "active"
    shoot(page, screenshots, "certificates")
    with moving(page):
        page.locator("a.gp-bundle").first.click()
    colour, text = badge(page, "included")
    assert colour == "green" and "three proofs that were verified just now" in text and "Complete" in text
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download evidence").click()
    evidence = Path(waiting.value.path()).read_bytes()
    assert queries.check(evidence, hostile_export().policy.read_bytes()).verified
    shoot(page, screenshots, "certificate")
    bundle = page.locator(".gp-code-heading").inner_text()
    again = visit("/certificates", bundle=bundle)
    assert again.locator(".gp-timeline").inner_text() == page.locator(".gp-timeline").inner_text()


def test_the_ledger_leads_from_a_channel_down_to_a_row_and_its_proof_holds(visit: Open, screenshots: Path) -> None:
    page = visit("/ledger", channel=AREA)
    shoot(page, screenshots, "ledger")
    for step, seen in (
        (page.get_by_role("link", name="1", exact=True), "Block 1"),
        (page.locator(".gp-table tbody a").first, "Receipt"),
        (page.locator('.gp-table a[href*="table="]').first, "Choose a row by its number"),
        (page.locator('.gp-table a[href*="row="]').first, "the chosen row"),
    ):
        with moving(page):
            step.click()
        assert seen in page.inner_text("[data-testid=stMain]")
    assert badge(page, "included")[0] == "green"
    for step in page.locator("details.gp-proof:has(.gp-tick)").all():
        step.locator("summary").click()
        codes = step.locator("dd code").all_inner_texts()
        sides = step.locator("tbody tr").all_inner_texts()
        assert _fold(codes[0], sides) == codes[1], "the path that is shown leads from the leaf to the root"
    shoot(page, screenshots, "ledger-row")
    assert {"channel", "entry", "table", "row"} <= parameters_of(page).keys()


@pytest.mark.parametrize("kind", ["genesis", "transaction", "trigger", "seal", "block"])
def test_every_kind_of_entry_can_be_looked_at(tab: Page, kind: str) -> None:
    record = open_record(hostile_export().export, hostile_export().policy.read_bytes(), "policy")
    entries = record.channels[AREA].entries
    number = next(index for index, data in enumerate(entries) if f'"kind":"{kind}"'.encode() in data)
    go(tab, "/ledger", {"channel": AREA})
    with moving(tab):
        field = tab.get_by_label(re.compile("Go to entry"))
        field.fill(str(number))
        field.press("Enter")
    assert parameters_of(tab) == {"channel": AREA, "entry": str(number)}
    assert badge(tab, "included")[0] == "green"
    content = json.loads(tab.locator("pre.gp-pre").last.inner_text())
    assert content["kind"] == kind
    assert tab.get_by_role("alert").count() == 0


def test_a_session_in_which_nobody_declared_says_so(tab: Page) -> None:
    with queries.open(hostile_export().export, hostile_export().policy) as export:
        query = "SELECT session FROM sessions WHERE channel = ? AND status = 'no_declarations'"
        [(session,)] = export.sql(query, [AREA]).rows()
    go(tab, "/sessions", {"area": AREA, "session": session})
    assert "nobody declared" in tab.inner_text("[data-testid=stMain]")
    assert badge(tab, "replay")[0] == "green"


def _fold(leaf: str, lines: list[str]) -> str:
    """Recompute the root from what a reader sees."""
    node = bytes.fromhex(leaf)
    for line in lines:
        _, side, sibling = line.split()
        other = bytes.fromhex(sibling)
        node = hashlib.sha256(b"\x01" + (other + node if side == "left" else node + other)).digest()
    return node.hex()


def test_sql_is_asked_and_its_answer_downloaded_in_every_form(visit: Open, screenshots: Path) -> None:
    page = visit("/sql")
    query = "SELECT channel, entry, position, seller, cny(paid_e8) AS cny FROM trades ORDER BY paid_e8 DESC LIMIT 3"
    page.get_by_label("Question, in SQL").fill(query)
    with moving(page):
        page.get_by_role("button", name="Run").click()
    assert parameters_of(page)["q"] == query
    first = page.locator(".gp-table tbody tr").last.inner_text()
    files = {}
    for name in ("CSV", "Parquet", "JSON with status", "Evidence for 3 rows"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name, exact=True).click()
        files[name] = Path(waiting.value.path()).read_bytes()
    shoot(page, screenshots, "sql")
    assert files["CSV"].startswith(b"\xef\xbb\xbfchannel,entry,position,seller,cny\r\n")
    frame = pl.read_parquet(io.BytesIO(files["Parquet"]))
    assert frame.columns == ["channel", "entry", "position", "seller", "cny"] and len(frame) == 3
    answer = json.loads(files["JSON with status"])
    assert answer["status"]["verified"] is True
    assert answer["rows"][2][4] in first and str(frame["cny"][2]) == answer["rows"][2][4]
    assert queries.check(files["Evidence for 3 rows"], hostile_export().policy.read_bytes()).verified


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT chanel FROM trades", "did you mean channel"),
        ("DROP TABLE trades", "no query"),
        ("SELECT * FROM read_csv('/etc/passwd')", "not available"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELEC 1", "syntax"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_a_sentence(tab: Page, query: str, sentence: str) -> None:
    go(tab, "/sql", {"q": query})
    alert = tab.get_by_role("alert").inner_text()
    assert sentence in alert and "Code: " in alert
    assert "root:" not in tab.inner_text("body") and "Traceback" not in tab.inner_text("body")


def test_the_language_stays_while_walking_through_the_pages(visit: Open, screenshots: Path) -> None:
    page = visit("/sessions", area=AREA, round=2)
    with moving(page):
        page.get_by_role("link", name="中文").click()
    expect(page.locator(".gp-h1")).to_have_text("交易场次")
    assert parameters_of(page) == {"area": AREA, "round": "2", "lang": "zh"}
    assert "逐位一致" in badge(page, "replay")[1]
    shoot(page, screenshots, "sessions-zh")
    for name in ("绿色证书", "账本", "SQL 查询", "总览"):
        with moving(page):
            page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(".gp-h1")).to_have_text(name)
        assert parameters_of(page) == {"lang": "zh"}
    page.get_by_role("link", name="English").click()
    expect(page.locator(".gp-h1")).to_have_text("Overview")


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/sessions", {"area": "<script>document.title='taken'</script>"}),
        ("/sessions", {"session": "350100-1999010100"}),
        ("/sessions", {"round": "-1"}),
        ("/sessions", {"round": "99999999999999999999"}),
        ("/sessions", {"lang": "<img src=x onerror=alert(1)>"}),
        ("/certificates", {"bundle": "<script>document.title='taken'</script>**x**"}),
        ("/certificates", {"status": "' OR 1=1 --"}),
        ("/certificates", {"page": "0"}),
        ("/ledger", {"channel": "../../etc"}),
        ("/ledger", {"entry": "1e3"}),
        ("/ledger", {"channel": AREA, "entry": 2, "table": "trades"}),
        ("/ledger", {"block": "999999"}),
        ("/", {"q": "x" * 300}),
    ],
)
def test_an_address_that_is_wrong_gets_a_sentence(tab: Page, path: str, parameters: dict[str, str | int]) -> None:
    go(tab, path, parameters)
    notes = " ".join(tab.locator(".gp-note-warn").all_inner_texts())
    assert re.search("address|There is no bundle", notes), notes
    assert "Traceback" not in tab.inner_text("body")
    assert tab.title().endswith("gridproof"), "what the address says was run"


@pytest.mark.parametrize("path", ["/sessions", "/certificates", "/ledger"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_from_the_record_are_shown_letter_by_letter(tab: Page, path: str, language: str) -> None:
    parameters: dict[str, str | int] = {"lang": language}
    if path == "/ledger":
        parameters |= {"channel": "governance", "entry": 3, "table": "participants", "row": 0}
    go(tab, path, parameters)
    name = SCRIPT_NAME if language == "en" else MARKDOWN_NAME
    main = tab.locator("[data-testid=stMain]")
    assert name in main.inner_text()
    assert main.locator('img[src="x"], a[href^="javascript"], strong, b, .katex').count() == 0
    assert tab.title().endswith("gridproof"), "a name from the record was run"


def test_a_record_that_vouches_for_itself_is_never_called_verified(
    visit: Open, tmp_path_factory: pytest.TempPathFactory, screenshots: Path
) -> None:
    with running_site(hostile_export().export, tmp_path_factory.mktemp("no-trust")) as address:
        for path in ("/sessions", "/sql?q=SELECT+1"):
            page = visit(path, base=address)
            colours = [item.get_attribute("data-colour") for item in page.locator("[data-badge]").all()]
            assert badge(page, "record")[0] == "amber"
            assert set(colours) == {"amber"}
            assert "Self-asserted" in page.inner_text("body")
            assert not re.search(r"\bVerified\b", page.inner_text("body"))
        shoot(page, screenshots, "sql-self-asserted")


def test_an_export_for_the_public_says_what_it_withholds(
    visit: Open, tmp_path_factory: pytest.TempPathFactory, screenshots: Path
) -> None:
    made = alliance_export()
    trust = tmp_path_factory.mktemp("trust-public")
    policy = trust / "first.policy"
    policy.write_bytes(made.policies[0])
    with running_site(made.public, trust, "--policy", str(policy)) as address:
        for path in ("/", "/sessions", "/certificates", "/sql?q=SELECT+count(*)+FROM+participants"):
            page = visit(path, base=address)
            assert "Not in this export, and not verified: area-350100 (for members)" in page.inner_text("body")
            assert page.get_by_role("alert").count() == 0
        assert badge(visit("/", base=address), "record")[0] == "green"
        shoot(visit("/", base=address), screenshots, "overview-public")


def test_a_damaged_export_is_named_and_nothing_of_it_is_shown(
    visit: Open, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, screenshots: Path
) -> None:
    export = copy_of(hostile_export().export, tmp_path / "damaged")
    victim = sorted(export.glob(f"{AREA}/tables/trades/*.parquet"))[0]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    trust = tmp_path_factory.mktemp("trust-damaged")
    with running_site(export, trust, "--policy", str(hostile_export().policy)) as address:
        page = visit("/", base=address)
        alert = page.get_by_role("alert").inner_text()
        assert victim.name in alert and "SHA-256" in alert and "Code: segment" in alert
        assert page.locator("[data-badge]").count() == 0
        shoot(page, screenshots, "damaged")


def test_text_is_legible_in_light_and_in_dark(visit: Open, screenshots: Path) -> None:
    page = visit()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_timeout(700)
        for selector in (".gp-table td", ".gp-pill", ".gp-note-warn", ".gp-facts dt", ".gp-sentence", ".gp-what"):
            assert page.evaluate(_CONTRAST, selector) >= 4.5, (scheme, selector)
    shoot(page, screenshots, "overview-dark")


_CONTRAST = """selector => {
  const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
  const scale = text => text.startsWith("color(") ? [255, 255, 255, 1] : [1, 1, 1, 1];
  const colour = text => parse(text.replace("color(srgb", "(")).map((v, i) => v * scale(text)[i]);
  const mix = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const element = document.querySelector(selector);
  const chain = [];
  for (let node = element; node; node = node.parentElement) chain.unshift(node);
  let ground = [255, 255, 255, 1], opacity = 1;
  for (const node of chain) {
    const style = getComputedStyle(node);
    ground = mix(colour(style.backgroundColor), ground);
    opacity *= Number(style.opacity);
  }
  const ink = colour(getComputedStyle(element).color);
  const text = mix([ink[0], ink[1], ink[2], ink[3] * opacity], ground);
  const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""
