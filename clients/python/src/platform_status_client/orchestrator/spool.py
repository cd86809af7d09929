"""What could not be told to the service, kept on disk until it can be told.

Each call is one file; their names are their order. They are sent one after another, and a later call waits for the
earlier ones, so that the service hears everything in the order in which it happened. A call that the service refuses is
set aside, for a person to look at; nothing is deleted that was not told.

A call can fail each time although the service takes other calls. After some tries it is set aside, too, so that the
calls behind it go on. Those about the same container are set aside with it, because they need what it would have told.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import Problem, StatusServiceError, Unreachable
from ..transport import RETRY_STATUSES

log = logging.getLogger('platform_status_client')

# refusals that another key, or another moment, may lift
LATER = RETRY_STATUSES | {401, 403, 500}
# refusals that say nothing about the call itself: the key, or the service as a whole
NOT_OF_THE_CALL = frozenset({401, 408, 429, 503})
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
# of a call that fails while the service takes others; with the pauses, about two minutes
TRIES = 8


def may_pass(error: Exception) -> bool:
    """Whether the same call can succeed later."""
    return isinstance(error, Unreachable) or (isinstance(error, Problem) and error.status in LATER)


def spool_folder(url: str) -> Path:
    """Where calls to this service are kept: PLATFORM_STATUS_SPOOL, else a folder of the user's state."""
    named = os.environ.get('PLATFORM_STATUS_SPOOL')
    state = Path(os.environ.get('XDG_STATE_HOME') or Path.home() / '.local' / 'state')
    return Path(named) if named else state / 'platform-status' / hashlib.sha256(url.encode()).hexdigest()[:16]


class Spool:
    """A queue of calls in a folder.

    `send` makes one call, and raises when it was not taken. `takes_calls` says whether the service takes calls at all.
    """

    def __init__(
        self, folder: Path, send: Callable[[str, dict[str, Any]], None], takes_calls: Callable[[], bool]
    ) -> None:
        self.folder = folder
        self._send = send
        self._takes_calls = takes_calls
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._count = 0
        self._wake = threading.Event()
        self._closed = False
        self._sender: threading.Thread | None = None
        self._tried: tuple[str, int] = ('', 0)
        # whether the service did not answer the last call
        self._away = False
        # what the calls that failed were about, until nothing waits any more
        self._untold: set[str] = set()

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

    def put(self, name: str, arguments: dict[str, Any], objects: Iterable[str] = ()) -> None:
        """Keeps a call about these objects; when this returns it is on the disk."""
        with self._lock:
            self._count += 1
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self.folder / f'{time.time_ns():020d}-{os.getpid()}-{self._count:06d}.json'
            _write(path, {'call': name, 'objects': sorted(objects), 'arguments': arguments})
        self._run()

    def flush(self) -> bool:
        """Sends what is kept, in order, until one cannot be sent. True when nothing is left."""
        with self._sending, self._alone() as alone:
            if not alone:
                return not self.waiting()
            while kept_calls := self.waiting():
                if not self._settle(kept_calls[0]):
                    return False
            self._untold.clear()
            return True

    def _settle(self, path: Path) -> bool:
        """Sends a call, or sets it aside. False when it must wait."""
        try:
            kept = json.loads(path.read_text(encoding='utf-8'))
        except ValueError as error:
            self._set_aside(path, {}, f'the file cannot be read: {error}')
            return True
        objects = set(kept.get('objects', ()))
        if untold := self._untold & objects:
            self._untold |= objects
            self._set_aside(path, kept, f'an earlier call about {", ".join(sorted(untold))} was set aside')
            return True
        try:
            self._send(kept['call'], kept['arguments'])
        except Exception as error:
            self._away = isinstance(error, Unreachable)
            if not may_pass(error):
                reason = error if isinstance(error, StatusServiceError) else repr(error)
                self._set_aside(path, kept, f'it was refused: {reason}')
                return True
            if not self._was_last_try(path, error):
                return False
            self._untold |= objects
            self._set_aside(path, kept, f'it failed {TRIES} times while the service takes other calls: {error}')
        else:
            path.unlink(missing_ok=True)
        return True

    def _was_last_try(self, path: Path, error: Exception) -> bool:
        """Counts a failure, if it is one of this call and not of the service as a whole."""
        if isinstance(error, Problem) and error.status in NOT_OF_THE_CALL:
            return False
        if not self._takes_calls():
            return False
        name, tries = self._tried
        self._tried = (path.name, tries + 1 if name == path.name else 1)
        return self._tried[1] >= TRIES

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
        pause, head = FIRST_PAUSE, None
        while not self._closed:
            if self.flush():
                with self._lock:
                    if not self.waiting():
                        self._sender = None
                        return
                continue
            before, head = head, next(iter(self.waiting()), None)
            # another call is the first now, so there was progress; and a service that is away may be back any moment
            pause = min(2 * pause, LONGEST_PAUSE) if before == head and not self._away else FIRST_PAUSE
            self._wake.wait(pause)

    def _set_aside(self, path: Path, kept: dict[str, Any], reason: str) -> None:
        aside = self.folder / 'set-aside'
        aside.mkdir(exist_ok=True, mode=0o700)
        if kept:
            _write(aside / path.name, {**kept, 'reason': reason})
            path.unlink(missing_ok=True)
        else:
            os.replace(path, aside / path.name)
        log.error(
            '%s was set aside, because %s. It is in %s; to send it again, move the file to the folder above',
            kept.get('call', 'a kept call'),
            reason,
            aside / path.name,
        )

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


def _write(path: Path, kept: dict[str, Any]) -> None:
    """Writes a file that is there completely or not at all."""
    unfinished = path.with_suffix('.part')
    with open(unfinished, 'w', encoding='utf-8') as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        # the types of this module are there on Windows only
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
