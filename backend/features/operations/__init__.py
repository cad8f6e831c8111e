"""The product's own tools, servers and health, for the person who runs it."""
