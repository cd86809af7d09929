// Runs one test file as a process of its own, and reads the TAP that it writes.
import { spawn } from 'node:child_process'
import { Parser } from 'tap-parser'
import { stringify } from 'yaml'

/** After this long a file is ended and counted as failed; busy machines are slow. */
export const longestSeconds = Number(process.env.TEST_LONGEST_SECONDS || 600)

/** `{ passed, failed, report }` of the file in assertions; `report` says in words what failed, and what it wrote to stderr. */
export async function runFile (file, { cwd, env, signal }) {
  const parser = new Parser()
  const counted = countOf(parser)
  // with source maps, failures are told with the lines of the TypeScript
  const child = spawn(process.execPath, ['--enable-source-maps', file], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal, timeout: longestSeconds * 1000, killSignal: 'SIGKILL' })
  let stderr = ''
  child.stdout.on('data', (chunk) => parser.write(chunk))
  child.stderr.on('data', (chunk) => { stderr += chunk })
  // an interrupt is an error too; what counts is how the process ends
  child.on('error', (error) => { stderr += error.message })
  const end = await new Promise((resolve) => { child.on('close', (code, signal) => resolve(signal ?? code)) })
  parser.end()
  const { passed, failures } = counted
  const told = failures.map(inWords)
  if (end !== 0 && failures.length === 0) told.push(`  ended with ${end}`)
  else if (!parser.ok && failures.length === 0) told.push('  ended before all that it planned was done')
  if (stderr !== '') told.push(stderr.trimEnd())
  return { passed, failed: failures.length || (end === 0 && parser.ok ? 0 : 1), report: told.join('\n') }
}

/** Counts the assertions that pass and keeps those that fail; a test that only sums up the assertions within it is none. */
function countOf (parser, counted = { passed: 0, failures: [] }) {
  let within
  parser.on('child', (child) => {
    const before = counted.passed + counted.failures.length
    countOf(child, counted)
    child.on('complete', () => { within = { empty: counted.passed + counted.failures.length === before, ok: child.ok } })
  })
  parser.on('assert', (result) => {
    const sumsUp = within !== undefined && !within.empty && within.ok === result.ok
    within = undefined
    if (sumsUp || result.todo || result.skip) return
    if (result.ok) counted.passed += 1
    else counted.failures.push(result)
  })
  return counted
}

function inWords ({ fullname, diag }) {
  const { at, ...said } = diag || {}
  const place = at ? { at: `${at.fileName}:${at.lineNumber}:${at.columnNumber}` } : {}
  return `  ${fullname}\n${stringify({ ...said, ...place }).trimEnd().replaceAll(/^/gm, '    ')}`
}
