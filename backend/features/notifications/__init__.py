"""Messages to people in chat groups: an outbox that loses nothing, routed by severity, merged when there are many."""
