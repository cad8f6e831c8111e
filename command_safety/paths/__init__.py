"""Which files and directories matter: plain functions over the text of a path."""
