import type { Command } from 'commander'
import { pino } from 'pino'
import { readConfig } from '../../config.ts'
import { commonSchemas } from '../../contract/common.ts'
import { type Key, type KeyCreate, keySchemas } from '../../contract/keys.ts'
import { Problem } from '../../contract/problems.ts'
import { validatorFor } from '../../contract/validator.ts'
import { type Scope, scopes } from '../../domain/keys.ts'
import { isUuid } from '../../domain/values.ts'
import { openDatabase } from '../../store/database.ts'
import { type KeyStore, keyStore } from '../../store/keys.ts'
import { migrate } from '../../store/migrate.ts'
import { migrationsDirectory } from '../../store/migrations-directory.ts'
import { waitForDatabase } from '../../store/wait-for-database.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { withDatabase } from '../database.ts'
import { usageError, refusedError } from '../exit-codes.ts'
import { type CommandIo, printAnswer, tableOr } from '../io.ts'

/**
 * API keys, for who has the machine: these commands need the database of the configuration and no key, so that the first
 * can be made, and another when all are lost.
 */
export function keysCommand (program: Command, io: CommandIo): void {
  const group = program.command('keys').description('List, make and revoke API keys, in the database of this machine\'s configuration')

  group.command('list').description('List the keys, without the keys themselves')
    .option('--all', 'revoked ones too')
    .option('--json', 'answer in JSON')
    .action(async (options: { all?: boolean, json?: boolean }) => {
      const found = await withKeys(io, (store) => everyKey(store, options.all === true))
      printAnswer(io, options, found, () => tableOr('There are no keys.', ['id', 'name', 'scopes', 'created', 'expires', 'revoked'], found.map(rowOf)))
    })

  group.command('create').description('Make a key, and print it: this once, alone on the standard output')
    .requiredOption('--name <name>', 'whose it is: the actor of all that is done with it')
    .requiredOption('--scopes <scopes>', `what it lets do, separated by commas: ${scopes.join(', ')}; each includes those before it`)
    .option('--expires <when>', 'when it ends, as 2027-01-31T00:00:00Z, or in so many days, as 90d; without: when it is revoked')
    .option('--json', 'answer in JSON')
    .action(async (options: KeyOptions & { json?: boolean }) => {
      const input = keyInputOf(options)
      const made = await withKeys(io, (store) => store.create(input, null))
      const until = made.expires_at === null ? '' : `, until ${timeOf(made.expires_at)}`
      io.err.write(`The key of "${safeText(made.name)}", for ${made.scopes.join(', ')}${until}; it is not shown again:\n`)
      printAnswer(io, options, made, () => [made.key])
    })

  group.command('revoke').description('End a key, from the next request on').argument('<id>', 'as `list` shows it')
    .action(async (id: string) => {
      if (!isUuid(id)) throw usageError(`"${id}" is no id of a key; \`keys list\` shows them.`)
      await withKeys(io, (store) => store.revoke(id, null))
      io.out.write(`The key ${id} is revoked.\n`)
    })
}

type KeyOptions = { name: string, scopes: string, expires?: string }

/** Does something with the keys of the configured database, which is brought up to date as a start would. What the service would refuse is refused. */
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

/** The same rules as over HTTP. */
function keyInputOf ({ name, scopes: listed, expires }: KeyOptions): KeyCreate {
  const days = /^(\d{1,5})d$/.exec(expires ?? '')?.[1]
  const expires_at = days === undefined ? expires : new Date(Date.now() + Number(days) * 86_400_000).toISOString()
  const input = { name, scopes: listed.split(',').map((scope) => scope.trim()) as Scope[], ...expires_at === undefined ? {} : { expires_at } }
  const ajv = validatorFor([...commonSchemas, ...keySchemas])
  if (!ajv.validate('KeyCreate', input)) {
    const [fault] = ajv.errors ?? []
    const option = `--${(fault?.instancePath.split('/')[1] ?? '').replace('expires_at', 'expires')}`
    throw usageError(`${option} is not right: it takes ${takes[option] ?? 'something else'}.`)
  }
  return input
}

const takes: Readonly<Record<string, string>> = {
  '--name': '1 to 200 characters, without control characters and without space at either end',
  '--scopes': `one or more of ${scopes.join(', ')}, separated by commas, each once`,
  '--expires': 'a time with its offset, as 2027-01-31T00:00:00Z, or days from now, as 90d'
}

function rowOf ({ id, name, scopes: granted, created_at, expires_at, revoked_at }: Key): (string | null)[] {
  return [id, name, granted.join(','), ...[created_at, expires_at, revoked_at].map((time) => time === null ? null : timeOf(time))]
}

function timeOf (time: string | Date): string {
  return new Date(time).toISOString().slice(0, 19) + 'Z'
}
