import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Readable } from 'node:stream'
import Type from 'typebox'
import { DryRunQuery } from '../../contract/arrangements.ts'
import { AtQuery, parseAsOf, parsePoint } from '../../contract/as-of.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { LabConfig, LabConfigQuery, LabConfigResult, LabHealth, LabRestore, LabRestoreResult, LabState, LabWipe, LabYaml, WipeQuery } from '../../contract/lab.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { invalid, problem } from '../../contract/problems.ts'
import { readLabConfig } from '../../domain/lab-file/lab-config.ts'
import { labFile } from '../../domain/lab-file/lab-file.ts'
import { jsonPieces } from '../../domain/lab-file/long-object.ts'
import { yamlPieces } from '../../domain/lab-file/write-yaml.ts'
import { numberWarnings } from '../../domain/whole-numbers.ts'
import { longText, sendLongText } from '../../plugins/long-text.ts'
import { auditOf } from '../audit.ts'
import { sendJsonPieces } from '../json-pieces.ts'
import { negotiate } from '../negotiate.ts'
import { takeYaml, yamlTypes } from './yaml-body.ts'

const asFile = { content: { 'application/json': { schema: ref(LabConfig) }, ...Object.fromEntries(yamlTypes.map((type) => [type, { schema: ref(LabYaml) }])) } }

/** The lab as a whole: the lab file, its state and its health. */
export const labRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app
  takeYaml(app)

  app.put('/lab/config', {
    config: { body: 'large', scope: 'admin', changes: 'lab-file' },
    schema: {
      operationId: 'putLabConfig', tags: ['lab'], summary: 'Apply a lab file',
      description: 'Makes the lab match the file: adds, resizes and updates devices, and retires devices that the file does not name. Applying the same file again changes nothing. The request is refused if it would remove a slot or device that holds a container or a lid, or turn it into waste. `labware_types` of the file become the labware types of the lab; a file without them changes none.',
      querystring: LabConfigQuery, body: asFile,
      response: { 200: ref(LabConfigResult), ...bodyProblems('slots-occupied', 'labware-type-in-use') }
    },
    // readLabConfig checks YAML and JSON by the same rules. Its messages say more than schema errors.
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : app.validatorCompiler!(route)
  }, async (request) => {
    const { dry_run = false, prune = true } = request.query
    const read = readLabConfig(request.body)
    if ('faults' in read) throw invalid(...read.faults)
    const result = await store.lab.configure(read.config, { dry_run, prune }, auditOf(request))
    return { ...result, warnings: numberWarnings(request.body, '') }
  })

  app.get('/lab/config', {
    config: { etag: true },
    schema: {
      operationId: 'getLabConfig', tags: ['lab'], summary: 'Export the lab file',
      description: 'Returned as JSON, or as YAML if `Accept` asks for it. Groups, devices and their order are as in the applied file. Applying the export changes nothing. With `at`, returns the file as it was; the order of keys inside free members may differ.',
      querystring: AtQuery,
      response: { 200: Type.Unsafe<string | Readable>({ description: 'The lab file.', ...asFile }), ...problems() }
    }
  }, async (request, reply) => {
    const then = parseAsOf(request.query.at)
    const file = labFile(then === null ? await store.lab.config(request.readSize) : await store.asOf.config(then))
    const type = negotiate(request, reply, ['application/json', ...yamlTypes])
    return sendLongText(reply, await longText(type === 'application/json' ? jsonPieces(file) : yamlPieces(file)))
  })

  app.get('/lab', {
    config: { etag: true },
    schema: {
      operationId: 'getLab', tags: ['lab'], summary: 'Read the state of the platform',
      description: 'Returns the totals and every device with its containers, in the order of the lab file. Everything is of one revision. With `at`, returns an earlier state.',
      querystring: AtQuery,
      response: { 200: ref(LabState), ...problems() }
    }
  }, async (request, reply) => {
    const then = parseAsOf(request.query.at)
    return await sendJsonPieces(reply, then === null ? await store.lab.state(request.readSize) : await store.asOf.lab(then))
  })

  app.delete('/lab', {
    config: { scope: 'admin', changes: 'lab' },
    schema: {
      operationId: 'wipeLab', tags: ['lab'], summary: 'Wipe the lab',
      description: 'Removes every container and retires every device. The history stays, and applying the lab file restores the devices. Requires `confirm=wipe`.',
      querystring: WipeQuery,
      response: { 200: ref(LabWipe), ...problems('confirmation-required') }
    }
  }, async (request) => {
    if (request.query.confirm !== 'wipe') throw problem('confirmation-required', 'This removes every container and retires every device. Confirm it with ?confirm=wipe.', { parameter: 'confirm' })
    return await store.lab.wipe(auditOf(request))
  })

  app.post('/lab/restore', {
    config: { scope: 'admin', changes: 'lab' },
    schema: {
      operationId: 'restoreLab', tags: ['lab'], summary: 'Restore an earlier state of the lab',
      description: [
        'Puts devices, slots, containers and lids back as they were, for example after a wipe or a wrong lab file. Everything is one change of the lab.',
        'Containers that came since stay where they are. What they stand in the way of stays as it is now, and `findings` says so.',
        'With `dry_run`, returns the same and changes nothing.'
      ].join(' '),
      querystring: DryRunQuery, body: ref(LabRestore),
      response: { 200: ref(LabRestoreResult), ...bodyProblems('device-name-in-use') }
    }
  }, async (request) => {
    const { at, reason, dry_run } = request.body
    const location = { in: 'body', pointer: '/at' } as const
    const revision = await store.asOf.revision(parsePoint(at, location), location)
    return await store.lab.restore(revision, { dryRun: request.query.dry_run === true || dry_run === true }, { ...auditOf(request), reason })
  })

  app.get('/lab/health', {
    config: { read: 'large' },
    schema: {
      operationId: 'getLabHealth', tags: ['lab'], summary: 'Check the tracked state of the lab',
      description: 'Searches for states that are impossible in a real lab. Database constraints prevent most of them; this check verifies it. A lab with warnings is still healthy.',
      querystring: noQuery,
      response: { 200: ref(LabHealth), ...problems() }
    }
  }, async () => await store.lab.health())
}
