"""The REST API, a router per tag; its description is at /api/docs."""
