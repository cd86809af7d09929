import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { aCommandLine } from '../support/command-line.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { logged } from '../support/log.ts'
import { aLab } from '../support/service.ts'

t.test('where: on the platform, removed, and never seen', async (t) => {
  const lab = await aLabAtWork(t)
  const { platformStatus } = await aCommandLine(lab)
  for (const turn of [1, 2]) {
    await lab.post('/api/containers', { device: 'Hotel', barcode: 'GONE', name: `turn ${turn}` })
    await lab.delete('/api/containers/GONE')
  }
  t.match(await platformStatus('where', 'P1', 'P2'), { code: 0, out: /^container +name +device +slot +lid +since\nP1 +P1 +Hotel +0 +on +\S+Z\nP2 +P2 +Hotel +1 +Hotel 2 +\S+Z\n$/ })
  t.match(await platformStatus('where', lab.container), { code: 0, out: /P1 +Hotel/ })
  t.match(await platformStatus('where', 'P1', 'GONE', 'N/A?'), { code: 1, out: /\nGONE +turn 2 +removed +- +- +\S+Z\nN\/A\? +- +unknown +- +- +-\n$/ })
  t.match((await platformStatus('where', 'P1', 'NOPE', '--json')).json, [{ barcode: 'P1', device: 'Hotel' }, { barcode: 'NOPE', code: 'container-not-found' }])
  t.match(await platformStatus('where', 'x'.repeat(300)), { code: 1, out: '', err: /./ }, 'another refusal is told')
})

t.test('an address without a scheme, as the Python client takes it, is http', async (t) => {
  const lab = await aLabAtWork(t)
  const address = new URL(await lab.listen()).host
  const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_URL: address })
  t.match(await platformStatus('where', 'P1'), { code: 0, out: /\nP1 +P1 +Hotel +0 / })
  t.match(await platformStatus('where', 'P1', '--url', address), { code: 0 })
  t.match(await platformStatus('where', 'P1', '--url', `ftp://${address}`), { code: 2, err: /must begin with http/ })
})

t.test('history: oldest first, to the last page', async (t) => {
  const lab = await aLab(t, { Hotel: 3 })
  const { platformStatus } = await aCommandLine(lab)
  await lab.post('/api/containers', { device: 'Hotel', position: 0, barcode: 'P1', lidded: true })
  await lab.post('/api/containers/P1/unlid', { lid_device: 'Hotel', lid_pos: 2 })
  await lab.post('/api/steps/batch', { steps: Array.from({ length: 600 }, () => ({ device: 'Washer', start: '2020-01-01T00:00:00Z', finish: '2020-01-01T00:01:30Z', containers: ['P1'], data: { fct: 'wash' } })) })
  await lab.post('/api/steps', { containers: ['P1'], device: 'Hotel', name: 'Look', start: '2020-01-01T00:02:00Z' })
  await lab.delete('/api/containers/P1')
  const { body: { items: [{ id }] } } = await lab.get('/api/containers?removed=true')
  const { code, out } = await platformStatus('history', id)
  const lines = out.trimEnd().split('\n')
  t.same([code, lines.length], [0, 1 + 600 + 1 + 3])
  t.match(lines[1], /^2020-01-01T00:00:00.000Z +wash \(completed, 90.0 s\) +Washer +- +-$/)
  t.match(lines.slice(601), [/ Look \(running\) +Hotel /, / added +- +Hotel 0 +2$/, / unlidded +Hotel 0 +Hotel 0, lid Hotel 2 +3$/, / removed +Hotel 0, lid Hotel 2 +off the platform +\d+$/])
  t.equal((await platformStatus('history', id, '--json')).json.length, 604)
  t.match(await platformStatus('history', 'NOPE'), { code: 1, out: '', err: /NOPE/ })
})

t.test('estimate: an operation, a move, and a step without history', async (t) => {
  const lab = await aLab(t, { Hotel: 3, Washer: 1 })
  const { platformStatus } = await aCommandLine(lab)
  for (const seconds of [90, 91, 92, 93]) await logged(lab, { device: 'Washer', data: { fct: 'wash', protocol: '3x PBS', volume: 2 } }, seconds)
  await logged(lab, { kind: 'move', device: 'Arm', origin: { device: 'Hotel', position: 1 }, destination: { device: 'Washer' } }, 20)
  t.match(await platformStatus('estimate', 'Washer', 'wash', 'protocol=3x PBS', 'volume=2', '--confidence', '0.8'), { code: 0, out: /^93\.0 s with 80 % confidence\n4 comparable steps \(level parameters\), median 91\.5 s, method rank\nnote: / })
  t.match(await platformStatus('estimate', 'Washer', 'wash', 'protocol=3x PBS', 'volume=2'), { code: 0, out: /with 95 % confidence; the samples alone guarantee 80 %\n/ })
  t.match(await platformStatus('estimate', 'Washer', 'wash', '--statistic', 'median'), { code: 0, out: /^91\.5 s \(median\)\n/ })
  t.match((await platformStatus('estimate', 'Arm', '--from', 'Hotel:1', '--to', 'Washer', '--json')).json, { level: 'pair', sample_size: 1 })
  t.match(await platformStatus('estimate', 'Reader', 'absorbance'), { code: 0, out: 'no comparable steps\n' })
  for (const [args, why] of [
    [['Washer', 'wash', 'protocol'], /"protocol" must have the form member=value/], [['Arm', '--from', 'Hotel'], /both --from and --to/], [['Washer', 'wash', '--confidence', 'high'], /--confidence must be a number/]
  ] as const) t.match(await platformStatus('estimate', ...args), { code: 2, out: '', err: why })
  t.match(await platformStatus('estimate', 'Washer', 'wash', '--confidence', '2'), { code: 1, err: /\n {2}\/confidence: / })
})

