"""Entering a simulated host: the SSH server, its keys, and the inventory file that names the hosts."""
