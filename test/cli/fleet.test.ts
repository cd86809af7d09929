import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import t from 'tap'
import { readBackup } from '../../src/backup/read.ts'
import { mergedMetrics } from '../../src/cli/fleet/merged-metrics.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { listening } from '../support/http.ts'
import { aLab } from '../support/service.ts'

/** Two labs with a plate each, and a third one that does not answer. */
async function aFleet (t: Parameters<typeof aLab>[0]) {
  const [north, south] = [await aLab(t, { Hotel1: 5 }, {}), await aLab(t, { Shelf: 2 }, {})]
  await north.post('/api/containers', { device: 'Hotel1', position: 3, barcode: 'P1' })
  await south.post('/api/containers', { device: 'Shelf', position: 1, barcode: 'P2' })
  const folder = await aFolder(t)
  const labs = async (text: string, name = 'labs.yaml'): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  const addresses = { north: await listening(north), south: await listening(south) }
  const entry = (name: keyof typeof addresses) => `  - name: ${name}\n    url: ${addresses[name]}\n    database_url_file: ${name}.url\n`
  for (const [name, service] of [['north', north], ['south', south]] as const) await writeFile(join(folder, `${name}.url`), `${service.url}\n`)
  const both = await labs(`labs:\n${entry('north')}${entry('south')}`)
  const withDead = await labs(`labs:\n${entry('north')}  - { name: dead, url: "http://127.0.0.1:9" }\n`, 'dead.yaml')
  return { north, south, addresses, folder, labs, both, withDead, ...await aCommandLine(null, { TZ: 'UTC' }) }
}

t.test('where says which lab has a plate', async (t) => {
  const { north, south, both, withDead, platformStatus } = await aFleet(t)
  t.match(await platformStatus('fleet', 'where', 'P1', 'P2', '--labs', both), { code: 0, out: /P1 +north +present +Hotel1 +3[^]*P2 +south +present +Shelf +1/ })
  t.match(await platformStatus('fleet', 'where', 'P1', '--labs', both, '--json'), { code: 0, json: [{ barcode: 'P1', lab: 'north', found: 'present', container: { device: 'Hotel1', position: 3 } }] })
  t.match(await platformStatus('fleet', 'where', 'P9', '--labs', both), { code: 1, out: /P9 +- +unknown/ })
  await south.post('/api/containers', { device: 'Shelf', position: 0, barcode: 'P1' })
  await north.delete('/api/containers/P1')
  const moved = await platformStatus('fleet', 'where', 'P1', '--labs', both)
  t.match(moved, { code: 0, out: /P1 +south +present/ }, 'a plate that went to another lab is there')
  t.notMatch(moved.out, 'north')
  t.match(await platformStatus('fleet', 'where', 'P1', '--labs', withDead), { code: 3, out: /P1 +north +removed/, err: /^dead: No service answers at http:\/\/127\.0\.0\.1:9 [^]* with the url of the lab in the file of labs\.\n$/ },
    'what one lab does not answer is told, and the others are shown')
})

t.test('doctor checks each lab', async (t) => {
  const { south, both, withDead, platformStatus } = await aFleet(t)
  t.match(await platformStatus('fleet', 'doctor', '--labs', both), { code: 0, out: /north +service +ok[^]*north +lab +ok[^]*south +service +ok/ })
  t.match(await platformStatus('fleet', 'doctor', '--labs', withDead, '--json'), { code: 1, json: { healthy: false, findings: [
    { lab: 'north', check: 'service', status: 'ok' }, { lab: 'north', check: 'lab' }, { lab: 'north', check: 'backup' }, { lab: 'dead', check: 'service', status: 'error', says: /url of the lab in the file of labs/ }, { lab: 'dead', check: 'lab', status: 'skipped' }
  ] } })
  await south.post('/api/keys', { name: 'admin', scopes: ['admin'] })
  t.match(await platformStatus('fleet', 'doctor', '--labs', both), { code: 1, out: /north +lab +ok[^]*south +lab +error +[^\n]*key_file of the lab/ }, 'a lab that refuses its key is a problem, because nobody looked at it')
})

t.test('backup writes a file for each lab', async (t) => {
  const { folder, both, withDead, labs, platformStatus } = await aFleet(t)
  const to = join(folder, 'backups')
  t.match(await platformStatus('fleet', 'backup', to, '--labs', both), { code: 0, out: /north[^]*south/ })
  const files = (await readdir(to)).sort()
  t.match(files, [/^north-.*\.backup\.gz$/, /^south-.*\.backup\.gz$/])
  for (const file of files) t.match((await readBackup(join(to, file))).header, { revision: 2 })
  t.match(await platformStatus('fleet', 'backup', to, '--labs', withDead), { code: 2, err: /"dead" has no database_url_file/ })
  await writeFile(join(folder, 'dead.url'), 'postgresql://127.0.0.1:9/none')
  const file = await labs('labs:\n  - { name: dead, url: "http://127.0.0.1:9", database_url_file: dead.url }\n  - { name: north, url: "http://127.0.0.1:9", database_url_file: north.url }\n')
  t.match(await platformStatus('fleet', 'backup', join(folder, 'more'), '--labs', file), { code: 3, out: /north/, err: /^dead: / })
  t.match(await readdir(join(folder, 'more')), [/^north-/], 'one that cannot be reached does not stop the others')
})

