"""One file per tool family; a tool checks its arguments, reads the cluster, and hands the rest to pure functions."""
