"""What is known about each command, as data."""
