// A minimal proxy in front of several instances: each connection goes to the next one. ADDRESSES=http://127.0.0.1:8001,http://127.0.0.1:8002
import { type AddressInfo, connect, createServer } from 'node:net'

const targets = (process.env.ADDRESSES ?? '').split(',').map((address) => new URL(address))
let connections = 0

const server = createServer({ noDelay: true }, (near) => {
  const { hostname, port } = targets[connections++ % targets.length]!
  const far = connect({ host: hostname, port: Number(port), noDelay: true })
  near.pipe(far).pipe(near)
  for (const [one, other] of [[near, far], [far, near]] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
})
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'ready', address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`)
})
process.on('SIGTERM', () => process.exit(0))
