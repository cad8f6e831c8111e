"""Looks at hosts and clusters at regular times, and says so when something is wrong, once."""
