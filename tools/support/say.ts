/** Tells a person what a tool does. It goes to stderr, because the result goes to stdout. */
export function say (text: string): void {
  process.stderr.write(`${text}\n`)
}
