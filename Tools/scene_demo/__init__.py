"""The model in the box: scenes drawn from a seed, a small network of DDColor's architecture, and its training."""
