"""Lists as tables: rows from API objects, abnormal first, in pages that fit a budget."""
