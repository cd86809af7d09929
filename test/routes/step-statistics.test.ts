import t from 'tap'
import { anExperiment, aStep, rows } from '../support/log.ts'
import { aService, type Service } from '../support/service.ts'

const close = (value: number) => (given: number) => Math.abs(given - value) < 1e-9

async function statistics (service: Service, query = ''): Promise<any[]> {
  const { status, body } = await service.get(`/api/steps/statistics?${query}`)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.items
}

/** Logs steps with these durations in seconds. null is a step that is still running. */
async function took (service: Service, members: Record<string, unknown>, seconds: readonly (number | null)[]) {
  const { status } = await service.post('/api/steps/batch', { steps: seconds.map((each) => aStep({ ...members, ...each === null ? { finish: null } : {} }, each ?? 0)) })
  if (status !== 201) throw new Error('refused')
}

t.test('without grouping there is one row, also over nothing', async (t) => {
  const service = await aService(t)
  t.same(await statistics(service), [{
    group: {}, count: 0, finished: 0, failed: 0, mean_seconds: null, stddev_seconds: null, min_seconds: null, max_seconds: null,
    median_seconds: null, p95_seconds: null, total_seconds: 0
  }])
})

t.test('durations are those of all finished steps', async (t) => {
  const service = await aService(t)
  await took(service, {}, [2, 4, 4, null])
  await took(service, { status: 'failed' }, [10])
  const [row] = await statistics(service)
  t.match(row, { count: 5, finished: 4, failed: 1, mean_seconds: 5, min_seconds: 2, max_seconds: 10, median_seconds: 4, total_seconds: 20 })
  t.ok(close(Math.sqrt((9 + 1 + 1 + 25) / 3))(row.stddev_seconds as number), 'of the sample')
  t.ok(close(4 + 0.85 * 6)(row.p95_seconds as number), 'continuous')
})

t.test('one duration has no standard deviation', async (t) => {
  const service = await aService(t)
  await took(service, {}, [3.25])
  t.match((await statistics(service))[0], { finished: 1, mean_seconds: 3.25, stddev_seconds: null, median_seconds: 3.25, p95_seconds: 3.25 })
})

t.test('groups are told by what they have in common, in order, those without last', async (t) => {
  const service = await aService(t)
  const experiment = await anExperiment(service)
  await took(service, { device: 'Washer', data: { fct: 'wash' }, experiment_id: experiment.id }, [1, 2])
  await took(service, { device: 'Reader', data: { fct: 'read' } }, [3])
  await took(service, { device: 'Reader' }, [4])
  await took(service, { kind: 'move', device: 'arm', origin: { device: 'Reader' }, destination: { device: 'Washer' }, start: '2026-03-03T00:30:00+01:00', finish: null, status: 'aborted' }, [null])
  const groups = async (audit: string, filters = '') => (await statistics(service, `group_by=${audit}${filters}`)).map(({ group, count }) => [...Object.values(group as object), count])
  t.same((await statistics(service, 'group_by=device,fct')).map(({ group }) => group),
    [{ device: 'Reader', fct: 'read' }, { device: 'Reader', fct: null }, { device: 'Washer', fct: 'wash' }, { device: 'arm', fct: null }])
  t.same(await groups('device'), [['Reader', 2], ['Washer', 2], ['arm', 1]])
  t.same(await groups('kind'), [['move', 1], ['operation', 4]])
  t.same(await groups('status'), [['aborted', 1], ['completed', 4]])
  t.same(await groups('experiment_id'), [[experiment.id, 2], [null, 3]])
  t.same(await groups('process_id'), [[experiment.process_id, 2], [null, 3]])
  t.same(await groups('day'), [['2026-03-02', 5]], 'days are UTC')
  t.same(await groups('day,process_id', '&device=Reader'), [['2026-03-02', null, 2]])
  t.same(await groups('fct', '&device=Nowhere'), [])
})

t.test('days are those of a time zone, also when they have 23 or 25 hours', async (t) => {
  const service = await aService(t)
  // the clocks of Stockholm were set forward at 2026-03-29T01:00Z and back at 2026-10-25T01:00Z
  const starts = ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z', '2026-10-24T21:59:59Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z']
  await service.post('/api/steps/batch', { steps: starts.map((start) => ({ device: 'Reader', start, finish: start })) })
  const days = async (timezone: string) => (await statistics(service, `group_by=day&timezone=${encodeURIComponent(timezone)}`)).map(({ group, count }) => [group.day, count])
  t.same(await days('Europe/Stockholm'), [['2026-03-28', 1], ['2026-03-29', 2], ['2026-03-30', 1], ['2026-10-24', 1], ['2026-10-25', 2], ['2026-10-26', 1]])
  t.same(await days('UTC'), [['2026-03-28', 2], ['2026-03-29', 2], ['2026-10-24', 2], ['2026-10-25', 2]])
  t.same(await days('Pacific/Kiritimati'), [['2026-03-29', 2], ['2026-03-30', 2], ['2026-10-25', 2], ['2026-10-26', 2]])
  t.same((await statistics(service, 'group_by=device,day&timezone=Asia/Kathmandu&device=Reader')).map(({ count }) => count), [2, 2, 2, 2])
  for (const [zone, hint] of [
    ['Europe/Stokholm', /IANA/], ['europe/stockholm', /did you mean Europe\/Stockholm/], ['Stockholm', /Europe\/Stockholm/], ['America/New York', /America\/New_York/], ['UTC+3', /IANA/], ['localtime', /IANA/],
    ["'; DROP TABLE step; --", /IANA/], ['x'.repeat(101), /100/]
  ] as const) {
    t.match(await service.get(`/api/steps/statistics?group_by=day&timezone=${encodeURIComponent(zone)}`), { status: 400, body: { errors: [{ parameter: 'timezone', detail: hint }] } }, zone)
  }
})

t.test('the filters are those of the list', async (t) => {
  const service = await aService(t)
  await took(service, { data: { fct: 'read' }, containers: ['P1'] }, [1, 3])
  await took(service, { data: { fct: 'wash' }, is_simulation: true }, [8])
  t.match(await statistics(service, 'fct=read&started_after=2026-03-02T00:00:00Z'), [{ count: 2, mean_seconds: 2 }])
  t.match(await statistics(service, 'is_simulation=true'), [{ count: 1, mean_seconds: 8 }])
  t.match(await statistics(service, 'container=P1'), [{ count: 0 }], 'P1 is not known')
})

t.test('what cannot be grouped by is told', async (t) => {
  const service = await aService(t)
  for (const given of ['name', 'device,', '', 'device,device', 'Device', 'device, fct']) {
    t.match(await service.get(`/api/steps/statistics?group_by=${encodeURIComponent(given)}`), { status: 400, body: { errors: [{ in: 'query', parameter: 'group_by' }] } }, given)
  }
  t.match(await service.get('/api/steps/statistics?limit=3'), { status: 400, body: { errors: [{ parameter: 'limit' }] } })
})

t.test('more groups than one answer holds are refused, with the way out', async (t) => {
  const service = await aService(t)
  await took(service, {}, [1])
  await rows(service, `INSERT INTO step (id, device_id, kind, fct, status, start, created_as, match_version)
    SELECT gen_random_uuid(), device_id, 'operation', 'f' || n, 'running', start, '', 1 FROM step, generate_series(1, 10000) n`)
  t.match(await service.get('/api/steps/statistics?group_by=fct'), { status: 400, body: { errors: [{ parameter: 'group_by', detail: /10000/ }] } })
  t.equal((await statistics(service, 'group_by=fct&started_before=2026-03-02T09:00:00Z')).length, 0)
})
