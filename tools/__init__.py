"""The command-line tools: taso-opt and taso."""
