"""Shell sessions on a terminal that a model can use: commands, a program's questions, signals, recordings."""
