"""Where Alembic learns what to migrate: a connection that the application hands over.

The caller has begun the transaction and ends it, so that all pending migrations happen or none.
"""

from alembic import context

import app.resources.registry  # noqa: F401  (declares the tables)
from app.storage.records import Base

NOT_OURS = ("migration_lock",)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=lambda name, kind, _parents: kind != "table" or name not in NOT_OURS,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
