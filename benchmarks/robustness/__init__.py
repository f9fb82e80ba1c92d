"""What adaptkit does with a good model folder and good data files after one random change."""
