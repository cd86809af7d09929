import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import {
  Container, ContainerBatch, ContainerCreate, ContainerHistory, ContainerItems, ContainerPage, ContainerParams, ContainerPatch, ContainerQuery,
  ContainerHistoryQuery, RemoveQuery
} from '../../contract/containers.ts'
import { bodyProblems, placementProblems, problems } from '../../contract/problem-responses.ts'
import { alsoParquet, pageOrParquet } from '../../contract/table-files.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'
import { listOrTable } from '../list-or-table.ts'

/** Containers and their history. Moves and lids are in src/routes/moves. */
export const containersRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/containers', {
    schema: {
      operationId: 'listContainers', tags: ['containers'], summary: 'List containers',
      description: `Lists the containers on the platform. Use \`removed\` to list removed ones. Filters match exactly. ${alsoParquet}`,
      querystring: ContainerQuery,
      response: { 200: pageOrParquet(ContainerPage), ...problems('invalid-cursor') }
    }
  }, async (request, reply) => await listOrTable(app, request, reply, 'containers', request.query, async (query) => await store.containers.list(query)))

  app.post('/containers', {
    schema: {
      operationId: 'addContainer', tags: ['containers'], summary: 'Add a container',
      description: 'Adds a container to the platform. A retry with the same `id` and body returns 200 and changes nothing.',
      querystring: noQuery, body: ref(ContainerCreate),
      response: {
        200: jsonResponse('The container was already added with this id and body, or an existing container was adopted.', Container),
        201: jsonResponse('Added.', Container),
        ...bodyProblems(...placementProblems, 'barcode-in-use', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const { outcome, container } = await store.containers.add(request.body, auditOf(request))
    reply.code(outcome === 'created' ? 201 : 200).header('location', `/api/containers/${container.id}`)
    return container
  })

  app.post('/containers/batch', {
    config: { body: 'large' },
    schema: {
      operationId: 'addContainers', tags: ['containers'], summary: 'Add up to 1,000 containers',
      description: 'Adds the containers in the order of the request, either all or none. A refusal has the `index` of the first container that failed.',
      querystring: noQuery, body: ref(ContainerBatch),
      response: {
        200: jsonResponse('All containers were already added with these ids and bodies, or were adopted.', ContainerItems),
        201: jsonResponse('Added.', ContainerItems),
        ...bodyProblems(...placementProblems, 'barcode-in-use', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const added = await store.containers.addAll(request.body.containers, auditOf(request))
    reply.code(added.some(({ outcome }) => outcome === 'created') ? 201 : 200)
    return { items: added.map(({ container }) => container) }
  })

  app.get('/containers/:container', {
    config: { etag: true },
    schema: {
      operationId: 'getContainer', tags: ['containers'], summary: 'Read a container',
      description: 'Returns where a container is and what is known about it. Use the barcode of a container on the platform, or the id of any container. With `at`, returns an earlier state.',
      params: ContainerParams, querystring: AtQuery,
      response: { 200: ref(Container), ...problems('container-not-found') }
    }
  }, async ({ params, query }, reply) => {
    const then = parseAsOf(query.at)
    return then === null ? sendJsonRow(reply, await store.containers.read(params.container)) : await store.asOf.container(params.container, then)
  })

  app.patch('/containers/:container', {
    config: { changes: 'container' },
    schema: {
      operationId: 'updateContainer', tags: ['containers'], summary: 'Change the properties of a container',
      description: 'Changes properties such as barcode, name and content. To change the place of a container, record a move.',
      params: ContainerParams, querystring: noQuery, body: ref(ContainerPatch),
      response: { 200: ref(Container), ...bodyProblems('container-not-found', 'container-removed', 'barcode-in-use') }
    }
  }, async (request, reply) => sendJsonRow(reply, await store.containers.update(request.params.container, request.body, auditOf(request))))

  app.delete('/containers/:container', {
    config: { changes: 'container' },
    schema: {
      operationId: 'removeContainer', tags: ['containers'], summary: 'Remove a container from the platform',
      description: 'Frees its slot, the slot of its parked lid and its barcode. The container and its history stay readable by id. A retry by id returns the same response. The event log keeps the `reason`.',
      params: ContainerParams, querystring: RemoveQuery,
      response: { 200: ref(Container), ...problems('container-not-found') }
    }
  }, async (request, reply) => sendJsonRow(reply, await store.containers.remove(request.params.container, request.query, auditOf(request))))

  app.get('/containers/:container/history', {
    schema: {
      operationId: 'getContainerHistory', tags: ['containers'], summary: 'Read the history of a container',
      description: 'Lists the changes of a container and the steps that involved it, oldest first. Use the id for a removed container.',
      params: ContainerParams, querystring: ContainerHistoryQuery,
      response: { 200: ref(ContainerHistory), ...problems('container-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }) => await store.containers.history(params.container, query))
}
