import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import Type from 'typebox'
import { nullable, page, pageQuery, ref, Slot, stringEnum, Version } from '../../../src/contract/common.ts'
import { documentHead } from '../../../src/contract/openapi.ts'
import { bodyProblems, problems, problemSchemas } from '../../../src/contract/problem-responses.ts'
import { problemCatalogue, type ProblemCode } from '../../../src/contract/problems.ts'
import { finishDocument, describeRoute } from '../../../src/plugins/openapi-transform.ts'
import { declareScope } from '../../../src/plugins/scopes.ts'
import type { Json } from './rule.ts'

const ThingName = Type.String({ $id: 'ThingName', minLength: 1, maxLength: 20, description: 'A name.', examples: ['Arm'] })
const ThingKind = stringEnum('ThingKind', ['arm', 'hotel'], 'Kinds of things.')
const Thing = Type.Object({
  name: ref(ThingName, 'Its name.'), kind: ref(ThingKind, 'Its kind.'), position: nullable(Type.Integer({ description: 'Its slot.' })), version: ref(Version, 'Its version.')
}, {
  $id: 'Thing', description: 'A thing.', examples: [{ name: 'Arm', kind: 'arm', position: null, version: 1 }]
})
const ThingCreate = Type.Object({ name: ref(ThingName, 'Its name.'), position: Type.Optional(ref(Slot, 'Its slot.')) }, {
  $id: 'ThingCreate', additionalProperties: false, description: 'A new thing.', examples: [{ name: 'Arm' }]
})
const ThingPage = page('ThingPage', Thing)

/** A small document, made as the service's own is, that keeps all the rules: for the rules to be tried on. */
export async function soundDocument (): Promise<Json> {
  const app = Fastify({ schemaController: { compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify } } } as object)
  await app.register(swagger, {
    openapi: { ...documentHead('0.0.0'), tags: [{ name: 'things', description: 'Things.' }] },
    transform: describeRoute,
    transformObject: (made) => finishDocument('openapiObject' in made ? made.openapiObject : made.swaggerObject),
    refResolver: { buildLocalReference: ({ $id }, _base, _fragment, index) => typeof $id === 'string' ? $id : `def-${index}` }
  })
  app.addHook('onRoute', declareScope)
  for (const schema of [ThingName, ThingKind, Thing, ThingCreate, ThingPage, Slot, Version, ...problemSchemas]) app.addSchema(schema)
  const handler = () => null
  app.get('/api/things', {
    schema: {
      operationId: 'listThings', tags: ['things'], summary: 'List things', description: 'All of them.',
      querystring: Type.Object(pageQuery), response: { 200: ref(ThingPage), ...problems('invalid-cursor') }
    }
  }, handler)
  app.post('/api/things', {
    schema: {
      operationId: 'addThing', tags: ['things'], summary: 'Add a thing', description: 'It is new.',
      body: ref(ThingCreate), response: { 201: ref(Thing), ...bodyProblems(...Object.keys(problemCatalogue) as ProblemCode[]) }
    }
  }, handler)
  app.get('/api/things/:device', {
    config: { etag: true },
    schema: {
      operationId: 'getThing', tags: ['things'], summary: 'Read a thing', description: 'By its name.',
      params: Type.Object({ device: ref(ThingName) }), response: { 200: ref(Thing), ...problems('device-not-found') }
    }
  }, handler)
  await app.ready()
  return structuredClone(app.swagger())
}
