"""A tlog client that we did not write verifies what we write, and finds what somebody changed.

1. Without Go on a machine these tests are skipped, with CI=true they fail.
"""

import os
from pathlib import Path

import pytest

from chain.merkle import Tree
from chain.note import COSIGNATURE_V1, ED25519, Checkpoint, Note, SigningKey, encode_checkpoint, encode_note
from chain.tiles import entry_bundles, expected_paths, tiles_of
from tests.interop import go_verify, missing

LOG = SigningKey("gridproof/demo/north", ED25519, b"L" * 32)
VALIDATORS = [SigningKey(f"gridproof/demo/validator/{name}", COSIGNATURE_V1, name.encode() * 32) for name in "abcd"]
VKEY = str(LOG.verifier_key)
COSIGNERS = [str(key.verifier_key) for key in VALIDATORS]


@pytest.fixture(scope="module", autouse=True)
def _needs_go() -> None:
    lacking = missing()
    if lacking and os.environ.get("CI") == "true":
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)


def write_channel(folder: Path, size: int) -> None:
    """A log of `size` entries as an export holds it."""
    entries = [b'{"kind":"test","number":%d}' % number for number in range(size)]
    tree = Tree()
    tree.extend(entries)
    text = encode_checkpoint(Checkpoint(LOG.name, size, tree.root()))
    signatures = (LOG.sign(text), *(key.cosign(text, 1_700_000_000 + at) for at, key in enumerate(VALIDATORS)))
    files = {"checkpoint": encode_note(Note(text, signatures))}
    files |= dict(tiles_of(tree, size))
    files |= dict(entry_bundles(entries))
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 600, 65_536, 65_537, 66_000])
def test_it_verifies_every_entry_of_a_log_of_ours(size: int, tmp_path: Path) -> None:
    write_channel(tmp_path, size)
    run = go_verify(tmp_path, VKEY, *COSIGNERS)
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{size} entries verified\n", "")


def test_it_finds_a_changed_byte_in_every_file(tmp_path: Path) -> None:
    write_channel(tmp_path, 600)
    for path, _ in [("checkpoint", None), *expected_paths(600)]:
        good = (tmp_path / path).read_bytes()
        for at in (0, len(good) // 2, len(good) - 2):
            (tmp_path / path).write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            run = go_verify(tmp_path, VKEY, *COSIGNERS)
            assert (run.returncode, run.stdout) == (1, ""), (path, at)
            assert run.stderr.startswith("verify_channel: ")
        (tmp_path / path).write_bytes(good)
    assert go_verify(tmp_path, VKEY, *COSIGNERS).returncode == 0


def test_it_finds_a_missing_file(tmp_path: Path) -> None:
    write_channel(tmp_path, 600)
    for path, _ in [("checkpoint", None), *expected_paths(600)]:
        good = (tmp_path / path).read_bytes()
        (tmp_path / path).unlink()
        assert go_verify(tmp_path, VKEY).returncode == 1, path
        (tmp_path / path).write_bytes(good)


def test_it_refuses_keys_that_have_not_signed(tmp_path: Path) -> None:
    write_channel(tmp_path, 5)
    other = SigningKey(LOG.name, ED25519, b"?" * 32)
    stranger = SigningKey("gridproof/demo/validator/stranger", COSIGNATURE_V1, b"?" * 32)
    assert go_verify(tmp_path, str(other.verifier_key)).returncode == 1
    assert go_verify(tmp_path, VKEY, str(stranger.verifier_key)).returncode == 1
