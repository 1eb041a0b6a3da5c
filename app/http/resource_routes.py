"""The routes of a resource: list, detail and history, in every format. One factory for all."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from app.http.answers import detail_answer, list_answer, require_versions
from app.http.dispatch import prompt
from app.http.openapi import Parameters, QueryModel, path_parameter, responses, table_words
from app.http.shapes import Shape, chosen_shape, detail_shape, page_shape, version_shape
from app.kit.formats import TABLE_FORMATS, TableFormat
from app.resources.ledger_lists import VersionList
from app.resources.queries import DetailQuery, PageQuery, list_query
from app.resources.reading import Listing, ResourceList
from app.resources.resource import Resource
from app.storage.database import Database

_TABLE_TYPES = tuple(table.media_type for table in TABLE_FORMATS)
ListEndpoint = Callable[[Request], Response]


def resource_router(resource: Resource, database: Database) -> APIRouter:
    """Return the routes that follow from the declaration of a resource."""
    router = APIRouter(tags=[resource.many])
    versions = page_shape(version_shape(resource))
    key = path_parameter("id", f"The key of the {resource.one}.", resource.example)
    add_list_routes(
        router,
        path=resource.path,
        operation=f"list_{resource.many}",
        summary=f"List {resource.many}",
        description=resource.about,
        query=lambda: list_query(resource),
        endpoint=lambda table: _list_endpoint(database, resource, table),
        shapes=(page_shape(resource.item), page_shape(chosen_shape(resource.item))),
    )

    def detail(request: Request) -> Response:
        return detail_answer(request, database, resource, request.path_params["id"])

    router.add_api_route(
        f"{resource.path}/{{id}}",
        detail,
        operation_id=f"get_{resource.operation}",
        summary=f"Get one {resource.one}",
        description=f"One row of `{resource.path}`, as the list has it. The address of a key that "
        "was replaced leads to the key that replaced it.",
        responses=responses(
            detail_shape(resource.item),
            errors=(400, 404, 422),
            moves=True,
            description="The row.",
        ),
        response_class=Response,
        openapi_extra=Parameters(DetailQuery, key),
    )
    add_list_routes(
        router,
        path=f"{resource.path}/{{id}}/history",
        operation=f"list_{resource.operation}_history",
        summary=f"List every version of one {resource.one}",
        description="Each version held for the revisions from `revision` to before `until`. Where "
        "the row went on under another key, its last version says so in `replaced_by`, and that "
        "key has the history since.",
        query=PageQuery,
        endpoint=lambda table: _history_endpoint(database, resource, table),
        shapes=(versions,),
        parameters=(key,),
    )
    return router


def add_list_routes(
    router: APIRouter,
    *,
    path: str,
    operation: str,
    summary: str,
    description: str,
    query: QueryModel,
    endpoint: Callable[[TableFormat | None], ListEndpoint],
    shapes: tuple[Shape, ...],
    parameters: tuple[dict[str, object], ...] = (),
    others: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
) -> None:
    """Add a list at a path, negotiated by Accept, and at the path with each format's suffix.

    `others` are media types that a parameter asks for, beside those of tables.
    """
    errors = (400, 404, 422) if parameters else (400, 422)
    documented = Parameters(query, *parameters)
    # Those with a suffix first: a key in the path would take the suffix for a part of itself.
    for table in TABLE_FORMATS:
        router.add_api_route(
            f"{path}.{table.suffix}",
            endpoint(table),
            operation_id=f"{operation}_{table.suffix}",
            summary=f"{summary} as {table.name}",
            description=f"{description} {table_words(table)}",
            responses=responses(
                others=(table.media_type, *others),
                errors=errors,
                never=(406,),
                has_links=True,
                description="The table.",
            ),
            response_class=Response,
            openapi_extra=documented,
            tags=list(tags),
        )
    router.add_api_route(
        path,
        endpoint(None),
        operation_id=operation,
        summary=summary,
        description=description,
        responses=responses(
            *shapes,
            others=(*_TABLE_TYPES, *others),
            errors=errors,
            has_links=True,
            description="A page, or a whole table.",
        ),
        response_class=Response,
        openapi_extra=documented,
        tags=list(tags),
    )


def _list_endpoint(
    database: Database, resource: Resource, table: TableFormat | None
) -> ListEndpoint:
    listing: Listing = ResourceList(resource)

    def list_(request: Request) -> Response:
        model = list_query(resource)  # made for the first who asks: there are many resources
        return list_answer(request, database, lambda _query: listing, model, table=table)

    return list_ if table else prompt(list_)


def _history_endpoint(
    database: Database, resource: Resource, table: TableFormat | None
) -> ListEndpoint:
    def history(request: Request) -> Response:
        key = request.path_params["id"]
        return list_answer(
            request,
            database,
            lambda _query: VersionList(resource, key),
            PageQuery,
            table=table,
            check=require_versions(resource, key),
        )

    return history
