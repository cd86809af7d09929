// What could be done by hand: bare Fastify and `pg`, for the calls that the benchmark asks and nothing else. A process of
// its own: DATABASE_URL in, a line with its address out.
import { createHash, randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { matchInputs } from '../../dist/domain/match.js'
import { estimate } from '../../dist/estimation/estimate.js'
import { samplesFor } from '../../dist/estimation/model.js'
import * as queries from './queries.mjs'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.DATABASE_POOL_MAX ?? 10), options: '-c TimeZone=UTC' })
const app = Fastify({ bodyLimit: 16 * 1024 * 1024 })
const refusals = { 'container-not-found': 404, 'position-not-found': 404, 'invalid-request': 400 }

app.setErrorHandler((error, request, reply) => {
  if (error.code !== 'PS409') return reply.code(error.statusCode ?? 500).send(`{"error":${JSON.stringify(error.message)}}`)
  const status = refusals[error.message] ?? 409
  reply.code(status).type('application/problem+json').send(JSON.stringify({ status, code: error.message, ...JSON.parse(error.detail) }))
})

// a refusal keeps its connection, which the pool's own query would close
async function ask (query, values) {
  const client = await pool.connect()
  let broken
  try {
    return (await client.query({ ...query, values })).rows
  } catch (error) {
    if (error.code !== 'PS409') broken = error
    throw error
  } finally {
    client.release(broken)
  }
}

function refuse (code, members) {
  throw Object.assign(new Error(code), { code: 'PS409', detail: JSON.stringify(members) })
}

app.get('/api/containers/:container', async ({ params }) => {
  const [found] = await ask(queries.container, [params.container])
  return found ?? refuse('container-not-found', { container: params.container })
})

app.get('/api/devices/:device/positions', async ({ params }) => await ask(queries.positions, [params.device]))

async function done (reply, query, values) {
  const [{ container }] = await ask(query, values)
  return reply.type('application/json').send(`{"status":"success","container":${container}}`)
}

app.post('/api/containers/:container/move', async ({ params, body, id }, reply) => {
  if (typeof body.target_device !== 'string') refuse('invalid-request', { pointer: '/target_device' })
  return await done(reply, queries.move, [params.container, body.source_device, body.source_pos, body.target_device, body.target_pos, id])
})

app.post('/api/containers/:container/unlid', async ({ params, body, id }, reply) =>
  await done(reply, queries.lid, [params.container, true, body.lid_device, body.lid_pos, id]))

app.post('/api/containers/:container/lid', async ({ params, body, id }, reply) =>
  await done(reply, queries.lid, [params.container, false, body.lid_device, body.lid_pos, id]))

app.post('/api/transfers', async ({ body, id }, reply) => {
  const { container: barcode, source, target, step: wish } = body
  const move = prepare({ ...wish, kind: 'move', origin: source, destination: target, containers: [barcode] })
  const [{ container, step }] = await ask(queries.transfer, [barcode, source.device, source.position, target.device, target.position, JSON.stringify(move), id])
  return reply.type('application/json').send(`{"status":"success","container":${container},"step":${JSON.stringify(step)}}`)
})

function prepare (step) {
  const data = step.data ?? {}
  return {
    ...step, id: step.id ?? randomUUID(), data, fct: data.fct, ...matchInputs({ kind: step.kind ?? 'operation', name: step.name ?? null, data }),
    created_as: createHash('sha256').update(JSON.stringify(step)).digest('hex')
  }
}

app.post('/api/steps', async ({ body, id }, reply) => {
  const [step] = await ask(queries.logSteps, [JSON.stringify([prepare(body)]), id])
  return reply.code(201).send(step)
})

app.post('/api/steps/batch', async ({ body, id }, reply) => {
  const items = await ask(queries.logSteps, [JSON.stringify(body.steps.map(prepare)), id])
  return reply.code(201).send({ items })
})

app.get('/api/experiments/:id', async ({ params }) => (await ask(queries.experiment, [params.id]))[0])
app.get('/api/steps/statistics', async () => ({ items: await ask(queries.statistics, []) }))

function question ({ kind = 'operation', name = null, data = {}, device, origin, destination }) {
  return {
    kind, device, ...matchInputs({ kind, name, data }), origin_device: origin?.device, origin_position: origin?.position,
    destination_device: destination?.device, destination_position: destination?.position
  }
}

const numbers = (array) => JSON.parse(`[${array.slice(1, -1)}]`)

// the arithmetic is the service's: what is compared is the way there and back
app.post('/api/estimates', async ({ body: { step, confidence = 0.95 } }) => {
  const asked = question(step)
  const [{ level, samples, finishes, lent, margins }] = await ask(queries.estimate, [JSON.stringify([asked]), samplesFor(confidence)])
  const history = level === null ? null : { level, samples: numbers(samples), finishes: numbers(finishes), lent }
  return estimate(history, { kind: asked.kind, commanded: asked.commanded_seconds }, { confidence, statistic: 'upper_bound', margins: margins ?? [0, 0, 0, 0, 0] })
})

// one SQL statement and nothing else: ranks
app.post('/api/estimates/batch', async ({ body }) => ({
  estimates: await ask(queries.estimates, [JSON.stringify(body.steps.map(question)), body.confidence ?? 0.95])
}))

process.on('SIGTERM', () => process.exit(0))
process.stdout.write(`${JSON.stringify({ msg: 'ready', address: await app.listen({ host: '127.0.0.1', port: 0 }) })}\n`)
