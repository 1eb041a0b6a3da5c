"""What is served: one file a resource, each declared once."""
