"""The programs of a simulated host, one file per family; each looks at the machine and prints as the real one does."""