/** Starts a server with this handler, and returns its address. */
async function aServer (t: { teardown (work: () => unknown): void }, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('what does not answer, and what answers but is another, is unreachable', async (t) => {
  const { platformStatus } = await aCommandLine(null)
  t.match(await platformStatus('lab', 'show'), { code: 3, out: '', err: 'No service answers at http://127.0.0.1:65533 (ECONNREFUSED): start it, or set its address with --url or PLATFORM_STATUS_URL.\n' })
  t.match(JSON.parse((await platformStatus('lab', 'show', '--json')).err), { detail: /No service answers/ })
  const url = await aServer(t, (_request, response) => response.end('hello'))
  t.match(await platformStatus('lab', 'show', '--url', `${url}/`), { code: 3, err: /is not platform-status \(GET \/api\/lab: 200\)/ })
  t.match(await platformStatus('lab', 'show', '--url', 'localhost'), { code: 2, err: /must begin with http/ })
})

t.test('a service without its database is unreachable, one that wants a key refuses', async (t) => {
  const keys: (string | undefined)[] = []
  const problems = [{ status: 503, code: 'database-unavailable', detail: 'The database did not answer.' }, { status: 401, code: 'unauthorized', title: 'Unauthorized' }]
  const url = await aServer(t, (request, response) => {
    keys.push(request.headers.authorization)
    const problem = problems.shift()!
    response.writeHead(problem.status).end(JSON.stringify(problem))
  })
  t.match(await (await aCommandLine(null)).platformStatus('lab', 'show', '--url', url), { code: 3, err: 'The database did not answer.\n' })
  t.match(await (await aCommandLine(null, { PLATFORM_STATUS_KEY: 'secret' })).platformStatus('lab', 'show', '--url', url), { code: 1, err: 'Unauthorized Set PLATFORM_STATUS_KEY to a valid key.\n' })
  t.same(keys, [undefined, 'Bearer secret'])
})

t.test('a key or an address that cannot be sent is refused, and nothing secret of it is shown', async (t) => {
  for (const key of ['hunter2\nhunter3', 'hunter2\rX-Other: hunter3', 'hunter2\thunter3', 'hunter2 hunter3', 'hunter2\u0007', 'hunter2ä', 'hunter2\u2028hunter3', '"hunter2"']) {
    const { platformStatus } = await aCommandLine(null, { PLATFORM_STATUS_KEY: key })
    for (const args of [['lab', 'show'], ['lab', 'show', '--json'], ['doctor'], ['watch']]) {
      const { code, out, err } = await platformStatus(...args)
      t.not(code, 0)
      t.match(out + err, /PLATFORM_STATUS_KEY may contain only letters/, `${encodeURIComponent(key)} ${args.join(' ')}`)
      t.notMatch(out + err, /hunter/)
    }
  }
  for (const url of ['http://me:hunter2@lab:8000', 'me:hunter2@lab:8000', 'http://me:hunter2/@lab', 'ftp://me:hunter2@lab']) {
    const { code, err } = await (await aCommandLine(null)).platformStatus('lab', 'show', '--url', url)
    t.match([code, err], [2, /must not contain a user or a password/], url)
    t.notMatch(err, /hunter/)
  }
  const keys: (string | undefined)[] = []
  const url = await aServer(t, (request, response) => {
    keys.push(request.headers.authorization)
    response.writeHead(401).end('{"code":"unauthorized","title":"Unauthorized"}')
  })
  await (await aCommandLine(null, { PLATFORM_STATUS_KEY: 'hunter2\n' })).platformStatus('lab', 'show', '--url', url)
  t.same(keys, ['Bearer hunter2'], 'what a file ends with is no part of a key')
})

t.test('what is called wrongly is told how', async (t) => {
  const { platformStatus, withSignal } = await aCommandLine(null)
  t.match(await platformStatus('wher', 'P1'), { code: 2, out: '', err: /unknown command 'wher'\n\(Did you mean where\?\)/ })
  t.match(await platformStatus('where'), { code: 2, err: /Say what to look for: barcodes, ids, places such as Hotel1:5, or --from with a file/ })
  t.match(await platformStatus('where', 'P1', '--jsn'), { code: 2, err: /unknown option '--jsn'\n\(Did you mean --json\?\)/ })
  t.match(await platformStatus('export', 'plates'), { code: 2, err: /Allowed choices are steps, containers, events/ })
  t.match(await platformStatus('--version'), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
  for (const args of [['--help'], ['lab', '--help'], ['help', 'backup'], ['estimate', '-h'], ['import', '--help']]) t.match(await platformStatus(...args), { code: 0, out: /Usage: platform-status/, err: '' }, args.join(' '))
  t.match(await platformStatus(), { code: 2, err: /Usage: platform-status/ })
  t.match(await platformStatus('import'), { code: 2, err: /required option '--from <database>'/ })
  t.match(await withSignal(AbortSignal.abort('SIGINT'), ['lab', 'show']), { code: 130, out: '', err: '' })
})
