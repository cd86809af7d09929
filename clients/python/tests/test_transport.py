from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from fake import Answer, Fake, a_fake_service, problem

from platform_status_client import Client, Problem, StatusServiceError, Unreachable


def a_client(fake: Fake, **options: float) -> Client:
    # mypy cannot see which number belongs to which option
    return Client(fake.url, **{'retry_for': 5.0, **options})  # type: ignore[arg-type]


def keys(fake: Fake) -> list[str | None]:
    return [asked.headers.get('idempotency-key') for asked in fake.asked]


def test_a_write_that_was_not_answered_is_repeated_under_the_same_key(fake: Fake) -> None:
    fake.answers(Answer(dropped=True), problem(503, 'database-unavailable'), Answer(body={'status': 'success'}))
    assert a_client(fake).move_container('P1', target_device='Reader')['status'] == 'success'
    assert len(fake.asked) == 3
    assert len(set(keys(fake))) == 1
    assert keys(fake)[0] is not None
    assert len({asked.body for asked in fake.asked}) == 1


def test_every_call_has_a_key_of_its_own_and_reads_have_none(fake: Fake) -> None:
    client = a_client(fake)
    client.lid_container('P1')
    client.lid_container('P1')
    client.get_container('P1')
    first, second, read = keys(fake)
    assert first != second
    assert read is None


def test_a_key_and_a_condition_of_the_caller_are_sent(fake: Fake) -> None:
    client = a_client(fake)
    client.with_headers({'idempotency-key': 'mine', 'if-match': '"3"'}).lid_container('P1')
    client.lid_container('P1')
    assert keys(fake)[0] == 'mine'
    assert [asked.headers.get('if-match') for asked in fake.asked] == ['"3"', None]


def test_a_first_request_that_still_runs_is_waited_for(fake: Fake) -> None:
    fake.answers(problem(409, 'idempotency-key-running'), Answer(body={'status': 'success'}))
    a_client(fake).lid_container('P1')
    assert len(set(keys(fake))) == 1


def test_the_service_says_when_to_come_back(fake: Fake) -> None:
    fake.answers(Answer(503, {'code': 'database-unavailable'}, {'retry-after': '1'}), Answer(body={}))
    began = monotonic()
    a_client(fake).get_lab()
    assert monotonic() - began >= 1


def test_a_refusal_is_told_at_once_with_all_that_it_says(fake: Fake) -> None:
    fake.answers(problem(409, 'position-occupied', occupant={'barcode': 'P2'}))
    with pytest.raises(Problem) as refused:
        a_client(fake).move_container('P1', target_device='Reader', target_pos=0)
    assert (refused.value.status, refused.value.code, refused.value.detail) == (409, 'position-occupied', 'as told')
    assert refused.value.members['occupant'] == {'barcode': 'P2'}
    assert len(fake.asked) == 1


def test_an_answer_of_somebody_else_is_a_problem_without_code(fake: Fake) -> None:
    fake.answers(Answer(404, '<h1>nginx</h1>'))
    with pytest.raises(Problem, match='nginx') as refused:
        a_client(fake).get_lab()
    assert refused.value.code == ''


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
@pytest.mark.parametrize('method', ['get_lab', 'lid_container'])
def test_a_redirect_is_an_error_and_is_not_followed(fake: Fake, status: int, method: str) -> None:
    with a_fake_service() as elsewhere:
        fake.answers(Answer(status, '<h1>Sign on</h1>', {'location': f'{elsewhere.url}/login'}))
        client = Client(fake.url, 'secret', retry_for=5.0)
        with pytest.raises(Unreachable, match=f'{status} redirects to {elsewhere.url[7:]}, and'):
            client.get_lab() if method == 'get_lab' else client.lid_container('P1')
        assert elsewhere.asked == []
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    'answer',
    [
        Answer(200, '<h1>Sign on</h1>'),
        Answer(200, '{"status":"success"}', {'content-type': 'text/plain'}),
        Answer(200, '<h1>', {'content-type': 'application/json'}),
        Answer(203, '', {'content-type': ''}),
        Answer(304, ''),
    ],
)
def test_only_an_answer_of_the_declared_type_is_success(fake: Fake, answer: Answer) -> None:
    fake.answers(answer)
    with pytest.raises(Unreachable):
        a_client(fake).lid_container('P1')


