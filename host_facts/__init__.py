"""Facts of a Linux host: which read-only commands show them, and what their output says. Plain functions, no IO."""
