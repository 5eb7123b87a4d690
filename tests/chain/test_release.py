"""The release that genesis entries carry is the one that is packaged."""

import tomllib
from pathlib import Path

from chain.release import RELEASE


def test_the_release_is_the_distribution_and_its_version() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{project['name']} {project['version']}" == RELEASE
