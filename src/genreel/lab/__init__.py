"""Making a model. Needs the extra `lab`."""
