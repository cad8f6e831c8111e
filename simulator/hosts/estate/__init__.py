"""Which hosts there are and what is on them, read from the files beside this module."""
