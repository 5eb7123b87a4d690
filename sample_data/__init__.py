"""A simulated region, and the door for anyone's own meter data.

`read_inputs` reads three tables (who, plants, profiles); `orders_for`, `forecast_wh` and `requote` turn a member's
hour into orders. `sample_data/region/` regenerates the tables under `sample_data/files/`. No part of the record:
nothing here runs in a contract.
"""

from sample_data.bidding import OrderRow, forecast_wh, orders_for, requote
from sample_data.csv_input import InputError
from sample_data.inputs import SAMPLE_FILES, read_inputs
from sample_data.records import STRATEGIES, DefaultUsed, Inputs, Participant, Plant

__all__ = [
    "SAMPLE_FILES",
    "STRATEGIES",
    "DefaultUsed",
    "InputError",
    "Inputs",
    "OrderRow",
    "Participant",
    "Plant",
    "forecast_wh",
    "orders_for",
    "read_inputs",
    "requote",
]
