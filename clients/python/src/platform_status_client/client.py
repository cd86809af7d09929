"""The plain client: a method for each operation of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .operations import Operations
from .settings import service_key, service_url
from .transport import Transport
from .watch import Change, watch

if TYPE_CHECKING:
    from typing_extensions import Self


class Client(Operations):
    """A client of the service at `url`. Any number of threads may use one client.

    Without `url` and `api_key`, PLATFORM_STATUS_URL and PLATFORM_STATUS_KEY say them.

    Path parameters are positional arguments, all others are keyword arguments. Methods return the response as a
    dictionary: `client.move_container('SCREEN_001', target_device='Incubator', target_pos=5)`. Times may be datetimes.
    A datetime without a zone is a time of this machine. Methods raise `Problem` if the service refuses the request, and
    `Unreachable` if it does not respond within `retry_for` seconds.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        connect_timeout: float = 2.0,
        read_timeout: float = 15.0,
        retry_for: float = 30.0,
        pool_size: int = 16,
        ca_certs: str | None = None,
    ) -> None:
        api_key = service_key(api_key)
        headers = {'user-agent': 'platform-status-client/0.2.0'}
        if api_key is not None:
            headers['authorization'] = f'Bearer {api_key}'
        transport = Transport(
            service_url(url),
            headers,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            retry_for=retry_for,
            pool_size=pool_size,
            ca_certs=ca_certs,
        )
        super().__init__(transport)

    @property
    def retry_for(self) -> float:
        """For how many seconds a request is sent again."""
        return self._transport.retry_for

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """A client with the same connections that also sends these headers, such as `If-Match` or `Idempotency-Key`."""
        other = copy(self)
        other._headers = {**self._headers, **headers}
        return other

    def each(self, operation: Callable[..., Any], *path: str, **query: Any) -> Iterator[Any]:
        """Yields all items of a list, from all pages: `client.each(client.list_steps, device='Washer')`."""
        while True:
            page = operation(*path, **query)
            yield from page['items']
            if page['next_cursor'] is None:
                return
            query['cursor'] = page['next_cursor']

    def watch(
        self,
        *,
        after: int | None = None,
        device: str | None = None,
        container: str | None = None,
        experiment: str | None = None,
        kind: str | None = None,
    ) -> Iterator[Change]:
        """Yields every change of the lab, as it happens, once and in order.

        Use it in a loop: `for change in client.watch(after=revision):`. It begins after the revision `after`, or
        with what happens next. It connects again by itself, and misses nothing. It ends only when the loop is left,
        or with `Problem` if the service refuses it.
        """
        filters = {'device': device, 'container': container, 'experiment': experiment, 'kind': kind}
        return watch(self._transport, self._headers, filters, after)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
