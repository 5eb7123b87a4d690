"""Private data that stays private: fields off the record, one salted hash of them on it (`docs/format.md` section 10).

- `record`: a private record, and the `information_hash` that commits to it
- `disclosure`: one field proven to a third party, the others closed
- `sealed`: a record encrypted to named readers; grant and withdraw
- `vault`: the folder where sealed files lie, and are erased
- `on_record`: what a verified export says about a subject's hashes, and about a reader's key
"""
