"""Audit records in a hash chain: what was changed, cut out or put in shows. Plain functions over plain data."""
