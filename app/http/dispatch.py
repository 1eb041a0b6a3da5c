"""The short way to a route: to its own handler at once, for addresses that need no search.

The router looks through all routes and readies what a handler might depend on. The reads here
depend on the request alone. So they are called with it directly, by address; every other request,
and whatever is not a plain GET of such an address, goes to the router as before. Handlers,
parameters, errors and documentation are those of the same routes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from inspect import iscoroutinefunction, signature
from typing import Final

import anyio.to_thread
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.kit.promptly import AT_ONCE_AT_MOST, TakesTime, promptly

Handler = Callable[[Request], Response]

PROMPT: Final = "prompt"
"""Marks, among the extensions of a handler, one whose answers can mostly be had at once."""

AT_ONCE: Final = "airace.at_once"
"""What a scope may have to be told, by a call, that its answer was had at once."""

TAKES_TIME: Final = "airace.takes_time"
"""What a scope has once its answer was asked for at once, in vain."""


def prompt(handler: Handler) -> Handler:
    """Mark a handler whose answers can mostly be had at once, or else raise TakesTime soon."""
    setattr(handler, PROMPT, True)
    return handler


class Dispatch:
    """Calls handlers by address. The prompt ones it calls in the event loop, which is quicker.

    Where they wait for a server it calls them in one of a few threads. One that takes its time
    either way is called again in another thread, like all the others.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], *, waits: bool = False) -> None:
        self._app = app
        self._few = ThreadPoolExecutor(AT_ONCE_AT_MOST) if waits else None
        self._handlers: dict[str, Handler] = {}
        for route in routes:
            if isinstance(route, APIRoute) and _needs_nothing_else(route):
                self._handlers.setdefault(route.path, route.endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        handler = None
        if scope["type"] == "http" and scope["method"] == "GET":
            path: str = scope["path"]
            handler = self._handlers.get(path.removeprefix(scope.get("root_path", "")))
        if handler is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        response = None
        if hasattr(handler, PROMPT) and TAKES_TIME not in scope:
            with suppress(TakesTime):
                response = await self._promptly(handler, request)
                if at_once := scope.get(AT_ONCE):
                    at_once()
        if response is None:
            response = await anyio.to_thread.run_sync(handler, request)
        await response(scope, receive, send)

    def at_once(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a GET without ever waiting. Raises LookupError where there is no prompt way to.

        What the handler raises, TakesTime say, is raised here, before anything is sent.
        """
        handler = self._handlers.get(scope["path"].removeprefix(scope["root_path"]))
        if handler is None or not hasattr(handler, PROMPT):
            raise LookupError(scope["path"])
        response = promptly(handler, Request(scope))
        return response(scope, receive, send)

    async def _promptly(self, handler: Handler, request: Request) -> Response:
        if self._few is None:
            return promptly(handler, request)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._few, promptly, handler, request)


def _needs_nothing_else(route: APIRoute) -> bool:
    """Return whether a route is a GET of one address, by a function of the request alone."""
    taken = list(signature(route.endpoint).parameters.values())
    return (
        route.methods == {"GET"}
        and "{" not in route.path
        and not iscoroutinefunction(route.endpoint)
        and [parameter.annotation for parameter in taken] == [Request]
        and not route.dependencies
    )
