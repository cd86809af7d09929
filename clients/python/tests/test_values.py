from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from platform_status_client.values import json_body, parameter, rfc3339, segment


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures('in_berlin')
class TestTimes:
    def test_a_naive_time_is_one_of_this_machine(self) -> None:
        assert rfc3339(datetime(2026, 7, 1, 12, 0, 0, 500_000)) == '2026-07-01T10:00:00.500Z'
        assert rfc3339(datetime(2026, 1, 1, 12)) == '2026-01-01T11:00:00.000Z'

    def test_of_a_repeated_hour_fold_tells_which(self) -> None:
        # clocks go back from 3:00 to 2:00 on 2026-10-25
        first, second = (datetime(2026, 10, 25, 2, 30, fold=fold) for fold in (0, 1))
        assert rfc3339(first) == '2026-10-25T00:30:00.000Z'
        assert rfc3339(second) == '2026-10-25T01:30:00.000Z'

    def test_a_time_with_a_zone_keeps_its_instant(self) -> None:
        zone = timezone(timedelta(hours=-5))
        assert rfc3339(datetime(2026, 7, 1, 12, tzinfo=zone)) == '2026-07-01T17:00:00.000Z'


def test_times_in_bodies_and_parameters() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    assert json_body({'start': noon}) == b'{"start":"2026-07-01T12:00:00.000Z"}'
    assert parameter(noon) == '2026-07-01T12:00:00.000Z'
    assert [parameter(value) for value in (True, False, 5, 'x')] == ['true', 'false', '5', 'x']


def test_names_are_quoted_in_paths() -> None:
    assert segment('A/B 1%?#é') == 'A%2FB%201%25%3F%23%C3%A9'
    assert segment(3) == '3'


@pytest.mark.parametrize('name', ['', '.', '..'])
def test_what_no_url_can_carry_is_told_before_it_is_sent(name: str) -> None:
    with pytest.raises(ValueError, match='path of a URL'):
        segment(name)


class Float32:
    """Behaves as a float of numpy, which is not a Python float."""


Float32.__module__, Float32.__name__ = 'numpy', 'float32'


@pytest.mark.parametrize(
    ('body', 'kind', 'told'),
    [
        (
            {'steps': [{}, {'data': {'wavelength': float('nan')}}]},
            ValueError,
            r'steps\[1\]\.data\.wavelength: JSON has no number nan',
        ),
        ({'data': {'od': Float32()}}, TypeError, r'data\.od: a numpy\.float32 is not JSON'),
        ({'data': {'names': {1, 2}}}, TypeError, r'data\.names: a builtins\.set is not JSON'),
        ({'data': {(1, 2): 3}}, TypeError, r'data: the name of a member must be text, not tuple'),
        ({'name': '\ud800'}, ValueError, r'name: the text contains a lone surrogate'),
        (float('inf'), ValueError, 'the body: JSON has no number inf'),
    ],
)
def test_errors_name_the_member_that_is_not_json(body: object, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        json_body(body)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_numbers_that_json_does_not_have_are_told(value: float) -> None:
    with pytest.raises(ValueError, match='JSON'):
        json_body({'value': value})
