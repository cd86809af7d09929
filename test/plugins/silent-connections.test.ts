import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { aListener } from '../support/stream.ts'

t.test('a stop does not wait for a connection that has never sent anything, and lets a request that has begun finish', async (t) => {
  const { service, address } = await aListener(t)
  const to = { port: Number(new URL(address).port), host: '127.0.0.1' }
  const silent = connect(to)
  const slow = connect(to)
  await Promise.all([once(silent, 'connect'), once(slow, 'connect')])
  slow.write('POST /api/containers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"device":')
  // this request comes after the connections, so both are known to the service
  await (await fetch(`${address}/api/lab`)).text()
  let answer = ''
  slow.setEncoding('utf8').on('data', (text: string) => { answer += text })
  const began = performance.now()
  const closed = service.app.close()
  silent.resume()
  await once(silent, 'close')
  slow.write('"Hotel"}')
  await Promise.all([closed, once(slow, 'close')])
  t.match(answer, /^HTTP\/1\.1 201 /)
  t.ok(performance.now() - began < 5000)
})
