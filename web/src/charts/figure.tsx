import type { ReactNode } from 'react'
import { downloadCsv } from '../parts/csv.ts'
import { csvRowsOf, Table, type TableColumn } from '../parts/table.tsx'

type Props<T> = {
  /** What the chart shows, as a sentence: whoever cannot see it knows as much. */
  finding: string
  /** The name of the file for other programs. */
  name: string
  /** The call that has the same data: its path and query. */
  call: string
  columns: readonly TableColumn<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  tools?: ReactNode
  /** For charts that are rather read as a table. */
  isTableOpen?: boolean
  /** The drawing, hidden from readers of the screen: they have the table. */
  children: ReactNode
}

/** A chart with its finding as title, its table, a file for other programs, and the call that makes it. */
export function Figure<T> ({ finding, name, call, columns, rows, keyOf, tools, isTableOpen = false, children }: Props<T>) {
  return (
    <figure className="chart">
      <figcaption>{finding}</figcaption>
      {tools === undefined ? null : <div className="keys">{tools}</div>}
      {children}
      <details open={isTableOpen}><summary>show as table</summary><Table columns={columns} rows={rows} keyOf={keyOf} caption={finding} /></details>
      <details><summary>CSV and the call</summary>
        <p><button className="key" onClick={() => downloadCsv(name, csvRowsOf(columns, rows))}>CSV</button></p>
        <p><code>{`curl '${location.origin}${call}'`}</code></p>
      </details>
    </figure>
  )
}
