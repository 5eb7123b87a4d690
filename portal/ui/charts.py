"""Figures. A point's place is a float; what a reader reads off it (hover, labels) is the exact string beside it.

Plotly understands a little HTML in its texts, so names never go into a figure: accounts and areas, whose alphabet is
letters, digits, `.`, `_` and `-`, and numbers do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from portal.ui import numbers
from portal.ui.curves import Clearing, Step
from portal.ui.words import say

SUPPLY, DEMAND, CLEARED = "#d1495b", "#1f77b4", "#2a9d5c"
AREA_COLOURS = ("#1f77b4", "#e08b2d", "#2a9d5c", "#8e63b0", "#d1495b", "#5f9ea0")
_FONT = '"Source Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}
_MWH, _CNY_PER_MWH = 1_000_000, 100
_CROSSING_WIDTHS = 4
"""How many times the traded energy the figure is wide at first."""


@dataclass(frozen=True, slots=True)
class AreaSessions:
    """One area's settled sessions in order of delivery."""

    area: str
    starts: Sequence[Any]
    """UTC+8 wall clocks."""
    traded_wh: Sequence[int]
    paid_e8: Sequence[int]


def show(figure: go.Figure, key: str, alt: str) -> None:
    """Put a figure on the page; `alt` says in words what it shows."""
    st.plotly_chart(figure, width="stretch", key=key, config=_CONFIG, alt=alt)


def week(areas: Sequence[AreaSessions]) -> go.Figure:
    """Volumes per session as stacked bars, volume-weighted prices as lines below."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.5, 0.5], vertical_spacing=0.09)
    for number, area in enumerate(areas):
        colour = AREA_COLOURS[number % len(AREA_COLOURS)]
        starts = list(area.starts)
        common: dict[str, Any] = {"name": area.area, "legendgroup": area.area, "x": starts}
        volumes = [numbers.energy(value) for value in area.traded_wh]
        prices = [numbers.average_price(*pair) for pair in zip(area.paid_e8, area.traded_wh, strict=True)]
        figure.add_trace(
            go.Bar(
                y=[value / _MWH for value in area.traded_wh],
                customdata=volumes,
                hovertemplate=f"%{{x|%m-%d %H:%M}}<br>{area.area}: %{{customdata}} MWh<extra></extra>",
                marker={"color": colour, "line": {"width": 0}},
                **common,
            ),
            row=1,
            col=1,
        )
        figure.add_trace(
            go.Scatter(
                y=[_float_price(*pair) for pair in zip(area.paid_e8, area.traded_wh, strict=True)],
                customdata=prices,
                hovertemplate=f"%{{x|%m-%d %H:%M}}<br>{area.area}: ≈ %{{customdata}} CNY/MWh<extra></extra>",
                mode="lines",
                connectgaps=False,
                line={"color": colour, "width": 2},
                showlegend=False,
                **common,
            ),
            row=2,
            col=1,
        )
    figure.update_layout(
        barmode="stack",
        height=520,
        bargap=0.08,
        hovermode="x",
        font={"family": _FONT},
        margin={"l": 10, "r": 10, "t": 36, "b": 10},
        legend={"orientation": "h", "y": 1.08, "x": 0},
    )
    figure.update_yaxes(title_text=say("chart.volume"), row=1, col=1, rangemode="tozero", automargin=True)
    figure.update_yaxes(title_text=say("chart.price"), row=2, col=1, automargin=True)
    figure.update_xaxes(tickformat="%m-%d\n%H:%M", hoverformat="%Y-%m-%d %H:%M", automargin=True)
    figure.update_xaxes(title_text=say("chart.time"), row=2, col=1)
    return figure


def curves(
    bids: Sequence[Step], asks: Sequence[Step], before: tuple[Sequence[Step], Sequence[Step]], clearing: Clearing | None
) -> go.Figure:
    """Demand and supply of one round as steps, as they stood before λ moved them (dotted), and where they cleared."""
    figure = go.Figure()
    for steps, name, colour in ((before[0], "demand", DEMAND), (before[1], "supply", SUPPLY)):
        if steps:
            _curve(figure, steps, say(f"chart.{name}-before"), colour, "dot")
    for steps, name, colour in ((bids, "demand", DEMAND), (asks, "supply", SUPPLY)):
        if steps:
            _curve(figure, steps, say(f"chart.{name}"), colour, "solid")
    if clearing is not None:
        _clearing(figure, clearing)
    figure.update_layout(
        height=470,
        font={"family": _FONT},
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0},
        hovermode="closest",
    )
    width, low, high = _window((*bids, *asks, *before[0], *before[1]), clearing)
    figure.update_xaxes(title_text=say("chart.cumulated"), range=[0, width], automargin=True, zeroline=False)
    figure.update_yaxes(title_text=say("chart.price"), range=[low, high], automargin=True)
    return figure


def _window(steps: Sequence[Step], clearing: Clearing | None) -> tuple[float, float, float]:
    """What is seen at first, so that the crossing is not a corner of the figure: (MWh, lowest, highest CNY/MWh).

    A late round may leave fifty times more on one side than on the other. A double click shows everything.
    """
    end = max((step.to_wh for step in steps), default=0)
    if clearing is not None:
        end = min(end, _CROSSING_WIDTHS * clearing.traded_wh)
    prices = [step.price / _CNY_PER_MWH for step in steps if step.from_wh < end]
    low, high = min(prices, default=0.0), max(prices, default=1.0)
    room = (high - low) * 0.06 or 1.0
    return end / _MWH * 1.03 or 1.0, low - room, high + room


def _curve(figure: go.Figure, steps: Sequence[Step], name: str, colour: str, dash: str) -> None:
    """A step per order: from where the previous ended, at its own price."""
    x, y, texts = [], [], []
    for step in steps:
        text = f"{step.account}<br>{numbers.energy(step.quantity_wh)} MWh × {numbers.price(step.price)} CNY/MWh"
        x += [step.from_wh / _MWH, step.to_wh / _MWH]
        y += [step.price / _CNY_PER_MWH] * 2
        texts += [text] * 2
    figure.add_trace(
        go.Scatter(
            x=x,
            y=y,
            name=name,
            customdata=texts,
            hovertemplate="%{customdata}<extra></extra>",
            mode="lines",
            opacity=0.55 if dash == "dot" else 1,
            line={"color": colour, "width": 1.5 if dash == "dot" else 2.5, "dash": dash},
        )
    )


def _clearing(figure: go.Figure, clearing: Clearing) -> None:
    energy = clearing.traded_wh / _MWH
    low, high = clearing.ask / _CNY_PER_MWH, clearing.bid / _CNY_PER_MWH
    figure.add_vline(x=energy, line={"color": CLEARED, "width": 1, "dash": "dash"})
    figure.add_trace(
        go.Scatter(
            x=[energy, energy, energy],
            y=[low, (low + high) / 2, high],
            name=say("chart.clearing"),
            mode="lines+markers",
            line={"color": CLEARED, "width": 4},
            marker={"color": CLEARED, "size": [6, 13, 6], "symbol": ["line-ew", "diamond", "line-ew"]},
            customdata=[
                say(
                    "chart.clearing-hover",
                    energy=numbers.energy(clearing.traded_wh),
                    ask=numbers.price(clearing.ask),
                    bid=numbers.price(clearing.bid),
                )
            ]
            * 3,
            hovertemplate="%{customdata}<extra></extra>",
        )
    )


def _float_price(paid_e8: int, traded_wh: int) -> float | None:
    return paid_e8 / traded_wh / _CNY_PER_MWH if traded_wh else None