def test_text_and_empty_responses_are_accepted(fake: Fake) -> None:
    fake.answers(Answer(200, 'pass', {'content-type': 'text/plain; charset=utf-8'}))
    assert a_client(fake).get_process_source('1') == 'pass'
    fake.answers(Answer(204, '', {'content-type': ''}))
    a_client(fake).delete_certificate('Reader')


def test_a_delete_sends_no_body(fake: Fake) -> None:
    client = a_client(fake)
    client.remove_container('P1')
    client.call('DELETE', ('api', 'lab'), body={'confirm': 'wipe'})
    for asked in fake.asked:
        assert asked.body == ''
        assert not {'content-type', 'content-length', 'transfer-encoding'} & set(asked.headers)


def test_responses_of_a_hostile_server_are_escaped(fake: Fake, caplog: pytest.LogCaptureFixture) -> None:
    fake.answers(Answer(409, {'code': 'x\x1b[2J', 'detail': 'a\x1b]0;own\x07\x9b\u202eb\nc'}))
    with pytest.raises(Problem) as refused:
        a_client(fake).get_lab()
    assert str(refused.value) == '409 x\\u{1b}[2J: a\\u{1b}]0;own\\u{7}\\u{9b}\\u{202e}b\\u{a}c'
    assert refused.value.detail == 'a\x1b]0;own\x07\x9b\u202eb\nc'
    logging.getLogger('platform_status_client').error('%s', refused.value.detail)
    assert '\x1b' not in caplog.text


def test_it_gives_up_in_time(fake: Fake) -> None:
    fake.answers(Answer(dropped=True))
    began = monotonic()
    with pytest.raises(Unreachable, match='/api/lab'):
        a_client(fake, retry_for=0.5).get_lab()
    assert monotonic() - began < 2
    assert len(fake.asked) > 1


def test_a_service_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(StatusServiceError):
        Client('http://127.0.0.1:9', retry_for=0, connect_timeout=0.5).get_lab()


def test_paths_parameters_and_the_key_travel(fake: Fake) -> None:
    client = Client(f'{fake.url}/behind/a/proxy/', 'secret')
    client.list_steps(device='A B', is_simulation=False, limit=3)
    (asked,) = fake.asked
    assert asked.path == '/behind/a/proxy/api/steps?device=A+B&is_simulation=false&limit=3'
    assert asked.headers['authorization'] == 'Bearer secret'


def test_texts_travel_as_what_they_are(fake: Fake) -> None:
    client = a_client(fake)
    client.put_lab_config('sila_servers: {}\n', dry_run=True)
    client.put_certificate('Reader', 'PEM')
    client.put_lab_config({'sila_servers': {}})
    assert [asked.headers['content-type'] for asked in fake.asked] == [
        'application/yaml',
        'application/x-pem-file',
        'application/json',
    ]
    assert fake.asked[0].body == 'sila_servers: {}\n'


def test_many_threads_share_a_few_connections(fake: Fake) -> None:
    client = a_client(fake, pool_size=4)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: client.get_container(f'P{number}'), range(200)))
    assert len(fake.asked) == 200
    assert len({asked.client for asked in fake.asked}) <= 4


def test_pages_are_read_to_the_end(fake: Fake) -> None:
    fake.answers(
        Answer(body={'items': [1, 2], 'next_cursor': 'c'}),
        Answer(body={'items': [3], 'next_cursor': None}),
    )
    client = a_client(fake)
    assert list(client.each(client.list_steps, device='Washer')) == [1, 2, 3]
    assert [asked.path for asked in fake.asked] == ['/api/steps?device=Washer', '/api/steps?device=Washer&cursor=c']
