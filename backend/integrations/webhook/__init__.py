"""Messages to any HTTP address as signed JSON, and the HTTP client that all webhooks share."""
