import { once } from 'node:events'
import { connect } from 'node:net'

/** Sends these bytes to an address, and answers all that comes back until the other side hangs up. */
export async function rawly (address: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(address).port), new URL(address).hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', () => {})
  socket.write(bytes)
  await once(socket, 'close')
  return text
}

/** The processor time that some work took in this process: what the machine does beside counts little. */
export async function spent<T> (work: () => T | Promise<T>): Promise<{ ms: number, result: T }> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { ms: Math.round((user + system) / 1000), result }
}
