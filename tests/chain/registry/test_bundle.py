"""Bundles: their names, and splits that lose and double no Wh."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.registry.bundle import Bundle, split


def bundle(first_wh: int = 0, last_wh: int = 999, **changes: Any) -> Bundle:
    fields: dict[str, Any] = {
        "certificate_class": "granular",
        "first_wh": first_wh,
        "fuel_code": "F01050100",
        "interval_end": 1_793_581_200_000,
        "interval_start": 1_793_577_600_000,
        "last_wh": last_wh,
        "owner": "owner",
        "parent": None,
        "plant": "wind.1",
        "published": True,
        "status": "active",
        "technology_code": "T020000",
    }
    return Bundle(**fields | changes)


def test_a_bundle_is_named_by_plant_interval_and_range() -> None:
    assert bundle().bundle == "wind.1.20261102T0000Z.0-999"


def test_a_split_is_not_off_by_one() -> None:
    first, second = split(bundle(), 250)
    assert [(part.first_wh, part.last_wh, part.quantity_wh) for part in (first, second)] == [
        (0, 249, 250),
        (250, 999, 750),
    ]


@pytest.mark.parametrize("quantity_wh", [-1, 0, 1_000, 1_001])
def test_only_a_proper_part_can_be_split_off(quantity_wh: int) -> None:
    with pytest.raises(ValueError, match="no proper part"):
        split(bundle(), quantity_wh)


@given(st.data())
def test_children_tile_their_parent_and_inherit_all_else(data: st.DataObject) -> None:
    first_wh = data.draw(st.integers(0, 10**6))
    parent = bundle(first_wh, first_wh + data.draw(st.integers(1, 10**6)), published=data.draw(st.booleans()))
    quantity_wh = data.draw(st.integers(1, parent.quantity_wh - 1))
    first, second = split(parent, quantity_wh)
    assert (first.first_wh, second.last_wh) == (parent.first_wh, parent.last_wh)
    assert first.last_wh + 1 == second.first_wh
    assert first.quantity_wh == quantity_wh
    assert first.quantity_wh + second.quantity_wh == parent.quantity_wh
    for child in (first, second):
        assert child.parent == parent.bundle
        assert bundle(child.first_wh, child.last_wh, published=parent.published, parent=parent.bundle) == child
