import t, { type Test } from 'tap'
import { aDump } from '../support/dump.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { theDocument } from '../support/openapi.ts'
import type { Answer, Service } from '../support/service.ts'
import { operationsOf, resolved } from './rules/rule.ts'

// Bad input of every kind: a 4xx problem that names the member or parameter, the rule and the way out; and nothing changes.

type Method = Parameters<Service['call']>[0]
type Call = readonly [method: Method, path: string, body?: unknown, headers?: Record<string, string>]
type Refusal = {
  status?: number
  code?: string
  /** the pointer into the body, or the name of the parameter */
  at?: string
  says?: RegExp
}
type Case = readonly [what: string, call: Call, refusal: Refusal]

const json = { 'content-type': 'application/json' }
const yaml = { 'content-type': 'application/yaml' }
const lab = await aLabAtWork(t, { BODY_LIMIT_BYTES: '200000' })
const { process, experiment, step } = lab

async function refused (t: Test, cases: readonly Case[]): Promise<void> {
  const before = await aDump(lab.url)
  for (const [what, [method, path, body, headers], refusal] of cases) {
    isRefusal(t, what, await lab.call(method, path, body, headers), refusal)
  }
  t.same(await aDump(lab.url), before, 'nothing was written')
}

function isRefusal (t: Test, what: string, answer: Answer, { status = 400, code, at, says }: Refusal): void {
  const faults: string[] = []
  const { body } = answer
  if (answer.status !== status) faults.push(`the status is ${answer.status}, not ${status}`)
  if (!String(answer.headers['content-type']).startsWith('application/problem+json')) faults.push(`the content type is ${String(answer.headers['content-type'])}`)
  if (code !== undefined && body.code !== code) faults.push(`the code is ${body.code}, not ${code}`)
  const places = [body.pointer, body.parameter, ...(body.errors ?? []).flatMap((one: { pointer?: string, parameter?: string }) => [one.pointer, one.parameter])]
  if (at !== undefined && !places.includes(at)) faults.push(`it points at ${places.filter((place) => place !== undefined).join(', ')}, not at ${at}`)
  if (says !== undefined && !says.test(`${body.detail} ${answer.text}`)) faults.push(`it does not say ${says}`)
  t.same(faults, [], faults.length === 0 ? what : `${what}: ${answer.text.slice(0, 400)}`)
}

function logging (members: object): Call {
  return ['POST', '/api/steps', { device: 'Hotel', start: '2026-03-02T09:15:00Z', ...members }]
}

function moving (members: object | string): Call {
  return ['POST', '/api/containers/P1/move', typeof members === 'string' ? members : { target_device: 'Hotel', ...members }, json]
}

function adding (members: object): Call {
  return ['POST', '/api/containers', { device: 'Hotel', ...members }]
}

function file (devices: object): Call {
  return ['PUT', '/api/lab/config', { sila_servers: { devices } }]
}

t.test('times', async (t) => {
  const bad: [string, unknown, RegExp][] = [
    ['a naive time', '2026-03-02T09:15:00', /add the missing Z or offset/],
    ['a day', '2026-03-02', /RFC 3339/],
    ['a word', 'yesterday', /RFC 3339/],
    ['nothing', '', /RFC 3339/],
    ['a space in place of the T', '2026-03-02 09:15:00Z', /RFC 3339/],
    ['a number', 1772442900, /text/],
    ['the year 0', '0000-01-01T00:00:00Z', /1970 to 2999/],
    ['the year 3000', '3000-01-01T00:00:00Z', /1970 to 2999/],
    ['a year of five digits', '+12026-03-02T09:15:00Z', /RFC 3339/],
    ['a second 60 within a day', '2026-06-30T22:59:60Z', /RFC 3339/],
    ['30 February', '2026-02-30T09:15:00Z', /2026-02-30/],
    ['hour 24', '2026-03-02T24:00:00Z', /RFC 3339/],
    ['an offset of 25 hours', '2026-03-02T09:15:00+25:00', /RFC 3339/],
    ['infinity, as PostgreSQL has it', 'infinity', /RFC 3339/],
    ['null where one must be', null, /text/]
  ]
  await refused(t, [
    ...bad.map(([what, start, says]): Case => [what, logging({ start }), { code: 'invalid-request', at: '/start', says }]),
    ['a finish before the start', logging({ finish: '2026-03-02T09:14:59Z' }), { at: '/finish', says: /before/ }],
    ['a naive time in a batch', ['POST', '/api/steps/batch', { steps: [logging({})[2], logging({ finish: '2026-03-02T09:15:01' })[2]] }], { at: '/steps/1/finish', says: /missing Z or offset/ }],
    ['a naive finish', ['POST', `/api/steps/${step}/finish`, { finish: '2026-03-02T09:15:01' }], { at: '/finish', says: /missing Z or offset/ }],
    ['a naive correction', ['PATCH', `/api/steps/${step}`, { reason: 'clock', start: '2026-03-02T09:15:01' }], { at: '/start', says: /missing Z or offset/ }],
    ['a naive filter', ['GET', '/api/steps?started_after=2026-03-02T09:15:00'], { at: 'started_after', says: /missing Z or offset/ }],
    ['a plus that is not escaped', ['GET', '/api/experiments?started_before=2026-03-02T09:15:00+01:00'], { at: 'started_before', says: /%2B/ }]
  ])
})

