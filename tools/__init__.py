"""The command-line tools, `taso-opt` and `taso`, and the plug-in for other xDSL tools."""
