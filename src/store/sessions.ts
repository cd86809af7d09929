import { randomBytes } from 'node:crypto'
import { digestOfKey, type ScopeName } from '../domain/keys.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'

export type SessionStore = ReturnType<typeof sessionStore>

/** Who signed in in a browser: the key, as of now. */
export type SessionHolder = { id: string, name: string, scopes: ScopeName[], session: string }

type SignIn = { key: string, remembered: boolean, network: string, replaces: string | null }

/** What the browser keeps is a cookie of 256 random bits; stored is its digest, as of a key. */
const cookieValue = /^[\w-]{43}$/

/** Browsers that are signed in. Every instance asks the database, so a session ends everywhere at once. */
export function sessionStore ({ pool }: Pick<Database, 'pool'>) {
  /** Notes that sessions are in use. If it fails, for example on a replica, they are only forgotten earlier. */
  function touch (sessions: readonly string[]): void {
    runPrepared(pool, "UPDATE session SET last_used_at = now() WHERE id_sha256 = ANY($1) AND last_used_at <= now() - interval '1 hour'", [sessions]).catch(() => {})
  }

  return {
    /** Signs in with a key. Returns the value of the cookie and for how many seconds it lasts; how long to `wait` after too many failures; null if no valid key is this one. */
    async signIn ({ key, remembered, network, replaces }: SignIn): Promise<{ value: string, lasts: number } | { wait: number } | null> {
      const value = randomBytes(32).toString('base64url')
      const [made] = await runPrepared<{ lasts: number | null, wait: number | null }>(pool, 'SELECT lasts, wait FROM create_session($1, $2, $3, $4, $5)',
        [digestOfKey(key), network, digestOfKey(value), remembered, replaces === null ? null : digestOfKey(replaces)])
      const { lasts, wait } = made!
      if (wait !== null) return { wait }
      return lasts === null ? null : { value, lasts }
    },

    /** Who signed in with this cookie, in one round trip. Null if the session has ended, or never was. */
    async find (value: string): Promise<SessionHolder | null> {
      if (!cookieValue.test(value)) return null
      const [found] = await runPrepared<SessionHolder & { stale: boolean }>(pool,
        'SELECT key_id AS id, name, scopes, id_sha256 AS session, stale FROM valid_session WHERE id_sha256 = $1', [digestOfKey(value)])
      if (found === undefined) return null
      const { stale, ...holder } = found
      if (stale) touch([holder.session])
      return holder
    },

    /** Which of these sessions are still valid. One query for all open streams; to have one open is to use its session. */
    async judge (sessions: readonly string[]): Promise<ReadonlySet<string>> {
      if (sessions.length === 0) return new Set()
      const valid = await runPrepared<{ id_sha256: string, stale: boolean }>(pool, 'SELECT id_sha256, stale FROM valid_session WHERE id_sha256 = ANY($1)', [sessions])
      const stale = valid.flatMap((one) => one.stale ? [one.id_sha256] : [])
      if (stale.length > 0) touch(stale)
      return new Set(valid.map(({ id_sha256 }) => id_sha256))
    },

    /** Signs out. Does nothing for a session that has ended. */
    async signOut (value: string): Promise<void> {
      await runPrepared(pool, 'DELETE FROM session WHERE id_sha256 = $1', [digestOfKey(value)])
    }
  }
}
