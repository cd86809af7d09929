import { safeText } from './safe-text.ts'

/** A terminal or a pipe. */
export type TextOutput = { write (text: string): unknown, isTTY?: boolean }

export type Progress = { step (count?: number): void, done (): void }

const barWidth = 24
const redrawMs = 50

/** Shows progress on one line. A terminal gets a bar that is redrawn; a pipe gets one line at the end. */
export function progressOf (out: TextOutput, text: string, total: number): Progress {
  const label = safeText(text)
  const began = performance.now()
  let count = 0
  let drawn = -Infinity

  function draw (): void {
    const filled = total === 0 ? barWidth : Math.round(barWidth * count / total)
    out.write(`\r  ${label} ${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${count}/${total}`)
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
