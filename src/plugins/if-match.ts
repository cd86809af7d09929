import type { FastifyRequest } from 'fastify'
import { invalid, problem } from '../contract/problems.ts'
import { labFile } from '../domain/lab-file/lab-file.ts'
import { writeYaml } from '../domain/lab-file/write-yaml.ts'
import type { Store } from '../store/index.ts'
import type { JsonRow } from '../store/json-row.ts'
import type { ChangedThing } from '../store/locks.ts'
import { tagOf } from './etag.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** what a write changes: `If-Match` asks about it */
    changes?: ChangedThing
  }
}

/** Characters of an `If-Match`; some dozens of tags. */
export const longestIfMatch = 2000

type Params = Readonly<Record<string, string>>
/** A thing as it can be read: its version, if it has one, and the bodies of the answers that show it. */
type Representation = { version: number | null, bodies: readonly string[] }

const representationOf: Readonly<Record<ChangedThing, (store: Store, params: Params) => Promise<Representation>>> = {
  lab: async (store) => asJson(await store.lab.state()),
  'lab-file': async (store) => {
    const file = labFile(await store.lab.config())
    return { version: null, bodies: [JSON.stringify(file), writeYaml(file)] }
  },
  device: async (store, { device }) => asJson(await store.devices.read(device!)),
  position: async (store, { device, position }) => asJson(await store.positions.read(device!, Number(position))),
  certificate: async (store, { device }) => {
    if (!(await store.devices.read(device!)).has_certificate) return { version: null, bodies: [] }
    const certificate = await store.certificates.read(device!)
    return { version: null, bodies: [certificate, JSON.stringify({ certificate })] }
  },
  container: async (store, { container }) => ofJsonRow(await store.containers.read(container!)),
  process: async (store, { id }) => asJson(await store.processes.read(id!)),
  experiment: async (store, { id }) => ofJsonRow(await store.experiments.read(id!)),
  step: async (store, { id }) => ofJsonRow(await store.steps.read(id!)),
  reservation: async (store, { id }) => asJson(await store.reservations.read(id!))
}

function asJson (thing: object): Representation {
  const { version } = thing as { version?: unknown }
  return { version: typeof version === 'number' ? version : null, bodies: [JSON.stringify(thing)] }
}

function ofJsonRow ({ version, json }: JsonRow<unknown>): Representation {
  return { version, bodies: [json] }
}

/**
 * Refuses the request unless `If-Match` holds of what it changes. Call it in the transaction of the change: it locks the
 * thing first. An `ETag` of the thing holds as long as its version does; the version alone, in quotes, will do as well.
 */
export async function refuseUnlessMatched (request: FastifyRequest, store: Store): Promise<void> {
  const header = request.headers['if-match']
  if (header === undefined) return
  if (header.length > longestIfMatch) throw invalid({ in: 'headers', parameter: 'If-Match', detail: `must not be longer than ${longestIfMatch} characters` })
  const { changes } = request.routeOptions.config
  if (changes === undefined) {
    throw invalid({ in: 'headers', parameter: 'If-Match', detail: 'is for calls that change one thing that can be read; leave it out here' })
  }
  const params = request.params as Params
  await store.locks.take(changes, params)
  const { version, bodies } = await representationOf[changes](store, params)
  if (bodies.length === 0) throw problem('precondition-failed', 'There is none yet, so none that was read before.', { version, etags: [] })
  const tags = bodies.map((body) => tagOf(body, version))
  if (!header.split(',').map((tag) => tag.trim()).some((tag) => matches(tag, version, tags))) {
    throw problem('precondition-failed', `It was changed since: its ETag is ${tags.join(' or ')} now. Read it again, and decide anew.`, { version, etags: tags })
  }
}

// RFC 9110, 13.1.1: strong comparison, so a weak tag never holds. What a rename of a device changes in how a container looks is
// no change of the container: of a thing with a version, the version counts.
function matches (tag: string, version: number | null, tags: readonly string[]): boolean {
  if (tag === '*') return true
  if (version === null) return tags.includes(tag)
  return tag === `"${version}"` || tag.startsWith(`"${version}-`)
}
