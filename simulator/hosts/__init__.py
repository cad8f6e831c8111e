"""Simulated Linux hosts: machines with a state, a shell that looks at it and changes it, and an SSH login."""
