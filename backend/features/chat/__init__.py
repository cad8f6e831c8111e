"""Sessions, turns and runs: a question goes in, an event log and a transcript come out."""
