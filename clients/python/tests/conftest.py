"""Fixtures. Tests that need the real service are skipped without `PLATFORM_STATUS_URL`. They may change its lab."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fake import Fake, a_fake_service

from platform_status_client import Client


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests leave unsent is not kept for anybody."""
    monkeypatch.setenv('PLATFORM_STATUS_SPOOL', str(tmp_path / 'spool'))


@pytest.fixture
def fake() -> Iterator[Fake]:
    with a_fake_service() as made:
        yield made


@pytest.fixture(scope='session')
def url() -> str:
    if 'PLATFORM_STATUS_URL' not in os.environ:
        pytest.skip('PLATFORM_STATUS_URL names no service to test with')
    return os.environ['PLATFORM_STATUS_URL']


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(url) as made:
        yield made


@pytest.fixture
def tag() -> str:
    """Makes unique names."""
    return uuid4().hex[:8]
