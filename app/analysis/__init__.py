"""What the data say: pure functions over a read transaction."""
