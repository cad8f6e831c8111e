"""Which model answers: names, order, circuit breakers, budgets and what each call costs."""
