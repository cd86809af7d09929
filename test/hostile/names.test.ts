import t from 'tap'
import { readLabConfig } from '../../src/domain/lab-file/lab-config.ts'
import { readParameters } from '../../src/import/old-parameters.ts'
import { sanitizeDeviceName, sanitizeName } from '../../src/import/sanitize-names.ts'
import { aStep, logged, rows } from '../support/log.ts'
import { aLab } from '../support/service.ts'

const escape = 'wash\u001b[31m\u001b]0;own\u0007'
const noLine = [escape, 'a\nb', 'a\tb', 'a\u007fb', 'a\u009b2J']

t.test('fct, names, types, contents and owners must not contain control characters, in every operation', async (t) => {
  const lab = await aLab(t, { Washer: 2 })
  await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'P1' })
  const step = await logged(lab, { data: { fct: 'wash' } })
  const running = (await lab.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:00:00Z' })).body
  const calls: ((text: string) => [method: 'post' | 'patch' | 'put', url: string, body: object, pointer: string])[] = [
    (text) => ['post', '/api/steps', aStep({ data: { fct: text } }), '/data/fct'],
    (text) => ['post', '/api/steps/batch', { steps: [aStep({ data: { fct: text } })] }, '/steps/0/data/fct'],
    (text) => ['patch', `/api/steps/${step.id}`, { reason: 'x', data: { fct: text } }, '/data/fct'],
    (text) => ['post', `/api/steps/${running.id}/finish`, { data: { fct: text } }, '/data/fct'],
    (text) => ['post', '/api/transfers', { container: 'P1', step: aStep({ data: { fct: text } }) }, '/step/data/fct'],
    (text) => ['post', '/api/steps', aStep({ name: text }), '/name'],
    (text) => ['post', '/api/steps', aStep({ device: text }), '/device'],
    (text) => ['post', '/api/steps', aStep({ containers: [text] }), '/containers/0'],
    (text) => ['post', '/api/steps', aStep({ experiment_id: text }), '/experiment_id'],
    (text) => ['post', '/api/containers', { device: 'Washer', name: text }, '/name'],
    (text) => ['post', '/api/containers', { device: 'Washer', barcode: text }, '/barcode'],
    (text) => ['post', '/api/containers', { device: 'Washer', content: text }, '/content'],
    (text) => ['post', '/api/containers', { device: 'Washer', labware_type: text }, '/labware_type'],
    (text) => ['patch', '/api/containers/P1', { content: text }, '/content'],
    (text) => ['patch', '/api/containers/P1', { labware_type: text }, '/labware_type'],
    (text) => ['post', '/api/devices', { name: 'D', capacity: 1, type: text }, '/type'],
    (text) => ['post', '/api/devices', { name: 'D', capacity: 1, uri: text }, '/uri'],
    (text) => ['post', '/api/devices', { name: text, capacity: 1 }, '/name'],
    (text) => ['post', '/api/devices', { name: 'D', group: text, capacity: 1 }, '/group'],
    (text) => ['patch', '/api/devices/Washer', { type: text }, '/type'],
    (text) => ['post', '/api/processes', { name: text, source: 'pass' }, '/name'],
    (text) => ['post', '/api/experiments', { process_id: step.id, name: text }, '/name'],
    (text) => ['post', '/api/reservations', { device: 'Washer', purpose: 'container', owner: text, ttl_seconds: 60 }, '/owner'],
    (text) => ['post', '/api/reservations', { type: text, purpose: 'container', owner: 'me', ttl_seconds: 60 }, '/type'],
    (text) => ['post', '/api/keys', { name: text, scopes: ['read'] }, '/name'],
    (text) => ['put', '/api/lab/config?dry_run=true', { sila_servers: { g: { D: { capacity: 1, type: text } } } }, '/sila_servers/g/D/type'],
    (text) => ['put', '/api/lab/config?dry_run=true', { sila_servers: { g: { D: { capacity: 1, uri: text } } } }, '/sila_servers/g/D/uri'],
    (text) => ['put', '/api/lab/config?dry_run=true', { sila_servers: { [text]: { D: { capacity: 1 } } } }, `/sila_servers/${text}`],
    (text) => ['put', '/api/lab/config?dry_run=true', { sila_servers: { g: { [text]: { capacity: 1 } } } }, `/sila_servers/g/${text}`]
  ]
  for (const call of calls) {
    for (const text of noLine) {
      const [method, url, body, pointer] = call(text)
      const answer = await lab[method](url, body)
      if (answer.status !== 400 || answer.body.errors[0].pointer !== pointer || !/control characters/.test(answer.body.errors[0].detail)) {
        t.fail(`${method} ${url} ${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(answer.body)}`)
      }
    }
  }
})

t.test('reasons and descriptions can contain line breaks, but no other control characters', async (t) => {
  const lab = await aLab(t, { Washer: 2 })
  await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'P1' })
  const step = await logged(lab, { data: { fct: 'wash' } })
  for (const [text, status] of [['two\r\nlines', 200], ['a\u001b[2J', 400], ['a\tb', 400], ['a\u009bb', 400]] as const) {
    t.equal((await lab.patch(`/api/steps/${step.id}`, { reason: text, data: { fct: `wash ${status}` } })).status, status)
    t.equal((await lab.post('/api/containers/P1/correct', { reason: text, lidded: status === 200 })).status, status)
    t.equal((await lab.patch('/api/devices/Washer', { description: text })).status, status)
    t.equal((await lab.put('/api/lab/config?dry_run=true&prune=false', { sila_servers: { g: { D: { capacity: 1, description: text } } } })).status, status)
  }
})

t.test('data that an older release accepted can be read, found and finished', async (t) => {
  const lab = await aLab(t, { Washer: 2 })
  const { body: container } = await lab.post('/api/containers', { device: 'Washer', position: 0, barcode: 'P1', content: 'MTT' })
  const running = (await lab.post('/api/steps', { device: 'Washer', start: '2026-03-02T09:00:00Z', data: { fct: 'wash' } })).body
  await rows(lab, 'UPDATE step SET fct = $1, data = $2', [escape, JSON.stringify({ fct: escape })])
  await rows(lab, 'UPDATE container SET content = $1', [escape])
  t.equal((await lab.get(`/api/containers/${container.id}`)).body.content, escape)
  t.equal((await lab.get(`/api/steps?fct=${encodeURIComponent(escape)}`)).body.items.length, 1)
  t.equal((await lab.patch('/api/containers/P1', { filled: false })).status, 200)
  t.match(await lab.post(`/api/steps/${running.id}/finish`, { data: { wells: 96 } }), { status: 200, body: { fct: escape, data: { wells: 96 } } })
  t.equal((await lab.get(`/api/devices/${encodeURIComponent('a\u001bb')}`)).status, 400)
})

t.test('lab files and imports', async (t) => {
  t.match(readLabConfig({ sila_servers: { g: { D: { capacity: 1, extra: { any: 'a\u001bb' }, other: '\u202e' } } } }), { config: { groups: [{}] } }, 'unknown members are not checked')
  t.equal(sanitizeName('P\u001b[2J\u202e1'), 'P [2J1', 'what nobody sees is removed')
  t.equal(sanitizeDeviceName('\u001b', 3), 'device 3')
  t.match(readParameters(JSON.stringify({ fct: 'wash\u001b[31m' })), { data: { fct: 'wash [31m' }, settled: ['fct-no-text'] })
  t.match(readParameters('{"fct":"wash"}'), { data: { fct: 'wash' }, settled: [] })
})
