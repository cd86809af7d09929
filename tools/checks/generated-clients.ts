// Generates clients from openapi/openapi.json as others would, checks their types, and runs the small program of each (clients/generated) against
// the service. Each generator needs a tool; its check is skipped without it.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../src/project-root.ts'
import { messageOf, runChecks } from '../support/checks.ts'
import { environment, findPython, noPython } from '../support/python.ts'
import { has, run } from '../support/run.ts'
import { startService } from '../support/service.ts'

type Scope = 'admin' | 'operate'

const generator = 'org.openapitools:openapi-generator-cli:7.25.0'
const work = mkdtempSync(join(tmpdir(), 'platform-status-clients-'))
// a copy, since openapi-generator cannot read from a folder with a space in its path
const document = join(work, 'openapi.json')
cpSync(join(projectRoot, 'openapi', 'openapi.json'), document)
const { paths } = JSON.parse(readFileSync(document, 'utf8')) as { paths: Record<string, object> }
const operations = Object.values(paths).flatMap((methods) => Object.keys(methods))
const service = await startService()
const keys: Partial<Record<Scope, string>> = {}
try {
  cpSync(join(projectRoot, 'clients', 'generated'), work, { recursive: true })
  await makeKey('admin')
  await makeKey('operate')
  await send('PUT', '/api/lab/config', { sila_servers: { devices: { Hamilton_STAR: { capacity: 1 }, Incubator: { capacity: 6 } } } })
  let typescript: string | null = null
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: work })
    typescript = join(work, 'node_modules', '.bin', 'tsc')
  } catch (error) {
    console.log(messageOf(error))
  }
  await runChecks({
    'client of openapi-typescript': async () => {
      if (typescript === null) return 'its packages cannot be installed here'
      await run(join(work, 'node_modules', '.bin', 'openapi-typescript'), [document, '-o', join(work, 'openapi-typescript', 'schema.ts')])
      await compile(typescript, 'openapi-typescript')
      await program(process.execPath, [join('built', 'openapi-typescript', 'program.js')])
      return undefined
    },
    'client of openapi-generator (typescript-fetch)': async () => {
      if (typescript === null) return 'the TypeScript compiler cannot be installed here'
      if (!has('java', '-version') || !has('mvn')) return 'Java and Maven are not installed'
      try {
        await run('mvn', ['--batch-mode', '--quiet', 'dependency:copy', `-Dartifact=${generator}`, `-DoutputDirectory=${work}`], { cwd: work, seconds: 120 })
      } catch (error) {
        const message = messageOf(error)
        return `${generator} cannot be downloaded: ${message.split('\n').find((line) => line.includes('ERROR')) ?? message}`
      }
      await run('java', ['-jar', `openapi-generator-cli-${generator.split(':').at(-1)}.jar`, 'generate', '-i', document, '-g', 'typescript-fetch',
        // as ECMAScript modules; the program is compiled with it
        '-o', join('typescript-fetch', 'client'), '--additional-properties', 'importFileExtension=.js,npmName=lab-client'], { cwd: work })
      // its own settings are for a package of its own
      for (const file of ['tsconfig.json', 'tsconfig.esm.json', 'package.json']) rmSync(join(work, 'typescript-fetch', 'client', file), { force: true })
      await compile(typescript, 'typescript-fetch')
      await program(process.execPath, [join('built', 'typescript-fetch', 'program.js')])
      return undefined
    },
    'client of openapi-python-client': async () => {
      if (findPython() === null) return noPython
      const folder = await environment('openapi-python-client', ['clients/generated/openapi-python-client/requirements.txt'])
      if (folder === null) return 'its packages cannot be installed here'
      const cwd = join(work, 'openapi-python-client')
      // it formats with ruff, which it looks for on the path
      const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: '1', MYPY_CACHE_DIR: '/dev/null' }
      await run('openapi-python-client', ['generate', '--path', document, '--meta', 'none', '--output-path', 'lab_client'], { cwd, env })
      // It warns about bodies in YAML and PEM, and treats them as JSON. It leaves out what it does not support.
      const made = readdirSync(join(cwd, 'lab_client', 'api'), { recursive: true, encoding: 'utf8' }).filter((file) => /\w\.py$/.test(file) && !file.endsWith('__init__.py'))
      if (made.length !== operations.length) throw new Error(`it made ${made.length} of ${operations.length} operations`)
      // One file that it generates, the same for every document, breaks a rule of newer versions of mypy.
      // without a configuration: mypy would take one from a folder above
      await run('mypy', ['--config-file', '', '--follow-imports', 'silent', 'program.py', 'lab_client/models', 'lab_client/api'], { cwd, env })
      await program(join(folder, 'bin', 'python'), ['program.py'], cwd)
      return undefined
    }
  })
} finally {
  await service.stop()
  rmSync(work, { recursive: true, force: true })
}

async function compile (compiler: string, folder: string): Promise<void> {
  const settings = `tsconfig.${folder}.json`
  writeFileSync(join(work, settings), JSON.stringify({ extends: './tsconfig.json', include: [folder] }))
  await run(compiler, ['-p', settings], { cwd: work })
}

/** A key with a scope; from the first one on, which only needs to come from this machine, every call needs one. */
async function makeKey (scope: Scope): Promise<void> {
  const made = await send('POST', '/api/keys', { name: scope, scopes: [scope] }) as { key: string }
  keys[scope] = made.key
}

/** Runs a program with a plate where it expects it, and takes the plate away again. */
async function program (command: string, args: readonly string[], cwd = work): Promise<void> {
  await send('POST', '/api/containers', { device: 'Hamilton_STAR', position: 0, barcode: 'SCREEN_001', lidded: true })
  try {
    const said = (await run(command, [...args, service.url, keys.operate ?? ''], { cwd, seconds: 60 })).trim()
    if (said !== '[[5,"SCREEN_001"]]') throw new Error(`it printed ${said}`)
  } finally {
    await send('DELETE', '/api/containers/SCREEN_001')
  }
}

async function send (method: string, path: string, body?: object): Promise<unknown> {
  const headers = {
    ...keys.admin === undefined ? {} : { authorization: `Bearer ${keys.admin}` },
    ...body === undefined ? {} : { 'content-type': 'application/json' }
  }
  const answer = await fetch(service.url + path, { method, headers, ...body === undefined ? {} : { body: JSON.stringify(body) } })
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`)
  return await answer.json()
}
