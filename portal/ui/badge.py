"""Badges: one word in colour, and the sentences that it stands for. Each is computed from what was verified.

1. Green is for what was verified under a policy of the reader's (handed in or pinned). A self-asserted record is amber
   whatever else holds (trust rule 1); a failure is red; what was not computed is grey.
2. A badge says against which beacon, at what time, signed by whom, and how far: `complete` to an entry, or `included`.
   What the export withholds is named wherever completeness is claimed for all of it.
3. An embedded deployment is said to be one trust domain.
"""

from typing import Literal

from audit import SessionReplay
from portal.ui import numbers
from portal.ui.html import Html, join, tag
from portal.ui.words import say
from queries.status import Status

Colour = Literal["green", "amber", "red", "grey"]

_MARKS: dict[Colour, str] = {"green": "✓", "amber": "!", "red": "✗", "grey": "–"}


def badge(colour: Colour, word: str, *sentences: str | Html, name: str) -> Html:
    """`name` is what tests and style sheets know it by."""
    mark = tag("span", _MARKS[colour], cls="gp-mark", aria_hidden="true")
    pill = tag("span", mark, word, cls=f"gp-pill gp-{colour}")
    text = join((tag("span", sentence, cls="gp-sentence") for sentence in sentences), " ")
    return tag("div", pill, " ", text, cls="gp-badge", data_badge=name, data_colour=colour, role="status")


def record_badge(status: Status, channel: str | None = None) -> Html:
    """Rules 1–3 for answers over one channel, or all of them: complete to an entry."""
    return _verified(status, _complete(status, channel), "record")


def standing_badge(status: Status) -> Html:
    """Whose word the record is, in short: for the sidebar. The page beside it says the rest."""
    word = say("badge.verified") if status.verified else say("badge.self-asserted")
    sentences = [say(f"anchor.{status.signers}"), *([withheld(status)] if status.withheld else [])]
    return badge("green" if status.verified else "amber", word, *sentences, name="standing")


def inclusion_badge(status: Status, what: str, complete_in: str | None = None) -> Html:
    """Rules 1–3 for something whose proofs were just verified: included; and complete, if it is all of a channel."""
    included = say("badge.included" if status.verified else "badge.included-own", what=what)
    extent = f"{included} {_complete(status, complete_in)}" if complete_in else included
    return _verified(status, extent, "included")


def replay_badge(replay: SessionReplay, status: Status) -> Html:
    """Whether re-execution gave every receipt, bit for bit; else the first difference. Rule 1 holds here too."""
    entries = numbers.count(len(replay.entries))
    if not replay.entries:
        return badge("grey", say("replay.none"), name="replay")
    if replay.exact:
        sentence = say("replay.exact.sentence", entries=entries, rounds=len(replay.steps))
        if not status.verified:
            return badge("amber", say("replay.exact"), sentence, say("anchor.self-asserted"), name="replay")
        return badge("green", say("replay.exact"), sentence, name="replay")
    first = replay.differences[0]
    sentence = say(
        "replay.differs.sentence",
        entry=first.entry,
        path=first.path,
        recorded=first.recorded,
        recomputed=first.recomputed,
        others=len(replay.differences) - 1,
    )
    return badge("red", say("replay.differs"), sentence, name="replay")


def withheld(status: Status) -> str:
    """Rule 2: the channels that are not in the export, and for whom they are."""
    names = ", ".join(f"{one.channel} ({say(f'openness.{one.openness}')})" for one in status.withheld)
    return say("badge.withheld", channels=names)


def trust_domain(status: Status) -> str:
    """Rule 3, and what the deployment survives."""
    survived = say("trust.survives", forks=status.survives_forks, silence=status.survives_silence, f=status.faults)
    return f"{say(f'trust.{status.deployment}')} {survived}"


def _complete(status: Status, channel: str | None) -> str:
    chosen = [item for item in status.channels if channel is None or item.channel == channel]
    heads = ", ".join(
        say("badge.to-entry", channel=item.channel, entry=numbers.count(item.complete_to)) for item in chosen
    )
    complete = say("badge.complete" if status.verified else "badge.complete-own", heads=heads)
    return complete if channel is not None or not status.withheld else f"{complete} {withheld(status)}"


def _verified(status: Status, extent: str, name: str) -> Html:
    signed = say(
        "badge.signed",
        size=numbers.count(status.beacon_size),
        cosigners=", ".join(status.cosigners),
        time=numbers.time_of(status.quorum_time_s * 1000),
    )
    anchor = say(f"anchor.{status.signers}")
    domain = say("badge.one-domain") if status.deployment == "embedded" else ""
    colour: Colour = "green" if status.verified else "amber"
    word = say("badge.verified") if status.verified else say("badge.self-asserted")
    return badge(colour, word, extent, signed, anchor, *((domain,) if domain else ()), name=name)
