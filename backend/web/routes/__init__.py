"""Routes, one file per feature."""
