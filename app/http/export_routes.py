"""The whole data in one file: a Data Package in a zip."""

from fastapi import APIRouter, Request, Response

from app.exchange.exporting import package_files, package_name, zip_pieces
from app.http.answers import parameters, read_parameters, revision_asked, told
from app.http.caching import Validator
from app.http.headers import header_of
from app.http.negotiation import ZIP
from app.http.openapi import Parameters, responses
from app.http.streams import Stream
from app.resources.queries import ExportQuery
from app.storage.database import Database


def export_router(database: Database) -> APIRouter:
    """Return the route of the whole data."""
    router = APIRouter(tags=["ledger"])

    def export(request: Request) -> Response:
        query = read_parameters(ExportQuery, parameters(request))
        with database.read() as transaction:
            at = told(lambda: revision_asked(transaction, query))
            validator = Validator.of(request, at, ZIP, pinned=transaction.stays(query.as_of))
        if validator.is_known_by(header_of(request.scope, b"if-none-match")):
            return validator.unchanged()
        name = package_name(at, query.licence)
        disposition = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
        headers = {**validator.headers, **disposition}
        pieces = zip_pieces(package_files(database, at, licences=query.licence))
        return Stream(pieces, headers=headers, media_type=ZIP)

    router.add_api_route(
        "/export.zip",
        export,
        operation_id="get_export",
        summary="Download the whole data",
        description="All facts of one revision as a Data Package: a CSV file for each resource, "
        "the keys that were replaced by others, if any, and `datapackage.json` with schemas, "
        "sources, licences, sizes and checksums. `airace load` reads it again. With `licence` only "
        "what sources with such licences state. Companies and AI models of others that rows name "
        "have no more than their names in it (`named.csv`: a database that loads it makes rows of "
        "them where it has none), and of sources that are named as the origin of figures it has "
        "the rows, and nothing that they state.",
        responses=responses(others=(ZIP,), errors=(400, 422), never=(406,), description="The zip."),
        response_class=Response,
        openapi_extra=Parameters(ExportQuery),
    )
    return router
