// Runs test files in a process that takes one after another, and reads the TAP that it writes. To load the service and warm
// it up takes longer than most files do, so a process takes several.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Parser } from 'tap-parser'
import { stringify } from 'yaml'

/** After this long a file is ended and counted as failed; busy machines are slow. */
export const longestSeconds = Number(process.env.TEST_LONGEST_SECONDS || 600)

/** A process for test files, one after another. */
export function testProcess ({ cwd, env, signal }) {
  // with source maps, failures are told with the lines of the TypeScript
  const child = spawn(process.execPath, ['--enable-source-maps', fileURLToPath(new URL('take-files.mjs', import.meta.url))], { cwd, env, signal, killSignal: 'SIGKILL' })
  const parser = new Parser()
  let count = newCount()
  let stderr = ''
  let ended = false
  let done = () => {}
  readResults(parser, (result) => {
    if (result.ok) count.passed += 1
    else count.failures.push(result)
  })
  // a file is a test of the process; when it is complete, so are all within it
  parser.on('child', (file) => file.on('complete', () => done()))
  child.stdout.on('data', (chunk) => parser.write(chunk))
  child.stderr.on('data', (chunk) => { stderr += chunk })
  child.on('error', (error) => { stderr += error.message })
  // a process that has ended takes no more names
  child.stdin.on('error', () => {})
  const end = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      ended = true
      resolve(signal ?? code)
    })
  })

  return {
    get ended () { return ended },

    /** `{ passed, failed, report }` of a file in assertions; `report` says in words what failed, and what it wrote to stderr. */
    async run (file) {
      count = newCount()
      const finished = new Promise((resolve) => { done = () => resolve('finished') })
      const tooLong = setTimeout(() => child.kill('SIGKILL'), longestSeconds * 1000)
      child.stdin.write(`${file}\n`)
      const how = await Promise.race([finished, end])
      clearTimeout(tooLong)
      return outcome(how === 'finished' ? [] : [`  ended with ${how} before all that it planned was done`])
    },

    /** Ends it; the same of what went wrong after its last file. */
    async close () {
      count = newCount()
      const early = ended
      child.stdin.end()
      const code = await end
      parser.end()
      // what made it fail was counted with the file
      return outcome(early || code === 0 || (code === 1 && parser.fail > 0) ? [] : [`  ended with ${code}`])
    }
  }

  function outcome (unmet) {
    const { passed, failures } = count
    const told = [...failures.map(inWords), ...unmet, ...(stderr === '' ? [] : [stderr.trimEnd()])]
    stderr = ''
    return { passed, failed: failures.length + unmet.length, report: told.join('\n') }
  }
}

function newCount () {
  return { passed: 0, failures: [] }
}

/** Tells each assertion; a test that only sums up the assertions within it is none. */
function readResults (parser, tell) {
  let told = 0
  read(parser)

  function read (parser) {
    let within
    parser.on('child', (child) => {
      const before = told
      read(child)
      child.on('complete', () => { within = { empty: told === before, ok: child.ok } })
    })
    parser.on('assert', (result) => {
      const sumsUp = within !== undefined && !within.empty && within.ok === result.ok
      within = undefined
      if (sumsUp || result.todo || result.skip) return
      told += 1
      tell(result)
    })
  }
}

function inWords ({ fullname, diag }) {
  const { at, ...said } = diag || {}
  const place = at ? { at: `${at.fileName}:${at.lineNumber}:${at.columnNumber}` } : {}
  // the first is the file's name, which is told already
  const name = fullname.split(' > ').slice(1).join(' > ') || fullname
  return `  ${name}\n${stringify({ ...said, ...place }).trimEnd().replaceAll(/^/gm, '    ')}`
}
