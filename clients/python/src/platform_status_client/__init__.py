"""Client of platform-status, the status service of a robotic laboratory.

`Client` has a method for each operation of the service. `StatusDB` is a status database for laborchestrator. It is
imported only when it is used, because it needs laborchestrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import Client
from .errors import Problem, StatusServiceError, Unreachable

if TYPE_CHECKING:
    from .orchestrator import StatusDB

__all__ = ['Client', 'Problem', 'StatusDB', 'StatusServiceError', 'Unreachable']


def __getattr__(name: str) -> Any:
    if name == 'StatusDB':
        from .orchestrator import StatusDB

        return StatusDB
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
