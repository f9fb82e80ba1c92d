"""Learning curves of trials that are trained to their end: what the rules of the search are chosen by."""
