// Compiles the TypeScript to dist/ when dist/ is missing or older than its sources, so that `npm start` and `npm test` need no step
// before them. When several processes want to build at the same time, one builds and the others wait for it.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (path) => join(root, path)
/** Folders whose TypeScript is compiled. The Docker build has only the first. */
const compiledFolders = ['src', 'test', 'tools', 'bench']
const sources = [...compiledFolders, 'prisma/schema.prisma', 'prisma.config.ts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map(at)
const generated = at('src/store/generated')
const stamp = at('dist/.built')
const lock = at('dist/.building')
const compiler = at('node_modules/typescript/bin/tsc')
const steps = [[at('node_modules/prisma/build/index.js'), 'generate'], [compiler, '-p', 'tsconfig.build.json']]

/** A lock older than this was left behind by a crash, even if another process has the same id now. */
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
      throw new Error('dist/ is missing or old, and the compiler is not installed: run `npm ci` first (without --omit=dev).')
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

/** When a file, or anything in a folder, changed last. A folder changes when a file in it is added, renamed or deleted. */
function newest (path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  // the build itself adds the folder of generated code to its parent, which is therefore judged by its files alone
  const own = path === dirname(generated) ? 0 : stat.mtimeMs
  return Math.max(own, ...readdirSync(path).map((name) => join(path, name)).filter((child) => child !== generated).map(newest))
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
    // the other process has made the file, and not written to it yet
    if (pid === 0) return false
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

async function build () {
  process.stderr.write('building ...\n')
  // a file that changes during the build must count as newer than the build
  const began = new Date()
  for (const step of steps) await run(step)
  removeOrphans()
  writeFileSync(stamp, '')
  utimesSync(stamp, began, began)
}

/** Removes what was compiled from a file that is no longer there; a test that was deleted must not run. */
function removeOrphans () {
  for (const entry of readdirSync(at('dist'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const source = join(root, path.slice(at('dist').length).replace(/\.js(\.map)?$/, '.ts'))
    if (/\.js(\.map)?$/.test(path) && !existsSync(source)) rmSync(path)
  }
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
