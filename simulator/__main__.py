"""`python -m simulator`: serve the simulated cluster until it is told to stop."""

from simulator.server import main

if __name__ == "__main__":
    main()
