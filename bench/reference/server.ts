// What could be written by hand: bare Fastify and `pg` for the calls of the benchmark, and nothing else. It runs as a process of its own, takes
// DATABASE_URL, and prints a line with its address.
import { createHash, randomUUID } from 'node:crypto'
import Fastify, { type FastifyReply } from 'fastify'
import pg from 'pg'
import { matchInputs } from '../../src/domain/match.ts'
import { estimate } from '../../src/estimation/estimate.ts'
import { type BorrowedSpread, samplesFor } from '../../src/estimation/model.ts'
import * as queries from './queries.ts'

type Place = { device: string, position?: number }
type Step = {
  id?: string, kind?: 'operation' | 'move', name?: string | null, data?: Record<string, unknown>, device: string, origin?: Place, destination?: Place, containers?: string[]
}
type Query = { name: string, text: string }
type OfContainer = { container: string }

/** A refusal of a function in commands.sql, or of this file: `detail` is JSON with the members of the answer. */
type Refusal = { code: string, message: string, detail: string, statusCode?: number }

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.DATABASE_POOL_MAX ?? 10), options: '-c TimeZone=UTC' })
const app = Fastify({ bodyLimit: 16 * 1024 * 1024 })
const refusals = new Map([['container-not-found', 404], ['position-not-found', 404], ['invalid-request', 400]])

app.setErrorHandler((error: Refusal, _request, reply) => {
  if (error.code !== 'PS409') return reply.code(error.statusCode ?? 500).send(`{"error":${JSON.stringify(error.message)}}`)
  const status = refusals.get(error.message) ?? 409
  return reply.code(status).type('application/problem+json').send(JSON.stringify({ status, code: error.message, ...JSON.parse(error.detail) as object }))
})

/** A refusal keeps its connection; the pool's own `query` would close it. */
async function ask<Row extends pg.QueryResultRow> (query: Query, values: unknown[]): Promise<Row[]> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    return (await client.query<Row>({ ...query, values })).rows
  } catch (error) {
    if ((error as Refusal).code !== 'PS409') broken = error as Error
    throw error
  } finally {
    client.release(broken)
  }
}

function refuse (code: string, members: object): never {
  throw Object.assign(new Error(code), { code: 'PS409', detail: JSON.stringify(members) })
}

app.get<{ Params: OfContainer }>('/api/containers/:container', async ({ params }) => {
  const [found] = await ask(queries.container, [params.container])
  return found ?? refuse('container-not-found', { container: params.container })
})

app.get<{ Params: { device: string } }>('/api/devices/:device/positions', async ({ params }) => await ask(queries.positions, [params.device]))

async function answerCommand (reply: FastifyReply, query: Query, values: unknown[]): Promise<FastifyReply> {
  const [row] = await ask<{ container: string }>(query, values)
  return reply.type('application/json').send(`{"status":"success","container":${row!.container}}`)
}

type Move = { source_device?: string, source_pos?: number, target_device?: string, target_pos?: number }

app.post<{ Params: OfContainer, Body: Move }>('/api/containers/:container/move', async ({ params, body, id }, reply) => {
  if (typeof body.target_device !== 'string') refuse('invalid-request', { pointer: '/target_device' })
  return await answerCommand(reply, queries.move, [params.container, body.source_device, body.source_pos, body.target_device, body.target_pos, id])
})

type Lid = { lid_device?: string, lid_pos?: number }

app.post<{ Params: OfContainer, Body: Lid }>('/api/containers/:container/unlid', async ({ params, body, id }, reply) =>
  await answerCommand(reply, queries.lid, [params.container, true, body.lid_device, body.lid_pos, id]))

app.post<{ Params: OfContainer, Body: Lid }>('/api/containers/:container/lid', async ({ params, body, id }, reply) =>
  await answerCommand(reply, queries.lid, [params.container, false, body.lid_device, body.lid_pos, id]))

app.post<{ Body: { container: string, source: Place, target: Place, step: Step } }>('/api/transfers', async ({ body, id }, reply) => {
  const { container: barcode, source, target, step } = body
  const move = prepare({ ...step, kind: 'move', origin: source, destination: target, containers: [barcode] })
  const values = [barcode, source.device, source.position, target.device, target.position, JSON.stringify(move), id]
  const [row] = await ask<{ container: string, step: object }>(queries.transfer, values)
  return reply.type('application/json').send(`{"status":"success","container":${row!.container},"step":${JSON.stringify(row!.step)}}`)
})

function prepare (step: Step): object {
  const data = step.data ?? {}
  return {
    ...step, id: step.id ?? randomUUID(), data, fct: data.fct, ...matchInputs({ kind: step.kind ?? 'operation', name: step.name ?? null, data }),
    created_as: createHash('sha256').update(JSON.stringify(step)).digest('hex')
  }
}

app.post<{ Body: Step }>('/api/steps', async ({ body, id }, reply) => {
  const [step] = await ask(queries.logSteps, [JSON.stringify([prepare(body)]), id])
  return reply.code(201).send(step)
})

app.post<{ Body: { steps: Step[] } }>('/api/steps/batch', async ({ body, id }, reply) => {
  const items = await ask(queries.logSteps, [JSON.stringify(body.steps.map(prepare)), id])
  return reply.code(201).send({ items })
})

app.get<{ Params: { id: string } }>('/api/experiments/:id', async ({ params }) => (await ask(queries.experiment, [params.id]))[0])
app.get('/api/steps/statistics', async () => ({ items: await ask(queries.statistics, []) }))

function questionOf ({ kind = 'operation', name = null, data = {}, device, origin, destination }: Step) {
  return {
    kind, device, ...matchInputs({ kind, name, data }), origin_device: origin?.device, origin_position: origin?.position,
    destination_device: destination?.device, destination_position: destination?.position
  }
}

/** The numbers of an array as PostgreSQL writes it. */
const numbersIn = (array: string): number[] => JSON.parse(`[${array.slice(1, -1)}]`) as number[]

type FoundHistory = { level: number | null, samples: string, finishes: string, borrowed_spread: BorrowedSpread | null, margins: number[] | null }

// the arithmetic is the service's: what is compared is the way to the database and back
app.post<{ Body: { step: Step, confidence?: number } }>('/api/estimates', async ({ body: { step, confidence = 0.95 } }) => {
  const question = questionOf(step)
  const [found] = await ask<FoundHistory>(queries.estimate, [JSON.stringify([question]), samplesFor(confidence)])
  const { level, samples, finishes, borrowed_spread, margins } = found!
  const history = level === null ? null : { level, samples: numbersIn(samples), finishes: numbersIn(finishes), borrowedSpread: borrowed_spread }
  return estimate(history, { kind: question.kind, commanded: question.commanded_seconds }, { confidence, statistic: 'upper_bound', margins: margins ?? [0, 0, 0, 0, 0] })
})

// one SQL statement and nothing else: ranks
app.post<{ Body: { steps: Step[], confidence?: number } }>('/api/estimates/batch', async ({ body }) => ({
  estimates: await ask(queries.estimates, [JSON.stringify(body.steps.map(questionOf)), body.confidence ?? 0.95])
}))

process.on('SIGTERM', () => process.exit(0))
process.stdout.write(`${JSON.stringify({ msg: 'ready', address: await app.listen({ host: '127.0.0.1', port: 0 }) })}\n`)
