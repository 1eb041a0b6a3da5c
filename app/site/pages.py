"""The pages, as plain HTML. Pure functions: everything that a page shows comes in as an argument.

No page holds an inline script or style, so that each can be served under a policy that
forbids them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Final

_POLICY: Final = (
    "default-src 'none'; {own}; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HOME_CONTENT_SECURITY_POLICY: Final = _POLICY.format(own="style-src 'self'")
DOCS_CONTENT_SECURITY_POLICY: Final = _POLICY.format(
    own="script-src 'self'; style-src 'self'; connect-src 'self'",
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One resource on the first page: its address, how many entries it has, what they are."""

    path: str
    count: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Example:
    """An address worth opening, relative to the service, and what it answers."""

    address: str
    sentence: str


EXAMPLES: Final = (
    Example("/funding?country=US", "What did the United States take in, and who says so?"),
    Example(
        "/funding?country=US,CN&period=2022..2023",
        "The United States and China over two years: who leads, by how much, "
        "and is the gap closing?",
    ),
    Example("/funding.csv?kind=round&company=anthropic", "Anthropic's rounds, for a spreadsheet."),
    Example("/companies?role=chip-maker", "Who makes the chips?"),
    Example("/models?developer=meta", "Which AI models come from Meta?"),
    Example("/adoption?metric=users&sort=-value", "Who has the most users?"),
    Example("/revisions", "What was changed, when, by whom and why."),
)


@dataclass(frozen=True, slots=True)
class HomeView:
    """All that the first page shows."""

    title: str
    version: str
    revision: int
    """The newest revision; 0 while nothing has been recorded."""
    recorded_at: str
    """When the newest revision was recorded, as it is to be read."""
    shelves: Sequence[Shelf]
    root_path: str = ""
    """Where a proxy has mounted the service, such as `/airace`."""
    examples: Sequence[Example] = EXAMPLES


_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="description" content="$description">
<title>$title</title>
<link rel="icon" type="image/svg+xml" href="$root/static/favicon.svg">
$head
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="bar">
<a class="name" href="$root/">$name</a>
<nav aria-label="Site">
<a href="$root/docs">API&nbsp;docs</a>
<a href="$root/openapi.json">OpenAPI</a>
<a href="$root/changes?since=0">Changes</a>
</nav>
</header>
$body
</body>
</html>
""")

_HOME: Final = Template("""\
<main id="content" class="page" tabindex="-1">
<h1>Who leads the AI race, by&nbsp;how&nbsp;much, and who says so?</h1>
<p class="lead">This service keeps what sources have stated about funding, companies, AI models
and their use, country by country. Every figure names the source that stated it and the revision
that recorded it. Where sources disagree, each figure stands beside the others: nothing is
averaged, and nothing is guessed.</p>
<p class="status">$status</p>

<section aria-labelledby="ask">
<h2 id="ask">Ask it</h2>
<p>Every question is an address. Open one here, or type your own.</p>
<ul class="examples">
$examples
</ul>
</section>

<section aria-labelledby="holds">
<h2 id="holds">What it holds</h2>
<table>
<thead>
<tr><th scope="col">Address</th><th scope="col">Entries</th><th scope="col">What they are</th></tr>
</thead>
<tbody>
$shelves
</tbody>
</table>
</section>

