"""The shell language: from text to a tree of statements. Knows bash; says nothing about danger."""
