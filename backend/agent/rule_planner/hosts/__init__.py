"""Questions about hosts: what they mean, which tool calls answer them, and how the answer reads."""
