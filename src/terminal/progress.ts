import { safeText } from './safe-text.ts'

/** Where a demo writes: a terminal or a pipe. */
export type Out = { write (text: string): unknown, isTTY?: boolean }

export type Progress = { step (count?: number): void, done (): void }

const width = 24
const redrawMs = 50

/** A line that tells how far something is: drawn again and again in a terminal, written once at the end elsewhere. */
export function progressOf (out: Out, what: string, total: number): Progress {
  const label = safeText(what)
  const began = performance.now()
  let count = 0
  let drawn = -Infinity

  function draw (): void {
    const filled = total === 0 ? width : Math.round(width * count / total)
    out.write(`\r  ${label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${count}/${total}`)
  }

  return {
    step (steps = 1) {
      count += steps
      if (!out.isTTY || performance.now() - drawn < redrawMs) return
      drawn = performance.now()
      draw()
    },
    done () {
      if (out.isTTY) draw()
      else out.write(`  ${label} ${count}/${total}`)
      out.write(` in ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
    }
  }
}
