"""The rewrite rules, a file per family; README.md holds the laws for writing them."""
