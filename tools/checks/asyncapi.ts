// Checks that openapi/asyncapi.json, which the service answers at /asyncapi.json, is valid by the parser of the AsyncAPI project. It knows rules that its JSON
// schema cannot say, such as references and names that have to agree. The parser is installed only here. Skipped where it cannot be.
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf, runChecks } from '../support/checks.ts'
import { run } from '../support/run.ts'

type Document = { channels: object, operations: Record<string, object> }
/** A severity of 0 is an error. */
type Diagnostic = { severity: number, code: string, message: string, path: (string | number)[] }
type Parser = { parse (text: string): Promise<{ document?: object, diagnostics: Diagnostic[] }> }

const committed = readFileSync(join(projectRoot, 'openapi', 'asyncapi.json'), 'utf8')

await runChecks({
  'asyncapi.json by its own validator': async () => {
    const work = mkdtempSync(join(tmpdir(), 'platform-status-asyncapi-'))
    try {
      cpSync(join(projectRoot, 'tools', 'checks', 'asyncapi', 'package.json'), join(work, 'package.json'))
      try {
        await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'], { cwd: work, seconds: 200 })
      } catch (error) {
        return `@asyncapi/parser cannot be installed here: ${messageOf(error).split('\n').at(-1)}`
      }
      const { Parser } = createRequire(join(work, 'package.json'))('@asyncapi/parser') as { Parser: new () => Parser }
      const errorsOf = async (text: string): Promise<string[]> => {
        const { document, diagnostics } = await new Parser().parse(text)
        const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ code, message, path }) => `${code} at /${path.join('/')}: ${message}`)
        return errors.length === 0 && document === undefined ? ['the parser made no document of it'] : errors
      }
      const errors = await errorsOf(committed)
      if (errors.length > 0) throw new Error(`openapi/asyncapi.json is not valid:\n${errors.join('\n')}`)
      for (const [what, text] of Object.entries(broken(JSON.parse(committed) as Document))) {
        if ((await errorsOf(text)).length === 0) throw new Error(`the validator accepts ${what}, so it says nothing`)
      }
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
    return undefined
  }
})

/** The document with faults that a validator must find. */
function broken (document: Document): Record<string, string> {
  const [name, operation] = Object.entries(document.operations)[0]!
  const withOperation = (change: object): string => JSON.stringify({ ...document, operations: { ...document.operations, [name]: { ...operation, ...change } } })
  return {
    'an operation that does not know whether it sends': withOperation({ action: 'shout' }),
    'a channel that does not exist': withOperation({ channel: { $ref: '#/channels/nowhere' } }),
    'messages of another channel': withOperation({ messages: [{ $ref: '#/channels/nowhere/messages/none' }] }),
    'a document without information': JSON.stringify({ ...document, info: undefined })
  }
}
