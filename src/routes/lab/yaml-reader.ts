import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { invalid } from '../../contract/problems.ts'
import { readYaml, YamlError } from '../../domain/lab-file/read-yaml.ts'
import { tooManyInBody } from '../../plugins/body-parsers.ts'
import { noteKeptAsText } from '../../domain/whole-numbers.ts'

/** The result for a text: its value as JSON with the pointers to the numbers that became text, the part that cannot be stored, the limit of JSON bodies that it exceeds, or where it is not YAML. */
export type YamlOutcome =
  | { json: string, keptAsText: readonly string[] }
  | { unfit: { pointer: string, detail: string } }
  | { limit: Parameters<typeof tooManyInBody>[0] }
  | { fault: { detail: string, line: number, column: number } }

/** In characters. The library needs up to 5 us a byte, so texts up to this size block the event loop for a shorter time than starting a thread does. */
const readDirectly = 8192
/** With aliases, a short text can be a large value. */
const hasAlias = /[*&]/
// A text takes 60 MiB when it is the first one of the process and 52 later (measured), which is enough for 9,000 devices, or for 6,000 with several members each.
const limits = { timeMs: 20_000, memoryMiB: 48 }
/** For new objects. V8 would take three times 16 MiB in addition. */
const memoryOfNewObjectsMiB = 4

const program = new URL(`./yaml-worker${extname(import.meta.url)}`, import.meta.url)

/** A text needs more time or memory than the limits allow. */
export class YamlTooCostly extends Error {}

export type YamlReader = { read: (text: string) => Promise<unknown>, close: () => Promise<void> }

/**
 * Parses YAML outside the event loop, because 1 MiB can take seconds. It starts a thread for each text, one at a time. All
 * memory of a thread is free after it ends. Throws a YamlError, a YamlTooCostly, or the Problem for what cannot be stored.
 */
export function yamlReader ({ timeMs, memoryMiB } = limits): YamlReader {
  let turn: Promise<unknown> = Promise.resolve()
  let worker: Worker | undefined

  async function readInThread (text: string): Promise<unknown> {
    const started = worker = new Worker(program, {
      workerData: text, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: memoryMiB, maxYoungGenerationSizeMb: memoryOfNewObjectsMiB }
    })
    const outcome = await new Promise<YamlOutcome>((resolve, reject) => {
      const timer = setTimeout(() => reject(new YamlTooCostly('it takes too long')), timeMs)
      started.on('message', resolve)
      started.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new YamlTooCostly('it takes too much memory') : error))
      started.on('exit', () => {
        clearTimeout(timer)
        reject(new YamlTooCostly('the thread ended early'))
      })
    }).finally(() => started.terminate())
    if ('json' in outcome) {
      const value: unknown = JSON.parse(outcome.json)
      noteKeptAsText(value, outcome.keptAsText)
      return value
    }
    if ('limit' in outcome) throw tooManyInBody(outcome.limit)
    if ('unfit' in outcome) throw invalid({ in: 'body', ...outcome.unfit })
    const { detail, line, column } = outcome.fault
    throw new YamlError(detail, line, column)
  }

  return {
    async read (text) {
      if (text.length <= readDirectly && !hasAlias.test(text)) return readYaml(text)
      const read = turn.then(() => readInThread(text))
      turn = read.catch(() => {})
      return await read
    },
    async close () { await worker?.terminate() }
  }
}
