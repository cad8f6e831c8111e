"""Hosts behind a JumpServer bastion: its granted assets, its connection tokens, and what its rules answer."""
