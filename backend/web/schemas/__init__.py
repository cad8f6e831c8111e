"""HTTP bodies, one file per feature."""
