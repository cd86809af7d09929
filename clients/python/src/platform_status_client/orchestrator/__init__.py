"""A status database for laborchestrator, which stores its data in platform-status."""

from .status_db import StatusDB

__all__ = ['StatusDB']
