"""The command line and the site where regulators, the trading centre, analysts and operators read a record.

Nothing imports this package. What it shows it asks of `audit`, `queries` and `chain`; it judges nothing itself.
"""

__all__: list[str] = []
