"""What could not be told to the service, kept on disk until it can be told.

Each call is one file; their names are their order. They are sent one after another, and a later call waits for the
earlier ones, so that the service hears everything in the order in which it happened. A call that the service refuses is
set aside, for a person to look at; nothing is deleted that was not told.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Problem, StatusServiceError, Unreachable
from ..transport import RETRY_STATUSES

log = logging.getLogger('platform_status_client')

# refusals that another key, or another moment, may lift
LATER = RETRY_STATUSES | {401, 403, 500}
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0


def may_pass(error: Exception) -> bool:
    """Whether the same call can succeed later."""
    return isinstance(error, Unreachable) or (isinstance(error, Problem) and error.status in LATER)


def spool_folder(url: str) -> Path:
    """Where calls to this service are kept: PLATFORM_STATUS_SPOOL, else a folder of the user's state."""
    named = os.environ.get('PLATFORM_STATUS_SPOOL')
    state = Path(os.environ.get('XDG_STATE_HOME') or Path.home() / '.local' / 'state')
    return Path(named) if named else state / 'platform-status' / hashlib.sha256(url.encode()).hexdigest()[:16]


class Spool:
    """A queue of calls in a folder. `send` makes one call, and raises when it was not taken."""

    def __init__(self, folder: Path, send: Callable[[str, dict[str, Any]], None]) -> None:
        self.folder = folder
        self._send = send
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._count = 0
        self._wake = threading.Event()
        self._closed = False
        self._sender: threading.Thread | None = None

    def waiting(self) -> list[Path]:
        """The calls that are kept, oldest first."""
        try:
            return sorted(self.folder.glob('*.json'))
        except OSError:
            return []

    def start(self) -> None:
        """Sends what an earlier process left behind."""
        if self.waiting():
            self._run()

    def put(self, name: str, arguments: dict[str, Any]) -> None:
        """Keeps a call; when this returns it is on the disk."""
        with self._lock:
            self._count += 1
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self.folder / f'{time.time_ns():020d}-{os.getpid()}-{self._count:06d}.json'
            unfinished = path.with_suffix('.part')
            with open(unfinished, 'w', encoding='utf-8') as file:
                json.dump({'call': name, 'arguments': arguments}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        self._run()

    def flush(self) -> bool:
        """Sends what is kept, in order, until one cannot be sent. True when nothing is left."""
        with self._sending, self._alone() as alone:
            if not alone:
                return not self.waiting()
            while kept_calls := self.waiting():
                path = kept_calls[0]
                try:
                    kept = json.loads(path.read_text(encoding='utf-8'))
                    self._send(kept['call'], kept['arguments'])
                except Exception as error:
                    if may_pass(error):
                        return False
                    self._set_aside(path, error)
                else:
                    path.unlink(missing_ok=True)
            return True

    def close(self) -> None:
        """Stops sending. What is kept stays on the disk, for the next process."""
        self._closed = True
        self._wake.set()

    def _run(self) -> None:
        with self._lock:
            if self._closed or self._sender is not None:
                return
            self._sender = threading.Thread(target=self._send_all, name='platform-status-spool', daemon=True)
            self._sender.start()

    def _send_all(self) -> None:
        pause = FIRST_PAUSE
        while not self._closed:
            if self.flush():
                with self._lock:
                    if not self.waiting():
                        self._sender = None
                        return
                continue
            self._wake.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _set_aside(self, path: Path, error: Exception) -> None:
        refused = self.folder / 'refused'
        refused.mkdir(exist_ok=True, mode=0o700)
        os.replace(path, refused / path.name)
        reason = error if isinstance(error, StatusServiceError) else repr(error)
        log.error('a call that was kept is refused now (%s); it is in %s', reason, refused / path.name)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process sends from this folder. Its lock ends with the process."""
        if not self.folder.is_dir():
            yield True
            return
        with open(self.folder / 'lock', 'a', encoding='utf-8') as file:
            try:
                _lock(file.fileno())
            except OSError:
                yield False
                return
            yield True


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
