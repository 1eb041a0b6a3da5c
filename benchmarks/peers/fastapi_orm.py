"""The usual way: FastAPI, a SQLAlchemy session for each request, a response model.

`fastapi_orm.py PORT DATABASE_URL`. As in the guides of both: plain functions, which FastAPI runs in
threads, the engine with its defaults, the page by an indexed filter and a LIMIT. Only the columns
that are shown are mapped.
"""

import sys
from collections.abc import Iterator
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

PORT, DATABASE_URL = int(sys.argv[1]), sys.argv[2]
engine = create_engine(DATABASE_URL)
new_session = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class FundingRecord(Base):
    __tablename__ = "funding"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    country: Mapped[str | None]
    company: Mapped[str | None]
    round_type: Mapped[str | None]
    period: Mapped[str]
    amount_usd: Mapped[int | None]
    amount: Mapped[int | None]
    currency: Mapped[str | None]
    qualifier: Mapped[str | None]
    source: Mapped[str]
    locator: Mapped[str | None]


class Funding(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: str
    country: str | None
    company: str | None
    round_type: str | None
    period: str
    amount_usd: int | None
    amount: int | None
    currency: str | None
    qualifier: str | None
    source: str
    locator: str | None


class Page(BaseModel):
    data: list[Funding]


def session() -> Iterator[Session]:
    """Give a session for the time of a request."""
    with new_session() as opened:
        yield opened


app = FastAPI()


@app.get("/funding", response_model=Page)
def list_funding(
    opened: Annotated[Session, Depends(session)],
    country: str,
    min_amount_usd: Annotated[int, Query(ge=0)],
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> dict[str, object]:
    """List the funding of a country from an amount on."""
    query = (
        select(FundingRecord)
        .where(FundingRecord.country == country, FundingRecord.amount_usd >= min_amount_usd)
        .order_by(FundingRecord.id)
        .limit(limit)
    )
    return {"data": opened.scalars(query).all()}


if __name__ == "__main__":
    uvicorn.run(app, port=PORT, log_level="warning", access_log=False, server_header=False)
