import type { App } from '../../app.ts'
import { bodyProblems, problems } from '../../schemas/problem.ts'
import { ref } from '../../schemas/common.ts'
import { by } from '../by.ts'
import { Container, ContainerParams, ContainerResult, Move } from './schemas.ts'

/** Labware on the platform: where each container stands, where its lid is, and the moves. */
export async function containers (app: App): Promise<void> {
  const { store } = app

  app.get('/containers/:container', {
    config: { etag: true },
    schema: {
      operationId: 'getContainer', tags: ['containers'], summary: 'Where is this container',
      description: 'By the barcode of a container on the platform, or by the id of any container.',
      params: ContainerParams,
      response: { 200: ref(Container), ...problems('container-not-found') }
    }
  }, async ({ params }) => await store.containers.read(params.container))

  app.post('/containers/:container/move', {
    schema: {
      operationId: 'moveContainer', tags: ['containers'], summary: 'Record that a container was moved',
      description: 'With `source_device` and `source_pos` the container must be there. Its own place is a legal target.',
      params: ContainerParams, body: ref(Move),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', 'device-not-found', 'position-not-found', 'position-occupied', 'no-free-position', 'source-mismatch', 'container-removed')
      }
    }
  }, async (request) => ({ status: 'success' as const, container: await store.containers.move(request.params.container, request.body, by(request)) }))
}
