"""Which release this code is; genesis entries carry it."""

RELEASE = "gridproof 0.1.0"