t.test('slots', async (t) => {
  const bad: [string, string, RegExp][] = [
    ['a negative slot', '-1', /at least 0/], ['half a slot', '1.5', /whole number/], ['a number as text', '"1"', /whole number/], ['yes', 'true', /whole number/],
    ['1e400', '1e400', /double/], ['a slot that no device has', '10000', /at most 9999/], ['more than a double can tell', '9007199254740993', /at most 9999/],
    ['a list', '[1]', /whole number/], ['an object', '{}', /whole number/]
  ]
  await refused(t, [
    ...bad.map(([what, target_pos, says]): Case => [what, moving(`{"target_device":"Hotel","target_pos":${target_pos}}`), { at: '/target_pos', says }]),
    ...['-1', '1.5', 'x', '1e0', '0x1', '01', '10000', '%31%30%30%30%30', 'null', '٣', '99999999999999999999'].map((slot): Case =>
      [`slot ${slot} in the path`, ['GET', `/api/devices/Hotel/positions/${encodeURI(decodeURI(slot))}`], { at: 'position' }]),
    ['a slot that this device does not have', moving({ target_pos: 77 }), { status: 404, code: 'position-not-found', at: '/target_pos', says: /are 0 to 5.*"valid_range":\{"maximum":5,"minimum":0\}/ }],
    ['the same, in the path', ['GET', '/api/devices/Hotel/positions/77'], { status: 404, code: 'position-not-found', at: 'position', says: /valid_range/ }],
    ['a device without slots', moving({ target_device: 'Arm', target_pos: 0 }), { status: 404, code: 'position-not-found' }],
    ['an occupied slot', moving({ target_pos: 1 }), { status: 409, code: 'position-occupied', at: '/target_pos', says: /P2/ }],
    ['a wrong source', moving({ source_device: 'Hotel', source_pos: 3 }), { status: 409, code: 'source-mismatch', says: /slot 0/ }]
  ])
})

t.test('what is not there', async (t) => {
  const id = '0199f2f4-0000-7000-8000-000000000000'
  await refused(t, [
    ['an unknown device to move to', moving({ target_device: 'Hotle' }), { status: 404, code: 'device-not-found', at: '/target_device' }],
    ['an unknown device to move from', moving({ source_device: 'Hotle' }), { status: 404, code: 'device-not-found', at: '/source_device' }],
    ['an unknown device in the path', ['GET', '/api/devices/Hotle'], { status: 404, code: 'device-not-found', at: 'device' }],
    ['an unknown container', ['GET', '/api/containers/P9'], { status: 404, code: 'container-not-found', at: 'container' }],
    ['an unknown container, by id', ['DELETE', `/api/containers/${id}`], { status: 404, code: 'container-not-found', at: 'container' }],
    ['an unknown process', ['GET', `/api/processes/${id}`], { status: 404, code: 'process-not-found', at: 'id' }],
    ['an unknown process of an experiment', ['POST', '/api/experiments', { process_id: id }], { status: 404, code: 'process-not-found', at: '/process_id' }],
    ['an unknown experiment', ['PATCH', `/api/experiments/${id}`, { name: 'x' }], { status: 404, code: 'experiment-not-found', at: 'id' }],
    ['an unknown step', ['POST', `/api/steps/${id}/finish`, {}], { status: 404, code: 'step-not-found', at: 'id' }],
    ['an id that is none', ['GET', '/api/steps/17'], { at: 'id', says: /UUID/ }],
    ['an id that is none, in a body', ['POST', '/api/experiments', { process_id: 'Screening' }], { at: '/process_id', says: /UUID/ }],
    ['an unknown path', ['GET', '/api/plates'], { status: 404, code: 'route-not-found', says: /openapi\.json/ }]
  ])
})