t.test('metrics are one text for Prometheus, with the lab as a label', async (t) => {
  const { both, withDead, platformStatus } = await aFleet(t)
  const { code, out } = await platformStatus('fleet', 'metrics', '--labs', both)
  t.equal(code, 0)
  const families = parsePrometheusTextFormat(out)
  t.equal(new Set(families.map(({ name }) => name)).size, families.length, 'each metric once')
  const revisions = families.find(({ name }) => name === 'platform_status_revision')
  t.match(revisions?.metrics.map(({ labels }) => labels?.lab).sort(), ['north', 'south'])
  t.strictSame(out.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !/^\w+\{lab="(?:north|south)"[,}]/.test(line)), [], 'each sample has its lab')
  t.match(await platformStatus('fleet', 'metrics', '--labs', withDead), { code: 3, out: /lab="north"/, err: /^dead: / })
  t.equal(mergedMetrics([{ lab: 'a', text: '# HELP x y\n# TYPE x gauge\nx 1\nx{} 2\nx{q="{"} 3\n' }, { lab: 'b', text: '# HELP x y\n# TYPE x gauge\nx 4\n# EOF\n' }]),
    '# HELP x y\n# TYPE x gauge\nx{lab="a"} 1\nx{lab="a"} 2\nx{lab="a",q="{"} 3\nx{lab="b"} 4\n')
})

t.test('a file of labs that cannot be used is refused with what is wrong', async (t) => {
  const { labs, folder, addresses, platformStatus } = await aFleet(t)
  const wrong: [string, RegExp][] = [
    ['', /must have a list of labs/], ['labs: []', /must have a list of labs/], ['labs: north', /must have a list of labs/], ['labs:\n  - north\n', /lab 1 must have a name and a url/],
    ['labs:\n  - name: a\n', /lab 1: "url" must be a text/], ['labs:\n  - { name: 7, url: x }\n', /lab 1: "name" must be a text/],
    ['labs:\n  - { name: a, url: "ftp://x" }\n', /must begin with http/], ['labs:\n  - { name: "a/b", url: "http://x" }\n', /name "a\/b" must be letters/],
    ['labs:\n  - { name: a, url: "http://x", key: secret }\n', /unknown member "key"/], ['lab: []\nlabs:\n  - { name: a, url: "http://x" }\n', /unknown member "lab"/],
    ['labs:\n  - { name: a, url: "http://x" }\n  - { name: a, url: "http://y" }\n', /two labs named "a"/],
    ['labs:\n  - { name: a, url: "http://x", key_file: nowhere.key }\n', /key_file nowhere\.key cannot be read \(ENOENT\)/],
    ['labs:\n  - { name: a, url: "http://me:secret@x" }\n', /must not contain a user or a password/],
    ['labs: [', /line 1: /], ['labs: &a [*a]\n', /has an alias/]
  ]
  for (const [text, says] of wrong) {
    const said = await platformStatus('fleet', 'doctor', '--labs', await labs(text, 'wrong.yaml'))
    t.match(said, { code: 2, err: says }, JSON.stringify(text))
    t.notMatch(said.err, /secret/)
  }
  for (const [member, content, says] of [
    ['key_file', 'secret\nsecret', /must have one line/], ['key_file', 'secret"', /its text may contain only letters/],
    ['database_url_file', 'mysql://me:secret@db/lab', /its text must be a URL such as postgresql/], ['database_url_file', 'postgresql://me:secret@a,b/lab', /its text names several hosts/]
  ] as const) {
    await writeFile(join(folder, 'bad'), content)
    const said = await platformStatus('fleet', 'doctor', '--labs', await labs(`labs:\n  - { name: a, url: "http://x", ${member}: bad }\n`, 'wrong.yaml'))
    t.match(said, { code: 2, err: says }, content)
    t.notMatch(said.err, /secret/)
  }
  t.match(await platformStatus('fleet', 'doctor', '--labs', join(folder, 'none.yaml')), { code: 2, err: /none\.yaml cannot be read/ })
  t.match(await platformStatus('fleet', 'doctor'), { code: 2, err: /--labs/ })
  const key = join(folder, 'north.key')
  const withKey = await labs(`labs:\n  - { name: north, url: "${addresses.north}", key_file: north.key }\n`, 'key.yaml')
  for (const text of ['', 'secret\nsecret', 'secret of the lab', 'secr\u00e9t']) {
    await writeFile(key, text)
    const said = await platformStatus('fleet', 'where', 'P1', '--labs', withKey)
    t.match(said, { code: 2, err: /key_file north\.key must have one line/ }, JSON.stringify(text))
    t.notMatch(said.err, 'secr', 'a secret is not shown')
  }
  await writeFile(key, 'x'.repeat(40))
  t.match(await platformStatus('fleet', 'where', 'P1', '--labs', withKey), { out: /P1 +north/ }, 'a key of a lab is read from a file beside the file of labs')
})
