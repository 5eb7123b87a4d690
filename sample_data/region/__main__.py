"""`python -m sample_data.region [FOLDER]`: regenerate `sample_data/files/`, byte for byte, or into another folder."""

import sys
from pathlib import Path

from sample_data.region.tables import write_tables


def main(arguments: list[str]) -> int:
    """Write the three files and say where."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent.parent / "files"
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_tables(folder):
        sys.stdout.write(f"{path}: {path.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
