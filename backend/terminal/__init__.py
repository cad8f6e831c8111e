"""`ding-robot chat`: a terminal client that knows the backend only through its HTTP API."""
