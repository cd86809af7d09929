import { once } from 'node:events'
import { connect } from 'node:net'

/** Sends bytes to an address and returns everything until the other side closes the connection. */
export async function rawly (address: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(address).port), new URL(address).hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

/** The processor time of some work in this process. Other work of the machine changes it little. */
export async function spent<T> (work: () => T | Promise<T>): Promise<{ ms: number, result: T }> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: Math.round((user + system) / 1000), result }
}
