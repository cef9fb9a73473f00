"""The rewrite rules, a file per family."""