<section aria-labelledby="read">
<h2 id="read">How to read it</h2>
<dl>
<dt>Is the gap closing?</dt>
<dd>Compare figures of one source and one scope over several periods. Where no source gives both
sides of a period, there is no answer, and none is made up.</dd>
<dt>Which source says so?</dt>
<dd>Each fact has a <code>source</code>, found under <a href="$root/sources">/sources</a>, and a
<code>locator</code> that says where in it the figure stands.</dd>
<dt>In other formats</dt>
<dd>Add <code>.csv</code> or <code>.ndjson</code> to the name of a list for the whole result,
with the same filters: <a href="$root/funding.csv">/funding.csv</a>,
<a href="$root/models.ndjson">/models.ndjson</a>.</dd>
<dt>As it was</dt>
<dd>Nothing is ever lost. Add <code>as_of=</code> and a revision or a time to any list of facts to
read it as it stood then$as_of. Each fact has its <code>/history</code>, and
<a href="$root/changes?since=0">/changes</a> lists what to fetch to keep a copy up to date.</dd>
</dl>
</section>
</main>
<footer class="bar">
<p>$name $version</p>
<nav aria-label="More"><a href="$root/docs">API docs</a> <a href="$root/openapi.json">OpenAPI</a>
<a href="$root/revisions">Revisions</a> <a href="$root/changes?since=0">Changes</a></nav>
</footer>""")

# No <main> here: Swagger UI brings its own.
_DOCS: Final = Template("""\
<div id="content" class="docs" tabindex="-1">
<div id="swagger-ui" data-openapi="$openapi"></div>
<noscript><p class="page">This page is drawn by a script. Without one, read the
<a href="$openapi">OpenAPI document</a> itself.</p></noscript>
</div>""")


def home_page(view: HomeView) -> str:
    """Return the first page: what the service answers, what it holds, what to open."""
    root = _prefix(view.root_path)
    text = {"root": escape(root), "name": escape(view.title), "version": escape(view.version)}
    as_of = (
        f": {_link(root, '/funding?country=US&as_of=1')} reads the first revision"
        if view.revision
        else ""
    )
    body = _HOME.substitute(
        text,
        status=_status(view, root),
        examples="\n".join(
            f"<li>{_link(root, example.address)} <span>{escape(example.sentence)}</span></li>"
            for example in view.examples
        ),
        shelves="\n".join(_row(root, shelf) for shelf in view.shelves),
        as_of=as_of,
    )
    return _PAGE.substitute(
        text,
        title=f"{escape(view.title)}: who leads, by how much, and who says so",
        description="Figures on the AI race, country by country, each traced to its source.",
        head=_stylesheet(root, "site.css"),
        body=body,
    )


def docs_page(*, title: str, openapi_path: str, root_path: str) -> str:
    """Return the interactive API page, which reads the OpenAPI document at `openapi_path`."""
    root = _prefix(root_path)
    head = "\n".join(
        (
            _stylesheet(root, "swagger-ui/swagger-ui.css"),
            _stylesheet(root, "site.css"),
            _script(root, "swagger-ui/swagger-ui-bundle.js"),
            _script(root, "docs.js"),
        ),
    )
    return _PAGE.substitute(
        root=escape(root),
        name=escape(title),
        title=f"{escape(title)}: the API",
        description="Every operation of the API, to read and to try.",
        head=head,
        body=_DOCS.substitute(openapi=escape(root + openapi_path)),
    )


def _prefix(root_path: str) -> str:
    """Return the mount point as `/name` or nothing; never `//host`, which is another site."""
    name = root_path.strip("/")
    return f"/{name}" if name else ""


def _link(root: str, address: str) -> str:
    return f'<a href="{escape(root + address)}"><code>{escape(address)}</code></a>'


def _row(root: str, shelf: Shelf) -> str:
    return (
        f'<tr><th scope="row">{_link(root, shelf.path)}</th>'
        f"<td>{shelf.count:,}</td><td>{escape(shelf.sentence)}</td></tr>"
    )


def _status(view: HomeView, root: str) -> str:
    if not view.revision:
        return "Nothing has been recorded yet."
    return (
        f'As of <a href="{escape(root)}/revisions">revision {view.revision:,}</a>, '
        f"recorded {escape(view.recorded_at)}"
    )


def _stylesheet(root: str, name: str) -> str:
    return f'<link rel="stylesheet" href="{escape(root)}/static/{name}">'


def _script(root: str, name: str) -> str:
    return f'<script defer src="{escape(root)}/static/{name}"></script>'
