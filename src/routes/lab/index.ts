import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { LabConfig, LabConfigQuery, LabConfigResult, LabHealth, LabState, LabWipe, LabYaml, WipeQuery } from '../../contract/lab.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { invalid, problem } from '../../contract/problems.ts'
import { type Members, readLabConfig } from '../../domain/lab-file/lab-config.ts'
import { labFile } from '../../domain/lab-file/lab-file.ts'
import { writeYaml } from '../../domain/lab-file/write-yaml.ts'
import { auditOf } from '../audit.ts'
import { negotiate } from '../negotiate.ts'
import { takeYaml, yamlTypes } from './yaml-body.ts'

const asFile = { content: { 'application/json': { schema: ref(LabConfig) }, ...Object.fromEntries(yamlTypes.map((type) => [type, { schema: ref(LabYaml) }])) } }

/** The lab as a whole: its file, its state, its health. */
export const labRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app
  takeYaml(app)

  app.put('/lab/config', {
    config: { scope: 'admin', changes: 'lab-file' },
    schema: {
      operationId: 'putLabConfig', tags: ['lab'], summary: 'Make the lab the one of this file',
      description: 'Declarative: adds, grows and updates devices, and retires those that the file does not name any more. The same file again changes nothing. Refused when a slot or device would go where a container or lid is.',
      querystring: LabConfigQuery, body: asFile,
      response: { 200: ref(LabConfigResult), ...bodyProblems('slots-occupied') }
    },
    // YAML and JSON are held against the same rules, which tell more than a schema can: readLabConfig
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : app.validatorCompiler!(route)
  }, async (request) => {
    const { dry_run = false, prune = true } = request.query
    const read = readLabConfig(request.body)
    if ('faults' in read) throw invalid(...read.faults)
    return await store.lab.configure(read.config, { dry_run, prune }, auditOf(request))
  })

  app.get('/lab/config', {
    config: { etag: true },
    schema: {
      operationId: 'getLabConfig', tags: ['lab'], summary: 'The lab as a lab file',
      description: 'As JSON, or as YAML when `Accept` asks for it. Groups, devices and their order as put; putting it again changes nothing.',
      querystring: noQuery,
      response: { 200: Type.Unsafe<Members | string>({ description: 'The lab file.', ...asFile }), ...problems() }
    }
  }, async (request, reply) => {
    const file = labFile(await store.lab.config())
    const type = negotiate(request, reply, ['application/json', ...yamlTypes])
    return type === 'application/json' ? file : writeYaml(file)
  })

  app.get('/lab', {
    config: { etag: true },
    schema: {
      operationId: 'getLab', tags: ['lab'], summary: 'The state of the platform',
      description: 'Every device with what stands on it, in the order of the lab file, and the totals, all of one revision; with `at` of an earlier one.',
      querystring: AtQuery,
      response: { 200: ref(LabState), ...problems() }
    }
  }, async ({ query }) => {
    const then = parseAsOf(query.at)
    return then === null ? await store.lab.state() : await store.asOf.lab(then)
  })

  app.delete('/lab', {
    config: { scope: 'admin', changes: 'lab' },
    schema: {
      operationId: 'wipeLab', tags: ['lab'], summary: 'Wipe the lab',
      description: 'Every container is marked removed and every device retired. All history stays, and the lab file brings the devices back. Wants `confirm=wipe`.',
      querystring: WipeQuery,
      response: { 200: ref(LabWipe), ...problems('confirmation-required') }
    }
  }, async (request) => {
    if (request.query.confirm !== 'wipe') throw problem('confirmation-required', 'This removes every container and retires every device: say ?confirm=wipe.', { parameter: 'confirm' })
    return await store.lab.wipe(auditOf(request))
  })

  app.get('/lab/health', {
    schema: {
      operationId: 'getLabHealth', tags: ['lab'], summary: 'Is the tracked lab sound',
      description: 'Looks for what cannot be in a real lab. Most of it the database forbids too; this is the proof. Warnings leave the lab healthy.',
      querystring: noQuery,
      response: { 200: ref(LabHealth), ...problems() }
    }
  }, async () => await store.lab.health())
}
