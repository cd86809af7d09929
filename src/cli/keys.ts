import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { pino } from 'pino'
import { type Config, readConfig } from '../config.ts'
import { tableOf } from '../demo/table.ts'
import { type Scope, scopes } from '../domain/keys.ts'
import { isUuid } from '../domain/values.ts'
import { findEmbedded, startEmbedded } from '../embedded/postgres.ts'
import { validatorFor } from '../plugins/validation.ts'
import { type Key, KeyCreate, keySchemas } from '../routes/keys/schemas.ts'
import { commonSchemas } from '../schemas/common.ts'
import { StartError } from '../start-error.ts'
import { openDatabase } from '../store/database.ts'
import { type KeyStore, keyStore } from '../store/keys.ts'
import { migrate } from '../store/migrate.ts'
import { waitForDatabase } from '../store/reachable.ts'

type Out = { write (text: string): unknown }
type Io = { out: Out, err: Out, env: Readonly<Record<string, string | undefined>> }

/**
 * The commands for API keys, for who has the machine: they need the database of the configuration and no key, so that the
 * first key can be made, and another when all are lost. Whatever fails is thrown with a sentence as its message.
 */
export function keys (program: Command, { out, err, env }: Io): void {
  const group = program.command('keys').description('Make, list and revoke API keys, in the database of this machine\'s configuration')

  group.command('list').description('List the keys, without the keys themselves')
    .option('--all', 'revoked ones too').option('--json', 'answer in JSON')
    .action(async ({ all, json }: { all?: boolean, json?: boolean }) => {
      const found = await withKeys(readConfig(env), (store) => everyKey(store, all === true))
      if (json === true) out.write(`${JSON.stringify(found, null, 2)}\n`)
      else if (found.length === 0) out.write('There are no keys.\n')
      else out.write(`${tableOf(['id', 'name', 'scopes', 'created', 'expires', 'revoked'], found.map(rowOf)).join('\n')}\n`)
    })

  group.command('create').description('Make a key, and print it: this once, alone on the standard output')
    .requiredOption('--name <name>', 'whose it is: the actor of all that is done with it')
    .requiredOption('--scopes <scopes>', `what it lets do, separated by commas: ${scopes.join(', ')}; each includes those before it`)
    .option('--expires <when>', 'when it ends, as 2027-01-31T00:00:00Z or as days from now, 90d; without: when it is revoked')
    .action(async (given: { name: string, scopes: string, expires?: string }) => {
      const wish = wishOf(given)
      const made = await withKeys(readConfig(env), (store) => store.create(wish, null))
      err.write(`The key of "${made.name}", for ${made.scopes.join(', ')}${made.expires_at === null ? '' : `, until ${timeOf(made.expires_at)}`}; it is not shown again:\n`)
      out.write(`${made.key}\n`)
    })

  group.command('revoke').description('End a key, from the next request on').argument('<id>', 'as `list` shows it')
    .action(async (id: string) => {
      if (!isUuid(id)) throw new StartError(`"${id}" is no id of a key; \`keys list\` shows them.`)
      await withKeys(readConfig(env), (store) => store.revoke(id, null))
      out.write(`The key ${id} is revoked.\n`)
    })
}

/** Does something with the keys of the configured database, which is brought up to date as a start would. */
async function withKeys<T> (config: Config, work: (keys: KeyStore) => Promise<T>): Promise<T> {
  if (config.databaseUrl !== null) return await usingDatabase(config.databaseUrl, config, work)
  // beside the service that runs it, or started for as long as this takes
  const found = await findEmbedded(config)
  if (typeof found === 'object') return await usingDatabase(found.url, config, work)
  const embedded = await startEmbedded({ dataDir: config.dataDir, log: pino({ level: 'silent' }) })
  try {
    return await usingDatabase(embedded.url, config, work)
  } finally {
    await embedded.stop()
  }
}

async function usingDatabase<T> (url: string, config: Config, work: (keys: KeyStore) => Promise<T>): Promise<T> {
  const log = pino({ level: 'silent' })
  const database = openDatabase(url, { ...config, databasePoolMax: 1 }, log)
  try {
    await waitForDatabase(url, database.pool, { limitMs: config.databaseConnectTimeoutMs, log, signal: new AbortController().signal })
    await migrate(database.pool, fileURLToPath(new URL('../../prisma/migrations', import.meta.url)))
    return await work(keyStore(database))
  } finally {
    await database.close()
  }
}

async function everyKey (store: KeyStore, all: boolean): Promise<Key[]> {
  const found: Key[] = []
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await store.list({ limit: 500, revoked: all ? 'any' : 'false', ...cursor === undefined ? {} : { cursor } })
    found.push(...page.items)
    cursor = page.next_cursor
  }
  return found
}

/** The same rules as over HTTP. */
function wishOf ({ name, scopes: listed, expires }: { name: string, scopes: string, expires?: string }): KeyCreate {
  const days = /^(\d{1,5})d$/.exec(expires ?? '')?.[1]
  const expires_at = days === undefined ? expires : new Date(Date.now() + Number(days) * 86_400_000).toISOString()
  const wish = { name, scopes: listed.split(',').map((scope) => scope.trim()) as Scope[], ...expires_at === undefined ? {} : { expires_at } }
  const ajv = validatorFor([...commonSchemas, ...keySchemas])
  if (!ajv.validate('KeyCreate', wish)) {
    const [fault] = ajv.errors ?? []
    const option = `--${(fault?.instancePath.split('/')[1] ?? '').replace('expires_at', 'expires')}`
    throw new StartError(`${option} is not right: it takes ${takes[option] ?? 'something else'}.`)
  }
  return wish
}

const takes: Readonly<Record<string, string>> = {
  '--name': '1 to 200 characters, without control characters and without space at either end',
  '--scopes': `one or more of ${scopes.join(', ')}, separated by commas, each once`,
  '--expires': 'a time with its offset, as 2027-01-31T00:00:00Z, or days from now, as 90d'
}

function rowOf ({ id, name, scopes: granted, created_at, expires_at, revoked_at }: Key): string[] {
  return [id, name, granted.join(','), timeOf(created_at), expires_at === null ? '-' : timeOf(expires_at), revoked_at === null ? '-' : timeOf(revoked_at)]
}

function timeOf (time: string | Date): string {
  return new Date(time).toISOString().slice(0, 19) + 'Z'
}
