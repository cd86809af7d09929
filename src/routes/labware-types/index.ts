import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { LabwareType, LabwareTypePage, LabwareTypeParams, LabwareTypePut, LabwareTypeQuery } from '../../contract/labware-types.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'
import { sendJsonPage } from '../json-page.ts'

/** What is known of types of labware. */
export const labwareTypesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/labware-types', {
    schema: {
      operationId: 'listLabwareTypes', tags: ['labware types'], summary: 'List labware types',
      description: 'Lists the labware types of the lab by name. Containers can have types that are not in this list; they can go anywhere.',
      querystring: LabwareTypeQuery,
      response: { 200: ref(LabwareTypePage), ...problems('invalid-cursor') }
    }
  }, async ({ query }, reply) => sendJsonPage(reply, await store.labwareTypes.list(query)))

  app.get('/labware-types/:name', {
    config: { etag: true },
    schema: {
      operationId: 'getLabwareType', tags: ['labware types'], summary: 'Read a labware type',
      description: 'Returns what is known of a labware type. With `at`, returns an earlier state.',
      params: LabwareTypeParams, querystring: AtQuery,
      response: { 200: ref(LabwareType), ...problems('labware-type-not-found') }
    }
  }, async ({ params, query }) => {
    const then = parseAsOf(query.at)
    return then === null ? await store.labwareTypes.read(params.name) : await store.asOf.labwareType(params.name, then)
  })

  app.put('/labware-types/:name', {
    config: { scope: 'admin', changes: 'labware-type' },
    schema: {
      operationId: 'putLabwareType', tags: ['labware types'], summary: 'Add or change a labware type',
      description: 'Says what is known of a labware type; what is left out is not known. Containers of this type are then only put where they fit. The same request again changes nothing.',
      params: LabwareTypeParams, querystring: noQuery, body: ref(LabwareTypePut),
      response: { 200: jsonResponse('Changed, or as it was.', LabwareType), 201: jsonResponse('Added.', LabwareType), ...bodyProblems() }
    }
  }, async (request, reply) => {
    const { created, labware_type } = await store.labwareTypes.put(request.params.name, request.body, auditOf(request))
    reply.code(created ? 201 : 200).header('location', `/api/labware-types/${encodeURIComponent(labware_type.name)}`)
    return labware_type
  })

  app.delete('/labware-types/:name', {
    config: { scope: 'admin', changes: 'labware-type' },
    schema: {
      operationId: 'deleteLabwareType', tags: ['labware types'], summary: 'Delete a labware type',
      description: 'Returns the type as it was last. Containers keep its name, and can then go anywhere. The lists of devices and slots no longer name it.',
      params: LabwareTypeParams, querystring: noQuery,
      response: { 200: ref(LabwareType), ...problems('labware-type-not-found', 'labware-type-in-use') }
    }
  }, async (request) => await store.labwareTypes.delete(request.params.name, auditOf(request)))
}
