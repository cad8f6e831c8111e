"""A simulated estate that speaks the wire protocols of the real systems on loopback."""
