// npm run bench:command-line [-- --rounds 20] [--database-url URL] [--json file]; see bench/README.md.
// How long a person waits for a command, compared with Node that does nothing.
import { execFile } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { writeJson } from '../support/json.ts'
import { median, quantile } from '../support/quantile.ts'
import { databaseUrl, execute } from '../support/server-databases.ts'
import { withDatabaseServer } from './database-server.ts'
import { interleaved } from './interleaved.ts'
import { startMeasuredService } from './processes.ts'

type Row = { command: string, median_ms: number, p90_ms: number, times_node: number }

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, 'database-url': { type: 'string' }, json: { type: 'string' } } })
const goalMs = 500

await withDatabaseServer(values['database-url'], async (server, about) => {
  await execute(server, 'DROP DATABASE IF EXISTS command_line')
  await execute(server, 'CREATE DATABASE command_line')
  const service = await startMeasuredService(databaseUrl(server, 'command_line'))
  try {
    await send(service.address, 'PUT', '/api/lab/config', { sila_servers: { devices: { Hotel1: { capacity: 6 } } } })
    await send(service.address, 'POST', '/api/containers', { device: 'Hotel1', position: 0, barcode: 'SCREEN_001' })
    const node = async (...args: string[]): Promise<void> => {
      await promisify(execFile)(process.execPath, args, { cwd: projectRoot, env: { PATH: process.env.PATH, PLATFORM_STATUS_URL: service.address } })
    }
    const built = async (...args: string[]): Promise<void> => await node('dist/src/cli/main.js', ...args)
    const times = await interleaved({
      'node -e 0': async () => await node('-e', '0'),
      'where SCREEN_001': async () => await built('where', 'SCREEN_001'),
      'where SCREEN_001, in a checkout': async () => await node('tools/launch/platform-status.mjs', 'where', 'SCREEN_001'),
      'lab show': async () => await built('lab', 'show'),
      steps: async () => await built('steps'),
      '--help': async () => await built('--help')
    }, { rounds: Number(values.rounds), warmUp: 2 })
    const nothing = median(times.get('node -e 0')!)
    const rows: Row[] = [...times].map(([command, ms]) => ({ command, median_ms: median(ms), p90_ms: quantile(ms, 0.9), times_node: median(ms) / nothing }))
    for (const { command, median_ms, p90_ms, times_node } of rows) {
      process.stdout.write(`${command.padEnd(34)} median ${seconds(median_ms)}  p90 ${seconds(p90_ms)}  ${times_node.toFixed(1)} times node\n`)
    }
    const { median_ms } = rows.find(({ command }) => command === 'where SCREEN_001')!
    process.stdout.write(`${median_ms <= goalMs ? 'met   ' : 'MISSED'} where SCREEN_001: ${seconds(median_ms)}, goal ${seconds(goalMs)}\n`)
    writeJson(values.json, { taken_at: new Date().toISOString(), node: process.version, ...about, rounds: Number(values.rounds), rows })
  } finally {
    await service.stop()
  }
})

async function send (address: string, method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(address + path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

function seconds (ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
