import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { runCommandLine } from '../../src/cli/run.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

t.test('where: a device, a place as tables write it, a slot that does not exist, and a name that is nearly right', async (t) => {
  const lab = await aLab(t, { Hotel1: 6, Washer: 1, Office: 0 })
  const { platformStatus } = await aCommandLine(lab)
  await lab.post('/api/containers', { device: 'Hotel1', position: 5, barcode: 'P1' })
  t.match(await platformStatus('where', 'Hotel1 5'), { code: 0, out: /\nP1 +P1 +Hotel1 +5 / })
  t.match(await platformStatus('where', 'Hotel1'), { code: 1, err: 'Hotel1 is a device with the slots Hotel1:0 to Hotel1:5; 1 occupied. "lab show Hotel1" shows what is in it.\n' })
  t.match(await platformStatus('where', 'Washer'), { code: 1, err: /^Washer is a device with one slot, Washer:0; 0 occupied\./ })
  t.match(await platformStatus('where', 'Office'), { code: 1, err: /^Office is a device with no slots;/ })
  t.match(await platformStatus('where', 'Hotel1:99'), { code: 1, err: /Hotel1.*0 to 5/ })
  t.match((await platformStatus('where', 'Hotel1:99', '--json')).json, [{ code: 'container-not-found', detail: /0 to 5/ }])
  t.match(await platformStatus('where', 'Hotl1'), { code: 1, err: 'Did you mean Hotel1?\n' })
  t.match(await platformStatus('where', 'p1', 'P1'), { code: 1, out: /\nP1 +P1 +Hotel1 +5 /, err: /Did you mean P1\?\n$/ })
  t.match(await platformStatus('where', 'Hotl1 3'), { code: 1, err: 'Did you mean Hotel1:3?\n' })
})

t.test('a list of a device that does not exist says so to people, with a name that is nearly right', async (t) => {
  const lab = await aLab(t, { PlateReader: 1 })
  const { platformStatus } = await aCommandLine(lab)
  for (const command of ['steps', 'events']) {
    t.match(await platformStatus(command, '--device', 'platereader'), { code: 0, out: `no ${command}\n`, err: 'The lab has no device "platereader". Did you mean PlateReader?\n' })
    t.match(await platformStatus(command, '--device', 'Centrifuge'), { err: 'The lab has no device "Centrifuge".\n' })
    t.match(await platformStatus(command, '--device', 'platereader', '--json'), { code: 0, out: '[]\n', err: '' }, 'a script gets only the list')
  }
  t.match(await platformStatus('steps', '--device', 'PlateReader'), { code: 0, err: '' }, 'a device without steps is one')
  t.match(await platformStatus('lab', 'show', 'platereader'), { code: 1, err: 'The lab has no device "platereader". Did you mean PlateReader?\n' })
})

t.test('exports of events are chosen by time, too, and what cannot choose says what can', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { platformStatus } = await aCommandLine(lab)
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  t.match(await platformStatus('export', 'events', '--before', tomorrow), { code: 0, out: /"kind":"device-added"/ })
  t.match(await platformStatus('export', 'events', '--after', tomorrow), { code: 0, out: '' })
  t.match(await platformStatus('export', 'events', '--before', '2026-01-01 08:00'), { code: 0, out: '' })
  for (const option of ['--before', '--after']) {
    t.match(await platformStatus('export', 'containers', option, tomorrow), { code: 2, err: `${option} cannot be used for containers: use --device, or export events, which are the history of all containers.\n` })
  }
})

t.test('times of steps exclude can be local', async (t) => {
  const lab = await aLab(t, { Hotel: 1 })
  const { platformStatus } = await aCommandLine(lab)
  const { body: { id } } = await lab.post('/api/steps', { device: 'Hotel', data: { fct: 'wait' }, start: '2026-03-02T09:00:00Z', finish: '2026-03-02T09:00:30Z' })
  const dry = ['steps', 'exclude', '--dry-run', '--where']
  t.match(await platformStatus(...dry, 'finished_after=2026-03-01 05:00'), { code: 0, out: new RegExp(id) })
  t.match(await platformStatus(...dry, 'started_before=2026-03-01'), { code: 0, out: /^no step matches/ })
  t.match(await platformStatus(...dry, 'started_after=yesterday'), { code: 2, err: /^started_after must be a time, such as / })
})

t.test('scans from a pipe are refused if they are not UTF-8, and nothing is changed', async (t) => {
  const lab = await aLab(t, { Hotel: 2 })
  const { address } = await aCommandLine(lab)
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'K\u00fchl1' })
  for (const [encoding, says] of [['latin1', /^Standard input is not UTF-8, probably Latin-1 or Windows-1252 \(line 2\)\. Convert it to UTF-8\.$/m], ['utf16le', /Standard input is probably UTF-16/]] as const) {
    const said = { out: '', err: '' }
    const code = await runCommandLine(['stocktake', 'Hotel', '--yes'], {
      in: Readable.from([Buffer.from('P1\nK\u00fchl1\n', encoding)]), out: process.stdout, err: { write: (text) => { said.err += text } },
      env: { PLATFORM_STATUS_URL: address }, signal: new AbortController().signal
    })
    t.match({ code, ...said }, { code: 2, err: says }, encoding)
  }
  t.match((await lab.get('/api/containers')).body.items, [{ barcode: 'K\u00fchl1', position: 0 }])
})

t.test('a lab file with a number that is too large says how it is kept', async (t) => {
  const lab = await aLab(t, {})
  const { platformStatus } = await aCommandLine(lab)
  const file = join(await aFolder(t), 'lab.yaml')
  await writeFile(file, 'sila_servers:\n  devices:\n    Reader: {capacity: 1, serial: 1546130668394913822}\n')
  for (const command of ['plan', 'apply']) {
    t.match(await platformStatus('lab', command, file), { code: 0, out: /\nwarning number-kept-as-text at \/sila_servers\/devices\/Reader\/serial: .*digit by digit\.\n$/ }, command)
  }
})
