"""The status database against the real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip('laborchestrator')

from lab import Lab, over
from laborchestrator.database_integration import StatusDBInterface
from laborchestrator.structures import ContainerInfo, StepStatus

from platform_status_client import Client, Problem, StatusDB


@pytest.fixture
def db(url: str) -> Iterator[StatusDB]:
    made = StatusDB(url)
    yield made
    made.close()


@pytest.fixture
def lab(db: StatusDB, tag: str, tmp_path: Path) -> Lab:
    return Lab(db, tag).set_up(tmp_path)


def test_it_is_a_status_database_and_lacks_nothing_of_one(db: StatusDB) -> None:
    assert isinstance(db, StatusDBInterface)
    names = [name for name in vars(StatusDBInterface) if not name.startswith('_')]
    besides = ['set_barcode_at_position', 'health_check', 'create_lab_from_config', 'wipe_lab']
    for name in (*names, *besides):
        assert callable(getattr(StatusDB, name))
        # some methods of the interface do nothing
        assert getattr(StatusDB, name) is not getattr(StatusDBInterface, name, None), name


class TestLab:
    def test_set_up_again_it_is_the_same(self, lab: Lab, tmp_path: Path) -> None:
        lab.plate(2)
        lab.set_up(tmp_path)
        assert lab.db.get_all_positions(lab.hotel) == [0, 1, 2, 3, 4, 5]
        assert [lab.db.position_empty(lab.hotel, slot) for slot in range(4)] == [True, True, False, True]

    def test_a_lab_file_that_is_wrong_is_told(self, db: StatusDB, tmp_path: Path) -> None:
        (tmp_path / 'lab.yaml').write_text('sila_servers: {movers: {Arm: {}}}')
        with pytest.raises(Problem, match='capacity'):
            db.create_lab_from_config(str(tmp_path / 'lab.yaml'))

    @pytest.mark.parametrize('slot', [-1, 6, 10_000, None, 'x'])
    def test_a_place_that_is_not_there_is_not_free(self, lab: Lab, slot: int) -> None:
        assert lab.db.position_empty(lab.hotel, slot) is False
        assert lab.db.position_empty('Nowhere', 0) is False
        assert lab.db.get_container_at_position(lab.hotel, slot) is None
        assert lab.db.get_all_positions('Nowhere') == []

    def test_a_reserved_slot_is_not_free(self, lab: Lab) -> None:
        lab.db.client.reserve_positions(device=lab.hotel, count=1, purpose='container', owner='another', ttl_seconds=60)
        assert [lab.db.position_empty(lab.hotel, slot) for slot in (0, 1)] == [False, True]

    def test_a_sound_lab_is_healthy(self, db: StatusDB) -> None:
        assert db.health_check() is True


class TestContainers:
    def test_what_is_known_of_a_plate_comes_back(self, lab: Lab) -> None:
        plate = lab.plate(1, 'BC')
        for found in (
            lab.db.get_container_at_position(lab.hotel, 1),
            lab.db.get_cont_info_by_barcode(str(plate.barcode)),
        ):
            assert isinstance(found, ContainerInfo)
            assert (found.name, found.barcode, found.lidded, found.lid_site) == ('plate_1', plate.barcode, True, None)
            assert (found.current_device, found.current_pos, found.start_device.name) == (lab.hotel, 1, lab.hotel)

    def test_without_barcode_it_has_none_and_is_found_by_place(self, lab: Lab) -> None:
        first, second = lab.plate(0), lab.plate(1)
        lab.db.unlidded_container(second, lab.lids, 0)
        found = [lab.db.get_container_at_position(lab.hotel, slot) for slot in (0, 1)]
        assert [(plate.barcode, plate.lidded) for plate in found if plate] == [(None, True), (None, False)]
        lab.db.remove_container(first)
        assert lab.db.position_empty(lab.hotel, 0)

    def test_a_missing_plate_is_found_by_its_barcode_without_a_place_and_not_by_its_place(
        self, lab: Lab, caplog: pytest.LogCaptureFixture
    ) -> None:
        plate = lab.plate(2, 'MISSING')
        lab.db.client.arrange_containers(reason='not in its slot', items=[], missing=[str(plate.barcode)])
        found = lab.db.get_cont_info_by_barcode(plate.barcode)
        assert found is not None
        assert (found.name, found.current_device, found.current_pos) == ('plate_2', None, None)
        assert lab.db.get_container_at_position(lab.hotel, 2) is None
        assert lab.db.position_empty(lab.hotel, 2)
        # and the check of the lab says which
        lab.db.health_check()
        assert f'"plate_2" (barcode "{plate.barcode}") is missing since' in caplog.text
        # its slot is free for another
        other = lab.plate(2, 'OTHER')
        at_place = lab.db.get_container_at_position(lab.hotel, 2)
        assert at_place is not None
        assert at_place.barcode == other.barcode
        work = lab.work(plate, seconds=20)
        experiment = lab.experiment()
        lab.db.safe_step_to_db(work, found, experiment)
        assert [one['barcode'] for one in lab.steps(experiment)[0]['containers']] == [plate.barcode]
        lab.db.remove_container(found)
        assert lab.db.get_cont_info_by_barcode(plate.barcode) is None

    @pytest.mark.parametrize(
        'barcode', [None, '', '.', '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', 'x' * 300, 'never seen']
    )
    def test_what_is_no_barcode_leads_to_nothing(self, lab: Lab, barcode: str) -> None:
        lab.plate(0)
        assert lab.db.get_cont_info_by_barcode(barcode) is None

    def test_a_barcode_that_is_gone_does_not_remove_what_stands_there_now(self, lab: Lab) -> None:
        gone = lab.plate(0, 'OLD')
        lab.db.remove_container(gone)
        lab.plate(0, 'NEW')
        lab.db.remove_container(gone)
        assert not lab.db.position_empty(lab.hotel, 0)

    def test_a_barcode_is_set_by_place_and_may_be_set_again(self, lab: Lab) -> None:
        plate = lab.plate(3)
        for barcode in (f'A_{lab.tag}', f'A_{lab.tag}', f'B_{lab.tag}'):
            plate.barcode = barcode
            lab.db.set_barcode(plate)
            found = lab.db.get_cont_info_by_barcode(barcode)
            assert found is not None
            assert found.current_pos == 3
        assert lab.db.get_cont_info_by_barcode(f'A_{lab.tag}') is None

    def test_a_barcode_of_another_plate_is_not_set(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        taken, plate = lab.plate(0, 'BC'), lab.plate(1)
        plate.barcode = taken.barcode
        lab.db.set_barcode(plate)
        assert 'barcode-in-use' in caplog.text
        found = lab.db.get_cont_info_by_barcode(str(taken.barcode))
        assert found is not None
        assert found.current_pos == 0

    def test_no_barcode_is_not_a_barcode_called_none(self, lab: Lab) -> None:
        lab.db.set_barcode(lab.plate(0))
        found = lab.db.get_container_at_position(lab.hotel, 0)
        assert found is not None
        assert found.barcode is None


class TestMoves:
    def test_by_barcode_and_by_place(self, lab: Lab) -> None:
        plate = lab.plate(0, 'BC')
        lab.db.moved_container(lab.hotel, 0, lab.reader, 0, barcode=plate.barcode)
        lab.plate(1)
        lab.db.moved_container(lab.hotel, 1, lab.hotel, 5)
        occupied = [slot for slot in range(6) if not lab.db.position_empty(lab.hotel, slot)]
        assert (occupied, lab.db.position_empty(lab.reader, 0)) == ([5], False)

    def test_told_twice_it_is_done_once(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        plate = lab.plate(0, 'BC')
        for _ in range(2):
            lab.db.moved_container(lab.hotel, 0, lab.hotel, 4, barcode=plate.barcode)
        found = lab.db.get_cont_info_by_barcode(str(plate.barcode))
        assert found is not None
        assert found.current_pos == 4
        assert caplog.records == []

    def test_a_barcode_that_nobody_told_moves_the_plate_that_has_none(self, lab: Lab) -> None:
        lab.plate(0)
        lab.db.moved_container(lab.hotel, 0, lab.reader, 0, barcode=f'unknown_{lab.tag}')
        assert lab.db.get_container_at_position(lab.reader, 0) is not None

    @pytest.mark.parametrize(
        ('target', 'slot', 'reason'),
        [
            ('hotel', 1, 'position-occupied'),
            ('hotel', None, 'not a move between two slots'),
            ('hotel', 99, 'position-not-found'),
        ],
    )
    def test_what_cannot_be_changes_nothing_and_is_logged(
        self, lab: Lab, caplog: pytest.LogCaptureFixture, target: str, slot: int, reason: str
    ) -> None:
        lab.plate(0, 'BC')
        lab.plate(1)
        lab.db.moved_container(lab.hotel, 0, getattr(lab, target), slot)
        found = lab.db.get_container_at_position(lab.hotel, 0)
        assert found is not None
        assert reason in caplog.text

    def test_a_missing_plate_is_found_when_it_is_moved(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        plate = lab.plate(0, 'MISSING')
        lab.db.client.arrange_containers(reason='not in its slot', items=[], missing=[str(plate.barcode)])
        # as laborchestrator does it: from where the database says that it is
        found = lab.db.get_cont_info_by_barcode(plate.barcode)
        assert found is not None
        for _ in range(2):
            lab.db.moved_container(found.current_device, found.current_pos, lab.reader, 0, barcode=plate.barcode)
        assert 'was missing, and is at' in caplog.text
        found = lab.db.get_container_at_position(lab.reader, 0)
        assert found is not None
        assert found.barcode == plate.barcode

    def test_a_move_of_a_former_label_moves_its_plate(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        old = str(lab.plate(0, 'OLD').barcode)
        new = f'{old}_new'
        lab.db.client.relabel_containers(reason='a new label', labels=[{'container': old, 'barcode': new}])
        assert lab.db.get_cont_info_by_barcode(old) is None
        for _ in range(2):
            lab.db.moved_container(lab.hotel, 0, lab.hotel, 1, barcode=old)
        assert lab.db.client.get_container(new)['position'] == 1
        assert 'a former label names container' in caplog.text

    def test_a_wrong_barcode_does_not_move_another_plate(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        lab.plate(0, 'BC')
        lab.db.moved_container(lab.hotel, 0, lab.reader, 0, barcode=f'wrong_{lab.tag}')
        assert lab.db.position_empty(lab.reader, 0)
        assert 'not wrong_' in caplog.text

    def test_a_lid_alone_is_not_moved_for_a_plate(self, lab: Lab) -> None:
        lab.db.unlidded_container(lab.plate(0), lab.lids, 0)
        lab.db.moved_container(lab.lids, 0, lab.reader, 0)
        assert not lab.db.position_empty(lab.lids, 0)


class TestLids:
    def test_off_and_on(self, lab: Lab) -> None:
        plate = lab.plate(0, 'BC')
        lab.db.unlidded_container(plate, lab.lids, 0)
        found = lab.db.get_cont_info_by_barcode(str(plate.barcode))
        assert found is not None
        assert (found.lidded, found.lid_site) == (False, [lab.lids, 0])
        assert not lab.db.position_empty(lab.lids, 0)
        # slot 0 is a slot like any other
        lab.db.lidded_container(plate, lab.lids, 0)
        lab.db.lidded_container(plate, None, None)
        assert lab.db.position_empty(lab.lids, 0)

    def test_a_lid_from_elsewhere_is_on_all_the_same(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        plate = lab.plate(0, 'BC')
        lab.db.unlidded_container(plate, lab.lids, 1)
        lab.db.lidded_container(plate, lab.lids, 0)
        found = lab.db.get_cont_info_by_barcode(str(plate.barcode))
        assert found is not None
        assert found.lidded
        assert 'lidded_container' in caplog.text

    def test_a_lid_that_found_no_slot_is_off_and_nobody_knows_where(self, lab: Lab) -> None:
        plate = lab.plate(0)
        lab.db.unlidded_container(plate, lab.lids, None)
        found = lab.db.get_container_at_position(lab.hotel, 0)
        assert found is not None
        assert (found.lidded, found.lid_site) == (False, None)
        assert [lab.db.position_empty(lab.lids, slot) for slot in (0, 1)] == [True, True]

    def test_as_the_orchestrators_record_says(self, lab: Lab) -> None:
        plate = lab.plate(0)
        for lidded, site in ((False, [lab.lids, 1]), (True, None), (False, None)):
            plate.lidded, plate.lid_site = lidded, site
            lab.db.update_lid_position(plate)
            found = lab.db.get_container_at_position(lab.hotel, 0)
            assert found is not None
            assert (found.lidded, found.lid_site) == (lidded, site)


class TestProcesses:
    def test_the_same_again_is_the_same(self, lab: Lab) -> None:
        first, second = (lab.db.add_process_to_db(name=lab.tag, src='# a') for _ in range(2))
        assert first == second
        assert (lab.tag, first) in lab.db.get_available_processes()
        assert lab.db.get_process(first) == '# a'
        assert lab.db.create_experiment(process_id=first) != lab.db.create_experiment(process_id=first)

    def test_a_process_that_is_not_there_is_told(self, db: StatusDB) -> None:
        with pytest.raises(Problem, match='process-not-found'):
            db.create_experiment(process_id=str(uuid4()))


class TestSteps:
    def test_reported_once_per_container_it_is_one_step_of_both(self, lab: Lab) -> None:
        plates, experiment = [lab.plate(0, 'A'), lab.plate(1)], lab.experiment()
        step = lab.work(*plates)
        for plate in plates:
            lab.db.safe_step_to_db(step, plate, experiment)
        (logged,) = lab.steps(experiment)
        assert [named['barcode'] for named in logged['containers']] == [plates[0].barcode, None]
        assert all(named['id'] for named in logged['containers'])
        assert (logged['status'], logged['is_simulation'], logged['warnings']) == ('completed', False, [])
        assert logged['duration_seconds'] == pytest.approx(10, abs=0.01)

    def test_data_stay_readable(self, lab: Lab) -> None:
        experiment = lab.experiment()
        lab.db.safe_step_to_db(lab.work(device_type=Lab, limit=float('nan'), wells={2, 1}), None, experiment)
        (logged,) = lab.steps(experiment)
        told = {'fct': 'read', 'executor': ['object'], 'device_type': 'Lab', 'limit': 'nan', 'wells': [1, 2]}
        assert logged['data'] == told

    def test_a_step_that_failed_says_so(self, lab: Lab) -> None:
        step, experiment = lab.work(), lab.experiment()
        step.status = StepStatus.ERROR
        lab.db.safe_step_to_db(step, None, experiment)
        assert [logged['status'] for logged in lab.steps(experiment)] == ['failed']

    def test_what_is_not_known_is_logged_as_named(self, lab: Lab) -> None:
        stranger = lab.plate(0, 'BC')
        lab.db.remove_container(stranger)
        step = lab.work(stranger)
        step.main_device.name = f'Unknown_{lab.tag}'
        lab.db.safe_step_to_db(step, stranger, f'unknown {lab.tag}')
        (logged,) = lab.steps(f'unknown {lab.tag}')
        assert (logged['device'], logged['containers'][0]['named']) == (f'Unknown_{lab.tag}', stranger.barcode)

    def test_a_step_that_is_not_over_is_not_logged(self, lab: Lab) -> None:
        step, experiment = lab.work(), lab.experiment()
        step.finish = None
        lab.db.safe_step_to_db(step, None, experiment)
        assert lab.steps(experiment) == []

    def test_simulated_steps_are_so_when_the_lab_says_so(self, lab: Lab, url: str) -> None:
        experiment = lab.experiment()
        StatusDB(url, is_simulation=True).safe_step_to_db(lab.work(), None, experiment)
        assert [logged['is_simulation'] for logged in lab.steps(experiment)] == [True]


class TestMovesInTheLog:
    """A worker records lids first. Then the step is logged, and the move is recorded last."""

    def test_ends_and_a_lid_that_nobody_touched(self, lab: Lab) -> None:
        plate, experiment = lab.plate(2, 'BC'), lab.experiment()
        lab.db.safe_step_to_db(lab.move(plate, lab.reader, 0, read_barcode=True), plate, experiment)
        (logged,) = lab.steps(experiment)
        assert (logged['kind'], logged['device']) == ('move', lab.arm)
        assert logged['origin'] == {'device': lab.hotel, 'position': 2}
        assert logged['destination'] == {'device': lab.reader, 'position': 0}
        assert (logged['lidded_before'], logged['lidded_after'], logged['barcode_read']) == (True, True, True)

    def test_a_lid_taken_off_on_the_way(self, lab: Lab) -> None:
        plate, experiment = lab.plate(0, 'BC'), lab.experiment()
        step = lab.move(plate, lab.reader, 0, lidded=False)
        lab.db.unlidded_container(plate, lab.lids, 0)
        lab.db.safe_step_to_db(step, plate, experiment)
        (logged,) = lab.steps(experiment)
        assert (logged['lidded_before'], logged['lidded_after']) == (True, False)

    def test_a_lid_that_was_on_already_when_it_was_put_on(self, lab: Lab) -> None:
        plate, experiment = lab.plate(0, 'BC'), lab.experiment()
        step = lab.move(plate, lab.reader, 0, lidded=True)
        lab.db.lidded_container(plate, None, None)
        lab.db.safe_step_to_db(step, plate, experiment)
        (logged,) = lab.steps(experiment)
        assert (logged['lidded_before'], logged['lidded_after']) == (True, True)

    def test_what_is_not_known_of_a_lid_is_not_told(self, lab: Lab) -> None:
        plate, experiment = lab.plate(0, 'BC'), lab.experiment()
        lab.db.safe_step_to_db(lab.move(plate, lab.reader, 0, lidded=True), plate, experiment)
        (logged,) = lab.steps(experiment)
        assert (logged['lidded_before'], logged['lidded_after']) == (None, True)

    def test_a_move_to_no_slot_is_logged_to_the_device(self, lab: Lab) -> None:
        plate, experiment = lab.plate(0, 'BC'), lab.experiment()
        step = lab.move(plate, lab.reader, 0)
        step.destination_pos = None
        lab.db.safe_step_to_db(step, plate, experiment)
        (logged,) = lab.steps(experiment)
        assert logged['destination'] == {'device': lab.reader, 'position': None}


class TestEstimates:
    def test_in_order_and_none_for_what_was_never_done(self, lab: Lab) -> None:
        methods = [f'm{number}_{lab.tag}' for number in range(3)]
        for seconds, method in enumerate(methods[:2], start=10):
            lab.db.safe_step_to_db(lab.work(method=method, seconds=seconds), None, lab.experiment())
        nameless = lab.work()
        nameless.used_devices = []
        asked = [lab.work(method=methods[1]), nameless, lab.work(method=methods[2]), lab.work(method=methods[0])]
        estimates = lab.db.get_estimated_durations(asked)
        assert estimates == [pytest.approx(11, abs=0.01), None, None, pytest.approx(10, abs=0.01)]
        assert lab.db.get_estimated_duration(asked[0]) == estimates[0]
        assert lab.db.get_estimated_durations([]) == []

    def test_never_longer_than_it_took_while_it_was_done_too_seldom(self, lab: Lab) -> None:
        for seconds in (10, 14, 12):
            step = lab.work(method=lab.tag, seconds=seconds)
            lab.db.safe_step_to_db(step, None, lab.experiment())
        assert lab.db.get_estimated_duration(step, 0.95) == pytest.approx(14, abs=0.01)

    def test_the_services_own_answers_when_they_are_wanted(self, lab: Lab, url: str) -> None:
        lab.db.safe_step_to_db(lab.work(fct=f'f_{lab.tag}', speed=1, seconds=10), None, lab.experiment())
        other = StatusDB(url, near_matches=True)
        near = other.get_estimated_duration(lab.work(fct=f'f_{lab.tag}', speed=2))
        assert near is not None
        assert near > 10

    def test_a_move_before_devices_are_assigned(self, lab: Lab) -> None:
        plate, experiment = lab.plate(0, 'BC'), lab.experiment()
        lab.db.safe_step_to_db(lab.move(plate, lab.reader, 0, seconds=7), plate, experiment)
        planned = lab.move(plate, lab.reader, 0)
        for used in planned.used_devices:
            used.preferred, used.name = used.name, None
        assert lab.db.get_estimated_duration(planned) == pytest.approx(7, abs=0.01)
        back = lab.move(plate, lab.hotel, 0)
        back.used_devices[1].name = lab.reader
        assert lab.db.get_estimated_duration(back) is None


def test_certificates(lab: Lab, client: Client) -> None:
    # a certificate for /CN=SiLA2, made for the tests of the service
    example = next(iter(_certificate_examples(client)))
    assert lab.db.get_server_certificate(lab.reader) == ''
    lab.db.write_server_certificate(lab.reader, example)
    assert lab.db.get_server_certificate(lab.reader) == example


def _certificate_examples(client: Client) -> list[str]:
    document = client.call('GET', ('openapi.json',))
    examples: list[str] = document['components']['schemas']['Pem']['examples']
    return examples


def test_a_clock_that_was_set_back_makes_no_negative_step(lab: Lab) -> None:
    step, experiment = over(lab.work(), -60), lab.experiment()
    lab.db.safe_step_to_db(step, None, experiment)
    lab.db.safe_step_to_db(step, lab.plate(0), experiment)
    (logged,) = lab.steps(experiment)
    assert (logged['status'], logged['duration_seconds']) == ('completed', 0)
    assert logged['excluded_from_estimates'] == 'clock', 'and is no sample'
    assert 'clock-skew' in [warning['code'] for warning in logged['warnings']]


def test_a_status_that_nobody_knows_is_kept_and_no_sample(lab: Lab) -> None:
    step, experiment = lab.work(), lab.experiment()
    step.status = 'half done'
    lab.db.safe_step_to_db(step, None, experiment)
    (logged,) = lab.steps(experiment)
    assert (logged['status'], logged['data']['reported_status']) == ('completed', 'half done')
    assert logged['excluded_from_estimates'] == 'unknown-status'


class TestWaste:
    def test_what_is_moved_to_waste_is_gone(self, lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
        waste = f'Waste_{lab.tag}'
        lab.db.client.add_device(name=waste, capacity=1, disposes=True)
        plate = lab.plate(0, 'W')
        assert [lab.db.position_empty(waste, slot) for slot in (0, 7)] == [True, True]
        lab.db.moved_container(lab.hotel, 0, waste, 7, plate.barcode)
        assert lab.db.get_cont_info_by_barcode(str(plate.barcode)) is None
        assert lab.db.position_empty(lab.hotel, 0)
        assert lab.db.position_empty(waste, 0)
        gone = lab.db.client.list_containers(barcode=plate.barcode, removed='true')['items'][0]
        assert gone['removed_at'] is not None
        lab.db.moved_container(lab.hotel, 0, waste, 7, plate.barcode)
        assert 'taken as recorded' in caplog.text
        assert not [record for record in caplog.records if record.levelname == 'ERROR']

    def test_a_slot_of_a_waste_device_that_keeps_what_is_put_there_is_no_waste(
        self, lab: Lab, caplog: pytest.LogCaptureFixture
    ) -> None:
        waste = f'Waste_{lab.tag}'
        lab.db.client.add_device(name=waste, capacity=2, disposes=True)
        lab.db.client.update_position(waste, 1, disposes=False)
        plate = lab.plate(0, 'K')
        lab.db.moved_container(lab.hotel, 0, waste, 1, plate.barcode)
        found = lab.db.client.get_container(str(plate.barcode))
        assert (found['device'], found['position']) == (waste, 1)
        lab.db.moved_container(lab.hotel, 1, waste, 1, None)
        assert f'there is no container at {lab.hotel}[1]' in caplog.text, 'it was not disposed of'

    def test_a_lid_that_is_thrown_away_is_gone(self, lab: Lab) -> None:
        waste = f'Waste_{lab.tag}'
        lab.db.client.add_device(name=waste, capacity=0, disposes=True)
        plate = lab.plate(1, 'L')
        lab.db.unlidded_container(plate, waste, 0)
        found = lab.db.client.get_container(str(plate.barcode))
        assert (found['lidded'], found['lid'], found['device']) == (False, None, lab.hotel)
