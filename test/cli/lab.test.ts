import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { rows } from '../support/log.ts'
import { aLab, aService } from '../support/service.ts'

t.test('a file is planned, applied and shown', async (t) => {
  const { platformStatus } = await aCommandLine(await aService(t))
  const file = join(await aFolder(t), 'lab.yaml')
  await writeFile(file, 'sila_servers:\n  storage:\n    Hotel1: { capacity: 4 }\n  washers:\n    Washer: { capacity: 1, type: washer }\n')
  t.match(await platformStatus('lab', 'plan', file), { code: 0, err: '', out: /add +Hotel1 +storage +- +4 +-\n(.*\n)+0 devices unchanged; this is only a plan\n$/ })
  t.match(await platformStatus('lab', 'apply', file, '--dry-run'), { code: 0, out: /this is only a plan/ })
  t.match(await platformStatus('lab', 'show'), { code: 0, out: /^revision 0: 0 devices, 0 of 0 slots occupied, 0 containers, 0 removed\n\nno devices\n\nno containers\n$/ })
  t.match(await platformStatus('lab', 'apply', file), { code: 0, out: /0 devices unchanged; applied, the lab is at revision 1\n$/ })

  await writeFile(file, 'sila_servers:\n  storage:\n    Hotel1: { capacity: 6, type: hotel }\n')
  t.match((await platformStatus('lab', 'plan', file, '--json')).json, { applied: false, changes: [{ action: 'grow', changed: ['type'] }, { action: 'retire', device: 'Washer' }] })
  t.match(await platformStatus('lab', 'apply', file, '--no-prune'), { code: 0, out: /grow +Hotel1 +storage +4 +6 +type\n\n1 device unchanged/ })
  const json = join(await aFolder(t), 'lab.json')
  await writeFile(json, JSON.stringify({ sila_servers: { storage: { Hotel1: { capacity: 6, type: 'hotel' } } } }))
  t.match(await platformStatus('lab', 'apply', json), { code: 0, out: /retire +Washer/ })
  t.match(await platformStatus('lab', 'apply', json), { code: 0, out: /^no changes\n\n1 device unchanged; applied/ })
})

t.test('a file that is refused changes nothing, and is told on the error output', async (t) => {
  const service = await aLab(t, { Hotel: 2 })
  await service.post('/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' })
  const { platformStatus } = await aCommandLine(service)
  const file = join(await aFolder(t), 'lab.yaml')
  await writeFile(file, 'sila_servers:\n  devices:\n    Hotel: { capacity: 1 }\n')
  t.match(await platformStatus('lab', 'apply', file), { code: 1, out: '', err: /^.*Hotel.*\n$/ })
  const { code, err } = await platformStatus('lab', 'plan', file, '--json')
  t.equal(code, 1)
  t.match(JSON.parse(err), { code: 'slots-occupied', occupied: [{ device: 'Hotel', position: 1 }] })
  await writeFile(file, 'sila_servers:\n  devices:\n    Hotel: { capacity: -1 }\n')
  t.match(await platformStatus('lab', 'apply', file), { code: 1, err: /\n {2}\/sila_servers\/devices\/Hotel\/capacity: / })
  t.match(await platformStatus('lab', 'apply', '/no/such/file'), { code: 2, err: 'The lab file /no/such/file cannot be read (ENOENT).\n' })
})

t.test('a lab at work, and one that is wrong', async (t) => {
  const lab = await aLabAtWork(t)
  const { platformStatus } = await aCommandLine(lab)
  t.match(await platformStatus('lab', 'show'), { code: 0, out: /^revision \d+: 3 devices, 3 of 7 slots occupied \(43 %\), 2 containers, 0 removed\n[^]*container +device +slot +lid\nP1 +Hotel +0 +on\nP2 +Hotel +1 +Hotel 2\n$/ })
  t.match((await platformStatus('lab', 'show', '--json')).json, { totals: { occupied: 3 } })
  t.match(await platformStatus('lab', 'health'), { code: 0, out: /^severity +code .*\nwarning +steps-running-long / })
  await rows(lab, 'ALTER TABLE container DROP CONSTRAINT container_has_a_place')
  await rows(lab, "DELETE FROM placement WHERE part = 'body' AND container_id = (SELECT id FROM container WHERE barcode = 'P1')")
  t.match(await platformStatus('lab', 'health'), { code: 1, out: /error +container-without-place/ })
  t.match((await platformStatus('lab', 'health', '--json')).json, { healthy: false })
})

t.test('a sound lab', async (t) => {
  const { platformStatus } = await aCommandLine(await aLab(t, { Hotel: 1 }))
  t.match(await platformStatus('lab', 'health'), { code: 0, out: 'healthy\n' })
})
