import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { newKey, redactUrl } from '../../src/domain/keys.ts'
import { openDatabase } from '../../src/store/database.ts'
import { aDatabase } from '../support/database.ts'
import { rawly } from '../support/hostile.ts'
import { aLog } from '../support/logged.ts'

const key = newKey()
const hex = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0'
/** Every character escaped. */
const escaped = (text: string) => [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('')
const partly = (text: string) => text.replace('s', '%73')
const twice = (text: string) => escaped(text).replaceAll('%', '%25')

/** Whether the text contains the key, also escaped. */
function holds (text: string, secret: string): boolean {
  const seen = [text]
  for (let level = 0; level < 3; level++) seen.push(seen.at(-1)!.replace(/%[0-9a-f]{2}/gi, (one) => String.fromCharCode(Number.parseInt(one.slice(1), 16))))
  return seen.some((one) => one.includes(secret.slice(0, 24)) || one.includes(secret.slice(-24)))
}

const places: ((text: string) => string)[] = [
  (text) => `/api/lab?k=${text}`, (text) => `/api/lab?${text}`, (text) => `/api/lab?${text}=1`, (text) => `/api/lab?api_key=${text}&limit=1`, (text) => `/api/lab?a=1;key=${text}`,
  (text) => `/api/steps?limit=1&token=Bearer%20${text}`, (text) => `/api/${text}`, (text) => `/api/lab;k=${text}`, (text) => `/api/nothing/${text}/x`, (text) => `/api/containers/${text}`,
  (text) => `/api/containers/${text}/history?at=1`, (text) => `/api/lab#access_token=${text}`, (text) => `/api/lab#${text}`, (text) => `/api/lab?%6bey=${text}`, (text) => `/api/lab??${text}`
]

t.test('a key in a URL is masked at every place and in every escaped form', async (t) => {
  const known = new Set(['limit', 'at'])
  for (const secret of [key, hex]) {
    for (const form of [secret, escaped(secret), partly(secret), twice(secret), escaped(partly(secret))]) {
      for (const place of places) {
        const url = place(form)
        for (const route of [known, null]) if (holds(redactUrl(url, route), secret)) t.fail(`${url} -> ${redactUrl(url, route)}`)
      }
    }
  }
  t.ok(holds(`/x?${twice(key)}`, key), 'the check finds an escaped key')
})

t.test('other parts of a URL are not masked', async (t) => {
  const known = new Set(['cursor', 'limit', 'source_sha256', 'device'])
  for (const url of [
    `/api/steps?cursor=${'WyJ0X3h2Q2kxOSIsIjAxOTlmMmY0Il0'.repeat(3)}&limit=5`, `/api/processes?source_sha256=${hex}`, '/api/containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11/history',
    '/api/devices/Hamilton_STAR_Liquid_Handler_No_1/positions?device=A%20B', '/api/%zz?x=%', '/api/steps?nonsense=1', '/'
  ]) t.equal(redactUrl(url, known), url)
  t.equal(redactUrl('/api/lab?k=1&key=abc', null), '/api/lab?k=1&key=abc', 'too short to be a key')
  t.equal(redactUrl(`/api/lab?device=${hex}&limit=1&k=${hex}`, known), `/api/lab?device=${hex}&limit=1&k=***`)
  t.equal(redactUrl(`/api/lab?cursor=${key}`, known), '/api/lab?cursor=ps_***', 'a key of this service is masked everywhere')
})

t.test('neither the log nor a problem contains the key', async (t) => {
  const { address, written } = await aListener(t)
  for (const secret of [key, hex]) {
    for (const form of [secret, partly(secret), twice(secret)]) {
      for (const place of places) {
        // A plain socket, because fetch does not send fragments.
        const answer = await rawly(address, `GET ${place(form)} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: ${key}\r\nConnection: close\r\n\r\n`)
        const instance = /"instance":"([^"]*)"/.exec(answer)?.[1] ?? ''
        if (holds(instance, secret)) t.fail(`${place(form)}: ${answer}`)
      }
    }
  }
  await rawly(address, `GARBAGE ${key} ${hex}\r\nAuthorization: Bearer ${key}\r\n\r\n`)
  const text = written()
  t.match(text, /request completed/)
  for (const secret of [key, hex]) t.notOk(holds(text, secret), 'the log')
  t.notMatch(text, new RegExp([...Buffer.from(key.slice(0, 12))].join(',')), 'not as bytes in the log')
})

async function aListener (t: Test) {
  const { log, lines } = aLog('debug')
  const url = await aDatabase(t)
  const config = readConfig({ DATABASE_URL: url })
  const database = openDatabase(url, config, log)
  const app = await buildApp(config, { database, log })
  t.teardown(async () => {
    await app.close()
    await database.close()
  })
  const address = await app.listen({ port: 0 })
  return { address, written: () => lines.map((line) => `${JSON.stringify(line)}\n`).join('') }
}
