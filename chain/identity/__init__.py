"""Identity off the chain: keys under a password, login by challenge, deposit numbers. Nothing here is on the record.

- `keystore`: a private key under a password, as bytes
- `challenge`: login by challenge and response
- `lockout`: who fails too often waits
- `deposit`: the identity deposit number
"""
