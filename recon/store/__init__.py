"""The memory of the product: runs, their events, their results.

SQLAlchemy Core over SQLite by default, PostgreSQL for a team. A run is written once as a request, then
only its state moves; a result is written once, together with the state that makes it visible.
"""

from recon.store.runs import Outcome, Store

__all__ = ["Outcome", "Store"]