t.test('names and barcodes', async (t) => {
  const bad: [string, unknown, RegExp][] = [
    ['an empty one', '', /1 to 200|at least 1/], ['a blank one', ' ', /space/], ['one with a space before', ' X', /space/], ['one with a space after', 'X ', /space/],
    ['one of 201 characters', 'x'.repeat(201), /1 to 200/], ['one with NUL', 'a\u0000b', /NUL/], ['one with half an emoji', 'a\ud83e', /surrogate/],
    ['one with a line end', 'a\nb', /control/], ['one with DEL', 'a\u007fb', /control/], ['a number', 7, /text/], ['yes', true, /text/], ['a list', ['X'], /text/]
  ]
  const unwritable: [string, string, RegExp][] = [
    ['one like an id', '0199F2F4-7c1a-7b3e-9d52-0c6a1f0e8b11', /UUID/], ['a dot', '.', /"\."/], ['two dots', '..', /"\."/]
  ]
  await refused(t, [
    ...[...bad, ...unwritable].map(([what, barcode, says]): Case => [`a barcode: ${what}`, adding({ barcode }), { at: '/barcode', says }]),
    ...bad.map(([what, name, says]): Case => [`a name: ${what}`, ['PATCH', '/api/containers/P1', { name }], { at: '/name', says }]),
    ...bad.map(([what, name, says]): Case => [`a device: ${what}`, ['POST', '/api/devices', { name, capacity: 1 }], { at: '/name', says }]),
    ...[...bad.slice(0, 9), ...unwritable.slice(1)].map(([what, name]): Case => [`a device of the file: ${what}`, file({ [String(name)]: { capacity: 1 } }), { code: 'invalid-request' }]),
    ['null for what cannot be cleared', ['PATCH', '/api/containers/P1', { name: null }], { at: '/name' }],
    ['a barcode twice', adding({ barcode: 'P2' }), { status: 409, code: 'barcode-in-use', at: '/barcode', says: /slot 1 of Hotel/ }],
    ['a barcode twice in a batch', ['POST', '/api/containers/batch', { containers: [{ device: 'Hotel', barcode: 'N' }, { device: 'Hotel', barcode: 'N' }] }],
      { status: 409, code: 'barcode-in-use', at: '/containers/1/barcode', says: /"index":1/ }],
    ['a barcode of another', ['PATCH', '/api/containers/P1', { barcode: 'P2' }], { status: 409, code: 'barcode-in-use', at: '/barcode' }],
    ['a name of another device', ['PATCH', '/api/devices/Hotel', { name: 'Washer' }], { status: 409, code: 'device-name-in-use', at: '/name' }]
  ])
})

