import { memo } from 'react'
import { Name } from './name.tsx'
import { cellOf, isSameRow, type RowProps } from './slot-row.ts'

/** A row with room for the number of each slot, and for the name of what is in it. */
export const NameRow = memo(function NameRow (props: RowProps) {
  return (
    <div role="row" className="row">
      {props.row.map((slot) => {
        const { kind, number, glyph, word, says, occupant } = cellOf(slot, props)
        return (
          <div
            key={slot} role="gridcell" tabIndex={slot === props.stop ? 0 : -1} data-slot={slot} className={`slot ${kind}`}
            aria-selected={slot === props.meant ? true : undefined} aria-label={says}
          >
            <span className="number">{number}</span>
            <span className="glyph">{`${glyph} `}</span>
            {word === '' ? null : <span className="label">{occupant === undefined ? word : <Name>{word}</Name>}</span>}
          </div>
        )
      })}
    </div>
  )
}, isSameRow)
