"""The control loops: each compares what is wanted with what is there and takes the next step."""
