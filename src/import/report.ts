import { safeText } from '../terminal/safe-text.ts'
import { tableOf } from '../terminal/table.ts'
import type { Conflict, ConflictLevel } from './conflicts.ts'
import type { ImportCount } from './import-context.ts'
import type { ImportResult } from './import-history.ts'

/** The result of an import or dry run, as --json prints it. */
export type ImportReport = ImportResult & { source: string, target: string, dry_run: boolean, seconds: number }

const headings: Readonly<Record<ConflictLevel, string>> = {
  dropped: 'Left out',
  settled: 'Contradictions that were resolved',
  note: 'True of every old database'
}

/** The report as text. */
export function reportText (report: ImportReport): string {
  const { counts, dry_run, source, target } = report
  return [
    dry_run ? `Dry run: what an import of ${source} into ${target} would do. Nothing was written.` : `Imported ${source} into ${target} in ${report.seconds.toFixed(1)} s.`,
    '',
    ...tableOf(['', 'rows read', dry_run ? 'would be added' : 'added', 'already present'],
      Object.entries(counts).map(([what, tally]) => row(what, tally))),
    '',
    ...remarks(report),
    ...(['dropped', 'settled', 'note'] as const).flatMap((level) => section(level, report.conflicts)),
    dry_run ? 'Run it without --dry-run to import.' : 'You can repeat the import at any time: it adds only what is new.',
    ''
  ].join('\n')
}

function row (what: string, { read, added, known }: ImportCount): string[] {
  return [what, String(read), String(added), String(known)]
}

function remarks ({ counts, on_platform, moves, experiments_completed, steps_extended, first_start, last_finish }: ImportReport): string[] {
  return [
    ...counts.containers.added === 0 ? [] : [`${on_platform} of the containers are on the platform, ${counts.containers.added - on_platform} are removed.`],
    ...first_start === null ? [] : [`${moves} of the step rows are moves. The steps are from ${first_start} to ${last_finish}.`],
    ...steps_extended === 0 ? [] : [`${steps_extended} existing steps got another container.`],
    ...experiments_completed === 0 ? [] : [`${experiments_completed} experiments without steps for a day are now completed.`],
    ''
  ]
}

function section (level: ConflictLevel, conflicts: readonly Conflict[]): string[] {
  const those = conflicts.filter((conflict) => conflict.level === level)
  if (those.length === 0) return []
  return [headings[level], '', ...those.flatMap(({ kind, count, what, settled, examples }) => [
    `  ${kind} (${count})`,
    `    ${what} ${settled}`,
    ...level === 'note' ? [] : examples.map((example) => `    - ${safeText(example)}`),
    ''
  ])]
}
