"""One module per command; the table in `portal.cli` says which function of it is the command.

A command's docstring is its `--help`. It raises our own errors and lets `portal.cli.main` say them.
"""
