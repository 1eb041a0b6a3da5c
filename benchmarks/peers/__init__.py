"""What others would do, written as their own guides do it. Nothing here imports the product."""
