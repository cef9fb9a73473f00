"""From taso to linalg, from linalg to source, and running and measuring that source."""
