import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { readBackup } from '../../src/backup/read.ts'
import { variables } from '../../src/config.ts'
import { projectRoot } from '../../src/project-root.ts'
import { aFolder } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { onDatabase } from '../support/database.ts'
import { aProcess } from '../support/spawned.ts'

// What the compose files start is started here without containers: the same program, with the variables that they give it.

type Service = {
  image: string, build?: string, environment?: Record<string, string>, entrypoint?: string[], command?: string[], secrets?: string[], volumes?: string[], stop_grace_period?: string
  healthcheck?: { test: string[] }
}
type Compose = { services: Record<string, Service>, secrets: Record<string, { file: string }>, volumes: Record<string, null> }

const files = ['docker-compose.yml', 'deploy/compose/three-labs.yaml']
const image = 'platform-status'
/** What the program of PostgreSQL's clients reads besides. */
const ofPostgres = ['PGPASSWORD']

function composeOf (file: string): Compose {
  return parse(readFileSync(join(projectRoot, file), 'utf8'), { merge: true }) as Compose
}

function labsOf ({ services }: Compose): [name: string, service: Service][] {
  return Object.entries(services).filter(([, { environment }]) => environment?.DATABASE_URL !== undefined)
}

/** A server as the container `database` is one: empty, and its script of the first start is run. Databases have names of their own, because tests share a server. */
async function aServer (t: Test, file: string) {
  const server = process.env.TEST_DATABASE_URL!
  const own = `_${randomUUID().slice(0, 8)}`
  const { services: { database } } = composeOf(file)
  const script = database!.volumes!.find((volume) => volume.includes('docker-entrypoint-initdb.d'))?.split(':')[0]
  const first = database!.environment!.POSTGRES_DB
  const statements = script === undefined ? [`CREATE DATABASE ${first}`] : (await readFile(join(projectRoot, file, '..', script), 'utf8')).match(/^CREATE DATABASE \w+;$/gm)!
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  const names = statements.map((statement) => /DATABASE (\w+)/.exec(statement)![1]!)
  for (const name of names) await client.query(`CREATE DATABASE ${name}${own}`)
  t.teardown(async () => {
    for (const name of names) await client.query(`DROP DATABASE ${name}${own} WITH (FORCE)`)
    await client.end()
  })
  /** What leads to the container, leads to this server. */
  const here = (url: string): string => onDatabase(server, `${new URL(url).pathname.slice(1)}${own}`)
  return { names, here }
}

/** The instances of a compose file, with the variables that it gives them. */
async function started (t: Test, file: string) {
  const compose = composeOf(file)
  const server = await aServer(t, file)
  const folder = await aFolder(t)
  const key = randomBytes(32).toString('hex')
  await writeFile(join(folder, 'admin_key'), `${key}\n`)
  const inside = (path: string): string => path.replaceAll('/run/secrets/', `${folder}/`)
  const addresses: Record<string, string> = {}
  for (const [name, { environment }] of labsOf(compose)) {
    const { DATABASE_URL: url, BOOTSTRAP_ADMIN_KEY_FILE: keyFile, ...others } = environment!
    // the image listens at all addresses, which the service does only if there is a key
    const lab = aProcess(t, { ...others, PGPASSWORD: '', DATABASE_URL: server.here(url!), BOOTSTRAP_ADMIN_KEY_FILE: inside(keyFile!), HOST: '0.0.0.0' })
    addresses[name] = (await lab.ready()).replace('0.0.0.0', '127.0.0.1')
  }
  return { compose, server, folder, key, inside, addresses }
}

t.test('compose files set what the service knows, and name what they define', (t) => {
  for (const file of files) {
    const { services, secrets, volumes } = composeOf(file)
    const known = [...variables.map(({ name }) => name), ...ofPostgres]
    const labs = labsOf({ services, secrets, volumes })
    t.ok(labs.length > 0, `labs of ${file} are seen`)
    for (const [name, { environment }] of labs) {
      t.same(Object.keys(environment!).filter((variable) => !known.includes(variable)), [], `${file}: ${name}`)
      t.ok(existsSync(join(projectRoot, 'dist/src/server.js')))
    }
    for (const [name, { secrets: used = [], image: of, entrypoint }] of Object.entries(services)) {
      t.same(used.filter((secret) => secrets[secret] === undefined), [], `${file}: ${name}`)
      const [node, program] = entrypoint ?? ['node', 'dist/src/server.js']
      if (of === image) t.ok(node === 'node' && existsSync(join(projectRoot, program!)), `${file}: ${name} runs ${program}`)
    }
    const { healthcheck, environment } = services.database!
    const [, user, database] = /--username (\w+) --dbname (\w+)/.exec(healthcheck!.test[1]!)!
    t.equal(user, environment!.POSTGRES_USER)
    t.ok(labs.some(([, lab]) => lab.environment!.DATABASE_URL!.endsWith(`${user}@database/${database}`)), `${file}: the health check asks for the database of a lab`)
  }
  t.end()
})

