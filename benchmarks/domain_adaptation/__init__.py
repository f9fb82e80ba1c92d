"""What adapting an encoder to raw texts of a domain gains on labelled rows of it."""
