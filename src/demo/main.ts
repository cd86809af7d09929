import { clientOf } from './client.ts'
import { demo } from './demo.ts'
import { startService } from './service.ts'

// `npm run demo`: the service, with a data directory of its own, and a real lab's records played to it.

process.stdout.write('platform-status: the service starts\n')
const service = startService({ ...process.env, DATA_DIR: process.env.DATA_DIR || './data/demo' })
let stopping = false
let failed = false

for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, stop)
void service.ended.then((code) => process.exit(failed ? 1 : code))

function stop (): void {
  stopping = true
  service.stop()
}

try {
  const address = await service.address
  await demo({ call: clientOf(address), address, out: process.stdout })
  process.stdout.write(`The service stays up at ${address} until Ctrl-C.\n`)
} catch (error) {
  // whoever ends the demo in the middle need not be told that its calls failed
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by a signal meanwhile
  if (!stopping) {
    failed = true
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`)
    stop()
  }
}
