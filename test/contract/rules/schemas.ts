import { validatorFor } from '../../../src/contract/validator.ts'
import { componentsInBodies, componentsOf, mediaOf, operationsOf, resolved, schemasOf, valueOf, type Json, type Rule } from './rule.ts'

/** Objects in requests that take members nobody knows here: free JSON, and the labs' own file, which keeps what it does not know. */
const open = ['JsonObject', 'LabConfig', 'LabDevice', 'LabLabwareType', 'LabGroup', 'LabConfig/sila_servers', 'LabConfig/labware_types/anyOf0', 'LabDevice/slots/anyOf0']
/** Of what the labs wrote themselves only the whole is bounded: 1 MiB as YAML, BODY_LIMIT_BYTES as JSON. */
const boundedAsWhole = ['LabConfig', 'LabDevice', 'LabLabwareType']
/** Members that may be one of several things: in the lab file a description is text or a list; what is in the way goes away or to a place. */
const unions = ['LabConfig/description', 'Displacement']
/** JSON Schema that OpenAPI 3.1 does not have any more, or that client generators trip over. */
const unwanted = ['nullable', 'example', '$id', '$defs', 'definitions', 'prefixItems', 'patternProperties', 'allOf', 'if', 'not', 'const']
const largestInlineObject = 3
/** `?at=`, and `at` of a restore, take a revision as well as a time. */
const pointInHistory = / \?at$|^LabRestore\/at$/
/** CloudEvents named this member. */
const namedElsewhere = 'CloudEvent/time'

