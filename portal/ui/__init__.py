"""The pieces that the site's pages share: opening, addresses, words, exact numbers, badges, tables, charts, proofs."""
