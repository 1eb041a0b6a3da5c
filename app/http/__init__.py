"""HTTP: routes made from the resources, and what all answers have in common."""
