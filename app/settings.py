"""Settings, from the environment. Each says in a sentence what it does; the docs print them."""

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation may set, by environment variables."""

    model_config = SettingsConfigDict(env_prefix="AIRACE_", frozen=True, populate_by_name=True)

    database_url: str = Field(
        default="sqlite:///airace.db",
        description="The database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
    )
    seed: str = Field(
        default="article-2024-03-31,cross-check",
        description="The packs to load at first start, by name or path, with commas between; "
        "empty for none.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,  # an empty one would mean every address of the machine
        validation_alias=AliasChoices("AIRACE_HOST", "HOST"),
        description="The address to serve on.",
    )
    port: int = Field(
        default=8000,
        ge=0,
        le=65_535,
        validation_alias=AliasChoices("AIRACE_PORT", "PORT"),
        description="The port to serve on; 0 takes any that is free.",
    )
    root_path: str = Field(
        default="",
        pattern="^(/[A-Za-z0-9._~-]+)*$",
        description="Where a proxy has mounted the service, such as /airace.",
    )
    public_url: str = Field(
        default="",
        pattern="^(https?://[^ ]+[^/ ])?$",
        description="Where others reach the service, such as https://race.example.org: the "
        "addresses in citations begin with it.",
    )
    largest_body: int = Field(
        default=1_048_576, ge=0, description="The most bytes that the body of a request may have."
    )
    largest_address: int = Field(
        default=8_192, ge=256, description="The most bytes that a path with its query may have."
    )
    cache_bytes: int = Field(
        default=33_554_432,
        ge=0,
        description="The most bytes that each process keeps of answers, to give them again while "
        "the data stay as they are; 0 keeps none.",
    )
    cache_milliseconds: int = Field(
        default=200,
        ge=20,
        le=60_000,
        description="On PostgreSQL, how long an answer that was kept may miss a write of another "
        "process; on SQLite it is two milliseconds. A write of the same process is seen at once.",
    )
    early_answers: bool = Field(
        default=True,
        description="Whether answers that are kept, or can be had at once, are sent from where "
        "requests are read, which is faster; False lets each request take the whole way.",
    )

    @property
    def seed_packs(self) -> list[str]:
        """The packs to load at first start."""
        return [name.strip() for name in self.seed.split(",") if name.strip()]

    @field_validator("database_url")
    @classmethod
    def _not_empty(cls, url: str) -> str:
        return url or "sqlite:///airace.db"
