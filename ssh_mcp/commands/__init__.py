"""Running one command on one host: how it is wrapped, stopped, and what is kept of its output."""
