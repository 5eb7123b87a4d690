"""The site's process: `python -m portal.entry.serve --server.port=…`, as `portal.ui.server` starts it.

Everything that a page needs is imported before the server answers: so the first reader does not wait for it in front of
an empty page. Then it is `streamlit run` on the script beside this file.
"""

import sys
from pathlib import Path

from streamlit.web import cli

import portal.app  # noqa: F401 - see above


def main() -> None:
    """Serve until the process is told to end; the arguments are Streamlit's settings."""
    script = Path(__file__).with_name("main.py")
    sys.argv = ["streamlit", "run", str(script), *sys.argv[1:]]
    cli.main(prog_name="streamlit")


if __name__ == "__main__":
    main()
