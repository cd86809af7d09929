"""Keeps exceptions away from the orchestrator while steps run.

If a call raises when a step ends, laborchestrator repeats it for ever, without a pause. If a call raises while a target
is chosen, the step stays running for ever. So these calls log the error and return a safe value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import Problem, StatusServiceError

log = logging.getLogger('platform_status_client')

P = ParamSpec('P')
R = TypeVar('R')
S = TypeVar('S')


def safely(
    fallback: Any, *, kept: bool = False
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[Concatenate[S, P], R]]:
    """Makes a method log errors instead of raising them.

    After an error it returns `fallback`. If that is a function, it returns its result for the same arguments. With
    `kept`, a call that the service did not take is kept on disk and sent later. Then later calls wait for it.
    """

    def around(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
        def instead(*args: P.args, **kwargs: P.kwargs) -> R:
            answer: R = fallback(*args, **kwargs) if callable(fallback) else fallback
            return answer

        @wraps(method)
        def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            keeper = getattr(self, 'keeper', None) if kept else None
            if keeper is not None and keeper.replays():
                return method(self, *args, **kwargs)
            if keeper is not None and keeper.keeps_behind(method.__name__, args, kwargs):
                return instead(*args, **kwargs)
            try:
                return method(self, *args, **kwargs)
            except StatusServiceError as error:
                if keeper is not None and keeper.keeps(method.__name__, args, kwargs, error):
                    pass
                elif isinstance(error, Problem):
                    log.error('%s%s was refused: %s', method.__name__, shown(args, kwargs), error)
                else:
                    log.error('%s%s: no response: %s', method.__name__, shown(args, kwargs), error)
            except Exception:
                log.exception('%s%s failed', method.__name__, shown(args, kwargs))
            return instead(*args, **kwargs)

        return guarded

    return around


def shown(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The arguments of a call, short enough for a log."""
    texts = [*map(_short, args), *(f'{name}={_short(value)}' for name, value in kwargs.items())]
    return f'({", ".join(texts)})'


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = type(value).__name__
    return text if len(text) <= 200 else f'{text[:200]}...'
