"""The reviewed catalogue in a database; SQLAlchemy is imported here alone."""
