"""A copy of the repository as it stands."""

import shutil
import subprocess
from pathlib import Path

from tests.support import ROOT


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what a clone of the work tree as it stands would hold."""
    names = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-coz", "--exclude-standard"],
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder
