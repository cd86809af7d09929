import type { Command } from 'commander'
import { pino } from 'pino'
import { readConfig } from '../../config.ts'
import { commonSchemas } from '../../contract/common.ts'
import { type Key, type KeyCreate, keySchemas } from '../../contract/keys.ts'
import { Problem } from '../../contract/problems.ts'
import { validatorFor } from '../../contract/validator.ts'
import { type ScopeName, scopes } from '../../domain/keys.ts'
import { isUuid } from '../../domain/values.ts'
import { openDatabase } from '../../store/database.ts'
import { type KeyStore, keyStore } from '../../store/keys.ts'
import { migrate } from '../../store/migrate.ts'
import { migrationsDirectory } from '../../store/migrations-directory.ts'
import { waitForDatabase } from '../../store/wait-for-database.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { withDatabase } from '../database.ts'
import { usageError, refusedError } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'

/**
 * Manages API keys directly in the configured database. These commands need no key, so the first key can be created, and a
 * new one when all are lost.
 */
export function keysCommand (program: Command, io: CommandIo): void {
  const group = program.command('keys').description('List, create and revoke API keys in the configured database')

  group.command('list').description('List the keys; the secrets are never shown')
    .option('--all', 'include revoked keys')
    .option('--json', 'print JSON')
    .action(async (options: { all?: boolean, json?: boolean }) => {
      const found = await withKeys(io, (store) => everyKey(store, options.all === true))
      printResult(io, options, found, () => tableOr('There are no keys.', ['id', 'name', 'scopes', 'created', 'expires', 'revoked'], found.map(rowOf)))
    })

  group.command('create').description('Create a key and print it; it is shown only once')
    .requiredOption('--name <name>', 'name of the key, recorded as the actor of its requests')
    .requiredOption('--scopes <scopes>', `scopes, separated by commas: ${scopes.join(', ')}; each includes those before it`)
    .option('--expires <when>', 'expiry: a time such as 2027-01-31T00:00:00Z, or days from now such as 90d (default: never)')
    .option('--json', 'print JSON')
    .action(async (options: KeyOptions & { json?: boolean }) => {
      const input = keyInputOf(options)
      const created = await withKeys(io, (store) => store.create(input, null))
      const expiry = created.expires_at === null ? '' : ', expires ' + timeOf(created.expires_at)
      io.err.write(`Key "${safeText(created.name)}", scopes ${created.scopes.join(', ')}${expiry}. It is not shown again:\n`)
      printResult(io, options, created, () => [created.key])
    })

  group.command('revoke').description('Revoke a key; the next request with it is refused').argument('<id>', 'id of the key, as `keys list` shows it')
    .action(async (id: string) => {
      if (!isUuid(id)) throw usageError(`"${id}" is not the id of a key; \`keys list\` shows the ids.`)
      await withKeys(io, (store) => store.revoke(id, null))
      io.out.write(`The key ${id} is revoked.\n`)
    })
}

type KeyOptions = { name: string, scopes: string, expires?: string }

/** Runs `work` with the keys of the configured database, after applying migrations. A Problem becomes a CommandError. */
async function withKeys<T> ({ env, signal }: CommandIo, work: (keys: KeyStore) => Promise<T>): Promise<T> {
  const config = readConfig(env)
  return await withDatabase(config, { alone: false }, async (url) => {
    const log = pino({ level: 'silent' })
    const database = openDatabase(url, { ...config, databasePoolMax: 1 }, log)
    try {
      await waitForDatabase(url, database.pool, { limitMs: config.databaseConnectTimeoutMs, log, signal })
      await migrate(database.pool, migrationsDirectory)
      return await work(keyStore(database))
    } catch (error) {
      throw error instanceof Problem ? refusedError(error.message, { code: error.code, detail: error.message, ...error.members }) : error
    } finally {
      await database.close()
    }
  })
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

/** Reads the options and checks them against the schema of POST /api/keys. Throws a CommandError. */
function keyInputOf ({ name, scopes: listed, expires }: KeyOptions): KeyCreate {
  const days = /^(\d{1,5})d$/.exec(expires ?? '')?.[1]
  const expires_at = days === undefined ? expires : new Date(Date.now() + Number(days) * 86_400_000).toISOString()
  const input = { name, scopes: listed.split(',').map((scope) => scope.trim()) as ScopeName[], ...expires_at === undefined ? {} : { expires_at } }
  const ajv = validatorFor([...commonSchemas, ...keySchemas])
  if (!ajv.validate('KeyCreate', input)) {
    const [fault] = ajv.errors ?? []
    const option = `--${(fault?.instancePath.split('/')[1] ?? '').replace('expires_at', 'expires')}`
    throw usageError(`${option} is not valid: it takes ${takes[option] ?? 'something else'}.`)
  }
  return input
}

const takes: Readonly<Record<string, string>> = {
  '--name': '1 to 200 characters, without control characters, and without a space at the start or end',
  '--scopes': `one or more of ${scopes.join(', ')}, separated by commas, without repetition`,
  '--expires': 'a time with offset, such as 2027-01-31T00:00:00Z, or days from now, such as 90d'
}

function rowOf ({ id, name, scopes: granted, created_at, expires_at, revoked_at }: Key): (string | null)[] {
  return [id, name, granted.join(','), ...[created_at, expires_at, revoked_at].map((time) => time === null ? null : timeOf(time))]
}

function timeOf (time: string | Date): string {
  return new Date(time).toISOString().slice(0, 19) + 'Z'
}
