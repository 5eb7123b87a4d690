"""Killed before or after any durable step of a handover or of a channel's beginning, a network makes up for it.

Durable steps are appends to journals, files of policies, handovers and drafts, and the key file.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import chain.channel_draft
import chain.ledger_keys
import chain.note
import chain.policy_history
from chain.errors import ChainError, LedgerError
from chain.export import export_network, seal_all
from chain.imports import GOVERNANCE
from chain.journal import Journal
from chain.layout import BEACON, KEYS, SIGNING_STATE, handover_path, journal_path, policy_path
from chain.limits import LIMITS
from chain.network import Network
from chain.policy import require_known_signers
from chain.verify import verify_export
from tests.chain.little_alliance import admit_member, admit_validator, decide, found, now, reopened
from tests.chain.little_network import AREA, seed_of, signer

NEW = "area-350300"


class Killed(BaseException):
    """Stands for the end of the process: nothing in the code under test may catch it."""


def die_at(step: int, patch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Die at the `step`-th durable step: before anything of it is written, or once it is durable."""
    count = 0

    def dying(durable: Callable[..., None]) -> Callable[..., None]:
        def do(*arguments: object) -> None:
            nonlocal count
            count += 1
            if count == step and not after:
                raise Killed
            durable(*arguments)
            if count == step and after:
                raise Killed

        return do

    patch.setattr(Journal, "append", dying(Journal.append))
    store = dying(chain.policy_history.store_durably)
    patch.setattr(chain.policy_history, "store_durably", store)
    patch.setattr(chain.channel_draft, "store_durably", store)
    patch.setattr(chain.ledger_keys, "replace_secret_file", dying(chain.ledger_keys.replace_secret_file))


def voted_policy(folder: Path) -> None:
    """A fifth validator is admitted; the next round hands over."""
    with found(folder) as network:
        admit_member(network, "fifth")
        network.commit(AREA, now(network))
        network.beacon(now(network))
        admit_validator(network, "fifth")
        network.commit(AREA, now(network))


def hand_over(network: Network) -> None:
    network.beacon(now(network))


def voted_channel(folder: Path) -> None:
    """A channel is created by vote and not begun yet."""
    with found(folder) as network:
        draft = network.draft_channel(NEW, "350300", now(network), seed_of(NEW))
        decide(network, {"kind": "create-channel", "openness": "public", **draft})


def begin(network: Network) -> None:
    if NEW not in network.channels:
        network.create_channel(NEW)
    network.beacon(now(network))


def nothing_voted(folder: Path) -> None:
    found(folder).close()


def draft_and_hold(network: Network) -> None:
    """What a proposal needs: keys and a draft, each done again where a kill left it undone."""
    network.hold_validator("fifth", seed_of("fifth"))
    network.draft_channel(NEW, "350300", now(network), seed_of(NEW))


STORIES: dict[str, tuple[Callable[[Path], None], Callable[[Network], None], int]] = {
    # Policy, round, heads of three channels, both quorums' promise, handover, beacon.
    "a handover": (voted_policy, hand_over, 8),
    # Block 0 and its promise, then policy, round, heads of four channels, handover, its promise, beacon.
    "a new channel": (voted_channel, begin, 11),
    "keys and a draft": (nothing_voted, draft_and_hold, 3),
}


def check_signed(network: Network) -> None:
    """Every head is signed by keys of the policy in force, and the network goes on."""
    for ledger in network.channels.values():
        assert ledger.checkpoint is not None
        require_known_signers(ledger.checkpoint, network.policy)
    network.commit(AREA, now(network))


def check(network: Network, target: Path) -> None:
    """And the record holds for a reader of the first policy and for one of the newest."""
    check_signed(network)
    seal_all(network, signer("regulator"), now(network))
    export_network(network, target)
    for policy in (network.signers.history.policies[0].text, network.policy.text):
        verify_export(target, policy, "policy")


@pytest.fixture(scope="module", params=STORIES)
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("story") / "ledger"
    STORIES[request.param][0](folder)
    return request.param, folder


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_stop_at_any_durable_step_is_made_up_for(prepared: tuple[str, Path], after: bool, tmp_path: Path) -> None:
    name, ready = prepared
    _, story, steps = STORIES[name]
    for step in range(1, steps + 1):
        folder = tmp_path / f"{step}" / "ledger"
        shutil.copytree(ready, folder)
        with pytest.MonkeyPatch.context() as patch:
            network = reopened(folder)
            die_at(step, patch, after=after)
            with network, pytest.raises(Killed):
                story(network)
        with reopened(folder) as network:
            story(network)
        with reopened(folder) as network:
            check_signed(network)
            if step % 4 == 0:
                check(network, tmp_path / f"{step}" / "export")


