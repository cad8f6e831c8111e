"""What a change would do, whether it may be asked about at all, and what came of it: plain functions over objects."""
