"""One file per source on a host: what its text says, as plain readings. No parser raises on any text."""
