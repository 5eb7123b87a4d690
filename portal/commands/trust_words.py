"""How every command says whose signatures a result rests on (trust rules 1 and 4)."""

from datetime import UTC, datetime

from chain.record import Record


def signers_word(record: Record) -> str:
    """`policy`, `pinned` or `self-asserted`."""
    return record.anchor.source


def trust_lines(record: Record) -> list[str]:
    """Sentences for a person: who signed, by whose choice, and what that is worth."""
    cosigners = ", ".join(name for name, _ in record.beacon.cosigners)
    signed = datetime.fromtimestamp(record.beacon.quorum_time_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [f"network {record.network} ({record.network_id[:16]}…), quorum reached {signed}, cosigned by {cosigners}"]
    match record.anchor.source:
        case "policy":
            lines.append("signers: trusted by the policy that you handed in")
        case "pinned":
            lines.append("signers: trusted by a policy that you pinned earlier")
        case _:
            lines.append(
                "signers: self-asserted. Only the export itself says who its validators are; "
                "hand in a policy that you trust with --policy"
            )
    if record.deployment == "embedded":
        lines.append(
            "deployment: embedded. All validator keys lie in one process: these signatures are ONE trust domain"
        )
    forks, silent = record.anchor.policy.survives()
    lines.append(f"the policy survives {forks} forking and {silent} silent validators, if their keys are really apart")
    return lines
