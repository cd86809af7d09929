/** An output that records its text: a pipe, or with `isTTY` a terminal. */
export function anOutput ({ isTTY = false } = {}): { isTTY: boolean, text: string, write (text: string): void } {
  return {
    isTTY,
    text: '',
    write (text) { this.text += text }
  }
}
