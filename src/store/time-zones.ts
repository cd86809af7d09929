import type pg from 'pg'
import { runPrepared } from './commands.ts'

// PostgreSQL reads a file for each zone when it lists them, so the list is read once. It changes only when PostgreSQL is updated. Names
// under posix/ and the like are copies, and `localtime` is a zone that nobody knows.
const listZones = "SELECT array_agg(name) AS names FROM pg_timezone_names WHERE name !~ '^(posix|right)/|^(posixrules|localtime|Factory)$'"

/** The time zones that PostgreSQL knows, by their IANA names. */
export function timeZonesOf (pool: pg.Pool) {
  let known: Promise<readonly string[]> | undefined

  async function names (): Promise<readonly string[]> {
    known ??= runPrepared<{ names: string[] }>(pool, listZones, []).then(([row]) => row!.names)
    // A list that could not be read is read again.
    return await known.catch((error: unknown) => {
      known = undefined
      throw error
    })
  }

  return {
    /** Why a text is no name of a time zone. Null if it is one. PostgreSQL itself takes more, such as `UTC+3`, which is west of Greenwich. */
    async fault (name: string): Promise<string | null> {
      if (name === 'UTC') return null
      const zones = await names()
      if (zones.includes(name)) return null
      const wanted = wordsOf(name)
      const near = zones.find((zone) => wordsOf(zone) === wanted) ?? zones.find((zone) => wordsOf(zone).endsWith(wanted.slice(wanted.lastIndexOf('/'))))
      return `must be the IANA name of a time zone, such as Europe/Stockholm or UTC${near === undefined ? '' : `; did you mean ${near}?`}`
    }
  }
}

function wordsOf (name: string): string {
  return `/${name.toLowerCase().replaceAll(' ', '_')}`
}
