"""The API page, the page that tells an error, and the policies under which pages are served.

Pure functions: everything that a page shows comes in as an argument. No page holds an inline
script or style, so that each can be served under a policy that forbids them.
"""

from collections.abc import Sequence
from typing import Final

from app.kit.errors import Fault
from app.site.templating import mount_point, render

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; {own}; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HOME_CONTENT_SECURITY_POLICY: Final = _POLICY.format(own="form-action 'self'")
DOCS_CONTENT_SECURITY_POLICY: Final = _POLICY.format(own="form-action 'none'; connect-src 'self'")


def docs_page(*, title: str, openapi_path: str, root_path: str) -> str:
    """Return the interactive API page, which reads the OpenAPI document at `openapi_path`."""
    root = mount_point(root_path)
    return render("docs.html", name=title, root=root, openapi=root + openapi_path)


def problem_page(
    *, name: str, root_path: str, status: int, title: str, detail: str, faults: Sequence[Fault]
) -> str:
    """Return the page that tells what is wrong with what was asked, and where to go on."""
    return render(
        "problem.html",
        name=name,
        root=mount_point(root_path),
        status=status,
        title=title,
        detail=detail,
        faults=faults,
    )
