// Writes the generated part of clients/python from the OpenAPI document: a type for each body and answer (models.py), and a method for each
// operation (operations.py). `npm run openapi` runs it. With `--check` it writes nothing, and fails when the files are old.
//
// It is a generator of our own since `npm run openapi` must need nothing but Node. It makes TypedDicts, which unlike the classes of other generators
// cost nothing at run time and accept members and enum values that a newer service adds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'

/** A JSON schema, as far as the document uses it. */
type Schema = {
  $ref?: string
  anyOf?: Schema[]
  oneOf?: Schema[]
  type?: string | string[]
  format?: string
  enum?: string[]
  const?: string
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  required?: string[]
  description?: string
}
type Content = Record<string, { schema: Schema }>
type Parameter = { name: string, in: 'path' | 'query' | 'header', schema: Schema, required?: boolean }
type DocumentedOperation = {
  operationId: string
  summary: string
  description?: string
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}
type Operation = DocumentedOperation & { path: string, method: string }
type OpenApi = { paths: Record<string, Record<string, DocumentedOperation | { operationId?: never }>>, components: { schemas: Record<string, Schema> } }

/** A member of a TypedDict. */
type Member = { name: string, type: string, required: boolean }

/** How a body is passed to a method: as one argument, or as keyword arguments. `text` is the media type of a body that is a string. */
type Body = { type: string, positional: boolean, text?: string | undefined }

const document = JSON.parse(readFileSync(join(projectRoot, 'openapi', 'openapi.json'), 'utf8')) as OpenApi
const { schemas } = document.components
const folder = join('clients', 'python', 'src', 'platform_status_client')
const head = '# Written by tools/openapi/python-client.ts from openapi/openapi.json: do not edit.\nfrom __future__ import annotations\n'
const keywords = new Set(['from', 'class', 'def', 'import', 'in', 'is', 'not', 'and', 'or', 'global', 'lambda', 'pass', 'with', 'as', 'if', 'else', 'for', 'while', 'return', 'None', 'True', 'False'])

const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, operation]) => operation.operationId === undefined || isStream(operation) ? [] : [{ path, method, ...operation }]))
const files = { 'models.py': models(), 'operations.py': methods() }

const old = Object.entries(files).map(([name, text]) => ({ path: join(folder, name), text })).filter(({ path, text }) => {
  const file = join(projectRoot, path)
  return !existsSync(file) || readFileSync(file, 'utf8') !== text
})
if (process.argv.includes('--check')) {
  for (const { path } of old) console.log(`${path} is old: run \`npm run openapi\` and commit it`)
  process.exitCode = old.length === 0 ? 0 : 1
} else {
  for (const { path, text } of old) writeFileSync(join(projectRoot, path), text)
}

/** A stream never ends, so no method returns it: `Client.watch` reads it. */
function isStream ({ responses }: DocumentedOperation): boolean {
  return responses['200']?.content?.['text/event-stream'] !== undefined
}

function models (): string {
  const named = Object.keys(schemas).sort().filter(isNamed).map((name) => definition(name, schemaOf(name)))
  const queries = operations.filter((operation) => queryOf(operation).length > 0).map((operation) => {
    const members = queryOf(operation).map(({ name, schema, required }) => ({ name, type: typeOf(schema), required: required === true }))
    return typedDict(queryName(operation), `Query parameters of \`${snake(operation.operationId)}\`.`, members)
  })
  return `"""The request and response bodies as types. At run time they are plain dictionaries."""

${head}
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired

${[...named, ...queries].join('\n\n')}
`
}

function definition (name: string, schema: Schema): string {
  if (schema.enum) return `${name} = Literal[${schema.enum.map(quoted).join(', ')}]\n`
  const required = new Set(schema.required)
  const members = Object.entries(schema.properties ?? {}).map(([member, of]) => ({ name: member, type: typeOf(of), required: required.has(member) }))
  return typedDict(name, schema.description ?? '', members)
}

function typedDict (name: string, description: string, members: readonly Member[]): string {
  const typed = members.map(({ name, type, required }) => ({ name, type: required ? type : `NotRequired[${type}]` }))
  if (members.every(({ name }) => /^[a-z_]\w*$/i.test(name) && !keywords.has(name))) {
    return `class ${name}(TypedDict):\n${docstring(description, 4)}\n${typed.map((member) => `    ${member.name}: ${member.type}\n`).join('')}`
  }
  // a member that is a keyword of Python cannot be an attribute; here the types are read at run time, so they are texts
  const entries = typed.map((member) => `        ${quoted(member.name)}: ${quoted(member.type)},\n`).join('')
  return `# ${description}\n${name} = TypedDict(\n    ${quoted(name)},\n    {\n${entries}    },\n)\n`
}

function methods (): string {
  const used = new Set<string>()
  const texts = operations.map((operation) => methodOf(operation, used))
  return `"""One method for each operation of the service. It has the name of the operation in snake case."""

${head}
from typing import TYPE_CHECKING

from .caller import Caller

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .models import (
${[...used].sort().map((name) => `        ${name},\n`).join('')}    )


class Operations(Caller):
${texts.join('\n')}`
}

