"""Answers in Markdown, one file per kind of question, each in both languages."""
