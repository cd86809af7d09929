import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import t from 'tap'
import { runCommandLine } from '../../src/cli/run.ts'
import { scansOf } from '../../src/cli/scans.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aLab } from '../support/service.ts'

async function aHotel (t: Parameters<typeof aLab>[0]) {
  const lab = await aLab(t, { Hotel1: 5 })
  await lab.post('/api/containers', { device: 'Hotel1', position: 0, barcode: 'P0' })
  await lab.post('/api/containers', { device: 'Hotel1', position: 1, barcode: 'P1' })
  await lab.post('/api/containers', { device: 'Hotel1', position: 2, barcode: 'P2' })
  return { lab, folder: await aFolder(t), ...await aCommandLine(lab, { TZ: 'UTC' }) }
}

t.test('scans are typed slot by slot, the findings are shown, and applied after a question', async (t) => {
  const { lab, withInput } = await aHotel(t)
  const said = await withInput('P1\nP0\n\n?\n\ny\n', 'stocktake', 'Hotel1', '--reason', 'Monday')
  t.equal(said.code, 0)
  t.match(said.err, /^Hotel1 has 5 slots\..*\nslot 0: slot 1: slot 2: slot 3: slot 4: Correct 4 containers\? \[y\/N\] $/)
  t.match(said.out, /^slot +finding +container +tracked in +seen\n +0 +elsewhere +P1 +Hotel1 1 +P1\n +1 +elsewhere +P0 +Hotel1 0 +P0\n +2 +missing +P2 +Hotel1 2 +-\n +3 +unexpected +- +- +unreadable\n\ncorrected 4 containers; the lab is at revision 5\n$/)
  t.match((await lab.get('/api/devices/Hotel1/positions')).body, [{ container: 'P1' }, { container: 'P0' }, { empty: true }, { occupied_by: 'container' }, { empty: true }])
  t.match((await lab.get('/api/stocktakes')).body.items, [{ reason: 'Monday' }])
})

t.test('without a yes nothing is changed, and the exit code says that something differs', async (t) => {
  const { lab, withInput } = await aHotel(t)
  for (const typed of ['P0\n.\nn\n', 'P0\n.\n', 'P0\n']) {
    t.match(await withInput(typed, 'stocktake', 'Hotel1'), { code: 1, out: /missing +P1[^]*nothing was changed\n$/ }, JSON.stringify(typed))
  }
  t.match(await withInput('P0\nP1\nP2\n.\n', 'stocktake', 'Hotel1'), { code: 0, out: /match[^]*everything is as the service says\n$/ }, 'nothing to ask')
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 0 })
})

t.test('scans come from a file or a pipe, and --yes applies them without a question', async (t) => {
  const { lab, folder, platformStatus, withInput } = await aHotel(t)
  const file = join(folder, 'scans.csv')
  await writeFile(file, '\uFEFF4,P0\r\n1;P1\r\n2\t?\r\n')
  t.match(await platformStatus('stocktake', 'Hotel1', '--from', file), { code: 1, out: /elsewhere +P0[^]*nothing was changed/ })
  t.match(await platformStatus('stocktake', 'Hotel1', '--from', file, '--yes'), { code: 0, out: /\n\ncorrected 1 container; the lab is at revision 5\n$/ })
  t.match((await lab.get('/api/containers/P0')).body, { position: 4 })
  t.match((await withInput('P0\nP1\nP2\n', 'stocktake', 'Hotel1', '--from', '-', '--json')).json, { applied: false, counts: { elsewhere: 1 } })
  t.match((await withInput('P0\nP1\nP2\n', 'stocktake', 'Hotel1', '--from', '-', '--yes', '--json')).json, { applied: true })
  t.match((await lab.get('/api/stocktakes')).body.items, [{ reason: 'Stocktake of Hotel1' }, {}])
})

