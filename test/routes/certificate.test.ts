import t from 'tap'
import { aCertificate } from '../support/certificate.ts'
import { aLab } from '../support/service.ts'

const path = '/api/devices/Arm/certificate'
const asPem = { 'content-type': 'application/x-pem-file' }
const asText = { 'content-type': 'text/plain; charset=utf-8' }

t.test('a certificate is kept as it was put, as PEM or as JSON', async (t) => {
  const lab = await aLab(t, { Arm: 1 })
  t.match(await lab.put(path, aCertificate, asPem), { status: 204, text: '' })
  t.match((await lab.get('/api/devices/Arm')).body, { has_certificate: true, version: 2 })
  t.match(await lab.get(path), { status: 200, text: aCertificate, headers: { 'content-type': /^application\/x-pem-file/, vary: 'accept' } })
  t.match(await lab.get(path, { accept: '*/*' }), { text: aCertificate, headers: { 'content-type': /^application\/x-pem-file/ } })
  t.match(await lab.get(path, { accept: 'text/plain' }), { text: aCertificate, headers: { 'content-type': /^text\/plain/ } })
  t.match(await lab.get(path, { accept: 'application/json' }), { body: { certificate: aCertificate }, headers: { 'content-type': /^application\/json/ } })
  t.match((await lab.get(path, { accept: 'application/json; charset=UTF-8' })).headers['content-type'], 'application/json; charset=utf-8')
  t.match((await lab.get(path, { accept: 'image/png' })).headers['content-type'], 'application/x-pem-file; charset=utf-8', 'what is not known gets the first')

  t.match(await lab.put(path, { certificate: aCertificate + aCertificate }), { status: 204 })
  t.equal((await lab.get(path)).text, aCertificate + aCertificate)
  t.match(await lab.put(path, aCertificate, asText), { status: 204 })
  const { headers } = await lab.get(path)
  t.equal((await lab.get(path, { 'if-none-match': String(headers.etag) })).status, 304)
})

t.test('put twice, it is one change; the log does not hold it', async (t) => {
  const lab = await aLab(t, { Arm: 1 })
  await lab.put(path, aCertificate, asPem)
  await lab.put(path, aCertificate, asPem)
  t.match(await lab.delete(path), { status: 204, text: '' })
  const { rows } = await lab.query("SELECT revision::int, kind, before, after FROM event WHERE kind LIKE 'certificate%' ORDER BY revision")
  t.match(rows, [
    { revision: 2, kind: 'certificate-set', before: { has_certificate: false }, after: { has_certificate: true } },
    { revision: 3, kind: 'certificate-removed', before: { has_certificate: true }, after: { has_certificate: false } }
  ])
  t.notMatch(JSON.stringify(rows), /BEGIN/)
})

t.test('a device without one has none to read or forget', async (t) => {
  const lab = await aLab(t, { Arm: 1 })
  t.match(await lab.get(path), { status: 404, body: { code: 'no-certificate', device: 'Arm' } })
  t.match(await lab.delete(path), { status: 404, body: { code: 'no-certificate', device: 'Arm' } })
  t.match(await lab.get('/api/devices/Nope/certificate'), { status: 404, body: { code: 'device-not-found', parameter: 'device' } })
  t.match(await lab.put('/api/devices/Nope/certificate', aCertificate, asPem), { status: 404, body: { code: 'device-not-found', parameter: 'device' } })
  t.match(await lab.delete('/api/devices/Nope/certificate'), { status: 404, body: { code: 'device-not-found', parameter: 'device' } })
})

t.test('what is no certificate is refused', async (t) => {
  const lab = await aLab(t, { Arm: 1 })
  for (const body of ['', 'hello', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', `${aCertificate}\u0000`]) {
    t.match(await lab.put(path, body, asPem), { status: 400, body: { code: 'invalid-request', errors: [{ in: 'body', pointer: '' }] } }, JSON.stringify(body))
  }
  t.match(await lab.put(path, { certificate: 'hello' }), { status: 400, body: { errors: [{ pointer: '/certificate' }] } })
  t.match(await lab.put(path, { certificate: 5 }), { status: 400, body: { errors: [{ pointer: '/certificate' }] } })
  t.match(await lab.put(path, { certificate: aCertificate, key: 'x' }), { status: 400, body: { errors: [{ pointer: '/key' }] } })
  t.match(await lab.put(path, {}), { status: 400, body: { errors: [{ pointer: '/certificate' }] } })
  t.match(await lab.put(path, 'null', { 'content-type': 'application/json' }), { status: 400 })
  t.match(await lab.put(path), { status: 400 })
  t.match(await lab.put(path, Buffer.from([0xff, 0xfe]), asPem), { status: 400, body: { code: 'malformed-body' } })
  t.match(await lab.put(path, 'x', { 'content-type': 'image/png' }), { status: 415, body: { code: 'unsupported-media-type', supported: ['application/x-pem-file', 'text/plain', 'application/json'] } })
  t.match((await lab.get('/api/devices/Arm')).body, { has_certificate: false, version: 1 })
})

t.test('a retired device keeps it for when it comes back', async (t) => {
  const lab = await aLab(t, { Arm: 1 })
  await lab.put(path, aCertificate, asPem)
  await lab.delete('/api/devices/Arm')
  t.match(await lab.get(path), { status: 404, body: { code: 'device-not-found' } })
  await lab.post('/api/devices', { name: 'Arm', capacity: 1 })
  t.equal((await lab.get(path)).text, aCertificate)
})
