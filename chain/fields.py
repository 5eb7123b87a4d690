"""Types of fields that several records share: what a decoder refuses before any rule sees it."""

from typing import Annotated, Literal

import msgspec

from chain.limits import LIMITS
from chain.text import NAME_PATTERN

I53 = Annotated[int, msgspec.Meta(ge=-LIMITS.json_integer_max, le=LIMITS.json_integer_max)]
"""An integer that every JSON reader keeps exactly."""

Moment = Annotated[int, msgspec.Meta(ge=0, le=LIMITS.time_ms_max)]
"""Milliseconds UTC, from 1970 to 9999."""

Name = Annotated[str, msgspec.Meta(pattern=rf"\A{NAME_PATTERN}\Z")]
"""A name of `docs/format.md` section 1."""

OptionalName = Annotated[str, msgspec.Meta(pattern=rf"\A({NAME_PATTERN})?\Z")]
"""As `Name`, or "" where there is none."""

Openness = Literal["public", "members", "managers"]
"""Who may read a channel's content: everybody, the network's members, or its managing institutions."""

AREA_PATTERN = r"[1-9][0-9]{5}([0-9]{3}){0,2}"

AreaCode = Annotated[str, msgspec.Meta(pattern=rf"\A{AREA_PATTERN}\Z")]
"""Administrative code of 6, 9 or 12 digits, GB/T 2260 and GB/T 10114."""

Role = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,31}\Z")]
"""What an account may do: methods name the roles that may call them."""

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=LIMITS.title_characters_max)]
"""What people call something: a text that is there."""

DecimalText = Annotated[str, msgspec.Meta(pattern=rf"\A(0|-?[1-9][0-9]{{0,{LIMITS.money_digits_max - 1}}})\Z")]
"""Money or a sum, 10⁻⁸ CNY, as a decimal-integer string."""
