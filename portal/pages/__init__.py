"""One page of the site per file, each a function `page(site, address)`.

A page reads its state from `address`, asks `site`, and shows what it found; `portal.ui.frame` catches what goes wrong.
"""
