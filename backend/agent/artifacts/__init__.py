"""Tool results too large for a model, kept whole and read piece by piece."""
