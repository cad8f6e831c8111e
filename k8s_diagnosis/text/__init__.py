"""Text that goes in and out: names are checked, secrets are hidden, control characters are removed."""
