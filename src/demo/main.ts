import { once } from 'node:events'
import { pino } from 'pino'
import { readConfig } from '../config.ts'
import { localUrl } from '../process/listen.ts'
import { start } from '../process/start.ts'
import { safeLines } from '../terminal/safe-text.ts'
import { demoClient } from './client.ts'
import { demo } from './demo.ts'
import { readRuns } from './robotlab.ts'

// `npm run demo`: starts the service with its own data directory, and replays the records of a real lab.

const { signal, stop } = stopSignal()

function stopSignal (): { signal: AbortSignal, stop: Promise<unknown> } {
  const controller = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => controller.abort(name))
  return { signal: controller.signal, stop: once(controller.signal, 'abort') }
}

async function show (): Promise<void> {
  process.stdout.write('platform-status: starting the service\n')
  const config = readConfig({ ...process.env, DATA_DIR: process.env.DATA_DIR || './data/demo' })
  const log = pino({}, pino.multistream([{ level: 'warn', stream: process.stderr }]))
  const running = await start({ config, log, signal })
  try {
    const address = localUrl(running.address)
    // The last run is short, so the demo replays the one before it.
    const runs = (await readRuns()).slice(0, -1)
    await Promise.race([stop, demo({ call: demoClient(address), address, out: process.stdout, runs })])
    if (!signal.aborted) process.stdout.write(`The service runs at ${address} until you press Ctrl-C.\n`)
    await stop
  } finally {
    await running.stop()
  }
}

const help = `Usage: npm run demo

Starts a service with a database of its own (in DATA_DIR, else ./data/demo), and replays the records of a real robotic laboratory:
its plates and lids, its steps, and estimates that come true or not. Then the service goes on until you press Ctrl-C.
PORT and the other variables of the service apply.
`

const args = process.argv.slice(2)
if (args.length > 0) {
  const asksForHelp = args.some((arg) => arg === '--help' || arg === '-h')
  if (asksForHelp) process.stdout.write(help)
  else process.stderr.write(`The demo takes no arguments, but got ${args.join(' ')}.\n\n${help}`)
  process.exit(asksForHelp ? 0 : 2)
}

try {
  await show()
} catch (error) {
  if (!signal.aborted) {
    process.stderr.write(`\n${safeLines(error instanceof Error ? error.message : String(error))}\n`)
    process.exit(1)
  }
}
process.exit(0)