export const schemaRules: readonly Rule[] = [
  {
    rule: 'every body and every answer is a named component',
    why: 'Generated clients name their types after components; what has no name is called Response200Inner.',
    faults: (document) => operationsOf(document).flatMap(({ at, operation }) => [
      ...mediaOf(operation.requestBody).map((media) => ({ at: `${at} body`, ...media })),
      ...Object.entries<Json>(operation.responses).flatMap(([status, answer]) => mediaOf(answer).map((media) => ({ at: `${at} ${status}`, ...media })))
    ]).filter(({ schema }) => schema.$ref === undefined && !(schema.type === 'array' && schema.items?.$ref !== undefined)).map(({ at, type }) => `${at} ${type}`),
    breaking: (document) => { document.paths['/api/things'].get.responses[200].content['application/json'].schema = { type: 'object' } }
  },
  {
    rule: 'every reference leads somewhere, and every component is used',
    why: 'What nothing uses was forgotten, or its use was.',
    faults: (document) => {
      const used = new Set(referencesOf(document))
      return [
        ...[...used].filter((reference) => resolved(document, { $ref: reference }) === undefined),
        ...componentsOf(document).map(([name]) => name).filter((name) => !used.has(`#/components/schemas/${name}`))
      ]
    },
    breaking: (document) => { document.components.schemas.Forgotten = { type: 'string', description: 'Of no use.', examples: ['x'] } }
  },
  {
    rule: 'every component is described, and shows an example unless it is an enum',
    why: 'The documentation is made of them, and so are the requests that people try first.',
    faults: (document) => componentsOf(document).filter(([, { description, enum: values, examples }]) =>
      !/\.$/.test(description ?? '') || (values === undefined && !(examples?.length > 0))).map(([name]) => name),
    breaking: (document) => { delete document.components.schemas.Thing.description }
  },
  {
    rule: 'examples are what they are examples of',
    why: 'People copy them. One that the service refuses is worse than none.',
    faults: (document) => {
      const ajv = validatorFor(componentsOf(document).map(([name, schema]) => ({ ...schema, $id: `#/components/schemas/${name}` })))
      return schemasOf(document).filter(({ schema }) => schema.examples !== undefined).flatMap(({ at, schema }) => {
        const validate = ajv.compile(schema)
        return schema.examples.filter((example: unknown) => !validate(example)).map((example: unknown) => `${at}: ${JSON.stringify(example)}: ${ajv.errorsText(validate.errors)}`)
      })
    },
    breaking: (document) => { document.components.schemas.Thing.examples = [{ name: 7 }] }
  },
  {
    rule: 'examples of answers show every member',
    why: 'They are what a client is written against before the first call.',
    faults: (document) => {
      const asked = componentsInBodies(document)
      return componentsOf(document).filter(([name, { type, properties }]) => type === 'object' && properties !== undefined && !asked.has(name) && name !== 'Problem' && name !== 'Fault')
        .flatMap(([name, { properties, examples }]) => Object.keys(properties).filter((member) => !(examples ?? []).some((example: Json) => member in example) && member !== 'total')
          .map((member) => `${name}/${member}`))
    },
    breaking: (document) => { document.components.schemas.Thing.examples = [{ name: 'Arm', position: null, version: 1 }] }
  },
  {
    rule: 'objects in requests are closed, but for free JSON',
    why: 'A member with a typo would be dropped silently, and the caller believe it was heard.',
    faults: (document) => {
      const asked = componentsInBodies(document)
      return schemasOf(document).filter(({ at, schema }) => asked.has(rootOf(at)) && schema.type === 'object' && schema.additionalProperties !== false && !open.includes(at))
        .map(({ at }) => at)
    },
    breaking: (document) => { delete document.components.schemas.ThingCreate.additionalProperties }
  },
  {
    rule: 'requests are bounded: texts and lists have a greatest length, integers a range',
    why: 'What has no limit here finds one in the database, where it is a fault of the service.',
    faults: (document) => {
      const asked = componentsInBodies(document)
      return schemasOf(document).filter(({ at, schema }) => ((asked.has(rootOf(at)) && !boundedAsWhole.includes(rootOf(at))) || /^\w+ \S+ \?(?!If-None-Match)/.test(at)) && !isBounded(schema)).map(({ at }) => at)
    },
    breaking: (document) => { delete document.components.schemas.ThingName.maxLength }
  },
  {
    rule: `an object inside another is a component, unless it is a handful of plain members (${largestInlineObject} at most)`,
    why: 'What has no name cannot be named in code, nor linked to in the documentation.',
    faults: (document) => schemasOf(document).filter(({ schema, isComponent }) => !isComponent && schema.type === 'object' &&
      Object.keys(schema.properties ?? {}).length > largestInlineObject).map(({ at }) => at),
    breaking: (document) => {
      const text = { type: 'string', description: 'Text.' }
      document.components.schemas.Thing.properties.inner = { type: 'object', description: 'Much.', properties: { a: text, b: text, c: text, e: text } }
    }
  },
  {
    rule: 'an enum is a component of its own, unless it is a constant',
    why: 'Of an enum inside another schema every generator makes a type per place, under a made-up name.',
    faults: (document) => schemasOf(document).filter(({ schema, isComponent }) => schema.enum?.length > 1 && !isComponent).map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.kind = { type: 'string', enum: ['a', 'b'], description: 'Kind.' } }
  },
  {
    rule: 'an enum has a type, and its values are words',
    why: 'Generators make constants of them.',
    faults: (document) => schemasOf(document).filter(({ schema }) => schema.enum !== undefined &&
      (schema.type !== 'string' || !schema.enum.every((value: unknown) => typeof value === 'string' && /^-?[a-z][a-z0-9_-]*$/.test(value)))).map(({ at }) => at),
    breaking: (document) => { delete document.components.schemas.ThingKind.type }
  },
  {
    rule: 'what may be null is written as X or null, in this order, and other unions are not made',
    why: 'It is the one form that every client generator understands; see `nullable` in src/contract/common.ts.',
    faults: (document) => schemasOf(document).filter(({ at, schema }) => Array.isArray(schema.type) || schema.oneOf !== undefined ||
      (schema.anyOf !== undefined && !unions.includes(at) && !(schema.anyOf.length === 2 && schema.anyOf[0].type !== 'null' && schema.anyOf[1].type === 'null'))).map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.position = { type: ['integer', 'null'], description: 'Its slot.' } }
  },
  {
    rule: 'nothing but a description stands beside a $ref',
    why: 'Half of the tools ignore it, the other half do not. Of a description both are harmless.',
    faults: (document) => schemasOf(document).filter(({ schema }) => schema.$ref !== undefined && Object.keys(schema).some((word) => word !== '$ref' && word !== 'description')).map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.name.minLength = 2 }
  },
  {
    rule: 'every member has a description of its own',
    why: 'A reader of `source_device` wants to know which device, and not what a device name is.',
    faults: (document) => schemasOf(document).filter(({ isMember, schema }) => isMember && !(typeof schema.description === 'string' && schema.description.length > 5)).map(({ at }) => at),
    breaking: (document) => { delete document.components.schemas.Thing.properties.name.description }
  },
  {
    rule: 'no schema uses words that OpenAPI 3.1 does not have, or that generators trip over',
    why: 'See the list; each was seen to break one.',
    faults: (document) => schemasOf(document).flatMap(({ at, schema }) => unwanted.filter((word) => schema[word] !== undefined).map((word) => `${at}: ${word}`)),
    breaking: (document) => { document.components.schemas.Thing.properties.position.nullable = true }
  },
  {
    rule: 'members are snake_case, of more than one letter',
    why: 'A thing has one name from column to client; and a member `d` breaks clients in Python, whose code has one of its own.',
    faults: (document) => schemasOf(document).filter(({ schema }) => !Object.keys(schema.properties ?? {}).every((name) => /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) && name.length > 1))
      .map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.d = { type: 'string', description: 'Short.' } }
  },
  {
    rule: 'times are called start, finish, until, now or *_at, *_after, *_before, *_since, first_start, last_finish, expected_finish, bound_finish, and are date-times; nothing else is',
    why: 'The name tells the unit and the form.',
    faults: (document) => memberSchemas(document).filter(({ at, name, schema }) =>
      (valueOf(document, schema)?.format === 'date-time') !== /^((first_)?start|((last|expected|bound)_)?finish|window_from|at|now|since|until|.*_(at|after|before|since))$/.test(name) && !/^(lidded_.*|from|to)$/.test(name) && !pointInHistory.test(at) && at !== namedElsewhere).map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.made_at = { type: 'string', description: 'When.' } }
  },
  {
    rule: 'durations are numbers of seconds and say so in their names',
    why: 'Milliseconds and minutes have been mixed up before.',
    faults: (document) => memberSchemas(document).filter(({ name, schema }) => /(_seconds|duration|elapsed|timeout)/.test(name) &&
      !(name.endsWith('_seconds') && valueOf(document, schema)?.type === 'number')).map(({ at }) => at),
    breaking: (document) => { document.components.schemas.Thing.properties.duration = { type: 'number', description: 'How long.' } }
  }
]

function rootOf (at: string): string {
  return at.split('/')[0]!
}

function referencesOf (thing: Json): string[] {
  if (typeof thing !== 'object' || thing === null) return []
  return [...(typeof thing.$ref === 'string' ? [thing.$ref] : []), ...Object.values(thing).flatMap(referencesOf)]
}

function isBounded (schema: Json): boolean {
  switch (schema.type) {
    case 'string': return schema.maxLength !== undefined || schema.enum !== undefined || ['uuid', 'date-time'].includes(schema.format)
    case 'array': return schema.maxItems !== undefined
    case 'integer': return schema.minimum !== undefined && schema.maximum !== undefined
    default: return true
  }
}

function memberSchemas (document: Json): { at: string, name: string, schema: Json }[] {
  return [
    ...schemasOf(document).filter(({ isMember }) => isMember).map(({ at, schema }) => ({ at, name: at.split('/').at(-1)!, schema })),
    ...operationsOf(document).flatMap(({ at, operation }) => (operation.parameters ?? []).map(({ name, schema }: Json) => ({ at: `${at} ?${name}`, name, schema })))
  ]
}
