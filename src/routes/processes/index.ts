import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Process, ProcessCreate, ProcessPage, ProcessParams, ProcessQuery, ProcessSource } from '../../contract/processes.ts'
import { sendJsonPage } from '../json-page.ts'

const sourceText = { description: 'The source of the process.', content: { 'text/plain': { schema: ref(ProcessSource) } } }

/** Processes. */
export const processesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/processes', {
    schema: {
      operationId: 'listProcesses', tags: ['processes'], summary: 'List processes',
      description: 'Lists processes without their sources, oldest first. Filters match exactly. Use `archived` to list archived processes.',
      querystring: ProcessQuery,
      response: { 200: ref(ProcessPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }, reply) => sendJsonPage(reply, await store.processes.list(query)))

  app.post('/processes', {
    config: { body: 'large' },
    schema: {
      operationId: 'createProcess', tags: ['processes'], summary: 'Create a process',
      description: 'With `reuse`, returns 200 and the existing process with the same name and source, if there is one. In this case `id` and `metadata` of the request are ignored.',
      querystring: noQuery, body: ref(ProcessCreate),
      response: {
        200: jsonResponse('The process was already created with this id and body, or an existing process is reused.', Process),
        201: jsonResponse('Created.', Process),
        ...bodyProblems('id-in-use')
      }
    }
  }, async ({ body }, reply) => {
    const { created, process } = await store.processes.create(body)
    reply.code(created ? 201 : 200).header('location', `/api/processes/${process.id}`)
    return process
  })

  app.get('/processes/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getProcess', tags: ['processes'], summary: 'Read a process',
      description: 'Returns a process with its source. Archived processes can be read, too.',
      params: ProcessParams, querystring: noQuery,
      response: { 200: ref(Process), ...problems('process-not-found') }
    }
  }, async ({ params }) => await store.processes.read(params.id))

  app.get('/processes/:id/source', {
    config: { etag: true },
    schema: {
      operationId: 'getProcessSource', tags: ['processes'], summary: 'Read the source of a process',
      description: 'Returns only the source, exactly as it was sent.',
      params: ProcessParams, querystring: noQuery,
      response: { 200: sourceText, ...problems('process-not-found') }
    }
  }, async ({ params }, reply) => {
    const { source } = await store.processes.read(params.id)
    return await reply.type('text/plain; charset=utf-8').send(source)
  })

  app.delete('/processes/:id', {
    config: { changes: 'process' },
    schema: {
      operationId: 'archiveProcess', tags: ['processes'], summary: 'Archive a process',
      description: 'Removes the process from lists. The process and its experiments stay readable. A retry returns the same response.',
      params: ProcessParams, querystring: noQuery,
      response: { 200: ref(Process), ...problems('process-not-found') }
    }
  }, async ({ params }) => await store.processes.archive(params.id))
}