t.test('what a guide runs in a container is a service of a compose file, and a program of its image', async (t) => {
  const guides = join(projectRoot, 'docs/guides')
  const texts = await Promise.all((await readdir(guides)).filter((name) => name.endsWith('.md')).map(async (name) => [name, await readFile(join(guides, name), 'utf8')] as const))
  const commands = texts.flatMap(([guide, text]) => [...text.matchAll(/docker compose (?:--file (\S+) )?(?:exec|run|stop|start) ([^`\n]+)/g)].map(([line, file = files[0]!, rest]) => ({ guide, line, file, words: rest!.split(' ') })))
  t.ok(commands.length > 5, 'commands are seen')
  for (const { guide, line, file, words } of commands) {
    const { services } = composeOf(file)
    const at = words.findIndex((word) => services[word] !== undefined)
    if (!t.ok(at >= 0, `${guide} names a service of ${file}: ${line}`)) continue
    const { image: of, entrypoint } = services[words[at]!]!
    const [program, script] = words.slice(at + 1)
    if (of === image && program !== undefined && entrypoint === undefined) t.match([program, script], ['node', 'dist/src/cli/main.js'], `${guide}: ${line}`)
  }
})

t.test('docker-compose.yml starts one lab, which asks for the key of its file', async (t) => {
  const { addresses, key } = await started(t, 'docker-compose.yml')
  const [address] = Object.values(addresses)
  t.match(await fetch(`${address}/api/lab`), { status: 401 })
  t.match(await fetch(`${address}/api/lab`, { headers: { authorization: `Bearer ${key}` } }), { status: 200 })
  t.match(await fetch(`${address}/health/ready`), { status: 200 })
})

t.test('the fleet of three labs is asked as its compose file does it', async (t) => {
  const file = 'deploy/compose/three-labs.yaml'
  const { compose, server, folder, key, inside, addresses } = await started(t, file)
  t.same(Object.keys(addresses).sort(), server.names.toSorted(), 'each lab has a database, and each database a lab')
  const mounted = join(projectRoot, 'deploy/compose', compose.services.fleet!.volumes![0]!.split(':')[0]!)
  for (const name of await readdir(mounted)) {
    const text = await readFile(join(mounted, name), 'utf8')
    const here = name.endsWith('.database') ? server.here(text.trim()) : inside(text).replaceAll(/http:\/\/(\w+):8000/g, (_, lab: string) => addresses[lab]!)
    await writeFile(join(folder, name), here)
  }
  const { platformStatus } = await aCommandLine(null, { TZ: 'UTC' })
  const fleet = async (...args: string[]) => await platformStatus('fleet', ...args, '--labs', join(folder, 'labs.yaml'))
  const send = async (lab: string, method: string, path: string, body: object): Promise<void> => {
    const answer = await fetch(`${addresses[lab]}${path}`, { method, body: JSON.stringify(body), headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } })
    t.ok(answer.ok, `${lab}: ${method} ${path}`)
  }
  for (const lab of Object.keys(addresses)) await send(lab, 'PUT', '/api/lab/config', { sila_servers: { lab: { Hotel: { capacity: 3 } } } })
  await send('south', 'POST', '/api/containers', { device: 'Hotel', position: 1, barcode: 'P1' })
  t.match(await fleet('doctor'), { code: 0, err: '', out: /north +service +ok[^]*south +service +ok[^]*east +service +ok/ })
  t.match(await fleet('where', 'P1'), { code: 0, out: /P1 +south +present +Hotel +1/ })
  t.match(await fleet('metrics'), { code: 0, out: /platform_status_revision\{lab="east"\}/ })
  t.match(await fleet('backup', join(folder, 'backups')), { code: 0, out: /north[^]*south[^]*east/ })
  const backups = (await readdir(join(folder, 'backups'))).sort()
  t.match(backups, [/^east-/, /^north-/, /^south-/])
  t.match((await readBackup(join(folder, 'backups', backups[2]!))).header, { revision: 2 })
  t.match(await fleet('doctor'), { code: 0, out: /south +backup +ok/ })
})