function methodOf (operation: Operation, used: Set<string>): string {
  const { path, method, operationId, summary, description, requestBody } = operation
  const parameters = ['self']
  const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
  for (const { name, schema } of inPath) parameters.push(`${name}: ${typeOf(schema, used)}`)
  const call = [quoted(method.toUpperCase()), tuple(path)]
  const bodyType = requestBody && bodyOf(requestBody, used)
  if (bodyType?.positional) parameters.push(`body: ${bodyType.type}`)
  const query = queryOf(operation).length > 0 ? queryName(operation) : null
  // only one of the two can be keyword arguments
  if (query && bodyType && !bodyType.positional) parameters.push(`query: ${query} | None = None`)
  if (parameters.length > 1) parameters.push('/')
  if (query) {
    used.add(query)
    call.push('query=query')
    if (!bodyType || bodyType.positional) parameters.push(`**query: Unpack[${query}]`)
  }
  if (bodyType) {
    if (!bodyType.positional) parameters.push(`**body: Unpack[${bodyType.type}]`)
    call.push('body=body')
    if (bodyType.text) call.push(`text=${quoted(bodyType.text)}`)
  }
  const { type, media } = answerOf(operation, used)
  if (media !== 'application/json') call.push(`answers=${quoted(media)}`)
  const sent = `self.call(${call.join(', ')})`
  return `    def ${snake(operationId)}(${parameters.join(', ')}) -> ${type}:
${docstring(`${summary}.${description ? ` ${description}` : ''}`, 8)}
        ${type === 'None' ? sent : `answer: ${type} = ${sent}\n        return answer`}
`
}

/** A body is keyword arguments; where it may also be a text (YAML, PEM), one argument: a text, or a dictionary. */
function bodyOf ({ content }: { content: Content }, used: Set<string>): Body {
  const json = content['application/json']
  const isNamedAlone = Object.keys(content).length === 1 && json?.schema.$ref !== undefined && isNamed(nameIn(json.schema.$ref))
  if (isNamedAlone) return { type: typeOf(json.schema, used), positional: false }
  const text = Object.keys(content).find((media) => media !== 'application/json')
  return { type: [...json ? [typeOf(json.schema, used)] : [], ...text === undefined ? [] : ['str']].join(' | '), text, positional: true }
}

function answerOf ({ responses }: Operation, used: Set<string>): { type: string, media: string } {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2')).map(([, { content }]) => content)
  const contents = successes.filter((content) => content !== undefined)
  const [first] = contents
  if (first === undefined) return { type: 'None', media: 'application/json' }
  const types = contents.flatMap(({ 'application/json': json }) => json === undefined ? [] : [typeOf(json.schema, used)])
  if (types.length > 0) return { type: [...new Set(types)].join(' | '), media: 'application/json' }
  return { type: 'str', media: Object.keys(first)[0]! }
}

function typeOf (schema: Schema, used = new Set<string>()): string {
  if (schema.$ref !== undefined) {
    const name = nameIn(schema.$ref)
    if (!isNamed(name)) return name === 'Timestamp' ? 'str' : typeOf(schemaOf(name), used)
    used.add(name)
    return name
  }
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map((choice) => typeOf(choice, used)))].join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type }, used)).join(' | ')
  if (schema.enum) return `Literal[${schema.enum.map(quoted).join(', ')}]`
  if (schema.const !== undefined) return `Literal[${quoted(schema.const)}]`
  switch (schema.type) {
    case 'string': return schema.format === 'date-time' ? 'datetime | str' : 'str'
    case 'integer': return 'int'
    case 'number': return 'float'
    case 'boolean': return 'bool'
    case 'null': return 'None'
    case 'array': return `list[${typeOf(schema.items ?? {}, used)}]`
    case 'object': return `dict[str, ${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties, used) : 'Any'}]`
    default: return 'Any'
  }
}

/** Whether a component is a type with a name: an object with known members, or an enum. Others are what they are made of. */
function isNamed (name: string): boolean {
  const { enum: values, properties } = schemaOf(name)
  return values !== undefined || properties !== undefined
}

function schemaOf (name: string): Schema {
  const schema = schemas[name]
  if (schema === undefined) throw new Error(`The document has no component ${name}.`)
  return schema
}

/** The name of the component that a `$ref` points to. */
function nameIn (ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

function queryOf ({ parameters = [] }: Operation): Parameter[] {
  return parameters.filter((parameter) => parameter.in === 'query')
}

function queryName ({ operationId }: Operation): string {
  return `${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}Query`
}

function tuple (path: string): string {
  const segments = path.slice(1).split('/').map((segment) => segment.startsWith('{') ? segment.slice(1, -1) : quoted(segment))
  return `(${segments.join(', ')}${segments.length === 1 ? ',' : ''})`
}

function snake (name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function quoted (text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function docstring (text: string, indent: number): string {
  const space = ' '.repeat(indent)
  const words = text.replaceAll('\\', '\\\\').replaceAll('"""', "'''").split(/\s+/)
  const lines = ['']
  for (const word of words) {
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + word.length + indent > 112) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  const closing = lines.length === 1 ? '"""' : `\n${space}"""`
  return `${space}"""${lines.join(`\n${space}`)}${lines.at(-1)!.endsWith('"') && lines.length === 1 ? ' ' : ''}${closing}`
}
