"""What a misspelt name may have meant."""

from collections.abc import Collection
from difflib import get_close_matches


def near(name: str, names: Collection[str]) -> str:
    """`: did you mean "x"?` for a name that is nearly one of `names`, else what there is."""
    found = get_close_matches(name, sorted(names), n=1)
    return f': did you mean "{found[0]}"?' if found else f": there are {', '.join(sorted(names)) or 'none'}"
