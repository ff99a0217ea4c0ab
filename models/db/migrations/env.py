"""Alembic's entry: runs inside the transaction that `models.db.migrate` opened."""

from alembic import context
from sqlmodel import SQLModel

from models.db import tables

assert tables  # imported for its tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
