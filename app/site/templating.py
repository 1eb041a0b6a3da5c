"""Templates of the pages: what is put into one is escaped, and nothing may be missing."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"


def render(template: str, /, **values: Any) -> str:
    """Return the page that a template makes of values."""
    return _environment().get_template(template).render(values)


def mount_point(root_path: str) -> str:
    """Return where the service is mounted: `/name` or nothing; never `//host`, another site."""
    name = root_path.strip("/")
    return f"/{name}" if name else ""


@cache
def _environment() -> "Environment":
    # Loaded with the first page: most processes that serve data never make one.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
