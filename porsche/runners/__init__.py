"""The ports to engines: each runs a compiled pipeline."""
