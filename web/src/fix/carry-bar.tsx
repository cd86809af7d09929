import { useEffect } from 'react'
import { useMayWrite, usePast } from '../lab/lab-context.ts'
import { Key } from '../parts/key.tsx'
import { labelOf, Name } from '../parts/name.tsx'
import { setCarry, useCarry } from './carry.ts'
import { FixSheet } from './fix-sheet.tsx'

/** Above a map: whether taps pick plates up, what was picked up, and the sheet when it was put down. */
export function CarryBar () {
  const { isTapping, carried, fixing } = useCarry()
  const mayWrite = useMayWrite()
  const { at } = usePast()
  useEffect(() => () => setCarry({ isTapping: false, carried: null, fixing: null }), [])
  useEffect(() => { if (!mayWrite) setCarry({ isTapping: false, carried: null }) }, [mayWrite])
  // Nothing can be recorded of the past.
  if (at !== null) return null
  return (
    <div className={isTapping || carried !== null ? 'carry is-on' : 'carry'}>
      <Key aria-pressed={isTapping} isOff={!mayWrite} onClick={() => setCarry({ isTapping: !isTapping, carried: null })}>Pick up plates</Key>
      <span role="status">
        {carried !== null ? <>Picked up <strong><Name>{labelOf(carried)}</Name></strong>. Choose the slot where it stands.</> : isTapping ? 'Choose the plate that stands elsewhere.' : ''}
      </span>
      {carried === null ? null : <button className="key" onClick={() => setCarry({ carried: null })}>Let go</button>}
      {fixing === null ? null : <FixSheet name={fixing.id} here={fixing.here} onClose={() => setCarry({ fixing: null, isTapping: false })} />}
    </div>
  )
}
