import { v7 as uuidv7 } from 'uuid'
import type { Key, KeyCreate, KeyCreated, KeyQuery } from '../contract/keys.ts'
import { invalid, problem } from '../contract/problems.ts'
import { digestOfKey, newKey, type Scope } from '../domain/keys.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, readPageById } from './pages.ts'

export type KeyStore = ReturnType<typeof keyStore>

/** What a key that came with a request is worth. `ended` tells since when it is not valid any more. */
export type KeyHolder = { name: string, scopes: Scope[], ended: { how: 'revoked' | 'expired', at: Date } | null }

const shown = {
  id: true, name: true, scopes: true, created_at: true, created_by: true, expires_at: true, revoked_at: true, revoked_by: true
} as const

/** How long a look that found no key at all is believed. Another instance may make the first one at any time. */
const believedMs = 1000

/** API keys. Each is kept as its hash and shown once, when it is made. */
export function keyStore ({ pool, prisma }: Pick<Database, 'pool' | 'prisma'>) {
  let exist = false
  let lookedAt = -Infinity
  let looking: Promise<void> | undefined

  async function look (): Promise<void> {
    const [found] = await runPrepared<{ exist: boolean }>(pool, 'SELECT EXISTS (SELECT FROM api_key) AS exist', [])
    exist ||= found!.exist
    lookedAt = performance.now()
  }

  async function read (id: string): Promise<Key> {
    const found = await prisma.api_key.findUnique({ where: { id }, select: shown })
    if (found === null) throw keyNotFound()
    return found as Key
  }

  function isFresh (): boolean {
    return performance.now() - lookedAt <= believedMs
  }

  return {
    read,

    /** Whether it is known, without asking, that there was no key a moment ago. */
    knownAbsent (): boolean {
      return !exist && isFresh()
    },

    /**
     * Whether a key was ever made, also one that has ended. Rows stay, so a yes is remembered for ever; a no that this
     * process did not change itself is believed for a second, and costs one look a second, however many ask.
     */
    async exist (): Promise<boolean> {
      if (!exist && !isFresh()) {
        looking ??= look().finally(() => { looking = undefined })
        await looking
      }
      return exist
    },

    /** Whose key this is; null for one that was never made. One round trip. */
    async find (key: string): Promise<KeyHolder | null> {
      const [found] = await runPrepared<Omit<KeyHolder, 'ended'> & { revoked_at: Date | null, expires_at: Date | null, expired: boolean }>(pool,
        'SELECT name, scopes, revoked_at, expires_at, coalesce(expires_at <= now(), false) AS expired FROM api_key WHERE key_sha256 = $1', [digestOfKey(key)])
      if (found === undefined) return null
      const { name, scopes, revoked_at, expires_at, expired } = found
      const ended = expired ? { how: 'expired' as const, at: expires_at! } : revoked_at === null ? null : { how: 'revoked' as const, at: revoked_at }
      return { name, scopes, ended }
    },

    /** Makes a key; `key` is in this answer and nowhere else. Throws `key-name-in-use`, and a 400 for an expiry that is past. */
    async create ({ name, scopes, expires_at }: KeyCreate, actor: string | null): Promise<KeyCreated> {
      if (expires_at && Date.parse(expires_at) <= Date.now()) throw invalid({ in: 'body', pointer: '/expires_at', detail: 'must lie in the future' })
      const key = newKey()
      const input = { id: uuidv7(), name, scopes, expires_at, key_sha256: digestOfKey(key) }
      const [made] = await runPrepared<Key>(pool, `SELECT ${Object.keys(shown).join(', ')} FROM create_api_key($1, $2)`, [input, actor])
      lookedAt = -Infinity
      return { ...made!, key }
    },

    /** Makes `key` the first one, an administrator's; false when there was ever another. */
    async createFirst (key: string): Promise<boolean> {
      const input = { id: uuidv7(), name: 'admin', scopes: ['admin'], key_sha256: digestOfKey(key) }
      const [made] = await runPrepared<{ create_first_api_key: boolean }>(pool, 'SELECT create_first_api_key($1)', [input])
      lookedAt = -Infinity
      return made!.create_first_api_key
    },

    async list (query: KeyQuery) {
      const { revoked = 'false', ...filters } = filtersOf(query)
      const where = { ...filters, ...revoked === 'any' ? {} : { revoked_at: revoked === 'true' ? { not: null } : null } }
      return await readPageById<Key>(query, {
        name: 'keys',
        filters: { ...filters, revoked },
        read: async (after, take) => await prisma.api_key.findMany({
          where: { AND: [where, after === null ? {} : { id: { gt: after } }] }, orderBy: { id: 'asc' }, take, select: shown
        }) as Key[],
        count: async () => await prisma.api_key.count({ where })
      })
    },

    /** Ends a key, from the next request on and at every instance; once is enough. */
    async revoke (id: string, actor: string | null): Promise<void> {
      const revoked = await runPrepared(pool, 'UPDATE api_key SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id', [id, actor])
      if (revoked.length === 0) await read(id)
    }
  }
}

function keyNotFound () {
  return problem('key-not-found', 'No key has this id.', { parameter: 'id' })
}
