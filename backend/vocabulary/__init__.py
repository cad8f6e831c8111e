"""The words every layer shares: errors, languages, time, risk."""
