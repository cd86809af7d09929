import { Readable, Writable } from 'node:stream'
import { runCommandLine } from '../../src/cli/run.ts'
import { listening } from './http.ts'
import type { Service } from './service.ts'

export type Said = { code: number, out: string, err: string, json: any }

/** Runs command lines in this process, against this service (or none), and returns their exit code and output. */
export async function aCommandLine (service: Service | null, env: Record<string, string> = {}) {
  const address = service === null ? 'http://127.0.0.1:65533' : await listening(service)

  async function platformStatus (...args: string[]): Promise<Said> {
    return await withSignal(new AbortController().signal, args)
  }

  /** The same with something on standard input, as a person or a scanner types it. */
  async function withInput (text: string, ...args: string[]): Promise<Said> {
    return await withSignal(new AbortController().signal, args, text)
  }

  async function withSignal (signal: AbortSignal, args: string[], input = ''): Promise<Said> {
    const said = { out: '', err: '' }
    const out = new Writable({ decodeStrings: false, write: (chunk, _encoding, done) => { said.out += String(chunk); done() } })
    const code = await runCommandLine(args, { in: Readable.from(input === '' ? [] : [input]), out, err: { write: (text) => { said.err += text } }, env: { PLATFORM_STATUS_URL: address, ...env }, signal })
    return { code, ...said, get json () { return JSON.parse(said.out) } }
  }
  return { address, platformStatus, withInput, withSignal }
}
