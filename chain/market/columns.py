"""Types of the market that are not units (those are in `chain.units`)."""

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Side: TypeAlias = Literal["bid", "ask"]
Pricing: TypeAlias = Literal["midpoint", "uniform", "pay_as_bid"]

Int64Array: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
