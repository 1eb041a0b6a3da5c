"""The least that a FastAPI application can be, to compare starts with: `empty.py PORT [MODULE …]`.

What it is told to import it imports before it serves.
"""

import sys
from importlib import import_module

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def home() -> dict[str, str]:
    """Answer."""
    return {"say": "hello"}


if __name__ == "__main__":
    for module in sys.argv[2:]:
        import_module(module)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
