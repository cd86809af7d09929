import Type, { type Static } from 'typebox'
import { Name, nullable, optional, ref, stringEnum, Timestamp } from './common.ts'
import { Scope } from './keys.ts'

export const SignIn = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 512, description: 'The API key, as its badge or its file has it.', examples: ['ps_...'] }),
  remember: optional(Type.Boolean({ description: 'Whether the browser stays signed in for 90 days instead of 12 hours. It then ends when nobody uses it for 14 days. The default is false.', examples: [true] }))
}, { $id: 'SignIn', additionalProperties: false, description: 'With which key a browser signs in.', examples: [{ key: 'ps_...', remember: true }] })
export type SignIn = Static<typeof SignIn>

const SessionAuth = stringEnum('SessionAuth', ['none', 'session', 'key'], 'How the request was authenticated. `none`: no key is needed. `session`: by the cookie of a browser. `key`: by an API key.')

export const Session = Type.Object({
  actor: nullable(ref(Name), 'The name of the key. Null when no key is needed.'),
  scopes: Type.Array(ref(Scope), { minItems: 1, description: 'What the caller may do.' }),
  key_expires_at: nullable(ref(Timestamp), 'When the key expires. Null when it does not expire, or no key is needed.'),
  auth: ref(SessionAuth, 'How the request was authenticated.')
}, { $id: 'Session', description: 'Who the caller is.', examples: [{ actor: 'bench-tablet', scopes: ['operate'], key_expires_at: null, auth: 'session' }] })
export type Session = Static<typeof Session>

export const sessionSchemas = [SignIn, SessionAuth, Session]
