"""The hosts that are watched: how they stand now, and how their figures went."""