t.test('members', async (t) => {
  await refused(t, [
    ['an unknown one', adding({ slot: 3 }), { at: '/slot', says: /known are id, device, position/ }],
    ['an unknown one inside another', adding({ lid: { device: 'Hotel', slot: 3 } }), { at: '/lid/slot', says: /known are device, position/ }],
    ['one that is missing', ['POST', '/api/containers', { barcode: 'X' }], { at: '/device', says: /required/ }],
    ['one that is missing in a batch', ['POST', '/api/containers/batch', { containers: [{ device: 'Hotel' }, {}] }], { at: '/containers/1/device', says: /required/ }],
    ['several at once, all told', ['POST', '/api/containers', { position: -1, lidded: 'yes' }], { says: /"\/device".*"\/position".*"\/lidded"|"\/position".*"\/device"/ }],
    ['text for yes', adding({ lidded: 'true' }), { at: '/lidded', says: /true or false/ }],
    ['1 for yes', adding({ lidded: 1 }), { at: '/lidded', says: /true or false/ }],
    ['a word that is not one of those', adding({ if_occupied: 'replace' }), { at: '/if_occupied', says: /one of refuse, adopt/ }],
    ['__proto__', moving('{"target_device":"Hotel","__proto__":{"admin":true}}'), { at: '/__proto__' }],
    ['__proto__ inside free JSON', ['POST', '/api/steps', '{"device":"Hotel","start":"2026-03-02T09:15:00Z","data":{"a":[{"__proto__":1}]}}', json], { at: '/data/a/0/__proto__' }],
    ['a lid that is on and parked', adding({ lidded: true, lid: { device: 'Hotel' } }), { at: '/lid' }],
    ['data that is no object', logging({ data: [1] }), { at: '/data', says: /object/ }],
    ['data of more than 64 KiB', logging({ data: { text: 'x'.repeat(65_536) } }), { at: '/data', says: /65536 bytes/ }],
    ['data of more than 32 levels', logging({ data: nested(33) }), { at: '/data', says: /32 levels/ }],
    ['a function that is no text', logging({ data: { fct: 7 } }), { at: '/data/fct' }],
    ['a function with NUL', logging({ data: { fct: 'a\u0000' } }), { at: '/data/fct', says: /NUL/ }],
    ['a member called NUL', logging({ data: { 'a\u0000': 1 } }), { says: /NUL/ }],
    ['half an emoji as a member', logging({ data: { '\ude00': 1 } }), { says: /surrogate/ }],
    ['a move without its ends', logging({ kind: 'move' }), { says: /origin/ }],
    ['an operation with an end', logging({ origin: { device: 'Hotel' } }), { at: '/origin' }],
    ['an empty change', ['PATCH', '/api/containers/P1', {}], { says: /at least 1 of the members/ }],
    ['a correction without a reason', ['PATCH', `/api/steps/${step}`, { device: 'Hotel' }], { at: '/reason' }],
    ['an empty batch', ['POST', '/api/steps/batch', { steps: [] }], { at: '/steps' }],
    ['a batch of too many', ['POST', '/api/containers/batch', { containers: Array.from({ length: 1001 }, () => ({ device: 'Hotel' })) }], { at: '/containers', says: /1000/ }],
    ['a status that cannot follow', ['PATCH', `/api/experiments/${experiment}`, { status: 'created' }], { status: 409, code: 'illegal-transition', at: '/status' }],
    ['confidence of all', ['POST', '/api/estimates', { step: { device: 'Hotel' }, confidence: 1 }], { at: '/confidence', says: /below 1/ }],
    ['confidence as text', ['POST', '/api/estimates', { step: { device: 'Hotel' }, confidence: '0.9' }], { at: '/confidence', says: /number/ }],
    ['an unknown statistic', ['POST', '/api/estimates', { step: { device: 'Hotel' }, statistic: 'best' }], { at: '/statistic', says: /upper_bound/ }],
    ['estimates of nothing', ['POST', '/api/estimates/batch', { steps: [] }], { at: '/steps' }],
    ['a search for nothing', ['GET', '/api/search'], { at: 'q' }],
    ['a search for spaces', ['GET', '/api/search?q=%20'], { at: 'q', says: /spaces/ }],
    ['a search for a control character', ['GET', '/api/search?q=%1B'], { at: 'q', says: /control characters/ }],
    ['too many hits', ['GET', '/api/search?q=P&limit=101'], { at: 'limit', says: /100/ }],
    ['confidence of a timeline', ['GET', `/api/experiments/${lab.experiment}/timeline?confidence=1`], { at: 'confidence', says: /below 1/ }]
  ])
})

