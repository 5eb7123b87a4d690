"""What a corrupt quorum may try: each attack changes a forgery, and the table says which place must be named.

A quorum has the true keys, so signatures hold; what stops it is the form of the record and re-execution.
"""

from collections.abc import Callable
from typing import Any

from chain import jcs
from chain.entry import Block, parse_entry
from chain.layout import BEACON
from chain.merkle import root_of
from tests.chain.tamper.forgery import Forgery, forgery, is_transaction
from tests.sample_export import AREAS

AREA, OTHER = AREAS
BLOCK = "block"


def drop_transaction(forged: Forgery) -> None:
    """A refused call that someone would like to forget: positions shift, so seals and rows move with it."""
    index = forged.find(AREA, is_transaction("seal", "forbidden"))
    del forged.entries[AREA][index]
    forged.relink()


def drop_seal(forged: Forgery) -> None:
    index = forged.seal_of(AREA, "trades", -1)
    del forged.files[forged.segment(AREA, "trades", -1)]
    del forged.entries[AREA][index]
    forged.relink()


def drop_first_seal(forged: Forgery) -> None:
    """The next one keeps its place or closes the gap; neither helps."""
    del forged.files[forged.segment(AREA, "trades")]
    del forged.entries[AREA][forged.seal_of(AREA, "trades")]
    forged.relink()


def drop_table_from_genesis(forged: Forgery) -> None:
    def narrow(genesis: dict[str, Any]) -> None:
        genesis["schemas"] = [schema for schema in genesis["schemas"] if schema["table"] != "trades"]

    forged.edit(AREA, 0, narrow)
    forged.repin()


def narrow_catalogue(forged: Forgery) -> None:
    last = len(forged.entries[AREA]) - 1
    forged.edit(AREA, last, lambda block: block.update(catalogue_root="00" * 32))
    forged.repin()


def drop_channel_from_last_round(forged: Forgery) -> None:
    forget(forged, OTHER)
    whole = forgery().entries[BEACON]
    forged.entries[BEACON][:-1] = whole[:-1]


def drop_channel_from_every_round(forged: Forgery) -> None:
    forget(forged, OTHER)


def forget(forged: Forgery, channel: str) -> None:
    forged.channels.remove(channel)
    forged.files = {path: data for path, data in forged.files.items() if not path.startswith(f"{channel}/")}
    forged.repin()


def accept_a_rejected_call(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("seal", "forbidden"))
    forged.edit(
        AREA, index, lambda e: e.update(receipt=e["receipt"] | {"code": "ok", "detail": "", "status": "accepted"})
    )
    forged.relink()


def reject_an_accepted_call(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda e: e.update(receipt=e["receipt"] | {"status": "rejected", "code": "forbidden"}))
    forged.relink()


def forge_signature(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda e: e.update(signature="00" * 64))
    forged.relink()


def respell_signature(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda e: e.update(signature=e["signature"].upper()))
    forged.relink()


def garble_signature(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda e: e.update(signature="no signature"))
    forged.relink()


def change_arguments(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda e: e["body"]["arguments"].update(beneficiary="somebody else"))
    forged.relink()


def turn_block_time_back(forged: Forgery) -> None:
    entries = [parse_entry(data) for data in forged.entries[AREA]]
    blocks = [index for index, entry in enumerate(entries) if isinstance(entry, Block)]
    before = jcs.decode(forged.entries[AREA][blocks[24]])["time"]
    forged.edit(AREA, blocks[25], lambda block: block.update(time=before))
    forged.relink()


def turn_beacon_time_back(forged: Forgery) -> None:
    forged.edit(BEACON, 3, lambda leaf: leaf.update(time=1))


def import_from_the_future(forged: Forgery) -> None:
    index = forged.find(AREA, lambda entry: entry["kind"] == BLOCK and entry["height"] == 1)
    rounds = len(forged.entries[BEACON])
    forged.edit(AREA, index, lambda block: block.update(beacon_round=rounds - 1))
    forged.relink()


