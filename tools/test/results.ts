// Reads the results that tap's command line writes, prints them in lines that people and CI logs can read, and counts the assertions.
import type { Readable } from 'node:stream'
import { once } from 'node:events'
import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'

/** Assertions. */
export type Totals = { passed: number, failed: number }

/** Prints a line for each test file when it has ended, and all that failed in it. Returns the sums when the output ends. */
export async function readResults (output: Readable): Promise<Totals> {
  const totals = { passed: 0, failed: 0 }
  const parser = new Parser()
  let before = { ...totals }
  readAssertions(parser, (result, ok) => {
    if (ok) totals.passed += 1
    else totals.failed += 1
    if (!ok) process.stdout.write(`${describe(result)}\n`)
  })
  parser.on('assert', ({ ok, name, time }: Result) => {
    const [passed, failed] = [totals.passed - before.passed, totals.failed - before.failed]
    const counts = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} failed`
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${sourceOf(name)} (${counts}, ${((time ?? 0) / 1000).toFixed(1)} s)\n`)
    before = { ...totals }
  })
  output.pipe(parser)
  await once(parser, 'complete')
  return totals
}

/** Calls back for each assertion. A subtest is counted by the assertions in it, unless it failed and none of them did: then it ended too early. */
function readAssertions (parser: Parser, tell: (result: Result, ok: boolean) => void): void {
  let failed = 0
  const count = (parser: Parser): void => {
    let failedBefore = failed
    parser.on('child', (child: Parser) => {
      failedBefore = failed
      count(child)
    })
    parser.on('assert', (result: Result) => {
      const { ok, closingTestPoint, skip, todo } = result
      if (skip !== false || todo !== false || (closingTestPoint && (ok || failed > failedBefore))) return
      if (!ok) failed += 1
      tell(result, ok)
    })
  }
  count(parser)
}

/** The name of an assertion that failed, and all that tap knows about it. What JSON has no words for, such as a function, is left out. */
function describe ({ name, fullname, diag }: Result): string {
  const { at, ...known } = (diag ?? {}) as { at?: { fileName: string, lineNumber: number, columnNumber: number } }
  const place = at === undefined ? {} : { at: `${at.fileName}:${at.lineNumber}:${at.columnNumber}` }
  const [file, ...names] = fullname.split(' > ')
  return `  ${sourceOf(names.length === 0 ? name : [file, ...names].join(' > '))}\n${stringify(JSON.parse(JSON.stringify({ ...known, ...place }))).trimEnd().replaceAll(/^/gm, '    ')}`
}

/** The name of a compiled test, as that of its TypeScript. */
function sourceOf (name: string): string {
  return name.replace(/^dist\/(\S+)\.js/, '$1.ts')
}
