"""A user's table: what is understood, what is refused, and where each problem stands."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_data.csv_input import Column, InputError, Problems, Table, read_table, report_duplicates

COLUMNS = (
    Column("name", "text"),
    Column("side", "choice", choices=("bid", "ask")),
    Column("energy", "integer", minimum=1, maximum=1_000),
    Column("cost", "decimal", required=False, minimum=Decimal(0)),
    Column("time", "time", required=False),
)
HEADER = "name,side,energy,cost,time\n"
GOOD = HEADER + "甲,bid,1,0.5,0\n乙,ask,2,,\n"

BAD_FILES: dict[str, tuple[bytes, list[str]]] = {
    "an empty file": (b"", ["the file is empty"]),
    "blank lines only": (b"\n \n\r\n", ["the file is empty"]),
    "UTF-16": (GOOD.encode("utf-16"), ["UTF-16"]),
    "two lines in GB18030 among UTF-8": (
        GOOD.encode() + "丙,bid,3,,\n".encode("gb18030") + "丁,bid,3,,\n".encode() + "戊,ask,1,,".encode("gb18030"),
        [":4: byte 1 (0xb1) is not UTF-8; as GB18030 it reads '丙,bid", ":6: byte 1 (0xce) is not UTF-8"],
    ),
    "a missing column": (b"name,side\nx,bid\n", [":1: energy: this column is missing; the header has name, side"]),
    "a column twice": (b"name,side,energy,Energy\n", [":1: energy: this column is in the header twice"]),
    "a header below blank lines": (b"\n\nname,side\n", [":3: energy: this column is missing"]),
    "a short and a long row": (
        HEADER.encode() + b"a,bid,1\nb,bid,1,,\nc,bid,1,,,9\n",
        [":2: has 3 fields, the header has 5", ":4: has 6 fields"],
    ),
    "an open quotation": (HEADER.encode() + b'a,bid,1,,\n"b,bid,1,,\n', [":3: is not a CSV record"]),
    "text after a quotation": (HEADER.encode() + b'"a"b,bid,1,,\n', [":2: is not a CSV record"]),
    "not a number, infinity, nothing": (
        HEADER.encode() + b"a,bid,NaN,,\nb,bid,1,inf,\nc,bid,,,\n,bid,1,,\n",
        [
            ":2: energy: 'NaN' is not an integer",
            ":3: cost: 'inf' is not a number",
            ":4: energy: is empty",
            ":5: name: is empty",
        ],
    ),
    "negative energy and too much": (
        HEADER.encode() + b"a,bid,-1,,\nb,bid,1001,,\nc,bid,1,-0.5,\n",
        [":2: energy: -1 is less than 1", ":3: energy: 1001 is more than 1000", ":4: cost: -0.5 is less than 0"],
    ),
    "a side that is none": (HEADER.encode() + b"a,buy,1,,\n", [":2: side: 'buy' is not one of bid, ask"]),
    "a time without zone": (HEADER.encode() + b"a,bid,1,,2026-11-02T10:00\n", [":2: time:", "no time zone"]),
    "a control character": (HEADER.encode() + b"a\x00b,bid,1,,\n", [":2: name: contains the unprintable"]),
    "two decimal marks": (
        b"name;side;energy;cost\na;bid;1;1,5\nb;bid;1;\nc;bid;1;1.5\n",
        [":4: writes decimals with '.', line 2 with ','"],
    ),
    "a decimal comma between commas": (HEADER.encode() + b'a,bid,1,"0,5",\n', [":2: cost: '0,5' is not a number"]),
    "a field beyond all measure": (HEADER.encode() + b'"' + b"x" * 200_000 + b'",bid,1,,\n', [":2: is not a CSV"]),
}


def write(folder: Path, data: bytes | str) -> Path:
    path = folder / "in.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def read(folder: Path, data: bytes | str) -> Table:
    return read_table(write(folder, data), COLUMNS)


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_with_the_place_of_every_problem(name: str, tmp_path: Path) -> None:
    data, expected = BAD_FILES[name]
    with pytest.raises(InputError) as caught:
        read(tmp_path, data)
    message = str(caught.value)
    for part in expected:
        assert part in message
    assert message.startswith(str(tmp_path / "in.csv"))


def test_rows_come_out_typed_with_their_lines(tmp_path: Path) -> None:
    table = read(tmp_path, GOOD)
    assert table.columns == {
        "name": ["甲", "乙"],
        "side": ["bid", "ask"],
        "energy": [1, 2],
        "cost": [Decimal("0.5"), None],
        "time": [0, None],
    }
    assert table.lines == [2, 3]
    assert table.missing == table.warnings == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace(",", ";").replace("0.5", "0,5").encode(),
        GOOD.replace(",", "\t").encode(),
        GOOD.replace("甲", '"甲"').encode(),
        GOOD.replace(",", " , ").encode(),
        GOOD.removesuffix("\n").encode(),
        "NAME,Side,Energy,cost,TIME\n甲,BID,1.0,0.5,1970-01-01T08:00+08:00\n乙,Ask,+2,,\n".encode(),
    ],
    ids=["BOM", "CRLF", "CR", "semicolons, decimal commas", "tabs", "quotes", "spaces", "no last newline", "spellings"],
)
def test_one_table_reads_the_same_in_every_spelling(data: bytes, tmp_path: Path) -> None:
    assert read(tmp_path, data).columns == read(tmp_path, GOOD).columns


def test_line_numbers_count_blank_lines_and_lines_inside_quotations(tmp_path: Path) -> None:
    columns = (Column("name", "text"), Column("note", "text", required=False))
    path = write(tmp_path, 'name,note\n\n"a\nb",1\nc,2\n,\nd,3\n')
    problems = Problems()
    table = read_table(path, columns, problems)
    assert table.columns["name"] == ["c", "d"] and table.lines == [5, 7]
    assert [(problem.line, problem.field) for problem in problems.first()] == [(3, "name")]


def test_an_unknown_column_is_a_warning_and_a_missing_optional_one_is_listed(tmp_path: Path) -> None:
    table = read(tmp_path, "name,side,energy,colour,\na,bid,1,red,\n")
    assert table.missing == ("cost", "time")
    assert table.columns["cost"] == [None]
    assert "colour: unknown column" in table.warnings[0] and "(no name)" in table.warnings[1]


def test_a_header_alone_is_an_empty_table(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER).lines == []


def test_thousands_of_problems_are_counted_and_the_first_twenty_by_line_are_shown(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, HEADER + ",nobody,0,x,\n" * 6_000)
    assert caught.value.total == 24_000
    assert [problem.line for problem in caught.value.problems] == [line for line in range(2, 7) for _ in range(4)]
    assert str(caught.value).endswith("… and 23,980 more problems")


def test_problems_of_several_files_come_together_and_only_sound_rows_are_returned(tmp_path: Path) -> None:
    problems = Problems()
    path = write(tmp_path, HEADER + "a,bid,1,,\nb,bid,0,,\nc,ask,2,,\na,ask,3,,\n")
    table = read_table(path, COLUMNS, problems)
    assert table.columns["energy"] == [1, 2, 3] and table.lines == [2, 4, 5]
    report_duplicates(table, ["name"], problems)
    problems.add("other.csv", 9, "name", "unknown")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any()
    assert [str(problem) for problem in caught.value.problems] == [
        f"{path}:3: energy: 0 is less than 1",
        f"{path}:5: name: a is already on line 2",
        "other.csv:9: name: unknown",
    ]


@pytest.mark.parametrize("name", ["nowhere.csv", ".", "a\x00b"])
def test_a_file_that_cannot_be_read_is_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / name, COLUMNS)


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_whatsoever_escape_as_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, headed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(HEADER.encode() + data if headed else data)
    try:
        table = read_table(path, COLUMNS)
    except InputError as error:
        assert error.total >= len(error.problems) > 0
    else:
        assert all(len(values) == len(table.lines) for values in table.columns.values())


FIELD = st.text(st.sampled_from("ab é福"), min_size=1, max_size=3)


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=6))
def test_a_file_reads_the_same_with_and_without_quotation_marks(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    columns = (Column("one", "text", required=False), Column("two", "text", required=False))
    path = tmp_path_factory.getbasetemp() / "quoted.csv"
    path.write_text("one,two\n" + "".join(f"{one},{two}\n" for one, two in rows), "utf-8")
    plain = read_table(path, columns)
    path.write_text('"one","two"\n' + "".join(f'"{one}","{two}"\n' for one, two in rows), "utf-8")
    assert read_table(path, columns) == plain
