import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { encodingFault } from '../../src/domain/text-encoding.ts'
import { nearNames } from '../../src/cli/near-names.ts'
import { readTime, timesIn } from '../../src/terminal/local-time.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

t.test('where: a place, a near match, a label of before, and the last place of what is gone', async (t) => {
  const lab = await aLab(t, { Hotel1: 6, Washer: 1 })
  const { platformStatus } = await aCommandLine(lab)
  await lab.post('/api/containers', { device: 'Hotel1', position: 5, barcode: 'SCREEN_001', lid: { device: 'Hotel1', position: 4 } })
  t.match(await platformStatus('where', 'Hotel1:5'), { code: 0, out: /\nSCREEN_001 +SCREEN_001 +Hotel1 +5 +Hotel1 4 / })
  t.match(await platformStatus('where', 'Hotel1:4'), { code: 0, out: /\nlid of SCREEN_001 / })
  t.match(await platformStatus('where', 'Hotel1:0'), { code: 0, out: /\nempty +- +Hotel1 +0 / })
  t.match(await platformStatus('where', 'screen_001'), { code: 1, out: /unknown/, err: /Did you mean SCREEN_001\?/ })
  t.match(await platformStatus('where', 'Hotl1:5'), { code: 1, err: /Did you mean Hotel1:5/ })
  await lab.patch('/api/containers/SCREEN_001', { barcode: 'NEW_77' })
  t.match(await platformStatus('where', 'SCREEN_001'), { code: 1, err: /^SCREEN_001 was the barcode of NEW_77 until .*, which is in slot 5 of Hotel1\./ })
  await lab.post('/api/containers/NEW_77/move', { target_device: 'Washer', target_pos: 0 })
  await lab.delete('/api/containers/NEW_77')
  t.match(await platformStatus('where', 'NEW_77'), { code: 1, out: /removed/, err: /^NEW_77 was last in slot 0 of Washer\.\n$/ })
  t.match((await platformStatus('where', 'NEW_77', '--json')).json, [{ barcode: 'NEW_77', last: { device: 'Washer', position: 0 } }])
})

