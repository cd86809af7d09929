import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { csvLine } from '../../src/cli/csv.ts'
import { reportText, type ImportReport } from '../../src/import/report.ts'
import { progressOf } from '../../src/terminal/progress.ts'
import { safeJson, safeLines, safeText } from '../../src/terminal/safe-text.ts'
import { tableOf } from '../../src/terminal/table.ts'
import { aCommandLine } from '../support/command-line.ts'
import { logged, rows } from '../support/log.ts'
import { anOutput } from '../support/output.ts'
import { aLab } from '../support/service.ts'

const evil = '\u001b[31m\u001b]0;own\u0007\u009b2J\u202egnp.exe\u200b\r'
/** Characters that no output may contain. */
const raw = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

t.test('unsafe characters are shown by their number', async (t) => {
  t.equal(safeText('wash\u001b[31m\u001b]0;own\u0007'), 'wash\\u{1b}[31m\\u{1b}]0;own\\u{7}')
  t.equal(safeText('a\nb\r\tc\u0085\u2028'), 'a\\u{a}b\\u{d}\\u{9}c\\u{85}\\u{2028}')
  t.equal(safeText('\u202e\u2066\u200b\ufeff\ud800\u{e0041}'), '\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\u{d800}\\u{e0041}')
  t.equal(safeText('Größe 3 µl — 板 🧪 é'), 'Größe 3 µl — 板 🧪 é', 'text stays')
  t.equal(safeLines('a\n\u001bb\n'), 'a\n\\u{1b}b\n')
  const value = { [`a${evil}`]: ['\u009b', '\u{e0041}', 'ä\n'] }
  t.same(JSON.parse(safeJson(JSON.stringify(value, null, 2))), value, 'JSON has the same value')
  t.notMatch(safeJson(JSON.stringify(value, null, 2)), raw)
})

t.test('tables, progress and the report of an import are escaped', async (t) => {
  t.same(tableOf(['a', 'b'], [['x\u001b[2J\n', '1']]), ['a                b', 'x\\u{1b}[2J\\u{a}  1'])
  const out = anOutput()
  progressOf(out, `steps of ${evil}`, 1).done()
  t.notMatch(out.text, raw)
  const counts = Object.fromEntries(['devices', 'containers', 'processes', 'experiments', 'steps'].map((what) => [what, { read: 1, added: 1, known: 0 }]))
  const report = {
    counts, dry_run: false, source: evil, target: evil, seconds: 1, on_platform: 0, moves: 0, experiments_completed: 0, steps_extended: 0, first_start: null, last_finish: null,
    conflicts: [{ level: 'dropped', kind: 'barcode-unusable', count: 1, what: 'x', settled: 'y', examples: [`two\n${evil}`] }]
  } as unknown as ImportReport
  t.match(reportText(report), /- two\\u\{a\}\\u\{1b\}\[31m/)
})

t.test('stored control characters are escaped when they are printed, and JSON keeps its value', async (t) => {
  const lab = await aLab(t, { Washer: 1 })
  await lab.post('/api/containers', { device: 'Washer', barcode: 'P1' })
  await logged(lab, { device: 'Washer', data: { fct: 'wash' }, containers: ['P1'] })
  await rows(lab, `UPDATE step SET fct = ${literal(`wash${evil}`)}`)
  const { platformStatus } = await aCommandLine(lab)
  for (const command of [['history', 'P1'], ['where', 'P1'], ['lab', 'show'], ['lab', 'health'], ['history', 'P1', '--json'], ['export', 'steps']]) {
    const { code, out } = await platformStatus(...command)
    t.equal(code, 0, command.join(' '))
    t.notMatch(out, raw, command.join(' '))
  }
  t.match((await platformStatus('history', 'P1')).out, /wash\\u\{1b\}\[31m/)
  t.equal((await platformStatus('history', 'P1', '--json')).json[0].step.fct, `wash${evil}`)
})

t.test('the responses of a hostile server are escaped in tables and errors', async (t) => {
  const problem = (status: number) => ({ status, code: `x${evil}`, title: evil, detail: `a\n${evil}`, errors: [{ pointer: evil, detail: evil }] })
  const answers: Record<string, [number, unknown]> = {
    '/api/lab': [200, { revision: evil, totals: { utilization: null, devices: evil, positions: evil, occupied: evil, containers: evil, containers_removed: evil }, devices: [] }],
    '/api/lab/health': [200, { healthy: false, findings: [{ severity: evil, code: evil, device: evil, position: evil, message: evil }] }],
    '/api/estimates': [200, { duration_seconds: 1, confidence: 0.95, confidence_attained: 1, method: evil, level: evil, sample_size: evil, median_seconds: 1, warnings: [{ code: evil, detail: evil }] }],
    '/api/devices': [200, { items: [{ name: evil }, { name: 'Washer' }], next_cursor: null }]
  }
  const address = await answering(t, (request, response) => {
    const [status, body] = answers[request.url!.split('?')[0]!] ?? [409, problem(409)]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: address })
  for (const command of [['lab', 'show'], ['lab', 'health'], ['estimate', 'Washer'], ['where', 'P1'], ['history', 'P1'], ['where', 'P1', '--json'], ['names', 'devices'], ['doctor'], ['nonsense\u001b[2J']]) {
    const { out, err } = await platformStatus(...command)
    t.not(out + err, '', command.join(' '))
    t.notMatch(out + err, raw, command.join(' '))
  }
  t.equal((await platformStatus('names', 'devices')).out, 'Washer\n')
  t.equal((await platformStatus('where', 'P1')).err.split('\n').length, 3, 'line breaks of the server are escaped')
})

t.test('a redirect is an error, and neither the key nor the body is sent there', async (t) => {
  const asked: string[] = []
  const elsewhere = await answering(t, (request, response) => {
    asked.push(`${request.headers.authorization}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  for (const status of [301, 302, 303, 307, 308]) {
    const address = await answering(t, (_request, response) => { response.writeHead(status, { location: `${elsewhere}/login` }).end('<html>Sign on</html>') })
    const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: address, PLATFORM_STATUS_KEY: 'ps_secret' })
    const { code, out, err } = await platformStatus('estimate', 'Washer')
    t.match({ code, out, err }, { code: 3, out: '', err: new RegExp(`redirects POST /api/estimates to ${new URL(elsewhere).host} \\(${status}\\), and redirects are not followed`) })
  }
  t.same(asked, [])
})

t.test('an HTML page with status 200 is an error', async (t) => {
  const address = await answering(t, (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('{"healthy":true,"findings":[]}') })
  const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: address })
  t.match(await platformStatus('lab', 'health'), { code: 3, out: '', err: /is not platform-status/ })
})

t.test('CSV cells that a spreadsheet would run start with an apostrophe', async (t) => {
  t.equal(csvLine(['=1+1', '+cmd', '-cmd', '@x', '\tx', '\rx', '=HYPERLINK("a")']), '\'=1+1,\'+cmd,\'-cmd,\'@x,\'\tx,"\'\rx","\'=HYPERLINK(""a"")"\r\n')
  t.equal(csvLine([-5, '-5', '-1.5e-3', '+4', 'a=b', '2026-03-02', null]), '-5,-5,-1.5e-3,+4,a=b,2026-03-02,\r\n', 'numbers stay')
})

function literal (text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

async function answering (t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
