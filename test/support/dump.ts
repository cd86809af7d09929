import pg from 'pg'

type Dump = Record<string, string>

/** What a restore sets anew: the log has another id, and webhooks are off, at the end of the log. */
const setByRestore: Readonly<Record<string, readonly string[]>> = {
  lab: ['log_id'], webhook: ['cursor_revision', 'cursor_ordinal', 'failures', 'test_id', 'leased_by', 'leased_until', 'disabled_at', 'disabled_because', 'version']
}

/** A digest of each table. Two equal dumps mean that nothing was written in between. */
export async function aDump (url: string): Promise<Dump> {
  return await dumpWithout(url, {})
}

/** A digest of each table, without what a restore sets anew. Two equal dumps mean that a backup came back as it was. */
export async function aSavedDump (url: string): Promise<Dump> {
  return await dumpWithout(url, setByRestore)
}

async function dumpWithout (url: string, left: Readonly<Record<string, readonly string[]>>): Promise<Dump> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
        AND relname <> '_prisma_migrations' ORDER BY relname`)
    const digests = tables.map(({ name }) => {
      const row = left[name] === undefined ? 't::text' : `(to_jsonb(t) - '{${left[name].join(',')}}'::text[])::text`
      return `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(${row}, '|' ORDER BY ${row})), '') AS digest FROM "${name}" t`
    })
    const { rows } = await client.query<{ name: string, digest: string }>(digests.join(' UNION ALL '))
    return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))
  } finally {
    await client.end()
  }
}
