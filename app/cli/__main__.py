"""What `python -m app.cli` does."""

from app.cli import main

main()
