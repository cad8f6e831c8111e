"""Rules that name the cause of a fault: pure functions over API objects, one per condition, one file per family."""