t.test('move, correct, steps, running, events, lab show of a device, lab restore', async (t) => {
  const lab = await aLab(t, { Hotel1: 3, Washer: 1 })
  const { platformStatus } = await aCommandLine(lab, { TZ: 'UTC' })
  await lab.post('/api/containers', { device: 'Hotel1', position: 0, barcode: 'P1', lidded: true })
  t.match(await platformStatus('move', 'P1', '--from', 'Hotel1:0', '--to', 'Washer:0'), { code: 0, out: 'P1 is in slot 0 of Washer, lid on\n' })
  t.match(await platformStatus('move', 'P1', '--from', 'Hotel1:0', '--to', 'Washer'), { code: 1, err: /Washer/ })
  t.match(await platformStatus('correct', 'P1', '--at', 'Hotel1:1', '--lid', 'Hotel1:2', '--reason', 'seen'), { code: 0, out: 'P1 is in slot 1 of Hotel1, lid Hotel1 2\n' })
  t.match(await platformStatus('correct', 'P1', '--lid', 'unknown', '--reason', 'seen'), { code: 0, out: /lid none/ })
  t.match(await platformStatus('correct', 'P1', '--lid', 'on', '--reason', 'seen'), { code: 0, out: /lid on/ })
  t.match(await platformStatus('correct', 'P1', '--reason', 'seen'), { code: 2, err: /--at, --lid or --barcode/ })
  t.match(await platformStatus('correct', 'P1', '--at', 'Hotel1', '--reason', 'seen'), { code: 2, err: /Hotel1:5/ })
  await lab.post('/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: new Date(Date.now() - 90_000).toISOString(), containers: ['P1'] })
  await lab.post('/api/steps', { kind: 'move', device: 'Arm', origin: { device: 'Hotel1', position: 0 }, destination: { device: 'Washer' }, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:30Z' })
  t.match(await platformStatus('running'), { code: 0, out: /\n\S+Z +Washer +wash +running +9\d\.\d +- +P1 / })
  t.match(await platformStatus('steps', '--device', 'Arm', '--after', '2026-03-01 10:00'), { code: 0, out: /move Hotel1:0 to Washer +completed +30\.0 / })
  t.match(await platformStatus('steps', '--after', 'yesterday'), { code: 2, err: /--after must be a time/ })
  t.match(await platformStatus('events', '--container', 'P1', '--limit', '10'), { code: 0, out: /\n +\d+ +\S+Z +moved +P1 +Hotel1 0 +Washer 0 / })
  t.match(await platformStatus('events', '--limit', '0'), { code: 2, err: /--limit/ })
  t.match(await platformStatus('lab', 'show', 'Hotel1'), { code: 0, out: /^Hotel1: 3 slots, 1 occupied\n\nslot +holds +lid +reserved for\n +0 +- +- +-\n +1 +P1 +on +-\n/ })
  const { body: { revision } } = await lab.get('/api/lab')
  await lab.delete('/api/lab?confirm=wipe')
  t.match(await platformStatus('lab', 'restore', '--at', String(revision), '--reason', 'wiped', '--dry-run'), { code: 0, out: /restore +Hotel1[\s\S]*this is only a plan/ })
  t.match(await platformStatus('lab', 'restore', '--at', String(revision), '--reason', 'wiped'), { code: 0, out: /\nP1 +Hotel1 +1 +on\n[\s\S]*restored to revision / })
  t.match(await platformStatus('where', 'P1'), { code: 0 })
  t.match(await platformStatus('history', 'P1'), { code: 0, out: /restored/ })
})

t.test('PORT says where the service of this machine is', async (t) => {
  const lab = await aLab(t, { Hotel1: 3 })
  const { address } = await aCommandLine(lab)
  const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: '', PORT: new URL(address).port })
  t.match(await platformStatus('lab', 'show'), { code: 0, out: /Hotel1/ })
})

t.test('times are those of the reader, with the zone said once', async (t) => {
  const lab = await aLab(t, { Hotel1: 3 })
  await lab.post('/api/containers', { device: 'Hotel1', position: 0, barcode: 'P1', lidded: true })
  const { platformStatus } = await aCommandLine(lab, { TZ: 'Asia/Tokyo' })
  t.match(await platformStatus('where', 'P1'), { out: /since \(Asia\/Tokyo\)\nP1 .* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/ })
  const tokyo = timesIn('Asia/Tokyo')
  t.equal(tokyo.cell('2026-03-02T23:15:00.000Z'), '2026-03-03 08:15:00')
  t.equal(timesIn('UTC').cell('2026-03-02T23:15:00.000Z'), '2026-03-02T23:15:00.000Z')
  t.equal(readTime('2026-03-02T23:15:00+02:00'), '2026-03-02T21:15:00.000Z')
  t.equal(readTime('2026-03-02 23:15'), new Date('2026-03-02T23:15:00').toISOString(), 'without an offset it is local')
  for (const none of ['yesterday', '2026-02-30', '2026-13-01 10:00', '']) t.equal(readTime(none), null, none)
})

t.test('a lab file that is not UTF-8 is refused, and its encoding named', async (t) => {
  const lab = await aLab(t, { Hotel1: 3 })
  const folder = await aFolder(t)
  const { platformStatus } = await aCommandLine(lab)
  const text = 'sila_servers:\n  storage:\n    Kühlschrank:\n      capacity: 3\n'
  for (const [encoding, bytes] of [
    ['Latin-1', Buffer.from(text, 'latin1')], ['UTF-16', Buffer.from(text, 'utf16le')], ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')]
  ] as const) {
    const file = join(folder, 'lab.yaml')
    await writeFile(file, bytes)
    t.match(await platformStatus('lab', 'apply', file), { code: 2, out: '', err: new RegExp(`lab\\.yaml is .*${encoding}.*Save it as UTF-8`) })
    t.match(await lab.call('PUT', '/api/lab/config', bytes, { 'content-type': 'application/yaml' }), { status: 400, body: { code: 'malformed-body', detail: new RegExp(encoding) } })
  }
  t.equal(encodingFault(Buffer.from(text)), null)
  t.match(encodingFault(Buffer.from(text, 'latin1')), /line 3/)
  await writeFile(join(folder, 'ok.yaml'), `\ufeff${text}`)
  t.match(await platformStatus('lab', 'plan', join(folder, 'ok.yaml')), { code: 0, out: /Kühlschrank/ })
})

t.test('near names are those that a person may have meant', (t) => {
  t.same(nearNames('screen_001', ['SCREEN_001', 'SCREEN_101', 'OTHER']), ['SCREEN_001', 'SCREEN_101'])
  t.same(nearNames('SCREEN001', ['SCREEN_001']), ['SCREEN_001'])
  t.same(nearNames('ABC', ['XYZ']), [])
  t.end()
})
