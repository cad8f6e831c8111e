"""How the objects of a namespace hang together: who routes to, owns, scales, selects and uses whom."""
