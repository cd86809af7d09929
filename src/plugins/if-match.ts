import type { FastifyRequest } from 'fastify'
import { invalid, problem } from '../contract/problems.ts'
import { labFile } from '../domain/lab-file/lab-file.ts'
import { jsonPieces } from '../domain/lab-file/long-object.ts'
import { yamlPieces } from '../domain/lab-file/write-yaml.ts'
import { writeExactly } from '../domain/whole-numbers.ts'
import type { Store } from '../store/index.ts'
import type { JsonRow } from '../store/json-row.ts'
import type { ChangedObject } from '../store/locks.ts'
import { longText } from './long-text.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a write changes. `If-Match` is compared with this object. */
    changes?: ChangedObject
  }
}

/** The maximum length of `If-Match` in characters, enough for dozens of tags. */
export const maxIfMatchLength = 2000

type Params = Readonly<Record<string, string>>
/** An object as clients can read it: its version, if it has one, and the pieces of every response body that represents it. */
type Representation = { version: number | null, bodies: readonly Iterable<string>[] }

const representationOf: Readonly<Record<ChangedObject, (store: Store, params: Params) => Promise<Representation>>> = {
  lab: async (store) => ({ version: null, bodies: [(await store.lab.state()).pieces] }),
  'lab-file': async (store) => {
    const file = labFile(await store.lab.config())
    return { version: null, bodies: [jsonPieces(file), yamlPieces(file)] }
  },
  device: async (store, { device }) => ofObject(await store.devices.read(device!)),
  position: async (store, { device, position }) => ofObject(await store.positions.read(device!, Number(position))),
  certificate: async (store, { device }) => {
    if (!(await store.devices.read(device!)).has_certificate) return { version: null, bodies: [] }
    const certificate = await store.certificates.read(device!)
    return { version: null, bodies: [[certificate], [JSON.stringify({ certificate })]] }
  },
  'labware-type': async (store, { name }) => {
    const type = await store.labwareTypes.find(name!)
    return type === null ? { version: null, bodies: [] } : ofObject(type)
  },
  container: async (store, { container }) => ofJsonRow(await store.containers.read(container!)),
  process: async (store, { id }) => ofObject(await store.processes.read(id!)),
  experiment: async (store, { id }) => ofJsonRow(await store.experiments.read(id!)),
  step: async (store, { id }) => ofJsonRow(await store.steps.read(id!)),
  reservation: async (store, { id }) => ofObject(await store.reservations.read(id!)),
  webhook: async (store, { id }) => ofObject(await store.webhooks.read(id!))
}

function ofObject (thing: object): Representation {
  const { version } = thing as { version?: unknown }
  return { version: typeof version === 'number' ? version : null, bodies: [[writeExactly(thing)]] }
}

function ofJsonRow ({ version, json }: JsonRow<unknown>): Representation {
  return { version, bodies: [[json]] }
}

/**
 * Throws `precondition-failed` (412) unless `If-Match` matches the object that the request changes. Call it in the
 * transaction of the change, because it locks the object. An `ETag` matches as long as the version is the same. The quoted
 * version alone matches, too.
 */
export async function refuseUnlessMatched (request: FastifyRequest, store: Store): Promise<void> {
  const header = request.headers['if-match']
  if (header === undefined) return
  if (header.length > maxIfMatchLength) throw invalid({ in: 'headers', parameter: 'If-Match', detail: `must not be longer than ${maxIfMatchLength} characters` })
  const { changes } = request.routeOptions.config
  if (changes === undefined) {
    throw invalid({ in: 'headers', parameter: 'If-Match', detail: 'is not supported by this operation, because it does not change one readable object; omit it' })
  }
  const params = request.params as Params
  await store.locks.take(changes, params)
  const { version, bodies } = await representationOf[changes](store, params)
  if (bodies.length === 0) throw problem('precondition-failed', 'The object does not exist yet, so `If-Match` cannot match.', { version, etags: [] })
  const given = header.split(',').map((tag) => tag.trim())
  if (given.some((tag) => tag === '*' || isOfVersion(tag, version))) return
  const etags: string[] = []
  // A body can be long, and the object is locked meanwhile: the other form is made only if this one does not match.
  for (const body of bodies) {
    const { tag } = await longText(body, version)
    if (version === null && given.includes(tag)) return
    etags.push(tag)
  }
  throw problem('precondition-failed', `The object has changed. Its ETag is now ${etags.join(' or ')}. Read it again before you change it.`, { version, etags })
}

// RFC 9110, 13.1.1: strong comparison, so a weak tag never matches. For an object with a version only the version is
// compared, because renaming a device changes the responses for its containers, but not the containers.
function isOfVersion (tag: string, version: number | null): boolean {
  return version !== null && (tag === `"${version}"` || tag.startsWith(`"${version}-`))
}
