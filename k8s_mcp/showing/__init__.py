"""Shows any object of the API: without secrets, without noise, within a budget."""
