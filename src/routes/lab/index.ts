import type { App } from '../../app.ts'
import { readLabConfig } from '../../domain/lab-config.ts'
import { invalid } from '../../problems.ts'
import { bodyProblems } from '../../schemas/problem.ts'
import { ref } from '../../schemas/common.ts'
import { by } from '../by.ts'
import { LabConfig, LabConfigQuery, LabConfigResult } from './schemas.ts'

/** The lab as a whole: its file, its state, its health. */
export async function lab (app: App): Promise<void> {
  const { store } = app

  app.put('/lab/config', {
    schema: {
      operationId: 'putLabConfig', tags: ['lab'], summary: 'Make the lab the one of this file',
      description: 'Declarative: adds, grows and updates devices, and retires those that the file does not name any more. Putting the same file again changes nothing. Refused when a slot or device would go where something stands.',
      querystring: LabConfigQuery,
      body: { content: { 'application/json': { schema: ref(LabConfig) } } },
      response: { 200: ref(LabConfigResult), ...bodyProblems('slots-occupied') }
    },
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : app.validatorCompiler!(route)
  }, async (request) => {
    const { dry_run = false, prune = true } = request.query
    const read = readLabConfig(request.body)
    if ('faults' in read) throw invalid(...read.faults)
    return await store.lab.configure(read.config, { dry_run, prune }, by(request))
  })
}
