"""The review pages and the REST API, over a Predictor and a Store."""
