import Type, { type Static } from 'typebox'
import { scopes as everyScope } from '../domain/keys.ts'
import { AnyBoolean, Name, nullable, optional, page, pageQuery, ref, stringEnum, Timestamp, TimestampIn, Uuid } from './common.ts'

const aKey = {
  id: '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d', name: 'orchestrator', scopes: ['operate'] as const, created_at: '2026-03-02T08:00:00.000Z', created_by: 'admin',
  expires_at: '2027-03-02T00:00:00.000Z', revoked_at: null, revoked_by: null
}

export const Scope = stringEnum('Scope', everyScope,
  'What a key allows. `read`: read everything and ask for estimates. `operate`: also record what happens in the lab. `admin`: also change the lab file, devices and keys, and wipe the lab. Each scope includes the ones before it.')

const scopes = Type.Array(ref(Scope), { minItems: 1, maxItems: everyScope.length, uniqueItems: true, description: 'What the key allows.', examples: [['operate']] })
const actor = (description: string) => nullable(Type.String({ description }))

const members = {
  id: ref(Uuid, 'The id of the key.'),
  name: ref(Name, 'The name of the key. It is the actor of everything that is done with the key.'),
  scopes,
  created_at: ref(Timestamp, 'When the key was created.'),
  created_by: actor('The name of the key that created this key. Null when it was created without a key.'),
  expires_at: nullable(ref(Timestamp), 'When the key expires. Null when it does not expire.'),
  revoked_at: nullable(ref(Timestamp), 'When the key was revoked. Null when it is not revoked.'),
  revoked_by: actor('The name of the key that revoked this key. Null when it is not revoked, or was revoked without a key.')
}

export const Key = Type.Object(members, { $id: 'Key', description: 'An API key without its secret. Requests with this key are logged with its name as `actor`.', examples: [aKey] })
export type Key = Static<typeof Key>

const secret = Type.String({ description: 'The secret to send as `Authorization: Bearer <key>`. It is returned only in this response; the service stores only its hash.', examples: ['ps_...'] })

export const KeyCreated = Type.Object({ ...members, key: secret }, { $id: 'KeyCreated', description: 'A new API key with its secret.', examples: [{ ...aKey, key: 'ps_...' }] })
export type KeyCreated = Static<typeof KeyCreated>

export const KeyCreate = Type.Object({ name: ref(Name, 'The name of the new key.'), scopes, expires_at: optional(TimestampIn) }, {
  $id: 'KeyCreate', additionalProperties: false, description: 'A key to create. Two valid keys cannot have the same name. Without `expires_at` the key is valid until it is revoked.',
  examples: [{ name: 'orchestrator', scopes: ['operate'], expires_at: '2999-03-02T00:00:00.000Z' }]
})
export type KeyCreate = Static<typeof KeyCreate>

export const KeyPage = page('KeyPage', Key)

export const KeyParams = Type.Object({ id: ref(Uuid) })

export const KeyQuery = Type.Object({ ...pageQuery, name: Type.Optional(ref(Name)), revoked: Type.Optional(ref(AnyBoolean)) }, { additionalProperties: false })
export type KeyQuery = Static<typeof KeyQuery>

export const keySchemas = [Scope, Key, KeyCreated, KeyCreate, KeyPage]
