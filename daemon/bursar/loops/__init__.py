"""What runs: the loops that touch providers, sinks and the clock, and decide nothing."""
