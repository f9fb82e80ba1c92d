"""What confirmation and intervals are worth, on public data sets."""
