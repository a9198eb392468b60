"""The doors: command line and, later, more; thin, each over a Predictor."""
