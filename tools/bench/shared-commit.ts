// npm run bench:shared-commit [-- --seconds 5] [--database-url URL] [--json file]; see bench/README.md.
// What moves could gain if commands that arrive together shared a commit: the statements of moves alone, on one connection, in several ways.
import { parseArgs } from 'node:util'
import type pg from 'pg'
import { writeJson } from '../support/json.ts'
import { execute } from '../support/server-databases.ts'
import { withDatabaseServer } from './database-server.ts'
import { openTestService } from './service.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' }, 'database-url': { type: 'string' }, json: { type: 'string' } } })
const plates = 64
const move = {
  name: 'move', text: 'SELECT move_container(NULL, $1, NULL, NULL, $2, NULL, \'{"actor": null, "request_id": "01a2275b-3f69-70a8-9ab3-9c754b87c387"}\', NULL)->>\'version\' AS version'
}

await withDatabaseServer(values['database-url'], async (server, about) => {
  await execute(server, 'CREATE DATABASE shared_commit')
  const service = await openTestService(server, 'shared_commit')
  await service.call('PUT', '/api/lab/config', { sila_servers: { storage: { Left: { capacity: 100 }, Right: { capacity: 100 } } } })
  await service.call('POST', '/api/containers/batch', { containers: Array.from({ length: plates }, (_, n) => ({ device: 'Left', barcode: `P${n}` })) })
  const client = await service.pool.connect()
  let moved = 0
  const one = async (): Promise<void> => {
    const n = moved++
    await client.query({ ...move, values: [`P${n % plates}`, Math.floor(n / plates) % 2 === 0 ? 'Right' : 'Left'] })
  }
  const ways: Record<string, () => Promise<void>> = {
    'each in its own transaction': one,
    'the same, without waiting for the disk': one,
    '16 in a transaction': async () => await together(client, 16, one),
    '16 in a transaction, each in a savepoint': async () => await together(client, 16, async () => {
      await client.query('SAVEPOINT command')
      await one()
      await client.query('RELEASE SAVEPOINT command')
    })
  }
  const rates: Record<string, number> = {}
  for (const [name, way] of Object.entries(ways)) {
    await client.query(`SET synchronous_commit = ${name.includes('without waiting') ? 'off' : 'on'}`)
    for (let n = 0; n < 50; n++) await way()
    await client.query('VACUUM (ANALYZE) container, placement, position, lab, event_log, event_device')
    const [began, from] = [performance.now(), moved]
    while (performance.now() - began < Number(values.seconds) * 1000) await way()
    rates[name] = (moved - from) / ((performance.now() - began) / 1000)
    process.stdout.write(`${name.padEnd(44)}${Math.round(rates[name]).toLocaleString('en').padStart(8)} moves/s${(1000 / rates[name]).toFixed(3).padStart(10)} ms each\n`)
  }
  client.release()
  await service.close()
  writeJson(values.json, { taken_at: new Date().toISOString(), ...about, moves_per_second: rates })
})

/** So many commands in one transaction. */
async function together (client: pg.PoolClient, count: number, command: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  for (let n = 0; n < count; n++) {
    // as each command begins: with its own time
    await client.query("SELECT set_config('platform_status.command_time', '', true)")
    await command()
  }
  await client.query('COMMIT')
}
