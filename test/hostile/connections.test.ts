import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { aDatabase, aDirectory, query } from '../embedded/support.ts'
import { aService } from '../support/service.ts'

/** Opens `count` connections that send `first` and then nothing. */
async function silent (t: Test, port: number, count: number, first: Buffer | null): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  if (first !== null) for (const socket of sockets) socket.write(first)
  return sockets
}

/** The first message of a PostgreSQL client, before the password. */
function startup (user: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${user}\0\0`, 'latin1')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(body.length + 4)
  return Buffer.concat([length, body])
}

t.test('silent connections to the embedded database leave places for the service', async (t) => {
  const { url } = await aDatabase(t, path.join(aDirectory(t), 'data'))
  const port = Number(new URL(url).port)
  for (const first of [null, startup('platform_status')]) {
    const others = await silent(t, port, 320, first)
    const answers = await Promise.all(Array.from({ length: 12 }, () => query<{ one: number }>(url, 'select 1 as one')))
    t.same(answers, Array.from({ length: 12 }, () => [{ one: 1 }]))
    await Promise.all(others.filter((socket) => !socket.closed).map((socket) => once(socket.resume(), 'close')))
    t.pass('the database closed them')
  }
})

t.test('the service closes connections above its limit', async (t) => {
  const service = await aService(t)
  t.equal(service.app.server.maxConnections, 5000)
  service.app.server.maxConnections = 2
  const port = Number(new URL(await service.listen()).port)
  const held = await silent(t, port, 2, null)
  const third = connect(port, '127.0.0.1').on('error', () => {})
  await once(third.resume(), 'close')
  t.same(held.map(({ closed }) => closed), [false, false])
})
