"""The taso dialect: the ops, their form, verifier, shape inference, meaning and FLOPs."""