def test_the_steps_are_all_there_are(prepared: tuple[str, Path], tmp_path: Path) -> None:
    name, ready = prepared
    _, story, steps = STORIES[name]
    shutil.copytree(ready, tmp_path / "ledger")
    with pytest.MonkeyPatch.context() as patch, reopened(tmp_path / "ledger") as network:
        die_at(steps + 1, patch, after=False)
        story(network)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_while_a_handover_is_made_up_for_is_made_up_for(after: bool, tmp_path: Path) -> None:
    voted_policy(tmp_path / "ready")
    with pytest.MonkeyPatch.context() as patch, reopened(tmp_path / "ready") as network:
        die_at(2, patch, after=True)
        with pytest.raises(Killed):
            hand_over(network)
    for step in range(1, 11):
        folder = tmp_path / f"{step}"
        shutil.copytree(tmp_path / "ready", folder)
        with pytest.MonkeyPatch.context() as patch:
            die_at(step, patch, after=after)
            with contextlib.suppress(Killed):
                reopened(folder).close()
        with reopened(folder) as network:
            assert "fifth" in network.policy.witnesses
            check_signed(network)
            if step % 4 == 0:
                check(network, tmp_path / f"{step}.export")


def full_disk(patch: pytest.MonkeyPatch, path: Path) -> None:
    """No byte more for this file."""
    pwrite, replace = os.pwrite, os.replace
    no_space = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_pwrite(file: int, data: bytes, offset: int) -> int:
        if path.exists() and os.path.samestat(os.fstat(file), path.stat()):
            raise no_space
        return pwrite(file, data, offset)

    def no_replace(source: Path, target: Path) -> None:
        if target == path:
            raise no_space
        replace(source, target)

    patch.setattr(os, "pwrite", no_pwrite)
    patch.setattr(os, "replace", no_replace)


@pytest.mark.parametrize("name", [policy_path(1), handover_path(1), SIGNING_STATE, journal_path(BEACON)])
def test_a_full_disk_under_a_handover_loses_nothing(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    voted_policy(folder)
    with reopened(folder) as network:
        with pytest.MonkeyPatch.context() as patch:
            full_disk(patch, folder / name)
            with pytest.raises(LedgerError, match="No space left on device"):
                hand_over(network)
        if name != SIGNING_STATE:
            network.commit(AREA, now(network))
        hand_over(network)
        assert "fifth" in network.policy.witnesses
        check(network, tmp_path / "export")
    with reopened(folder) as network:
        check(network, tmp_path / "again")


def test_a_full_disk_under_the_key_file_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "ledger"
    with found(folder) as network:
        before = (folder / KEYS).read_bytes()
        monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(ChainError, match="disk is full"):
            network.hold_validator("fifth", seed_of("fifth"))
        monkeypatch.undo()
        assert (folder / KEYS).read_bytes() == before
        assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    with reopened(folder) as network:
        assert network.hold_validator("fifth", seed_of("fifth")) == network.hold_validator("fifth", seed_of("fifth"))


def test_a_begun_channel_that_was_lost_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    voted_channel(folder)
    with reopened(folder) as network:
        begin(network)
        network.commit(GOVERNANCE, now(network))
    (folder / journal_path(NEW)).unlink()
    with pytest.raises(LedgerError) as lost:
        reopened(folder)
    assert lost.value.code == "empty"


def test_a_ledger_that_was_stuck_for_too_many_signatures_opens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier release read notes of fewer signatures than a change of many validators takes."""
    with found(tmp_path / "ledger") as network:
        for validator in ("dispatcher", "regulator"):
            key = network.hold_validator(validator, seed_of(f"again/{validator}"))
            decide(network, {"kind": "replace-validator", "key": str(key), "validator": validator})
        with monkeypatch.context() as earlier:
            earlier.setattr(chain.note, "LIMITS", replace(LIMITS, note_signatures_max=6))
            with pytest.raises(ChainError, match="7 signatures, more than 6"):
                network.beacon(now(network))
    with reopened(tmp_path / "ledger") as network:
        assert network.policy == network.newest_policy
        network.beacon(now(network))
        seal_all(network, signer("regulator"), now(network))
        export_network(network, tmp_path / "export")
        verify_export(tmp_path / "export", network.signers.history.policies[0].text, "policy")
