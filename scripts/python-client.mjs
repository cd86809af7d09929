// Writes what of clients/python follows from the OpenAPI document: a type for each body and answer (models.py), a method for
// each operation (operations.py). `npm run openapi` runs it; `--check` writes nothing and fails when they are old.
//
// Of our own, since `npm run openapi` must need Node only, and since TypedDicts (unlike the classes that generators for
// Python make) cost nothing at run time and let members and enum values pass that a newer service adds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const document = JSON.parse(readFileSync(new URL('../openapi/openapi.json', import.meta.url), 'utf8'))
const { schemas } = document.components
const folder = new URL('../clients/python/src/platform_status_client/', import.meta.url)
const head = '# Written by scripts/python-client.mjs from openapi/openapi.json: do not edit.\nfrom __future__ import annotations\n'
const keywords = new Set(['from', 'class', 'def', 'import', 'in', 'is', 'not', 'and', 'or', 'global', 'lambda', 'pass', 'with', 'as', 'if', 'else', 'for', 'while', 'return', 'None', 'True', 'False'])

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).filter(([, { operationId }]) => operationId).map(([method, operation]) => ({ path, method, ...operation })))
const files = { 'models.py': models(), 'operations.py': methods() }

const old = Object.entries(files).filter(([name, text]) => {
  const file = new URL(name, folder)
  return !existsSync(file) || readFileSync(file, 'utf8') !== text
})
if (process.argv.includes('--check')) {
  for (const [name] of old) console.log(`clients/python/src/platform_status_client/${name} is old: run \`npm run openapi\` and commit it`)
  process.exitCode = old.length === 0 ? 0 : 1
} else {
  for (const [name, text] of old) writeFileSync(new URL(name, folder), text)
}

function models () {
  const named = Object.keys(schemas).sort().filter(isNamed).map((name) => definition(name, schemas[name]))
  const queries = operations.filter((operation) => queryOf(operation).length > 0).map((operation) => {
    const members = queryOf(operation).map(({ name, schema, required }) => [name, typeOf(schema), required === true])
    return typedDict(queryName(operation), `Query parameters of \`${snake(operation.operationId)}\`.`, members)
  })
  return `"""The bodies and answers of the service, as types: what travels is plain dictionaries."""

${head}
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired

${[...named, ...queries].join('\n\n')}
`
}

function definition (name, schema) {
  if (schema.enum) return `${name} = Literal[${schema.enum.map(quoted).join(', ')}]\n`
  const required = new Set(schema.required)
  const members = Object.entries(schema.properties).map(([member, of]) => [member, typeOf(of), required.has(member)])
  return typedDict(name, schema.description ?? '', members)
}

function typedDict (name, description, members) {
  const typed = members.map(([member, type, required]) => [member, required ? type : `NotRequired[${type}]`])
  if (members.every(([member]) => /^[a-z_]\w*$/i.test(member) && !keywords.has(member))) {
    return `class ${name}(TypedDict):\n${docstring(description, 4)}\n${typed.map(([member, type]) => `    ${member}: ${type}\n`).join('')}`
  }
  // a member that is a keyword of Python cannot be an attribute; here the types are read at run time, so they are texts
  const entries = typed.map(([member, type]) => `        ${quoted(member)}: ${quoted(type)},\n`).join('')
  return `# ${description}\n${name} = TypedDict(\n    ${quoted(name)},\n    {\n${entries}    },\n)\n`
}

function methods () {
  const used = new Set()
  const texts = operations.map((operation) => methodOf(operation, used))
  return `"""A method for each operation of the service, named as the operation."""

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

function methodOf (operation, used) {
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
function bodyOf ({ content }, used) {
  const json = content['application/json']
  const alone = Object.keys(content).length === 1 && json.schema.$ref && isNamed(json.schema.$ref.split('/').at(-1))
  if (alone) return { type: typeOf(json.schema, used), positional: false }
  const text = Object.keys(content).find((media) => media !== 'application/json')
  return { type: [...json ? [typeOf(json.schema, used)] : [], ...text ? ['str'] : []].join(' | '), text, positional: true }
}

function answerOf ({ responses }, used) {
  const successes = Object.entries(responses).filter(([status]) => status.startsWith('2')).map(([, { content }]) => content)
  const contents = successes.filter(Boolean)
  if (contents.length === 0) return { type: 'None', media: 'application/json' }
  const types = contents.filter((content) => content['application/json']).map((content) => typeOf(content['application/json'].schema, used))
  if (types.length > 0) return { type: [...new Set(types)].join(' | '), media: 'application/json' }
  return { type: 'str', media: Object.keys(contents[0])[0] }
}

function typeOf (schema, used = new Set()) {
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1)
    if (!isNamed(name)) return name === 'Timestamp' ? 'str' : typeOf(schemas[name], used)
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
function isNamed (name) {
  return schemas[name].enum !== undefined || schemas[name].properties !== undefined
}

function queryOf ({ parameters = [] }) {
  return parameters.filter((parameter) => parameter.in === 'query')
}

function queryName ({ operationId }) {
  return `${operationId[0].toUpperCase()}${operationId.slice(1)}Query`
}

function tuple (path) {
  const segments = path.slice(1).split('/').map((segment) => segment.startsWith('{') ? segment.slice(1, -1) : quoted(segment))
  return `(${segments.join(', ')}${segments.length === 1 ? ',' : ''})`
}

function snake (name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function quoted (text) {
  return `'${String(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

function docstring (text, indent) {
  const space = ' '.repeat(indent)
  const words = text.replaceAll('\\', '\\\\').replaceAll('"""', "'''").split(/\s+/)
  const lines = ['']
  for (const word of words) {
    if (lines.at(-1) !== '' && lines.at(-1).length + word.length + indent > 112) lines.push('')
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`
  }
  const closing = lines.length === 1 ? '"""' : `\n${space}"""`
  return `${space}"""${lines.join(`\n${space}`)}${lines.at(-1).endsWith('"') && lines.length === 1 ? ' ' : ''}${closing}`
}
