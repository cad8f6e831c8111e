"""The health report: how every host and cluster stands, what is wrong, where things are going."""
