"""One file per check: a plain function from what was seen of a host to readings."""
