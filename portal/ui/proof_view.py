"""How a proof looks: each step with its leaf, its path and the root that it leads to, and who signed that root.

What is shown here was verified before (`portal.ui.proofs` returns nothing else); the path is there to be checked again
by hand or by another program.
"""

from chain.record import ChannelRecord, Record
from portal.ui import numbers
from portal.ui.html import Html, join, tag
from portal.ui.proofs import Inclusion, RowProof
from portal.ui.tables import Cell, Column, facts, literal, table
from portal.ui.words import say


def inclusion(heading: str, proof: Inclusion, opened: bool = False) -> Html:
    """One step, folded unless `opened`."""
    place = say("proof.summary", index=numbers.count(proof.index), size=numbers.count(proof.size))
    tick = tag("span", "✓", cls="gp-tick", aria_hidden="true")
    summary = tag("summary", tick, " ", heading, " ", tag("span", place, cls="gp-dim"))
    body = join((facts(_facts(proof), heading), _path(proof)))
    return tag("details", summary, body, cls="gp-proof", open="open" if opened else None)


def row_step(proof: RowProof, opened: bool = False) -> Html:
    """Step 1: a row under the root in its entry's receipt."""
    return inclusion(say("proof.row", table=proof.table, entry=numbers.count(proof.entry)), proof.inclusion, opened)


def entry_step(channel: ChannelRecord, proof: Inclusion, opened: bool = False) -> Html:
    """Step 2: an entry under the channel's signed root."""
    return inclusion(say("proof.entry", channel=channel.channel), proof, opened)


def head_step(proof: Inclusion, opened: bool = False) -> Html:
    """Step 3: the channel's head under the beacon's signed root."""
    return inclusion(say("proof.head"), proof, opened)


def checkpoint(record: Record, channel: ChannelRecord) -> Html:
    """The signed notes, as they are, and whose signatures on them hold."""
    parts = []
    for heading, note, verified in (
        (say("proof.channel-checkpoint", channel=channel.channel), channel.checkpoint_note, channel.checkpoint),
        (say("proof.beacon-checkpoint"), record.beacon_note, record.beacon),
    ):
        rows: list[tuple[Cell, ...]] = [(verified.log_key.name, say("proof.log-key"), "")]
        rows += [
            (name, say("proof.cosigner"), numbers.clock(seconds * 1000, seconds=True))
            for name, seconds in verified.cosigners
        ]
        columns = (Column(say("proof.signer")), Column(say("proof.as")), Column(say("overview.signed-at"), "time"))
        text = note.decode("utf-8", errors="replace")
        body = join((literal(text), table(columns, rows, heading)))
        parts.append(tag("details", tag("summary", heading), body, cls="gp-proof"))
    return join(parts)


def _facts(proof: Inclusion) -> tuple[tuple[str, Cell], ...]:
    return (
        (say("proof.leaf"), tag("code", proof.leaf.hex())),
        (say("proof.root"), tag("code", proof.root.hex())),
    )


def _path(proof: Inclusion) -> Html:
    """Deepest node first; on which side each stands, by the turns of RFC 6962."""
    if not proof.path:
        return tag("p", say("proof.single"), cls="gp-p")
    inner = (proof.index ^ (proof.size - 1)).bit_length()
    lines = []
    for level, node in enumerate(proof.path):
        is_left = level >= inner or proof.index >> level & 1
        side = say("proof.left") if is_left else say("proof.right")
        lines.append((str(level), side, tag("code", node.hex())))
    columns = (Column(say("proof.level"), "number"), Column(say("proof.side")), Column(say("proof.node"), "code"))
    return table(columns, lines, say("proof.path"))
