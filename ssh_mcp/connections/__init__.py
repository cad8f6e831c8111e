"""SSH connections: host keys, credentials, pooling, sessions. The only package that knows the SSH library."""
