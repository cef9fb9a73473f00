"""The search for the cheapest equal program: e-graph, matching, extraction, cost."""
