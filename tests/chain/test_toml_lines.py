"""Every key and every item of an array has its place, whatever way the file writes it."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.toml_lines import Path, places_of

TEXT = '''\
# a comment = 1
top = 1
"quoted key" = 'x # no comment' # a comment

[a.b]  # a table in a table
"dotted"."key\\u0041".'x' = 2
long = """
[not.a.table] = 1
\\"""\\
"""
literal = \'\'\'
no = "key"'
\'\'\'
when = 2026-11-02 08:00:00Z
array = [ 1, # one
  [2, 3],
  { k = 1, "l" = [4] },
]

[[list]]
x = 1
[list.inner]
y = 2
[[list.deep]]
z = 3
[[list.deep]]

[[list]]
x = 4
inline = { p.q = 5, r = { s = 6 } }
'''

PLACES: dict[Path, tuple[int, int]] = {
    ("top",): (2, 1),
    ("quoted key",): (3, 1),
    ("a",): (5, 1),
    ("a", "b"): (5, 1),
    ("a", "b", "dotted"): (6, 1),
    ("a", "b", "dotted", "keyA", "x"): (6, 1),
    ("a", "b", "long"): (7, 1),
    ("a", "b", "literal"): (11, 1),
    ("a", "b", "when"): (14, 1),
    ("a", "b", "array", 0): (15, 11),
    ("a", "b", "array", 1): (16, 3),
    ("a", "b", "array", 1, 1): (16, 7),
    ("a", "b", "array", 2): (17, 3),
    ("a", "b", "array", 2, "l", 0): (17, 19),
    ("list",): (20, 1),
    ("list", 0): (20, 1),
    ("list", 0, "x"): (21, 1),
    ("list", 0, "inner", "y"): (23, 1),
    ("list", 0, "deep", 0, "z"): (25, 1),
    ("list", 0, "deep", 1): (26, 1),
    ("list", 1): (28, 1),
    ("list", 1, "inline", "p", "q"): (30, 12),
    ("list", 1, "inline", "r", "s"): (30, 27),
}


@pytest.mark.parametrize(("path", "place"), PLACES.items(), ids=[".".join(map(str, path)) for path in PLACES])
def test_a_key_stands_where_the_file_has_it(path: Path, place: tuple[int, int]) -> None:
    assert places_of(TEXT)[path] == place


def paths(value: Any, path: Path = ()) -> set[Path]:
    """All that `tomllib` has read."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(paths(member, (*path, key)) for key, member in members))


def test_nothing_is_left_out_and_nothing_invented() -> None:
    assert set(places_of(TEXT)) | {()} == paths(tomllib.loads(TEXT))


def test_windows_line_ends_change_no_line() -> None:
    unix, windows = places_of(TEXT), places_of(TEXT.replace("\n", "\r\n"))
    assert {path: place.line for path, place in unix.items()} == {path: place.line for path, place in windows.items()}


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'e'", '"\\u00e9"'])
SCALARS = st.sampled_from(
    ["1", "-2.5e3", "true", "inf", "0x1F", '"a # b"', "'c]'", '"""x\ny"""', "2026-11-02", '"\\""']
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ " + ",\n ".join(items) + "]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)
LINES = st.one_of(
    st.tuples(KEYS, VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.tuples(KEYS, KEYS, VALUES).map(lambda pair: f"{pair[0]} . {pair[1]}={pair[2]} # end"),
    KEYS.map(lambda key: f"[{key}]"),
    st.tuples(KEYS, KEYS).map(lambda keys: f"[ {keys[0]}.{keys[1]} ]"),
    KEYS.map(lambda key: f"[[{key}]]"),
    st.just(""),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_whatever_tomllib_reads_has_places(text: str) -> None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(places_of(text)) | {()} == paths(content)


@given(st.text(max_size=60))
def test_what_is_no_toml_ends_too(text: str) -> None:
    places_of(text)
