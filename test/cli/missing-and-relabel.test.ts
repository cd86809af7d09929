import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

async function aHotel (t: Parameters<typeof aLab>[0]) {
  const lab = await aLab(t, { Hotel1: 5 })
  for (const position of [0, 1, 2]) await lab.post('/api/containers', { device: 'Hotel1', position, barcode: `P${position}` })
  return { lab, folder: await aFolder(t), ...await aCommandLine(lab, { TZ: 'UTC' }) }
}

t.test('missing records containers that nobody finds, all or none, with one reason', async (t) => {
  const { lab, platformStatus, withInput } = await aHotel(t)
  const plan = await platformStatus('missing', 'P0', 'P1', '--reason', 'power cut', '--dry-run')
  t.match(plan, { code: 0, out: 'P0 is missing; it was last in slot 0 of Hotel1\nP1 is missing; it was last in slot 1 of Hotel1\n2 containers would change; this is only a plan\n' })
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 0 })
  t.match(await platformStatus('missing', 'P0', 'nobody', '--reason', 'power cut'), { code: 1, err: /"nobody"/ })
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 0 }, 'nothing half done')
  t.match(await platformStatus('missing', 'P0', 'nobody', '--reason', 'power cut', '--dry-run'), { code: 1, out: /"nobody"/ })
  t.match(await platformStatus('missing', 'P0', '--reason', 'power cut'), { code: 0, out: /^P0 is missing[^]*1 container changed; the lab is at revision 5\n$/ })
  t.match((await withInput('P1\r\n\r\nP2\r\n', 'missing', '--from', '-', '--reason', 'power cut', '--json')).json, { changes: [{ kind: 'missing' }, { kind: 'missing' }], revision: 6 })
  t.match((await lab.get('/api/events?kind=missing')).body.items, [{ reason: 'power cut' }, { reason: 'power cut' }, { reason: 'power cut' }])
  t.match(await platformStatus('missing', 'P0', '--reason', 'again'), { code: 0, out: '0 containers changed; the lab is at revision 6\n' })
  t.match(await platformStatus('missing', '--reason', 'power cut'), { code: 2, err: /Say which containers are missing/ })
  t.match(await withInput('', 'missing', '--from', '-', '--reason', 'power cut'), { code: 2, err: /Say which containers are missing/ })
  t.match(await platformStatus('missing', 'P0'), { code: 2, err: /--reason/ })
})

t.test('relabel gives new labels at once, so that two can be swapped', async (t) => {
  const { lab, folder, platformStatus, withInput } = await aHotel(t)
  const ids = Object.fromEntries((await lab.get('/api/containers')).body.items.map(({ id, barcode }: any) => [barcode, id]))
  const barcodeOf = async (id: string) => (await lab.get(`/api/containers/${id}`)).body.barcode
  t.match(await platformStatus('relabel', 'P0=P1', 'P1=P0', '--reason', 'mixed up', '--dry-run'), { code: 0, out: 'P0 is now P1\nP1 is now P0\n2 containers would change; this is only a plan\n' })
  t.equal(await barcodeOf(ids.P0), 'P0')
  t.match(await platformStatus('relabel', 'P0=P1', 'P1=P0', '--reason', 'mixed up'), { code: 0, out: /2 containers changed; the lab is at revision 5\n$/ })
  t.equal(await barcodeOf(ids.P0), 'P1')
  const file = join(folder, 'labels.csv')
  await writeFile(file, '\uFEFFP0\tA=B\r\nP2,C\r\n')
  t.match(await platformStatus('relabel', '--from', file, '--reason', 'new labels'), { code: 0, out: /^P0 is now A=B\nP2 is now C\n/ }, 'a tab parts, whatever else the labels have')
  t.match(await withInput(`${ids.P2}\tD\n`, 'relabel', '--from', '-', '--reason', 'new labels', '--json'), { code: 0, json: { changes: [{ to: { barcode: 'D' } }] } })
  t.match(await platformStatus('relabel', 'D=P1', '--reason', 'r'), { code: 1, err: /"P1"/ })
  t.match(await platformStatus('relabel', 'D=P1', '--reason', 'r', '--dry-run'), { code: 1, out: /"P1"/ })
  t.match(await platformStatus('relabel', 'D=A=B', '--reason', 'r'), { code: 2, err: /"D=A=B" has several separators, .* Put a tab between the two labels\./ })
  t.match(await withInput('P;0=X\n', 'relabel', '--from', '-', '--reason', 'r'), { code: 2, err: /"P;0=X" has several separators/ })
  for (const wrong of ['D', 'D=', '=D']) t.match(await platformStatus('relabel', wrong, '--reason', 'r'), { code: 2, err: /must be OLD=NEW/ }, wrong)
  t.match(await platformStatus('relabel', '--reason', 'r'), { code: 2, err: /Say which labels are new/ })
})
