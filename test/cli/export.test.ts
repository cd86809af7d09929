import { parquetReadObjects } from 'hyparquet'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { csvLine } from '../../src/cli/csv.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { logged } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const linesOf = (text: string) => text.trimEnd().split('\n').map((line) => JSON.parse(line))

t.test('lines of JSON are the things as the service tells them', async (t) => {
  const lab = await aLabAtWork(t)
  await lab.delete('/api/containers/P1')
  const { platformStatus } = await aCommandLine(lab)
  t.same(linesOf((await platformStatus('export', 'steps')).out), (await lab.get('/api/steps?sort=start')).body.items)
  t.same(linesOf((await platformStatus('export', 'containers')).out), (await lab.get('/api/containers?removed=any')).body.items, 'removed ones too')
  t.same(linesOf((await platformStatus('export', 'events')).out), (await lab.get('/api/events?limit=500')).body.items)
  t.same(linesOf((await platformStatus('export', 'steps', '--device', 'Washer', '--experiment', lab.experiment)).out).map(({ id }) => id), [lab.step])
  t.match(await platformStatus('export', 'steps', '--before', '2020-01-01T00:00:00Z'), { code: 0, out: '' })
  t.match(await platformStatus('export', 'steps', '--after', 'yesterday'), { code: 2, out: '', err: /--after must be a time/ })
})

t.test('a history of many pages comes whole', async (t) => {
  const lab = await aLab(t, {})
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 1234 }, (_, second) => ({ device: 'Reader', start: new Date(second * 1000).toISOString(), finish: new Date(second * 1000 + 500).toISOString() })) })
  const { platformStatus } = await aCommandLine(lab)
  const steps = linesOf((await platformStatus('export', 'steps')).out)
  t.equal(new Set(steps.map(({ id }) => id)).size, 1234)
})

t.test('tables have a column a member, and quote what must be', async (t) => {
  const lab = await aLabAtWork(t)
  await logged(lab, { name: 'say "a", b', data: { fct: 'say', words: ['x'] }, device: 'Speaker', containers: ['P1', 'P2'] })
  const { platformStatus } = await aCommandLine(lab)
  const steps = (await platformStatus('export', 'steps', '--format', 'csv', '--device', 'Speaker')).out
  t.match(steps, /^id,kind,name,fct,device,status,start,finish,duration_seconds,experiment_id,containers,origin_device,origin_position,.*\r\n/)
  t.match(steps, /,operation,"say ""a"", b",say,Speaker,completed,.*,10,,P1; P2,,,,,,,,false,"{""fct"":""say"",""words"":\[""x""\]}",/)
  t.match((await platformStatus('export', 'steps', '--format', 'csv', '--device', 'Arm')).out, /,P1,Hotel,0,Washer,,/)
  t.match((await platformStatus('export', 'containers', '--format', 'csv')).out, /,P1,Hotel,0,Hotel,0,true,,,true,[^]*,P2,Hotel,1,Hotel,1,false,Hotel,2,true,/)
  t.match((await platformStatus('export', 'events', '--format', 'csv')).out, /^revision,recorded_at,kind,actor,/)
  t.equal(csvLine([null, undefined, 1.5, true, 'a', 'a,b', 'a"b', 'a\rb', [1], { a: 'b' }]), ',,1.5,true,a,"a,b","a""b","a\rb",[1],"{""a"":""b""}"\r\n')
})

t.test('Parquet has typed columns, times in UTC, and the same cells', async (t) => {
  const lab = await aLabAtWork(t)
  const folder = await aFolder(t)
  const { platformStatus } = await aCommandLine(lab)
  const exported = async (kind: string) => {
    const file = join(folder, `${kind}.parquet`)
    t.match(await platformStatus('export', kind, '--format', 'parquet', '--out', file), { code: 0, out: '', err: '' })
    const bytes = await readFile(file)
    return await parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) })
  }
  const { body: { items } } = await lab.get('/api/steps?sort=start')
  const steps = await exported('steps')
  t.equal(steps.length, items.length)
  for (const [index, { id, start, finish, duration_seconds, is_simulation, data, origin, version }] of items.entries()) {
    t.match(steps[index], {
      id, start: new Date(start), finish: finish === null ? null : new Date(finish), duration_seconds, is_simulation, data: JSON.stringify(data),
      origin_device: origin?.device ?? null, version: BigInt(version)
    })
  }
  t.equal((await exported('containers')).length, (await lab.get('/api/containers?removed=any')).body.items.length)
  t.match((await exported('events'))[0], { revision: BigInt, recorded_at: Date, kind: String })
  t.match(await exported('experiments'), [{ id: lab.experiment, process: String }])
  t.match((await platformStatus('export', 'experiments', '--format', 'csv')).out, new RegExp(`^id,process_id,process,name,status,.*\r\n${lab.experiment},`))
  await platformStatus('export', 'steps', '--before', '2020-01-01T00:00:00Z', '--format', 'parquet', '--out', join(folder, 'none.parquet'))
  const none = await readFile(join(folder, 'none.parquet'))
  t.same(await parquetReadObjects({ file: none.buffer.slice(none.byteOffset, none.byteOffset + none.byteLength) }), [], 'also without rows')
})

t.test('a file appears when it is whole', async (t) => {
  const lab = await aLabAtWork(t)
  const folder = await aFolder(t)
  const file = join(folder, 'steps.ndjson')
  const { platformStatus } = await aCommandLine(lab)
  t.match(await platformStatus('export', 'steps', '--out', file), { code: 0, out: '', err: '' })
  t.equal(await readFile(file, 'utf8'), (await platformStatus('export', 'steps')).out)
  t.match(await platformStatus('export', 'steps', '--out', file), { code: 1, err: /The file .* already exists/ })
  t.match(await platformStatus('export', 'containers', '--out', file, '--force'), { code: 0 })
  t.match(await platformStatus('export', 'steps', '--after', 'yesterday', '--out', join(folder, 'no')), { code: 2 })
  t.same(await readdir(folder), ['steps.ndjson'])
})