def import_too_early(forged: Forgery) -> None:
    """The members' registration is imported with the first block; without it nobody there may sign."""
    forged.edit_all(
        AREA, lambda entry: entry.update(beacon_round=0) if entry["kind"] == BLOCK and entry["height"] else None
    )
    forged.relink()


def swap_two_entries(forged: Forgery) -> None:
    """A trigger and the one after it."""
    entries = forged.entries[AREA]
    index = forged.find(AREA, lambda entry: entry["kind"] == "seal")
    entries[index], entries[index + 1] = entries[index + 1], entries[index]
    forged.relink()


def end_without_block(forged: Forgery) -> None:
    forged.entries[AREA].append(forged.entries[AREA][10])
    pin_last_round_by_force(forged, AREA)


def pin_last_round_by_force(forged: Forgery, channel: str) -> None:
    """The last round names the log's end, block or not."""
    entries = forged.entries[channel]

    def pin(leaf: dict[str, Any]) -> None:
        for head in leaf["heads"]:
            if head["channel"] == channel:
                head.update(size=len(entries), root=root_of(entries).hex())

    forged.edit(BEACON, len(forged.entries[BEACON]) - 1, pin)


def second_genesis(forged: Forgery) -> None:
    forged.entries[AREA].insert(2, forged.entries[AREA][0])
    forged.relink()


def rewrite_an_old_round(forged: Forgery) -> None:
    """An earlier reader of the beacon saw another head than this one shows."""
    forged.edit(BEACON, 2, lambda leaf: leaf["heads"][0].update(root="ab" * 32))


def name_an_old_round_by_another_height(forged: Forgery) -> None:
    forged.edit(BEACON, 2, lambda leaf: leaf["heads"][0].update(height=leaf["heads"][0]["height"] - 1))


def pin_before_it_happened(forged: Forgery) -> None:
    before = jcs.decode(forged.entries[BEACON][2])["time"]
    forged.edit(BEACON, 3, lambda leaf: leaf.update(time=before))


def pin_within_a_block(forged: Forgery) -> None:
    entries = forged.entries[AREA]

    def pin(leaf: dict[str, Any]) -> None:
        size = leaf["heads"][0]["size"] - 1
        leaf["heads"][0].update(size=size, root=root_of(entries[:size]).hex())

    forged.edit(BEACON, 2, pin)


def close_a_channel(forged: Forgery) -> None:
    forged.edit(BEACON, len(forged.entries[BEACON]) - 1, lambda leaf: leaf["heads"][0].update(closed=True))


def skip_a_round(forged: Forgery) -> None:
    del forged.entries[BEACON][3]


def genesis_of_other_network(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis.update(governance="12" * 32))
    forged.relink()


def genesis_of_other_channel(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis.update(channel=OTHER))
    forged.relink()


def genesis_with_other_code(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis["contracts"][0].update(code_sha256="12" * 32))
    forged.relink()


def genesis_with_other_parameters(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis["parameters"]["auction"].update(lambda_bp=501))
    forged.relink()


def genesis_without_parameters(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis.update(parameters={"auction": {"area": "350100", "tick": "ten"}}))
    forged.relink()


def genesis_with_a_broken_key(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis["operators"][0].update(public_key="no key"))
    forged.relink()


def genesis_without_faults(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis.update(faults=3))
    forged.relink()


def genesis_with_negative_faults(forged: Forgery) -> None:
    forged.edit(AREA, 0, lambda genesis: genesis.update(faults=-1))
    forged.relink()


def state_root_of_nothing(forged: Forgery) -> None:
    index = forged.find(AREA, lambda entry: entry["kind"] == BLOCK and entry["state_root"] != "")
    forged.edit(AREA, index, lambda block: block.update(state_root="00" * 32))
    forged.relink()


def rows_root_of_another_batch(forged: Forgery) -> None:
    one = forged.find(AREA, is_transaction("declare"))
    other = jcs.decode(
        forged.entries[AREA][forged.find(AREA, lambda e: is_transaction("declare")(e) and e["body"]["nonce"] == 2)]
    )
    root, count = other["body"]["rows_root"], other["body"]["rows_count"]
    forged.edit(AREA, one, lambda entry: entry["body"].update(rows_root=root, rows_count=count))
    forged.relink()