t.test('bodies', async (t) => {
  const path = '/api/containers'
  await refused(t, [
    ['broken JSON', ['POST', path, '{\n  "device": "Hotel",\n  "position": 3,,\n}', json], { code: 'malformed-body', says: /line 3, column 17.*"line":3,"column":17/ }],
    ['JSON that ends too early', ['POST', path, '{"device":', json], { code: 'malformed-body', says: /line 1, column 11: expected a value/ }],
    ['single quotes', ['POST', path, "{'device': 'Hotel'}", json], { code: 'malformed-body', says: /double quotes/ }],
    ['NaN', ['POST', '/api/estimates', '{"step":{"device":"Hotel"},"confidence":NaN}', json], { code: 'malformed-body', says: /column 41/ }],
    ['nothing, called JSON', ['POST', path, '', json], { code: 'malformed-body', says: /empty/ }],
    ['nothing at all', ['POST', path], { code: 'invalid-request', says: /object/ }],
    ['null', ['POST', path, 'null', json], { code: 'invalid-request', says: /object/ }],
    ['a list', ['POST', path, '[]', json], { code: 'invalid-request', says: /object/ }],
    ['a text', ['POST', path, '"device"', json], { code: 'invalid-request', says: /object/ }],
    ['100,000 lists in each other', ['POST', path, '['.repeat(99_999) + ']'.repeat(99_999), json], { code: 'invalid-request', says: /100 levels/ }],
    ['100,000 lists that do not end', ['POST', path, '['.repeat(100_000), json], { code: 'malformed-body', says: /column 100001/ }],
    ['bytes that are not UTF-8', ['POST', path, Buffer.from('{"device":"Hotel","barcode":"\xe9"}', 'latin1'), json], { code: 'malformed-body', says: /UTF-8/ }],
    ['UTF-16', ['POST', path, Buffer.from('{"device":"Hotel"}', 'utf16le'), json], { code: 'malformed-body' }],
    ['too much', ['POST', path, { device: 'x'.repeat(200_000) }], { status: 413, code: 'body-too-large', says: /BODY_LIMIT_BYTES/ }],
    ['no content type', ['POST', path, '{"device":"Hotel"}', { 'content-type': '' }], { status: 415, code: 'unsupported-media-type', says: /application\/json/ }],
    ['text', ['POST', path, '{"device":"Hotel"}', { 'content-type': 'text/plain' }], { status: 415, code: 'unsupported-media-type' }],
    ['a form', ['POST', path, 'device=Hotel', { 'content-type': 'application/x-www-form-urlencoded' }], { status: 415, code: 'unsupported-media-type' }],
    ['YAML where only JSON is taken', ['POST', path, 'device: Hotel', yaml], { status: 415, code: 'unsupported-media-type' }],
    ['a content type that is none', ['POST', path, '{}', { 'content-type': 'json' }], { status: 415, code: 'unsupported-media-type' }],
    ['gzip', ['POST', path, Buffer.from([0x1f, 0x8b, 8, 0]), { ...json, 'content-encoding': 'gzip' }], { status: 415, code: 'unsupported-media-type', says: /compressed/ }],
    ['a body where none is taken', ['DELETE', '/api/containers/P1', { reason: 'gone' }], { code: 'invalid-request', says: /The body is not accepted by this operation/ }],
    ['a body of a GET', ['GET', '/api/lab', { filter: 'x' }], { code: 'invalid-request', says: /The body is not accepted by this operation/ }]
  ])
})

t.test('the lab file', async (t) => {
  const put = (text: string): Call => ['PUT', '/api/lab/config', text, yaml]
  await refused(t, [
    ['broken YAML', put('sila_servers:\n  devices:\n    Hotel: {capacity: 3\n'), { code: 'malformed-body', says: /"line":\d+,"column":\d+/ }],
    ['a tab for indentation', put('sila_servers:\n\tdevices:\n'), { code: 'malformed-body', says: /line 2/ }],
    ['a key twice', put('sila_servers:\n  a: {X: {capacity: 1}}\n  a: {Y: {capacity: 1}}\n'), { code: 'malformed-body', says: /line 3, column 3.*twice/ }],
    ['an alias to nothing', put('sila_servers: *nothing\n'), { code: 'malformed-body', says: /nothing/ }],
    ['a billion laughs', put(`${Array.from({ length: 30 }, (_, n) => `a${n}: &a${n} [${n === 0 ? 'ha' : `*a${n - 1}, *a${n - 1}`}]`).join('\n')}\n`), { code: 'malformed-body', says: /alias/ }],
    ['100,000 lists in each other', put('['.repeat(100_000)), { code: 'malformed-body', says: /levels|nested/ }],
    ['a tag that makes objects', put('sila_servers: !!python/object/apply:os.system ["ls"]\n'), { code: 'malformed-body' }],
    ['nothing', put(''), { code: 'invalid-request' }],
    ['a missing capacity', file({ Hotel: {} }), { at: '/sila_servers/devices/Hotel/capacity', says: /required|missing/ }],
    ['a negative capacity', file({ Hotel: { capacity: -1 } }), { at: '/sila_servers/devices/Hotel/capacity' }],
    ['half a slot', file({ Hotel: { capacity: 2.5 } }), { at: '/sila_servers/devices/Hotel/capacity' }],
    ['too many slots', file({ Hotel: { capacity: 10_001 } }), { at: '/sila_servers/devices/Hotel/capacity', says: /10,?000/ }],
    ['a capacity as text', file({ Hotel: { capacity: '4' } }), { at: '/sila_servers/devices/Hotel/capacity' }],
    ['a device in two groups', ['PUT', '/api/lab/config', { sila_servers: { a: { Hotel: { capacity: 6 } }, b: { Hotel: { capacity: 6 } } } }], { at: '/sila_servers/b/Hotel' }],
    ['no groups', ['PUT', '/api/lab/config', { devices: {} }], { at: '/sila_servers' }],
    ['slots that hold something', file({ Hotel: { capacity: 1 }, Washer: { capacity: 1 }, Arm: { capacity: 0 } }), { status: 409, code: 'slots-occupied', says: /P2/ }],
    ['the same, tried out', ['PUT', '/api/lab/config?dry_run=true', { sila_servers: {} }], { status: 409, code: 'slots-occupied' }],
    ['YAML that is too large', ['PUT', '/api/lab/config', `# ${'x'.repeat(200_000)}`, yaml], { status: 413, code: 'body-too-large' }],
    ['a file of another kind', ['PUT', '/api/lab/config', '<lab/>', { 'content-type': 'application/xml' }], { status: 415, code: 'unsupported-media-type', says: /application\/yaml/ }],
    ['a wipe that is not confirmed', ['DELETE', '/api/lab'], { code: 'confirmation-required', at: 'confirm' }],
    ['a wipe that is half confirmed', ['DELETE', '/api/lab?confirm=yes'], { code: 'confirmation-required', at: 'confirm' }]
  ])
})

