import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { answer, noQuery, ref } from '../../contract/common.ts'
import {
  Container, ContainerBatch, ContainerCreate, ContainerHistory, ContainerItems, ContainerPage, ContainerParams, ContainerPatch, ContainerQuery,
  ContainerHistoryQuery
} from '../../contract/containers.ts'
import { bodyProblems, placementProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** Labware on the platform: what there is, what is known of it, and what happened to it. Moves and lids are in moves.ts. */
export const containersRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/containers', {
    schema: {
      operationId: 'listContainers', tags: ['containers'], summary: 'List containers',
      description: 'Those on the platform, or with `removed` those that were. Filters match exactly.',
      querystring: ContainerQuery,
      response: { 200: ref(ContainerPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.containers.list(query))

  app.post('/containers', {
    schema: {
      operationId: 'addContainer', tags: ['containers'], summary: 'Add a container',
      description: 'A container appears on the platform. Repeated with the same `id` and body it answers 200 and changes nothing.',
      querystring: noQuery, body: ref(ContainerCreate),
      response: {
        200: answer('It was added before with this id and body, or it is the one adopted.', Container),
        201: answer('Added.', Container),
        ...bodyProblems(...placementProblems, 'barcode-in-use', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const { outcome, container } = await store.containers.add(request.body, auditOf(request))
    reply.code(outcome === 'created' ? 201 : 200).header('location', `/api/containers/${container.id}`)
    return container
  })

  app.post('/containers/batch', {
    schema: {
      operationId: 'addContainers', tags: ['containers'], summary: 'Add up to 1,000 containers',
      description: 'In order, all or none: a refusal names the `index` of the first that fails.',
      querystring: noQuery, body: ref(ContainerBatch),
      response: {
        200: answer('All were added before with these ids and bodies, or adopted.', ContainerItems),
        201: answer('Added.', ContainerItems),
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
      operationId: 'getContainer', tags: ['containers'], summary: 'Where is this container',
      description: 'By the barcode of a container on the platform, or by the id of any container. With `at` as it was then.',
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
      operationId: 'updateContainer', tags: ['containers'], summary: 'Change what is known of a container',
      description: 'Its barcode once it was read, its name and content. Where it stands is changed by moves.',
      params: ContainerParams, querystring: noQuery, body: ref(ContainerPatch),
      response: { 200: ref(Container), ...bodyProblems('container-not-found', 'container-removed', 'barcode-in-use') }
    }
  }, async (request, reply) => sendJsonRow(reply, await store.containers.update(request.params.container, request.body, auditOf(request))))

  app.delete('/containers/:container', {
    config: { changes: 'container' },
    schema: {
      operationId: 'removeContainer', tags: ['containers'], summary: 'Take a container off the platform',
      description: 'Its slot, its parked lid\'s slot and its barcode are free again; what is known of it stays. Repeated by id: the same answer.',
      params: ContainerParams, querystring: noQuery,
      response: { 200: ref(Container), ...problems('container-not-found') }
    }
  }, async (request, reply) => sendJsonRow(reply, await store.containers.remove(request.params.container, auditOf(request))))

  app.get('/containers/:container/history', {
    schema: {
      operationId: 'getContainerHistory', tags: ['containers'], summary: 'What happened to a container',
      description: 'From its starting place on, oldest first: changes of the world and the steps that involved it. By id also after it was removed.',
      params: ContainerParams, querystring: ContainerHistoryQuery,
      response: { 200: ref(ContainerHistory), ...problems('container-not-found', 'invalid-cursor') }
    }
  }, async ({ params, query }) => await store.containers.history(params.container, query))
}
