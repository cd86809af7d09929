// Builds dist/ when it is missing or older than what it is made of, so that neither `npm start` nor `npm test` needs
// anything before it. Of several at once one builds, and the others wait for it.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const at = (path) => join(root, path)
const sources = ['src', 'prisma/schema.prisma', 'prisma.config.ts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map(at)
const generated = at('src/store/generated')
const stamp = at('dist/.built')
const lock = at('dist/.building')
const compiler = at('node_modules/typescript/bin/tsc')
// `npm run typecheck` checks the types; who starts the service does not wait for that
const steps = [[at('node_modules/prisma/build/index.js'), 'generate'], [compiler, '-p', 'tsconfig.build.json', '--noCheck']]

/** After this long a lock is taken for one that a crash left behind, whoever has its pid by now. */
const longestBuildMs = 300_000

try {
  await ensureBuilt()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

async function ensureBuilt () {
  while (!isFresh()) {
    if (!existsSync(compiler)) {
      throw new Error('dist/ is missing or old, and what builds it is not installed: run `npm ci` first (without --omit=dev).')
    }
    mustBeWritable()
    if (!takeLock()) {
      await sleep(200)
      continue
    }
    const unlock = () => rmSync(lock, { force: true })
    process.on('exit', unlock)
    if (!isFresh()) await build()
    process.off('exit', unlock)
    unlock()
    return
  }
}

function isFresh () {
  if (!existsSync(stamp)) return false
  const built = statSync(stamp).mtimeMs
  if (existsSync(at('src')) && !existsSync(generated)) return false
  return sources.every((source) => !existsSync(source) || newest(source) <= built)
}

function newest (path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => join(path, name)).filter((child) => child !== generated).map(newest))
}

function mustBeWritable () {
  const places = [existsSync(at('dist')) ? at('dist') : root, at('src/store'), generated].filter((place) => existsSync(place))
  try {
    for (const place of places) accessSync(place, constants.W_OK)
  } catch (error) {
    throw new Error(`dist/ is missing or old, and cannot be built here (${error.message}): run \`npm run build\` as the user who owns ${root}.`, { cause: error })
  }
}

function takeLock () {
  mkdirSync(at('dist'), { recursive: true })
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (isAbandoned()) rmSync(lock, { force: true })
    return false
  }
}

function isAbandoned () {
  try {
    if (Date.now() - statSync(lock).mtimeMs > longestBuildMs) return true
    const pid = Number(readFileSync(lock, 'utf8'))
    // not written yet
    if (pid === 0) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

async function build () {
  process.stderr.write('building ...\n')
  // what is edited while it is built must count as newer
  const began = new Date()
  for (const step of steps) await run(step)
  writeFileSync(stamp, '')
  utimesSync(stamp, began, began)
}

function run (args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const kill = () => child.kill()
    process.on('exit', kill)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      process.off('exit', kill)
      if (code === 0) resolve()
      else reject(new Error(output.trim() || `The build was ended by ${signal}.`))
    })
  })
}