t.test('certificates', async (t) => {
  const path = '/api/devices/Hotel/certificate'
  await refused(t, [
    ['what is not PEM', ['PUT', path, 'hello', { 'content-type': 'text/plain' }], { says: /PEM/ }],
    ['PEM of something else', ['PUT', path, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', { 'content-type': 'application/x-pem-file' }], { says: /not a certificate/ }],
    ['a private key', ['PUT', path, { certificate: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }], { at: '/certificate', says: /private key/ }],
    ['a number', ['PUT', path, { certificate: 5 }], { at: '/certificate' }],
    ['another member', ['PUT', path, { pem: 'x' }], {}],
    ['null', ['PUT', path, 'null', json], {}],
    ['nothing', ['PUT', path], {}],
    ['a certificate in DER', ['PUT', path, Buffer.from([0x30, 0x82]), { 'content-type': 'application/pkix-cert' }], { status: 415, code: 'unsupported-media-type' }],
    ['one where there is none', ['GET', path], { status: 404, code: 'no-certificate' }]
  ])
})

t.test('query parameters', async (t) => {
  const lists = ['/api/devices', '/api/containers', '/api/containers/P1/history', '/api/processes', '/api/experiments', `/api/experiments/${experiment}/steps`, '/api/steps', `/api/steps/${step}/history`]
  const forged = (values: unknown[]) => Buffer.from(JSON.stringify(values)).toString('base64url')
  await refused(t, [
    ...lists.flatMap((path): Case[] => [
      ...['0', '-1', '501', '1.5', 'ten', '', '1e2', '0x10', '+5', ' 5', '99999999999999999999', 'true', '%00'].map((limit): Case => [`${path}: limit ${limit}`, ['GET', `${path}?limit=${limit}`], { at: 'limit' }]),
      [`${path}: limit twice`, ['GET', `${path}?limit=1&limit=2`], { at: 'limit', says: /only once/ }],
      [`${path}: count maybe`, ['GET', `${path}?count=maybe`], { at: 'count', says: /true or false/ }],
      [`${path}: an unknown one`, ['GET', `${path}?limt=5`], { at: 'limt', says: /known are/ }],
      [`${path}: an empty cursor`, ['GET', `${path}?cursor=`], { at: 'cursor' }],
      ...['x', 'AAAA', '%F0%9F%A7%AA', forged([]), forged(['12345678', 'x'])].map((cursor): Case => [`${path}: cursor ${cursor}`, ['GET', `${path}?cursor=${cursor}`], { code: 'invalid-cursor', at: 'cursor' }])
    ]),
    ['a filter that is neither', ['GET', '/api/containers?removed=maybe'], { at: 'removed', says: /one of true, false, any/ }],
    ['an unknown status', ['GET', '/api/steps?status=done'], { at: 'status', says: /running/ }],
    ['an unknown order', ['GET', '/api/steps?sort=device'], { at: 'sort', says: /duration/ }],
    ['an unknown grouping', ['GET', '/api/steps/statistics?group_by=colour'], { at: 'group_by' }],
    ['a grouping twice', ['GET', '/api/steps/statistics?group_by=day,day'], { at: 'group_by' }],
    ['an id that is none', ['GET', '/api/steps?process_id=x'], { at: 'process_id', says: /UUID/ }],
    ['NUL in a name', ['GET', '/api/containers?name=a%00b'], { at: 'name', says: /NUL/ }],
    ['NUL in free text', ['GET', '/api/containers?labware_type=a%00b'], { at: 'labware_type', says: /NUL/ }],
    ['NUL in a function', ['GET', '/api/steps?fct=%00'], { at: 'fct', says: /NUL/ }],
    ['NUL in the name of one', ['GET', '/api/containers?na%00me=x'], {}],
    ['half an emoji', ['GET', '/api/containers?name=%ED%A0%80'], { at: 'name', says: /UTF-8/ }],
    ['a broken escape', ['GET', '/api/containers?name=%zz'], { at: 'name', says: /%25/ }],
    ['a broken escape in a name', ['GET', '/api/containers?%zz=1'], { says: /%25/ }],
    ['one that ends in a percent sign', ['GET', '/api/containers?name=100%'], { at: 'name', says: /%25/ }],
    ['brackets', ['GET', '/api/containers?name[]=x'], { at: 'name[]' }],
    ['__proto__', ['GET', '/api/containers?__proto__=x'], { at: '__proto__' }],
    ['a filter that is empty', ['GET', '/api/containers?barcode='], { at: 'barcode' }]
  ])
})

t.test('cursors', async (t) => {
  const cursors = new Map<string, string>()
  for (const path of ['/api/devices?limit=1', '/api/containers?limit=1', '/api/steps?limit=1', '/api/steps?limit=1&sort=-duration', '/api/steps?limit=1&device=Hotel', '/api/processes?limit=1', '/api/experiments?limit=1', '/api/containers/P1/history?limit=1']) {
    cursors.set(path, (await lab.get(path)).body.next_cursor)
  }
  t.notOk([...cursors.values()].includes(null as never), 'every list has a second page')
  const values = [null, true, 0, -1, 1.5, 1e308, 9e15, '', 'x', '2026-03-02', '9999-99-99T99:99:99Z', 'a\u0000b', '\ud800', [], {}, '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', "' OR 1=1 --"]
  await refused(t, [...cursors].flatMap(([path, cursor]): Case[] => {
    const [mark, ...keys] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const others = [...cursors].filter(([other]) => other !== path).map(([other, theirs]): Case => [`${path}: one of ${other}`, ['GET', `${path}&cursor=${theirs}`], { code: 'invalid-cursor', at: 'cursor' }])
    const shorter: Case = [`${path}: one without values`, ['GET', `${path}&cursor=${encoded([mark])}`], { code: 'invalid-cursor', at: 'cursor' }]
    const swapped = keys.flatMap((key, index) => values.filter((value) => isOther(key, value)).map((value): Case =>
      [`${path}: ${JSON.stringify(value)} for ${JSON.stringify(key)}`, ['GET', `${path}&cursor=${encoded([mark, ...keys.with(index, value)])}`], { code: 'invalid-cursor', at: 'cursor' }]))
    return [...others, shorter, ...swapped]
  }))
})

t.test('paths', async (t) => {
  await refused(t, [
    ['a broken escape', ['GET', '/api/containers/%zz'], { says: /%25/ }],
    ['half an emoji', ['GET', '/api/containers/%ED%A0%80'], { says: /%25|UTF-8/ }],
    ['NUL', ['GET', '/api/containers/a%00b'], { at: 'container', says: /NUL/ }],
    ['NUL in a device', ['DELETE', '/api/devices/%00'], { at: 'device', says: /NUL/ }],
    ['a line end', ['GET', '/api/devices/a%0Ab'], { at: 'device', says: /control/ }],
    ['a name of 201 characters', ['GET', `/api/devices/${'x'.repeat(201)}`], { at: 'device', says: /200/ }],
    ['a name that is longer than any', ['GET', `/api/devices/${'x'.repeat(5000)}`], { status: 414, code: 'uri-too-long' }],
    ['a name that is longer than any, deeper', ['GET', `/api/devices/Hotel/positions/${'1'.repeat(5000)}`], { status: 414, code: 'uri-too-long' }],
    ['no name', ['GET', '/api/containers/'], { at: 'container' }],
    ['no name in the middle', ['GET', '/api/devices//positions'], {}],
    ['a slash at the end', ['GET', '/api/lab/'], { status: 404, code: 'route-not-found' }],
    ['upper case', ['GET', '/API/lab'], { status: 404, code: 'route-not-found' }],
    ['the way up', ['GET', '/docs/static/..%2f..%2fpackage.json'], { status: 404, code: 'route-not-found' }]
  ])
})

t.test('a method that a path does not have is told those it has', async (t) => {
  const before = await aDump(lab.url)
  const paths = { '/api/containers': 'GET, HEAD, POST', '/api/moves': 'POST', '/api/containers/P1': 'GET, HEAD, PATCH, DELETE', '/api/lab/config': 'GET, HEAD, PUT', '/openapi.json': 'GET, HEAD', '/asyncapi.json': 'GET, HEAD' }
  for (const [path, allow] of Object.entries(paths)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'].filter((method) => !allow.includes(method))) {
      const answer = await lab.call(method as Method, path, method === 'GET' ? undefined : '{', method === 'GET' ? {} : json)
      t.match(answer, { status: 405, headers: { allow }, body: { code: 'method-not-allowed', allowed: allow.split(', ') } }, `${method} ${path}`)
    }
  }
  t.same(await aDump(lab.url), before)
})

t.test('HEAD answers as GET does, without the body', async (t) => {
  for (const path of ['/api/lab', '/api/containers/P1', '/api/steps', '/api/devices/Hotel/positions', `/api/processes/${process}/source`, '/health/ready', '/openapi.json']) {
    const [got, head] = [await lab.get(path), await lab.call('HEAD', path)]
    t.match(head, { status: 200, text: '' }, path)
    for (const header of ['content-type', 'etag', 'content-length']) if (path !== '/health/ready') t.equal(head.headers[header], got.headers[header], `${path}: ${header}`)
  }
  t.match(await lab.call('HEAD', '/api/containers/P9'), { status: 404, text: '' })
})

t.test('what a call does not know is a fault of every call', async (t) => {
  const document = await theDocument()
  const ids: Record<string, string> = { device: 'Hotel', container: 'P1', position: '3', key: lab.stepKind, processes: process, experiments: experiment, steps: step, reservations: lab.reservation, keys: '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d', alarms: step, webhooks: lab.webhook, stocktakes: '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1e' }
  await refused(t, operationsOf(document).flatMap(({ at, path, method, operation }): Case[] => {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? ids[path.split('/')[2]!]!)
    const taken = operation.requestBody === undefined ? undefined : resolved(document, operation.requestBody.content['application/json'].schema)
    const [example] = taken?.examples ?? []
    const verb = method.toUpperCase() as Method
    return [
      [`${at}: a query parameter`, [verb, `${url}?nope=1`, example], { code: 'invalid-request', at: 'nope' }],
      ...taken?.additionalProperties === false ? [[`${at}: a member`, [verb, url, { ...example, nope: 1 }], { code: 'invalid-request', at: '/nope' }] as const] : []
    ]
  }))
})

