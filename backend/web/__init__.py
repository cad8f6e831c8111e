"""The HTTP side: routes, schemas, server-sent events, problem details, and the page itself."""
