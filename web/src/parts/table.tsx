import type { ReactNode } from 'react'
import type { Field } from './csv.ts'

export type TableColumn<T> = {
  name: string
  /** What the cell shows. */
  cell: (row: T) => ReactNode
  /** What the cell is in a CSV file. */
  text: (row: T) => Field
}

type Props<T> = { columns: readonly TableColumn<T>[], rows: readonly T[], keyOf: (row: T) => string, caption?: string }

/** A table: the first column names the row. On phones each row is a block. */
export function Table<T> ({ columns, rows, keyOf, caption }: Props<T>) {
  const [first, ...others] = columns
  return (
    <table className="list">
      {caption === undefined ? null : <caption className="for-readers">{caption}</caption>}
      <thead><tr>{columns.map(({ name }) => <th key={name} scope="col">{name}</th>)}</tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <th scope="row" data-label={first!.name}>{first!.cell(row)}</th>
            {others.map(({ name, cell }) => <td key={name} data-label={name}>{cell(row)}</td>)}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function csvRowsOf<T> (columns: readonly TableColumn<T>[], rows: readonly T[]): Field[][] {
  return [columns.map(({ name }) => name), ...rows.map((row) => columns.map(({ text }) => text(row)))]
}
