"""The contracts, each a file or a family of files whose names begin with its own."""
