"""adaptkit at default options against a few lines of scikit-learn, on unseen test rows."""
