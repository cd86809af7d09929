import t from 'tap'
import { theDocument } from '../support/openapi.ts'
import { operationsOf } from './rules/rule.ts'

// The operations of each scope, written by hand. The test finds an operation that was given another scope by mistake.

const document = await theDocument()
const needing = (scope: string) => operationsOf(document).filter(({ operation }) => operation.security[0]?.key[0] === scope)

t.test('an administrator is needed for the lab file, the wipe, devices, labware types, webhooks and keys, and for nothing else', async (t) => {
  t.same(needing('admin').map(({ operation }) => operation.operationId).sort(), [
    'addDevice', 'createKey', 'createWebhook', 'deleteCertificate', 'deleteLabwareType', 'deleteWebhook', 'getKey', 'getWebhook', 'listKeys', 'listWebhookAttempts', 'listWebhooks', 'putCertificate',
    'putLabConfig', 'putLabwareType', 'redeliverWebhook', 'restoreLab', 'retireDevice', 'revokeKey', 'rotateWebhookSecret', 'testWebhook', 'updateDevice', 'updatePosition', 'updateWebhook', 'wipeLab'
  ])
})

t.test('who may only read can read everything but keys and webhooks, estimate, and look up containers', async (t) => {
  t.same(operationsOf(document).filter(({ method, operation }) => method === 'get' && !['read', undefined].includes(operation.security[0]?.key[0])).map(({ at }) => at),
    ['GET /api/webhooks', 'GET /api/webhooks/{id}', 'GET /api/webhooks/{id}/attempts', 'GET /api/keys', 'GET /api/keys/{id}'])
  t.same(needing('read').filter(({ method }) => method !== 'get').map(({ path }) => path), ['/api/containers/lookup', '/api/estimates', '/api/estimates/batch', '/api/estimates/remaining'])
})

t.test('clients are told how to send a key', async (t) => {
  t.match(document.components.securitySchemes, { key: { type: 'http', scheme: 'bearer' } })
})
