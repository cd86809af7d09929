"""How steps of laborchestrator become steps of the service, without a service."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

pytest.importorskip('laborchestrator')

from laborchestrator.structures import ProcessStep, StepStatus, UsedDevice

from platform_status_client.orchestrator.kept_calls import decoded, encoded
from platform_status_client.orchestrator.steps import ended_as, logged_step, started_before, was_set_back
from platform_status_client.values import rfc3339

PLACES = '/usr/share/zoneinfo'
# their clocks do odd things: a day left out, half an hour of summer, quarters, changes at midnight, two hours
ODD = (
    'Pacific/Apia',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'America/Havana',
    'Africa/Casablanca',
    'Antarctica/Troll',
    'Europe/Dublin',
    'America/St_Johns',
    'Europe/Berlin',
    'America/New_York',
)


@pytest.fixture
def clock() -> Iterator[Any]:
    before = os.environ.get('TZ')

    def put(zone: str) -> None:
        os.environ['TZ'] = zone
        time.tzset()

    yield put
    if before is None:
        os.environ.pop('TZ', None)
    else:
        os.environ['TZ'] = before
    time.tzset()


def step_of(start: datetime, finish: datetime, status: Any = StepStatus.RUNNING) -> ProcessStep:
    step = ProcessStep(
        name='P1_read',
        cont_names=['plate'],
        function='read',
        duration=1,
        used_devices=[UsedDevice(object, name='Reader', tag='main')],
        data={'fct': 'read'},
    )
    step.start, step.finish, step.status = start, finish, status
    return step


def changes(zone: str) -> list[int]:
    """The instants at which the clocks of a zone are changed, from 2005 to 2030, as seconds since 1970."""
    info = ZoneInfo(zone)

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, info).utcoffset()

    first, last = (int(datetime(year, 1, 1, tzinfo=timezone.utc).timestamp()) for year in (2005, 2030))
    found = []
    for low in range(first, last, 6 * 86_400):
        high = low + 6 * 86_400
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(high)
    return found


def spelled(second: float) -> str:
    return datetime.fromtimestamp(second, timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')


@pytest.mark.skipif(not os.path.isdir(PLACES), reason='this machine has no time zones')
def test_times_are_right_across_every_change_of_the_clock_in_every_zone(clock: Any) -> None:
    generator = random.Random(2026)
    zones = [zone for zone in sorted(available_timezones()) if os.path.isfile(f'{PLACES}/{zone}')]
    checked = 0
    for zone in [*ODD, *generator.sample(zones, 40)]:
        clock(zone)
        info = ZoneInfo(zone)
        for change in changes(zone):
            for _ in range(4):
                # a step that begins or ends within three hours of the change, or on it
                start = (
                    change
                    + generator.choice((-1, 0, 1, generator.randint(-10_800, 10_800)))
                    + generator.choice((0, 0.25))
                )
                seconds = generator.choice((0, 1, 1200, generator.randint(0, 10_800)))
                for begun, over in (
                    # as the orchestrator has it: naive, in this machine's zone
                    (datetime.fromtimestamp(start), datetime.fromtimestamp(start + seconds)),
                    # with the zone, which Python compares as naively
                    (datetime.fromtimestamp(start, info), datetime.fromtimestamp(start + seconds, info)),
                    (datetime.fromtimestamp(start), datetime.fromtimestamp(start + seconds, timezone.utc)),
                ):
                    assert rfc3339(begun) == spelled(start), (zone, begun, begun.fold)
                    made = logged_step(step_of(begun, over), '', [], False)
                    assert made is not None
                    assert (made['start'], made['finish']) == (spelled(start), spelled(start + seconds)), (zone, begun)
                    assert not was_set_back(step_of(begun, over))
                    assert was_set_back(step_of(over, begun)) == (seconds > 0), (zone, begun)
                    assert started_before(step_of(begun, over), over)
                    checked += 1
    assert checked > 5000


@pytest.mark.skipif(not os.path.isdir(PLACES), reason='this machine has no time zones')
def test_a_time_that_the_clock_leaves_out_is_an_hour_later_and_steps_keep_their_order(clock: Any) -> None:
    clock('Europe/Berlin')
    # clocks go from 2:00 to 3:00 on 2026-03-29
    for zone in (None, ZoneInfo('Europe/Berlin')):
        assert rfc3339(datetime(2026, 3, 29, 2, 30, tzinfo=zone)) == '2026-03-29T01:30:00.000Z'
    made = logged_step(step_of(datetime(2026, 3, 29, 1, 50), datetime(2026, 3, 29, 3, 10)), '', [], False)
    assert made is not None
    assert (made['start'], made['finish']) == ('2026-03-29T00:50:00.000Z', '2026-03-29T01:10:00.000Z')


@pytest.mark.skipif(not os.path.isdir(PLACES), reason='this machine has no time zones')
def test_what_waits_in_the_spool_has_the_same_times_when_it_is_read_in_another_zone(clock: Any) -> None:
    generator = random.Random(98)
    for zone in ODD:
        for change in changes(zone):
            # also times that the clock never shows, or shows twice
            shown = datetime.fromtimestamp(change, ZoneInfo(zone)).replace(tzinfo=None)
            start = (shown + timedelta(minutes=generator.randint(-90, 90))).replace(fold=generator.choice((0, 1)))
            step = step_of(start, start + timedelta(minutes=generator.randint(0, 90)))
            clock(zone)
            sent = logged_step(step, '', [], False)
            kept = json.loads(json.dumps(encoded(step)))
            clock('Pacific/Auckland')
            later = logged_step(decoded(kept), '', [], False)
            assert sent is not None
            assert later is not None
            assert (later['start'], later['finish']) == (sent['start'], sent['finish']), (zone, start, start.fold)


@pytest.mark.skipif(not os.path.isdir(PLACES), reason='this machine has no time zones')
def test_what_the_clock_never_shows_means_the_same_with_and_without_a_zone(clock: Any) -> None:
    # arithmetic with naive times makes such times
    generator = random.Random(495)
    for zone in ODD:
        clock(zone)
        info = ZoneInfo(zone)
        for change in changes(zone):
            for _ in range(10):
                shown = datetime.fromtimestamp(change) + timedelta(
                    minutes=generator.randint(-180, 180), milliseconds=generator.randint(0, 999)
                )
                for fold in (0, 1):
                    naive = shown.replace(fold=fold)
                    assert rfc3339(naive) == rfc3339(naive.replace(tzinfo=info)), (zone, naive, fold)


class Ending(Enum):
    FAILED = 'x'


@pytest.mark.parametrize(
    ('status', 'ending', 'word'),
    [
        (StepStatus.RUNNING, 'completed', None),
        (StepStatus.FINISHED, 'completed', None),
        (StepStatus.ERROR, 'failed', None),
        (3, 'failed', None),
        (Ending.FAILED, 'failed', None),
        (None, 'completed', None),
        *((word, 'failed', None) for word in ('failed', 'error', 'ERROR', ' Failed ', 'StepStatus.ERROR')),
        *((word, 'aborted', None) for word in ('cancelled', 'canceled', 'Aborted')),
        *((word, 'completed', None) for word in ('done', 'FINISHED', 'completed')),
        ('half done', 'completed', 'half done'),
        (17, 'completed', '17'),
        ('', 'completed', '-'),
    ],
)
def test_words_for_a_status_are_understood(status: Any, ending: str, word: str | None) -> None:
    assert ended_as(status) == (ending, word)
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    made = logged_step(step_of(noon, noon + timedelta(seconds=5), status), '', [], False)
    assert made is not None
    assert made['status'] == ending
    assert made['data'] == {'fct': 'read', **({} if word is None else {'reported_status': word})}