def batch_without_rows(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("declare"))
    forged.edit(AREA, index, lambda entry: entry["body"].update(rows_root="", rows_count=0))
    forged.relink()


def batch_of_negative_length(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("declare"))
    forged.edit(AREA, index, lambda entry: entry["body"].update(rows_count=-1))
    forged.relink()


def rows_for_a_method_without(forged: Forgery) -> None:
    index = forged.find(AREA, is_transaction("cancel"))
    forged.edit(AREA, index, lambda entry: entry["body"].update(rows_count=1, rows_root="00" * 32))
    forged.relink()


Attack = tuple[Callable[[Forgery], None], str, str]
"""(what is done, beginning of the place that is named, words of the sentence)"""

ATTACKS: tuple[Attack, ...] = (
    (drop_transaction, "area-350100", ""),
    (drop_seal, "area-350100 entry", "re-execution gives"),
    (drop_first_seal, "area-350100 entry", "does not follow"),
    (drop_table_from_genesis, "area-350100 entry", "the seal of 'trades' fits no schema of genesis"),
    (narrow_catalogue, "area-350100", "do not make the catalogue"),
    (drop_channel_from_last_round, "beacon entry", "area-350200 is no longer named"),
    (drop_channel_from_every_round, "beacon entry 0", "governance has registered area-350100, area-350200"),
    (accept_a_rejected_call, "area-350100 entry", "entry.receipt.code"),
    (reject_an_accepted_call, "area-350100 entry", "entry.receipt"),
    (forge_signature, "area-350100 block", "the signature is not by the account's key"),
    (respell_signature, "area-350100 block", "lower-case hexadecimal"),
    (garble_signature, "area-350100 block", "lower-case hexadecimal"),
    (change_arguments, "area-350100 block", "the signature is not by the account's key"),
    (turn_block_time_back, "area-350100 block 25", "is not after the last block's"),
    (turn_beacon_time_back, "beacon entry 3", "time goes back"),
    (import_from_the_future, "area-350100 block 1", "is later than the block"),
    (import_too_early, "area-350100 entry", "re-execution gives"),
    (swap_two_entries, "area-350100 entry", "re-execution gives"),
    (end_without_block, "area-350100", "does not end with the block"),
    (second_genesis, "area-350100 entry", ""),
    (rewrite_an_old_round, "beacon entry 2: area-350100", "does not extend the head pinned at size"),
    (name_an_old_round_by_another_height, "beacon entry 2: area-350100", "no block of that height"),
    (pin_before_it_happened, "beacon entry 3: area-350100", "no block of that height and time"),
    (pin_within_a_block, "beacon entry 2: area-350100", ""),
    (close_a_channel, "beacon entry", "is closed, but not retired"),
    (skip_a_round, "beacon entry 3", "out of order"),
    (genesis_of_other_network, "area-350100", "of another network"),
    (genesis_of_other_channel, "area-350100", "of another network"),
    (genesis_with_other_code, "area-350100", "has other code than the one here"),
    (genesis_with_other_parameters, "area-350100 entry", "re-execution gives"),
    (genesis_without_parameters, "genesis.parameters.auction", ""),
    (genesis_with_a_broken_key, "area-350100", "its operators are not those of governance's genesis: dispatcher"),
    (genesis_without_faults, "area-350100", "f = 3, governance 1"),
    (genesis_with_negative_faults, "area-350100", "f = -1, governance 1"),
    (state_root_of_nothing, "area-350100 entry", "entry.state_root"),
    (rows_root_of_another_batch, "area-350100/tables/orders_submitted", "are not those that were signed"),
    (batch_without_rows, "area-350100 block", "not admissible"),
    (batch_of_negative_length, "area-350100/tables/orders_submitted", "are not those that were signed"),
    (rows_for_a_method_without, "area-350100 entry", "takes none"),
)
