"""The review pages and the REST API: HTTP over a Service, and nothing else."""
