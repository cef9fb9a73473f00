"""From PyTorch to the taso dialect."""
