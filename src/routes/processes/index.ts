import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { answer, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Process, ProcessCreate, ProcessPage, ProcessParams, ProcessQuery, ProcessSource } from '../../contract/processes.ts'

const sourceText = { description: 'The source, byte for byte.', content: { 'text/plain': { schema: ref(ProcessSource) } } }

/** Workflow definitions. */
export const processesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/processes', {
    schema: {
      operationId: 'listProcesses', tags: ['processes'], summary: 'List processes',
      description: 'Without their sources, oldest first. Filters match exactly; archived ones only with `archived`.',
      querystring: ProcessQuery,
      response: { 200: ref(ProcessPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.processes.list(query))

  app.post('/processes', {
    schema: {
      operationId: 'createProcess', tags: ['processes'], summary: 'Keep a workflow definition',
      description: 'With `reuse` it answers 200 and the process of the same name and source, if there is one; then `id` and `metadata` of the request are not used.',
      querystring: noQuery, body: ref(ProcessCreate),
      response: {
        200: answer('It was created before with this id and body, or it is the one that is used again.', Process),
        201: answer('Created.', Process),
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
      description: 'With its source; archived ones too.',
      params: ProcessParams, querystring: noQuery,
      response: { 200: ref(Process), ...problems('process-not-found') }
    }
  }, async ({ params }) => await store.processes.read(params.id))

  app.get('/processes/:id/source', {
    config: { etag: true },
    schema: {
      operationId: 'getProcessSource', tags: ['processes'], summary: 'Read the source of a process',
      description: 'The text alone, byte for byte as it was sent.',
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
      description: 'It leaves the lists; it and its experiments stay. Repeated: the same answer.',
      params: ProcessParams, querystring: noQuery,
      response: { 200: ref(Process), ...problems('process-not-found') }
    }
  }, async ({ params }) => await store.processes.archive(params.id))
}
