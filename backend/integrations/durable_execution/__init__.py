"""Durable execution of runs by DBOS: queued, serial per session, and resumed after a crash."""
