import Type, { type Static } from 'typebox'
import { scopes as everyScope } from '../domain/keys.ts'
import { AnyBoolean, Name, nullable, optional, page, pageQuery, ref, stringEnum, Timestamp, TimestampIn, Uuid } from './common.ts'

const aKey = {
  id: '0199f2f4-5d3e-7a10-b1c2-4e6f8a9b0c1d', name: 'orchestrator', scopes: ['operate'] as const, created_at: '2026-03-02T08:00:00.000Z', created_by: 'admin',
  expires_at: '2027-03-02T00:00:00.000Z', revoked_at: null, revoked_by: null
}

export const Scope = stringEnum('Scope', everyScope,
  'What a key lets do: `read` to look and to estimate, `operate` also to record what happens, `admin` also to change the lab file, devices and keys, and to wipe. Each includes those before it.')

const scopes = Type.Array(ref(Scope), { minItems: 1, maxItems: everyScope.length, uniqueItems: true, description: 'What the key lets do.', examples: [['operate']] })
const actor = (description: string) => nullable(Type.String({ description }))

const members = {
  id: ref(Uuid),
  name: ref(Name),
  scopes,
  created_at: ref(Timestamp),
  created_by: actor('The name of the key that made it; null when it was made without one.'),
  expires_at: nullable(ref(Timestamp)),
  revoked_at: nullable(ref(Timestamp)),
  revoked_by: actor('The name of the key that revoked it; null when it is not revoked, or was without one.')
}

export const Key = Type.Object(members, { $id: 'Key', description: 'An API key, without the key itself. Its name is the actor of all that is done with it.', examples: [aKey] })
export type Key = Static<typeof Key>

const key = Type.String({ description: 'The key itself, for `Authorization: Bearer`. It is shown this once, and kept nowhere.', examples: ['ps_...'] })

export const KeyCreated = Type.Object({ ...members, key }, { $id: 'KeyCreated', description: 'A new API key, and the key itself.', examples: [{ ...aKey, key: 'ps_...' }] })
export type KeyCreated = Static<typeof KeyCreated>

export const KeyCreate = Type.Object({ name: ref(Name), scopes, expires_at: optional(TimestampIn) }, {
  $id: 'KeyCreate', additionalProperties: false, description: 'A key to make. No two valid keys have one name. Without `expires_at` it is valid until it is revoked.',
  examples: [{ name: 'orchestrator', scopes: ['operate'], expires_at: '2999-03-02T00:00:00.000Z' }]
})
export type KeyCreate = Static<typeof KeyCreate>

export const KeyPage = page('KeyPage', Key)

export const KeyParams = Type.Object({ id: ref(Uuid) })

export const KeyQuery = Type.Object({ ...pageQuery, name: Type.Optional(ref(Name)), revoked: Type.Optional(ref(AnyBoolean)) }, { additionalProperties: false })
export type KeyQuery = Static<typeof KeyQuery>

export const keySchemas = [Scope, Key, KeyCreated, KeyCreate, KeyPage]
