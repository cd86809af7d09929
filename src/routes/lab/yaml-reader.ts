import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { invalid } from '../../contract/problems.ts'
import { readYaml, YamlError } from '../../domain/lab-file/read-yaml.ts'

/** What became of a text: its value as JSON, what in it cannot be stored, or the place at which it is no YAML. */
export type YamlOutcome = { json: string } | { unfit: { pointer: string, detail: string } } | { fault: { detail: string, line: number, column: number } }

/** The library takes 5 us a byte for the worst texts: this much holds the event loop less long than starting a thread does. */
const readAtOnce = 8192
const limits = { timeMs: 20_000, memoryMiB: 768 }

const program = new URL(`./yaml-worker${extname(import.meta.url)}`, import.meta.url)

/** A text took more time or memory than a lab file is worth. */
export class YamlTooDear extends Error {}

export type YamlReader = { read: (text: string) => Promise<unknown>, close: () => Promise<void> }

/**
 * Reads YAML beside the event loop, since a file of 1 MiB can take seconds: each in a thread of its own, which gives all
 * its memory back, and one at a time. Throws a YamlError, YamlTooDear, or the
 * Problem for what cannot be stored.
 */
export function yamlReader ({ timeMs, memoryMiB } = limits): YamlReader {
  let turn: Promise<unknown> = Promise.resolve()
  let worker: Worker | undefined

  async function beside (text: string): Promise<unknown> {
    const started = worker = new Worker(program, { workerData: text, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: memoryMiB } })
    const outcome = await new Promise<YamlOutcome>((resolve, reject) => {
      const timer = setTimeout(() => reject(new YamlTooDear('it takes too long to read')), timeMs)
      started.on('message', resolve)
      started.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new YamlTooDear('it takes too much memory to read') : error))
      started.on('exit', () => {
        clearTimeout(timer)
        reject(new YamlTooDear('its reading was ended'))
      })
    }).finally(() => started.terminate())
    if ('json' in outcome) return JSON.parse(outcome.json)
    if ('unfit' in outcome) throw invalid({ in: 'body', ...outcome.unfit })
    const { detail, line, column } = outcome.fault
    throw new YamlError(detail, line, column)
  }

  return {
    async read (text) {
      if (text.length <= readAtOnce) return readYaml(text)
      const read = turn.then(() => beside(text))
      turn = read.catch(() => {})
      return await read
    },
    async close () { await worker?.terminate() }
  }
}