t.test('an id with the prefix of a URN is no id, in the path and the query of every call', async (t) => {
  const document = await theDocument()
  const urn = 'urn:uuid:0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d'
  const cases = operationsOf(document).flatMap(({ at, path, method, operation }): Case[] => (operation.parameters ?? []).flatMap((parameter: unknown): Case[] => {
    const { name, in: where, schema } = parameter as { name: string, in: string, schema: object }
    if ((resolved(document, schema) as { format?: string }).format !== 'uuid') return []
    const url = path.replaceAll(/\{(\w+)\}/g, (_, other: string) => other === name ? urn : '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1e')
    const taken = operation.requestBody === undefined ? undefined : resolved(document, operation.requestBody.content['application/json'].schema)
    return [[`${at}: ${name}`, [method.toUpperCase() as Method, where === 'query' ? `${url}?${name}=${urn}` : url, taken?.examples?.[0]], { code: 'invalid-request', at: name }]]
  }))
  t.ok(cases.length > 20)
  await refused(t, cases)
})

function nested (levels: number): object {
  return levels === 1 ? {} : { a: nested(levels - 1) }
}

function encoded (values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

// values that a real cursor of this list could hold here cannot be told from real ones
function isOther (key: unknown, value: unknown): boolean {
  if (typeof key === 'string') return typeof value !== 'string' || (key.includes('-') && !/^[0-9a-f-]{36}$/.test(value))
  return typeof value !== 'number' && value !== null
}
