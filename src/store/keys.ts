import { v7 as uuidv7 } from 'uuid'
import type { Key, KeyCreate, KeyCreated, KeyQuery } from '../contract/keys.ts'
import { invalid, problem } from '../contract/problems.ts'
import { digestOfKey, newKey, type ScopeName } from '../domain/keys.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { filtersOf, readPageById } from './pages.ts'

export type KeyStore = ReturnType<typeof keyStore>

/** The holder of a key. `ended` says since when the key is no longer valid; null for a valid key. */
export type KeyHolder = { id: string, name: string, scopes: ScopeName[], ended: { how: 'revoked' | 'expired', at: Date } | null }

const publicColumns = {
  id: true, name: true, scopes: true, created_at: true, created_by: true, expires_at: true, revoked_at: true, revoked_by: true
} as const

/** How long the result "there is no key" is cached. Another instance can create the first key at any time. */
const absenceCachedMs = 1000

/** API keys. Only the hash of a key is stored. Its secret is returned once, when it is created. */
export function keyStore ({ pool, prisma }: Pick<Database, 'pool' | 'prisma'>) {
  let exist = false
  let checkedAt = -Infinity
  let pendingCheck: Promise<void> | undefined

  async function checkExistence (): Promise<void> {
    const [found] = await runPrepared<{ exist: boolean }>(pool, 'SELECT EXISTS (SELECT FROM api_key) AS exist', [])
    exist ||= found!.exist
    checkedAt = performance.now()
  }

  async function read (id: string): Promise<Key> {
    const found = await prisma.api_key.findUnique({ where: { id }, select: publicColumns })
    if (found === null) throw keyNotFound()
    return found as Key
  }

  function isFresh (): boolean {
    return performance.now() - checkedAt <= absenceCachedMs
  }

  return {
    read,

    /** Whether the cache says that there is no key. Does not query the database. */
    knownAbsent (): boolean {
      return !exist && isFresh()
    },

    /**
     * Whether any key was ever created, including ended ones. Keys are never deleted, so a yes is cached forever. A no is
     * cached for one second, so there is at most one query per second for any number of requests.
     */
    async exist (): Promise<boolean> {
      if (!exist && !isFresh()) {
        pendingCheck ??= checkExistence().finally(() => { pendingCheck = undefined })
        await pendingCheck
      }
      return exist
    },

    /** Finds the holder of a key in one round trip. Null for an unknown key. */
    async find (key: string): Promise<KeyHolder | null> {
      const [found] = await runPrepared<Omit<KeyHolder, 'ended'> & { revoked_at: Date | null, expires_at: Date | null, expired: boolean }>(pool,
        'SELECT id, name, scopes, revoked_at, expires_at, coalesce(expires_at <= now(), false) AS expired FROM api_key WHERE key_sha256 = $1', [digestOfKey(key)])
      if (found === undefined) return null
      const { id, name, scopes, revoked_at, expires_at, expired } = found
      const ended = expired ? { how: 'expired' as const, at: expires_at! } : revoked_at === null ? null : { how: 'revoked' as const, at: revoked_at }
      return { id, name, scopes, ended }
    },

    /** Which of these keys are still valid, and whether any key was ever created. One query for all open streams. */
    async judge (ids: readonly string[]): Promise<{ exist: boolean, valid: ReadonlySet<string> }> {
      const [judged] = await runPrepared<{ exist: boolean, valid: string[] }>(pool,
        `SELECT EXISTS (SELECT FROM api_key) AS exist,
          ARRAY(SELECT id::text FROM api_key WHERE id = ANY($1::uuid[]) AND revoked_at IS NULL AND coalesce(expires_at > now(), true)) AS valid`, [ids])
      return { exist: judged!.exist, valid: new Set(judged!.valid) }
    },

    /** Creates a key. Only this result contains the secret, as `key`. Throws `key-name-in-use`, and a 400 for an expiry in the past. */
    async create ({ name, scopes, expires_at }: KeyCreate, actor: string | null): Promise<KeyCreated> {
      if (expires_at && Date.parse(expires_at) <= Date.now()) throw invalid({ in: 'body', pointer: '/expires_at', detail: 'must be in the future' })
      const key = newKey()
      const input = { id: uuidv7(), name, scopes, expires_at, key_sha256: digestOfKey(key) }
      const [made] = await runPrepared<Key>(pool, `SELECT ${Object.keys(publicColumns).join(', ')} FROM create_api_key($1, $2)`, [input, actor])
      checkedAt = -Infinity
      return { ...made!, key }
    },

    /** Stores `key` as the first key, with the scope `admin`. Returns false when any key was created before. */
    async createFirst (key: string): Promise<boolean> {
      const input = { id: uuidv7(), name: 'admin', scopes: ['admin'], key_sha256: digestOfKey(key) }
      const [made] = await runPrepared<{ create_first_api_key: boolean }>(pool, 'SELECT create_first_api_key($1)', [input])
      checkedAt = -Infinity
      return made!.create_first_api_key
    },

    async list (query: KeyQuery) {
      const { revoked = 'false', ...filters } = filtersOf(query)
      const where = { ...filters, ...revoked === 'any' ? {} : { revoked_at: revoked === 'true' ? { not: null } : null } }
      return await readPageById<Key>(query, {
        name: 'keys',
        filters: { ...filters, revoked },
        read: async (after, take) => await prisma.api_key.findMany({
          where: { AND: [where, after === null ? {} : { id: { gt: after } }] }, orderBy: { id: 'asc' }, take, select: publicColumns
        }) as Key[],
        count: async () => await prisma.api_key.count({ where })
      })
    },

    /** Revokes a key for all instances, from the next request on. Does nothing for a revoked key. */
    async revoke (id: string, actor: string | null): Promise<void> {
      const revoked = await runPrepared(pool, 'UPDATE api_key SET revoked_at = now(), revoked_by = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id', [id, actor])
      if (revoked.length === 0) await read(id)
    }
  }
}

function keyNotFound () {
  return problem('key-not-found', 'No key has this id.', { parameter: 'id' })
}
