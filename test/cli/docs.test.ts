import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { projectRoot } from '../../src/project-root.ts'
import { aFolder, anEmptyDatabase } from '../support/backups.ts'
import { aCommandLine } from '../support/command-line.ts'
import { aService } from '../support/service.ts'

const page = await readFile(join(projectRoot, 'docs', 'guides', 'command-line.md'), 'utf8')

/** The commands in the consoles of the page, with the output and the exit code that the page shows. */
function shownOn (text: string): { line: string, output: string[] }[] {
  const consoles = [...text.matchAll(/```console\n([\s\S]*?)```/g)].map((match) => match[1]!)
  return consoles.flatMap((block) => block.split(/^\$ /m).slice(1)).map((command) => {
    const [line, ...output] = command.trimEnd().split('\n')
    return { line: line!, output }
  })
}

/** The words of a command line, split as a shell does it. */
function wordsOf (line: string): string[] {
  return [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
}

/** What differs from run to run. */
function masked (text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.-]+Z/g, 'TIME').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID').replaceAll(/\bps_[\w-]{20,}/g, 'KEY').replaceAll(/\d{14}_\w+/g, 'MIGRATION')
    .replaceAll(/[\d.]+ [KMG]iB/g, 'SIZE').replaceAll(/PostgreSQL \d+\.\d+/g, 'POSTGRESQL').replaceAll(/127\.0\.0\.1:\d+/g, 'HERE').replaceAll(/(node +ok +)\S+/g, '$1VERSION')
    .replaceAll(/running +[\d.]+/g, 'running SECONDS').replaceAll('\r', '').replaceAll(/ +/g, ' ').trimEnd()
}

/** A line of three dots stands for any number of lines. */
function isShown (expected: readonly string[], actual: readonly string[]): boolean {
  const [head, tail] = expected.includes('...') ? [expected.slice(0, expected.indexOf('...')), expected.slice(expected.indexOf('...') + 1)] : [expected, null]
  if (tail === null) return head.join('\n') === actual.join('\n')
  return actual.slice(0, head.length).join('\n') === head.join('\n') && actual.slice(actual.length - tail.length).join('\n') === tail.join('\n')
}

// SHOW_DOCS=1 prints the real output, to copy it into the page
t.test('docs/guides/command-line.md shows what the commands print', async (t) => {
  const service = await aService(t)
  const folder = await aFolder(t)
  const env = { DATABASE_URL: service.url }
  const here = await aCommandLine(service, env)
  const there = await aCommandLine(null, { ...env, PLATFORM_STATUS_URL: here.address, DATABASE_URL: await anEmptyDatabase(t) })

  /** What happens between the commands of the page: a plate is moved, and three washes are logged. */
  async function aRun (): Promise<void> {
    await service.post('/api/containers', { device: 'Hotel1', barcode: 'SCREEN_001', lidded: true })
    await service.post('/api/containers/SCREEN_001/unlid', { lid_device: 'Hotel1', lid_pos: 5 })
    await service.post('/api/containers/SCREEN_001/move', { target_device: 'Washer' })
    const steps = [[9, 91], [19, 93], [29, 90]].map(([minute, seconds]) => ({
      device: 'Washer', data: { fct: 'wash', protocol: '3x PBS' }, start: `2026-03-02T09:${minute}:00Z`.replace(':9:', ':09:'), finish: new Date(Date.UTC(2026, 2, 2, 9, minute, seconds)).toISOString(), containers: ['SCREEN_001']
    }))
    await service.post('/api/steps/batch', { steps })
  }

  /** Two runs of a process on earlier days, and the one that the page shows. */
  async function experiments (): Promise<void> {
    const { body: process } = await service.post('/api/processes', { name: 'Wash and read', source: 'as the laboratory runs it' })
    const runs = [[4, 'Monday'], [5, 'Tuesday'], [6, 'Evening run']] as const
    for (const [day, name] of runs) {
      const { body: { id } } = await service.post('/api/experiments', { process_id: process.id, name, ...day === 6 && { id: '0199f2f5-0a3c-7d1e-8b72-4f60a1c2d3e4' } })
      const at = (minute: number, second = 0): string => new Date(Date.UTC(2026, 2, day, 18, minute, second)).toISOString()
      await service.post('/api/steps/batch', { steps: [
        { device: 'Washer', data: { fct: 'wash', protocol: '3x PBS' }, start: at(0), finish: at(1, 30 + day), containers: ['SCREEN_001'], experiment_id: id },
        { device: 'Squid1', data: { fct: 'image', sites: 9 }, start: at(3), finish: at(14, 10 * day), containers: ['SCREEN_001'], experiment_id: id }
      ] })
      await service.patch(`/api/experiments/${id}`, { status: 'completed' })
    }
  }

  await writeFile(join(folder, 'scans.txt'), '0: SCREEN_007\n4: SCREEN_001\n')

  const commands = shownOn(page)
  t.ok(commands.length > 15)
  for (const { line, output } of commands) {
    const elsewhere = line.startsWith('DATABASE_URL=')
    const words = wordsOf(line).slice(elsewhere ? 2 : 1).map((word) => /^lab\.backup\.gz$|^scans\.txt$|^steps\.(?:csv|parquet)$/.test(word) ? join(folder, word) : word)
    const { code, out, err } = await (elsewhere ? there : here).platformStatus(...words)
    const said = masked((out + err).replaceAll(`${folder}/`, '')).split('\n').concat(code === 0 ? [] : [`(exit code ${code})`])
    const expected = masked(output.join('\n')).split('\n')
    t.ok(isShown(expected, said), `${line}\nshall print\n${said.join('\n')}`)
    if (process.env.SHOW_DOCS) process.stderr.write(`$ ${line}\n${(out + err).replaceAll(`${folder}/`, '')}${code === 0 ? '' : `(exit code ${code})\n`}\n`)
    if (line.endsWith('lab apply examples/uppsala_cage2.yaml')) await aRun()
    if (line.startsWith('platform-status lab restore') && !line.endsWith('--dry-run')) await experiments()
    if (line.startsWith('platform-status correct')) await service.post('/api/steps', { device: 'Washer', data: { fct: 'wash' }, start: new Date(Date.now() - 40_000).toISOString() })
  }
})
