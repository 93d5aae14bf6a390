"""Runs the migrations on the connection that the catalogue hands over."""

from __future__ import annotations

from alembic import context

from answerprint.production.tables import Table

# Batch mode rebuilds a table where SQLite cannot alter it.
context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
