// Compiles the TypeScript to dist/ and builds the pages in dist/web/ when these are missing or older than their sources, so that `npm start`
// and `npm test` need no step before them. When several processes want to build at the same time, one builds and the others wait for it.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (path) => join(root, path)
/** Folders whose TypeScript is compiled. The Docker build has only the first two. */
const compiledFolders = ['src', 'web', 'test', 'tools', 'bench']
const generated = ['src/store/generated', 'web/src/api/generated'].map(at)
const assets = at('dist/web/assets')
const lock = at('dist/.building')
const compiler = at('node_modules/typescript/bin/tsc')

/** What is built, each when something that it is made of is newer than its stamp. */
const parts = [
  {
    stamp: at('dist/.built'),
    sources: [...compiledFolders, 'prisma/schema.prisma', 'prisma.config.ts', 'tsconfig.json', 'tsconfig.build.json', 'package.json'].map(at),
    makes: generated.slice(0, 1),
    steps: [[at('node_modules/prisma/build/index.js'), 'generate'], [compiler, '-p', 'tsconfig.build.json']],
    after: removeOrphans
  },
  {
    stamp: at('dist/web/.built'),
    sources: ['web', 'openapi/openapi.json', 'package.json'].map(at),
    makes: [...generated.slice(1), at('dist/web/index.html'), assets],
    steps: [
      [at('node_modules/openapi-typescript/bin/cli.js'), 'openapi/openapi.json', '--output', 'web/src/api/generated/schema.d.ts', '--root-types', '--root-types-no-schema-prefix'],
      [at('node_modules/vite/bin/vite.js'), 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn']
    ],
    before: () => rmSync(assets, { recursive: true, force: true })
  }
]

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
  return parts.every(isPartFresh)
}

// An installation has what was built, and not its sources. The times of its files are those of when they were unpacked.
function isPartFresh ({ stamp, sources, makes }) {
  if (!existsSync(stamp)) return false
  const built = statSync(stamp).mtimeMs
  if (!existsSync(sources[0])) return true
  if (!makes.every((made) => existsSync(made))) return false
  return sources.every((source) => !existsSync(source) || newest(source) <= built)
}

/** When a file, or anything in a folder, changed last. A folder changes when a file in it is added, renamed or deleted. */
function newest (path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  // the build itself adds the folders of generated code to their parents, which are therefore judged by their files alone
  const own = generated.some((folder) => path === dirname(folder)) ? 0 : stat.mtimeMs
  return Math.max(own, ...readdirSync(path).map((name) => join(path, name)).filter((child) => !generated.includes(child)).map(newest))
}

function mustBeWritable () {
  const places = [existsSync(at('dist')) ? at('dist') : root, ...generated.map(dirname), ...generated].filter((place) => existsSync(place))
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
  await Promise.all(parts.filter((part) => !isPartFresh(part)).map(buildPart))
}

async function buildPart (part) {
  // a file that changes during the build must count as newer than the build
  const began = new Date()
  part.before?.()
  for (const step of part.steps) await run(step)
  part.after?.()
  mkdirSync(dirname(part.stamp), { recursive: true })
  writeFileSync(part.stamp, '')
  utimesSync(part.stamp, began, began)
}

/** Removes what was compiled from a file that is no longer there; a test that was deleted must not run. */
function removeOrphans () {
  for (const entry of readdirSync(at('dist'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const source = join(root, path.slice(at('dist').length).replace(/\.js(\.map)?$/, '.ts'))
    if (/\.js(\.map)?$/.test(path) && !path.startsWith(assets + sep) && !existsSync(source)) rmSync(path)
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