t.test('what cannot be done is said in words', async (t) => {
  const { lab, folder, platformStatus, withInput } = await aHotel(t)
  t.match(await platformStatus('stocktake', 'Attic'), { code: 1, err: /no device "Attic"/ })
  t.match(await platformStatus('stocktake', 'Hotel1', '--from', join(folder, 'none')), { code: 2, err: /cannot be read \(ENOENT\)/ })
  t.match(await withInput('0: P0\n0: P1\n', 'stocktake', 'Hotel1', '--from', '-'), { code: 2, err: /Line 2 names slot 0 again/ })
  t.match(await withInput('9: P0\n', 'stocktake', 'Hotel1', '--from', '-', '--yes'), { code: 1, out: /Hotel1 has no slot 9\. Its slots are 0 to 4[^]*nothing was changed\n$/ })
  await lab.patch('/api/containers/P0', { barcode: 'NEW' })
  t.match(await withInput('P0\nP1\nP2\n', 'stocktake', 'Hotel1', '--from', '-', '--yes'), { code: 1, out: /"P0" was the barcode of the container "NEW"[^]*nothing was changed\n$/ })
})

t.test('a line of scans is a barcode, an empty slot, a plate that cannot be read, another slot, or the end', (t) => {
  t.same(scansOf(['A', '', '?', '10: B', 'C', '.', 'D']), [
    { position: 0, barcode: 'A' }, { position: 2, barcode: null }, { position: 10, barcode: 'B' }, { position: 11, barcode: 'C' }
  ])
  t.same(scansOf([]), [])
  t.same(scansOf(['3:', ' 4 ; X ']), [{ position: 4, barcode: 'X' }])
  t.end()
})

t.test('where reads barcodes from a file or a pipe, also more than a thousand', async (t) => {
  const { lab, folder, platformStatus, withInput } = await aHotel(t)
  await lab.patch('/api/containers/P1', { barcode: 'NEW' })
  const file = join(folder, 'barcodes.txt')
  await writeFile(file, `P0\n\n${Array.from({ length: 1200 }, () => 'P2').join('\n')}\n`)
  const { code, out } = await platformStatus('where', '--from', file)
  t.equal(code, 0)
  t.equal(out.match(/\nP2 /g)!.length, 1200)
  for (const args of [['-'], ['--from', '-']]) {
    t.match(await withInput('P0\nP1\nnobody\n', 'where', ...args), { code: 1, out: /\nP0 +P0 +Hotel1 +0 [^]*\nP1 +- +unknown [^]*\nnobody +- +unknown /, err: 'P1 was the barcode of NEW, which is in slot 1 of Hotel1.\n' }, args.join(' '))
  }
  t.match(await platformStatus('where'), { code: 2, err: /Say what to look for/ })
})

t.test('no scans at all do not say that a device is empty; a point does', async (t) => {
  const { lab, folder, platformStatus, withInput } = await aHotel(t)
  const refused = { code: 2, err: /No plate was scanned\. If Hotel1 is empty, enter a line that has only a point \(\.\)\./ }
  const file = join(folder, 'scans.txt')
  for (const text of ['', '\n\n']) {
    await writeFile(file, text)
    t.match(await platformStatus('stocktake', 'Hotel1', '--from', file, '--yes'), refused)
  }
  t.match(await platformStatus('stocktake', 'Hotel1', '--from', '/dev/null', '--yes'), refused)
  t.match(await withInput('', 'stocktake', 'Hotel1', '--yes'), refused)
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 0 })
  await writeFile(file, '.\n')
  t.match(await platformStatus('stocktake', 'Hotel1', '--from', file, '--yes'), { code: 0, out: /corrected 3 containers/ })
  t.match((await lab.get('/api/lab')).body.totals, { containers_missing: 3 })
})

t.test('scans on standard input that are not UTF-8 are refused', async (t) => {
  const { lab, address } = await aHotel(t)
  const before = (await lab.get('/api/lab')).text
  for (const words of [['stocktake', 'Hotel1', '--from', '-', '--yes'], ['where', '--from', '-']]) {
    const said = { out: '', err: '' }
    const out = new Writable({ decodeStrings: false, write: (chunk, _encoding, done) => { said.out += String(chunk); done() } })
    const code = await runCommandLine(words, {
      in: Readable.from([Buffer.from('K\xfchl1\n', 'latin1')]), out, err: { write: (text) => { said.err += text } }, env: { PLATFORM_STATUS_URL: address }, signal: new AbortController().signal
    })
    t.match({ code, ...said }, { code: 2, err: /Standard input is not UTF-8, probably Latin-1 or Windows-1252/ }, words.join(' '))
  }
  t.equal((await lab.get('/api/lab')).text, before)
})
