// A PostgreSQL that holds several databases.
import pg from 'pg'

/** The same server's URL with another database. */
export function at (server, name) {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}

/** Runs one statement in the server's own database. */
export async function onServer (server, sql) {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
