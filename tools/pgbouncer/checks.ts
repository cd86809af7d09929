// What holds behind PgBouncer, in each of its modes.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import type { Check } from '../support/checks.ts'
import type { Programs } from '../support/programs.ts'
import { startService } from '../support/service.ts'
import { setRole, startPooler } from './pooler.ts'
import { answersOf, type Answers } from './workload.ts'

const robots = 8
const rounds = 15

export function checksOf (programs: Programs, pgbouncer: string, server: string): Record<string, Check> {
  const pooled = async (own: Record<string, string>): Promise<string> => await startPooler(programs, pgbouncer, server, own)

  return {
    'in session mode every call succeeds': async () => {
      await setRole(server)
      const service = await startService({ DATABASE_URL: await pooled({}) })
      try {
        const answers = await answersOf(service.url, robots, rounds)
        must(Object.keys(answers).every((said) => /^20\d$/.test(said)), `answers: ${text(answers)}`)
      } finally {
        await service.stop()
      }
      return undefined
    },

    'in transaction mode nothing is a 500, and a 503 says what to set': async () => {
      const service = await startService({ DATABASE_URL: await pooled({ POOL_MODE: 'transaction' }) }).catch((error: Error) => error)
      // the migrations are applied already, so the start may succeed; if it does not, it says why
      if (service instanceof Error) {
        must(/pool_mode to session/.test(service.message), service.message)
        return undefined
      }
      try {
        const answers = await answersOf(service.url, robots, rounds)
        console.log(text(answers))
        must(Object.keys(answers).every((said) => /^20\d$|^503 database-unavailable .*pool_mode to session/.test(said)), `answers: ${text(answers)}`)
      } finally {
        await service.stop()
      }
      return undefined
    },

    'a PgBouncer that refuses startup parameters is told at the start and by doctor': async () => {
      const url = await pooled({ IGNORED_PARAMETERS: 'extra_float_digits' })
      const started = await startService({ DATABASE_URL: url }).then(async (service) => { await service.stop(); return 'it started' }, (error: Error) => error.message)
      must(/ignore_startup_parameters/.test(started), started)
      const told = await doctor(url)
      must(/ignore_startup_parameters/.test(told), told)
      return undefined
    },

    'doctor names the mode of a pooler that shares its connections among transactions': async () => {
      const told = await doctor(await pooled({ POOL_MODE: 'transaction' }))
      must(/pool_mode/.test(told), told)
      must(!/pool_mode/.test(await doctor(await pooled({}))), 'it warns of a pooler in session mode')
      must(!/pool_mode/.test(await doctor(server)), 'it warns of PostgreSQL itself')
      return undefined
    }
  }
}

/** What `platform-status doctor` prints. */
async function doctor (url: string): Promise<string> {
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  return await new Promise((resolve) => {
    execFile(process.execPath, [join(projectRoot, 'dist', 'src', 'cli', 'main.js'), 'doctor', '--url', 'http://127.0.0.1:9'], { env, timeout: 60_000 }, (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

function text (answers: Answers): string {
  return Object.entries(answers).map(([said, count]) => `${said}: ${count}`).join('\n')
}

function must (isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Error(otherwise)
}
