import pg from 'pg'

const tries = 3

/**
 * Whether a pooler gives each transaction another connection: then two clients that are connected at the same time are told of one server process.
 * `first` is one of them, with the same configuration. While many others use the pooler, this can go unnoticed.
 */
export async function sharesConnections (config: pg.ClientConfig, first: pg.Client): Promise<boolean> {
  const second = new pg.Client(config)
  second.on('error', () => {})
  try {
    await second.connect()
    for (let n = 0; n < tries; n++) if (await processOf(first) === await processOf(second)) return true
    return false
  } catch {
    // there may be no connection to spare
    return false
  } finally {
    await second.end().catch(() => {})
  }
}

async function processOf (client: pg.Client): Promise<number> {
  const { rows: [row] } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return row!.pid
}
