"""Keep a copy of one resource, or of all, by following the changes: no gap, no double.

    python examples/follow.py http://127.0.0.1:8000 copy.json [RESOURCE]

Run it as often as you like, by cron or in a loop: it goes on where its file says it was. The file
is replaced once all is read, by one rename, so that it can be stopped at any moment.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen


def follow(base: str, file: Path, resource: str | None = None) -> dict[str, Any]:
    """Bring the copy in a file up to date and return it: the revision, and rows by resource."""
    new: dict[str, Any] = {"revision": None, "rows": {}}
    copy = json.loads(file.read_text(encoding="utf-8")) if file.exists() else new
    since = "" if copy["revision"] is None else f"&since={copy['revision']}"
    only = f"&resource={resource}" if resource else ""
    address: str | None = f"/changes?limit=1000{since}{only}"
    while address:  # all of its pages are read at the revision of the first one
        with urlopen(base + address) as answer:
            page = json.load(answer)
        for change in page["data"]:
            rows = copy["rows"].setdefault(change["resource"], {})
            if change["action"] == "removed":
                del rows[change["id"]]  # change["replaced_by"] says where it went, if anywhere
            else:
                rows[change["id"]] = change["item"]
        copy["revision"] = page["meta"]["revision"]
        address = page["links"]["next"]
    written = file.with_suffix(".new")
    written.write_text(json.dumps(copy), encoding="utf-8")
    written.replace(file)  # the rows and their revision together, or neither
    return copy


if __name__ == "__main__":
    told = follow(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:4])
    counts = {name: len(rows) for name, rows in told["rows"].items()}
    print(f"Revision {told['revision']}: {counts}")
