"""`gridproof clear`: the published example, exact output, and every bad book with its line and exit code 2."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from portal import cli

EXAMPLE = (
    "side,account,price,quantity,time\nbid,A,4,2,1\nbid,B,3,1,2\nbid,C,1,5,3\nask,D,1,1,1\nask,E,2,4,2\nask,F,6,5,3\n"
)
HEADER = "side,account,price,quantity,time,limit\n"


class Run(NamedTuple):
    code: Any
    out: str
    err: str


class Command:
    """`gridproof clear` in this process."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.book = folder / "book.csv"
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def run(self, text: str | bytes, *options: str) -> Run:
        self.book.write_bytes(text.encode() if isinstance(text, str) else text)
        self.monkeypatch.setattr(sys, "argv", ["gridproof", "clear", str(self.book), *options])
        code: Any = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        return Run(code, *self.capsys.readouterr())

    def answer(self, text: str | bytes, *options: str) -> dict[str, Any]:
        ended = self.run(text, "--json", *options)
        assert ended.code == 0, ended.err
        answer: dict[str, Any] = json.loads(ended.out)
        return answer


@pytest.fixture
def clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


UNFILLED = [
    {"side": "bid", "account": "C", "quantity": 5, "price": 1},
    {"side": "ask", "account": "E", "quantity": 2, "price": 2},
    {"side": "ask", "account": "F", "quantity": 5, "price": 6},
]


def test_the_example_of_the_specification_clears_as_it_says(clear: Command) -> None:
    assert clear.answer(EXAMPLE, "--pricing", "uniform") == {
        "price": 2,
        "quantity": 3,
        "trades": [
            {"buyer": "A", "seller": "D", "quantity": 1, "price": 2},
            {"buyer": "A", "seller": "E", "quantity": 1, "price": 2},
            {"buyer": "B", "seller": "E", "quantity": 1, "price": 2},
        ],
        "unfilled": UNFILLED,
        "welfare": 6,
    }


def test_pay_as_bid_shows_both_prices_and_midpoint_is_the_default(clear: Command) -> None:
    paid = clear.answer(EXAMPLE, "--pricing", "pay_as_bid")
    assert [(trade["price"], trade["seller_price"]) for trade in paid["trades"]] == [(4, 1), (4, 2), (3, 2)]
    assert paid["price"] is None and paid["unfilled"] == UNFILLED and paid["welfare"] == 6
    middle = clear.answer(EXAMPLE)
    assert [trade["price"] for trade in middle["trades"]] == [2, 3, 2]
    assert "seller_price" not in middle["trades"][0]


@pytest.mark.parametrize(
    ("rows", "pricing"),
    [("", "uniform"), ("bid,A,1,5,0,\n", "uniform"), ("bid,A,1,5,0,\nask,B,2,5,0,\n", "uniform")],
    ids=["empty", "one side", "apart"],
)
def test_a_book_without_trades_clears_to_nothing(clear: Command, rows: str, pricing: str) -> None:
    answer = clear.answer(HEADER + rows, "--pricing", pricing)
    assert (answer["price"], answer["quantity"], answer["trades"], answer["welfare"]) == (None, 0, [], 0)
    assert len(answer["unfilled"]) == rows.count("\n")


def test_a_spreadsheet_in_another_spelling_clears_the_same(clear: Command) -> None:
    text = EXAMPLE.replace(",1\n", ",1970-01-01T08:00:00.001+08:00\n").replace(",", ";").replace("\n", "\r\n")
    assert clear.answer(b"\xef\xbb\xbf" + text.encode()) == clear.answer(EXAMPLE)


def test_welfare_beyond_64_bits_keeps_every_digit(clear: Command) -> None:
    energy, price = 2**53 - 1, 2**53 - 1
    answer = clear.answer(HEADER + f"bid,A,{price},{energy},0,\nask,B,{-price},{energy},0,\n", "--pricing", "uniform")
    assert answer["welfare"] == 2 * price * energy and answer["quantity"] == energy and answer["price"] == 0


