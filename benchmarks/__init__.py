"""Programs that measure what things cost, and print it beside what others cost: `run.py bench`."""
