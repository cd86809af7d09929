import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Ports that nothing listens on, at any address of this machine. */
export async function freePorts (count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0))
  await Promise.all(servers.map(async (server) => server.listening || await once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(async (server) => { await once(server.close(), 'close') }))
  return ports
}