def test_equal_prices_go_by_time_and_then_by_row(clear: Command) -> None:
    answer = clear.answer(HEADER + "bid,late,5,1,9,\nbid,first,5,1,8,\nbid,second,5,1,8,\nask,S,5,2,0,\n")
    assert [trade["buyer"] for trade in answer["trades"]] == ["first", "second"]


def test_a_person_sees_a_table_and_names_are_not_markup(clear: Command) -> None:
    ended = clear.run(EXAMPLE.replace(",A,", ",[b]甲,"), "--pricing", "uniform")
    assert ended.code == 0
    assert "3 Wh traded at 2 fen/MWh" in ended.out and "[b]甲" in ended.out


def test_a_long_list_is_cut_for_a_person_and_whole_in_json(clear: Command) -> None:
    text = HEADER + "".join(f"bid,B{row},5,1,0,\nask,S{row},5,1,0,\n" for row in range(50))
    assert "and 10 more" in clear.run(text).out
    assert len(clear.answer(text)["trades"]) == 50


def test_an_account_on_both_sides_is_warned_of_on_standard_error(clear: Command) -> None:
    ended = clear.run(HEADER + "bid,A,5,1,0,\nask,A,4,1,0,\n", "--json")
    assert ended.code == 0 and "on both sides" in ended.err and json.loads(ended.out)["quantity"] == 1


BAD_BOOKS = {
    "a missing column": ("side,account,price,quantity\n", ":1: time: this column is missing"),
    "no header": ("", "the file is empty"),
    "a side that is none": (HEADER + "buy,A,1,1,0,\n", ":2: side: 'buy' is not one of bid, ask"),
    "no energy": (HEADER + "bid,A,1,0,0,\n", ":2: quantity: 0 is less than 1"),
    "negative energy": (HEADER + "bid,A,1,-1,0,\n", ":2: quantity: -1 is less than 1"),
    "a price with a fraction": (HEADER + "bid,A,1.5,1,0,\n", ":2: price: '1.5' is not an integer"),
    "not a number": (HEADER + "bid,A,NaN,1,0,\n", ":2: price: 'NaN' is not an integer"),
    "a price beyond the market's limits": (HEADER + f"bid,A,{2**53},1,0,\n", f":2: price: {2**53} is not from"),
    "energy beyond the market's limits": (HEADER + f"bid,A,1,{2**53},0,\n", f":2: quantity: {2**53} is not from"),
    "a time without zone": (HEADER + "bid,A,1,1,2026-11-02T10:00,\n", ":2: time:"),
    "a buyer's limit below its price": (
        HEADER + "bid,A,5,1,0,4\n",
        ":2: limit: the bid has its limit 4 below its price 5",
    ),
    "a seller's limit above its price": (
        HEADER + "ask,A,5,1,0,6\n",
        ":2: limit: the ask has its limit 6 above its price 5",
    ),
    "more energy than a side may have": (HEADER + f"ask,A,1,{2**53 - 1},0,\n" * 513, "Wh of asks, more than"),
}


@pytest.mark.parametrize("name", BAD_BOOKS)
def test_a_bad_book_ends_with_its_line_and_exit_code_2(clear: Command, name: str) -> None:
    text, expected = BAD_BOOKS[name]
    ended = clear.run(text, "--json")
    assert ended.code == 2 and ended.out == ""
    assert ended.err.startswith(str(clear.book)) and expected in ended.err
    assert "Traceback" not in ended.err


def test_a_price_off_the_tick_is_refused(clear: Command) -> None:
    ended = clear.run(HEADER + "bid,A,10,1,0,\nask,B,-5,1,0,\nask,C,4,1,0,\n", "--tick", "5")
    assert ended.code == 2 and ":4: price: 4 is not a multiple of the tick, 5" in ended.err


def test_a_book_that_is_not_there_is_a_sentence(clear: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gridproof", "clear", str(clear.book)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert "cannot be read" in clear.capsys.readouterr().err


@pytest.mark.parametrize("options", [("--pricing", "dutch"), ("--tick", "0"), ("--tick", "1.5")])
def test_a_wrong_option_is_exit_code_2(clear: Command, options: tuple[str, str]) -> None:
    assert clear.run(EXAMPLE, *options).code == 2
