"""What container images do when they run, described as data and evaluated as plain functions."""
