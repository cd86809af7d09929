import pg from 'pg'

/** A digest of each table. Two equal dumps mean that nothing was written in between. A restored database has another `log_id`, which does not count. */
export async function aDump (url: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = \'public\' AND tablename <> \'_prisma_migrations\' ORDER BY tablename')
    const digests = tables.map(({ name }) => {
      const row = name === 'lab' ? "(to_jsonb(t) - 'log_id')::text" : 't::text'
      return `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(${row}, '|' ORDER BY ${row})), '') AS digest FROM "${name}" t`
    })
    const { rows } = await client.query<{ name: string, digest: string }>(digests.join(' UNION ALL '))
    return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]))
  } finally {
    await client.end()
  }
}
