import { memo, useLayoutEffect, useRef } from 'react'
import { cellOf, isSameRow, type RowProps, type SlotCell } from './slot-row.ts'

type SignCell = Pick<SlotCell, 'kind' | 'glyph' | 'says'> & { slot: number, number: string | null, isStop: boolean, isMeant: boolean }

/**
 * A row without room for names: each slot is its sign alone, and for fingers its number. A large lab has 10,000 of them, so the row writes its slots into
 * the document itself. That is less work than an element of React for each.
 */
export const SignRow = memo(function SignRow (props: RowProps) {
  const { row, stop, meant, hasNumbers } = props
  const element = useRef<HTMLDivElement>(null)
  const drawn = useRef<readonly { node: HTMLElement, cell: SignCell }[]>([])
  useLayoutEffect(() => {
    const before = drawn.current
    drawn.current = row.map((slot, n) => {
      const { kind, number, glyph, says } = cellOf(slot, props)
      const cell = { slot, kind, glyph, says, number: hasNumbers ? number : null, isStop: slot === stop, isMeant: slot === meant }
      const { node, cell: shown } = before[n] ?? { node: emptySlot.cloneNode(true) as HTMLElement, cell: emptyCell }
      draw(node, cell, shown)
      return { node, cell }
    })
    element.current!.append(...drawn.current.slice(before.length).map(({ node }) => node))
    for (const { node } of before.slice(row.length)) node.remove()
  })
  return <div ref={element} role="row" className="row"><span className="head" aria-hidden="true">{row[0]}</span></div>
}, isSameRow)

// Most slots of a large lab are empty, so a new one is a copy of an empty one.
const emptyCell: SignCell = { slot: -1, kind: 'is-empty', glyph: '·', says: '', number: null, isStop: false, isMeant: false }
const emptySlot = document.createElement('div')
emptySlot.setAttribute('role', 'gridcell')
emptySlot.className = `slot ${emptyCell.kind}`
emptySlot.tabIndex = -1
emptySlot.textContent = emptyCell.glyph

/** Writes what has changed. */
function draw (node: HTMLElement, cell: SignCell, before: SignCell): void {
  if (cell.slot !== before.slot) node.setAttribute('data-slot', String(cell.slot))
  if (cell.kind !== before.kind) node.className = `slot ${cell.kind}`
  if (cell.says !== before.says) node.setAttribute('aria-label', cell.says)
  if (cell.isStop !== before.isStop) node.tabIndex = cell.isStop ? 0 : -1
  if (cell.isMeant && !before.isMeant) node.setAttribute('aria-selected', 'true')
  if (!cell.isMeant && before.isMeant) node.removeAttribute('aria-selected')
  if (cell.glyph !== before.glyph || cell.number !== before.number) node.replaceChildren(...cell.number === null ? [] : [numberOf(cell.number)], cell.glyph)
}

function numberOf (text: string): HTMLElement {
  const number = document.createElement('span')
  number.className = 'number'
  number.textContent = text
  return number
}
