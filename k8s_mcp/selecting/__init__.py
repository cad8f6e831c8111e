"""Which objects a selector means, for objects that are at hand."""
